"""Formulas of loop nests: right where they can be computed again, readable where they cannot, for every operation."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainrule import ops
from chainrule.autodiff import jvp
from chainrule.compiler.expressions import Expressions
from chainrule.compiler.formulas import LINES, formula, plain
from chainrule.compiler.lowering import lower
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import float64
from chainrule.graph.expression import SUM, Buffer, Constant, Expression, Guard, Read, Reduce, call
from chainrule.graph.loopnest import LoopNest, Output, nest
from chainrule.graph.scalar import (
    ADD,
    DIVIDE,
    EQUAL,
    EXP,
    MAXIMUM,
    MINIMUM,
    MULTIPLY,
    NEGATIVE,
    POWER,
    SUBTRACT,
    WHERE,
    ScalarFunction,
)
from chainrule.graph.tensor import Tensor, input_tensor
from tests.counts import full, scaled
from tests.ops.case import Case
from tests.ops.cases import CASES

BUFFERS = [Buffer(name, (), float64) for name in "abc"]
VALUES = {"a": 1.5, "b": -0.75, "c": 3.0}


# --------------------------------------------------------------------------------------------------------- right
@st.composite
def trees(draw: st.DrawFn, depth: int = 5) -> Expression:
    """Arithmetic of a few values."""
    kind = draw(st.integers(0, 9)) if depth else draw(st.integers(0, 1))
    if kind == 0:
        return Constant(draw(st.sampled_from((0.0, 1.0, -1.0, 2.5, -0.125, 1e-7, 3e20))), float64)
    if kind == 1:
        return Read(draw(st.sampled_from(BUFFERS)), ())
    function = [ADD, SUBTRACT, MULTIPLY, DIVIDE, NEGATIVE, MAXIMUM, MINIMUM, POWER][kind - 2]
    return call(function, *(draw(trees(depth - 1)) for _ in range(function.arity)))


def value(e: Expression) -> float:
    match e:
        case Constant(number):
            return number
        case Read(buffer):
            return VALUES[buffer.name]
    assert hasattr(e, "function")
    function: ScalarFunction = e.function
    arguments = [value(x) for x in e.children()]
    try:
        return _ARITHMETIC[function](*arguments)
    except ZeroDivisionError:
        return math.nan


def power(x: float, y: float) -> float:
    try:
        result = x**y
    except (OverflowError, ZeroDivisionError):
        return math.nan
    return result if isinstance(result, float) else math.nan


_ARITHMETIC: dict[ScalarFunction, Callable[..., float]] = {
    ADD: operator.add,
    SUBTRACT: operator.sub,
    MULTIPLY: operator.mul,
    DIVIDE: operator.truediv,
    NEGATIVE: operator.neg,
    MAXIMUM: max,
    MINIMUM: min,
    POWER: power,
}


class Number(float):
    """A number whose arithmetic says NaN where Python would raise."""

    def __truediv__(self, other: float) -> Number:
        return Number(float(self) / other if other else math.nan)

    def __pow__(self, other: float) -> Number:  # type: ignore[override]
        return Number(power(float(self), float(other)))

    def __add__(self, other: float) -> Number:
        return Number(float(self) + other)

    def __sub__(self, other: float) -> Number:
        return Number(float(self) - other)

    def __mul__(self, other: float) -> Number:
        return Number(float(self) * other)

    def __neg__(self) -> Number:
        return Number(-float(self))


def read_again(text: str) -> float:
    """The value of a formula without axes, read as Python reads arithmetic."""
    names: dict[str, object] = {k: Number(v) for k, v in VALUES.items()} | {"max": max, "min": min, "Number": Number}
    target, *definitions = [line.strip() for line in text.splitlines()]
    lines = [d.removeprefix("where ") for d in definitions] + [target]
    for line in lines:
        name, _, right = line.partition(" = ")
        right = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?(?:e[+-]?\d+)?)", r"Number(\1)", right)
        names[name] = eval(right.replace("·", "*").replace("^", "**"), {}, names)
    result = names["y"]
    assert isinstance(result, float)
    return float(result)


@given(trees())
@settings(max_examples=scaled(3000), suppress_health_check=list(HealthCheck), deadline=None)
def test_parentheses_stand_where_they_are_needed(tree):
    text = formula(nest([], Buffer("y", (), float64), tree))
    if "... and" in text:
        return
    wanted, found = value(tree), read_again(text)
    assert found == wanted or math.isnan(wanted), text


# ------------------------------------------------------------------------------------------------------ readable
def reading(buffer: Buffer, *index: Affine) -> Read:
    return Read(buffer, index)


def test_a_fused_convolution_reads_like_its_definition():
    n, i, j, o, p, q, c = (Axis(name, 4) for name in "nijopqc")
    x, w, b = Buffer("x", (4,) * 4, float64), Buffer("w", (4,) * 4, float64), Buffer("b", (4,), float64)
    at = Affine.of
    product = call(
        MULTIPLY,
        reading(x, at(n), at(i, 2) + at(p) + -1, at(j) + at(q), at(c)),
        reading(w, at(p), at(q), at(c), at(o)),
    )
    guarded = Guard(((at(i, 2) + at(p) + -1, 4),), product)
    total = call(ADD, Reduce(SUM, (p, q, c), (guarded,)), reading(b, at(o)))
    y = Buffer("y", (4,) * 4, float64)
    assert formula(nest([n, i, j, o], y, call(MAXIMUM, total, Constant(0, float64)))) == (
        "y[n,i,j,o] = max(Σ_{p,q,c} [0 ≤ 2·i+p-1 < 4]·(x[n,2·i+p-1,j+q,c]·w[p,q,c,o]) + b[o], 0)"
    )


def test_what_is_used_twice_has_a_line_of_its_own():
    i, k = Axis("a0", 4), Axis("a0.3", 4)
    x = Buffer("activations", (4, 4), float64)
    inner = call(EXP, call(MULTIPLY, reading(x, Affine.of(i), Affine.of(k)), Constant(0.5, float64)))
    total = Reduce(SUM, (k,), (call(MULTIPLY, inner, call(ADD, inner, Constant(1, float64))),))
    assert formula(nest([i], Buffer("y", (4,), float64), total)).splitlines() == [
        "y[i] = Σ_{j} t1[j]·(t1[j] + 1)",
        "  where t1[j] = exp(activations[i,j]·0.5)",
    ]


def test_an_output_is_named_in_those_after_it():
    i = Axis("i", 4)
    x, y, z = (Buffer(name, (4,), float64) for name in "xyz")
    at = (Affine.of(i),)
    first = call(EXP, Read(x, at))
    second = call(WHERE, call(EQUAL, first, Constant(1, float64)), first, Constant(-1, float64))
    both = LoopNest((i,), (Output(y, at, first), Output(z, at, second)))
    assert formula(both).splitlines() == ["y[i] = exp(x[i])", "z[i] = where(y[i] == 1, y[i], -1)"]


def test_names_cannot_break_out_of_a_comment():
    name = "a\\\n*/ int x; // [b]"
    i = Axis("i", 4)
    text = formula(nest([i], Buffer(name, (4,), float64), Read(Buffer(name, (4,), float64), (Affine.of(i),))))
    assert "\\" not in text
    assert "\n" not in text
    assert "*/" not in plain("a*/b")


def test_depth_is_no_matter():
    e: Expression = Read(BUFFERS[0], ())
    for _ in range(5000):
        e = call(EXP, e)
    text = formula(nest([], Buffer("y", (), float64), e))
    assert text.count("\n") == LINES
    assert text.endswith("lines more")


# ---------------------------------------------------------------------------------------------- for every operation
def require_readable(n: LoopNest) -> None:
    text = formula(n)
    lines = text.splitlines()
    assert len(lines) <= LINES + 1
    assert max(map(len, lines)) < 1000, text
    for opening, closing in ("()", "[]", "{}"):
        assert text.count(opening) == text.count(closing), text
    assert "object at" not in text
    outputs = lines[: len(n.outputs)]
    for o, line in zip(n.outputs, outputs, strict=True):
        assert line.startswith(plain(o.buffer.name))
        assert (" += " if o.accumulate else " = ") in line
    if len(lines) <= LINES:
        for e in n.parts:
            assert not isinstance(e, Read) or plain(e.buffer.name) in text


def tensors(case: Case) -> Sequence[Tensor]:
    inputs = case.placeholders(symbolic=bool(case.batch))
    if not case.floats:
        return [case(*inputs)]
    floats = [inputs[k] for k in case.floats]
    return [*jvp(case.of_floats(inputs), floats, floats)]


@pytest.mark.parametrize("name", CASES)
def test_every_operation_has_formulas(name):
    @given(CASES[name])
    @settings(
        max_examples=60 if full() else 3,
        derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def check(case: Case) -> None:
        for n in lower(tensors(case), Expressions()).nests:
            require_readable(n)

    check()


def test_random_numbers_stay_short():
    """The counter of a random number is used in every one of its rounds: on paper its expression is enormous."""
    y = ops.uniform((3,), input_tensor("seed", (), "int64"))
    nests = lower([y], Expressions()).nests
    assert nests
    for n in nests:
        require_readable(n)
