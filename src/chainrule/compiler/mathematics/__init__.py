"""The C text that stands before generated kernels: vector types, and the functions of scalars and vectors.

types         scalars, vectors, the parts of vectors that fit a register
native        instructions that C has no words for
memory        bytes and truth values
truth         comparisons, logic, where
arithmetic    maximum, minimum, absolute, sign, copysign, floor, round, sqrt
integers      quotients, remainders, words of random numbers
conversions   between all types
libm          the transcendental functions of scalars, and the rare ones of vectors lane by lane: asinh, atan2,
              erfc of float64, quotients of floats; all others of vectors, within 2 units in the last place:
exponential   exp, expm1, exp2, log, log1p
saturating    tanh, erf
periodic      sin, cos, tan
inverse       atan
power         power, log2, log10
complementary erfc
across        sums over lanes, transposes
bfloat16      rounding to 8 binary digits, and products of pairs of such numbers
tiles         many of these products at once
"""

from functools import cache
from pathlib import Path

_FILES = (
    *("types", "native", "memory", "truth", "arithmetic", "integers", "conversions"),
    *(
        "libm",
        "exponential",
        "saturating",
        "periodic",
        "inverse",
        "power",
        "complementary",
        "across",
        "bfloat16",
        "tiles",
    ),
)


@cache
def prelude(lanes: int) -> str:
    """The C text of vector types and functions for vectors of this many lanes: 2, 4, 8 or 16.

    Functions are called `<name>_<type>`: `exp_f32` takes a scalar, `exp_f32v` a vector.
    """
    folder = Path(__file__).parent
    numbers = ", ".join(map(str, range(lanes)))
    texts = [(folder / f"{name}.h").read_text(encoding="utf-8") for name in _FILES]
    return "\n".join([f"#define LANES {lanes}", f"#define LANE_NUMBERS {numbers}", *texts])
