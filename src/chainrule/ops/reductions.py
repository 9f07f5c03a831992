"""Reductions that are neither sums of products nor maxima: products, any and all, norms, standard deviations."""

from __future__ import annotations

import math
from typing import Any

from chainrule.errors import UsageError
from chainrule.graph.dtype import bool_, int32
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.axes import Axes, normalized_axes, sized_axes
from chainrule.ops.comparison import logical_not
from chainrule.ops.contraction import counted, sum, variance
from chainrule.ops.creation import ones
from chainrule.ops.elementwise import absolute, power, sqrt, where
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, as_tensor, cast
from chainrule.ops.movement import reshape
from chainrule.ops.selection import max, min

__all__ = ["all", "any", "count_nonzero", "norm", "prod", "standard_deviation"]

_ORDER = Message(
    "norm.order",
    en="norm: order={order} is not the order of a norm; give a number other than 0, such as 1, 2 or math.inf.",
    zh="norm：order={order} 不是范数的阶；请给出非零的数，例如 1、2 或 math.inf。",
)


# --------------------------------------------------------------------------------------------------------- products
def _prod(x: Tensor, *, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    for axis in axes:
        x = _halved(x, axis)
    return x if keepdims else reshape(x, tuple(e for k, e in enumerate(x.shape) if k not in axes))


def _halved(x: Tensor, axis: int) -> Tensor:
    """The product along an axis, which stays with size 1: one half times the other, until one element is left.

    A factor's derivative is then a product of others, never y / x: right where factors are zero, in every order.
    """
    lead = (slice(None),) * axis
    extent = x.shape[axis]
    assert isinstance(extent, int)
    if not extent:
        return ones((*x.shape[:axis], 1, *x.shape[axis + 1 :]), x.dtype)
    odd: Tensor | None = None
    while extent > 1:
        half = extent // 2
        if extent % 2:
            last = x[(*lead, slice(2 * half, None))]
            odd = last if odd is None else odd * last
        x = x[(*lead, slice(0, half))] * x[(*lead, slice(half, 2 * half))]
        extent = half
    return x if odd is None else x * odd


PROD = Composite("prod", _prod)


def prod(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """Product over some axes, or all; 1 of nothing. Bools and uint8 are multiplied as int32.

        y[a0] = Π x[a0,a1]

    Raises:   ShapeError if an axis does not exist, or is the batch.
    Example:
        >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=1)
        Tensor([ 2. 12.], shape=(2,), dtype=float32)
    """
    x = counted(as_tensor(x))
    return PROD(x, axes=sized_axes("prod", axis, x), keepdims=keepdims)


# ------------------------------------------------------------------------------------------------------- conditions
def _any(x: Tensor, *, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    return sum(cast(x, bool_), axes, keepdims=keepdims) > 0


def _all(x: Tensor, *, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    return sum(logical_not(x), axes, keepdims=keepdims) == 0


ANY, ALL = Composite("any", _any), Composite("all", _all)


def any(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """Whether something holds over some axes, or all; numbers hold unless zero. False of nothing.

    Raises:   ShapeError if an axis does not exist.
    Example:
        >>> any([[True, False], [False, False]], axis=1)
        Tensor([ True False], shape=(2,), dtype=bool)
    """
    x = as_tensor(x)
    return ANY(x, axes=normalized_axes("any", axis, x), keepdims=keepdims)


def all(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """Whether everything holds over some axes, or all; numbers hold unless zero. True of nothing.

    Raises:   ShapeError if an axis does not exist.
    Example:
        >>> all([[True, True], [True, False]], axis=1)
        Tensor([ True False], shape=(2,), dtype=bool)
    """
    x = as_tensor(x)
    return ALL(x, axes=normalized_axes("all", axis, x), keepdims=keepdims)


def _count_nonzero(x: Tensor, *, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    return sum(cast(cast(x, bool_), int32), axes, keepdims=keepdims)


COUNT_NONZERO = Composite("count_nonzero", _count_nonzero)


def count_nonzero(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """How many elements are not zero, over some axes or all, as int32.

    Raises:   ShapeError if an axis does not exist.
    Example:
        >>> count_nonzero([[1.0, 0.0], [3.0, 4.0]], axis=1)
        Tensor([1 2], shape=(2,), dtype=int32)
    """
    x = as_tensor(x)
    return COUNT_NONZERO(x, axes=normalized_axes("count_nonzero", axis, x), keepdims=keepdims)


# ---------------------------------------------------------------------------------------- norms, standard deviations
def _root(x: Tensor, order: float) -> Tensor:
    """The root of numbers ≥ 0; where one is 0, so is every derivative, though the root's slope there is infinite."""
    nothing = x == 0.0
    inside = where(nothing, 1.0, x)
    return where(nothing, 0.0, sqrt(inside) if order == 2 else power(inside, 1.0 / order))


def _norm(x: Tensor, *, order: float, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    if math.isinf(order):
        return (max if order > 0 else min)(absolute(x), axes, keepdims=keepdims)
    if order == 1:
        return sum(absolute(x), axes, keepdims=keepdims)
    if order == 2:
        return _root(sum(x * x, axes, keepdims=keepdims), 2)
    nothing = x == 0.0
    powers = power(absolute(where(nothing, 1.0, x)), order)
    return _root(sum(where(nothing, 0.0 if order > 0 else math.inf, powers), axes, keepdims=keepdims), order)


def _standard_deviation(x: Tensor, *, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    return _root(variance(x, axes, keepdims=keepdims), 2)


NORM = Composite("norm", _norm)
STANDARD_DEVIATION = Composite("standard_deviation", _standard_deviation)


def norm(x: Any, order: float = 2, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """Norm of the elements over some axes, or all, taken as one vector. Its gradient where all are zero is zero.

        y = (Σ |x|^order)^(1 / order);  max |x| for order math.inf, min |x| for -math.inf

    NumPy's numpy.linalg.norm takes two axes for a matrix, and then means other norms; this is its norm of a vector.

    Raises:   UsageError if the order is no number, or 0; ShapeError if an axis does not exist, or is empty or the
              batch for an infinite order.
    Example:
        >>> norm([[3.0, 4.0], [0.0, 0.0]], axis=1)
        Tensor([5. 0.], shape=(2,), dtype=float32)
    """
    x = as_floats(x)
    try:
        number = float(order)
    except (TypeError, ValueError):
        number = 0.0
    if number == 0 or math.isnan(number):
        raise UsageError(_ORDER(order=repr(order)))
    axes = (sized_axes if math.isinf(number) else normalized_axes)("norm", axis, x)
    return NORM(x, order=number, axes=axes, keepdims=keepdims)


def standard_deviation(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """Square root of the biased variance over some axes, or all. Its gradient where all are equal is zero.

        y = √(Σ (x - mean)² / k), of k elements

    Raises:   ShapeError if an axis does not exist.
    Example:
        >>> standard_deviation([1.0, 3.0])
        Tensor(1.0, shape=(), dtype=float32)
    """
    x = as_floats(x)
    return STANDARD_DEVIATION(x, axes=normalized_axes("standard_deviation", axis, x), keepdims=keepdims)
