"""Formulas as text, read into data: scalar formulas such as "1 / (1 + exp(-x))", and index formulas."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from numpy.typing import NDArray

from chainrule.errors import GraphError
from chainrule.graph import scalar
from chainrule.graph.dtype import DType, bool_
from chainrule.graph.expression import Call, Constant, Expression, call
from chainrule.graph.scalar import FUNCTIONS, ScalarFunction
from chainrule.messages import Message, suggestion

_UNREADABLE = Message(
    "formula.unreadable",
    en="the formula '{formula}' cannot be read at '{part}': use + - * / **, comparisons, numbers, names and functions.",
    zh="公式“{formula}”在“{part}”处无法解析：请使用 + - * / **、比较、数字、名称和函数。",
)
_UNKNOWN_FUNCTION = Message(
    "formula.unknown_function",
    en="the formula '{formula}' calls '{name}', which is not a scalar function.{suggestion}",
    zh="公式“{formula}”调用了“{name}”，它不是标量函数。{suggestion}",
)
_ARITY = Message(
    "formula.arity",
    en="the formula '{formula}' gives {name} {given} arguments, but it takes {expected}.",
    zh="公式“{formula}”给了 {name} {given} 个参数，但它需要 {expected} 个。",
)

# ------------------------------------------------------------------------------------------------ scalar formulas
_OPERATORS: dict[type[ast.AST], ScalarFunction] = {
    ast.Add: scalar.ADD, ast.Sub: scalar.SUBTRACT, ast.Mult: scalar.MULTIPLY, ast.Div: scalar.DIVIDE,
    ast.Pow: scalar.POWER, ast.USub: scalar.NEGATIVE, ast.Eq: scalar.EQUAL, ast.NotEq: scalar.NOT_EQUAL,
    ast.Lt: scalar.LESS, ast.LtE: scalar.LESS_EQUAL, ast.Gt: scalar.GREATER, ast.GtE: scalar.GREATER_EQUAL,
}  # fmt: skip


@dataclass(frozen=True)
class Argument(Expression):
    """A named argument of a scalar formula."""

    name: str


@dataclass(frozen=True)
class Number(Expression):
    """A number of a scalar formula; it takes the type of the arguments."""

    value: float


def parse_scalar(formula: str) -> Expression:
    """The expression that a scalar formula denotes, over Arguments and Numbers."""

    def read(node: ast.expr) -> Expression:
        match node:
            case ast.Constant(value=int() | float() as value):
                return Number(value)
            case ast.Name(id=name):
                return Argument(name)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return call(_OPERATORS[type(op)], read(left), read(right))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return Number(-value)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
                return call(_OPERATORS[type(op)], read(operand))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
                return call(_OPERATORS[type(op)], read(left), read(right))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                if name not in FUNCTIONS:
                    raise GraphError(
                        _UNKNOWN_FUNCTION(formula=formula, name=name, suggestion=suggestion(name, FUNCTIONS))
                    )
                function = FUNCTIONS[name]
                if len(arguments) != function.arity:
                    raise GraphError(_ARITY(formula=formula, name=name, given=len(arguments), expected=function.arity))
                return call(function, *map(read, arguments))
        raise GraphError(_UNREADABLE(formula=formula, part=ast.unparse(node)))

    try:
        tree = ast.parse(formula, mode="eval")
    except SyntaxError:
        raise GraphError(_UNREADABLE(formula=formula, part=formula)) from None
    return read(tree.body)


def argument_names(expression: Expression) -> tuple[str, ...]:
    """The names of the arguments, in the order in which they first appear."""
    if isinstance(expression, Argument):
        return (expression.name,)
    return tuple(dict.fromkeys(name for child in expression.children() for name in argument_names(child)))


def evaluate(expression: Expression, arguments: Mapping[str, NDArray[Any]], dtype: DType) -> Any:
    """The formula's value in NumPy; numbers in it are of this type."""
    match expression:
        case Argument(name):
            return arguments[name]
        case Number(value):
            return dtype.numpy.type(value)
        case Call(function, parts):
            return function.numpy(*(evaluate(part, arguments, dtype) for part in parts))
    raise TypeError(expression)


def bind(expression: Expression, arguments: Mapping[str, Expression], dtype: DType) -> Expression:
    """The formula with expressions in place of its arguments; numbers in it are of this type."""
    match expression:
        case Argument(name):
            return arguments[name]
        case Number(value):
            return Constant(bool(value) if dtype is bool_ else value, dtype)  # a 6 is no condition, in bits
        case Call(function, parts):
            return call(function, *(bind(part, arguments, dtype) for part in parts))
    raise TypeError(expression)


# ------------------------------------------------------------------------------------------------- index formulas
@dataclass(frozen=True)
class Term:
    """`letter * factor`, or the factor alone where there is no letter; a factor may be named."""

    letter: str | None
    factor: int | str = 1
    sign: int = 1


@dataclass(frozen=True)
class Access:
    """`name[index, ...]` as written: each index a sum of terms."""

    name: str
    index: tuple[tuple[Term, ...], ...]
    text: str


@dataclass(frozen=True)
class IndexFormula:
    """`output[...] += factor[...] * factor[...]`; of windows, `output[...] max= array[...]`."""

    output: Access
    factors: tuple[Access, ...]


@lru_cache(maxsize=4096)  # formulas hold numbers: x[5] is one of its own
def parse_index_formula(text: str) -> IndexFormula:
    """Read a formula such as "y[n,o] += x[n,i] * w[i,o]"."""
    compact = text.replace(" ", "")
    pattern = r"(\w+)\[([^\]]*)\]"
    left, separator, right = compact.partition("max=" if "max=" in compact else "+=")
    accesses = [_access(name, inside, text) for name, inside in re.findall(pattern, compact)]
    shape = re.sub(pattern, "@", left) + separator + re.sub(pattern, "@", right)
    if not re.fullmatch(r"@\+=@(\*@)*|@max=@", shape):
        raise GraphError(_UNREADABLE(formula=text, part=shape.replace("@", "…")))
    return IndexFormula(accesses[0], tuple(accesses[1:]))


def _access(name: str, inside: str, formula: str) -> Access:
    entries = inside.split(",") if inside else []
    return Access(name, tuple(_terms(entry, formula) for entry in entries), f"{name}[{inside}]")


def _terms(entry: str, formula: str) -> tuple[Term, ...]:
    terms = []
    parts = re.findall(r"[+-]?[^+-]+", entry)
    if not entry or "".join(parts) != entry:  # a sign without a term
        raise GraphError(_UNREADABLE(formula=formula, part=entry))
    for signed in parts:
        sign, body = (-1 if signed[0] == "-" else 1), signed.lstrip("+-")
        number = re.fullmatch(r"\d+", body)
        product = re.fullmatch(r"([^\W\d]\w*)(?:\*(\w+))?", body) or re.fullmatch(r"(?P<k>\d+)\*([^\W\d]\w*)", body)
        if number:
            terms.append(Term(None, int(body), sign))
        elif product is None:
            raise GraphError(_UNREADABLE(formula=formula, part=entry))
        elif "k" in product.groupdict():
            terms.append(Term(product[2], int(product["k"]), sign))
        else:
            factor = product[2] or "1"
            terms.append(Term(product[1], int(factor) if factor.isdigit() else factor, sign))
    return tuple(terms)
