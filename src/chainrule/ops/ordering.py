"""Order along an axis: the first few by size, and running totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import int32, int64
from chainrule.graph.expression import (
    SUM,
    Buffer,
    Coordinate,
    Guard,
    Read,
    Reduce,
    call,
    zero,
)  # fmt: skip
from chainrule.graph.extent import Batch, show_shape
from chainrule.graph.loopnest import LoopNest, Output, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.scalar import ADD, AND, EQUAL, GREATER, IS_NAN, LESS, NOT, OR, WHERE, convert
from chainrule.graph.tensor import Tensor, apply
from chainrule.messages import Message
from chainrule.ops.axes import as_shape, normalized_axis
from chainrule.ops.contraction import counted
from chainrule.ops.gathering import GATHER
from chainrule.ops.kinds.conversion import as_tensor

__all__ = ["cumulative_sum", "top_k"]

_TOP_K = Message(
    "top_k.too_many",
    en="top_k: the last axis of {shape} does not have {k} elements; k is between 1 and its size.",
    zh="top_k：{shape} 的最后一轴没有 {k} 个元素；k 应在 1 与其大小之间。",
)
_BATCH_AXIS = Message(
    "cumulative_sum.batch_axis",
    en="{operation}: the batch axis of {shape} cannot be gone along, since samples have no order; choose another axis.",
    zh="{operation}：{shape} 的批量轴没有可遵循的顺序；请选择其他轴。",
)


class _TopPlaces(Primitive):
    """Where the k largest elements along the last axis are, largest first; NaN above all, equals in their own order."""

    name = "top_places"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        x, k = inputs[0], attributes["k"]
        if not x.shape or isinstance(x.shape[-1], Batch) or not 1 <= k <= x.shape[-1]:
            raise ShapeError(_TOP_K(shape=show_shape(x.shape), k=k))
        return Type((*x.shape[:-1], k), int32)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        (x,) = inputs  # a stable sort of the reversed elements, read backwards: equal ones come in their own order
        order = np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1]
        places: Array = x.shape[-1] - 1 - order[..., : y.attributes["k"]]
        return places.astype(np.int32)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        (x,) = inputs
        *outer, rank = axes_of(output)
        element, other = Axis("i", x.shape[-1]), Axis("j", x.shape[-1])
        at = tuple(map(Affine.of, outer))
        mine, its = Read(x, (*at, Affine.of(element))), Read(x, (*at, Affine.of(other)))
        larger, equal = call(GREATER, its, mine), call(EQUAL, its, mine)
        if x.dtype.floating:
            larger = call(OR, larger, call(AND, call(IS_NAN, its), call(NOT, call(IS_NAN, mine))))
            equal = call(OR, equal, call(AND, call(IS_NAN, its), call(IS_NAN, mine)))
        earlier = call(LESS, Coordinate(Affine.of(other)), Coordinate(Affine.of(element)))
        before = call(convert(int64), call(OR, larger, call(AND, equal, earlier)))
        position = Reduce(SUM, (other,), (before,))
        here = call(
            WHERE, call(EQUAL, position, Coordinate(Affine.of(rank))), Coordinate(Affine.of(element)), zero(int64)
        )
        return (nest((*outer, rank), output, call(convert(int32), Reduce(SUM, (element,), (here,)))),)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [None]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return apply(self, *inputs, **y.attributes)


class _CumulativeSum(Primitive):
    """Running totals along an axis, from the first element on or, reversed, from the last."""

    name = "cumulative_sum"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        x = inputs[0]
        if isinstance(x.shape[attributes["axis"]], Batch):
            raise ShapeError(_BATCH_AXIS(operation=self.name, shape=show_shape(x.shape)))
        return x.type

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        (x,) = inputs
        axis = y.attributes["axis"]
        if y.attributes["reverse"]:
            return np.flip(np.cumsum(np.flip(x, axis), axis, dtype=x.dtype), axis)
        return np.cumsum(x, axis, dtype=x.dtype)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        axes = axes_of(output)
        k = y.attributes["axis"]
        along, extent = axes[k], axes[k].extent
        assert isinstance(extent, int)
        here = Affine.of(along, -1) + (extent - 1) if y.attributes["reverse"] else Affine.of(along)
        back = here + (1 if y.attributes["reverse"] else -1)

        def at(position: Affine) -> tuple[Affine, ...]:
            return tuple(position if a is along else Affine.of(a) for a in axes)

        total = call(ADD, Guard(((back, extent),), Read(output, at(back))), Read(inputs[0], at(here)))
        return (LoopNest(tuple(axes), (Output(output, at(here), total),), ordered=(along,)),)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None if tangents[0] is None else apply(self, tangents[0], **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [apply(self, cotangent, **{**y.attributes, "reverse": not y.attributes["reverse"]})]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return apply(self, *inputs, **{**y.attributes, "axis": y.attributes["axis"] + 1})


TOP_PLACES, CUMULATIVE_SUM = _TopPlaces(), _CumulativeSum()


def top_k(x: Any, k: int) -> tuple[Tensor, Tensor]:
    """The k largest elements along the last axis, largest first, and where they are.

    Shapes:   x (…, a) → values (…, k), places (…, k) as int32
    Raises:   ShapeError if the axis has fewer than k elements.
    Example:
        >>> values, places = top_k([3.0, 1.0, 5.0], 2)
        >>> values, places
        (Tensor([5. 3.], shape=(2,), dtype=float32), Tensor([2 0], shape=(2,), dtype=int32))
    """
    x = as_tensor(x)
    (count,) = as_shape("top_k", k)
    places = apply(TOP_PLACES, x, k=count)
    return apply(GATHER, x, places, batch_dims=x.ndim - 1), places


def cumulative_sum(x: Any, axis: int = -1, *, reverse: bool = False) -> Tensor:
    """Running totals along an axis; reversed, from the last element back. Bools and uint8 are counted as int32.

        y[i] = Σ x[j], j ≤ i

    Raises:   ShapeError if the axis does not exist, or is the batch.
    Example:
        >>> cumulative_sum([1.0, 2.0, 3.0])
        Tensor([1. 3. 6.], shape=(3,), dtype=float32)
    """
    x = counted(as_tensor(x))
    return apply(CUMULATIVE_SUM, x, axis=normalized_axis("cumulative_sum", axis, x), reverse=reverse)
