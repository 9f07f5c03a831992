"""Standard normal numbers with the same bits on every machine.

A library's log and cos may differ in the last bit from one processor to another. Here both are made of + - × ÷ √, which
IEEE 754 rounds in one way only, in float64, and the result is rounded to float32 once.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainrule.ops.random import uniform

Doubles = NDArray[np.float64]

_LN_2 = 0.6931471805599453
_TERMS = 12  # enough for both series to reach float64's precision


def standard_normal(shape: tuple[int, ...], seed: int, stream: int) -> Doubles:
    """Standard normal numbers, as float64: those of ops.random.normal at step 0, which agree to its rounding.

        √(-2 log(1 - u₁)) cos(2π u₂), with u₁, u₂ uniform multiples of 2⁻²⁴ in [0, 1)

    Source:   Box and Muller 1958
    Example:
        >>> standard_normal((2,), seed=0, stream=0).astype(np.float32)
        array([ 0.73792565, -1.2860192 ], dtype=float32)
    """
    u = uniform((*shape, 2), seed, stream=stream).numpy().astype(np.float64)
    normals: Doubles = np.sqrt(-2.0 * _log(1.0 - u[..., 0])) * _cosine_of_turns(u[..., 1])
    return normals


def _log(x: Doubles) -> Doubles:
    """log(m·2ᵉ) = e log 2 + 2 artanh(s), s = (m - 1)/(m + 1), |s| ≤ 0.172; x > 0."""
    mantissa, exponent = np.frexp(x)
    small = mantissa < math.sqrt(0.5)
    mantissa, exponent = np.where(small, 2.0 * mantissa, mantissa), np.where(small, exponent - 1, exponent)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    series = np.zeros_like(s)
    for k in reversed(range(_TERMS)):
        series = series * (s * s) + 1.0 / (2 * k + 1)
    return exponent * _LN_2 + 2.0 * s * series


def _cosine_of_turns(u: Doubles) -> Doubles:
    """cos(2πu), 0 ≤ u < 1: the nearest quarter turn is exact, and the rest, at most an eighth, is Taylor's series."""
    quarters = np.floor(4.0 * u + 0.5)
    angle = (u - 0.25 * quarters) * (2.0 * math.pi)
    square = angle * angle
    cosine, sine = np.zeros_like(u), np.zeros_like(u)
    for k in reversed(range(_TERMS)):
        cosine = cosine * -square + 1.0 / math.factorial(2 * k)
        sine = sine * -square + 1.0 / math.factorial(2 * k + 1)
    # Horner's scheme in -x² wants coefficients 1/(2k)! without sign.
    return np.choose(quarters.astype(np.int64) % 4, [cosine, -angle * sine, -cosine, angle * sine])
