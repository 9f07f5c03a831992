"""What is to be predicted, and how a network's outputs say it: classes or a quantity."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.data.checks import check_finite
from chainrule.data.failures import Failures
from chainrule.data.moments import mean_and_deviation
from chainrule.errors import DataError
from chainrule.messages import Message, suggestion

_ONE_CLASS = Message(
    "targets.one_class",
    en="All {count} samples to train on have the answer {label!r} in '{name}', so there is nothing to tell apart. Give"
    " samples of at least two classes, or another target.",
    zh="用于训练的 {count} 个样本在“{name}”中的答案都是 {label!r}，没有可区分的类别。"
    "请给出至少两个类别的样本，或另选目标。",
)
_NO_QUANTITY = Message(
    "targets.no_quantity",
    en="'{name}' holds {text!r}, which is no number, so that it is no quantity to predict. Choose the task"
    " classification, or a target of numbers.",
    zh="“{name}”中有 {text!r}，它不是数值，因此不能作为要预测的数量。请选择任务 classification，或以数值列为目标。",
)
_UNKNOWN_CLASS = Message(
    "targets.unknown_class",
    en="'{name}' has the answer {label!r}, which no sample to train on had; the classes are: {known}.{suggestion}"
    " Leave such samples out, or train with some of them.",
    zh="“{name}”中有答案 {label!r}，但训练样本中没有它；已知类别：{known}。{suggestion}"
    "请去掉这些样本，或在训练数据中加入它们。",
)

_MOST_NAMED = 10  # classes that a message lists
_MOST_WHOLE = 20  # different whole numbers that still are the numbers of classes


@dataclass(frozen=True, eq=False)
class Predictions:
    """What is predicted for records.

    values          the most probable class of each, or its quantity (n,)
    probabilities   of all classes, in the order of `classes` (n, classes); None for a quantity
    unanswered      why there is nothing for some of them, by their places: the value is "" or NaN there, and the
                    probabilities are NaN
    """

    values: NDArray[Any]
    classes: tuple[str, ...] = ()
    probabilities: NDArray[np.float64] | None = None
    unanswered: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def with_unanswered(self, failures: Failures) -> Predictions:
        """These among records that could not be used, by the places that those have.

        Example:
            >>> from chainrule.errors import FileFormatError
            >>> Predictions(np.array([9.5, 8.0])).with_unanswered({1: FileFormatError("b.png is damaged")}).values
            array([9.5, nan, 8. ])
        """
        if not failures:
            return self
        count = len(self) + len(failures)
        answered = np.setdiff1d(np.arange(count), [*failures])
        values = np.full(count, np.nan if self.values.dtype.kind == "f" else "", self.values.dtype)
        values[answered] = self.values
        probabilities = self.probabilities
        if probabilities is not None:
            probabilities = np.full((count, len(self.classes)), np.nan)
            probabilities[answered] = self.probabilities
        reasons = {place: str(failure) for place, failure in failures.items()}
        return Predictions(values, self.classes, probabilities, reasons)


class Target(ABC):
    """What is to be predicted. It is learned from the answers to train on, alone."""

    name: str
    loss: str

    @property
    @abstractmethod
    def outputs(self) -> int:
        """How many outputs a network needs for it."""

    @abstractmethod
    def as_data(self) -> dict[str, Any]:
        """This as JSON has it."""

    @classmethod
    @abstractmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What as_data made into data; whatever Python raises says that it is no such data."""

    @abstractmethod
    def numbers(self, answers: NDArray[Any]) -> NDArray[Any]:
        """Answers as the loss needs them.

        Raises:   DataError for an answer that cannot be one.
        """

    @abstractmethod
    def predictions(self, outputs: NDArray[Any]) -> Predictions:
        """What a network's outputs (n, outputs) say."""


@dataclass(frozen=True)
class Classes(Target):
    """One of several classes: an output for each is its logit.

        p = softmax(outputs)

    labels   as they are called, in the order of the outputs; numbers of classes are in the order of size

    Example:
        >>> fruit = Classes.learned("fruit", np.array(["pear", "apple", "pear"]))
        >>> fruit.labels, fruit.numbers(np.array(["pear", "apple"]))
        (('apple', 'pear'), array([1, 0]))
        >>> fruit.predictions(np.array([[0.0, np.log(3.0)]])).probabilities
        array([[0.25, 0.75]])
    """

    name: str
    labels: tuple[str, ...]
    loss = "cross_entropy"

    @classmethod
    def learned(cls, name: str, answers: NDArray[Any]) -> Self:
        """The classes among the answers to train on.

        Raises:   DataError if there is only one, or an answer is NaN or infinite.
        Example:
            >>> Classes.learned("ripe", np.array([1.0, 0.0, 1.0])).labels
            ('0', '1')
        """
        labels, _ = _labels(name, answers)
        if len(labels) == 1:
            raise DataError(_ONE_CLASS(name=name, label=labels[0], count=len(answers)))
        return cls(name, labels)

    @property
    def outputs(self) -> int:
        return len(self.labels)

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        labels = tuple(map(str, data["labels"]))
        if not labels or len(set(labels)) < len(labels):
            raise ValueError(data)
        return cls(str(data["name"]), labels)

    def numbers(self, answers: NDArray[Any]) -> NDArray[np.int64]:
        number = {label: k for k, label in enumerate(self.labels)}
        found, places = _labels(self.name, answers)
        for label in found:
            if label not in number:
                known = ", ".join(self.labels[:_MOST_NAMED]) + (", …" if len(self.labels) > _MOST_NAMED else "")
                hint = suggestion(label, self.labels)
                raise DataError(_UNKNOWN_CLASS(name=self.name, label=label, known=known, suggestion=hint))
        return np.array([number[label] for label in found], np.int64)[places]

    def predictions(self, outputs: NDArray[Any]) -> Predictions:
        scores = outputs.astype(np.float64)
        powers = np.exp(scores - scores.max(1, keepdims=True))
        probabilities = powers / powers.sum(1, keepdims=True)
        return Predictions(np.array(self.labels)[outputs.argmax(1)], self.labels, probabilities)


@dataclass(frozen=True)
class Quantity(Target):
    """A number: the output is how many standard deviations it lies above the mean of those to train on.

        ŷ = mean + deviation · output

    Example:
        >>> size = Quantity.learned("size", np.array([1.0, 3.0]))
        >>> size.numbers(np.array([3.0, 6.0])), size.predictions(np.array([[0.5]])).values
        (array([1., 4.], dtype=float32), array([2.5]))
    """

    name: str
    mean: float
    deviation: float
    loss = "mean_squared_error"

    @classmethod
    def learned(cls, name: str, answers: NDArray[Any]) -> Self:
        """Mean and deviation of the answers to train on.

        Raises:   DataError if they are no numbers, or not finite.
        """
        _check_quantity(name, answers)
        mean, deviation = mean_and_deviation(answers)
        return cls(name, float(mean), float(deviation))

    @property
    def outputs(self) -> int:
        return 1

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        mean, deviation = float(data["mean"]), float(data["deviation"])
        if not (np.isfinite(mean) and 0 < deviation < np.inf):
            raise ValueError(data)
        return cls(str(data["name"]), mean, deviation)

    def numbers(self, answers: NDArray[Any]) -> NDArray[np.float32]:
        _check_quantity(self.name, answers)
        return ((answers.astype(np.float64) - self.mean) / self.deviation).astype(np.float32)

    def predictions(self, outputs: NDArray[Any]) -> Predictions:
        return Predictions(self.mean + self.deviation * outputs[:, 0].astype(np.float64))


def _check_quantity(name: str, answers: NDArray[Any]) -> None:
    if answers.dtype.kind not in "buif":
        raise DataError(_NO_QUANTITY(name=name, text=str(answers[0])))
    check_finite(name, answers)


def _labels(name: str, answers: NDArray[Any]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """What the different answers are called, in order, and which of them each is: 1.0 is called as 1 is, since gaps
    elsewhere in a column turn whole numbers into such.
    """
    if answers.dtype.kind == "f":
        check_finite(name, answers)
    found, places = np.unique(answers, return_inverse=True)
    values = (int(v) if isinstance(v, float) and v.is_integer() else v for v in found.tolist())
    return tuple(map(str, values)), places


def are_classes(answers: NDArray[Any]) -> bool:
    """Whether answers name classes rather than measure something: texts, yes or no, or few different whole numbers."""
    if answers.dtype.kind not in "iuf":
        return True
    values = np.unique(answers)
    return bool(len(values) <= _MOST_WHOLE and (values == np.floor(values)).all() and 2 * len(values) <= len(answers))
