"""How C spells types, numbers and scalar functions, whatever kernel they are for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.compiler.pairs import BFLOAT16_PAIR
from chainrule.graph.dtype import DType, bool_, float32, float64, int32, int64, uint8
from chainrule.graph.expression import Call, Constant
from chainrule.graph.scalar import (
    ADD,
    BITWISE_AND,
    BITWISE_NOT,
    BITWISE_OR,
    DIVIDE,
    FLOOR_DIVIDE,
    MAXIMUM,
    MINIMUM,
    MULTIPLY,
    NEGATIVE,
    REMAINDER,
    SUBTRACT,
    XOR,
)

C_TYPES: dict[DType, str] = {
    bool_: "b8",
    uint8: "u8",
    int32: "i32",
    int64: "i64",
    float32: "f32",
    float64: "f64",
    BFLOAT16_PAIR: "bf2",
}
_OPERATORS = {ADD: "{} + {}", SUBTRACT: "{} - {}", MULTIPLY: "{} * {}", DIVIDE: "{} / {}", NEGATIVE: "-{}"}
_ON_TRUTH = {
    ADD: "logical_or",
    MAXIMUM: "logical_or",
    MULTIPLY: "logical_and",
    MINIMUM: "logical_and",
    XOR: "not_equal",
    BITWISE_AND: "logical_and",
    BITWISE_OR: "logical_or",
    BITWISE_NOT: "logical_not",
}


# ------------------------------------------------------------------------------------------------------------- types
def type_name(dtype: DType, vectors: bool) -> str:
    """The type of a value: of one number, or of a vector with one for each lane."""
    return C_TYPES[dtype] + ("v" if vectors else "")


def memory_type(dtype: DType) -> str:
    """What an array of it holds in memory."""
    return "u8" if dtype is bool_ else C_TYPES[dtype]


# ----------------------------------------------------------------------------------------------------------- numbers
def literal(value: float, dtype: DType) -> str:
    """A number as C has it."""
    if not dtype.floating or dtype is BFLOAT16_PAIR:
        if value in (math.inf, -math.inf):  # the identity of a maximum of integers
            largest = {int32: 2**31 - 1, int64: 2**63 - 1, uint8: 255, bool_: 1}[dtype]
            value = largest if value > 0 else 0 if dtype in (uint8, bool_) else -largest - 1
        number, ending = int(value), "LL" if dtype is int64 else ""
        if number in (-(2**31), -(2**63)):  # C has no such literals
            return f"(-{-number - 1}{ending} - 1)"
        return f"{number}{ending}"
    ending = "f" if dtype is float32 else ""
    if value != value:
        return f'__builtin_nan{ending}("")'
    if value in (math.inf, -math.inf):
        return f"{'-' if value < 0 else ''}__builtin_inf{ending}()"
    return f"{float(value)!r}{ending}"


def sum_text(terms: Sequence[tuple[str, int]], constant: int) -> str:
    """A sum of variables times whole numbers."""
    written = [name if c == 1 else f"{name} * {c}" for name, c in terms]
    written += [str(constant)] if constant or not written else []
    return " + ".join(written).replace("+ -", "- ")


# --------------------------------------------------------------------------------------------------------- functions
def called(e: Call, arguments: Sequence[str], vectors: bool) -> str:
    """A scalar function of values that have names or are literals."""
    function, kind = e.function, e.arguments[-1].dtype
    if function.name.startswith("to_") and function.result is not None:
        return f"{type_name(function.result, vectors)}_from_{type_name(kind, vectors)}({arguments[0]})"
    if kind is bool_ and function in _ON_TRUTH:
        return f"{_ON_TRUTH[function]}_{type_name(kind, vectors)}({', '.join(arguments)})"
    if function in _OPERATORS:
        text = _OPERATORS[function].format(*arguments)
        return f"({C_TYPES[e.dtype]})({text})" if not vectors and e.dtype is uint8 else text
    name = function.name
    if function in (MAXIMUM, MINIMUM) and kind.floating:
        first, second = e.arguments
        if isinstance(first, Constant) and not isinstance(second, Constant):
            first, second, arguments = second, first, arguments[::-1]
        if isinstance(second, Constant) and second.value == second.value:
            name += "_nonan"
    return f"{name}_{type_name(kind, vectors)}({', '.join(arguments)})"


def divides_by_constant(e: Call) -> bool:
    """Whether it is a quotient or rest of signed integers by one number: much quicker where C sees the number."""
    by = e.arguments[-1]
    return e.function in (FLOOR_DIVIDE, REMAINDER) and isinstance(by, Constant) and by.dtype in (int32, int64)


def divided(e: Call, dividend: str) -> str:
    """Such a quotient or rest in vectors."""
    divisor = e.arguments[-1]
    assert isinstance(divisor, Constant)
    number = literal(divisor.value, divisor.dtype)
    return f"{e.function.name}_by_{type_name(divisor.dtype, vectors=True)}({dividend}, {number})"
