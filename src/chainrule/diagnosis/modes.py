"""Networks that do something else in inference than what they were trained to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.diagnosis.course import Course
from chainrule.diagnosis.each_layer import LayerAlone, each_layer
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.small_batches import too_small_batches
from chainrule.diagnosis.task import Task
from chainrule.errors import ChainruleError
from chainrule.execute.reference import Program
from chainrule.graph.operation import Array
from chainrule.graph.traversal import topological
from chainrule.messages import Message
from chainrule.train.guessing import loss_range
from chainrule.train.samples import Samples

__all__ = ["BROKEN_MODE"]

_WORSE = Message(
    "finding.mode.worse",
    en="The same {samples} training samples have the loss {training:.3g} in training mode and {inference:.3g} in"
    " inference mode, which predict and evaluate use (usual: about the same, or less). The layer whose modes differ"
    " most, given the same, is '{layer}': by {difference:.0%} (usual: below 20%), for it gives {mean:.2g} ±"
    " {deviation:.2g} in training, and {other_mean:.2g} ± {other_deviation:.2g} in inference.",
    zh="同样的 {samples} 个训练样本，在训练模式下的损失为 {training:.3g}，在 predict 与 evaluate 使用的推理模式下为"
    " {inference:.3g}（通常相近或更低）。在输入相同时，两种模式差别最大的层是“{layer}”：相差 {difference:.0%}"
    "（通常低于 20%），训练时输出为 {mean:.2g} ± {deviation:.2g}，推理时为 {other_mean:.2g} ± {other_deviation:.2g}。",
)
BROKEN_MODE = Kind(
    "CR022",
    title=Message("finding.mode", en="training and inference modes do not agree", zh="训练模式与推理模式不一致"),
    evidence={
        "frozen": _WORSE,
        "slow": _WORSE,
        "state": _WORSE,
        "layer": _WORSE,
        "function": Message(
            "finding.mode.function",
            en="The same {samples} training samples have the loss {training:.3g} in training mode, but {inference:.3g}"
            " in inference mode, which predict and evaluate use (usual: no more than in training). Each layer by itself"
            " gives the same in both modes.",
            zh="同样的 {samples} 个训练样本，在训练模式下的损失为 {training:.3g}，而在 predict 与 evaluate 使用的推理"
            "模式下为 {inference:.3g}（通常不高于训练模式）。各层本身在两种模式下的输出相同。",
        ),
        "scale": Message(
            "finding.mode.scale",
            en="In training '{layer}' drops {dropped:.0%} of the numbers it is given and multiplies the others by"
            " {factor:.3g}, beside what it gives in inference: on average that is {mean:.3g} times inference's, and"
            " should be 1. The layers behind it get numbers of another size in inference than those they were trained"
            " on.",
            zh="训练时“{layer}”丢弃所得数的 {dropped:.0%}，其余的数为推理时输出的 {factor:.3g} 倍：平均为推理时的"
            " {mean:.3g} 倍，而应为 1。后面各层在推理时得到的数与训练时大小不同。",
        ),
    },
    remedy={
        "frozen": Message(
            "finding.mode.frozen",
            en="Its state ({states}) is still what it was at the start, so that inference knows nothing of the data."
            " Let the layer update it in training, scope.update(name, mean + (1 - momentum) * (batch_mean - mean)), or"
            " use BatchNormalization(), with a momentum below 1.",
            zh="它的状态（{states}）仍是初始值，推理因此对数据一无所知。请让该层在训练时更新状态，"
            "scope.update(name, mean + (1 - momentum) * (batch_mean - mean))，或使用动量小于 1 的"
            " BatchNormalization()。",
        ),
        "slow": Message(
            "finding.mode.slow",
            en="Its running means keep {momentum:.6g} of themselves at each step, so that after {steps} steps"
            " {left:.0%} of them is still what they started with. Use BatchNormalization(momentum={better}), or train"
            " longer.",
            zh="它的滑动平均每一步保留 {momentum:.6g}，因此 {steps} 步之后仍有 {left:.0%} 是初始值。请使用"
            " BatchNormalization(momentum={better})，或训练更久。",
        ),
        "state": Message(
            "finding.mode.state",
            en="Its state ({states}) does not fit what it is given in training. If it was loaded or set, compute it"
            " from these data: train one more epoch with momentum={better}; else see that the update takes the same"
            " mean and variance as the training mode divides by.",
            zh="它的状态（{states}）与训练时的输入不符。若状态是加载或设置的，请用这些数据重新计算：以"
            " momentum={better} 再训练一轮；否则请检查更新所用的均值与方差是否与训练模式相同。",
        ),
        "layer": Message(
            "finding.mode.layer",
            en="Look at what '{layer}' does where scope.training is true and where it is not: without randomness both"
            " should give the same.",
            zh="请检查“{layer}”在 scope.training 为真与为假时各做什么：没有随机性时两者应相同。",
        ),
        "function": Message(
            "finding.mode.function_remedy",
            en="Look for scope.training in the function that calls the layers: it seems to leave out or to add"
            " something in one mode. What only inference wants, such as a softmax, belongs behind model.predict.",
            zh="请在调用各层的函数中查找 scope.training：它似乎在某一模式下遗漏或添加了什么。只有推理才需要的运算"
            "（如 softmax）应放在 model.predict 之后。",
        ),
        "scale": Message(
            "finding.mode.scale_remedy",
            en="Divide what is kept by the share that is kept, x / {kept:.2g} in training, or use"
            " Dropout({dropped:.2g}), which does.",
            zh="请在训练时将保留的数除以保留的比例，即 x / {kept:.2g}，或使用会这样做的 Dropout({dropped:.2g})。",
        ),
    },
)

SAMPLES = 128
BATCHES = 8  # of the training's size, for the loss in training mode
WORSE, TIMES = 0.3, 1.5  # of what guessing costs beyond the best, and times the loss of training
DIFFERENT, FAR = 0.05, 0.5  # of a layer's size: below that its modes are the same; above that its state is of no use
DRAWS = 8  # of a random layer
BIASED, ERRORS = 0.05, 8  # how far the mean factor of dropout is from 1, and how many standard errors of it
USUAL_MOMENTUM = 0.99  # with it, running means are late in trainings of less than 300 steps


def modes_that_differ(task: Task, course: Course) -> Iterator[Finding]:
    """The trained network in both modes on training samples, and each layer by itself."""
    if course.diverged:
        return
    some = task.few(SAMPLES)
    layers = _different_layers(task, some)
    for path, layer in layers.items():
        if layer.random and (dropout := _dropout_without_scale(task, some, layer.alone)):
            yield BROKEN_MODE.found(case="scale", layer=path, **dropout)
            return
    losses = _losses(task, some)
    if losses is None:
        return
    worse = _is_worse(task, some, *losses)
    told: dict[str, Any] = {"samples": len(some), "training": losses[0], "inference": losses[1]}
    fixed = {path: layer for path, layer in layers.items() if not layer.random}
    if not fixed:
        if worse and not layers:
            yield BROKEN_MODE.found(case="function", **told)
        return
    worst = max(fixed, key=lambda path: fixed[path].difference)
    cause = _cause(task, course, some, worst, layers[worst])
    if cause["case"] == "slow" and cause["momentum"] <= USUAL_MOMENTUM:  # a short training, or a quick one
        known = loss_range(task.objective.loss, task.network, some)
        certain = worse and known is not None and losses[1] > known.guessing
    else:
        certain = worse or (cause["case"] != "layer" and fixed[worst].difference > FAR)
    # What keeps no state of so few samples has its own finding.
    if certain and not (fixed[worst].alone.updates and list(too_small_batches(task))):
        yield BROKEN_MODE.found(layer=worst, **told, **fixed[worst].numbers, **cause)


@dataclass(frozen=True, eq=False)
class _Different:
    """A layer whose modes differ, given the same.

    random       whether training gives something else at another step
    difference   root mean square of training - inference, as a share of the larger of them
    numbers      what its texts say of what it gives
    """

    alone: LayerAlone
    random: bool
    difference: float
    numbers: dict[str, float]


def _different_layers(task: Task, some: Samples) -> dict[str, _Different]:
    layers, bindings = each_layer(task.network), task.bindings(some)
    step = int(bindings[task.network.step])
    both = Program([y for layer in layers.values() for y in (layer.training, layer.inference)])
    values = both.run(bindings)
    found = {}
    for (path, layer), trained, inferred in zip(layers.items(), values[::2], values[1::2], strict=True):
        difference = _difference(trained, inferred)
        if difference > DIFFERENT:
            a, b = trained.astype(np.float64), inferred.astype(np.float64)
            (again,) = Program([layer.training]).run({**bindings, task.network.step: step + 1})
            numbers = {"mean": a.mean(), "deviation": a.std(), "other_mean": b.mean(), "other_deviation": b.std()}
            plain = {"difference": difference} | {name: float(number) for name, number in numbers.items()}
            found[path] = _Different(layer, not np.array_equal(again, trained), difference, plain)
    return found


def _dropout_without_scale(task: Task, some: Samples, layer: LayerAlone) -> dict[str, Any] | None:
    """What is told of a layer that drops numbers and multiplies the others by one factor, if its mean is not kept.

    Layers before the first parameter are left out: what they do to the samples is augmentation.
    """
    learned = {parameter.tensor for parameter in task.network.parameters.values()}
    if learned.isdisjoint(topological([layer.inference])):
        return None
    bindings, program = task.bindings(some), Program([layer.training, layer.inference])
    means, dropped, factor = [], 0.0, 0.0
    for draw in range(DRAWS):
        trained, inferred = program.run({**bindings, task.network.step: int(bindings[task.network.step]) + draw})
        there = np.abs(inferred) > 1e-6
        ratios = trained[there].astype(np.float64) / inferred[there]
        kept = ratios[ratios != 0]
        if not kept.size or kept.size == ratios.size or kept.std() > 1e-3 * abs(kept.mean()):
            return None
        means.append(float(ratios.mean()))
        dropped, factor = dropped + (1 - kept.size / ratios.size) / DRAWS, float(kept.mean())
    mean, error = float(np.mean(means)), float(np.std(means, ddof=1) / np.sqrt(DRAWS))
    if abs(mean - 1) <= max(BIASED, ERRORS * error):
        return None
    return {"dropped": dropped, "kept": 1 - dropped, "factor": factor, "mean": mean}


def _losses(task: Task, some: Samples) -> tuple[float, float] | None:
    """The mean loss in training mode, in batches of the training's size, and in inference; None if there is none."""
    network, size = task.network, min(task.batch_size, len(some))
    try:
        ends = (network.training, network.inference)
        training, inference = (task.data.sums(task.objective, outputs).loss for outputs in ends)
    except ChainruleError:  # outputs of inference that the loss cannot take; without validation nobody has asked it
        return None
    starts = list(range(0, len(some) - size + 1, size))
    batches = [some.batch(slice(start, start + size)) for start in starts]
    if size < len(some):
        batches = batches[: max(BATCHES, SAMPLES // size)]
    program = Program([training, inference])
    found = np.array([[float(value) for value in program.run(task.bindings(batch))] for batch in batches])
    training_loss, inference_loss = found.mean(0).tolist()
    return (training_loss, inference_loss) if np.isfinite(found).all() else None


def _is_worse(task: Task, some: Samples, training: float, inference: float) -> bool:
    known = loss_range(task.objective.loss, task.network, some)
    if known is None:
        return 0 < TIMES * 2 * training < inference
    best = min(known.best, training)
    return inference - training > WORSE * (known.guessing - known.best) and inference - best > TIMES * (training - best)


def _cause(task: Task, course: Course, some: Samples, path: str, layer: _Different) -> dict[str, Any]:
    """Why the modes of a layer differ, as far as its state tells."""
    network, model = task.network, task.model
    own = [name for name in network.states if name.rpartition("/")[0] == path]
    if not own:
        return {"case": "layer"}
    steps = len(course.losses)
    told = {"states": ", ".join(name.rpartition("/")[2] for name in own), "better": _momentum(steps)}
    first = {name: network.states[name].value for name in own}
    if all(np.array_equal(model.states[name], np.full_like(model.states[name], first[name])) for name in own):
        return {"case": "frozen", **told}
    momentum = model.scalars.get(f"{path}/momentum")
    if momentum is not None and _would_agree(task, some, layer.alone, momentum):
        return {"case": "slow", "momentum": momentum, "steps": steps, "left": momentum**steps, **told}
    return {"case": "state", **told}


def _would_agree(task: Task, some: Samples, layer: LayerAlone, momentum: float) -> bool:
    """Whether both modes give the same once the running means have arrived where each step moves them.

    s ← s + (1 - m) (s_batch - s)  moves them to  s_batch = s + (s_next - s) / (1 - m)
    """
    bindings, states = task.bindings(some), task.network.states
    trained, *moved = Program([layer.training, *layer.updates.values()]).run(bindings)
    for name, following in zip(layer.updates, moved, strict=True):
        now = bindings[states[name].tensor]
        bindings[states[name].tensor] = now + (following - now) / (1 - momentum)
    (inferred,) = Program([layer.inference]).run(bindings)
    return _difference(trained, inferred) < 2 * DIFFERENT


def _difference(trained: Array, inferred: Array) -> float:
    """Root mean square of what they differ by, as a share of the larger of them."""
    a, b = trained.astype(np.float64), inferred.astype(np.float64)
    size = max(np.sqrt(np.square(b).mean()), np.sqrt(np.square(a).mean())) if a.size else 0.0
    return float(np.sqrt(np.square(a - b).mean()) / size) if 0 < size < np.inf else 0.0


def _momentum(steps: int) -> float:
    """One with which running means keep about 1 % of their start after a training, from 0.5 to 0.99."""
    return float(np.clip(np.floor(100 * 0.01 ** (1 / max(steps, 1))) / 100, 0.5, 0.99))
