"""Comparisons and logic, element by element: what gives bools."""

from __future__ import annotations

from typing import Any

from chainrule.graph.tensor import Tensor
from chainrule.ops.kinds.conversion import lift_conditions, lift_floats
from chainrule.ops.kinds.elementwise import Elementwise

__all__ = [
    "equal", "greater", "greater_equal", "is_close", "is_finite", "is_infinite", "is_nan", "less", "less_equal",
    "logical_and", "logical_not", "logical_or", "logical_xor", "not_equal",
]  # fmt: skip

_COMPARISONS = "no gradient passes"

equal: Elementwise = Elementwise(
    "equal", "a == b", convention=_COMPARISONS, summary="Whether two tensors are equal, element by element.",
    example=">>> equal([1, 2], 2)\nTensor([False  True], shape=(2,), dtype=bool)",
)  # fmt: skip
not_equal = Elementwise(
    "not_equal", "a != b", convention=_COMPARISONS, summary="Whether two tensors differ, element by element.",
    example=">>> not_equal([1, 2], 2)\nTensor([ True False], shape=(2,), dtype=bool)",
)  # fmt: skip
less = Elementwise(
    "less", "a < b", convention=_COMPARISONS, summary="Whether a is below b, element by element.",
    example=">>> less([1, 2], 2)\nTensor([ True False], shape=(2,), dtype=bool)",
)  # fmt: skip
less_equal = Elementwise(
    "less_equal", "a <= b", convention=_COMPARISONS, summary="Whether a is at most b, element by element.",
    example=">>> less_equal([1, 3], 2)\nTensor([ True False], shape=(2,), dtype=bool)",
)  # fmt: skip
greater: Elementwise = Elementwise(
    "greater", "a > b", convention=_COMPARISONS, summary="Whether a is above b, element by element.",
    example=">>> greater([1, 3], 2)\nTensor([False  True], shape=(2,), dtype=bool)",
)  # fmt: skip
greater_equal = Elementwise(
    "greater_equal", "a >= b", convention=_COMPARISONS, summary="Whether a is at least b, element by element.",
    example=">>> greater_equal([1, 2], 2)\nTensor([False  True], shape=(2,), dtype=bool)",
)  # fmt: skip
is_nan = Elementwise(
    "is_nan", "is_nan(x)", lift=lift_floats, convention=_COMPARISONS, summary="Whether x is not a number.",
    example=">>> is_nan([1.0, math.nan])\nTensor([False  True], shape=(2,), dtype=bool)",
)  # fmt: skip
is_finite = Elementwise(
    "is_finite", "x - x == 0", lift=lift_floats, convention=_COMPARISONS,
    summary="Whether x is neither infinite nor NaN, whose differences from themselves are NaN.",
    example=">>> is_finite([1.0, math.inf, math.nan])\nTensor([ True False False], shape=(3,), dtype=bool)",
)  # fmt: skip
is_infinite = Elementwise(
    "is_infinite", "logical_and(x == x, x - x != 0)", lift=lift_floats, convention=_COMPARISONS,
    summary="Whether x is infinite, of either sign.",
    example=">>> is_infinite([1.0, -math.inf, math.nan])\nTensor([False  True False], shape=(3,), dtype=bool)",
)  # fmt: skip
logical_and = Elementwise(
    "logical_and", "logical_and(a, b)", lift=lift_conditions, convention=_COMPARISONS, summary="Whether both hold.",
    example=">>> logical_and([True, True], [True, False])\nTensor([ True False], shape=(2,), dtype=bool)",
)  # fmt: skip
logical_or = Elementwise(
    "logical_or", "logical_or(a, b)", lift=lift_conditions, convention=_COMPARISONS,
    summary="Whether one or both hold.",
    example=">>> logical_or([True, False], [False, False])\nTensor([ True False], shape=(2,), dtype=bool)",
)  # fmt: skip
logical_xor = Elementwise(
    "logical_xor", "a != b", lift=lift_conditions, convention=_COMPARISONS, summary="Whether one of two holds.",
    example=">>> logical_xor([True, True], [True, False])\nTensor([False  True], shape=(2,), dtype=bool)",
)  # fmt: skip
logical_not = Elementwise(
    "logical_not", "logical_not(x)", lift=lift_conditions, convention=_COMPARISONS, summary="Whether it does not hold.",
    example=">>> logical_not([True, False])\nTensor([False  True], shape=(2,), dtype=bool)",
)  # fmt: skip

# An infinite b is close to itself alone, whatever may be multiplied by it.
IS_CLOSE = Elementwise(
    "is_close", "logical_or(a == b, logical_and(absolute(a - b) <= rtol * absolute(b) + atol, b - b == 0))",
    lift=lift_floats, convention=_COMPARISONS, summary="Whether a and b differ by no more than rtol |b| + atol.",
    example=">>> is_close([1.0, 2.0], [1.1, 2.75], 0.2, 0.0)\nTensor([ True False], shape=(2,), dtype=bool)",
)  # fmt: skip


def is_close(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, *, equal_nan: bool = False) -> Tensor:
    """Whether two tensors are almost equal, element by element.

        y = |a - b| ≤ rtol · |b| + atol

    An infinity is close to itself alone; NaN is close to NaN only if `equal_nan`.

    Shapes:   all broadcast as in NumPy
    Raises:   ShapeError if shapes do not broadcast.
    Example:
        >>> is_close([1.0, 2.0], [1.000001, 2.1])
        Tensor([ True False], shape=(2,), dtype=bool)
    """
    close = IS_CLOSE(a, b, rtol, atol)
    return logical_or(close, logical_and(is_nan(a), is_nan(b))) if equal_nan else close
