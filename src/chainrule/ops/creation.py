"""New tensors: filled with one value, counted through, and the sizes of axes as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from chainrule.graph.affine import Affine
from chainrule.graph.dtype import DType, as_dtype, float32, int64
from chainrule.graph.expression import Buffer, Coordinate, Size, call
from chainrule.graph.extent import Extent, concrete
from chainrule.graph.loopnest import LoopNest, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Type
from chainrule.graph.scalar import convert
from chainrule.graph.tensor import Leaf, Tensor, apply, number, tensor
from chainrule.ops.axes import Sizes, as_shape
from chainrule.ops.kinds import elementwise as kind
from chainrule.ops.kinds.conversion import cast

__all__ = ["arange", "full", "ones", "size", "zeros"]


def full(shape: Sizes, value: Any, dtype: DType | DTypeLike | None = None) -> Tensor:
    """A tensor filled with one value, or with several that broadcast to its shape.

    Without a dtype, a tensor keeps its own; numbers become float32.

    Shapes:   → shape
    Raises:   DTypeError if the value is no number; ShapeError if several do not broadcast.
    Example:
        >>> full((2,), 3)
        Tensor([3. 3.], shape=(2,), dtype=float32)
    """
    shape = as_shape("full", shape)
    if isinstance(value, Tensor):
        return kind.broadcast_to(value if dtype is None else cast(value, as_dtype(dtype)), shape)
    wanted = float32 if dtype is None else as_dtype(dtype)
    if isinstance(value, np.generic):
        value = value.item()
    is_part_of_graph = isinstance(value, int) or (isinstance(value, float) and wanted.floating)
    return kind.broadcast_to(number(value, wanted) if is_part_of_graph else tensor(value, wanted), shape)


def zeros(shape: Sizes, dtype: DType | DTypeLike = float32) -> Tensor:
    """A tensor of zeros.

    Shapes:   → shape
    Example:
        >>> zeros(2)
        Tensor([0. 0.], shape=(2,), dtype=float32)
    """
    return full(shape, 0, dtype)


def ones(shape: Sizes, dtype: DType | DTypeLike = float32) -> Tensor:
    """A tensor of ones.

    Shapes:   → shape
    Example:
        >>> ones(2)
        Tensor([1. 1.], shape=(2,), dtype=float32)
    """
    return full(shape, 1, dtype)


class Arange(Leaf):
    """The numbers 0 … extent - 1."""

    name = "arange"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return Type((attributes["extent"],), int64)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        return np.arange(concrete(y.attributes["extent"], batch), dtype=np.int64)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        (axis,) = axes_of(output)
        return (nest([axis], output, Coordinate(Affine.of(axis))),)


class SizeOf(Leaf):
    """The number that an extent stands for."""

    name = "size"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return Type((), attributes["dtype"])

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        return np.asarray(concrete(y.attributes["extent"], batch), y.dtype.numpy)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        return (nest((), output, call(convert(y.dtype), Size(y.attributes["extent"]))),)


ARANGE, SIZE = Arange(), SizeOf()


def arange(extent: Extent) -> Tensor:
    """The numbers 0 … extent - 1, as int64.

    Shapes:   → (extent,)
    Example:
        >>> arange(3)
        Tensor([0 1 2], shape=(3,), dtype=int64)
    """
    (extent,) = as_shape("arange", extent)
    return apply(ARANGE, extent=extent)


def size(extent: Extent, dtype: DType | DTypeLike = float32) -> Tensor:
    """The number that an extent stands for: how many samples a batch has is known only when one is there.

    Shapes:   → ()
    Example:
        >>> size(3)
        Tensor(3.0, shape=(), dtype=float32)
    """
    return (
        number(extent, as_dtype(dtype))
        if isinstance(extent, int)
        else apply(SIZE, extent=extent, dtype=as_dtype(dtype))
    )
