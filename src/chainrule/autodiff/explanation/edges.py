"""The formula of what flows along one edge: arriving × local derivative, with letters where arrays need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.autodiff.explanation.declared import (
    access,
    element,
    letters,
    local_product,
    partial_formulas,
    plain_letters,
)
from chainrule.autodiff.explanation.formula import Derivative, Formula, Literal, Symbol, Total, product
from chainrule.graph.operation import Operation
from chainrule.graph.tensor import Tensor
from chainrule.ops.kinds.elementwise import Elementwise
from chainrule.ops.kinds.indexed import Indexed


@dataclass(frozen=True)
class Notation:
    """How derivatives are written: dL/dv of one target in reverse mode, dv/ds along one direction in forward mode."""

    target: Symbol | None
    along: Symbol | None

    def of(self, variable: Formula) -> Formula:
        """The derivative that belongs to a variable."""
        if self.target is not None:
            return Derivative(self.target, variable)
        assert self.along is not None
        return Derivative(variable, self.along)


@dataclass(frozen=True)
class EdgeFormula:
    """The local derivative, what is declared of it, and the product with what arrives, contributed to `left`."""

    arriving: Formula
    local: Formula
    declared: Formula | None
    left: Formula
    product: Formula
    adds: bool = False


def edge_formula(
    notation: Notation,
    operation: Operation | None,
    step: Tensor,
    place: int,
    symbols: tuple[Symbol, Symbol],
    inputs: Sequence[Formula],
    x: Tensor,
) -> EdgeFormula:
    """The formulas of the edge from input `place`, which is x, to a step; the symbols are the step's and x's.

    The operation is the step's, or None where the step consists of others.
    """
    u, v = symbols
    single = step.shape == () and x.shape == ()
    repeated = sum(other == v for other in inputs) > 1
    if isinstance(operation, Indexed):
        return _of_indexed(notation, step, place, symbols, inputs)
    if isinstance(operation, Elementwise):
        declared = partial_formulas(step, u, inputs)[place]
        if single or step.shape == x.shape or notation.target is None:
            local = Derivative(u, v, partial=True, place=place + 1 if repeated else 0)
            return _joined(notation, u, v, local, declared, elementwise=not single)
        own = plain_letters(step.ndim)
        aligned = list(zip(own[step.ndim - x.ndim :], x.shape, step.shape[step.ndim - x.ndim :], strict=True))
        index = ["0" if e == 1 and target != 1 else letter for letter, e, target in aligned]
        return _with_letters(notation, step, symbols, own, index, declared)
    if single:
        return _joined(notation, u, v, Derivative(u, v, partial=True), None)
    own = plain_letters(step.ndim)
    return _with_letters(notation, step, symbols, own, plain_letters(x.ndim, without=own), None)


def _joined(
    notation: Notation, u: Formula, v: Formula, local: Formula, declared: Formula | None, *, elementwise: bool = False
) -> EdgeFormula:
    if notation.target is not None:
        arriving, left = notation.of(u), notation.of(v)
        joined = product(arriving, local, elementwise=elementwise)
    else:
        arriving, left = notation.of(v), notation.of(u)
        joined = product(local, arriving, elementwise=elementwise)
    return EdgeFormula(arriving, local, declared, left, joined)


def _with_letters(
    notation: Notation,
    step: Tensor,
    symbols: tuple[Symbol, Symbol],
    own: Sequence[str],
    index: Sequence[str],
    declared: Formula | None,
) -> EdgeFormula:
    """Summed over the letters that what is derived does not have."""
    u, v = element(symbols[0], own), element(symbols[1], index)
    found = _joined(notation, u, v, Derivative(u, v, partial=True), declared)
    reverse = notation.target is not None
    summed = tuple(a for a in (own if reverse else index) if a not in (index if reverse else own) and a != "0")
    whole = notation.of(symbols[0] if reverse else symbols[1])
    joined = Total(summed, found.product) if summed else found.product
    return EdgeFormula(whole, found.local, declared, found.left, joined)


def _of_indexed(
    notation: Notation, step: Tensor, place: int, symbols: tuple[Symbol, Symbol], inputs: Sequence[Formula]
) -> EdgeFormula:
    """By the formula: it is linear in each factor, so that the local derivative is the product of the others."""
    assert isinstance(step.operation, Indexed)
    indexing = step.operation.indexing(step)
    letter = letters(indexing)
    own, index = indexing.output, indexing.factors[place]
    u, v = element(symbols[0], access(own, letter)), element(symbols[1], access(index, letter))
    others = local_product(step, place, inputs)
    local = Derivative(u, v, partial=True, place=place + 1 if sum(o == symbols[1] for o in inputs) > 1 else 0)
    reverse = notation.target is not None
    arriving, left = (notation.of(u), notation.of(v)) if reverse else (notation.of(v), notation.of(u))
    target = index if reverse else own
    kept = {axis for i in target for axis in i.axes}
    summed = tuple(letter[a] for a in indexing.axes if a not in kept)
    factors = [f for f in ((arriving, others) if reverse else (others, arriving)) if f != Literal(1)]
    joined = product(*factors)
    pure = [i.pure for i in target if i.axes]
    adds = None in pure or len(set(pure)) < len(pure)
    whole = notation.of(symbols[0] if reverse else symbols[1])
    return EdgeFormula(whole, local, others, left, Total(summed, joined) if summed else joined, adds)
