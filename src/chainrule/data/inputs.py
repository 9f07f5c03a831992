"""How records become a network's inputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from numpy.typing import NDArray

from chainrule.data.failures import Failures
from chainrule.data.records import Records


class Inputs(ABC):
    """How records of one kind become a network's inputs; derived classes are frozen dataclasses of plain values, which
    are learned from the records to train on, alone.

    kind   what files call it
    """

    kind: ClassVar[str]

    @property
    def category_sizes(self) -> tuple[int, ...]:
        """How many values each column of categories can take; none where there are no such columns."""
        return ()

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Height and width that pictures are brought to; None where the records are no pictures."""
        return None

    @abstractmethod
    def of(self, records: Records) -> NDArray[Any] | tuple[NDArray[Any], ...]:
        """The inputs, first axis the records: an array, or a tuple of them for a network of several inputs.

        Raises:   DataError for records of another kind, or that lack what the network needs; FileFormatError that names
                  together all those that cannot be used, such as pictures that are damaged.
        """

    def of_usable(self, records: Records) -> tuple[NDArray[Any] | tuple[NDArray[Any], ...], Failures]:
        """The inputs for those records that can be used, in their order, and why the others cannot.

        Raises:   DataError as `of`.
        """
        return self.of(records), {}

    @abstractmethod
    def as_data(self) -> dict[str, Any]:
        """This as JSON has it."""

    @classmethod
    @abstractmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What as_data made into data; whatever Python raises says that it is no such data."""
