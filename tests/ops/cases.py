"""Random applications of every operation: what the property tests draw from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from chainrule import ops
from tests.ops.attention_cases import ATTENTION
from tests.ops.augmentation_cases import AUGMENTATION
from tests.ops.case import (
    Case,
    axes,
    broadcast,
    extents,
    filled,
    numbers,
    one,
    reduction,
    seeds,
    shapes,
    some_axes,
    spares_first,
)  # fmt: skip
from tests.ops.elementwise_cases import ELEMENTWISE
from tests.ops.normalization_cases import NORMALIZATION
from tests.ops.shaping_cases import SHAPING
from tests.ops.window_cases import WINDOWS

Cases = st.SearchStrategy[Case]
Shape = tuple[int, ...]

EXCLUDED = {
    "stream_of": "a number from a name, not an operation on tensors",
    "indexed": "a kind; test_native finds each of its formulas among the cases of sum, matmul, conv2d and the others",
    "pick": "the forward derivative of max and max_pool",
    "put": "the reverse derivative of max and max_pool",
}


# ------------------------------------------------------------------------------------------------------- movement
@st.composite
def new(draw: st.DrawFn, function: Callable[..., Any]) -> Case:
    """A tensor from attributes alone."""
    return Case(function, (), {"shape": draw(shapes()), "dtype": draw(st.sampled_from(("float64", "int32")))})


def _target(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    """A shape that this one broadcasts to."""
    front = draw(shapes(0, 1))
    return {"shape": (*front, *(draw(extents) if e == 1 else e for e in shape))}


def _order(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    order = draw(st.permutations(range(len(shape))))
    return {"axes": draw(st.sampled_from((None, order, [a - len(shape) for a in order])))}


def _regrouped(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    """A shape with as many elements: prime factors dealt out again, with a -1 or ones between."""
    primes = [p for e in shape for p in _primes(e)]
    target: list[int] = [1] * draw(st.integers(0 if not primes else 1, 4))
    for p in draw(st.permutations(primes)):
        target[draw(st.integers(0, len(target) - 1))] *= p
    if target and 0 not in shape and draw(st.booleans()):
        target[draw(st.integers(0, len(target) - 1))] = -1
    return {"shape": tuple(target)}


def _merged(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    """Samples, and a part of what each of them has, counted together; the rest dealt out again."""
    primes = [p for e in shape[1:] for p in _primes(e)]
    target = [-1, *[1] * draw(st.integers(0, 3))]
    for p in draw(st.permutations(primes)):
        place = draw(st.integers(0, len(target) - 1))
        if place:
            target[place] *= p
    return {"shape": tuple(target)}


def _primes(number: int) -> list[int]:
    for p in (2, 3, 5):
        if number > 1 and number % p == 0:
            return [p, *_primes(number // p)]
    return [number] if number != 1 else []


def _key(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    """What may stand in brackets: integers, slices of any step, None, and ... once."""
    key: list[Any] = []
    for extent in shape[: draw(st.integers(0, len(shape)))]:
        kinds = ["slice", "slice", "all", *(["integer"] if extent else [])]
        match draw(st.sampled_from(kinds)):
            case "integer":
                key.append(draw(st.integers(-extent, extent - 1)))
            case "all":
                key.append(slice(None))
            case _:
                bound = st.none() | st.integers(-extent - 1, extent + 1)
                key.append(slice(draw(bound), draw(bound), draw(st.sampled_from((None, 1, 2, 3, -1, -2)))))
        if draw(st.integers(0, 4)) == 0:
            key.append(None)
    if len(key) - key.count(None) == len(shape) or draw(st.booleans()):
        place = draw(st.integers(0, len(key)))
        if all(e is None for e in key[place:]):
            key.insert(place, ...)
    return {"key": tuple(key)}


def _keeps_first(shape: Shape, attributes: dict[str, Any]) -> bool:
    entries = [e for e in attributes["key"] if e is not None]
    return not entries or entries[0] is ... or entries[0] == slice(None)


@st.composite
def concatenated(draw: st.DrawFn) -> Case:
    shape = draw(shapes(1))
    axis = draw(st.integers(0, len(shape) - 1))
    parts = [(*shape[:axis], draw(extents), *shape[axis + 1 :]) for _ in range(draw(st.integers(1, 3)))]
    batch = tuple((k, 0) for k in range(len(parts))) if axis and shape[0] else ()
    chosen = draw(st.sampled_from((axis, axis - len(shape))))
    return Case(lambda *x, axis: ops.concatenate(x, axis), numbers(draw(seeds), parts), {"axis": chosen}, batch)


# ---------------------------------------------------------------------------------------------------- contraction
@st.composite
def matmul(draw: st.DrawFn) -> Case:
    """Matrices, vectors and batches that broadcast."""
    _, (left, right) = draw(broadcast(2))
    n, i, o = (draw(extents) for _ in range(3))
    x = (i,) if draw(st.integers(0, 3)) == 0 else (*left, n, i)
    w = (i,) if draw(st.integers(0, 3)) == 0 else (*right, i, o)
    batch = ((0, 0),) if len(x) == 2 and n and len(w) <= 2 else ()
    return Case(ops.matmul, numbers(draw(seeds), [x, w]), batch=batch)


# ------------------------------------------------------------------------------------------------------ selection
@st.composite
def gather(draw: st.DrawFn) -> Case:
    shape = draw(shapes(1, 3, filled))
    shared = draw(st.integers(0, min(2, len(shape) - 1)))
    axis = draw(st.integers(0, len(shape) - shared - 1))
    places = (*shape[:shared], *draw(shapes(0, 2)))
    generator = np.random.default_rng(draw(seeds))
    indices = generator.integers(0, shape[shared + axis], places, draw(st.sampled_from((np.int32, np.int64))))
    batch: tuple[tuple[int, int], ...] = ()
    if shared:
        batch = ((0, 0), (1, 0))
    elif places and places[0]:
        batch = ((1, 0),)
    return Case(ops.gather, (*numbers(draw(seeds), [shape]), indices), {"axis": axis, "batch_dims": shared}, batch)


@st.composite
def scatter_add(draw: st.DrawFn) -> Case:
    places, rest = draw(shapes(0, 2)), draw(shapes(0, 2))
    extent = draw(filled)
    indices = np.random.default_rng(draw(seeds)).integers(0, extent, places)
    batch = ((0, 0), (1, 0)) if places and places[0] else ()
    return Case(ops.scatter_add, (*numbers(draw(seeds), [(*places, *rest)]), indices), {"extent": extent}, batch)


@st.composite
def one_hot(draw: st.DrawFn) -> Case:
    labels = np.random.default_rng(draw(seeds)).integers(-1, 5, draw(shapes(0, 2)))
    batch = ((0, 0),) if labels.ndim and len(labels) else ()
    return Case(ops.one_hot, (labels,), {"classes": 4, "dtype": "float64"}, batch)


def _count(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    return {"k": draw(st.integers(1, shape[-1]))}


def _running(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    return {"axis": draw(st.integers(-len(shape), len(shape) - 1)), "reverse": draw(st.booleans())}


# ----------------------------------------------------------------------------------------------------- randomness
@st.composite
def random(draw: st.DrawFn, function: Callable[..., Any], *, typed: bool = True) -> Case:
    """Numbers under a seed and a step."""
    seed, step = (np.asarray(draw(st.integers(-(2**63), 2**63 - 1)), np.int64) for _ in range(2))
    attributes: dict[str, Any] = {"shape": draw(shapes(0, 2)), "stream": draw(seeds)}
    if typed:
        attributes["dtype"] = draw(st.sampled_from(("float32", "float64")))
    return Case(
        lambda seed, step, shape, **more: function(shape, seed, step, **more), (seed, step), attributes, (), (0, 1)
    )


@st.composite
def bernoulli(draw: st.DrawFn) -> Case:
    shape, (probability, _) = draw(broadcast(2))
    return Case(
        lambda p, seed, shape: ops.bernoulli(shape, p, seed),
        (*numbers(draw(seeds), [probability], [(-0.25, 1.25)]), np.asarray(draw(seeds))),
        {"shape": shape},
        unbatched=(1,),
    )


@st.composite
def dropped(draw: st.DrawFn, function: Callable[..., Any]) -> Case:
    shape = draw(shapes(1, 3))
    (x,) = numbers(draw(seeds), [shape])
    (rate,) = numbers(draw(seeds), [()], [(-0.2, 1.2)])
    shared = draw(st.none() | st.integers(0, len(shape) - 1))
    attributes = {"stream": draw(seeds), "shared_axes": shared}
    batch = ((0, 0),) if shape[0] else ()
    return Case(function, (x, rate, np.asarray(draw(seeds))), attributes, batch, unbatched=(1, 2))


# ------------------------------------------------------------------------------------------------------ composite
@st.composite
def cross_entropy(draw: st.DrawFn) -> Case:
    shape = draw(shapes(1, 3, filled))
    (logits,) = numbers(draw(seeds), [shape])
    labels: Any = np.random.default_rng(draw(seeds)).integers(0, shape[-1], shape[:-1])
    if draw(st.booleans()):
        labels = numbers(draw(seeds), [shape], [(-0.2, 1.2)])[0]
    batch = ((0, 0), (1, 0)) if len(shape) > 1 else ()
    return Case(ops.cross_entropy, (logits, labels), {"label_smoothing": draw(st.sampled_from((0.0, 0.1)))}, batch)


_FILLED = shapes(1, 3, filled)

CASES: dict[str, Cases] = {
    **ELEMENTWISE,
    "cast": one(ops.cast, lambda draw, shape: {"dtype": draw(st.sampled_from(("float32", "int32", "bool")))}),
    # movement
    "arange": st.builds(lambda n: Case(lambda extent: ops.arange(extent), (), {"extent": n}), extents),
    "broadcast_to": one(ops.broadcast_to, _target, batch=lambda shape, attributes: False),
    "concatenate": concatenated(),
    "flatten": one(ops.flatten, shape=shapes(1)),
    "full": one(lambda x, shape: ops.full(shape, x), lambda draw, shape: {"shape": draw(shapes())}, shape=st.just(())),
    "ones": new(ops.ones),
    "reshape": one(ops.reshape, _regrouped, batch=lambda shape, attributes: False)
    | one(ops.reshape, _merged, shape=_FILLED),
    "size": one(lambda x: x * ops.size(x.shape[0], x.dtype), shape=shapes(1)),
    "slice": one(lambda x, key: x[key], _key, batch=_keeps_first),
    "transpose": one(ops.transpose, _order),
    "zeros": new(ops.zeros),
    # contraction
    "matmul": matmul(),
    "mean": one(ops.mean, reduction, shape=shapes(0, 3, filled)),
    "sum": one(ops.sum, reduction),
    "variance": one(ops.variance, reduction, shape=shapes(0, 3, filled)),
    # selection
    "argmax": one(
        ops.argmax,
        lambda draw, shape: {"axis": axes(draw, shape, several=False)},
        shape=_FILLED,
        batch=spares_first,
    ),
    "cumulative_sum": one(ops.cumulative_sum, _running, shape=shapes(1), batch=spares_first),
    "gather": gather(),
    "max": one(ops.max, reduction, shape=shapes(0, 3, filled), batch=spares_first),
    "one_hot": one_hot(),
    "scatter_add": scatter_add(),
    "top_k": one(lambda x, k: ops.top_k(x, k)[0], _count, shape=_FILLED, batch=lambda shape, _: len(shape) > 1),
    "top_places": one(lambda x, k: ops.top_k(x, k)[1], _count, shape=_FILLED, batch=lambda shape, _: len(shape) > 1),
    # randomness
    "bernoulli": bernoulli(),
    "dropout": dropped(ops.dropout),
    "inverted_dropout": dropped(ops.inverted_dropout),
    "normal": random(ops.normal),
    "random_bits": random(ops.random_bits, typed=False),
    "uniform": random(ops.uniform),
    # composite
    "cross_entropy": cross_entropy(),
    "log_softmax": one(ops.log_softmax, some_axes, shape=_FILLED, batch=spares_first),
    "log_sum_exp": one(ops.log_sum_exp, reduction, shape=shapes(0, 3, filled), batch=spares_first),
    "softmax": one(ops.softmax, some_axes, shape=_FILLED, batch=spares_first),
    **AUGMENTATION,
    **NORMALIZATION,
    **WINDOWS,
    **SHAPING,
    **ATTENTION,
}
