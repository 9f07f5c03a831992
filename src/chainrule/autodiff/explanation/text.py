"""Formulas and documents as plain text."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from chainrule.autodiff.explanation.formula import (
    ATOM,
    POWER,
    PRODUCT,
    SUM,
    WORDS,
    Choice,
    Comparison,
    Derivative,
    Element,
    Equation,
    Formula,
    Function,
    Literal,
    Negative,
    Numbers,
    Others,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    Total,
    Truth,
    abbreviated,
    shown_number,
    split_name,
)
from chainrule.messages import Message

if TYPE_CHECKING:
    from chainrule.autodiff.explanation.document import Document, Entry

OTHERS = Message(
    "explain.others", en="{count:,} smaller ones, {value} together", zh="其余较小的 {count:,} 项之和为 {value}"
)
IF = Message("explain.if", en="if", zh="若")
ELSE = Message("explain.else", en="else", zh="否则")

_WIDTH = 118
_LOWERED = str.maketrans("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_RAISED = str.maketrans("0123456789()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾")


# ------------------------------------------------------------------------------------------------------------ formulas
def formula(part: Formula) -> str:  # noqa: C901 - one case for each kind of part
    """The formula on one line."""
    match part:
        case Symbol(name):
            stem, number = split_name(name)
            return stem + number.translate(_LOWERED)
        case Element(array, index):
            return f"{formula(array)}[{','.join(index)}]"
        case Literal(value):
            return shown_number(value)
        case Numbers(value):
            return abbreviated(value) or _nested(value.tolist())
        case Derivative(of, by, partial, place):
            d = "∂" if partial else "d"
            return f"{d}{_set_off(of)}/{d}{_set_off(by)}" + (f"({place})".translate(_RAISED) if place else "")
        case Sum(terms):
            return "".join(_signed(term, first=k == 0) for k, term in enumerate(terms))
        case Negative(term):
            return f"-{_within(term, PRODUCT)}"
        case Product(factors, elementwise):
            spaced = any(isinstance(f, Derivative) for f in factors)
            return (" ⊙ " if elementwise else " · " if spaced else "·").join(_within(f, PRODUCT) for f in factors)
        case Quotient(above, below):
            return f"{_within(above, PRODUCT)}/{_within(below, POWER)}"
        case Power(base, exponent):
            shown = formula(exponent)
            raised = shown.translate(_RAISED) if shown.isdigit() else f"^({shown})"
            return _within(base, ATOM) + raised
        case Comparison(sign, left, right):
            return f"{_within(left, SUM)} {sign} {_within(right, SUM)}"
        case Truth(condition):
            return f"[{formula(condition)}]"
        case Choice(condition, chosen, otherwise):
            return f"({formula(chosen)} {IF()} {formula(condition)}, {ELSE()} {formula(otherwise)})"
        case Function("absolute", (argument,)):
            return f"|{formula(argument)}|"
        case Function(name, arguments, settings):
            inside = [*map(formula, arguments), *(f"{key}={value}" for key, value in settings)]
            return f"{WORDS.get(name, name)}({', '.join(inside)})"
        case Total(letters, body):
            under = "".join(letters).translate(_LOWERED)
            plain = any(letter.isalnum() and letter.isascii() for letter in under)
            return f"Σ{'_' + ','.join(letters) if plain else under} {_within(body, PRODUCT)}"
        case Others(count, value):
            return f"({OTHERS(count=count, value=shown_number(value))})"
    raise TypeError(part)


def _set_off(variable: Formula) -> str:
    """A variable behind a d: in brackets where its name is longer than a letter."""
    symbol = variable.array if isinstance(variable, Element) else variable
    long = isinstance(symbol, Symbol) and len(split_name(symbol.name)[0]) > 1
    return f"({formula(variable)})" if long else formula(variable)


def _within(part: Formula, least: int) -> str:
    return formula(part) if part.binding >= least else f"({formula(part)})"


def _signed(term: Formula, *, first: bool) -> str:
    if isinstance(term, Negative):
        return ("-" if first else " - ") + _within(term.term, PRODUCT)
    return formula(term) if first else f" + {_within(term, PRODUCT)}"


def _nested(values: Any) -> str:
    if isinstance(values, list):
        return f"[{', '.join(map(_nested, values))}]"
    return shown_number(values)


# ----------------------------------------------------------------------------------------------------------- documents
def equation(given: Equation, room: int = _WIDTH) -> list[str]:
    """The equation on one line, or with a line for each side where that would be too long."""
    left, *rest = (_within(side, SUM) for side in given.sides)
    start = f"{given.label}: {left}" if given.label else left
    signs = [given.relation, *["="] * (len(rest) - 1)]
    whole = start + "".join(f" {sign} {side}" for sign, side in zip(signs, rest, strict=True))
    if len(whole) <= room or len(rest) < 2:
        return [whole]
    lines = [start]
    for sign, side, written in zip(signs, given.sides[1:], rest, strict=True):
        terms = summands(side) if len(written) > room else [written]
        lines += [f"  {sign} {terms[0]}", *(f"    {term}" for term in terms[1:])]
    return lines


def summands(side: Formula) -> list[str]:
    """The terms of a sum, each with its sign, for a line of its own."""
    terms = side.terms if isinstance(side, Sum) else (side,)
    return [_signed(term, first=k == 0).strip() for k, term in enumerate(terms)]


def written(document: Document) -> str:
    """The document with a line for each equation."""
    lines = [document.title]
    for section in document.sections:
        lines += ["", *wrap(section.heading, _WIDTH)]
        width = max((len(entry.label) for entry in section.entries), default=0)
        for entry in section.entries:
            lines += _entry(entry, width)
    if document.legend:
        lines += ["", *document.legend]
    return "\n".join(lines)


def _entry(entry: Entry, width: int) -> list[str]:
    margin = "  " + (" " * (width + 2) if width else "")
    lines = [line for e in entry.equations for line in equation(e, _WIDTH - len(margin))]
    lines[-1] += f"   ({entry.remark})" if entry.remark else ""
    first = f"  {entry.label:>{width}}  " if width else margin
    return [(first if k == 0 else margin) + line for k, line in enumerate(lines)]
