"""Random applications of elementwise operations, and of activations among features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from chainrule import ops
from chainrule.ops.kinds.elementwise import Elementwise
from tests.ops.case import REAL, Case, broadcast, extents, leading, numbers, seeds, shapes

Cases = st.SearchStrategy[Case]


@st.composite
def elementwise(draw: st.DrawFn, operation: Elementwise, kinks: tuple[float, ...] = ()) -> Case:
    """From the declaration: as many operands, in their domain, away from the kinks."""
    count = len(operation.arguments)
    shape, parts = draw(broadcast(count))
    intervals = [operation.interval(k) for k in range(count)]
    values = numbers(draw(seeds), parts, intervals, kinks or operation.kinks)
    return Case(operation, values, batch=leading(shape, parts))


@st.composite
def conditions(draw: st.DrawFn, operation: Elementwise) -> Case:
    """Operands that are bools."""
    shape, parts = draw(broadcast(len(operation.arguments)))
    return Case(operation, tuple(x > 0 for x in numbers(draw(seeds), parts)), batch=leading(shape, parts))


@st.composite
def comparisons(draw: st.DrawFn, operation: Elementwise) -> Case:
    """Operands that are equal here and there."""
    shape, parts = draw(broadcast(2))
    return Case(operation, tuple(np.round(x) for x in numbers(draw(seeds), parts)), batch=leading(shape, parts))


@st.composite
def where(draw: st.DrawFn) -> Case:
    shape, parts = draw(broadcast(3))
    condition, a, b = numbers(draw(seeds), parts)
    return Case(ops.where, (condition > 0, a, b), batch=leading(shape, parts))


@st.composite
def clip(draw: st.DrawFn) -> Case:
    shape, parts = draw(broadcast(3))
    return Case(ops.clip, numbers(draw(seeds), parts, (REAL, (-2.0, 0.0), (0.0, 2.0))), batch=leading(shape, parts))


@st.composite
def shift_right(draw: st.DrawFn) -> Case:
    shape, parts = draw(broadcast(2))
    generator = np.random.default_rng(draw(seeds))
    a, b = generator.integers(0, 2**40, parts[0]), generator.integers(0, 20, parts[1])
    return Case(ops.shift_right, (a, b), batch=leading(shape, parts))


@st.composite
def bits(draw: st.DrawFn, operation: Elementwise) -> Case:
    """Operands of every type that consists of bits."""
    shape, parts = draw(broadcast(len(operation.arguments)))
    generator = np.random.default_rng(draw(seeds))
    dtype = draw(st.sampled_from(("int64", "int32", "uint8", "bool")))
    values = tuple(generator.integers(-(2**40), 2**40, p).astype(dtype) for p in parts)
    return Case(operation, values, batch=leading(shape, parts))


@st.composite
def division(draw: st.DrawFn, operation: Elementwise) -> Case:
    """Operands of any sign, the first far from multiples of the second."""
    shape, parts = draw(broadcast(2))
    generator = np.random.default_rng(draw(seeds))
    a = 0.75 * (generator.integers(-4, 4, parts[0]) + generator.uniform(0.2, 0.8, parts[0]))
    b = generator.choice((-1.5, -0.75, 0.75, 1.5), parts[1])
    return Case(operation, (a, b), batch=leading(shape, parts))


@st.composite
def is_close(draw: st.DrawFn) -> Case:
    """Integers, some of which are near enough to each other."""
    shape, parts = draw(broadcast(2))
    a, b = (np.round(x) for x in numbers(draw(seeds), parts))
    attributes = {"rtol": 0.35, "atol": draw(st.sampled_from((0.1, 1.1)))}
    return Case(lambda a, b, rtol, atol: ops.is_close(a, b, rtol, atol), (a, b), attributes, leading(shape, parts))


@st.composite
def features(draw: st.DrawFn, function: Callable[..., Any], pieces: int, attributes: dict[str, Any]) -> Case:
    """An axis, at any place, whose size is a multiple of the pieces."""
    shape = draw(shapes(1))
    axis = draw(st.integers(0, len(shape) - 1))
    shape = (*shape[:axis], pieces * draw(extents), *shape[axis + 1 :])
    given = {**attributes, "axis": draw(st.sampled_from((axis, axis - len(shape))))}
    return Case(function, numbers(draw(seeds), [shape]), given, ((0, 0),) if axis and shape[0] else ())


_INTEGERS = tuple(range(-4, 5))
_HALVES = tuple(k + 0.5 for k in _INTEGERS)

ELEMENTWISE: dict[str, Cases] = {
    **{name: elementwise(o) for name, o in ops.vocabulary.items() if isinstance(o, Elementwise)},
    **{o.name: conditions(o) for o in (ops.logical_and, ops.logical_or, ops.logical_not, ops.logical_xor)},
    **{o.name: comparisons(o) for o in (ops.equal, ops.not_equal, ops.less, ops.less_equal)},
    **{o.name: comparisons(o) for o in (ops.greater, ops.greater_equal)},
    **{o.name: bits(o) for o in (ops.bitwise_and, ops.bitwise_or, ops.bitwise_xor, ops.bitwise_not)},
    **{o.name: elementwise(o, _INTEGERS) for o in (ops.floor, ops.ceil, ops.trunc)},
    **{o.name: division(o) for o in (ops.floor_divide, ops.remainder)},
    "where": where(),
    "clip": clip(),
    "shift_right": shift_right(),
    "round": elementwise(ops.round, _HALVES),
    "is_close": is_close(),
    # where the second derivative jumps, or the angle does
    "softsign": elementwise(ops.softsign, (0.0,)),
    "atan2": elementwise(ops.atan2, (0.0,)),
    "glu": features(ops.glu, 2, {}),
    "maxout": features(ops.maxout, 3, {"pieces": 3}),
}
