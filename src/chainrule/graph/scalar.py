"""Scalar functions: the leaves of every formula, each with its meaning in NumPy and in C."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np

from chainrule.graph.dtype import DType, bool_
from chainrule.graph.special import erf as _erf
from chainrule.graph.special import erfc as _erfc
from chainrule.graph.special import round_to_bfloat16 as _round_to_bfloat16
from chainrule.graph.special import select as _select

OnZero = Literal["never", "any", "all", "but_first"]


@dataclass(frozen=True)
class ScalarFunction:
    """A function of scalars.

    In C it is the function of its name, for each type of element: compiler/mathematics has them.
    `zero` says which arguments must be zero for a zero result: any of them, all of them, all but the first (a
    condition), or that it can never be told. `result` is the type of the result where it is not the arguments'.
    """

    name: str
    numpy: Callable[..., Any]
    arity: int = 1
    zero: OnZero = "never"
    cost: int = 1
    result: DType | None = None


ADD = ScalarFunction("add", np.add, 2, "all")
SUBTRACT = ScalarFunction("subtract", np.subtract, 2, "all")
MULTIPLY = ScalarFunction("multiply", np.multiply, 2, "any")
DIVIDE = ScalarFunction("divide", np.divide, 2, "never", 8)
NEGATIVE = ScalarFunction("negative", np.negative, 1, "all")
ABSOLUTE = ScalarFunction("absolute", np.abs, 1, "all")
SIGN = ScalarFunction("sign", np.sign, 1, "all", 2)
MAXIMUM = ScalarFunction("maximum", np.maximum, 2, "all")
MINIMUM = ScalarFunction("minimum", np.minimum, 2, "all")
FLOOR = ScalarFunction("floor", np.floor, 1, "all", 2)
ROUND = ScalarFunction("round", np.rint, 1, "all", 3)
ROUND_TO_BFLOAT16 = ScalarFunction("round_to_bfloat16", _round_to_bfloat16, 1, "all", 6)
COPYSIGN = ScalarFunction("copysign", np.copysign, 2, "all", 2)
# Quotients rounded down, and what they leave, of integers of any sign and of floats.
FLOOR_DIVIDE = ScalarFunction("floor_divide", np.floor_divide, 2, cost=20)
REMAINDER = ScalarFunction("remainder", np.remainder, 2, cost=20)

EXP = ScalarFunction("exp", np.exp, cost=12)
LOG = ScalarFunction("log", np.log, cost=20)
EXPM1 = ScalarFunction("expm1", np.expm1, 1, "all", 14)
EXP2 = ScalarFunction("exp2", np.exp2, cost=12)
LOG2 = ScalarFunction("log2", np.log2, cost=40)
LOG10 = ScalarFunction("log10", np.log10, cost=40)
LOG1P = ScalarFunction("log1p", np.log1p, 1, "all", 22)
SQRT = ScalarFunction("sqrt", np.sqrt, 1, "all", 8)
POWER = ScalarFunction("power", np.power, 2, "never", 40)
TANH = ScalarFunction("tanh", np.tanh, 1, "all", 20)
ERF = ScalarFunction("erf", _erf, 1, "all", 20)
ERFC = ScalarFunction("erfc", _erfc, cost=40)
SIN = ScalarFunction("sin", np.sin, 1, "all", 16)
COS = ScalarFunction("cos", np.cos, cost=16)
TAN = ScalarFunction("tan", np.tan, 1, "all", 36)
ATAN = ScalarFunction("atan", np.arctan, 1, "all", 24)
ATAN2 = ScalarFunction("atan2", np.arctan2, 2, cost=60)
ASINH = ScalarFunction("asinh", np.arcsinh, 1, "all", 60)
HYPOT = ScalarFunction("hypot", np.hypot, 2, "all", 16)

EQUAL = ScalarFunction("equal", np.equal, 2, result=bool_)
NOT_EQUAL = ScalarFunction("not_equal", np.not_equal, 2, result=bool_)
LESS = ScalarFunction("less", np.less, 2, result=bool_)
LESS_EQUAL = ScalarFunction("less_equal", np.less_equal, 2, result=bool_)
GREATER = ScalarFunction("greater", np.greater, 2, result=bool_)
GREATER_EQUAL = ScalarFunction("greater_equal", np.greater_equal, 2, result=bool_)
IS_NAN = ScalarFunction("is_nan", np.isnan, 1, "all", result=bool_)
AND = ScalarFunction("logical_and", np.logical_and, 2, "any", result=bool_)
OR = ScalarFunction("logical_or", np.logical_or, 2, "all", result=bool_)
NOT = ScalarFunction("logical_not", np.logical_not, result=bool_)
WHERE = ScalarFunction("where", _select, 3, "but_first")

# Bits of integers, and of bools.
BITWISE_AND = ScalarFunction("bitwise_and", np.bitwise_and, 2, "any")
BITWISE_OR = ScalarFunction("bitwise_or", np.bitwise_or, 2, "all")
BITWISE_NOT = ScalarFunction("bitwise_not", np.bitwise_not)
XOR = ScalarFunction("xor", np.bitwise_xor, 2, "all")

# Integer arithmetic of random numbers: 32-bit words held in 64-bit integers, so that no sign is in the way.
SHIFT_RIGHT = ScalarFunction("shift_right", np.right_shift, 2)
LOW_WORD = ScalarFunction("low_word", lambda x: np.bitwise_and(x, 0xFFFFFFFF), 1, "all")
MULTIPLY_LOW = ScalarFunction(
    "multiply_low",
    lambda a, b: ((np.asarray(a).astype(np.uint64) * np.asarray(b).astype(np.uint64)) & np.uint64(0xFFFFFFFF)).astype(
        np.int64
    ),
    2,
    "any",
    2,
)
MULTIPLY_HIGH = ScalarFunction(
    "multiply_high",
    lambda a, b: ((np.asarray(a).astype(np.uint64) * np.asarray(b).astype(np.uint64)) >> np.uint64(32)).astype(
        np.int64
    ),
    2,
    "any",
    2,
)


@cache
def convert(dtype: DType) -> ScalarFunction:
    """The conversion of a number to another type; floats lose their fraction towards zero on the way to integers."""
    return ScalarFunction(f"to_{dtype.name}", lambda x: np.asarray(x).astype(dtype.numpy), 1, "all", 1, dtype)


FUNCTIONS = {value.name: value for value in list(vars().values()) if isinstance(value, ScalarFunction)}
