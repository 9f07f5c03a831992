"""Exponentials, logarithms, and the error function."""

from __future__ import annotations

import math

from chainrule.ops.kinds.conversion import lift_floats
from chainrule.ops.kinds.elementwise import POSITIVE, Elementwise

__all__ = ["erf", "erfc", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10"]

exp = Elementwise(
    "exp", "exp(x)", partials=lambda y, x: (y,), lift=lift_floats, summary="e to the power x.",
    example=">>> exp([0.0, 1.0])\nTensor([1.       2.718282], shape=(2,), dtype=float32)",
)  # fmt: skip
exp2 = Elementwise(
    "exp2", "exp2(x)", partials=lambda y, x: (math.log(2) * y,), lift=lift_floats, summary="2 to the power x.",
    example=">>> exp2([3.0, 0.5])\nTensor([8.        1.4142135], shape=(2,), dtype=float32)",
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
log2 = Elementwise(
    "log2", "log2(x)", partials=lambda y, x: (1 / math.log(2) / x,), lift=lift_floats, domain=(POSITIVE,),
    summary="Logarithm to the base 2; -inf at 0, NaN below.",
    example=">>> log2([8.0, 0.25])\nTensor([ 3. -2.], shape=(2,), dtype=float32)",
)  # fmt: skip
log10 = Elementwise(
    "log10", "log10(x)", partials=lambda y, x: (1 / math.log(10) / x,), lift=lift_floats, domain=(POSITIVE,),
    summary="Logarithm to the base 10; -inf at 0, NaN below.",
    example=">>> log10([1.0, 2.0])\nTensor([0.      0.30103], shape=(2,), dtype=float32)",
)  # fmt: skip
log1p = Elementwise(
    "log1p", "log1p(x)", partials=lambda y, x: (1 / (1 + x),), lift=lift_floats, domain=((-1.0, math.inf),),
    summary="log(1 + x), exact also for small x.",
    example=">>> log1p([0.0, 1e-8])\nTensor([0.e+00 1.e-08], shape=(2,), dtype=float32)",
)  # fmt: skip
erf = Elementwise(
    "erf", "erf(x)", partials=lambda y, x: (2 / math.sqrt(math.pi) * exp(-x * x),), lift=lift_floats,
    summary="Error function, 2/√π ∫₀ˣ exp(-t²) dt.",
    example=">>> erf([0.0, 0.5])\nTensor([0.        0.5204999], shape=(2,), dtype=float32)",
)  # fmt: skip
erfc = Elementwise(
    "erfc", "erfc(x)", partials=lambda y, x: (-2 / math.sqrt(math.pi) * exp(-x * x),), lift=lift_floats,
    summary="Complementary error function 1 - erf(x), with all digits also where it is small.",
    example=">>> erfc([0.0, 5.0])\nTensor([1.0000000e+00 1.5374598e-12], shape=(2,), dtype=float32)",
)  # fmt: skip
