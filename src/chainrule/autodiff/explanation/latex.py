"""Formulas and documents in LaTeX, with the package amsmath."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from chainrule.autodiff.explanation.document import Document, Entry

_SIGNS = {"≠": r"\neq", "≤": r"\leq", "≥": r"\geq"}
_KNOWN = {"exp", "log", "max", "min", "sin", "cos", "tan", "tanh", "sinh", "cosh"}  # LaTeX's own
_LONG = 70  # characters of the text, above which each side has a line of its own
_SPECIAL = {
    **{c: f"\\{c}" for c in "&%$#_{}"}, "\\": r"\textbackslash{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "∂": r"$\partial{}$", "×": r"$\times{}$", "⊙": r"$\odot{}$", "·": r"$\cdot{}$",
    "Σ": r"$\Sigma{}$",
    **{c: f"$_{k}$" for k, c in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    "⁽": "$^($", "⁾": "$^)$", "¹": "$^1$", "²": "$^2$", "³": "$^3$",
}  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ formulas
def formula(part: Formula) -> str:  # noqa: C901 - one case for each kind of part
    """The formula for LaTeX's mathematics."""
    match part:
        case Symbol(name):
            stem, number = split_name(name)
            return _word(stem) + (f"_{{{number}}}" if number else "")
        case Element(array, index):
            return f"{formula(array)}[{','.join(index)}]".replace("·", r"\cdot ")
        case Literal(value):
            return _number(value)
        case Numbers(value):
            return _numbers(value)
        case Derivative(of, by, partial, place):
            d = r"\partial " if partial else r"\mathrm{d}"
            fraction = rf"\frac{{{d}{formula(of)}}}{{{d}{formula(by)}}}"
            return f"{fraction}^{{({place})}}" if place else fraction
        case Sum(terms):
            return "".join(_signed(term, first=k == 0) for k, term in enumerate(terms))
        case Negative(term):
            return f"-{_within(term, PRODUCT)}"
        case Product(factors, elementwise):
            return (r" \odot " if elementwise else r" \cdot ").join(_within(f, PRODUCT) for f in factors)
        case Quotient(above, below):
            return rf"\frac{{{formula(above)}}}{{{formula(below)}}}"
        case Power(base, exponent):
            return f"{{{_within(base, ATOM)}}}^{{{formula(exponent)}}}"
        case Comparison(sign, left, right):
            return f"{_within(left, SUM)} {_SIGNS.get(sign, sign)} {_within(right, SUM)}"
        case Truth(condition):
            return rf"\left[{formula(condition)}\right]"
        case Choice(condition, chosen, otherwise):
            words = rf"\ \mathrm{{{text.IF()}}}\ ", rf"\ \mathrm{{{text.ELSE()}}}\ "
            return rf"\left({formula(chosen)}{words[0]}{formula(condition)},{words[1]}{formula(otherwise)}\right)"
        case Function("absolute", (argument,)):
            return rf"\left|{formula(argument)}\right|"
        case Function("sqrt", (argument,)):
            return rf"\sqrt{{{formula(argument)}}}"
        case Function(name, arguments, settings):
            inside = [*map(formula, arguments), *(rf"\mathrm{{{_escaped(f'{k}={v}')}}}" for k, v in settings)]
            return rf"{_function(WORDS.get(name, name))}\left({', '.join(inside)}\right)"
        case Total(letters, body):
            return rf"\sum_{{{','.join(letters)}}} {_within(body, PRODUCT)}"
        case Others(count, value):
            return rf"\mathrm{{({_plain(text.OTHERS(count=count, value=shown_number(value)))})}}"
    raise TypeError(part)


def _within(part: Formula, least: int) -> str:
    return formula(part) if part.binding >= least else rf"\left({formula(part)}\right)"


def _signed(term: Formula, *, first: bool) -> str:
    if isinstance(term, Negative):
        return ("-" if first else " - ") + _within(term.term, PRODUCT)
    return formula(term) if first else f" + {_within(term, PRODUCT)}"


def _word(name: str) -> str:
    return name if len(name) == 1 and name.isascii() else rf"\mathrm{{{_plain(name)}}}"


def _function(name: str) -> str:
    return f"\\{name}" if name in _KNOWN else rf"\mathrm{{{_plain(name)}}}"


def _plain(words: str) -> str:
    """Words in mathematics: blanks are kept, and signs need no dollars."""
    return _escaped(words).replace("$", "").replace(" ", r"\ ")


def _number(value: float) -> str:
    shown = shown_number(value)
    if shown in ("nan", "true", "false"):
        return rf"\mathrm{{{shown}}}"
    mantissa, e, exponent = shown.replace("inf", r"\infty").partition("e")
    return rf"{mantissa} \cdot 10^{{{exponent}}}" if e else mantissa


def _numbers(value: Array) -> str:
    short = abbreviated(value)
    if short is not None or value.ndim > 2:
        return rf"\mathrm{{{_plain(short or text.formula(Numbers(value)))}}}"
    rows = value if value.ndim == 2 else value.reshape(1, -1)
    body = r" \\ ".join(" & ".join(_number(x) for x in row) for row in rows.tolist())
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _escaped(words: str) -> str:
    """Words for LaTeX's text."""
    return "".join(_SPECIAL.get(c, c) for c in words)


# ----------------------------------------------------------------------------------------------------------- documents
def written(document: Document) -> str:
    """The document as paragraphs and align* environments."""
    lines = [rf"\subsection*{{{_escaped(document.title)}}}"]
    for section in document.sections:
        lines += [rf"\paragraph{{{_escaped(section.heading)}}}", r"\begin{align*}"]
        rows = [row for entry in section.entries for row in _rows(entry)]
        lines += [f"{row} \\\\" for row in rows[:-1]] + rows[-1:]
        lines.append(r"\end{align*}")
    if document.legend:
        lines.append(rf"\noindent {_escaped('; '.join(document.legend))}.")
    return "\n".join(lines)


def _rows(entry: Entry) -> list[str]:
    rows = [row for equation in entry.equations for row in _lines(equation)]
    if entry.remark:
        rows[-1] += rf" && \text{{({_escaped(re.sub(r';.*', '', entry.remark))})}}"
    return rows


def _lines(equation: Equation) -> list[str]:
    left, *rest = (_within(side, SUM) for side in equation.sides)
    label = rf"\text{{{_escaped(equation.label)}: }} " if equation.label else ""
    relation = r"\mathrel{+}=" if equation.relation == "+=" else "="
    if not rest:
        return [f"{label}{left}"]
    if len(text.equation(equation, _LONG)) == 1:
        return [f"{label}{left} &{relation} {' = '.join(rest)}"]
    rows = []
    for k, (side, shown) in enumerate(zip(equation.sides[1:], rest, strict=True)):
        terms = [shown]
        if isinstance(side, Sum) and len(text.formula(side)) > _LONG:
            terms = [_signed(term, first=j == 0) for j, term in enumerate(side.terms)]
        rows += [f"{f'{label}{left} ' if k == 0 else ''}&{relation if k == 0 else '='} {terms[0]}"]
        rows += [rf"&\quad {term}" for term in terms[1:]]
    return rows
