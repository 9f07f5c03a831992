"""Data as people have them, before anything is scaled or encoded: records, their answers, and where they are from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.data.checks import PIECE, check_samples
from chainrule.data.dataset import Dataset
from chainrule.messages import Message

_ARRAYS = Message("records.arrays", en="arrays", zh="数组")


class Records(ABC):
    """What a prediction is asked for: rows of a table, pictures, or samples of arrays, in order, as they were read.

    word   what messages call such
    """

    word: ClassVar[Message]

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    @abstractmethod
    def take(self, places: NDArray[np.int64]) -> Self:
        """Those at these places, in this order."""


@dataclass(frozen=True, eq=False)
class Arrays(Records):
    """Samples that are numbers already: an array, or several for a network of several inputs.

    whole    the arrays, which may be mapped from a disk and larger than the memory: nothing here copies all of them
    places   those of their samples that are meant, in order; None: all

    Raises:   DataError if they are empty, hold NaN or infinity, or differ in length.
    Example:
        >>> some = Arrays((np.array([[1.0], [2.0], [3.0]]),)).take(np.array([2, 1])).take(np.array([1]))
        >>> len(some), some.places, some.arrays
        (1, array([1]), (array([[2.]]),))
    """

    whole: tuple[NDArray[Any], ...]
    places: NDArray[np.int64] | None = None
    word = _ARRAYS

    def __post_init__(self) -> None:
        if self.places is None:  # else it has been looked at
            check_samples({f"x[{k}]" if len(self.whole) > 1 else "x": array for k, array in enumerate(self.whole)})

    def __len__(self) -> int:
        return len(self.whole[0] if self.places is None else self.places)

    def take(self, places: NDArray[np.int64]) -> Self:
        return replace(self, places=places if self.places is None else self.places[places])

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """The samples that are meant; copied out, unless they are all."""
        return self.whole if self.places is None else tuple(array[self.places] for array in self.whole)

    def pieces(self) -> Iterator[Self]:
        """The same in pieces of a few million numbers."""
        numbers = sum(array.size for array in self.whole) // len(self.whole[0])
        places, at_once = np.arange(len(self)), max(1, PIECE // numbers)
        for start in range(0, len(self), at_once):
            yield self.take(places[start : start + at_once])


@dataclass(frozen=True, eq=False)
class Labeled:
    """Records whose answers are known.

    answers   one for each record: a class's name or number, or a quantity
    weights   how much each of them counts in the loss; None: all alike
    groups    records of one group, such as those of one patient, are never divided between parts; None: no groups
    left_out  how many records of the same source are not among these because they have no answer

    Example:
        >>> data = Labeled(Arrays((np.array([[1.0], [2.0], [3.0]]),)), np.array(["a", "b", "a"]))
        >>> some = data.take(np.array([2, 1]))
        >>> len(some), some.records.arrays[0].tolist(), some.answers.tolist()
        (2, [[3.0], [2.0]], ['a', 'b'])
    """

    records: Records
    answers: NDArray[Any]
    weights: NDArray[np.float64] | None = None
    groups: NDArray[Any] | None = None
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.records)

    def take(self, places: NDArray[np.int64]) -> Labeled:
        """Those at these places, in this order."""
        weights = None if self.weights is None else self.weights[places]
        groups = None if self.groups is None else self.groups[places]
        return Labeled(self.records.take(places), self.answers[places], weights, groups)


@dataclass(frozen=True, eq=False)
class Source:
    """Labeled records from one place.

    name         what reports call it
    target       what its answers are called: a column's name; "class" for a folder of pictures
    test         those that the place itself sets aside for testing; None where it does not
    classes      all that an answer can be, where the place says so, whether or not there are samples of each
    validation   those that it sets aside for validation; None where it does not
    """

    name: str
    target: str
    training: Labeled
    test: Labeled | None = None
    classes: tuple[str, ...] = ()
    validation: Labeled | None = None

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Those of a data set: its labels are called as its classes are.

        Example:
            >>> from chainrule.data import digits
            >>> source = Source.of(digits())
            >>> source.name, len(source.training), len(source.test), source.training.answers[:3].tolist()
            ('digits', 10000, 2000, ['9', '9', '0'])
        """
        names = np.array(dataset.class_names)
        training = Labeled(Arrays((dataset.x_train,)), names[dataset.y_train])
        test = Labeled(Arrays((dataset.x_test,)), names[dataset.y_test])
        return cls(dataset.name, "label", training, test, dataset.class_names)
