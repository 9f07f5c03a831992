"""Index arithmetic against counting: every claim is tried at every value of the axes and many sizes of the batch."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.graph.affine import Affine, Axis, mixed_radix
from chainrule.graph.extent import Batch, concrete

NAMES = "abc"
whole = st.integers(0, 4)
extents = st.one_of(whole, whole, st.builds(Batch, st.integers(1, 3)))
axes = st.tuples(*(st.builds(Axis, st.just(name), extents) for name in NAMES))


@st.composite
def affines(draw, axes=axes, least=-4):
    chosen = draw(axes)
    terms = tuple((axis, c) for axis in chosen if (c := draw(st.integers(least, 6))))
    return Affine(terms[: draw(st.integers(0, 3))], draw(st.integers(-5, 5)))


def points(index_axes, batch):
    """Every assignment of values to axes."""
    for values in product(*(range(concrete(axis.extent, batch)) for axis in index_axes)):
        yield dict(zip(index_axes, values, strict=True))


def ends(index_axes, batch):
    """The assignments among which a linear function has its least and its largest value; none if an axis is empty."""
    sizes = [concrete(axis.extent, batch) for axis in index_axes]
    for values in product(*({0, size - 1} if size else () for size in sizes)):
        yield dict(zip(index_axes, values, strict=True))


def value(index, point):
    return index.constant + sum(c * point[axis] for axis, c in index.terms)


SHARED = st.just(tuple(Axis(name, extent) for name, extent in zip(NAMES, (2, 3, 4), strict=True)))


@given(affines(SHARED), affines(SHARED), st.integers(-4, 4))
def test_arithmetic_is_that_of_the_values(a, b, k):
    for point in points(tuple(dict.fromkeys(a.axes + b.axes)), None):
        assert value(a + b, point) == value(a, point) + value(b, point)
        assert value(a - b, point) == value(a, point) - value(b, point)
        assert value(a * k, point) == value(a, point) * k
        assert value(a + k, point) == value(a, point) + k
        assert value(a - k, point) == value(a, point) - k
    assert all(c for _, c in (a + b).terms + (a * k).terms)
    assert (a - a).terms == ()


@given(affines(SHARED), affines(SHARED), affines(SHARED))
def test_substitution_puts_functions_in_the_place_of_axes(index, first, second):
    by = dict(zip(index.axes, (first, second), strict=False))
    replaced = index.substitute(by)
    used = tuple(dict.fromkeys([*index.axes, *first.axes, *second.axes]))
    for point in points(used, None):
        moved = {axis: value(by[axis], point) if axis in by else point[axis] for axis in index.axes}
        assert value(replaced, point) == value(index, moved)


@given(affines(), extents)
def test_within_is_true_exactly_where_no_value_is_outside(index, extent):
    # the ends are linear in the size of the batch: what goes wrong does so for one sample, or for many
    inside = all(
        0 <= value(index, point) < concrete(extent, batch)
        for batch in (1, 2, 3, 1000)
        for point in ends(index.axes, batch)
    )
    assert index.within(extent) == inside


@given(affines(st.tuples(*(st.builds(Axis, st.just(name), whole) for name in NAMES))), whole)
def test_the_ends_tell_of_all_values(index, extent):
    assert index.within(extent) == all(0 <= value(index, point) < extent for point in points(index.axes, None))


def meets_each_once(index, extent, batch):
    return sorted(value(index, p) for p in points(index.axes, batch)) == list(range(concrete(extent, batch)))


@given(affines(least=-1), extents)
def test_mixed_radix_meets_every_element_once(index, extent):
    if mixed_radix(index, extent):
        assert all(meets_each_once(index, extent, batch) for batch in (1, 2, 3))


@given(
    st.permutations(NAMES), st.lists(st.integers(2, 3), min_size=3, max_size=3), st.integers(0, 3), st.integers(-1, 1)
)
def test_digits_are_mixed_radix(names, sizes, count, shift):
    """Whatever the order of the terms; with a constant, or another extent, they are not."""
    terms, step = [], 1
    for name, size in list(zip(names, sizes, strict=True))[:count]:
        terms.append((Axis(name, size), step))
        step *= size
    index = Affine(tuple(sorted(terms, key=lambda term: term[0].name)), shift)
    assert mixed_radix(index, step) == (shift == 0)
    assert not mixed_radix(index, step + 1)


@given(affines(least=1), whole)
def test_nothing_but_digits_meets_every_element_once(index, extent):
    """For positive coefficients and axes that are no trivial ones, the converse holds too."""
    if all(isinstance(axis.extent, int) and axis.extent > 1 for axis in index.axes):
        assert mixed_radix(index, extent) == meets_each_once(index, extent, None)


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (Affine(), "0"),
        (Affine((), -3), "-3"),
        (Affine.of(Axis("i", 2)), "i"),
        (Affine.of(Axis("i", 2), -1) + 1, "-i+1"),
        (Affine.of(Axis("i", 2), 2) + Affine.of(Axis("p", 3), -4) - 5, "2*i-4*p-5"),
    ],
)
def test_as_text(index, text):
    assert str(index) == text


def test_pure_is_one_axis_and_nothing_else():
    i = Axis("i", 3)
    assert Affine.of(i).pure is i
    assert [Affine.of(i, 2).pure, (Affine.of(i) + 1).pure, Affine().pure] == [None] * 3
    assert [Affine.of(i, 2).coefficient(i), Affine().coefficient(i)] == [2, 0]
