"""Arithmetic and the choice between numbers, element by element."""

from __future__ import annotations

from chainrule.ops.comparison import equal, greater, logical_and, logical_not
from chainrule.ops.exponential import log
from chainrule.ops.kinds.conversion import cast, lift_floats, lift_integers, lift_numbers
from chainrule.ops.kinds.elementwise import POSITIVE, REAL, Elementwise, where

__all__ = [
    "absolute", "add", "cast", "clip", "divide", "identity", "maximum", "minimum", "multiply", "negative", "power",
    "shift_right", "sign", "sqrt", "square", "stop_gradient", "subtract", "where",
]  # fmt: skip

# ------------------------------------------------------------------------------------------------------ arithmetic
add = Elementwise(
    "add", "a + b", lift=lift_numbers,
    partials=lambda y, a, b: (1, 1),
    summary="Sum of two tensors.",
    example=">>> add([1.0, 2.0], 10)\nTensor([11. 12.], shape=(2,), dtype=float32)",
)  # fmt: skip
subtract = Elementwise(
    "subtract", "a - b", lift=lift_numbers,
    partials=lambda y, a, b: (1, -1),
    summary="Difference of two tensors.",
    example=">>> subtract([1.0, 2.0], 10)\nTensor([-9. -8.], shape=(2,), dtype=float32)",
)  # fmt: skip
multiply = Elementwise(
    "multiply", "a * b", lift=lift_numbers,
    partials=lambda y, a, b: (b, a),
    summary="Product of two tensors, element by element.",
    example=">>> multiply([1.0, 2.0], 10)\nTensor([10. 20.], shape=(2,), dtype=float32)",
)  # fmt: skip
divide = Elementwise(
    "divide", "a / b",
    partials=lambda y, a, b: (1 / b, -y / b),
    lift=lift_floats, domain=(REAL, POSITIVE),
    summary="Quotient of two tensors; integers become floats first.",
    example=">>> divide([1.0, 2.0], 4)\nTensor([0.25 0.5 ], shape=(2,), dtype=float32)",
)  # fmt: skip
negative = Elementwise(
    "negative", "-x", lift=lift_numbers,
    partials=lambda y, x: (-1,),
    summary="The tensor with its sign turned.",
    example=">>> negative([1.0, -2.0])\nTensor([-1.  2.], shape=(2,), dtype=float32)",
)  # fmt: skip
absolute = Elementwise(
    "absolute", "absolute(x)",
    partials=lambda y, x: (sign(x),),
    kinks=(0.0,), convention="the derivative at 0 is 0",
    summary="Absolute value.",
    example=">>> absolute([1.0, -2.0])\nTensor([1. 2.], shape=(2,), dtype=float32)",
)  # fmt: skip
sign: Elementwise = Elementwise(
    "sign", "sign(x)", lift=lift_numbers,
    partials=lambda y, x: (None,),
    kinks=(0.0,), convention="sign(0) is 0; no gradient passes",
    summary="-1, 0 or 1.",
    example=">>> sign([3.0, 0.0, -2.0])\nTensor([ 1.  0. -1.], shape=(3,), dtype=float32)",
)  # fmt: skip
square = Elementwise(
    "square", "x * x",
    partials=lambda y, x: (2 * x,),
    summary="Square.",
    example=">>> square([3.0, -2.0])\nTensor([9. 4.], shape=(2,), dtype=float32)",
)  # fmt: skip
sqrt = Elementwise(
    "sqrt", "sqrt(x)",
    partials=lambda y, x: (0.5 / y,),
    lift=lift_floats, domain=(POSITIVE,), convention="the derivative at 0 is infinite",
    summary="Square root.",
    example=">>> sqrt([4.0, 2.0])\nTensor([2.        1.4142135], shape=(2,), dtype=float32)",
)  # fmt: skip
power: Elementwise = Elementwise(
    "power", "power(a, b)",
    partials=lambda y, a, b: (
        where(equal(b, 0), 0.0, b * power(a, b - 1)),
        where(greater(a, 0), log(where(greater(a, 0), a, 1.0)) * y, 0.0),
    ),
    lift=lift_floats, domain=(POSITIVE, REAL),
    convention="the derivative by the exponent is 0 where the base is not positive",
    summary="a to the power b; integers become floats first.",
    example=">>> power([2.0, 3.0], 2)\nTensor([4. 9.], shape=(2,), dtype=float32)",
)  # fmt: skip
shift_right = Elementwise(
    "shift_right", "shift_right(a, b)", lift=lift_integers, convention="integers only; no gradient passes",
    summary="Integer a divided by 2 to the power b, rounded down.",
    example=">>> shift_right([12, 5], 2)\nTensor([3 1], shape=(2,), dtype=int64)",
)  # fmt: skip

# ---------------------------------------------------------------------------------------- the choice between numbers
maximum = Elementwise(
    "maximum", "maximum(a, b)",
    partials=lambda y, a, b: (a >= b, logical_not(a >= b)),
    convention="where both are equal the first gets the gradient",
    summary="The larger of two; NaN if either is.",
    example=">>> maximum([1.0, 2.0], 1.5)\nTensor([1.5 2. ], shape=(2,), dtype=float32)",
)  # fmt: skip
minimum = Elementwise(
    "minimum", "minimum(a, b)",
    partials=lambda y, a, b: (a <= b, logical_not(a <= b)),
    convention="where both are equal the first gets the gradient",
    summary="The smaller of two; NaN if either is.",
    example=">>> minimum([1.0, 2.0], 1.5)\nTensor([1.  1.5], shape=(2,), dtype=float32)",
)  # fmt: skip
clip = Elementwise(
    "clip", "minimum(maximum(x, low), high)",
    partials=lambda y, x, low, high: (
        logical_and(x >= low, x <= high),
        logical_and(x < low, low <= high),
        logical_and(x > high, low <= high),
    ),
    convention="at a bound x gets the gradient; low ≤ high",
    summary="x, but no less than low and no more than high.",
    example=">>> clip([-1.0, 0.5, 2.0], 0.0, 1.0)\nTensor([0.  0.5 1. ], shape=(3,), dtype=float32)",
)  # fmt: skip

# ------------------------------------------------------------------------------------------------ the same numbers
identity = Elementwise(
    "identity", "x", partials=lambda y, x: (1,),
    summary="The tensor itself, as a node of its own.",
    example=">>> identity([1.0, 2.0])\nTensor([1. 2.], shape=(2,), dtype=float32)",
)  # fmt: skip
stop_gradient = Elementwise(
    "stop_gradient", "x", convention="no gradient passes",
    summary="The tensor itself, treated as a constant in differentiation.",
    example=">>> stop_gradient([1.0, 2.0])\nTensor([1. 2.], shape=(2,), dtype=float32)",
)  # fmt: skip
