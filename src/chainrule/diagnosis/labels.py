"""Labels that do not fit the outputs, and classes of very different sizes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.task import Task, labels_of
from chainrule.messages import Message
from chainrule.nn.losses.loss import BinaryLoss

__all__ = ["IMBALANCE", "LABELS"]

LABELS = Kind(
    "CR003",
    title=Message("finding.labels", en="labels and outputs do not fit", zh="标签与输出不匹配"),
    evidence={
        "from_one": Message(
            "finding.labels.from_one",
            en="The network has {classes} outputs, but the labels go from 1 to {last}: class 0 has no sample, so that"
            " one output learns never to be chosen.",
            zh="网络有 {classes} 个输出，而标签是从 1 到 {last}：类别 0 没有样本，有一个输出只会学到永不被选中。",
        ),
        "unused": Message(
            "finding.labels.unused",
            en="The network has {classes} outputs, but no sample is of class {missing} (classes without any: {count}).",
            zh="网络有 {classes} 个输出，但没有样本属于类别 {missing}（共 {count} 个类别没有样本）。",
        ),
        "single": Message(
            "finding.labels.single",
            en="All {samples} training samples are of class {only}: there is nothing to tell apart, and always"
            " answering {only} is right.",
            zh="全部 {samples} 个训练样本都属于类别 {only}：没有可区分的内容，总是回答 {only} 就是对的。",
        ),
        "validation": Message(
            "finding.labels.validation",
            en="{share:.0%} of the validation samples are of classes that no training sample has ({missing}): the"
            " network cannot know them.",
            zh="{share:.0%} 的验证样本属于训练样本中没有的类别（{missing}）：网络不可能认识它们。",
        ),
    },
    remedy={
        "from_one": Message(
            "finding.labels.from_one.remedy",
            en="Count classes from 0, y = y - 1, and give the last layer {needed} units: Dense({needed}).",
            zh="请从 0 开始给类别编号，y = y - 1，并让最后一层有 {needed} 个单元：Dense({needed})。",
        ),
        "unused": Message(
            "finding.labels.unused.remedy",
            en="Give the last layer as many units as there are classes, Dense({needed}), numbering them from 0 with"
            " y = numpy.unique(y, return_inverse=True)[1]; or look whether samples of these classes got lost.",
            zh="请让最后一层的单元数等于类别数，Dense({needed})，并用 y = numpy.unique(y, return_inverse=True)[1]"
            " 从 0 开始编号；或检查这些类别的样本是否丢失。",
        ),
        "single": Message(
            "finding.labels.single.remedy",
            en="Look at how y was read, print(numpy.unique(y)), and at how the samples were chosen; samples that are"
            " sorted by class are to be shuffled before they are split.",
            zh="请检查 y 的读取方式 print(numpy.unique(y)) 以及样本的选取方式；按类别排序的样本在划分之前应先打乱。",
        ),
        "validation": Message(
            "finding.labels.validation.remedy",
            en="Split at random, of every class alike: fit(..., validation_split=0.2) on all samples together.",
            zh="请随机划分并使每个类别比例相同：对全部样本使用 fit(..., validation_split=0.2)。",
        ),
    },
)
IMBALANCE = Kind(
    "CR020",
    title=Message("finding.imbalance", en="class imbalance", zh="类别不平衡"),
    evidence=Message(
        "finding.imbalance.evidence",
        en="Class {largest} has {most:,} training samples, class {smallest} only {least:,}, {ratio:.3g} times fewer."
        " Always answering {largest} would be right for {share:.1%} of them, so that accuracy says little and the"
        " small class is hardly learned.",
        zh="类别 {largest} 有 {most:,} 个训练样本，而类别 {smallest} 只有 {least:,} 个，相差 {ratio:.3g} 倍。"
        "总是回答 {largest} 就能答对其中的 {share:.1%}，因此准确率说明不了什么，小类别也几乎学不到。",
    ),
    remedy=Message(
        "finding.imbalance.remedy",
        en="Weigh the classes against each other, on the command line with --class-weight balanced, in Python with"
        " fit(..., class_weight={weights}), and look at each class by itself, in the report of the run or in"
        " chainrule.inspect.confusion(y, {answers}).",
        zh="请用类别权重平衡：命令行用 --class-weight balanced，Python 用 fit(..., class_weight={weights})；"
        "并在运行报告中或用 chainrule.inspect.confusion(y, {answers}) 逐类查看结果。",
    ),
)

FEW = 4  # samples an output, so that it is no chance that half of the classes have none
ENOUGH = 20  # samples a class, on average, so that one without any, or with few, is no chance
SPELLED_OUT = 10  # classes at most whose weights are told as numbers
_EVEN = "{k: len(y) / (len(set(y)) * n) for k, n in zip(*numpy.unique(y, return_counts=True))}"
OUTNUMBERED = 9.0  # times, by weight


def labels_and_outputs(task: Task) -> Iterator[Finding]:
    """Outputs without samples, a single class, classes that only the validation has."""
    labels, classes = task.labels, task.classes
    if labels is None or classes is None or not labels.size:
        return
    counts = np.bincount(labels.ravel(), minlength=classes)
    present = np.flatnonzero(counts)
    if len(present) == 1:
        yield LABELS.found(case="single", samples=len(task.samples), only=task.label(present[0]))
        return
    missing = np.flatnonzero(counts[:classes] == 0)
    enough = FEW if 2 * len(missing) >= classes else ENOUGH
    if len(missing) and labels.size >= enough * classes:
        case = "from_one" if missing.tolist() == [0] else "unused"
        named = ", ".join(str(task.label(k)) for k in missing[:5]) + (", …" if len(missing) > 5 else "")
        numbers = {"classes": classes, "last": int(present[-1]), "needed": len(present), "count": len(missing)}
        yield LABELS.found(case=case, missing=named, **numbers)
    validated = labels_of(task.validation, task.objective) if task.validation is not None else None
    if validated is not None and validated.size:
        strange = ~np.isin(validated, present)
        if strange.mean() > 0.02 and strange.sum() > 2:
            names = ", ".join(str(task.label(k)) for k in np.unique(validated[strange])[:5])
            yield LABELS.found(case="validation", share=float(strange.mean()), missing=names)


def imbalance(task: Task) -> Iterator[Finding]:
    """Classes that outnumber others, unless weights make up for it."""
    labels = task.labels
    if labels is None or labels.ndim != 1 or task.classes is None:
        return
    weights = _weights(task)
    counts = np.bincount(labels, minlength=task.classes)
    present = np.flatnonzero(counts)
    weighed = np.bincount(labels, weights, minlength=task.classes)[present]
    if len(present) < 2 or len(labels) < ENOUGH * len(present) or weighed.max() < OUTNUMBERED * weighed.min():
        return
    largest, smallest = int(present[counts[present].argmax()]), int(present[counts[present].argmin()])
    even = {int(k): round(float(counts.sum() / (len(present) * counts[k])), 3) for k in present}
    shown = f"{{{', '.join(f'{k}: {w:g}' for k, w in even.items())}}}" if len(even) <= SPELLED_OUT else _EVEN
    yield IMBALANCE.found(
        largest=task.label(largest),
        smallest=task.label(smallest),
        most=int(counts[largest]),
        least=int(counts[smallest]),
        ratio=float(counts[largest] / counts[smallest]),
        share=float(counts[largest] / counts.sum()),
        weights=shown,
        answers=_answers(task),
    )


def _answers(task: Task) -> str:
    """The expression that makes classes of what the model predicts."""
    loss = task.objective.loss
    if isinstance(loss, BinaryLoss):
        return f"(model.predict(x).ravel() > {loss.threshold:g}).astype(int)"
    return "model.predict(x).argmax(1)"


def _weights(task: Task) -> NDArray[np.float64]:
    samples = task.samples
    if samples.weight is None:
        return np.ones(len(samples))
    return samples.weight if samples.chosen is None else samples.weight[samples.chosen]
