"""Dropout: training's mean is the test network's output (R1, R2)."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.execute.reference import Program
from chainrule.nn import Conv2D, Dense, Dropout, Layer, Sequential, trace
from tests.counts import scaled
from tests.nn.harness import bindings, run, samples

METHODS = ["inverted", "direct"]
COUNT = scaled(200_000)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("method", METHODS)
def test_each_neuron_has_the_expectation_and_variance_of_its_formula(method, rate):
    network = trace(Dropout(rate, method), [(8,)])
    x = samples((1, 8))
    drawn = run(network, np.repeat(x, COUNT, 0), training=True).astype(np.float64)
    q = 1 - rate
    variance = x[0] ** 2 * (rate / q if method == "inverted" else rate * q)
    expected = run(network, x)[0]
    np.testing.assert_allclose(expected, x[0] if method == "inverted" else q * x[0], rtol=1e-6)
    assert (np.abs(drawn.mean(0) - expected) <= 5 * np.sqrt(variance / COUNT) + 1e-6).all()
    assert (np.abs(drawn.var(0) - variance) <= 0.2 * variance + 1e-9).all()
    kept = drawn != 0
    np.testing.assert_allclose(
        drawn[kept], np.broadcast_to(x / q if method == "inverted" else x, drawn.shape)[kept], rtol=1e-6
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("after", "shape"), [(Dense(3), (8,)), (Conv2D(3, 2), (3, 3, 2))], ids=["dense", "convolution"]
)  # fmt: skip
def test_the_mean_over_thinned_networks_is_the_test_network(method, after: Layer, shape):
    """Exactly so in expectation, because what follows is linear."""
    network = trace(Sequential([Dropout(0.4, method), after]), [shape])
    x = samples((1, *shape))
    count = COUNT // 4
    drawn = run(network, np.repeat(x, count, 0), training=True).astype(np.float64)
    error = np.abs(drawn.mean(0) - run(network, x)[0])
    assert (error < 5 * drawn.std(0) / np.sqrt(count)).all()


@pytest.mark.parametrize("method", METHODS)
def test_whole_maps(method):
    """One decision for all positions of a map, another for each map and each sample."""
    network = trace(Dropout(0.5, method, whole_maps=True), [(4, 4, 16)])
    kept = run(network, np.ones((50, 4, 4, 16)), training=True) != 0
    assert (kept.all((1, 2)) | ~kept.any((1, 2))).all()
    assert abs(kept[:, 0, 0].mean() - 0.5) < 5 * 0.5 / np.sqrt(50 * 16)
    assert len({row.tobytes() for row in kept[:, 0, 0]}) > 40


def test_a_step_has_its_own_neurons_and_keeps_them():
    network = trace(Dropout(0.5), [(100,)])
    x = np.ones((2, 100))
    first, again, next_ = (run(network, x, training=True, step=step) for step in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != next_).any()
    assert (first[0] != first[1]).any()


def test_the_rate_is_turned_without_a_new_graph():
    network = trace(Dropout(0.5), [(1000,)])
    program, rate = Program([network.training]), network.scalars["dropout/rate"].tensor
    values = bindings(network, np.ones((1, 1000)))
    for value in (0.0, 0.1, 0.9, 1.0):
        kept = np.count_nonzero(program.run(values | {rate: np.asarray(value)})[0]) / 1000
        assert abs(kept - (1 - value)) <= 5 * np.sqrt(value * (1 - value) / 1000)


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_the_rate_is_a_probability(rate):
    with pytest.raises(UsageError, match="the probability to drop"):
        Dropout(rate)


def test_the_method_is_known():
    with pytest.raises(UsageError, match="choose 'inverted'"):
        Dropout(0.5, "inverse")
