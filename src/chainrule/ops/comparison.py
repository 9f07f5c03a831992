"""Comparisons and logic, element by element: what gives bools."""

from __future__ import annotations

from chainrule.ops.kinds.conversion import lift_conditions, lift_floats
from chainrule.ops.kinds.elementwise import Elementwise

__all__ = [
    "equal", "greater", "greater_equal", "is_nan", "less", "less_equal", "logical_and", "logical_not", "logical_or",
    "not_equal",
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
logical_and = Elementwise(
    "logical_and", "logical_and(a, b)", lift=lift_conditions, convention=_COMPARISONS, summary="Whether both hold.",
    example=">>> logical_and([True, True], [True, False])\nTensor([ True False], shape=(2,), dtype=bool)",
)  # fmt: skip
logical_or = Elementwise(
    "logical_or", "logical_or(a, b)", lift=lift_conditions, convention=_COMPARISONS,
    summary="Whether one or both hold.",
    example=">>> logical_or([True, False], [False, False])\nTensor([ True False], shape=(2,), dtype=bool)",
)  # fmt: skip
logical_not = Elementwise(
    "logical_not", "logical_not(x)", lift=lift_conditions, convention=_COMPARISONS, summary="Whether it does not hold.",
    example=">>> logical_not([True, False])\nTensor([False  True], shape=(2,), dtype=bool)",
)  # fmt: skip
