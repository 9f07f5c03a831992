"""What stands in empty lanes is never seen: sums over a batch are those of its samples, whatever lies beside them.

Nests are computed here in NumPy, expression by expression, for more samples than there are; those that are not there
have ordinary numbers. No C is compiled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.expressions import Expressions, Live
from chainrule.compiler.lowering import lower
from chainrule.compiler.samples import batch_axis, batch_sum, filled_alike, isolated_sums, masked
from chainrule.execute import Program
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import float32
from chainrule.graph.expression import (
    LARGEST,
    SUM,
    Buffer,
    Call,
    Constant,
    Coordinate,
    Expression,
    Guard,
    Index,
    Read,
    Reduce,
    Size,
    call,
)
from chainrule.graph.extent import concrete, concrete_shape
from chainrule.graph.loopnest import LoopNest, Output, nest
from chainrule.graph.operation import Array
from chainrule.graph.scalar import ADD, EXP, MULTIPLY, WHERE
from chainrule.graph.tensor import Tensor

SAMPLES, LANES = 3, 8

Places = Mapping[Axis, Array]


class Lanes:
    """Nests on as many samples as there are lanes, of which the last are empty."""

    def __init__(self, arrays: Mapping[Buffer, Array]) -> None:
        self.arrays = dict(arrays)

    def run(self, nest: LoopNest) -> None:
        places = self.over(nest.axes, {})
        shape = tuple(concrete(a.extent, LANES) for a in nest.axes)
        for o in nest.outputs:
            filled = concrete_shape(o.buffer.shape, LANES)
            result = self.arrays.setdefault(o.buffer, np.zeros(filled, o.buffer.dtype.numpy))
            at = tuple(np.broadcast_to(self.index(i, places), shape) for i in o.index)
            value = np.broadcast_to(self.value(o.value, places), shape)
            if o.accumulate:
                np.add.at(result, at, value)
            else:
                result[at] = value

    def over(self, axes: Sequence[Axis], places: Places) -> dict[Axis, Array]:
        """The values of some more axes, each along a dimension of its own behind the others'."""
        more = (np.newaxis,) * len(axes)
        found: dict[Axis, Array] = {a: v[(..., *more)] for a, v in places.items()}
        before = len(places)
        for k, a in enumerate(axes):
            dimensions = [1] * (before + len(axes))
            dimensions[before + k] = -1
            found[a] = np.arange(concrete(a.extent, LANES)).reshape(dimensions)
        return found

    def index(self, i: Index, places: Places) -> Array:
        if isinstance(i, Affine):
            return np.asarray(i.constant + sum(places[a] * c for a, c in i.terms))
        return self.value(i, places)

    def value(self, e: Expression, places: Places) -> Array:
        match e:
            case Constant(number):
                return np.asarray(number, e.dtype.numpy)
            case Size(extent):
                return np.asarray(concrete(extent, SAMPLES))
            case Coordinate(i):
                return self.index(i, places)
            case Live(sample):
                return self.index(sample, places) < SAMPLES
            case Read(buffer, index):
                array = self.arrays[buffer]
                at = [np.clip(self.index(i, places), 0, n - 1) for i, n in zip(index, array.shape, strict=True)]
                return np.asarray(array[tuple(at)])
            case Call(function, arguments):
                return np.asarray(function.numpy(*(self.value(a, places) for a in arguments)))
            case Guard(conditions, guarded):
                inside = np.asarray(True)
                for i, extent in conditions:
                    inside = inside & (self.index(i, places) >= 0)
                    inside = inside & (self.index(i, places) < concrete(extent, LANES))
                return np.where(inside, self.value(guarded, places), e.dtype.numpy.type(0))
            case Reduce(monoid, axes, (argument,)):
                inner = self.over(axes, places)
                whole = np.broadcast_shapes(*(v.shape for v in inner.values()))
                terms = np.broadcast_to(self.value(argument, inner), whole)
                over = tuple(range(len(places), len(inner)))
                found = terms.sum(over) if monoid is SUM else terms.max(over) if monoid is LARGEST else None
                assert found is not None
                return np.asarray(found, e.dtype.numpy)
        raise NotImplementedError(type(e).__name__)


def prepared(outputs: Sequence[Tensor]) -> tuple[dict[Tensor, Buffer], list[Buffer], list[LoopNest]]:
    """Inputs, outputs and nests of a graph, with what keeps sums from seeing empty lanes."""
    expressions = Expressions()
    lowered = lower(outputs, expressions)
    nests = isolated_sums(filled_alike(lowered.nests), expressions)
    sums = [k for k, n in enumerate(nests) if batch_sum(n) is not None]
    return lowered.inputs, lowered.outputs, masked(nests, sums, expressions)


X, W, B = cr.input_tensor("x", (cr.batch, 4)), cr.input_tensor("w", (4, 3)), cr.input_tensor("b", (3,))
IMAGE, KERNEL = cr.input_tensor("image", (cr.batch, 4, 5, 2)), cr.input_tensor("kernel", (3, 3, 2, 3))
INPUTS = (X, W, B, IMAGE, KERNEL)


def spread(x: Tensor) -> Tensor:
    return (x - cr.mean(x, 0)) / cr.sqrt(cr.variance(x, 0) + 0.1)


GRAPHS = {
    "linear maps pass zeros on": (cr.mean((X @ W) ** 2), (W,)),
    "a function that has no zero": (cr.sum(cr.exp(0.1 * (X @ W + B))), (X, W, B)),
    "a quotient": (cr.sum(cr.softmax(X @ W + B) * cr.tanh(X @ W)), (W, B)),
    "a choice": (cr.sum(cr.where(X @ W > 0.5, X @ W, 1.0 - cr.log1p(cr.square(X @ W)))), (W,)),
    "sums that need each other": (cr.mean(cr.tanh(spread(X @ W) + B)), (X, W, B)),
    "windows with a border": (cr.mean(cr.relu(cr.conv2d(IMAGE, KERNEL, padding="same") + B)), (KERNEL, B)),
    "a sum of ones": (cr.sum(cr.cast(X > 0.0, "float32")) / cr.sum(cr.ones((cr.batch,))), ()),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_sums_over_a_batch_do_not_see_empty_lanes(name):
    value, by = GRAPHS[name]
    outputs = [value, *cr.gradients(value, list(by))]
    random = np.random.default_rng(0)
    given = {t: random.normal(size=concrete_shape(t.shape, SAMPLES)).astype("float32") for t in INPUTS}
    inputs, buffers, nests = prepared(outputs)
    arrays = {}
    for t, b in inputs.items():
        empty = np.full((LANES - SAMPLES, *t.shape[1:]), 50.0, "float32") if cr.batch in t.shape else given[t][:0]
        arrays[b] = np.concatenate([given[t], empty])
    lanes = Lanes(arrays)
    with np.errstate(all="ignore"):
        for each in nests:
            lanes.run(each)
    wanted = Program(outputs).run({t: given[t] for t in inputs})
    for t, b, expected in zip(outputs, buffers, wanted, strict=True):
        found = lanes.arrays[b][:SAMPLES] if cr.batch in t.shape else lanes.arrays[b]
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)


def choices(nests: Sequence[LoopNest]) -> list[int]:
    """For how many numbers of a sample each choice by whether it exists is made."""
    made = {e for n in nests for o in n.outputs for e in walked(o.value)}
    chosen = [e for e in made if isinstance(e, Call) and e.function is WHERE and isinstance(e.arguments[0], Live)]
    return [math.prod(a.extent for a in e.free_axes if isinstance(a.extent, int)) for e in chosen]


def walked(e: Expression) -> list[Expression]:
    return [e, *(x for child in e.children() for x in walked(child))]


def test_zeros_are_put_where_there_are_fewest_numbers():
    """The gradient by the weights sums 64 · 64 products of a sample, of which one factor comes of the loss's number."""
    x, w = cr.input_tensor("x", (cr.batch, 64)), cr.input_tensor("w", (64, 64))
    loss = cr.mean(cr.mean((x @ w) ** 2, 1))
    _, _, nests = prepared([loss, *cr.gradients(loss, [w])])
    assert max(choices(nests)) == 1


def test_what_many_results_of_a_nest_are_made_of_becomes_zero_once():
    """All 12 numbers of y are made of the same 3: these are chosen, though 24 places read them."""
    expressions = Expressions()
    n, c, each = Axis("n", cr.batch), Axis("c", 3), Axis("k", 12)
    x, z, y = (Buffer(name, (cr.batch, size), float32) for name, size in (("x", 3), ("z", 3), ("y", 12)))
    total = Buffer("total", (12,), float32)
    at = (Affine.of(n), Affine.of(c))
    both = call(ADD, Read(z, at), Read(z, (Affine.of(n), Affine())))
    parts = [call(MULTIPLY, both, Constant(part + 2, float32)) for part in range(4)]
    outputs = [Output(y, (Affine.of(n), Affine.of(c) + 3 * k), part) for k, part in enumerate(parts)]
    made = [
        nest([n, c], z, call(EXP, Read(x, at))),
        LoopNest((n, c), tuple(outputs)),
        nest([each], total, Reduce(SUM, (n,), (Read(y, (Affine.of(n), Affine.of(each))),))),
    ]
    assert choices(masked(made, [2], expressions)) == [3]


def test_what_is_added_at_places_among_the_samples_goes_by_rows():
    """So the nest that sets them to zero must, too, though it goes sample by sample."""
    x, places = cr.input_tensor("x", (cr.batch, 3)), cr.input_tensor("places", (cr.batch,), "int64")
    lowered = lower([cr.scatter_add(x, places, cr.batch)], Expressions())
    zeros, added = lowered.nests
    assert batch_axis(zeros) is not None
    assert batch_axis(added) is None
    assert [batch_axis(n) for n in filled_alike(lowered.nests)] == [None, None]
