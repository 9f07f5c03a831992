"""The one symbolic size: arithmetic of shapes with a batch, against the same shapes with numbers."""

from math import prod

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import GraphError, ShapeError
from chainrule.graph.extent import Batch, batch, concrete, concrete_shape, is_extent, product, show_shape

extents = st.one_of(st.integers(0, 5), st.builds(Batch, st.integers(1, 4)))


@given(st.lists(extents, max_size=4), st.integers(1, 5))
def test_the_number_of_elements(shape, size):
    assume(sum(isinstance(e, Batch) for e in shape) < 2)
    assert concrete(product(shape), size) == prod(concrete_shape(tuple(shape), size))


def test_multiples_of_the_batch():
    assert 3 * batch == batch * 3 == Batch(3)
    assert batch * 0 == 0
    assert {batch: 1}[Batch()] == 1
    assert [str(batch), str(batch * 2)] == ["batch", "2·batch"]
    assert [show_shape(s) for s in [(), (batch,), (batch, 3)]] == ["()", "(batch,)", "(batch, 3)"]


@pytest.mark.parametrize(
    ("value", "is_one"),
    [(0, True), (3, True), (batch, True), (-1, False), (Batch(0), False), (1.0, False), (True, False)],
)
def test_what_is_an_extent(value, is_one):
    assert is_extent(value) == is_one


def test_two_batches_are_refused():
    x = cr.input_tensor("x", (batch, 3))
    with pytest.raises(ShapeError, match=r"one symbolic axis: .*batch, batch"):
        product((batch, batch))
    with pytest.raises(ShapeError, match="batch × batch"):
        cr.reshape(x @ x.T, (-1,))


def test_an_unknown_size_is_asked_for():
    with pytest.raises(GraphError, match=r"the size of the batch is not known here; .*batch="):
        concrete(batch, None)
    with pytest.raises(GraphError, match="size of the batch is not known"):
        cr.zeros((batch, 2)).numpy()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_graph_with_a_batch_is_the_graph_with_its_size(count):
    """Means divide by the number of samples, shapes follow it, and it is known only when an input is bound."""
    data = np.arange(count * 6, dtype=np.float32).reshape(count, 2, 3) / 7

    def function(x):
        flat = cr.flatten(x)
        centered = flat - cr.mean(flat, 0)
        wide = cr.reshape(cr.concatenate([centered, flat], 1), (-1, 3))
        return wide, cr.sum(cr.square(centered)) / x.shape[0] if isinstance(x.shape[0], int) else cr.mean(
            cr.sum(cr.square(centered), 1)
        )

    x = cr.input_tensor("x", (batch, 2, 3))
    symbolic = function(x)
    assert [y.shape for y in symbolic] == [(batch * 4, 3), ()]
    for with_batch, with_size in zip(cr.evaluate([*symbolic], {x: data}), function(cr.tensor(data)), strict=True):
        np.testing.assert_allclose(with_batch, with_size.numpy(), rtol=1e-5, atol=1e-6)
