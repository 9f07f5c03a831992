"""Expressions while they are compiled: equal ones are one object, and every rewriting applies the same algebra.

Expressions are trees on paper but share most of their parts (a random number repeats its counter in every round), so a
pass must visit each object once, and two equal ones must be known to be equal without looking inside.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from itertools import count
from operator import is_

import numpy as np

from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import DType, bool_
from chainrule.graph.expression import Call, Constant, Coordinate, Expression, Guard, Index, Read, Reduce, Size, zero
from chainrule.graph.extent import Batch, Extent
from chainrule.graph.loopnest import LoopNest, Output
from chainrule.graph.scalar import (
    ABSOLUTE,
    ADD,
    DIVIDE,
    EQUAL,
    MULTIPLY,
    NOT,
    NOT_EQUAL,
    SUBTRACT,
    WHERE,
    ScalarFunction,
    convert,
)

Rule = Callable[[Expression], Expression]


@dataclass(frozen=True)
class Live(Expression):
    """Whether a sample exists: the last chunk of a batch may have empty lanes, which repeat the last sample."""

    sample: Affine

    @property
    def dtype(self) -> DType:
        return bool_

    def own_axes(self) -> frozenset[Axis]:
        return frozenset(self.sample.axes)


class Expressions:
    """All expressions of one compilation, each of them once.

    Within it, equality is identity: `expressions.rewritten(e, rule) is e` where nothing changed.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, Expression] = {}
        # By identity, which is given out once only, since what is known lives as long as this.
        self._own: set[int] = set()
        self._simplest: dict[int, Expression] = {}
        self._serial = count()

    # ------------------------------------------------------------------------------------------------- one of each
    def unique(self, expression: Expression) -> Expression:
        """The one object that stands for this expression, whose parts already are such objects."""
        if id(expression) in self._own:
            return expression
        one = self._known.setdefault(_key(expression), expression)
        self._own.add(id(one))
        return one

    def call(self, function: ScalarFunction, *arguments: Expression) -> Expression:
        """A call, after simplification."""
        return self.simplest(Call(function, arguments))

    def simplest(self, expression: Expression) -> Expression:
        """What the algebra makes of an expression, whose parts already are such objects; worked out once for each."""
        one = self.unique(expression)
        found = self._simplest.get(id(one))
        if found is None:
            found = self._simplest[id(one)] = self.unique(self._simplified(one))
        return found

    def rewritten(self, expression: Expression, rule: Rule) -> Expression:
        """The expression with the rule, and then the algebra, applied to every part, innermost first.

        In this order: what the algebra leaves of a sum may be one of its parts, which the rule has been applied to.
        """
        done: dict[int, Expression] = {}

        def visit(e: Expression) -> Expression:
            found = done.get(id(e))
            if found is None:
                children = e.children()
                new = tuple(map(visit, children))
                same = all(map(is_, new, children))
                found = done[id(e)] = self.simplest(rule(self.unique(e if same else e.rebuilt(new))))
            return found

        return visit(expression)

    def adopted(self, expression: Expression) -> Expression:
        """An expression from elsewhere, made of the objects of this compilation."""
        return self.rewritten(expression, lambda e: e)

    # ----------------------------------------------------------------------------------------------------- axes
    def fresh(self, axis: Axis) -> Axis:
        """An axis of the same extent that occurs nowhere else."""
        return Axis(f"{axis.name.split('.')[0]}.{next(self._serial)}", axis.extent)

    def substituted(self, expression: Expression, by: Mapping[Axis, Affine]) -> Expression:
        """Affine functions in place of axes; an axis that a reduction binds may only become another axis."""
        if not by:
            return expression

        def rule(e: Expression) -> Expression:
            match e:
                case Read(buffer, index):
                    return Read(buffer, tuple(substituted_index(i, by) for i in index))
                case Coordinate(index):
                    return _coordinate(index.substitute(by))
                case Guard(conditions, value):
                    return self._simplified(Guard(tuple((i.substitute(by), x) for i, x in conditions), value))
                case Live(index):
                    return Live(index.substitute(by))
                case Reduce(monoid, axes, arguments, item):
                    return Reduce(monoid, tuple(_renamed(a, by) for a in axes), arguments, item)
            return e

        return self.rewritten(expression, rule)

    def with_fresh_reductions(self, expression: Expression) -> Expression:
        """The same value, its reductions over axes that occur nowhere else; those over banks stay what they are."""
        renamed: dict[Hashable, dict[Axis, Affine]] = {}  # components of one reduction stay together

        def rule(e: Expression) -> Expression:
            if not isinstance(e, Reduce):
                return e
            key = reduction_key(e)
            if key not in renamed:
                renamed[key] = {a: Affine.of(self.fresh(a)) for a in e.axes if isinstance(a.extent, int)}
            by = renamed[key]
            arguments = tuple(self.substituted(a, by) for a in e.arguments)
            return Reduce(e.monoid, tuple(_renamed(a, by) for a in e.axes), arguments, e.item)

        return self.rewritten(expression, rule)

    def nest(self, nest: LoopNest, rule: Rule = lambda e: e) -> LoopNest:
        """A nest with the rule applied to all its values and indirect indices."""
        outputs = tuple(
            Output(
                o.buffer,
                tuple(self.rewritten(i, rule) if isinstance(i, Expression) else i for i in o.index),
                self.rewritten(o.value, rule),
                o.accumulate,
            )
            for o in nest.outputs
        )
        return LoopNest(nest.axes, outputs, nest.ordered)

    # ------------------------------------------------------------------------------------------------- algebra
    def _simplified(self, e: Expression) -> Expression:
        match e:
            case Call(function, arguments):
                return self._simplified_call(function, arguments, e)
            case Guard(conditions, value):
                if any(not i.terms and not i.within(extent) for i, extent in conditions):
                    return zero(value.dtype)
                left = tuple((i, extent) for i, extent in conditions if not i.within(extent))
                if isinstance(value, Guard):
                    return Guard(tuple(dict.fromkeys((*left, *value.conditions))), value.value)
                return Guard(left, value) if left else value
            case Reduce(monoid, axes, arguments, item):
                if any(a.extent == 0 for a in axes):
                    return Constant(monoid.identity[item], e.dtype)
                if any(a.extent == 1 for a in axes):
                    return self._without_unit_axes(e)
            case Size(extent) if not isinstance(extent, Batch):
                return Constant(extent, e.dtype)
        return e

    def _without_unit_axes(self, e: Reduce) -> Expression:
        units = {a: Affine() for a in e.axes if a.extent == 1}
        axes = tuple(a for a in e.axes if a.extent != 1)
        arguments = tuple(self.substituted(a, units) for a in e.arguments)
        return Reduce(e.monoid, axes, arguments, e.item) if axes else arguments[e.item]

    def _simplified_call(self, function: ScalarFunction, x: tuple[Expression, ...], e: Call) -> Expression:
        if all(isinstance(a, Constant) for a in x):
            return _folded(e)
        if function is WHERE:
            return self._simplified_where(x, e)
        if len(x) > 1 and function.zero == "all" and (guard := _common_guard(x)) is not None:
            return Guard(guard, self.call(function, *(a.value for a in x if isinstance(a, Guard))))
        last = x[-1]
        neutral = isinstance(last, Constant)
        if (function is MULTIPLY or function is DIVIDE) and neutral and _is(last, 1):
            return x[0]
        if function is MULTIPLY and _is(x[0], 1):
            return x[1]
        if (function is ADD or function is SUBTRACT) and _is(last, 0):
            return x[0]
        if function is ADD and _is(x[0], 0):
            return x[1]
        if function is NOT and isinstance(last, Call) and last.function is NOT:
            return last.arguments[0]
        if (function is EQUAL or function is NOT_EQUAL) and _is(last, 0) and (truth := _truth(x[0])) is not None:
            return self.call(NOT, truth) if function is EQUAL else truth  # of a truth value written as a number
        if last.dtype is e.dtype and (function is convert(e.dtype) or (function is ABSOLUTE and e.dtype is bool_)):
            return last
        return e

    def _simplified_where(self, arguments: tuple[Expression, ...], e: Call) -> Expression:
        condition, a, b = arguments
        if a is b:
            return a
        if isinstance(condition, Constant):
            return a if condition.value else b
        if isinstance(condition, Call) and condition.function is NOT:
            return self.call(WHERE, condition.arguments[0], b, a)
        return e


def reads(nest: LoopNest) -> list[Read]:
    """Every access to a buffer, once."""
    return [e for e in nest.parts if isinstance(e, Read)]


def reductions(nest: LoopNest) -> list[Reduce]:
    """Every reduction, once, whichever of its components are used."""
    found: dict[Hashable, Reduce] = {}
    for e in nest.parts:
        if isinstance(e, Reduce):
            found.setdefault(reduction_key(e), e)
    return list(found.values())


def reduction_key(e: Reduce) -> Hashable:
    """What the components of one reduction have in common, and no other has."""
    return e.monoid.name, e.axes, tuple(map(id, e.arguments))


def substituted_index(index: Index, by: Mapping[Axis, Affine]) -> Index:
    return index.substitute(by) if isinstance(index, Affine) else index


def _renamed(axis: Axis, by: Mapping[Axis, Affine]) -> Axis:
    if axis not in by:
        return axis
    other = by[axis].pure
    assert other is not None, "a bound axis can only become another axis"
    return other


def _coordinate(index: Affine) -> Expression:
    return Coordinate(index) if index.terms else Constant(index.constant, Coordinate(index).dtype)


def _key(e: Expression) -> Hashable:
    match e:
        case Constant(value, dtype):
            return Constant, repr(value), dtype.name  # repr: NaN equals itself, and 0.0 is not -0.0
        case Coordinate(index):
            return Coordinate, _affine_key(index)
        case Size(extent):
            return Size, extent
        case Live(index):
            return Live, _affine_key(index)
        case Read(buffer, index):
            return Read, id(buffer), tuple(_affine_key(i) if isinstance(i, Affine) else id(i) for i in index)
        case Call(function, arguments):
            return Call, function.name, tuple(map(id, arguments))
        case Guard(conditions, value):
            return Guard, tuple((_affine_key(i), extent) for i, extent in conditions), id(value)
        case Reduce(monoid, axes, arguments, item):
            return Reduce, monoid.name, axes, tuple(map(id, arguments)), item
    return id(e)


def _affine_key(index: Affine) -> Hashable:
    return frozenset(index.terms), index.constant


def _common_guard(arguments: tuple[Expression, ...]) -> tuple[tuple[Affine, Extent], ...] | None:
    """The conditions of values that are all zero where the same ones do not hold."""
    found = {a.conditions if isinstance(a, Guard) else None for a in arguments}
    return found.pop() if len(found) == 1 else None


def _is(e: Expression, value: float) -> bool:
    return isinstance(e, Constant) and bool(e.value == value) and e.dtype is not bool_


def _truth(e: Expression) -> Expression | None:
    """The truth value that this number is made of, if it is one."""
    made = isinstance(e, Call) and e.function is convert(e.dtype) and e.arguments[0].dtype is bool_
    return e.children()[0] if made else e if e.dtype is bool_ else None


def _folded(e: Call) -> Expression:
    arguments = [np.asarray(a.value, a.dtype.numpy) for a in e.arguments if isinstance(a, Constant)]
    with np.errstate(all="ignore"):
        value = np.asarray(e.function.numpy(*arguments)).astype(e.dtype.numpy)
    return Constant(value.item(), e.dtype)
