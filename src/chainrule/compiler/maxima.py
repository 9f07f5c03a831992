"""Maxima and their places: what a backward pass asks of the place is kept beside it, and no window is read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chainrule.compiler.expressions import Expressions, reduction_key
from chainrule.compiler.forms import is_identity, over_axes
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import int32
from chainrule.graph.expression import (
    LARGEST,
    PLACE_OF_LARGEST,
    Buffer,
    Call,
    Constant,
    Coordinate,
    Expression,
    Read,
    Reduce,
)  # fmt: skip
from chainrule.graph.loopnest import LoopNest, Output
from chainrule.graph.scalar import EQUAL, WHERE, convert

Place = tuple[Buffer, Reduce, tuple[Axis, ...]]


def joined_maxima(nests: list[LoopNest], expressions: Expressions) -> list[LoopNest]:
    """A maximum whose place is wanted as well is a component of the same reduction."""
    places = [n for n in nests if _is_place(n.outputs[0].value) and len(n.outputs) == 1]
    result = []
    for n in nests:
        value = n.outputs[0].value
        if len(n.outputs) == 1 and isinstance(value, Reduce) and value.monoid is LARGEST:
            for p in places:
                other = p.outputs[0].value
                assert isinstance(other, Reduce)
                if [a.extent for a in p.axes] != [a.extent for a in n.axes] or other.axes != value.axes:
                    continue
                own = over_axes(p, n.axes, expressions).outputs[0].value
                if isinstance(own, Reduce) and own.arguments[0] is value.arguments[0]:
                    (o,) = n.outputs
                    first = expressions.unique(Reduce(PLACE_OF_LARGEST, own.axes, own.arguments, 0))
                    n = LoopNest(n.axes, (Output(o.buffer, o.index, first),))
                    break
        result.append(n)
    return result


def _is_place(e: Expression) -> bool:
    return isinstance(e, Reduce) and e.monoid is PLACE_OF_LARGEST and e.item == 1


def places_of_maxima(nests: Sequence[LoopNest]) -> dict[Buffer, Place]:
    """For each buffer of places: the buffer of the maxima, their reduction, and the axes of its nest."""
    outputs = [(n, o) for n in nests for o in n.outputs]
    first = {
        reduction_key(o.value): o.buffer
        for _, o in outputs
        if isinstance(o.value, Reduce) and o.value.monoid is PLACE_OF_LARGEST and o.value.item == 0
    }
    found: dict[Buffer, Place] = {}
    for n, o in outputs:
        if not isinstance(o.value, Reduce) or not _is_place(o.value) or not is_identity(o):
            continue
        kept = first.get(reduction_key(o.value))
        if kept is not None and all(isinstance(i, Affine) and i.pure in n.axes for i in o.index):
            axes = tuple(i.pure for i in o.index if isinstance(i, Affine) and i.pure is not None)
            found[o.buffer] = kept, o.value, axes
    return found


def _is_zero(e: Expression) -> bool:
    return isinstance(e, Constant) and e.value == 0


def is_placing(e: Expression) -> bool:
    if not (isinstance(e, Call) and e.function is WHERE and _is_zero(e.arguments[2])):
        return False
    test = e.arguments[0]
    return isinstance(test, Call) and test.function is EQUAL and isinstance(test.arguments[0], Read)


def with_place_outermost(e: Expression, expressions: Expressions) -> Expression:
    """where(c, where(place == k, x, 0), 0) with its conditions exchanged, so that c is only asked at the place."""
    if not (isinstance(e, Call) and e.function is WHERE and _is_zero(e.arguments[2])) or is_placing(e):
        return e
    condition, inner, _ = e.arguments
    if not is_placing(inner):
        return e
    assert isinstance(inner, Call)
    chosen = expressions.call(WHERE, condition, inner.arguments[1], e.arguments[2])
    return expressions.unique(Call(WHERE, (inner.arguments[0], chosen, e.arguments[2])))


def _coordinate_of(e: Expression) -> Affine | None:
    """The affine index of a place, whose type may have been converted."""
    if isinstance(e, Call) and e.function is convert(int32):
        e = e.arguments[0]
    return e.index if isinstance(e, Coordinate) else None


def at_place(e: Expression, places: Mapping[Buffer, Place], expressions: Expressions) -> Expression:
    """where(place == k, f(x[k]), 0) needs no x: x at the place is the maximum, which is kept beside the place."""
    if not is_placing(e):
        return e
    assert isinstance(e, Call)
    place, k = e.arguments[0].children()
    assert isinstance(place, Read)
    found = places.get(place.buffer)
    coordinate = _coordinate_of(k)
    if found is None or coordinate is None:
        return e
    kept, reduce, axes = found
    by = {a: i for a, i in zip(axes, place.index, strict=True) if isinstance(i, Affine)}
    window = {c: a for a, c in coordinate.terms}
    own = _coordinate_of(reduce.arguments[1])
    if own is None or len(by) < len(axes) or any(c not in window for _, c in own.terms):
        return e
    by |= {a: Affine.of(window[c]) for a, c in own.terms}
    there = expressions.substituted(reduce.arguments[0], by)
    largest = expressions.unique(Read(kept, place.index))
    inside = expressions.rewritten(e.arguments[1], lambda x: largest if x is there else x)
    return expressions.call(WHERE, e.arguments[0], inside, e.arguments[2])
