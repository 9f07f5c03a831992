"""Formulas in MathML, which browsers show by themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from chainrule.autodiff.explanation import text
from chainrule.autodiff.explanation.formula import (
    ATOM,
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
from chainrule.graph.operation import Array


def equation(given: Equation) -> str:
    """The equation as one piece of MathML."""
    signs = [given.relation, *["="] * (len(given.sides) - 2)]
    parts = [_within(given.sides[0], SUM)]
    for sign, side in zip(signs, given.sides[1:], strict=False):
        parts += [_sign(sign), _within(side, SUM)]
    label = f"<mtext>{escape(given.label)}:&#160;</mtext>" if given.label else ""
    return f'<math displaystyle="true">{label}{_row(*parts)}</math>'


def formula(part: Formula) -> str:  # noqa: C901 - one case for each kind of part
    """The formula as an element of MathML."""
    match part:
        case Symbol(name):
            stem, number = split_name(name)
            word = f"<mi>{escape(stem)}</mi>"
            return f"<msub>{word}<mn>{number}</mn></msub>" if number else word
        case Element(array, index):
            return _row(formula(array), _fence("["), _letters(index), _fence("]"))
        case Literal(value):
            return _number(value)
        case Numbers(value):
            return _numbers(value)
        case Derivative(of, by, partial, place):
            d = "<mo>∂</mo>" if partial else '<mi mathvariant="normal">d</mi>'
            fraction = f"<mfrac>{_row(d, formula(of))}{_row(d, formula(by))}</mfrac>"
            return f"<msup>{fraction}<mtext>({place})</mtext></msup>" if place else fraction
        case Sum(terms):
            return _row(*(piece for k, term in enumerate(terms) for piece in _signed(term, first=k == 0)))
        case Negative(term):
            return _row(_sign("−"), _within(term, PRODUCT))
        case Product(factors, elementwise):
            return _joined("⊙" if elementwise else "·", [_within(f, PRODUCT) for f in factors])
        case Quotient(above, below):
            return f"<mfrac>{formula(above)}{formula(below)}</mfrac>"
        case Power(base, exponent):
            return f"<msup>{_within(base, ATOM)}{formula(exponent)}</msup>"
        case Comparison(sign, left, right):
            return _joined(sign, [_within(left, SUM), _within(right, SUM)])
        case Truth(condition):
            return _row(_fence("["), formula(condition), _fence("]"))
        case Choice(condition, chosen, otherwise):
            words = [f"<mtext>&#160;{escape(word)}&#160;</mtext>" for word in (text.IF(), f", {text.ELSE()}")]
            chosen_if = formula(chosen), words[0], formula(condition)
            return _row(_fence("("), *chosen_if, words[1], formula(otherwise), _fence(")"))
        case Function("absolute", (argument,)):
            return _row(_fence("|"), formula(argument), _fence("|"))
        case Function("sqrt", (argument,)):
            return f"<msqrt>{formula(argument)}</msqrt>"
        case Function(name, arguments, settings):
            inside = [*map(formula, arguments), *(f"<mtext>{escape(f'{k}={v}')}</mtext>" for k, v in settings)]
            name = f"<mi>{escape(WORDS.get(name, name))}</mi>"
            return _row(name, _fence("("), _joined(",", inside), _fence(")"))
        case Total(letters, body):
            under = f"<munder><mo>∑</mo>{_letters(letters)}</munder>"
            return _row(under, _within(body, PRODUCT))
        case Others(count, value):
            return f"<mtext>({escape(text.OTHERS(count=count, value=shown_number(value)))})</mtext>"
    raise TypeError(part)


def _letters(index: Sequence[str]) -> str:
    """Entries of an index such as 2·i+p: names, numbers and signs."""
    tokens = re.findall(r"[^\W\d]\w*|\d+|.", ",".join(index))
    return _row(*(f"<mi>{t}</mi>" if t[0].isalpha() else f"<mn>{t}</mn>" if t.isdigit() else _sign(t) for t in tokens))


def _row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _joined(sign: str, parts: list[str]) -> str:
    return _row(_sign(sign).join(parts))


def _sign(sign: str) -> str:
    return f"<mo>{escape(sign)}</mo>"


def _fence(sign: str) -> str:
    return f'<mo stretchy="false">{sign}</mo>'


def _within(part: Formula, least: int) -> str:
    return formula(part) if part.binding >= least else _row(_fence("("), formula(part), _fence(")"))


def _signed(term: Formula, *, first: bool) -> list[str]:
    if isinstance(term, Negative):
        return [_sign("−"), _within(term.term, PRODUCT)]
    return [formula(term)] if first else [_sign("+"), _within(term, PRODUCT)]


def _number(value: float) -> str:
    shown = shown_number(value).replace("inf", "∞")
    sign = _sign("−") if shown.startswith("-") else ""
    mantissa, e, exponent = shown.lstrip("-").partition("e")
    digits = f"<mn>{mantissa}</mn>"
    if e:
        digits += f"<mo>·</mo><msup><mn>10</mn><mn>{exponent.replace('-', '−')}</mn></msup>"
    return _row(sign, digits) if sign or e else digits


def _numbers(value: Array) -> str:
    short = abbreviated(value)
    if short is not None or value.ndim > 2:
        return f"<mtext>{escape(short or text.formula(Numbers(value)))}</mtext>"
    rows: Any = (value if value.ndim == 2 else value.reshape(1, -1)).tolist()
    body = "".join(f"<mtr>{''.join(f'<mtd>{_number(x)}</mtd>' for x in row)}</mtr>" for row in rows)
    return _row("<mo>[</mo>", f"<mtable>{body}</mtable>", "<mo>]</mo>")
