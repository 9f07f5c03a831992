"""What shows when copies are trained for a moment: whether a few samples can be learned, and whether labels survive."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from chainrule.diagnosis.course import Facts
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.task import Task
from chainrule.errors import ChainruleError
from chainrule.execute.reference import Program
from chainrule.graph.expansion import expanded_inputs
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.inspect.augmentation_check import check_augmentation, trained_with
from chainrule.inspect.augmentation_effect import AugmentationEffect
from chainrule.inspect.confusion import Confusion
from chainrule.messages import Message
from chainrule.nn import Layer, Sequential
from chainrule.nn.network import Network, trace
from chainrule.train import Memorization, overfit_batches
from chainrule.train.samples import Samples

__all__ = ["BROKEN_LABELS", "CANNOT_MEMORIZE"]

CANNOT_MEMORIZE = Kind(
    "CR008",
    title=Message("finding.memorize", en="a few samples cannot be learned by heart", zh="无法记住少量样本"),
    evidence=Message(
        "finding.memorize.evidence",
        en="A copy of the network was trained on {samples} samples alone, without dropout and penalties: after {steps}"
        " steps its loss had gone from {first:.3g} to {last:.3g}, not to {target:.3g}. What cannot learn a handful by"
        " heart will not learn all.",
        zh="在不含 dropout 与惩罚项的情况下，仅用 {samples} 个样本训练网络的副本：{steps} 步之后损失从 {first:.3g} 变为"
        " {last:.3g}，未达到 {target:.3g}。连少量样本都记不住的网络也学不会全部样本。",
    ),
    remedy={
        "contradictory": Message(
            "finding.memorize.contradictory",
            en="It is impossible: samples {one} and {other} are the same, but their targets differ. Correct or remove"
            " such samples, or give the network the input that tells them apart.",
            zh="这不可能做到：样本 {one} 与 {other} 相同，目标却不同。请更正或移除这样的样本，"
            "或为网络提供能区分它们的输入。",
        ),
        "diverged": Message(
            "finding.memorize.diverged",
            en="The loss became infinite or NaN: use a tenth of the learning rate, {slower}, and inputs"
            " scaled to about [-1, 1].",
            zh="损失变为无穷或 NaN：请把学习率缩小到十分之一，{slower}，并把输入缩放到约 [-1, 1]。",
        ),
        "rose": Message(
            "finding.memorize.rose",
            en="The loss rose: use a tenth of the learning rate, {slower}, or the one that"
            " chainrule.lr_find(model, x, y) suggests.",
            zh="损失上升了：请把学习率缩小到十分之一，{slower}，或使用 chainrule.lr_find(model, x, y) 建议的值。",
        ),
        "falling": Message(
            "finding.memorize.falling",
            en="The loss was still falling, only slowly: use a larger learning rate, {faster}, or the"
            " one that chainrule.lr_find(model, x, y) suggests.",
            zh="损失仍在下降，只是太慢：请使用更大的学习率，{faster}，或使用 chainrule.lr_find(model, x, y) 建议的值。",
        ),
        "stuck": Message(
            "finding.memorize.stuck",
            en="It does no better than one guess for all. Look whether all parameters began at zero or alike, whether a"
            " softmax stands before a loss that contains it, whether labels belong to their samples, and whether inputs"
            " are scaled; the other findings say which.",
            zh="结果并不比对所有样本给出同一猜测更好。请检查：参数是否都从零或相同的值开始；损失已含 softmax 时网络末尾"
            "是否又用了一次；标签是否与样本对应；输入是否已缩放。其他发现会指出是哪一个。",
        ),
        "plateau": Message(
            "finding.memorize.plateau",
            en="It hardly fell any more at the end: give the network more units or layers, such as Dense(64, 'relu')"
            " before the last one, or inputs that tell the samples apart; if it jumped up and down, lower the rate to"
            " {slower}.",
            zh="最后损失几乎不再下降：请增加网络的单元或层，例如在最后一层之前加入 Dense(64, 'relu')，"
            "或提供能区分样本的输入；若损失上下跳动，请把学习率降到 {slower}。",
        ),
    },
)
BROKEN_LABELS = Kind(
    "CR009",
    title=Message("finding.transform", en="'{layer}' breaks labels", zh="“{layer}”破坏标签"),
    evidence=Message(
        "finding.transform.evidence",
        en="A small network that was trained without it recognises {before:.0%} of {images} held-out images as they"
        " are, but only {after:.0%} after this transform; {lost:.0%} of class {label} is lost, most of it taken for"
        " class {taken}. Trained with it, the network recognises only {learned:.0%} of class {label} as it is, not"
        " {alone:.0%}: the images have become other things, and their labels are wrong.",
        zh="不使用该变换训练的小网络能识别 {images} 幅留出图像中的 {before:.0%}，而变换之后只有 {after:.0%}；"
        "类别 {label} 损失了 {lost:.0%}，多数被当作类别 {taken}。使用该变换训练后，网络只能识别 {learned:.0%}"
        " 的类别 {label} 原图，而不是 {alone:.0%}：图像已变成别的东西，标签因此是错的。",
    ),
    remedy=Message(
        "finding.transform.remedy",
        en="Leave the layer '{layer}' out, or make it milder. chainrule.inspect.check_augmentation(x, y, {{'{layer}':"
        " layer}}) shows what it does to each class.",
        zh="请去掉层“{layer}”，或减弱其强度。chainrule.inspect.check_augmentation(x, y, {{'{layer}': layer}})"
        " 会显示它对每个类别的影响。",
    ),
)

HALF, MOST = 0.5, 0.75  # of the way from guessing to the target, from which on it is no fault not to reach it
_MEMORIZED = 32  # samples that every network should be able to learn
_IMAGES = 1600  # that the check of transforms is made with


def memorizes_a_batch(task: Task) -> Iterator[Finding]:
    """Whether a copy learns a few samples by heart."""
    few = task.some(_MEMORIZED)
    one = len(few.inputs) == 1, len(few.targets) == 1
    x, y = (part[0] if alone else part for part, alone in zip((few.inputs, few.targets), one, strict=True))
    try:
        found = overfit_batches(task.model, x, y, loss=task.objective.loss, optimizer=task.optimizer)
    except ChainruleError:
        return  # an optimizer or loss with which this cannot be tried
    if found.memorized or _is_excused(task, few, found):
        return
    one_of, other = found.contradictions[0] if found.contradictions else (0, 0)
    rate, facts = task.scalars.get("learning_rate", 0.001), Facts.of(task)
    yield CANNOT_MEMORIZE.found(
        case=found.outcome,
        samples=len(found.places),
        steps=found.steps,
        first=float(found.losses[0]) if len(found.losses) else float("nan"),
        last=float(found.losses[-1]) if len(found.losses) else float("nan"),
        target=found.target,
        slower=facts.optimizer_at(rate / 10),
        faster=facts.optimizer_at(rate * 10),
        higher=rate * 10,
        one=one_of,
        other=other,
    )


def _is_excused(task: Task, few: Samples, found: Memorization) -> bool:
    """Whether it came so far that it is only slow, or smooth on purpose, as a bottleneck or a straight line is."""
    if found.outcome not in ("falling", "plateau"):
        return False
    small = task.network.parameter_count < sum(target.size for target in few.targets)
    share = MOST if found.outcome == "plateau" and found.accuracies is not None and not small else HALF
    return bool(found.losses[-1] < share * found.target + (1 - share) * found.guessing)


def transforms_keep_labels(task: Task) -> Iterator[Finding]:
    """Whether images are still what their labels say after each random layer at the beginning of the network."""
    labels = task.labels
    if len(task.samples.inputs) != 1 or task.samples.inputs[0].ndim != 4 or labels is None or labels.ndim != 1:
        return
    some = task.some(_IMAGES)
    images = some.inputs[0].astype(np.float32)
    y = some.targets[0] if some.targets[0].ndim == 1 else some.targets[0].argmax(-1)
    for name, layer, before in random_layers(task.model.architecture, images):
        try:
            effect = check_augmentation(before, y.astype(np.int64), {name: layer}).effects[name]
        except ChainruleError:
            continue  # it makes images of another shape, such as crops
        if not effect.known or effect.fits or not effect.suffering:
            continue
        # That a network does not recognise what it never saw says little; that one which did see it is worse at the
        # images as they are says that their labels no longer tell what is in them.
        learned = trained_with(layer, before, y)
        harmed = [label for label in effect.suffering if _harms(effect, learned, label)]
        if harmed:
            worst = harmed[0]
            yield BROKEN_LABELS.found(
                layer=name,
                images=effect.changed,
                before=effect.before.accuracy,
                after=effect.after.accuracy,
                label=worst,
                lost=float(effect.drops[worst]),
                taken=effect.taken_for(worst)[0],
                alone=float(effect.before.recall[worst]),
                learned=float(learned.recall[worst]),
            )


def _harms(effect: AugmentationEffect, learned: Confusion, label: int) -> bool:
    """Whether training with the transform costs a class more of its images as they are than chance explains."""
    before, after = float(effect.before.recall[label]), float(learned.recall[label])
    spread = (
        before * (1 - before) / effect.before.counts[label].sum() + after * (1 - after) / learned.counts[label].sum()
    )
    return before - after > effect.tolerance + 2 * math.sqrt(spread)


def random_layers(architecture: object, images: Array) -> Iterator[tuple[str, Layer, Array]]:
    """The layers before the first one with parameters that vary images in training, and what each is given."""
    for name, layer in _flat(architecture):
        network = trace(layer, [images.shape[1:]])
        if network.parameters or network.states or network.mixings or not isinstance(network.training, Tensor):
            return
        if network.seed in set(topological([network.training], expanded_inputs)):
            yield name, layer, images
        images = _inferred(network, images)
        if images.ndim != 4:
            return


def _flat(architecture: object) -> Iterator[tuple[str, Layer]]:
    """The layers of a Sequential in order, with those of Sequentials inside it."""
    if not isinstance(architecture, Sequential):
        return
    for layer in architecture.layers:
        if isinstance(layer, Sequential):
            yield from _flat(layer)
        elif isinstance(layer, Layer):
            yield layer.name or type(layer).__name__, layer
        else:
            return


def _inferred(network: Network, images: Array) -> Array:
    assert isinstance(network.inference, Tensor)
    given = {scalar.tensor: scalar.default for scalar in network.scalars.values()}
    (made,) = Program([network.inference]).run({**given, network.inputs[0]: images})
    return made
