"""Running totals: what has come together along an axis up to each element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.affine import Affine
from chainrule.graph.expression import Buffer, Expression, Guard, Read, call
from chainrule.graph.extent import concrete_shape
from chainrule.graph.loopnest import LoopNest, Output, axes_of
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.scalar import ADD, MULTIPLY
from chainrule.graph.tensor import Tensor, apply
from chainrule.ops.arrangement import flip
from chainrule.ops.axes import sized_axis
from chainrule.ops.contraction import counted
from chainrule.ops.creation import arange
from chainrule.ops.elementwise import maximum
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_tensor, lift_numbers
from chainrule.ops.kinds.elementwise import broadcast_shape, where
from chainrule.ops.movement import all_batched, broadcast_to, reshape
from chainrule.ops.parts import concatenate, pad

__all__ = ["cumulative_max", "cumulative_prod", "cumulative_sum", "linear_recurrence"]


class _Running(Primitive):
    """Each element of the result from the one before it along an axis; reversed, from the one behind it."""

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return inputs[0].type

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        axes = axes_of(output)
        k, reverse = y.attributes["axis"], y.attributes["reverse"]
        along, extent = axes[k], axes[k].extent
        assert isinstance(extent, int)
        here = Affine.of(along, -1) + (extent - 1) if reverse else Affine.of(along)
        back = here + (1 if reverse else -1)

        def at(position: Affine) -> tuple[Affine, ...]:
            return tuple(position if a is along else Affine.of(a) for a in axes)

        *factors, added = (Read(x, at(here)) for x in inputs)
        before: Expression = Read(output, at(back))
        for factor in factors:
            before = call(MULTIPLY, factor, before)
        total = call(ADD, Guard(((back, extent),), before), added)
        return (LoopNest(tuple(axes), (Output(output, at(here), total),), ordered=(along,)),)

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return apply(self, *all_batched(inputs, batched), **{**y.attributes, "axis": y.attributes["axis"] + 1})


class _CumulativeSum(_Running):
    """y[i] = y[i-1] + x[i]."""

    name = "cumulative_sum"

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        (x,) = inputs
        axis = y.attributes["axis"]
        if y.attributes["reverse"]:
            return np.flip(np.cumsum(np.flip(x, axis), axis, dtype=x.dtype), axis)
        return np.cumsum(x, axis, dtype=x.dtype)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None if tangents[0] is None else apply(self, tangents[0], **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [apply(self, cotangent, **{**y.attributes, "reverse": not y.attributes["reverse"]})]


class _LinearRecurrence(_Running):
    """y[i] = a[i]·y[i-1] + b[i], the first one b alone. Its derivatives are recurrences again."""

    name = "linear_recurrence"

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        result = np.empty(concrete_shape(y.shape, batch), y.dtype.numpy)
        a, b, total = (np.moveaxis(x, y.attributes["axis"], 0) for x in (*inputs, result))
        if y.attributes["reverse"]:
            a, b, total = a[::-1], b[::-1], total[::-1]
        total[:1] = b[:1]
        for k in range(1, len(total)):
            total[k] = a[k] * total[k - 1] + b[k]
        return result

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        da, db = tangents
        added = None if da is None else da * _before(y, y.attributes)
        added = db if added is None else added if db is None else added + db
        return None if added is None else apply(self, y.inputs[0], added, **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        back = {**y.attributes, "reverse": not y.attributes["reverse"]}
        total = apply(self, _before(y.inputs[0], back), cotangent, **back)
        return [total * _before(y, y.attributes), total]


def _before(x: Tensor, attributes: Attributes) -> Tensor:
    """For each element the one before it along the axis, zero for the first; reversed, the one behind it."""
    axis, reverse = attributes["axis"], attributes["reverse"]
    if x.shape[axis] == 0:
        return x
    others = x[(*(slice(None),) * axis, slice(1, None) if reverse else slice(0, -1))]
    return pad(others, [((0, 1) if reverse else (1, 0)) if k == axis else (0, 0) for k in range(x.ndim)])


CUMULATIVE_SUM, LINEAR_RECURRENCE = _CumulativeSum(), _LinearRecurrence()


def cumulative_sum(x: Any, axis: int = -1, *, reverse: bool = False) -> Tensor:
    """Running totals along an axis; reversed, from the last element back. Bools and uint8 are counted as int32.

        y[i] = Σ x[j], j ≤ i

    Raises:   ShapeError if the axis does not exist, or is the batch.
    Example:
        >>> cumulative_sum([1.0, 2.0, 3.0])
        Tensor([1. 3. 6.], shape=(3,), dtype=float32)
    """
    x = counted(as_tensor(x))
    place, _ = sized_axis("cumulative_sum", axis, x)
    return apply(CUMULATIVE_SUM, x, axis=place, reverse=reverse)


def linear_recurrence(factors: Any, terms: Any, axis: int = -1, *, reverse: bool = False) -> Tensor:
    """Each element is a factor times the one before it, plus a term; reversed, from the last element back.

        y[i] = factors[i]·y[i-1] + terms[i],  y[0] = terms[0]

    A moving average, a discounted sum of rewards, a recursive filter; with factors 1 the cumulative sum.

    Shapes:   factors and terms broadcast as in NumPy; the result has their common shape
    Raises:   ShapeError if the axis does not exist, or is the batch.
    Example:
        >>> linear_recurrence(0.5, [4.0, 0.0, 1.0])
        Tensor([4. 2. 2.], shape=(3,), dtype=float32)
    """
    given = lift_numbers([factors, terms])
    shape = broadcast_shape("linear_recurrence", [x.shape for x in given])
    a, b = (broadcast_to(x, shape) for x in given)
    place, _ = sized_axis("linear_recurrence", axis, b)
    return apply(LINEAR_RECURRENCE, a, b, axis=place, reverse=reverse)


def _cumulative_prod(x: Tensor, *, axis: int, reverse: bool) -> Tensor:
    extent = x.shape[axis]
    assert isinstance(extent, int)
    first = arange(extent) == (extent - 1 if reverse else 0)
    along = reshape(first, tuple(extent if k == axis else 1 for k in range(x.ndim)))
    return linear_recurrence(x, where(along, x, 0), axis, reverse=reverse)


CUMULATIVE_PROD = Composite("cumulative_prod", _cumulative_prod)


def cumulative_prod(x: Any, axis: int = -1, *, reverse: bool = False) -> Tensor:
    """Running products along an axis; reversed, from the last element back. Bools and uint8 are counted as int32.

        y[i] = Π x[j], j ≤ i

    Raises:   ShapeError if the axis does not exist, or is the batch.
    Example:
        >>> cumulative_prod([1.0, 2.0, 3.0])
        Tensor([1. 2. 6.], shape=(3,), dtype=float32)
    """
    x = counted(as_tensor(x))
    place, _ = sized_axis("cumulative_prod", axis, x)
    return CUMULATIVE_PROD(x, axis=place, reverse=reverse)


def _cumulative_max(x: Tensor, *, axis: int, reverse: bool) -> Tensor:
    """Each element with the one before it, then with what came of the second, the fourth, … before it."""
    if reverse:
        return flip(_cumulative_max(flip(x, axis), axis=axis, reverse=False), axis)
    lead = (slice(None),) * axis
    extent, reach = x.shape[axis], 1
    assert isinstance(extent, int)
    while reach < extent:
        earlier, later = x[(*lead, slice(0, -reach))], x[(*lead, slice(reach, None))]
        x = concatenate([x[(*lead, slice(0, reach))], maximum(earlier, later)], axis)
        reach *= 2
    return x


CUMULATIVE_MAX = Composite("cumulative_max", _cumulative_max)


def cumulative_max(x: Any, axis: int = -1, *, reverse: bool = False) -> Tensor:
    """The largest element so far along an axis (NumPy's maximum.accumulate); reversed, from the last element back.

        y[i] = max x[j], j ≤ i

    NaN stays from where it is met. The first of equal elements gets the gradient, reversed the last.

    Raises:   ShapeError if the axis does not exist, or is the batch.
    Example:
        >>> cumulative_max([1.0, 3.0, 2.0])
        Tensor([1. 3. 3.], shape=(3,), dtype=float32)
    """
    x = as_tensor(x)
    place, _ = sized_axis("cumulative_max", axis, x)
    return CUMULATIVE_MAX(x, axis=place, reverse=reverse)
