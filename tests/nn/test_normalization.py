"""Batch normalisation: statistics of the batch and running ones (R6)."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.execute.reference import Program
from chainrule.graph.operation import Array
from chainrule.nn import BatchNormalization, Network, Sequential, trace
from tests.nn.harness import bindings, run, samples

MEAN, VARIANCE = "batch_normalization/moving_mean", "batch_normalization/moving_variance"


def updates(network: Network, x: Array, **turned: float | Array) -> tuple[Array, Array]:
    """The running statistics after a training step on x."""
    named = {name: s.tensor for name, s in (network.states | network.scalars).items()}
    values = bindings(network, x) | {named[f"batch_normalization/{n}"]: np.asarray(v) for n, v in turned.items()}
    mean, variance = Program([network.updates[MEAN], network.updates[VARIANCE]]).run(values)
    return mean, variance


@pytest.mark.parametrize("shape", [(5,), (3, 4, 5)], ids=["features", "maps"])
def test_training_normalises_over_the_batch_and_all_positions(shape):
    network = trace(BatchNormalization(epsilon=0.01), [shape])
    x = samples((7, *shape)) * 3 + 2
    axes = tuple(range(x.ndim - 1))
    expected = (x - x.mean(axes)) / np.sqrt(x.var(axes) + 0.01)  # NumPy's variance is the biased one
    np.testing.assert_allclose(run(network, x, training=True), expected, rtol=1e-4, atol=1e-5)


def test_scale_and_offset_are_learned():
    network = trace(BatchNormalization(), [(2,)])
    gamma, beta = (network.parameters[f"batch_normalization/{n}"].tensor for n in ("gamma", "beta"))
    x = samples((50, 2))
    values = bindings(network, x) | {gamma: np.array([2.0, 3.0]), beta: np.array([-1.0, 1.0])}
    y = Program([network.training]).run(values)[0]
    np.testing.assert_allclose(y.mean(0), [-1, 1], atol=1e-5)
    np.testing.assert_allclose(y.std(0), [2, 3], rtol=0.01)


def test_inference_uses_the_running_statistics():
    network = trace(BatchNormalization(epsilon=0.01), [(3,)])
    mean, variance = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    x = samples((4, 3))
    values = bindings(network, x) | {network.states[MEAN].tensor: mean, network.states[VARIANCE].tensor: variance}
    expected = (x - mean) / np.sqrt(variance + 0.01)
    np.testing.assert_allclose(Program([network.inference]).run(values)[0], expected, rtol=1e-5)


def test_running_statistics_keep_the_part_that_the_momentum_says():
    """Keras's convention: m of the old, 1 - m of the batch's, whose variance is biased."""
    network = trace(BatchNormalization(momentum=0.9), [(3,)])
    mean, variance = np.zeros(3), np.ones(3)
    for seed in range(5):
        x = samples((6, 3), seed) + 1
        found = updates(network, x, moving_mean=mean, moving_variance=variance)
        mean, variance = 0.9 * mean + 0.1 * x.mean(0), 0.9 * variance + 0.1 * x.var(0)
        np.testing.assert_allclose(found, (mean, variance), rtol=1e-5)


def test_the_momentum_is_turned_without_a_new_graph():
    network = trace(BatchNormalization(), [(3,)])
    x = samples((6, 3))
    np.testing.assert_allclose(updates(network, x, momentum=0.0), (x.mean(0), x.var(0)), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(updates(network, x, momentum=1.0), (np.zeros(3), np.ones(3)))


def test_training_and_inference_agree_once_the_statistics_are_those_of_the_data():
    network = trace(BatchNormalization(), [(3,)])
    x = samples((200, 3)) * 2 + 5
    mean, variance = updates(network, x, momentum=0.0)
    values = bindings(network, x) | {network.states[MEAN].tensor: mean, network.states[VARIANCE].tensor: variance}
    np.testing.assert_allclose(
        Program([network.inference]).run(values)[0], run(network, x, training=True), rtol=1e-5, atol=1e-6
    )


def test_a_batch_of_one_uses_the_running_statistics_and_leaves_them_to_the_bit():
    network = trace(BatchNormalization(), [(3,)])
    x = samples((1, 3))
    np.testing.assert_array_equal(run(network, x, training=True), run(network, x))
    statistics = np.float32([0.1, 0.7, 1.3]), np.float32([0.3, 3.3, 7.7])
    found = updates(network, x, moving_mean=statistics[0], moving_variance=statistics[1])
    np.testing.assert_array_equal(found, statistics)


def test_one_image_has_a_spread():
    network = trace(BatchNormalization(epsilon=1e-5), [(4, 4, 2)])
    x = samples((1, 4, 4, 2))
    expected = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-5)
    np.testing.assert_allclose(run(network, x, training=True), expected, rtol=1e-4, atol=1e-5)


def test_used_twice_it_counts_both_batches():
    layer = BatchNormalization(momentum=0.5)
    network = trace(Sequential([layer, lambda x, scope: x + 10.0, layer]), [(3,)])
    assert list(network.states) == [MEAN, VARIANCE]
    mean, _ = updates(network, samples((100, 3)) + 4)
    np.testing.assert_allclose(mean, 0.5 * (0.5 * (samples((100, 3)) + 4).mean(0)) + 0.5 * 10, rtol=1e-4)


@pytest.mark.parametrize("momentum", [-0.1, 1.1])
def test_the_momentum_is_a_part(momentum):
    with pytest.raises(UsageError, match="from 0 to 1"):
        BatchNormalization(momentum)
