"""Random applications of reductions, movement, order, brackets, padding and products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from chainrule import ops
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, apply
from chainrule.ops.ordering import RANKS
from tests.ops.case import (
    Case,
    Shape,
    axes,
    broadcast,
    extents,
    filled,
    leading,
    numbers,
    one,
    reduction,
    seeds,
    shapes,
    some_axes,
    spares_first,
)  # fmt: skip

Cases = st.SearchStrategy[Case]

_FILLED = shapes(1, 3, filled)
_MATRIX = shapes(2, 3)
_VECTOR_OR_MATRIX = st.one_of(st.tuples(extents), st.tuples(extents, extents))
_WITH_ONE = st.tuples(shapes(0, 1), shapes(0, 1)).map(lambda around: (*around[0], 1, *around[1]))


# ------------------------------------------------------------------------------------------------------- reductions
@st.composite
def with_zeros(draw: st.DrawFn, cases: Cases) -> Case:
    """Some of the numbers are zero."""
    case = draw(cases)
    generator = np.random.default_rng(draw(seeds))
    return replace(case, inputs=tuple(np.where(generator.random(x.shape) < 0.3, 0.0, x) for x in case.inputs))


def _norm(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    return {"order": draw(st.sampled_from((2, 1, np.inf, -np.inf, 3, 0.5))), **reduction(draw, shape)}


def _running(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    return {"axis": axes(draw, shape, several=False), "reverse": draw(st.booleans())}


@st.composite
def recurrence(draw: st.DrawFn) -> Case:
    shape, parts = draw(broadcast(2).filter(lambda found: len(found[0]) > 0))
    given = _running(draw, shape)
    batch = leading(shape, parts) if spares_first(shape, given) else ()
    return Case(ops.linear_recurrence, numbers(draw(seeds), parts), given, batch)


def _order(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    return {"axis": axes(draw, shape, several=False), "descending": draw(st.booleans())}


# --------------------------------------------------------------------------------------------------------- movement
def _two_axes(draw: st.DrawFn, shape: Shape) -> tuple[int, int]:
    first, second = draw(st.permutations(range(len(shape))))[:2]
    return first, second - draw(st.sampled_from((0, len(shape))))


def _swapped(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    return dict(zip(("axis1", "axis2"), _two_axes(draw, shape), strict=True))


def _moved(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    count = draw(st.integers(1, len(shape)))
    source, destination = (draw(st.permutations(range(-len(shape), 0)))[:count] for _ in range(2))
    single = count == 1 and draw(st.booleans())
    return (
        {"source": source[0], "destination": destination[0]}
        if single
        else {
            "source": source,
            "destination": destination,
        }
    )


def _unit_axes(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    ones = [k for k, e in enumerate(shape) if e == 1]
    if draw(st.booleans()):
        return {"axis": None}
    return {"axis": tuple(draw(st.lists(st.sampled_from(ones), unique=True)))}


def _new_axes(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    rank = len(shape) + 2
    two = tuple(draw(st.permutations(range(-rank, 0)))[:2])
    return {"axis": draw(st.sampled_from((two, draw(st.integers(-len(shape) - 1, len(shape))))))}


@st.composite
def stacked(draw: st.DrawFn) -> Case:
    shape, count = draw(shapes(0, 2)), draw(st.integers(1, 3))
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    batch = tuple((k, 0) for k in range(count)) if shape and shape[0] else ()
    return Case(lambda *x, axis: ops.stack(x, axis), numbers(draw(seeds), [shape] * count), {"axis": axis}, batch)


def _unstacked(x: Tensor, axis: int) -> Tensor:
    """The parts, put together again the other way round."""
    return ops.stack(ops.unstack(x, axis)[::-1], axis)


def _split(x: Tensor, sections: Any, axis: int) -> Tensor:
    return ops.concatenate(ops.split(x, sections, axis)[::-1], axis)


def _sections(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    extent = shape[axis]
    counts = [n for n in range(1, extent + 1) if extent % n == 0] or [1]
    cuts = sorted(draw(st.lists(st.integers(-1, extent + 1), max_size=2)))
    return {"sections": draw(st.sampled_from((draw(st.sampled_from(counts)), cuts))), "axis": axis}


def _shifts(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    axis = axes(draw, shape)
    distance = st.integers(-5, 5)
    each = isinstance(axis, tuple) and draw(st.booleans())
    return {"shift": tuple(draw(distance) for _ in axis) if each else draw(distance), "axis": axis}


def _repeats(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    axis = axes(draw, shape, several=False) if draw(st.booleans()) else None
    extent = int(np.prod(shape, dtype=int)) if axis is None else shape[axis]
    count = st.integers(0, 3)
    each = draw(st.integers(0, 3)) == 3
    return {"repeats": [draw(count) for _ in range(extent)] if each and extent else draw(count), "axis": axis}


def _once_for_all(shape: Shape, attributes: dict[str, Any]) -> bool:
    """A batch may be repeated as a whole, not each sample as often as it says."""
    return isinstance(attributes["repeats"], int) and attributes["repeats"] > 0 and attributes["axis"] is not None


def _repetitions(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    return {"repetitions": tuple(draw(st.lists(st.sampled_from((2, 1, 3, 1, 0)), max_size=len(shape) + 1)))}


@st.composite
def meshgrid(draw: st.DrawFn) -> Case:
    parts = draw(st.lists(st.tuples(extents), min_size=1, max_size=3))
    given = {"indexing": draw(st.sampled_from(("xy", "ij")))}
    return Case(_grid, numbers(draw(seeds), parts), given)


def _grid(*vectors: Tensor, indexing: str) -> Tensor:
    return ops.stack(ops.meshgrid(*vectors, indexing=indexing))


def _diagonal(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    return {"offset": draw(st.integers(-3, 3)), **_swapped(draw, shape)}


def _spares_matrix(shape: Shape, attributes: dict[str, Any]) -> bool:
    return all(attributes[name] % len(shape) for name in ("axis1", "axis2"))


def _offset(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    return {"offset": draw(st.integers(-3, 3))}


# ---------------------------------------------------------------------------------------------------------- brackets
@st.composite
def brackets(draw: st.DrawFn) -> Case:
    """Indices bound later, arrays, masks, integers, slices and None, some of them next to each other."""
    shape = draw(shapes(1, 3, filled))
    generator = np.random.default_rng(draw(seeds))
    common = draw(shapes(0, 2))
    indices: list[Array] = []
    key: list[Any] = []
    axis = 0
    while axis < len(shape):
        extent = shape[axis]
        match draw(st.sampled_from(("bound", "known", "mask", "integer", "slice", "all", "new"))):
            case "bound":
                part = common[draw(st.integers(0, len(common))) :]
                indices.append(generator.integers(-extent, extent, part, draw(st.sampled_from((np.int32, np.int64)))))
                key.append(f"index {len(indices) - 1}")
            case "known":
                key.append(generator.integers(-extent, extent, common))
            case "mask":
                rows = shape[axis : axis + draw(st.integers(1, 2))]
                mask = np.zeros(rows, bool)
                mask.flat[generator.integers(mask.size)] = True  # one element, which broadcasts with all others
                key.append(mask)
                axis += len(rows) - 1
            case "integer":
                key.append(int(generator.integers(-extent, extent)))
            case "slice":
                key.append(slice(draw(st.sampled_from((None, 1))), None, draw(st.sampled_from((1, -1)))))
            case "all":
                key.append(slice(None))
            case "new":
                key.append(None)
                axis -= 1
        axis += 1
    whole = isinstance(key[0], slice) and key[0] == slice(None)
    return Case(
        lambda x, *given, key: x[filled_in(key, given)],
        (*numbers(draw(seeds), [shape]), *indices),
        {"key": tuple(key)},
        ((0, 0),) if whole else (),
    )


def filled_in(key: Sequence[Any], indices: Sequence[Any]) -> tuple[Any, ...]:
    """The key with indices in their places."""
    return tuple(indices[int(e.split()[1])] if isinstance(e, str) else e for e in key)


@st.composite
def taken(draw: st.DrawFn) -> Case:
    shape = draw(_FILLED)
    axis = draw(st.sampled_from((None, *range(-len(shape), len(shape)))))
    extent = int(np.prod(shape)) if axis is None else shape[axis]
    indices = np.random.default_rng(draw(seeds)).integers(-extent, extent, draw(shapes(0, 2)))
    batch = ((1, 0),) if indices.ndim and len(indices) else ()
    return Case(ops.take, (*numbers(draw(seeds), [shape]), indices), {"axis": axis}, batch)


@st.composite
def taken_along(draw: st.DrawFn) -> Case:
    _, (x, places) = draw(broadcast(2).filter(lambda found: found[1][0] != () and 0 not in found[0]))
    rank = max(len(x), len(places))
    x, places = ((1,) * (rank - len(s)) + s for s in (x, places))
    axis = draw(st.integers(-rank, rank - 1))
    extent, count = draw(filled), draw(extents)
    shape = tuple(extent if k == axis % rank else e for k, e in enumerate(x))
    other = tuple(count if k == axis % rank else e for k, e in enumerate(places))
    indices = np.random.default_rng(draw(seeds)).integers(-extent, extent, other)
    batch = ((0, 0), (1, 0)) if axis % rank and shape[0] == other[0] else ()
    return Case(ops.take_along_axis, (*numbers(draw(seeds), [shape]), indices), {"axis": axis}, batch)


# ----------------------------------------------------------------------------------------------------------- padding
def _widths(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    mode = draw(st.sampled_from(("constant", "edge", "reflect", "symmetric", "circular")))
    most = 2 if mode == "constant" else 4
    widths = [(draw(st.integers(0, most)), draw(st.integers(0, most))) for _ in shape]
    if mode == "constant":
        return {"widths": widths, "value": draw(st.sampled_from((0, 0, 1.5)))}
    return {"widths": [w if e else (0, 0) for w, e in zip(widths, shape, strict=True)], "mode": mode}


# ---------------------------------------------------------------------------------------------------------- products
@st.composite
def tensordot(draw: st.DrawFn) -> Case:
    shared = draw(shapes(0, 2))
    own = [draw(shapes(0, 2)) for _ in range(2)]
    generator = np.random.default_rng(draw(seeds))
    left, right = (generator.permutation(len(o) + len(shared)) for o in own)  # new axis k is the old axis order[k]
    x = tuple(np.array((*own[0], *shared), int)[left])
    w = tuple(np.array((*own[1], *shared), int)[right])
    pairs = [
        [int(np.flatnonzero(order == len(o) + k)[0]) for k in range(len(shared))]
        for order, o in zip((left, right), own, strict=True)
    ]
    given: Any = {"axes": pairs}
    if draw(st.booleans()):
        x, w, given = (*own[0], *shared), (*shared, *own[1]), {"axes": len(shared)}
    return Case(ops.tensordot, numbers(draw(seeds), [tuple(map(int, x)), tuple(map(int, w))]), given)


@st.composite
def pair(draw: st.DrawFn, operation: Callable[..., Any], *, last: bool) -> Case:
    """Two tensors, of which the last axes are equal, or any two."""
    x, w = draw(shapes(0, 2)), draw(shapes(0, 2))
    size = draw(st.tuples(extents)) if last else ()
    x, w = (*x, *size), (*w, *size)
    return Case(operation, numbers(draw(seeds), [x, w]), batch=((0, 0),) if len(x) > 1 and x[0] else ())


@st.composite
def bilinear(draw: st.DrawFn) -> Case:
    lead = draw(shapes(0, 2))
    i, j, o = (draw(extents) for _ in range(3))
    batch = ((0, 0), (1, 0)) if lead and lead[0] else ()
    return Case(ops.bilinear, numbers(draw(seeds), [(*lead, i), (*lead, j), (i, j, o)]), batch=batch)


@st.composite
def einsum(draw: st.DrawFn) -> Case:
    """One to three factors, diagonals, letters that only one of them has, and axes that broadcast, included."""
    sizes = {letter: draw(extents) for letter in "abcd"}
    inputs = ["".join(draw(st.lists(st.sampled_from("abcd"), max_size=3))) for _ in range(draw(st.integers(1, 3)))]
    used = sorted(set("".join(inputs)))
    output = "".join(draw(st.permutations(used)))[: draw(st.integers(0, len(used)))]
    batch = [(k, j) for k, letters in enumerate(inputs) for j, c in enumerate(letters) if c == "a"]
    known = sizes["a"] > 0 and all(j == 0 for _, j in batch)
    hidden: list[Shape] = [()] * len(inputs)
    texts = list(inputs)
    if draw(st.integers(0, 3)) == 0:
        _, hidden = draw(broadcast(len(inputs)))
        places = [draw(st.integers(min(1, len(text)), len(text))) for text in inputs]
        texts = [f"{text[:k]}...{text[k:]}" for text, k in zip(inputs, places, strict=True)]
        output = output + "..."
    parts = [_sizes(text, own, sizes) for text, own in zip(texts, hidden, strict=True)]
    subscripts = ",".join(texts) + ("->" + output if draw(st.integers(0, 3)) else "")
    return Case(
        lambda *x, subscripts: ops.einsum(subscripts, *x),
        numbers(draw(seeds), parts),
        {"subscripts": subscripts},
        batch=tuple(batch) if known else (),
    )


def _sizes(text: str, hidden: Shape, sizes: dict[str, int]) -> Shape:
    before, dots, after = text.partition("...")
    return (*(sizes[c] for c in before), *(hidden if dots else ()), *(sizes[c] for c in after))


SHAPING: dict[str, Cases] = {
    # reductions
    "all": with_zeros(one(ops.all, reduction)),
    "any": with_zeros(one(ops.any, reduction)),
    "argmin": one(
        ops.argmin,
        lambda draw, shape: {"axis": axes(draw, shape, several=False)},
        shape=_FILLED,
        batch=spares_first,
    ),
    "count_nonzero": with_zeros(one(ops.count_nonzero, reduction)),
    "min": one(ops.min, reduction, shape=shapes(0, 3, filled), batch=spares_first),
    "norm": one(ops.norm, _norm, shape=shapes(0, 3, filled), batch=spares_first),
    "prod": with_zeros(one(ops.prod, reduction, batch=spares_first)),
    "standard_deviation": one(ops.standard_deviation, reduction, shape=shapes(0, 3, st.sampled_from((2, 3, 4)))),
    # order
    "argsort": one(ops.argsort, _order, shape=shapes(1), batch=spares_first),
    "cumulative_max": one(ops.cumulative_max, _running, shape=shapes(1), batch=spares_first),
    "cumulative_prod": with_zeros(one(ops.cumulative_prod, _running, shape=shapes(1), batch=spares_first)),
    "linear_recurrence": recurrence(),
    "ranks": one(
        lambda x, descending: apply(RANKS, x, descending=descending),
        lambda draw, shape: {"descending": draw(st.booleans())},
        shape=_FILLED,
        batch=lambda shape, attributes: len(shape) > 1,
    ),
    "sort": one(ops.sort, _order, shape=shapes(1), batch=spares_first),
    # movement
    "diag": one(ops.diag, _offset, shape=_VECTOR_OR_MATRIX, batch=lambda *_: False),
    "diagonal": one(ops.diagonal, _diagonal, shape=_MATRIX, batch=_spares_matrix),
    "expand_dims": one(ops.expand_dims, _new_axes),
    "flip": one(ops.flip, some_axes, batch=spares_first),
    "meshgrid": meshgrid(),
    "moveaxis": one(ops.moveaxis, _moved, shape=shapes(1)),
    "ravel": one(ops.ravel),
    "repeat": one(ops.repeat, _repeats, shape=shapes(1), batch=_once_for_all),
    "roll": one(ops.roll, _shifts, batch=spares_first),
    "split": one(_split, _sections, shape=shapes(1), batch=spares_first),
    "squeeze": one(ops.squeeze, _unit_axes, shape=_WITH_ONE, batch=lambda shape, attributes: shape[0] > 1),
    "stack": stacked(),
    "swapaxes": one(ops.swapaxes, _swapped, shape=_MATRIX),
    "tile": one(ops.tile, _repetitions, batch=lambda shape, given: len(given["repetitions"]) < len(shape)),
    "trace": one(ops.trace, _diagonal, shape=_MATRIX, batch=_spares_matrix),
    "tril": one(ops.tril, _offset, shape=_MATRIX),
    "triu": one(ops.triu, _offset, shape=_MATRIX),
    "unstack": one(
        _unstacked,
        lambda draw, shape: {"axis": draw(st.integers(-len(shape), len(shape) - 1))},
        shape=_FILLED,
        batch=spares_first,
    ),
    # brackets and padding
    "brackets": brackets(),
    "pad": one(ops.pad, _widths, batch=lambda shape, attributes: attributes["widths"][0] == (0, 0)),
    "take": taken(),
    "take_along_axis": taken_along(),
    # products
    "bilinear": bilinear(),
    "einsum": einsum(),
    "inner": pair(ops.inner, last=True),
    "outer": pair(ops.outer, last=False),
    "tensordot": tensordot(),
}
