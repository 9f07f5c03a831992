"""What operations declare, read as formulas: their values, and their local derivatives.

Nothing here knows an operation by its name. An elementwise operation declares a scalar formula and its partial
derivatives, an indexed one a sum of products; of all others the name of the function is what can be written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product as combinations
from typing import Any

import numpy as np

from chainrule.autodiff.explanation.formula import (
    Choice,
    Comparison,
    Element,
    Formula,
    Function,
    Literal,
    Negative,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    Total,
    Truth,
    product,
    rewritten,
    total,
)
from chainrule.graph import scalar
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import bool_
from chainrule.graph.expression import Call, Expression
from chainrule.graph.extent import concrete, show_shape
from chainrule.graph.formula import Argument, Number
from chainrule.graph.indexing import Indexing
from chainrule.graph.scalar import ScalarFunction
from chainrule.graph.tensor import NUMBER, Tensor, input_tensor
from chainrule.graph.traversal import topological
from chainrule.ops.kinds.elementwise import Elementwise
from chainrule.ops.kinds.indexed import Indexed

_ARITHMETIC: Mapping[ScalarFunction, Callable[..., Formula]] = {
    scalar.ADD: lambda a, b: Sum((a, b)),
    scalar.SUBTRACT: lambda a, b: Sum((a, Negative(b))),
    scalar.MULTIPLY: lambda a, b: Negative(Product((a.term, b))) if isinstance(a, Negative) else Product((a, b)),
    scalar.DIVIDE: Quotient,
    scalar.POWER: lambda a, b: a if b == Literal(1) else Power(a, b),
    scalar.NEGATIVE: Negative,
    scalar.EQUAL: lambda a, b: _equal(a, b),
    scalar.NOT_EQUAL: lambda a, b: Comparison("≠", a, b),
    scalar.LESS: lambda a, b: Comparison("<", a, b),
    scalar.LESS_EQUAL: lambda a, b: Comparison("≤", a, b),
    scalar.GREATER: lambda a, b: Comparison(">", a, b),
    scalar.GREATER_EQUAL: lambda a, b: Comparison("≥", a, b),
    scalar.WHERE: lambda condition, a, b: _choice(condition, a, b),
}
_LETTERS = "ijklmnpqrstuvw"


# ------------------------------------------------------------------------------------------------------------- values
def value_formula(y: Tensor, symbol: Symbol, inputs: Sequence[Formula]) -> tuple[Formula, Formula]:
    """The two sides of the equation that gives y: its symbol, with letters where they are needed, and its formula."""
    if isinstance(y.operation, Elementwise):
        return symbol, scalar_formula(y.operation, inputs)
    if isinstance(y.operation, Indexed):
        indexing = y.operation.indexing(y)
        letter = letters(indexing)
        factors = [element(x, access(i, letter)) for x, i in zip(inputs, indexing.factors, strict=True)]
        own = {a for i in indexing.output for a in i.axes}
        summed = tuple(letter[a] for a in indexing.axes if a not in own)
        right = product(*factors)
        return element(symbol, access(indexing.output, letter)), Total(summed, right) if summed else right
    return symbol, Function(y.operation.name, tuple(inputs), settings(y))


def scalar_formula(operation: Elementwise, inputs: Sequence[Formula]) -> Formula:
    """The formula that an elementwise operation declares, of these inputs."""
    return _read(operation.expression, dict(zip(operation.arguments, inputs, strict=True)))


def settings(y: Tensor) -> tuple[tuple[str, str], ...]:
    """The attributes of a node that say more than its type."""
    own = {"shape": y.shape, "dtype": y.dtype}
    return tuple(
        (key, show_shape(value) if isinstance(value, tuple) else str(value))
        for key, value in y.attributes.items()
        if key not in own or value != own[key]
    )


# -------------------------------------------------------------------------------------------------- local derivatives
def partial_formulas(y: Tensor, symbol: Formula, inputs: Sequence[Formula]) -> list[Formula | None]:
    """The partial derivatives that an elementwise operation declares, in the symbols of y and of its inputs."""
    assert isinstance(y.operation, Elementwise)
    if y.operation.partials is None:
        return [None] * len(y.inputs)
    place = input_tensor("y", (), y.dtype)
    places = [x if x.operation is NUMBER else input_tensor("x", (), x.dtype) for x in y.inputs]
    known: dict[Tensor, Formula] = {place: symbol, **dict(zip(places, inputs, strict=True))}
    found: list[Formula | None] = []
    for partial in y.operation.partials(place, *places):
        if not isinstance(partial, Tensor):
            found.append(None if partial is None else Literal(partial))
            continue
        formula = rewritten(_of_graph(partial, known), _squared)
        found.append(_truth(formula) if partial.dtype is bool_ else formula)
    return found


def _squared(part: Formula) -> Formula:
    twice = isinstance(part, Product) and len(part.factors) == 2 and part.factors[0] == part.factors[1]
    return Power(part.factors[0], Literal(2)) if isinstance(part, Product) and twice else part


def local_product(y: Tensor, k: int, inputs: Sequence[Formula]) -> Formula:
    """What an indexed operation multiplies its input k by, in letters: the other factors."""
    assert isinstance(y.operation, Indexed)
    indexing = y.operation.indexing(y)
    letter = letters(indexing)
    others = [
        element(x, access(i, letter))
        for j, (x, i) in enumerate(zip(inputs, indexing.factors, strict=True))
        if j != k
    ]  # fmt: skip
    return product(*others) if others else Literal(1)


def product_at(
    y: Tensor, k: int, inputs: Sequence[Formula], of: Sequence[int], by: Sequence[int], batch: int | None
) -> Formula | None:
    """The same at one element of y and one of input k; None where more than four products add up."""
    assert isinstance(y.operation, Indexed)
    indexing = y.operation.indexing(y)
    points = points_at([*indexing.output, *indexing.factors[k]], [*of, *by], indexing, batch, limit=4)
    if not points:
        return None
    found = []
    for point in points:
        others = [
            element(x, [str(_at(i, point)) for i in access_])
            for j, (x, access_) in enumerate(zip(inputs, indexing.factors, strict=True))
            if j != k
        ]
        found.append(product(*others) if others else Literal(1))
    return total(tuple(found))


def points_at(
    index: Sequence[Affine], values: Sequence[int], indexing: Indexing, batch: int | None, limit: int
) -> list[dict[Axis, int]] | None:
    """Every point of the axes where the index has these values; None if there are more than `limit` to try."""
    known: dict[Axis, int] = {axis: 0 for axis in indexing.axes if axis.extent == 1}
    again = True
    while again:  # an equation with one unknown axis gives it; windows give theirs once their position is known
        again = False
        for i, value in zip(index, values, strict=True):
            unknown = [(a, c) for a, c in i.terms if a not in known]
            if len(unknown) == 1:
                ((axis, coefficient),) = unknown
                rest = value - i.constant - sum(c * known[a] for a, c in i.terms if a in known)
                if rest % coefficient:
                    return []
                known[axis], again = rest // coefficient, True
    free = [axis for axis in indexing.axes if axis not in known]
    extents = [range(concrete(axis.extent, batch)) for axis in free]
    count = 1
    for extent in extents:
        count *= len(extent)
    if count > limit:
        return None
    points = [known | dict(zip(free, point, strict=True)) for point in combinations(*extents)]
    return [
        p
        for p in points
        if all(_at(i, p) == v for i, v in zip(index, values, strict=True))
        and all(0 <= p[a] < concrete(a.extent, batch) for a in indexing.axes)
    ]


def _at(index: Affine, point: Mapping[Axis, int]) -> int:
    return index.constant + sum(c * point[a] for a, c in index.terms)


# ------------------------------------------------------------------------------------------------------------ letters
def letters(indexing: Indexing) -> dict[Axis, str]:
    """A letter for each axis: its own, or a plain one where it was made up, as a0 was."""
    taken = {axis.name for axis in indexing.axes if axis.name.isalpha()}
    fresh = iter([letter for letter in _LETTERS if letter not in taken])
    return {axis: axis.name if axis.name.isalpha() else next(fresh, axis.name) for axis in indexing.axes}


def plain_letters(rank: int, without: Sequence[str] = ()) -> tuple[str, ...]:
    """So many letters for axes that have no name."""
    free = [letter for letter in _LETTERS if letter not in without]
    return tuple(free[:rank] if rank <= len(free) else [f"a{k}" for k in range(rank)])


def access(index: Sequence[Affine], letter: Mapping[Axis, str]) -> list[str]:
    """The entries of an index, in letters."""
    shown = []
    for i in index:
        parts = [letter[a] if c == 1 else f"-{letter[a]}" if c == -1 else f"{c}·{letter[a]}" for a, c in i.terms]
        parts += [str(i.constant)] if i.constant or not parts else []
        shown.append("+".join(parts).replace("+-", "-"))
    return shown


def element(array: Formula, index: Sequence[str]) -> Formula:
    """An element of an array; what has no axes is itself."""
    return Element(array, tuple(index)) if index and isinstance(array, Symbol) else array


# ------------------------------------------------------------------------------------------------------------ reading
def _read(expression: Expression, known: Mapping[str, Formula]) -> Formula:
    match expression:
        case Argument(name):
            return known[name]
        case Number(value):
            return Literal(value)
        case Call(scalar.MULTIPLY, (left, right)) if left == right:
            return Power(_read(left, known), Literal(2))
        case Call(scalar.MULTIPLY, (Call(scalar.NEGATIVE, (left,)), right)) if left == right:
            return Negative(Power(_read(left, known), Literal(2)))
        case Call(function, arguments):
            return _called(function, [_read(a, known) for a in arguments])
    raise TypeError(expression)


def _called(function: ScalarFunction, arguments: Sequence[Formula]) -> Formula:
    """The function of these, or its value where all are numbers that the graph itself holds."""
    if all(isinstance(a, Literal) for a in arguments):
        with np.errstate(all="ignore"):
            value: Any = function.numpy(*(a.value for a in arguments if isinstance(a, Literal)))
        return Literal(value.item() if hasattr(value, "item") else value)
    if function in _ARITHMETIC:
        return _ARITHMETIC[function](*arguments)
    return Function(function.name, tuple(arguments))


def _equal(a: Formula, b: Formula) -> Formula:
    refuted = isinstance(b, Literal) and isinstance(b.value, bool) and not b.value
    return Function("not", (a,)) if refuted else Comparison("=", a, b)


def _choice(condition: Formula, a: Formula, b: Formula) -> Formula:
    if isinstance(condition, Literal):
        return a if condition.value else b
    if isinstance(a, Literal) and isinstance(b, Literal) and (a.value, b.value) == (1, 0):
        return Truth(condition)
    return Choice(condition, a, b)


def _truth(condition: Formula) -> Formula:
    return Literal(int(condition.value)) if isinstance(condition, Literal) else Truth(condition)


def _of_graph(root: Tensor, known: Mapping[Tensor, Formula]) -> Formula:
    """The formula of a small graph of numbers."""
    made = dict(known)
    for node in topological([root]):
        if node in made:
            continue
        inputs = [made[x] for x in node.inputs]
        if node.operation is NUMBER:
            made[node] = Literal(node.attributes["value"])
        elif isinstance(node.operation, Elementwise):
            made[node] = scalar_formula(node.operation, inputs)
        else:
            made[node] = Function(node.operation.name, tuple(inputs))
    return made[root]
