"""Averages of weights, and gradients of several batches, against NumPy and against one larger batch."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.graph.tensor import Tensor
from chainrule.ops.contraction import matmul, mean, sum
from chainrule.ops.elementwise import square
from chainrule.optim import (
    SGD,
    AccumulateGradients,
    Adam,
    ClipByGlobalNorm,
    ExponentialAverage,
    GradientOptimizer,
    Momentum,
    StepDecay,
    StochasticWeightAverage,
)
from tests.optim.sequence import sequence, sequences

START = np.array([1.0, -2.0])


def loss(theta: Tensor) -> Tensor:
    return sum(square(theta) * np.array([1.0, 3.0]))


def test_an_exponential_average_counts_the_first_updates_alike():
    average = np.zeros(2)
    for t, found in enumerate(sequence(ExponentialAverage(SGD(0.1), 0.75), loss, START, 12), start=1):
        beta = min(0.75, 1 - 1 / t)
        average = beta * average + (1 - beta) * found["theta"]
        np.testing.assert_allclose(found["average"], average, rtol=1e-13)
    early = sequence(ExponentialAverage(SGD(0.1), 0.75), loss, START, 4)
    np.testing.assert_allclose(early[-1]["average"], np.mean([values["theta"] for values in early], 0), rtol=1e-14)


@pytest.mark.parametrize(("start", "every"), [(0, 1), (3, 1), (2, 3), (0, 4)])
def test_a_plain_average_of_chosen_updates(start, every):
    thetas = []
    history = sequence(StochasticWeightAverage(SGD(0.1), start, every), loss, START, 13)
    for t, found in enumerate(history, start=1):
        if t > start and (t - start) % every == 0:
            thetas.append(found["theta"])
        expected = np.mean(thetas, 0) if thetas else found["theta"]
        np.testing.assert_allclose(found["average"], expected, rtol=1e-13)
    assert len(thetas) > 1


@pytest.mark.parametrize("wrapper", [ExponentialAverage, StochasticWeightAverage])
def test_the_training_is_as_without_it(wrapper):
    plain, averaged = sequence(Adam(0.1), loss, START, 5), sequence(wrapper(Adam(0.1)), loss, START, 5)
    for a, b in zip(plain, averaged, strict=True):
        assert all((a[name] == b[name]).all() for name in a)


@pytest.mark.parametrize("wrapper", [ExponentialAverage, StochasticWeightAverage])
def test_in_float32_what_stays_the_same_is_its_own_average(wrapper):
    for found in sequence(wrapper(SGD(0.1)), lambda theta: sum(0.0 * theta), np.array([0.1, 3.0]), 50, "float32"):
        np.testing.assert_allclose(found["average"], found["theta"], rtol=1e-6)


# ------------------------------------------------------------------------------------------------------- accumulation
X = np.random.default_rng(0).standard_normal((24, 3, 4))  # 24 batches of 3 samples


def residual(parameters: dict[str, Tensor], x: Tensor) -> Tensor:
    """A mean over the samples, and a penalty."""
    return mean(square(matmul(x, parameters["w"]) - 1.0)) + 0.1 * sum(square(parameters["w"]))


@pytest.mark.parametrize("steps", [1, 2, 3, 8])
@pytest.mark.parametrize(
    "inside", [SGD(0.1), Momentum(StepDecay(0.1, 2, 0.5)), Adam(0.1), ClipByGlobalNorm(Adam(0.1), 0.5)]
)
def test_batches_together_are_one_larger_batch(inside: GradientOptimizer, steps):
    """For losses that are means of equal batches, whatever counts updates: Adam's t, and schedules."""
    start = {"w": np.zeros((4, 2))}
    parts = sequences(AccumulateGradients(inside, steps), residual, start, 24, data=list(X))
    whole = sequences(inside, residual, start, 24 // steps, data=list(X.reshape(24 // steps, 3 * steps, 4)))
    for k, (_, parameters, slots) in enumerate(parts):
        done = (k + 1) // steps
        before = whole[done - 1][1]["w"] if done else start["w"]
        np.testing.assert_allclose(parameters["w"], before, rtol=1e-12, atol=1e-13)
        if (k + 1) % steps == 0:
            assert not slots["w"]["gradients"].any()
            for name, value in whole[done - 1][2]["w"].items():
                np.testing.assert_allclose(slots["w"][name], value, rtol=1e-11, atol=1e-13)


def test_averages_inside_take_each_update_once():
    start = {"w": np.zeros((4, 2))}
    inside, outside = ExponentialAverage(SGD(0.1), 0.5), AccumulateGradients(ExponentialAverage(SGD(0.1), 0.5), 3)
    parts = sequences(outside, residual, start, 24, data=list(X))
    whole = sequences(inside, residual, start, 8, data=list(X.reshape(8, 9, 4)))
    np.testing.assert_allclose(parts[-1][2]["w"]["average"], whole[-1][2]["w"]["average"], rtol=1e-12)


def test_schedules_inside_count_updates():
    optimizer = AccumulateGradients(SGD(StepDecay(0.8, 1, 0.5)), 2)
    assert [optimizer.scalars(step, 8)["learning_rate"] for step in range(6)] == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]
