"""What a formula of numbers comes to, worked out from how it is written: the authority for what explanations print."""

from __future__ import annotations

import math
import operator

import numpy as np

from chainrule.autodiff.explanation import formula as f
from chainrule.graph.scalar import FUNCTIONS

_SIGNS = {
    "=": operator.eq, "≠": operator.ne, "<": operator.lt, "≤": operator.le, ">": operator.gt, "≥": operator.ge,
}  # fmt: skip


def worked_out(part: f.Formula) -> float:
    """The value of a formula without symbols."""
    match part:
        case f.Literal(value) | f.Others(_, value):
            return float(value)
        case f.Sum(terms):
            return math.fsum(map(worked_out, terms)) if all(map(math.isfinite, map(worked_out, terms))) else math.nan
        case f.Negative(term):
            return -worked_out(term)
        case f.Product(factors):
            return math.prod(map(worked_out, factors))
        case f.Quotient(above, below):
            return worked_out(above) / worked_out(below)
        case f.Power(base, exponent):
            return float(worked_out(base) ** worked_out(exponent))
        case f.Comparison(sign, left, right):
            return float(_SIGNS[sign](worked_out(left), worked_out(right)))
        case f.Truth(condition):
            return float(worked_out(condition))
        case f.Choice(condition, chosen, otherwise):
            return worked_out(chosen) if worked_out(condition) else worked_out(otherwise)
        case f.Function("not", (argument,)):
            return not worked_out(argument)
        case f.Function(name, arguments):
            with np.errstate(all="ignore"):
                return float(FUNCTIONS[name].numpy(*map(worked_out, arguments)))
    raise TypeError(part)
