"""Scalar expressions: what a loop nest computes at each point, and what a formula says."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import DType, int64
from chainrule.graph.extent import Extent, Shape
from chainrule.graph.scalar import ADD, AND, EQUAL, GREATER, LESS_EQUAL, MAXIMUM, NOT, WHERE, ScalarFunction


@dataclass(eq=False)
class Buffer:
    """A named array. Identity, not contents, tells buffers apart."""

    name: str
    shape: Shape
    dtype: DType


class Expression:
    """A scalar value that depends on axes; plain data, compared by contents."""

    @property
    def dtype(self) -> DType:
        raise NotImplementedError

    def children(self) -> tuple[Expression, ...]:
        return ()

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return self

    def own_axes(self) -> frozenset[Axis]:
        """The axes that this expression itself mentions, not those of its parts."""
        return frozenset()

    @cached_property
    def free_axes(self) -> frozenset[Axis]:
        """The axes that the value depends on: all that are mentioned, but for those a reduction inside binds."""
        return self.own_axes().union(*(child.free_axes for child in self.children()))

    @cached_property
    def height(self) -> int:
        """How many parts stand inside each other."""
        return 1 + max((child.height for child in self.children()), default=0)


@dataclass(frozen=True)
class Constant(Expression):
    value: float
    type: DType

    @property
    def dtype(self) -> DType:
        return self.type


@dataclass(frozen=True)
class Coordinate(Expression):
    """The value of an affine function of the axes, an int64."""

    index: Affine

    @property
    def dtype(self) -> DType:
        return int64

    def own_axes(self) -> frozenset[Axis]:
        return frozenset(self.index.axes)


@dataclass(frozen=True)
class Size(Expression):
    """The value of an extent, an int64: known only when the batch is."""

    extent: Extent

    @property
    def dtype(self) -> DType:
        return int64


Index = Affine | Expression


@dataclass(frozen=True)
class Read(Expression):
    """buffer[index]. An index is affine, or any integer expression (an indirect read); it must lie inside."""

    buffer: Buffer
    index: tuple[Index, ...]

    @property
    def dtype(self) -> DType:
        return self.buffer.dtype

    def children(self) -> tuple[Expression, ...]:
        return tuple(i for i in self.index if isinstance(i, Expression))

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        fresh = iter(children)
        return replace(self, index=tuple(next(fresh) if isinstance(i, Expression) else i for i in self.index))

    def own_axes(self) -> frozenset[Axis]:
        return frozenset(axis for i in self.index if isinstance(i, Affine) for axis in i.axes)


@dataclass(frozen=True)
class Call(Expression):
    function: ScalarFunction
    arguments: tuple[Expression, ...]

    @property
    def dtype(self) -> DType:
        return self.function.result or self.arguments[-1].dtype

    def children(self) -> tuple[Expression, ...]:
        return self.arguments

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return Call(self.function, children)


@dataclass(frozen=True)
class Guard(Expression):
    """The value where every 0 ≤ index < extent holds, zero elsewhere; reads inside happen only where it holds."""

    conditions: tuple[tuple[Affine, Extent], ...]
    value: Expression

    @property
    def dtype(self) -> DType:
        return self.value.dtype

    def children(self) -> tuple[Expression, ...]:
        return (self.value,)

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return Guard(self.conditions, children[0])

    def own_axes(self) -> frozenset[Axis]:
        return frozenset(axis for i, _ in self.conditions for axis in i.axes)


@dataclass(frozen=True)
class Monoid:
    """An associative combination of tuples, with its identity."""

    name: str
    identity: tuple[float, ...]
    combine: Callable[[tuple[Any, ...], tuple[Any, ...]], tuple[Expression, ...]]


@dataclass(frozen=True)
class Reduce(Expression):
    """Component `item` of the monoid's total of `arguments` over `axes`."""

    monoid: Monoid
    axes: tuple[Axis, ...]
    arguments: tuple[Expression, ...]
    item: int = 0

    @property
    def dtype(self) -> DType:
        return self.arguments[self.item].dtype

    def children(self) -> tuple[Expression, ...]:
        return self.arguments

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return replace(self, arguments=children)

    @cached_property
    def free_axes(self) -> frozenset[Axis]:
        return frozenset().union(*(a.free_axes for a in self.arguments)) - frozenset(self.axes)


def call(function: ScalarFunction, *arguments: Expression) -> Expression:
    return Call(function, arguments)


def zero(dtype: DType) -> Constant:
    return Constant(0, dtype)


def _is_better(new: Expression, old: Expression) -> Expression:
    """Larger, or the first NaN: what np.argmax looks for. A comparison with NaN is false, but for its negation."""
    if not new.dtype.floating:
        return call(GREATER, new, old)
    return call(AND, call(NOT, call(LESS_EQUAL, new, old)), call(EQUAL, old, old))


SUM = Monoid("sum", (0,), lambda a, b: (call(ADD, a[0], b[0]),))
LARGEST = Monoid("maximum", (-math.inf,), lambda a, b: (call(MAXIMUM, a[0], b[0]),))
PLACE_OF_LARGEST = Monoid(
    "argmax",
    (-math.inf, 0),
    lambda a, b: (call(MAXIMUM, a[0], b[0]), call(WHERE, _is_better(b[0], a[0]), b[1], a[1])),
)


def parts(*expressions: Expression) -> list[Expression]:
    """The expressions and everything inside them, each object once, the outermost first."""
    found = list({id(e): e for e in expressions}.values())
    met = set(map(id, found))
    for e in found:  # which grows meanwhile
        for child in e.children():
            if id(child) not in met:
                met.add(id(child))
                found.append(child)
    return found


def rewrite(expression: Expression, rule: Callable[[Expression], Expression]) -> Expression:
    """Apply the rule to every part, innermost first; what was shared stays shared."""
    done: dict[int, Expression] = {}

    def visit(e: Expression) -> Expression:
        if id(e) not in done:
            children = e.children()
            done[id(e)] = rule(e.rebuilt(tuple(map(visit, children))) if children else e)
        return done[id(e)]

    return visit(expression)


def substitute(expression: Expression, by: Mapping[Axis, Affine]) -> Expression:
    """The expression with affine functions in place of axes (not of those that a reduction inside binds)."""

    def rule(e: Expression) -> Expression:
        if isinstance(e, Read):
            return replace(e, index=tuple(i.substitute(by) if isinstance(i, Affine) else i for i in e.index))
        if isinstance(e, Coordinate):
            return Coordinate(e.index.substitute(by))
        if isinstance(e, Guard):
            return replace(e, conditions=tuple((i.substitute(by), extent) for i, extent in e.conditions))
        return e

    return rewrite(expression, rule)
