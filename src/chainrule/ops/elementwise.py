"""The elementwise vocabulary: arithmetic, comparison, selection, exponentials and activations."""

from __future__ import annotations

import math

from chainrule.graph.tensor import Tensor, number
from chainrule.ops.kinds.conversion import (
    cast,
    lift_conditions,
    lift_floats,
    lift_integers,
    lift_numbers,
)
from chainrule.ops.kinds.elementwise import Elementwise, where

__all__ = [
    "absolute", "add", "cast", "clip", "cos", "divide", "elu", "equal", "erf", "exp", "expm1", "floor", "greater",
    "greater_equal", "identity", "is_nan", "leaky_relu", "less", "less_equal", "log", "log1p", "logical_and",
    "logical_not", "logical_or", "maximum", "minimum", "multiply", "negative", "not_equal", "power", "relu",
    "shift_right", "sigmoid", "sign", "sin", "softplus", "sqrt", "square", "stop_gradient", "subtract", "tanh",
    "where",
]  # fmt: skip

POSITIVE = (1e-300, math.inf)
REAL = (-math.inf, math.inf)

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
floor = Elementwise(
    "floor", "floor(x)", lift=lift_floats,
    partials=lambda y, x: (None,),
    summary="The largest integer not above x, as a float; no gradient passes.",
    example=">>> floor([1.5, -1.5])\nTensor([ 1. -2.], shape=(2,), dtype=float32)",
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

# ------------------------------------------------------------------------------------------ comparison and selection
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

# ------------------------------------------------------------------------------------------ exponentials and kin
exp = Elementwise(
    "exp", "exp(x)", partials=lambda y, x: (y,), lift=lift_floats, summary="e to the power x.",
    example=">>> exp([0.0, 1.0])\nTensor([1.       2.718282], shape=(2,), dtype=float32)",
)  # fmt: skip
expm1 = Elementwise(
    "expm1", "expm1(x)", partials=lambda y, x: (exp(x),), lift=lift_floats,
    summary="exp(x) - 1, exact also for small x.",
    example=">>> expm1([0.0, 1e-8])\nTensor([0.e+00 1.e-08], shape=(2,), dtype=float32)",
)  # fmt: skip
log: Elementwise = Elementwise(
    "log", "log(x)", partials=lambda y, x: (1 / x,), lift=lift_floats, domain=(POSITIVE,),
    summary="Natural logarithm; -inf at 0, NaN below.",
    example=">>> log([1.0, 2.0])\nTensor([0.        0.6931472], shape=(2,), dtype=float32)",
)  # fmt: skip
log1p = Elementwise(
    "log1p", "log1p(x)", partials=lambda y, x: (1 / (1 + x),), lift=lift_floats, domain=((-1.0, math.inf),),
    summary="log(1 + x), exact also for small x.",
    example=">>> log1p([0.0, 1e-8])\nTensor([0.e+00 1.e-08], shape=(2,), dtype=float32)",
)  # fmt: skip
sin = Elementwise(
    "sin", "sin(x)", partials=lambda y, x: (cos(x),), lift=lift_floats, summary="Sine of an angle in radians.",
    example=">>> sin([0.0, 1.0])\nTensor([0.       0.841471], shape=(2,), dtype=float32)",
)  # fmt: skip
cos: Elementwise = Elementwise(
    "cos", "cos(x)", partials=lambda y, x: (-sin(x),), lift=lift_floats, summary="Cosine of an angle in radians.",
    example=">>> cos([0.0, 1.0])\nTensor([1.        0.5403023], shape=(2,), dtype=float32)",
)  # fmt: skip
erf = Elementwise(
    "erf", "erf(x)", partials=lambda y, x: (2 / math.sqrt(math.pi) * exp(-x * x),), lift=lift_floats,
    summary="Error function, 2/√π ∫₀ˣ exp(-t²) dt.",
    example=">>> erf([0.0, 0.5])\nTensor([0.        0.5204999], shape=(2,), dtype=float32)",
)  # fmt: skip

shift_right = Elementwise(
    "shift_right", "shift_right(a, b)", lift=lift_integers, convention="integers only; no gradient passes",
    summary="Integer a divided by 2 to the power b, rounded down.",
    example=">>> shift_right([12, 5], 2)\nTensor([3 1], shape=(2,), dtype=int64)",
)  # fmt: skip

# ------------------------------------------------------------------------------------------------- activations
tanh = Elementwise(
    "tanh", "tanh(x)", partials=lambda y, x: (1 - y * y,), lift=lift_floats,
    summary="Hyperbolic tangent; in (-1, 1), saturates for large |x|.",
    example=">>> tanh([0.0, 1.0])\nTensor([0.        0.7615942], shape=(2,), dtype=float32)",
)  # fmt: skip
sigmoid = Elementwise(
    "sigmoid", "1 / (1 + exp(-x))", partials=lambda y, x: (y * (1 - y),), lift=lift_floats,
    summary="Logistic function; in (0, 1), saturates for large |x|.",
    example=">>> sigmoid([0.0, 1.0])\nTensor([0.5       0.7310586], shape=(2,), dtype=float32)",
)  # fmt: skip
relu = Elementwise(
    "relu", "maximum(x, 0)", partials=lambda y, x: (y > 0,),
    kinks=(0.0,), convention="the derivative at 0 is 0",
    summary="Rectified linear unit.",
    source="Nair and Hinton 2010",
    example=">>> relu([-1.0, 2.0])\nTensor([0. 2.], shape=(2,), dtype=float32)",
)  # fmt: skip
leaky_relu = Elementwise(
    "leaky_relu", "where(x > 0, x, slope * x)",
    partials=lambda y, x, slope: (where(x > 0, ones(y), slope), where(x > 0, zeros(y), x)),
    lift=lift_floats, kinks=(0.0,), convention="the derivative at 0 is the slope",
    summary="Rectified linear unit with a small slope below 0.",
    source="Maas, Hannun and Ng 2013",
    example=">>> leaky_relu([-1.0, 2.0], 0.1)\nTensor([-0.1  2. ], shape=(2,), dtype=float32)",
)  # fmt: skip
elu = Elementwise(
    "elu", "where(x > 0, x, alpha * expm1(minimum(x, 0)))",
    partials=lambda y, x, alpha: (
        where(x > 0, ones(y), alpha * exp(minimum(x, 0.0))),
        where(x > 0, zeros(y), expm1(minimum(x, 0.0))),
    ),
    lift=lift_floats, kinks=(0.0,), convention="the derivative at 0 is alpha",
    summary="Exponential linear unit: alpha (exp(x) - 1) below 0.",
    source="Clevert, Unterthiner and Hochreiter 2016, equation 15",
    example=">>> elu([-1.0, 2.0], 1.0)\nTensor([-0.63212055  2.        ], shape=(2,), dtype=float32)",
)  # fmt: skip
softplus = Elementwise(
    "softplus", "maximum(x, 0) + log1p(exp(-absolute(x)))", partials=lambda y, x: (sigmoid(x),), lift=lift_floats,
    summary="log(1 + exp(x)), a smooth ReLU, without overflow.",
    example=">>> softplus([0.0, 1000.0])\nTensor([6.931472e-01 1.000000e+03], shape=(2,), dtype=float32)",
)  # fmt: skip
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


def ones(like: Tensor) -> Tensor:
    """The number 1 in the type of a tensor."""
    return number(1, like.dtype)


def zeros(like: Tensor) -> Tensor:
    """The number 0 in the type of a tensor."""
    return number(0, like.dtype)
