"""How contractions run: tiles fit registers and loops, whatever the sizes, and conditions become ends of loops."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chainrule.compiler.samples import lane_axis
from chainrule.compiler.schedule import (
    ACCUMULATORS,
    UNROLLED,
    Access,
    Bound,
    Schedule,
    bounds_of,
    contract,
    steps_along,
)
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import float32
from chainrule.graph.expression import LARGEST, SUM, Buffer, Guard, Read, Reduce, call
from chainrule.graph.scalar import MULTIPLY

LANES = 8
LANE = lane_axis(LANES)
SIZES = st.integers(1, 60)


def dense(inputs: int, outputs: int) -> tuple[Reduce, list[Axis], list[Access]]:
    """y[lane,o] = Σ_i x[i,lane]·w[i,o]"""
    i, o = Axis("i", inputs), Axis("o", outputs)
    x, w = Buffer("x", (inputs, LANES), float32), Buffer("w", (inputs, outputs), float32)
    of_x, of_w = Read(x, (Affine.of(i), Affine.of(LANE))), Read(w, (Affine.of(i), Affine.of(o)))
    total = Reduce(SUM, (i,), (call(MULTIPLY, of_x, of_w),))
    addresses = [Affine.of(i, LANES) + Affine.of(LANE), Affine.of(i, outputs) + Affine.of(o)]
    return total, [o], [Access(r, at, 4) for r, at in zip((of_x, of_w), addresses, strict=True)]


def check(plan: Schedule, total: Reduce, axes: list[Axis], registers: int) -> None:
    assert sorted(plan.order, key=str) == sorted(axes, key=str)  # each once
    assert sorted(plan.inner, key=str) == sorted(total.axes, key=str)
    points = 1
    for a, size in plan.tile.items():
        assert 1 <= size <= steps_along(a, plan.vector, LANES)
        points *= size if a in total.free_axes else 1
    assert points <= min(ACCUMULATORS, registers)
    last = plan.inner[-1].extent
    assert isinstance(last, int)
    assert last % plan.unroll == 0
    assert plan.unroll * points <= UNROLLED
    assert plan.sets == 1 or (plan.sets == 2 and plan.unroll % 2 == 0)


@given(inputs=SIZES, outputs=SIZES, registers=st.sampled_from((16, 32)), across=st.booleans())
def test_a_tile_fits_the_registers_and_the_loops(inputs, outputs, registers, across):
    """With samples in lanes, and with vectors along the outputs."""
    total, axes, accesses = dense(inputs, outputs)
    vector = axes[0] if across else LANE
    plan = contract(total, axes, [], accesses, vector, LANES, registers)
    assert plan.vector == vector
    check(plan, total, axes, registers)


@given(extent=SIZES, window=st.integers(1, 5), padding=st.integers(0, 4), channels=st.integers(1, 9))
def test_the_condition_of_a_border_is_the_end_of_a_loop_for_each_point(extent, window, padding, channels):
    i, p, c = Axis("i", extent + 2 * padding), Axis("p", window), Axis("c", channels)
    x, w = Buffer("x", (extent, channels, LANES), float32), Buffer("w", (window, channels), float32)
    place = Affine.of(i) + Affine.of(p) - padding
    of_x, of_w = Read(x, (place, Affine.of(c), Affine.of(LANE))), Read(w, (Affine.of(p), Affine.of(c)))
    total = Reduce(SUM, (p, c), (Guard(((place, extent),), call(MULTIPLY, of_x, of_w)),))
    step = channels * LANES
    addresses = [
        Affine.of(p, step) + Affine.of(i, step) + Affine.of(c, LANES) + Affine.of(LANE),
        Affine.of(p, channels) + Affine.of(c),
    ]
    accesses = [Access(r, at, 4) for r, at in zip((of_x, of_w), addresses, strict=True)]
    plan = contract(total, [i], [], accesses, LANE, LANES, 32)
    check(plan, total, [i], 32)
    assert plan.tile[i] == 1  # other points would have other ends
    assert bounds_of(total, plan.inner) == [Bound(place, extent, p)]
    assert plan.inner[-1] != p or plan.unroll == 1  # the number of its steps is not known


def test_a_loop_has_ends_only_where_what_they_depend_on_runs_outside():
    i, p, q = Axis("i", 4), Axis("p", 3), Axis("q", 2)
    x = Buffer("x", (9,), float32)

    def bounds(index: Affine, *inner: Axis) -> list[Bound] | None:
        return bounds_of(Reduce(SUM, inner, (Guard(((index, 9),), Read(x, (index,))),)), inner)

    both = Affine.of(i) + Affine.of(p) + Affine.of(q)
    assert bounds(both, p, q) == [Bound(both, 9, q)]
    assert bounds(both, q, p) == [Bound(both, 9, p)]
    steps = Affine.of(i) + Affine.of(p, 2)
    assert bounds(steps, p) is None  # two at a time: every other place may be inside
    assert bounds(steps + Affine.of(q), p, q) == [Bound(steps + Affine.of(q), 9, q)]
    assert bounds(steps + Affine.of(q), q, p) is None
    assert bounds(Affine.of(i), p) is None
    assert bounds_of(Reduce(LARGEST, (p,), (Guard(((both, 9),), Read(x, (both,))),)), (p,)) is None
