"""From `buffer[index] += body` over all points, where the index may meet an element often, to nests that gather.

Each position of the output is computed once, as a sum over the points that lead to it: the index is solved for one of
its axes. A stride s (index s·i + d·p + …) splits the output into its residue classes modulo s, one exact nest each:
positions s·b + ρ are met where d·p ≡ ρ, and there i is an integer affine function of b and of what is left of p.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import gcd

from chainrule.graph.affine import Affine, Axis, mixed_radix
from chainrule.graph.expression import SUM, Buffer, Expression, Guard, Reduce, call, substitute, zero
from chainrule.graph.extent import Extent
from chainrule.graph.loopnest import LoopNest, nest
from chainrule.graph.scalar import ADD

Condition = tuple[Affine, Extent]


@dataclass(frozen=True)
class _Term:
    """One part of the sum at a position: axes already solved, conditions on the solutions, axes still to sum over."""

    solved: Mapping[Axis, Affine]
    conditions: tuple[Condition, ...]
    free: tuple[Axis, ...]

    def with_solution(self, by: Mapping[Axis, Affine], condition: Condition, free: Sequence[Axis]) -> _Term:
        solved = {axis: value.substitute(by) for axis, value in self.solved.items()} | dict(by)
        conditions = tuple((index.substitute(by), extent) for index, extent in self.conditions)
        return _Term(solved, (*conditions, condition), tuple(free))


@dataclass(frozen=True)
class _Class:
    """The positions that one nest writes."""

    index: Mapping[int, Affine]  # dimension → output index, over parallel axes
    terms: tuple[_Term, ...]


def gather(buffer: Buffer, index: Sequence[Affine], axes: Sequence[Axis], body: Expression) -> list[LoopNest]:
    """Nests that write every element of the buffer once: its sum of `body` over the points with that index."""
    classes = [_Class({}, (_Term({}, (), tuple(axes)),))]
    # dimensions that are one digit or several claim their axes first; the others are solved for what is left
    for d in sorted(range(len(index)), key=lambda d: not mixed_radix(index[d], buffer.shape[d])):
        classes = [new for old in classes for new in _resolved(old, d, index[d], buffer.shape[d])]
    nests = []
    for c in classes:
        out = tuple(c.index[d] for d in range(len(index)))
        parallel = tuple(dict.fromkeys(axis for i in out for axis in i.axes))
        values = [_value(term, body) for term in c.terms]
        total = values[0] if values else zero(body.dtype)
        for value in values[1:]:
            total = call(ADD, total, value)
        nests.append(nest(parallel, buffer, total, out))
    return nests


def _value(term: _Term, body: Expression) -> Expression:
    value = substitute(body, term.solved)
    conditions = tuple((i, extent) for i, extent in term.conditions if not i.within(extent))
    value = Guard(conditions, value) if conditions else value
    return Reduce(SUM, term.free, (value,)) if term.free else value


def _resolved(old: _Class, d: int, index: Affine, extent: Extent) -> list[_Class]:
    first = old.terms[0] if len(old.terms) == 1 else None
    if first and mixed_radix(index, extent) and all(a in first.free for a in index.axes):
        term = replace(first, free=tuple(a for a in first.free if a not in index.axes))
        return [_Class({**old.index, d: index}, (term,))]
    choices = [_axis_to_solve(index.substitute(term.solved), term) for term in old.terms]
    strides = {abs(c) for _, c in choices if c}
    stride = strides.pop() if len(strides) == 1 and all(c for _, c in choices) else 1
    solvable = stride > 1 and isinstance(extent, int)
    classes = []  # below, the quote tells the new axis from every letter of a formula
    for residue in range(stride) if solvable else [0]:
        here = Axis(f"o{d}'", -(-(extent - residue) // stride) if solvable and isinstance(extent, int) else extent)
        position = Affine.of(here, stride if solvable else 1) + residue
        terms = [
            new
            for term, (axis, c) in zip(old.terms, choices, strict=True)
            for new in _solutions(term, index.substitute(term.solved), axis, c, position, stride if solvable else 1)
        ]
        if here.extent != 0:
            classes.append(_Class({**old.index, d: position}, tuple(terms)))
    return classes


def _axis_to_solve(index: Affine, term: _Term) -> tuple[Axis | None, int]:
    """The longest axis that can be solved for exactly, so that the shortest loops are left; none if none can.

    The others must be split into residues modulo its coefficient, which a fixed axis or the batch cannot be.
    """
    free = [(-a.extent if isinstance(a.extent, int) else 0, abs(c), a, c) for a, c in index.terms if a in term.free]
    for _, stride, axis, c in sorted(free, key=lambda x: x[:2]):
        others = [(other, k) for other, k in index.terms if other != axis and k % stride]
        if all(other in term.free and isinstance(other.extent, int) for other, _ in others):
            return axis, c
    return None, 0


def _solutions(term: _Term, index: Affine, axis: Axis | None, c: int, position: Affine, stride: int) -> list[_Term]:
    if axis is None or abs(c) != stride:  # keep all axes and compare positions: right for any index
        return [_Term(term.solved, (*term.conditions, (position - index, 1)), term.free)]
    others = [(a, k) for a, k in index.terms if a != axis and a in term.free and k % stride]
    periods = [stride // gcd(k, stride) for _, k in others]
    solutions = []
    for residues in product(*map(range, periods)):
        split: dict[Axis, Affine] = {}
        quotients: dict[Axis, Axis] = {}
        for (other, _), period, residue in zip(others, periods, residues, strict=True):
            assert isinstance(other.extent, int)
            quotients[other] = Axis(other.name, -(-(other.extent - residue) // period))
            split[other] = Affine.of(quotients[other], period) + residue
        rest = (index - Affine.of(axis, c)).substitute(split)
        difference = (position - rest) * (1 if c > 0 else -1)
        free = [quotients.get(a, a) for a in term.free if a != axis]
        if difference.constant % stride or any(a.extent == 0 for a in free):  # no solution, or a sum of nothing
            continue
        solution = Affine(tuple((a, k // stride) for a, k in difference.terms), difference.constant // stride)
        solutions.append(term.with_solution({**split, axis: solution}, (solution, axis.extent), free))
    return solutions
