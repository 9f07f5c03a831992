"""Order along an axis: sorting, and the first few by size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import int32
from chainrule.graph.expression import (
    SUM,
    Buffer,
    Coordinate,
    Read,
    Reduce,
    call,
)  # fmt: skip
from chainrule.graph.extent import Batch, show_shape
from chainrule.graph.loopnest import LoopNest, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.scalar import AND, IS_NAN, LESS, LESS_EQUAL, NOT, OR, WHERE, convert
from chainrule.graph.tensor import Tensor, apply
from chainrule.messages import Message
from chainrule.ops.axes import as_shape, sized_axis
from chainrule.ops.creation import arange
from chainrule.ops.gathering import GATHER, SCATTER_ADD
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_tensor, cast
from chainrule.ops.movement import broadcast_to, moveaxis

__all__ = ["argsort", "sort", "top_k"]

_TOP_K = Message(
    "top_k.too_many",
    en="top_k: the last axis of {shape} does not have {k} elements; k is between 1 and its size.",
    zh="top_k：{shape} 的最后一轴没有 {k} 个元素；k 应在 1 与其大小之间。",
)


class _Ranks(Primitive):
    """How many elements of the last axis come before each one in order; NaN is the largest, equals keep their order.

    All are compared with all: without branches and side by side, which is fast up to some hundreds of elements.
    """

    name = "ranks"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return Type(inputs[0].shape, int32)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        (x,) = inputs
        if y.attributes["descending"]:  # a stable sort of the reversed elements, read backwards
            order = x.shape[-1] - 1 - np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1]
        else:
            order = np.argsort(x, axis=-1, kind="stable")
        ranks = np.empty(x.shape, np.int32)
        np.put_along_axis(ranks, order, np.broadcast_to(np.arange(x.shape[-1], dtype=np.int32), x.shape), -1)
        return ranks

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        (x,) = inputs
        *outer, element = axes_of(output)
        other = Axis("j", element.extent)
        at = tuple(map(Affine.of, outer))
        mine, its = Read(x, (*at, Affine.of(element))), Read(x, (*at, Affine.of(other)))
        low, high = (mine, its) if y.attributes["descending"] else (its, mine)
        below, not_above = call(LESS, low, high), call(LESS_EQUAL, low, high)
        if x.dtype.floating:
            below = call(OR, below, call(AND, call(IS_NAN, high), call(NOT, call(IS_NAN, low))))
            not_above = call(OR, not_above, call(IS_NAN, high))
        earlier = call(LESS, Coordinate(Affine.of(other)), Coordinate(Affine.of(element)))
        before = call(convert(int32), call(WHERE, earlier, not_above, below))
        return (nest((*outer, element), output, Reduce(SUM, (other,), (before,))),)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [None]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return apply(self, *inputs, **y.attributes)


RANKS = _Ranks()


def _places(x: Tensor, descending: bool) -> Tensor:
    """Where the elements of the last axis are, in order: each one's place written at its rank."""
    extent = x.shape[-1]
    ranks = apply(RANKS, x, descending=descending)
    places = broadcast_to(cast(arange(extent), int32), x.shape)
    return apply(SCATTER_ADD, places, ranks, batch_dims=x.ndim - 1, extent=extent)


def _argsort(x: Tensor, *, axis: int, descending: bool) -> Tensor:
    return moveaxis(_places(moveaxis(x, axis, -1), descending), -1, axis)


def _sort(x: Tensor, *, axis: int, descending: bool) -> Tensor:
    last = moveaxis(x, axis, -1)
    return moveaxis(apply(GATHER, last, _places(last, descending), batch_dims=x.ndim - 1), -1, axis)


def _top_places(x: Tensor, *, k: int) -> Tensor:
    return _places(x, True)[..., :k]


ARGSORT, SORT = Composite("argsort", _argsort), Composite("sort", _sort)
TOP_PLACES = Composite("top_places", _top_places)


def sort(x: Any, axis: int = -1, *, descending: bool = False) -> Tensor:
    """The elements along an axis in order, the smallest first; NaN last, as in NumPy. Descending, the largest first.

    Native code compares every element with every other: fast for hundreds of elements, slow for tens of thousands.

    Shapes:   x (…, a, …) → (…, a, …)
    Gradient: each element's, back at its place
    Raises:   ShapeError if the axis does not exist, or is the batch.
    Example:
        >>> sort([3.0, 1.0, 2.0])
        Tensor([1. 2. 3.], shape=(3,), dtype=float32)
    """
    x = as_tensor(x)
    place, _ = sized_axis("sort", axis, x)
    return SORT(x, axis=place, descending=bool(descending))


def argsort(x: Any, axis: int = -1, *, descending: bool = False) -> Tensor:
    """Where the elements are that `sort` puts in order; equal ones keep theirs (NumPy's kind="stable").

    Shapes:   x (…, a, …) → (…, a, …), int32
    Raises:   ShapeError if the axis does not exist, or is the batch.
    Example:
        >>> argsort([3.0, 1.0, 2.0])
        Tensor([1 2 0], shape=(3,), dtype=int32)
    """
    x = as_tensor(x)
    place, _ = sized_axis("argsort", axis, x)
    return ARGSORT(x, axis=place, descending=bool(descending))


def top_k(x: Any, k: int) -> tuple[Tensor, Tensor]:
    """The k largest elements along the last axis, largest first, and where they are; NaN counts as the largest.

    Shapes:   x (…, a) → values (…, k), places (…, k) as int32
    Raises:   ShapeError if the axis has fewer than k elements.
    Example:
        >>> values, places = top_k([3.0, 1.0, 5.0], 2)
        >>> values, places
        (Tensor([5. 3.], shape=(2,), dtype=float32), Tensor([2 0], shape=(2,), dtype=int32))
    """
    x = as_tensor(x)
    (count,) = as_shape("top_k", k)
    extent = x.shape[-1] if x.shape else 0
    if isinstance(extent, Batch) or isinstance(count, Batch) or not 1 <= count <= extent:
        raise ShapeError(_TOP_K(shape=show_shape(x.shape), k=count))
    places = TOP_PLACES(x, k=count)
    return apply(GATHER, x, places, batch_dims=x.ndim - 1), places
