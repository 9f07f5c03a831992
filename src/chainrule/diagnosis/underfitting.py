"""A network that cannot learn what there is to learn: its training loss has stopped falling, and others do better."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.course import Course
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.label_noise import answers
from chainrule.diagnosis.neighbors import neighbors
from chainrule.diagnosis.plateau import plateau
from chainrule.diagnosis.rates import rate_too_high, rate_too_low
from chainrule.diagnosis.restraints import restraint
from chainrule.diagnosis.task import Task, labels_of
from chainrule.execute.reference import Program
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.messages import Message
from chainrule.train.samples import Samples

__all__ = ["UNDERFITTING"]

_COMPARED_EN = (
    ", but more can be learned: on {looked} training samples the network's '{measure}' is {network:.3g}; giving"
    " each the answer of the {count} other samples most like it, without any network, has {neighbors:.3g}. "
)
_COMPARED_ZH = (
    "，但还有可学的东西：在 {looked} 个训练样本上，网络的“{measure}”为 {network:.3g}，"
    "而不用网络、只按与之最相似的 {count} 个其他样本作答时为 {neighbors:.3g}。"
)
_LOSS_EN, _LOSS_ZH = "After {epochs} epochs the training loss is {last:.3g}", "{epochs} 轮后训练损失为 {last:.3g}"
_STOPPED_EN = _LOSS_EN + " and hardly falls any more" + _COMPARED_EN
_STOPPED_ZH = _LOSS_ZH + "，且几乎不再下降" + _COMPARED_ZH

UNDERFITTING = Kind(
    "CR018",
    title=Message("finding.underfitting", en="underfitting", zh="欠拟合"),
    evidence={
        "small": Message(
            "finding.underfitting.small",
            en=_STOPPED_EN + "{parameters:,} parameters are too few for these data, or layers of the wrong form.",
            zh=_STOPPED_ZH + "对这些数据来说，{parameters:,} 个参数太少，或各层的形式不合适。",
        ),
        "slow": Message(
            "finding.underfitting.slow",
            en=_LOSS_EN + " and still falls, by only {fall:.1%} in the last quarter" + _COMPARED_EN + "The training"
            " was too short, or its steps too small, to tell whether the network is large enough.",
            zh=_LOSS_ZH
            + "，仍在下降，但最后四分之一只降低了 {fall:.1%}"
            + _COMPARED_ZH
            + "训练太短或步长太小，还看不出网络是否够大。",
        ),
        "penalty": Message(
            "finding.underfitting.penalty",
            en=_LOSS_EN
            + _COMPARED_EN
            + "At the beginning the penalties were {strength:.2g} times the loss of an answer"
            " without looking (usual: below 0.1): they keep weights small at any cost.",
            zh=_LOSS_ZH
            + _COMPARED_ZH
            + "训练开始时，惩罚项是不看输入的答案的损失的 {strength:.2g} 倍（通常低于 0.1）："
            "它不计代价地压小权重。",
        ),
        "decay": Message(
            "finding.underfitting.decay",
            en=_STOPPED_EN + "Weight decay takes {strength:.1%} of the weights away in each step (usual: 0.01 %).",
            zh=_STOPPED_ZH + "权重衰减每步去掉权重的 {strength:.1%}（通常为 0.01 %）。",
        ),
        "noise": Message(
            "finding.underfitting.noise",
            en=_STOPPED_EN
            + "Of what '{layer}' gives in training {strength:.0%} is noise (dropout, augmentation; usual:"
            " below 90 %): hardly anything of the inputs comes through.",
            zh=_STOPPED_ZH + "训练时“{layer}”的输出中有 {strength:.0%} 是噪声（dropout、数据增强；通常低于 90 %）："
            "输入几乎无法通过。",
        ),
    },
    remedy={
        "small": Message(
            "finding.underfitting.small.remedy",
            en="Make it larger: twice to four times as many units in each layer, one hidden layer more, such as"
            " Dense(64, 'relu'), before the last one, Conv2D layers for images. Then train again.",
            zh="请把网络加大：每层单元数增加到两至四倍，在最后一层之前再加一个隐藏层，例如 Dense(64, 'relu')，"
            "图像请用 Conv2D 层。然后重新训练。",
        ),
        "slow": Message(
            "finding.underfitting.slow.remedy",
            en="Train longer, epochs={more}, or with the larger rate that chainrule.lr_find(model, x, y) suggests."
            " Where the loss then stops falling too early, make the network larger: twice to four times as many units.",
            zh="请训练更久，epochs={more}，或使用 chainrule.lr_find(model, x, y) 建议的更大学习率。"
            "若此后损失仍过早停止下降，请把网络加大：单元数增加到两至四倍。",
        ),
        "penalty": Message(
            "finding.underfitting.penalty.remedy",
            en="Multiply the factor of the penalties by about {factor:.1g}, such as kernel_penalty=L2({factor:.1g} * l)"
            " where it is L2(l) now, or leave them out.",
            zh="请把惩罚项的系数乘以约 {factor:.1g}，例如把 L2(l) 改为 kernel_penalty=L2({factor:.1g} * l)，"
            "或去掉惩罚项。",
        ),
        "decay": Message(
            "finding.underfitting.decay.remedy",
            en="Set weight_decay={decay:.2g}, so that a step takes 0.01 % of the weights away.",
            zh="请设 weight_decay={decay:.2g}，使每步只去掉权重的 0.01 %。",
        ),
        "noise": Message(
            "finding.underfitting.noise.remedy",
            en="Lower the rate of dropout, such as Dropout(0.2), or weaken the augmentation before '{layer}'.",
            zh="请降低 dropout 的比率，例如 Dropout(0.2)，或减弱“{layer}”之前的数据增强。",
        ),
    },
)

NEIGHBORS = 5
LOOKED_AT = 600  # training samples
FEWEST = 60
WORSE, TIMES_WORSE = 0.1, 1.5  # than the neighbours: in share of errors, or of the constant answer's loss
CHANCE = 2.0  # standard errors on top
LEARNED = 0.1  # of the scale: a training loss below it is low
LONG = 400  # steps, in which even a slow start is over, if nothing holds the network back
FAR = 0.5  # of its size, by which the most moved parameter could change over the training
LATE, NOTHING = 0.22, 0.01  # of all that the loss fell by, or of the loss: its fall in the last quarter
AGAIN = 0.35  # of the loss: so much at most would it still fall, if it went on for as long again
SLOW = 0.05  # of what the neighbours show that is left: with that in its last quarter it may only have been too short
LONGER = 4  # times as many epochs, for what such a pace, which slows down, has left
MOST_TARGETS = 10  # numbers in a sample's target


def underfitting(task: Task, course: Course) -> Iterator[Finding]:
    """A training loss that stopped falling, where the nearest neighbours of a sample know better."""
    smoothed = course.smoothed
    if course.diverged or len(smoothed) < 8 or smoothed[-1] < LEARNED * course.scale or not _moved(course):
        return
    held = restraint(task)
    penalized = held is not None and held.kind == "penalty"  # whose own fall hides that nothing else falls
    fall, last = _late_fall(smoothed)
    little = fall < min(max(LATE * (smoothed[0] - last), NOTHING * last), AGAIN * last / 4)
    if (held is None and len(course.losses) < LONG) or not (penalized or little):
        return
    if any(True for check in (rate_too_low, rate_too_high) for _ in check(course)) or any(plateau(task, course)):
        return  # which explain it
    found = _compared(task)
    if found is None:
        return
    measure, network, near, looked, scale = found
    error = CHANCE * float(np.sqrt(0.25 / looked)) if measure != "loss" else 0.0
    if network - near < WORSE * scale + error or network < TIMES_WORSE * near:
        return
    told = {
        "last": float(smoothed[-1]),
        "epochs": course.epochs_done,
        "looked": looked,
        "measure": measure,
        "network": network,
        "neighbors": near,
        "count": NEIGHBORS,
        "parameters": sum(course.facts.parameter_sizes.values()),
    }
    if held is not None:
        told |= {"strength": held.strength, "layer": held.layer, "factor": 0.01 / held.strength}
        told |= {"decay": 1e-4 / (course.highest_rate or 1.0)}
        yield UNDERFITTING.found(case=held.kind, **told)
    elif fall > SLOW * last * (1 - near / network):
        yield UNDERFITTING.found(case="slow", fall=fall / last, more=LONGER * course.epochs_done, **told)
    else:
        yield UNDERFITTING.found(case="small", **told)


def _moved(course: Course) -> bool:
    """Whether weights could have gone some way: else the training was too short, or its steps too small."""
    each = [finite.mean() for ratio in course.ratios.values() if len(finite := ratio[np.isfinite(ratio)])]
    return bool(each) and float(max(each)) * len(course.losses) > FAR


def _late_fall(smoothed: NDArray[np.float64]) -> tuple[float, float]:
    """What the last quarter of the training lowered the loss by, and to."""
    quarter = max(1, len(smoothed) // 4)
    before, last = smoothed[-2 * quarter : -quarter].mean(), smoothed[-quarter:].mean()
    return float(before - last), float(last)


def _compared(task: Task) -> tuple[str, float, float, int, float] | None:
    """A measure, what it is for the network and for the neighbours, on how many samples, and its scale."""
    some, inference = task.some(LOOKED_AT), task.network.inference
    if not isinstance(inference, Tensor) or not len(some.inputs) == len(some.targets) == 1:
        return None
    if len(some) < FEWEST or some.weight is not None:
        return None
    (outputs,) = Program([inference]).run(task.bindings(some))
    labels, y, nearest = labels_of(some, task.objective), some.targets[0], neighbors(some.inputs[0], NEIGHBORS)
    if not np.isfinite(outputs).all():
        return None
    if labels is not None and labels.ndim == 1 and outputs.ndim == 2:
        votes = np.zeros((len(some), int(labels.max()) + 1))
        np.add.at(votes, (np.arange(len(some))[:, None], labels[nearest]), 1.0)
        wrong, missed = (float((found != labels).mean()) for found in (answers(task, outputs)[0], votes.argmax(1)))
        return "1 - accuracy", wrong, missed, len(some), 1.0
    comparable = outputs[0].size == y[0].size <= MOST_TARGETS and task.constant_loss is not None
    if task.classes is not None or not comparable:
        return None
    guessed = y[nearest].mean(1).reshape(outputs.shape).astype(outputs.dtype)
    network, near = (_mean_loss(task, values, some) for values in (outputs, guessed))
    return "loss", network, near, len(some), task.constant_loss or 1.0


def _mean_loss(task: Task, outputs: Array, samples: Samples) -> float:
    y = samples.targets[0]
    given, target = (input_tensor(name, a.shape, a.dtype) for name, a in (("given", outputs), ("target", y)))
    (losses,) = Program([task.objective.loss(given, target)]).run({given: outputs, target: y})
    return float(losses.mean())
