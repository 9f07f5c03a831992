"""Gradient descent, plain and with momentum, against its equations written in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import GradientError
from chainrule.execute import evaluate
from chainrule.graph.extent import batch
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.ops.comparison import greater
from chainrule.ops.contraction import matmul, mean, sum
from chainrule.ops.elementwise import square, where
from chainrule.optim import SGD, ConstantRate, Momentum, Nesterov, StepDecay
from tests.optim.sequence import sequence

CURVATURE = np.array([1.0, 10.0, 0.1])
START = np.array([1.0, -2.0, 3.0])


def loss(theta: Tensor) -> Tensor:
    return 0.5 * sum(square(theta) * CURVATURE)


def slope(theta: Array) -> Array:
    return CURVATURE * theta


def test_gradient_descent():
    theta = START
    for found in sequence(SGD(0.05), loss, START, 20):
        theta = theta - 0.05 * slope(theta)
        np.testing.assert_allclose(found["theta"], theta, rtol=1e-13)


def test_momentum():
    theta, v = START, np.zeros(3)
    for found in sequence(Momentum(0.05, 0.8), loss, START, 20):
        v = 0.8 * v - 0.05 * slope(theta)
        theta = theta + v
        np.testing.assert_allclose(found["theta"], theta, rtol=1e-12)
        np.testing.assert_allclose(found["velocity"], v, rtol=1e-12)


def test_nesterov_is_the_published_sequence_seen_from_where_the_velocity_leads():
    """Sutskever et al.: v ← μ v − η g(θ + μ v), θ ← θ + v; what is kept is θ + μ v."""
    theta, v = START, np.zeros(3)
    for found in sequence(Nesterov(0.05, 0.8), loss, START, 20):
        v = 0.8 * v - 0.05 * slope(theta + 0.8 * v)
        theta = theta + v
        np.testing.assert_allclose(found["theta"], theta + 0.8 * v, rtol=1e-12)
        np.testing.assert_allclose(found["velocity"], v, rtol=1e-12)


@pytest.mark.parametrize("rule", [Momentum, Nesterov])
def test_without_momentum_both_are_gradient_descent(rule):
    plain = sequence(SGD(0.05), loss, START, 5)
    for found, expected in zip(sequence(rule(0.05, 0.0), loss, START, 5), plain, strict=True):
        np.testing.assert_array_equal(found["theta"], expected["theta"])


def test_a_scheduled_rate_is_that_of_the_step():
    theta = START
    rates = [0.1, 0.1, 0.05, 0.05, 0.025]
    for found, rate in zip(sequence(SGD(StepDecay(0.1, 2, 0.5)), loss, START, 5), rates, strict=True):
        theta = theta - rate * slope(theta)
        np.testing.assert_allclose(found["theta"], theta, rtol=1e-13)


def test_every_rate_may_be_scheduled():
    assert Momentum(ConstantRate(0.1), StepDecay(0.8, 10, 0.5)).scalars(10, 20) == {
        "learning_rate": 0.1,
        "momentum": 0.4,
    }
    assert SGD(1).scalars() == {"learning_rate": 1.0}


@pytest.mark.parametrize("size", [1, 4, 12])
def test_batch_stochastic_and_mini_batch_are_one_formula(size):
    """One graph; with b samples the update is −η times the mean of their b gradients: b = k, 1, or between (G2)."""
    generator = np.random.default_rng(0)
    x, y, w = generator.standard_normal((12, 3)), generator.standard_normal(12), generator.standard_normal(3)
    samples, targets = input_tensor("x", (batch, 3), "float64"), input_tensor("y", (batch,), "float64")
    theta, rate = input_tensor("theta", (3,), "float64"), input_tensor("rate", (), "float64")
    step = SGD().step(
        lambda p: (mean(square(matmul(samples, p["theta"]) - targets)), None),
        {"theta": theta},
        {},
        {"learning_rate": rate},
    )
    for k in range(0, 12, size):
        chosen = slice(k, k + size)
        per_sample = 2 * (x[chosen] @ w - y[chosen])[:, None] * x[chosen]
        values = {samples: x[chosen], targets: y[chosen], theta: w, rate: 0.1}
        (found,) = evaluate([step.parameters["theta"]], values)
        np.testing.assert_allclose(found, w - 0.1 * per_sample.mean(0), rtol=1e-13)


def test_what_was_computed_with_the_loss_comes_back():
    theta, rate = input_tensor("theta", (2,)), input_tensor("rate", (), "float64")
    step = SGD().step(lambda p: (sum(p["theta"]), "aux"), {"theta": theta}, {}, {"learning_rate": rate})
    assert (step.aux, step.loss.shape, step.parameters["theta"].dtype) == ("aux", (), theta.dtype)


def test_a_parameter_that_the_loss_does_not_see_stays():
    tensors = {name: input_tensor(name, (2,)) for name in ("a", "b")}
    rate = input_tensor("rate", (), "float64")
    step = SGD().step(lambda p: (sum(p["a"]), None), tensors, {}, {"learning_rate": rate})
    (found,) = evaluate([step.parameters["b"]], {tensors["b"]: [1, 2], rate: 0.1})
    np.testing.assert_array_equal(found, [1, 2])


def test_a_loss_that_no_parameter_moves_is_refused():
    theta, rate = input_tensor("theta", (2,)), input_tensor("rate", (), "float64")
    with pytest.raises(GradientError, match="only through greater"):
        SGD().step(
            lambda p: (sum(where(greater(p["theta"], 0.0), 1.0, 0.0)), None),
            {"theta": theta},
            {},
            {"learning_rate": rate},
        )
