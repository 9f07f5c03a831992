"""gather(): buffer[index] += body becomes nests that compute each element once, whatever the index."""

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import float64
from chainrule.graph.expression import Buffer, Read, Reduce, call, parts
from chainrule.graph.extent import Batch, Extent, concrete, concrete_shape
from chainrule.graph.gather import gather
from chainrule.graph.scalar import MULTIPLY
from tests.compiler.nests import computed
from tests.counts import scaled

BATCH = 3


@dataclass
class Case:
    """shape[index] += x[axes]."""

    index: tuple[Affine, ...]
    axes: tuple[Axis, ...]
    shape: tuple[Extent, ...]


def check(*cases: Case) -> None:
    """The nests, compiled, against a loop over all points; and that they write each element exactly once."""
    generator = np.random.default_rng(0)
    programs = []
    for case in cases:
        output = Buffer("y", case.shape, float64)
        body = Read(Buffer("x", tuple(axis.extent for axis in case.axes), float64), tuple(map(Affine.of, case.axes)))
        x = generator.integers(-9, 9, [concrete(axis.extent, BATCH) for axis in case.axes]).astype(float)
        programs.append((output, gather(output, case.index, case.axes, body), {body.buffer: x}))
    results = computed(programs, BATCH)
    for case, (output, nests, inputs), y in zip(cases, programs, results, strict=True):
        (x,) = inputs.values()
        np.testing.assert_array_equal(y, scattered(x, case), err_msg=str(case))
        places = [point for nest in nests for point in points(nest.outputs[0].index, nest.axes)]
        assert len(places) == len(set(places)) == y.size == prod(concrete_shape(output.shape, BATCH)), case


def points(index, axes):
    """The values of the index at each point of the axes."""
    for point in product(*(range(concrete(axis.extent, BATCH)) for axis in axes)):
        at = dict(zip(axes, point, strict=True))
        yield tuple(i.constant + sum(c * at[axis] for axis, c in i.terms) for i in index)


def scattered(x, case):
    y = np.zeros(concrete_shape(case.shape, BATCH))
    for value, place in zip(x.ravel(), points(case.index, case.axes), strict=True):
        y[place] += value
    return y


def fitted(index: Affine, slack: int) -> tuple[Affine, int]:
    """The index moved so that its least value is 0 or a little more, and an extent that holds it."""
    ends = [(c * (axis.extent - 1), 0) for axis, c in index.terms if isinstance(axis.extent, int) and axis.extent]
    low, high = sum(min(e) for e in ends), sum(max(e) for e in ends)
    before = slack // 2
    return index + (before - low), high - low + 1 + slack


@st.composite
def windows(draw) -> Case:
    """A strided, dilated window over two dimensions, between a batch and channels: what convolutions scatter to."""
    index, axes = [Affine.of(batch := Axis("n", Batch()))], [batch]
    shape: list[Extent] = [Batch()]
    for i, p in ("ip", "jq"):
        place = Axis(i, draw(st.integers(0, 4)))
        tap = Axis(p, draw(st.integers(1, 5)))
        stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 3))
        backwards = draw(st.sampled_from([1, 1, 1, -1]))
        one, extent = fitted(Affine.of(place, stride) + Affine.of(tap, dilation * backwards), draw(st.integers(0, 5)))
        index, axes, shape = [*index, one], [*axes, place, tap], [*shape, extent]
    if draw(st.booleans()):
        index, axes, shape = [*index, Affine.of(Axis("c", 2))], [*axes, Axis("c", 2)], [*shape, 2]
    if draw(st.booleans()):
        axes.append(Axis("r", draw(st.integers(0, 3))))
    return Case(tuple(index), tuple(axes), tuple(shape))


@st.composite
def anything(draw) -> Case:
    """Any affine index: axes shared between dimensions, diagonals, negative and common factors, constants."""
    axes = [Axis(name, draw(st.integers(0, 4))) for name in "abcd"[: draw(st.integers(1, 4))]]
    index, shape = [], []
    for _ in range(draw(st.integers(0, 3))):
        terms = draw(
            st.dictionaries(st.sampled_from(axes), st.sampled_from([1, 1, 2, 3, 4, 6, -1, -2, -3]), max_size=3)
        )
        one, extent = fitted(Affine(tuple(terms.items())), draw(st.integers(0, 3)))
        index.append(one)
        shape.append(extent)
    assume(prod(shape) <= 4000)
    return Case(tuple(index), tuple(axes), tuple(shape))


def drawn(strategy: st.SearchStrategy[Case]) -> list[Case]:
    """Cases to be compiled together."""
    found: list[Case] = []

    @given(strategy)
    @settings(max_examples=scaled(1000))
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found


@pytest.mark.parametrize("strategy", [windows(), anything()], ids=["windows", "anything"])
def test_random_indices(strategy):
    cases = drawn(strategy)
    for k in range(0, len(cases), 20):
        check(*cases[k : k + 20])


ROW, COLUMN, TAP, SAMPLE = Axis("i", 5), Axis("j", 4), Axis("p", 3), Axis("n", Batch())
i, j, p, n = map(Affine.of, (ROW, COLUMN, TAP, SAMPLE))
K, O0, O1 = Axis("k", 2), Axis("o0", 8), Axis("o1", 8)


@pytest.mark.parametrize(
    "case",
    [
        Case((i, i), (ROW,), (5, 5)),  # a diagonal
        Case((i, i, j), (ROW, COLUMN, TAP), (6, 5, 4)),
        Case((n, n), (SAMPLE,), (Batch(), Batch())),
        Case((i * -1 + 4,), (ROW,), (5,)),  # a reversal
        Case((n * 2 + Affine.of(K),), (SAMPLE, K), (Batch(2),)),  # a reshape
        Case((n * 2 + 1,), (SAMPLE, TAP), (Batch(2),)),  # every second of a batch
        Case((n, i * 2 + p), (SAMPLE, ROW, TAP), (Batch(), 12)),
        Case((i * 4 + j,), (ROW, COLUMN), (20,)),
        Case((i * 6 + j * 4 + 1,), (ROW, COLUMN), (40,)),  # no digit alone tells an odd from an even position
        Case((i * 2, i * 3 + p), (ROW, TAP), (9, 15)),
        Case((i + j, i - j + 3), (ROW, COLUMN), (8, 8)),
        Case((), (ROW, COLUMN), ()),
        Case((Affine(),), (ROW,), (1,)),
        Case((Affine((), 2),), (ROW,), (4,)),  # a constant
        Case((p, i + j), (ROW, COLUMN, TAP), (3, 8)),
        Case((Affine.of(O1), i + j), (O1, ROW, COLUMN), (8, 8)),  # a letter like one that is made up
        Case((Affine.of(O0), i + j), (O0, ROW, COLUMN), (8, 8)),
    ],
    ids=lambda case: ", ".join(map(str, case.index)),
)
def test_particular_indices(case):
    check(case)


def test_a_stride_gives_one_nest_for_each_residue_without_loops_over_positions():
    i, p = Axis("i", 12), Axis("p", 5)
    x, w = Buffer("x", (12,), float64), Buffer("w", (5,), float64)
    body = call(MULTIPLY, Read(x, (Affine.of(i),)), Read(w, (Affine.of(p),)))
    nests = gather(Buffer("y", (27,), float64), [Affine.of(i, 2) + Affine.of(p)], (i, p), body)
    reduced = [e.axes for n in nests for e in parts(n.outputs[0].value) if isinstance(e, Reduce)]
    assert [[a.extent for a in axes] for axes in reduced] == [[3], [2]]
