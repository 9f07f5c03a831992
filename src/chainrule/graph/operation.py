"""What an operation must be able to say of itself; the four kinds in `ops` say it from one declaration each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from chainrule.graph.dtype import DType
from chainrule.graph.expression import Buffer
from chainrule.graph.extent import Shape, show_shape
from chainrule.graph.loopnest import LoopNest

if TYPE_CHECKING:
    from chainrule.graph.tensor import Tensor

Array = NDArray[Any]
Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Type:
    """What is known of a tensor before its numbers are."""

    shape: Shape
    dtype: DType

    def __str__(self) -> str:
        return f"{self.dtype} {show_shape(self.shape)}"


class Operation(ABC):
    """A function of tensors. `y` below is always the node that applied it: its inputs, attributes, shape and dtype."""

    name: str

    @abstractmethod
    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        """The type of the result; a ShapeError or DTypeError where there is none."""


class Primitive(Operation):
    """An operation that is not made of others."""

    @abstractmethod
    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        """The value in NumPy, in y's own dtype, for a batch of this size."""

    @abstractmethod
    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        """Loop nests that together write every element of the output."""

    @abstractmethod
    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        """The derivative of y along the tangents of its inputs (None is zero)."""

    @abstractmethod
    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        """What the cotangent of y gives to each input; None where no derivative exists."""

    @abstractmethod
    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        """y for many samples at once: the batched inputs, and the result, have one more axis in front."""


class Expandable(Operation):
    """An operation that is a named body of others."""

    @abstractmethod
    def expand(self, inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
        """The body, applied."""
