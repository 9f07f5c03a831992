"""Arithmetic and the choice between numbers, element by element."""

from __future__ import annotations

from chainrule.ops.comparison import equal, greater, logical_and, logical_not
from chainrule.ops.exponential import log
from chainrule.ops.kinds.conversion import cast, lift_floats, lift_numbers
from chainrule.ops.kinds.elementwise import POSITIVE, REAL, Elementwise, multiply, negative, where

__all__ = [
    "absolute", "add", "cast", "clip", "copysign", "divide", "heaviside", "hypot", "identity", "lerp", "maximum",
    "minimum", "multiply", "negative", "power", "reciprocal", "rsqrt", "sign", "sqrt", "square", "stop_gradient",
    "subtract", "where",
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
divide = Elementwise(
    "divide", "a / b",
    partials=lambda y, a, b: (1 / b, -y / b),
    lift=lift_floats, domain=(REAL, POSITIVE),
    summary="Quotient of two tensors; integers become floats first.",
    example=">>> divide([1.0, 2.0], 4)\nTensor([0.25 0.5 ], shape=(2,), dtype=float32)",
)  # fmt: skip
reciprocal = Elementwise(
    "reciprocal", "1 / x",
    partials=lambda y, x: (-y * y,),
    lift=lift_floats, domain=(POSITIVE,),
    summary="1 divided by x; integers become floats first (NumPy's stay integers).",
    example=">>> reciprocal([2.0, 4.0])\nTensor([0.5  0.25], shape=(2,), dtype=float32)",
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
copysign: Elementwise = Elementwise(
    "copysign", "copysign(a, b)",
    partials=lambda y, a, b: (sign(a) * copysign(1.0, b), None),
    lift=lift_floats, kinks=(0.0,), convention="the derivative by a is 0 where a is 0; none passes to b",
    summary="The size of a with the sign of b, which -0.0 has too.",
    example=">>> copysign([1.0, 2.0], [-3.0, 4.0])\nTensor([-1.  2.], shape=(2,), dtype=float32)",
)  # fmt: skip
heaviside = Elementwise(
    "heaviside", "where(x > 0, 1, where(x == 0, at_zero, where(x < 0, 0, x)))",
    partials=lambda y, x, at_zero: (None, equal(x, 0)),
    lift=lift_floats, kinks=(0.0,), convention="none passes to x",
    summary="The unit step: 0 below 0, 1 above, and at 0 what is given.",
    example=">>> heaviside([-1.5, 0.0, 2.0], 0.5)\nTensor([0.  0.5 1. ], shape=(3,), dtype=float32)",
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
rsqrt = Elementwise(
    "rsqrt", "1 / sqrt(x)",
    partials=lambda y, x: (-0.5 * y / x,),
    lift=lift_floats, domain=(POSITIVE,), convention="the derivative at 0 is infinite",
    summary="1 divided by the square root.",
    example=">>> rsqrt([4.0, 0.25])\nTensor([0.5 2. ], shape=(2,), dtype=float32)",
)  # fmt: skip
hypot = Elementwise(
    "hypot", "hypot(a, b)",
    partials=lambda y, a, b: (a / where(equal(y, 0), 1.0, y), b / where(equal(y, 0), 1.0, y)),
    lift=lift_floats, convention="the derivatives at (0, 0) are 0",
    summary="√(a² + b²), whose squares do not overflow.",
    example=">>> hypot([3.0, 3e30], [4.0, 4e30])\nTensor([5.e+00 5.e+30], shape=(2,), dtype=float32)",
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
lerp = Elementwise(
    "lerp", "where(a == b, a, where(weight < 0.5, a + weight * (b - a), b - (1 - weight) * (b - a)))",
    partials=lambda y, a, b, weight: (1 - weight, weight, b - a),
    lift=lift_floats,
    summary="The number that far on the line from a to b: a itself for weight 0, b itself for weight 1.",
    example=">>> lerp(10.0, 20.0, [0.0, 0.25, 1.0])\nTensor([10.  12.5 20. ], shape=(3,), dtype=float32)",
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
