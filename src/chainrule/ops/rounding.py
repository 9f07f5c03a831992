"""Numbers made whole or shorter, and what division leaves of them."""

from __future__ import annotations

from chainrule.ops.kinds.conversion import lift_floats, lift_numbers
from chainrule.ops.kinds.elementwise import POSITIVE, REAL, Elementwise

__all__ = ["ceil", "floor", "floor_divide", "remainder", "round", "round_to_bfloat16", "trunc"]

_STEPS = "no gradient passes"

floor = Elementwise(
    "floor", "floor(x)", lift=lift_floats, convention=_STEPS,
    summary="The largest integer not above x, as a float.",
    example=">>> floor([1.5, -1.5])\nTensor([ 1. -2.], shape=(2,), dtype=float32)",
)  # fmt: skip
ceil = Elementwise(
    "ceil", "-floor(-x)", lift=lift_floats, convention=_STEPS,
    summary="The smallest integer not below x, as a float.",
    example=">>> ceil([1.5, -1.5])\nTensor([ 2. -1.], shape=(2,), dtype=float32)",
)  # fmt: skip
trunc = Elementwise(
    "trunc", "where(x < 0, -floor(-x), floor(x))", lift=lift_floats, convention=_STEPS,
    summary="x without its fraction, as a float: the next integer towards 0.",
    example=">>> trunc([1.5, -1.5])\nTensor([ 1. -1.], shape=(2,), dtype=float32)",
)  # fmt: skip
round = Elementwise(
    "round", "round(x)", lift=lift_floats, convention=_STEPS,
    summary="The nearest integer, as a float; of two that are as near, the even one.",
    example=">>> round([0.5, 1.5, -1.7])\nTensor([ 0.  2. -2.], shape=(3,), dtype=float32)",
)  # fmt: skip
floor_divide: Elementwise = Elementwise(
    "floor_divide", "floor_divide(a, b)",
    lift=lift_numbers, domain=(REAL, POSITIVE), convention=_STEPS,
    summary="Quotient rounded down; of integers by 0 it is 0.",
    example=">>> floor_divide([7, -7], 2)\nTensor([ 3 -4], shape=(2,), dtype=int64)",
)  # fmt: skip
remainder = Elementwise(
    "remainder", "remainder(a, b)",
    partials=lambda y, a, b: (1, -floor_divide(a, b)),
    lift=lift_numbers, domain=(REAL, POSITIVE),
    convention="where a is a multiple of b, the derivatives are those from above; that of floor(a / b) is 0",
    summary="What division rounded down leaves: a - b floor(a / b), which has the sign of b; of integers by 0 it is 0.",
    example=">>> remainder([7.5, -7.5], 2.0)\nTensor([1.5 0.5], shape=(2,), dtype=float32)",
)  # fmt: skip
round_to_bfloat16 = Elementwise(
    "round_to_bfloat16", "round_to_bfloat16(x)", lift=lift_floats,
    partials=lambda y, x: (1,),
    convention="that of x itself: the derivative of a step function would stop all learning",
    summary="The nearest number of 8 binary digits, of two the even one, in the type of x: a factor in bfloat16.",
    source="the conversion of Intel's VCVTNEPS2BF16, denormal numbers kept",
    example=">>> round_to_bfloat16([1.00390625, 1.01171875])\nTensor([1.       1.015625], shape=(2,), dtype=float32)",
)  # fmt: skip
