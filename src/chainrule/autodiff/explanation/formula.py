"""Formulas as small trees, said once and written in three ways: as text, in LaTeX and in MathML.

Symbols of variables, numbers, derivatives in Leibniz's notation, and what joins them. `d` is a derivative along all
paths, `∂` that of a single step while its other inputs stay as they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from chainrule.graph.operation import Array
from chainrule.messages import Message

_EMPTY = Message("explain.no_numbers", en="{shape}: no numbers", zh="{shape}：没有数")
_ABBREVIATED = Message(
    "explain.numbers",
    en="{shape}: {size:,} numbers from {low} to {high}",
    zh="{shape}：{size:,} 个数，从 {low} 到 {high}",
)

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4  # how tightly a formula holds together


class Formula:
    """A part of a formula; plain data, compared by contents."""

    binding = ATOM


@dataclass(frozen=True)
class Symbol(Formula):
    """A variable; digits at the end of its name are written as an index: w1 is w₁."""

    name: str


@dataclass(frozen=True)
class Element(Formula):
    """An element of an array: w[2,1], or with letters, h[n,o]."""

    array: Symbol
    index: tuple[str, ...]


@dataclass(frozen=True)
class Literal(Formula):
    """A number, or a truth value."""

    value: float

    @property
    def binding(self) -> int:  # type: ignore[override]
        shown = shown_number(self.value)
        return SUM if shown.startswith("-") else PRODUCT if "e" in shown else ATOM


@dataclass(frozen=True, eq=False)
class Numbers(Formula):
    """The numbers of an array."""

    value: Array


@dataclass(frozen=True)
class Derivative(Formula):
    """dL/dw, or ∂y/∂z where it is that of one step; `place` tells uses of one variable by one step apart."""

    of: Formula
    by: Formula
    partial: bool = False
    place: int = 0


@dataclass(frozen=True)
class Sum(Formula):
    terms: tuple[Formula, ...]
    binding = SUM


@dataclass(frozen=True)
class Negative(Formula):
    term: Formula
    binding = SUM


@dataclass(frozen=True)
class Product(Formula):
    """Factors; of arrays, element by element."""

    factors: tuple[Formula, ...]
    elementwise: bool = False
    binding = PRODUCT


@dataclass(frozen=True)
class Quotient(Formula):
    above: Formula
    below: Formula
    binding = PRODUCT


@dataclass(frozen=True)
class Power(Formula):
    base: Formula
    exponent: Formula
    binding = POWER


@dataclass(frozen=True)
class Comparison(Formula):
    sign: str
    left: Formula
    right: Formula
    binding = 0


@dataclass(frozen=True)
class Truth(Formula):
    """Iverson's bracket: 1 where the condition holds, 0 elsewhere."""

    condition: Formula


@dataclass(frozen=True)
class Choice(Formula):
    """One formula where a condition holds, another elsewhere."""

    condition: Formula
    chosen: Formula
    otherwise: Formula


@dataclass(frozen=True)
class Function(Formula):
    """A function by its name, with its arguments and what else decides it, such as an axis."""

    name: str
    arguments: tuple[Formula, ...]
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Total(Formula):
    """A sum over every value of some letters; without letters, over all paths."""

    letters: tuple[str, ...]
    body: Formula
    binding = SUM


@dataclass(frozen=True)
class Others(Formula):
    """What is left out of a long sum: how many terms, and what they add up to."""

    count: int
    value: float


@dataclass(frozen=True)
class Equation:
    """Sides that are all equal; neighbours that would be the same are written once."""

    sides: tuple[Formula, ...]
    relation: str = "="  # of the first two: += where a formula adds to the elements that it meets
    label: str = ""

    def __post_init__(self) -> None:
        kept = [side for k, side in enumerate(self.sides) if k == 0 or side != self.sides[k - 1]]
        object.__setattr__(self, "sides", tuple(kept))


def total(terms: tuple[Formula, ...]) -> Formula:
    """Their sum; one alone is itself."""
    return terms[0] if len(terms) == 1 else Sum(terms)


def product(*factors: Formula, elementwise: bool = False) -> Formula:
    """Their product; one alone is itself."""
    return factors[0] if len(factors) == 1 else Product(factors, elementwise)


def literal(value: Array) -> Formula:
    """The numbers of an array, or its one number if it has no axes."""
    return Numbers(value) if value.ndim else Literal(value.item())


WORDS = {
    "maximum": "max",
    "minimum": "min",
    "power": "pow",
    "logical_not": "not",
}  # functions whose names people write otherwise


def split_name(name: str) -> tuple[str, str]:
    """A letter and the number behind it, which is written as an index: w1 and w_1 are w and 1; conv1 stays one name."""
    found = re.fullmatch(r"([^\W\d_])_?(\d+)", name)
    return (found[1], found[2]) if found else (name, "")


def shown_number(value: float) -> str:
    """Five digits of a number, in the shortest form: 0.5, -3, 1.2346e-07."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < 10**9:
        return str(value)
    shown = f"{value:.5g}"
    mantissa, e, exponent = shown.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else "0" if shown == "-0" else shown


def rounded(value: float) -> bool:
    """Whether five digits leave something out, beyond the precision of float32."""
    return math.isfinite(value) and abs(float(f"{value:.5g}") - value) > 1e-6 * abs(value)


def rewritten(formula: Formula, rule: Callable[[Formula], Formula]) -> Formula:
    """The formula with the rule applied to every part, innermost first. Derivatives are names, and stay."""
    if isinstance(formula, Derivative | Element):
        return rule(formula)

    def inside(part: Any) -> Any:
        if isinstance(part, Formula):
            return rewritten(part, rule)
        return tuple(map(inside, part)) if isinstance(part, tuple) else part

    parts: Any = formula
    return rule(replace(parts, **{f.name: inside(getattr(formula, f.name)) for f in fields(parts)}))


def with_numbers(formula: Formula, values: Mapping[Formula, Formula]) -> Formula:
    """The formula with numbers in place of symbols and derivatives, none of them worked out."""
    return rewritten(formula, lambda part: values.get(part, part) if not isinstance(part, Numbers) else part)


def abbreviated(value: Array, limit: int = 16) -> str | None:
    """What is said of an array that is too large to be written down: None where it is not."""
    if value.size <= limit:
        return None
    shape = "×".join(map(str, value.shape))
    if value.size == 0:
        return _EMPTY(shape=shape)
    low, high = (shown_number(float(end(value))) for end in (np.min, np.max))
    return _ABBREVIATED(shape=shape, size=value.size, low=low, high=high)
