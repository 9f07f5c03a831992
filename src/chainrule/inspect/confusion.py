"""Which classes a classifier takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError
from chainrule.inspect.style import Picture, draw
from chainrule.messages import Message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Confusion", "confusion", "plot_confusion"]

_LABELS = Message(
    "inspect.confusion_labels",
    en="labels are whole numbers from 0, one for each sample, but {what} have shape {shape} and type {dtype}."
    " Turn one-hot labels into numbers with .argmax(1).",
    zh="标签应为从 0 开始的整数，每个样本一个，但{what}的形状为 {shape}、类型为 {dtype}。"
    "独热标签可用 .argmax(1) 转换。",
)
_LENGTHS = Message(
    "inspect.confusion_lengths",
    en="there are {labels} labels but {predictions} predictions. Give one of each for every sample, at least one.",
    zh="有 {labels} 个标签，却有 {predictions} 个预测。请为每个样本各给出一个，且至少有一个样本。",
)
_NEGATIVE = Message(
    "inspect.confusion_negative",
    en="{what} hold the class {least}, but classes are counted from 0.",
    zh="{what}中有类别 {least}，但类别从 0 开始计数。",
)
_NAMES = Message(
    "inspect.confusion_names",
    en="there are {names} names of classes, but class {largest} occurs. Name every class.",
    zh="给出了 {names} 个类别名称，但出现了类别 {largest}。请为每个类别命名。",
)
_MANY = Message(
    "inspect.confusion_many",
    en="class {largest} occurs, so that the table would have {classes:,} rows; {most:,} at most can be counted. Number"
    " the classes without gaps from 0 on, e.g. with numpy.unique(labels, return_inverse=True).",
    zh="出现了类别 {largest}，表格将有 {classes:,} 行，而最多只能统计 {most:,} 行。请从 0 开始连续编号，"
    "例如使用 numpy.unique(labels, return_inverse=True)。",
)
_MOST = 10_000  # classes: a table of 800 MB
_OF_LABELS = Message("inspect.the_labels", en="the labels", zh="标签")
_OF_PREDICTIONS = Message("inspect.the_predictions", en="the predictions", zh="预测")


@dataclass(frozen=True, eq=False)
class Confusion:
    """How often each class was taken for each.

    counts        [label, prediction] → samples
    class_names   names of the classes, in their order
    """

    counts: NDArray[np.int64]
    class_names: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """The share of all samples that was recognised."""
        return float(np.trace(self.counts) / self.counts.sum())

    @property
    def recall(self) -> NDArray[np.float64]:
        """Of each class, the share of its samples that was recognised; NaN for a class without samples."""
        return _shares(np.diag(self.counts), self.counts.sum(1))

    @property
    def precision(self) -> NDArray[np.float64]:
        """Of each class, the share of what was taken for it that it is; NaN for one that nothing was taken for."""
        return _shares(np.diag(self.counts), self.counts.sum(0))

    def most_confused(self, pairs: int = 3) -> list[tuple[str, str, int]]:
        """The mistakes made most often: label, what it was taken for, how often."""
        wrong = self.counts.copy()
        np.fill_diagonal(wrong, 0)
        places = np.argsort(-wrong, axis=None, kind="stable")[:pairs]
        found = [(int(k) // len(wrong), int(k) % len(wrong)) for k in places]
        return [(self.class_names[a], self.class_names[b], int(wrong[a, b])) for a, b in found if wrong[a, b]]

    def __repr__(self) -> str:
        samples = int(self.counts.sum())
        return f"{type(self).__name__}({len(self.counts)} classes, {samples:,} samples, accuracy {self.accuracy:.4f})"


def _shares(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = np.full(len(parts), np.nan)
    np.divide(parts, wholes, out=shares, where=wholes > 0)
    return shares


def confusion(labels: Any, predictions: Any, class_names: Sequence[str] | None = None) -> Confusion:
    """Count which classes were taken for which.

    Shapes:   labels (samples), predictions (samples), both integers from 0
    Raises:   DataError if they are not, differ in length, are empty, a class has no name, or there are above 10,000.
    Example:
        >>> confusion([0, 0, 1, 2], [0, 1, 1, 2]).counts
        array([[1, 1, 0],
               [0, 1, 0],
               [0, 0, 1]])
    """
    given = {_OF_LABELS(): np.asarray(labels), _OF_PREDICTIONS(): np.asarray(predictions)}
    for what, values in given.items():
        if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
            raise DataError(_LABELS(what=what, shape=values.shape, dtype=values.dtype))
        if values.size and values.min() < 0:
            raise DataError(_NEGATIVE(what=what, least=values.min()))
    true, taken = given.values()
    if len(true) != len(taken) or not len(true):
        raise DataError(_LENGTHS(labels=len(true), predictions=len(taken)))
    largest = int(max(true.max(), taken.max()))
    if largest >= _MOST:
        raise DataError(_MANY(largest=largest, classes=largest + 1, most=_MOST))
    names = tuple(map(str, range(largest + 1) if class_names is None else class_names))
    if largest >= len(names):
        raise DataError(_NAMES(names=len(names), largest=largest))
    counts = np.zeros((len(names),) * 2, np.int64)
    np.add.at(counts, (true, taken), 1)
    return Confusion(counts, names)


def plot_confusion(record: Confusion) -> Picture:
    """Rows are the true classes, columns what they were taken for; a colour is the share of its row."""
    side = 1.6 + 0.36 * len(record.counts)
    return draw(lambda axes: _draw(axes, record), size=(side, side))


def _draw(axes: Axes, record: Confusion) -> None:
    counts = record.counts
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    axes.imshow(shares, vmin=0.0, vmax=1.0)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "black" if shares[row, column] > 0.5 else "white"
            axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=7)
    places = range(len(counts))
    longest = max(map(len, record.class_names))
    axes.set_xticks(places, record.class_names, rotation=90 if longest > 3 else 0)
    axes.set_yticks(places, record.class_names)
    axes.set_xlabel("taken for")
    axes.set_ylabel("true class")
    axes.set_title(f"{record.accuracy:.1%} of {counts.sum():,} samples recognised")
