"""Labels that are wrong: the network is surer than ever, and the label says otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.course import Course
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.neighbors import nearest_of
from chainrule.diagnosis.task import Task, labels_of
from chainrule.graph.operation import Array
from chainrule.messages import Message
from chainrule.nn.losses.loss import BinaryLoss
from chainrule.train.samples import Samples

__all__ = ["NOISY_LABELS"]

NOISY_LABELS = Kind(
    "CR019",
    title=Message("finding.noisy", en="noisy labels", zh="标签有噪声"),
    evidence=Message(
        "finding.noisy.evidence",
        en="Of the {sure:,} validation samples that the network is surest of, {wrong} have another label ({share:.1%},"
        " at least {least:.1%} allowing for chance); where labels are right, nearly all of these agree. Its errors do"
        " not become rarer where it is sure, as they do in hard data. Suspects among the validation samples:"
        " {suspects}; among the training samples: {trained}.",
        zh="在网络最有把握的 {sure:,} 个验证样本中，有 {wrong} 个的标签与预测不同（{share:.1%}，扣除偶然因素至少"
        " {least:.1%}）；若标签正确，它们几乎全部一致。数据困难时，越有把握错误越少，而此处并非如此。"
        "验证样本中的可疑者：{suspects}；训练样本中的可疑者：{trained}。",
    ),
    remedy=Message(
        "finding.noisy.remedy",
        en="Look at the suspects (all are in finding.values['places'], or 'validation_places') and correct or remove"
        " them: keep = numpy.setdiff1d(numpy.arange(len(x)), suspects); fit(x[keep], y[keep], ...). What remains harms"
        " less with label smoothing, loss=CategoricalCrossEntropy(label_smoothing=0.1), and early stopping,"
        " callbacks=[EarlyStopping('val_loss', patience=3)].",
        zh="请查看这些可疑样本（全部见 finding.values['places'] 与 'validation_places'），更正或移除："
        "keep = numpy.setdiff1d(numpy.arange(len(x)), suspects); fit(x[keep], y[keep], ...)。剩余的噪声可用标签平滑"
        " loss=CategoricalCrossEntropy(label_smoothing=0.1) 和提前停止"
        " callbacks=[EarlyStopping('val_loss', patience=3)] 减轻其危害。",
    ),
)

SUREST = 1 / 3  # of the validation samples
LEAST = 0.025  # of them must disagree, allowing for chance
EVEN = 0.4  # of the share of errors among all of them
STEADY = 0.75  # of their errors, at least, in the surer half of them
FEWEST = 60  # validation samples, below which nothing can be said
_SHOWN = 10
LEARNED = 0.25  # of the way from always answering the most frequent class to being always right
NEIGHBORS = 7  # of each suspect, among the training samples
AGREEING = 0.6  # of the suspects must have more neighbours of the network's class than of the label's
_NEIGHBORHOOD, _ASKED = 3000, 100  # training samples, and suspects, that are compared
_LOOKED_AT = 20_000  # training samples among which suspects are looked for
_STANDARD_ERRORS = 1.64


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a network says of samples: the class, how sure it is, and whether the label is another one."""

    labels: NDArray[np.int64]
    answer: NDArray[np.int64]
    surety: NDArray[np.float64]

    @property
    def differs(self) -> NDArray[np.bool_]:
        return np.not_equal(self.answer, self.labels)


def noisy_labels(task: Task, course: Course) -> Iterator[Finding]:
    """Errors that are as frequent among the samples that the network is surest of as anywhere."""
    if course.diverged or task.validation is None or task.classes is None or len(task.validation) < FEWEST:
        return
    held_out = judgement(task, task.validation)
    if held_out is None or not _has_learned(held_out):
        return
    sure = np.argsort(-held_out.surety, kind="stable")[: max(1, int(SUREST * len(held_out.surety)))]
    wrong = int(held_out.differs[sure].sum())
    least = lower_bound(wrong, len(sure))
    if least < LEAST or wrong / len(sure) < EVEN * held_out.differs.mean() or not _is_steady(held_out.differs[sure]):
        return
    suspects = sure[held_out.differs[sure]]
    if not _agrees(task, suspects, held_out):
        return
    bar = float(held_out.surety[sure].min())
    trained = judgement(task, _first(task.samples, _LOOKED_AT))
    assert trained is not None
    yield NOISY_LABELS.found(
        sure=len(sure),
        wrong=wrong,
        share=wrong / len(sure),
        least=least,
        suspects=_listed(task.validation, held_out, bar),
        trained=_listed(task.samples, trained, bar),
        places=_suspects(task.samples, trained, bar),
        validation_places=_suspects(task.validation, held_out, bar),
    )


def _is_steady(differs: NDArray[np.bool_]) -> bool:
    """Whether errors are as frequent in the surer half of these, the surest first, allowing for chance.

    Where classes overlap, as grades do, they become rarer and rarer; wrong labels do not ask how sure a network is.
    """
    surer = differs[: max(1, len(differs) // 2)]
    share = float(surer.mean())
    return share + math.sqrt(share * (1 - share) / len(surer)) >= STEADY * float(differs.mean())


def _has_learned(judged: Judgement) -> bool:
    """Whether it is right clearly more often than who always answers the most frequent class."""
    most = float(np.bincount(judged.labels).max() / len(judged.labels))
    return 1 - float(judged.differs.mean()) >= most + LEARNED * (1 - most)


def _agrees(task: Task, suspects: NDArray[np.int64], judged: Judgement) -> bool:
    """Whether the training samples nearest to the suspects are of the class that the network names, not of the label's.

    A network that has learned little, or something else, is sure of wrong answers too; their neighbours tell.
    """
    validation, known, asked = task.validation, task.some(_NEIGHBORHOOD), suspects[:_ASKED]
    if validation is None or len(known.inputs) != 1:
        return False
    labels = labels_of(known, task.objective)
    assert labels is not None
    near = labels[nearest_of(known.inputs[0], validation.batch(asked).inputs[0], NEIGHBORS)]
    for_answer = (near == judged.answer[asked][:, None]).sum(1)
    for_label = (near == judged.labels[asked][:, None]).sum(1)
    return bool((for_answer > for_label).mean() >= AGREEING)


def judgement(task: Task, samples: Samples) -> Judgement | None:
    """What the network says of samples in inference; None where labels are not one class for each."""
    labels = labels_of(samples, task.objective)
    if labels is None or labels.ndim != 1:
        return None
    inputs = samples.batch(slice(None)).inputs
    outputs = task.model.predict(inputs if len(inputs) > 1 else inputs[0])
    if not isinstance(outputs, np.ndarray) or outputs.ndim != 2 or not np.isfinite(outputs).all():
        return None
    answer, surety = answers(task, outputs)
    return Judgement(labels, answer, surety)


def answers(task: Task, outputs: Array) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    loss = task.objective.loss
    if isinstance(loss, BinaryLoss):
        margin = outputs[:, 0] - loss.threshold
        return (margin > 0).astype(np.int64), np.abs(margin)
    first = outputs.argmax(1)
    ranked = np.partition(outputs, -2, axis=1)
    return first.astype(np.int64), ranked[:, -1] - ranked[:, -2]


def lower_bound(wrong: int, count: int) -> float:
    """The share that is at least wrong, allowing for chance: Wilson's interval, one-sided 95 %."""
    z, share = _STANDARD_ERRORS, wrong / count
    middle = share + z * z / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, (middle - spread) / (1 + z * z / count))


def _first(samples: Samples, count: int) -> Samples:
    return samples if len(samples) <= count else samples.batch(slice(0, count))


def _suspects(samples: Samples, judged: Judgement, bar: float) -> list[int]:
    """Where, in the arrays that were given, the suspects are: the most certain first."""
    found = np.flatnonzero(judged.differs & (judged.surety >= bar))
    found = found[np.argsort(-judged.surety[found], kind="stable")]
    return [int(k) for k in (found if samples.chosen is None else samples.chosen[found])]


def _listed(samples: Samples, judged: Judgement, bar: float) -> str:
    places = _suspects(samples, judged, bar)
    more = ", …" if len(places) > _SHOWN else ""
    return (", ".join(map(str, places[:_SHOWN])) or "-") + more
