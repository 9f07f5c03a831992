"""Functions of angles and of hyperbolic angles, and their inverses."""

from __future__ import annotations

import math

from chainrule.graph.tensor import Tensor
from chainrule.ops.comparison import equal
from chainrule.ops.elementwise import hypot, rsqrt, sqrt
from chainrule.ops.kinds.conversion import lift_floats
from chainrule.ops.kinds.elementwise import Elementwise, where

__all__ = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh", "sin", "sinh", "tan", "tanh",
]  # fmt: skip

_BETWEEN = (-1.0, 1.0)

# ---------------------------------------------------------------------------------------------------------- angles
sin = Elementwise(
    "sin", "sin(x)", partials=lambda y, x: (cos(x),), lift=lift_floats, summary="Sine of an angle in radians.",
    example=">>> sin([0.0, 1.0])\nTensor([0.       0.841471], shape=(2,), dtype=float32)",
)  # fmt: skip
cos: Elementwise = Elementwise(
    "cos", "cos(x)", partials=lambda y, x: (-sin(x),), lift=lift_floats, summary="Cosine of an angle in radians.",
    example=">>> cos([0.0, 1.0])\nTensor([1.        0.5403023], shape=(2,), dtype=float32)",
)  # fmt: skip
tan = Elementwise(
    "tan", "tan(x)", partials=lambda y, x: (1 + y * y,), lift=lift_floats, domain=((-math.pi / 2, math.pi / 2),),
    summary="Tangent of an angle in radians.",
    example=">>> tan([0.0, 1.0])\nTensor([0.        1.5574077], shape=(2,), dtype=float32)",
)  # fmt: skip
# (1 - x)(1 + x) keeps the digits near -1 and 1 that 1 - x² loses.
asin = Elementwise(
    "asin", "atan(x / sqrt((1 - x) * (1 + x)))",
    partials=lambda y, x: (rsqrt((1 - x) * (1 + x)),),
    lift=lift_floats, domain=(_BETWEEN,), convention="infinite at -1 and 1",
    summary="The angle in [-π/2, π/2] with this sine; NaN beyond -1 and 1.",
    example=">>> asin([0.0, 1.0])\nTensor([0.        1.5707964], shape=(2,), dtype=float32)",
)  # fmt: skip
acos = Elementwise(
    "acos", "2 * atan(sqrt((1 - x) / (1 + x)))",
    partials=lambda y, x: (-rsqrt((1 - x) * (1 + x)),),
    lift=lift_floats, domain=(_BETWEEN,), convention="infinite at -1 and 1",
    summary="The angle in [0, π] with this cosine; NaN beyond -1 and 1.",
    example=">>> acos([1.0, 0.0, -1.0])\nTensor([0.        1.5707964 3.1415927], shape=(3,), dtype=float32)",
)  # fmt: skip
atan = Elementwise(
    "atan", "atan(x)", partials=lambda y, x: (1 / (1 + x * x),), lift=lift_floats,
    summary="The angle in (-π/2, π/2) with this tangent.",
    example=">>> atan([0.0, 1.0])\nTensor([0.        0.7853982], shape=(2,), dtype=float32)",
)  # fmt: skip


def _over_square(a: Tensor, b: Tensor) -> Tensor:
    """a / (a² + b²), 0 at (0, 0); the square itself may be too large or too small for a float."""
    size = hypot(a, b)
    size = where(equal(size, 0), 1.0, size)
    return a / size / size


atan2 = Elementwise(
    "atan2", "atan2(a, b)",
    partials=lambda y, a, b: (_over_square(b, a), -_over_square(a, b)),
    lift=lift_floats, convention="the derivatives at (0, 0) are 0",
    summary="The angle in [-π, π] of the point at height a above, and b to the right of, the origin.",
    example=">>> atan2([1.0, 0.0], [0.0, -1.0])\nTensor([1.5707964 3.1415927], shape=(2,), dtype=float32)",
)  # fmt: skip

# ----------------------------------------------------------------------------------------------- hyperbolic angles
# exp(x) may be too large for a float where its half is not: the square of exp(x / 2), halved before it grows.
sinh: Elementwise = Elementwise(
    "sinh",
    "where(absolute(x) < 1, 0.5 * (expm1(x) - expm1(-x)),"
    " 0.5 * exp(x / 2) * exp(x / 2) - 0.5 * exp(-x / 2) * exp(-x / 2))",
    partials=lambda y, x: (cosh(x),), lift=lift_floats,
    summary="Hyperbolic sine, (exp(x) - exp(-x)) / 2.",
    example=">>> sinh([0.0, 1.0])\nTensor([0.        1.1752012], shape=(2,), dtype=float32)",
)  # fmt: skip
cosh: Elementwise = Elementwise(
    "cosh", "0.5 * exp(x / 2) * exp(x / 2) + 0.5 * exp(-x / 2) * exp(-x / 2)",
    partials=lambda y, x: (sinh(x),), lift=lift_floats,
    summary="Hyperbolic cosine, (exp(x) + exp(-x)) / 2.",
    example=">>> cosh([0.0, 1.0])\nTensor([1.        1.5430806], shape=(2,), dtype=float32)",
)  # fmt: skip
tanh = Elementwise(
    "tanh", "tanh(x)", partials=lambda y, x: (1 - y * y,), lift=lift_floats,
    summary="Hyperbolic tangent; in (-1, 1), saturates for large |x|.",
    example=">>> tanh([0.0, 1.0])\nTensor([0.        0.7615942], shape=(2,), dtype=float32)",
)  # fmt: skip
asinh = Elementwise(
    "asinh", "asinh(x)", partials=lambda y, x: (1 / hypot(x, 1.0),), lift=lift_floats,
    summary="Inverse of the hyperbolic sine, log(x + √(x² + 1)).",
    example=">>> asinh([0.0, 1.0])\nTensor([0.        0.8813736], shape=(2,), dtype=float32)",
)  # fmt: skip
acosh = Elementwise(
    "acosh",
    "where(x > 1e9, log(x) + 0.6931471805599453, log1p(x - 1 + sqrt(x - 1) * sqrt(x + 1)))",
    partials=lambda y, x: (1 / (sqrt(x - 1) * sqrt(x + 1)),),
    lift=lift_floats, domain=((1.0, math.inf),), convention="infinite at 1",
    summary="Inverse of the hyperbolic cosine, log(x + √(x² - 1)); NaN below 1.",
    example=">>> acosh([1.0, 3.0])\nTensor([0.        1.7627473], shape=(2,), dtype=float32)",
)  # fmt: skip
atanh = Elementwise(
    "atanh", "0.5 * (log1p(x) - log1p(-x))",
    partials=lambda y, x: (1 / ((1 - x) * (1 + x)),),
    lift=lift_floats, domain=(_BETWEEN,), convention="infinite at -1 and 1",
    summary="Inverse of the hyperbolic tangent; infinite at -1 and 1, NaN beyond.",
    example=">>> atanh([0.0, 0.25])\nTensor([0.         0.25541282], shape=(2,), dtype=float32)",
)  # fmt: skip
