"""What penalties do to the loss and to an update (R3)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.autodiff import gradients
from chainrule.errors import UsageError
from chainrule.execute import evaluate
from chainrule.graph.extent import batch
from chainrule.graph.operation import Array
from chainrule.graph.tensor import input_tensor, tensor
from chainrule.nn import (
    L1,
    L1L2,
    L2,
    ActivityPenalty,
    Conv1D,
    Conv2D,
    Dense,
    Flatten,
    Maxout,
    MeanSquaredError,
    Network,
    Penalty,
    Sequential,
    trace,
)
from chainrule.ops.contraction import mean
from chainrule.optim import SGD, Adam
from chainrule.train import Model
from tests.nn.harness import bindings, run, samples
from tests.train.problems import clusters


def test_the_update_pulls_towards_zero():
    """θ ← θ − η(∂ℓ/∂θ + 2λθ), to float64's last digits; only where a penalty was asked for."""
    eta, decay = 0.1, 0.03
    layers = Sequential([Dense(4, "tanh", kernel_penalty=L2(decay), name="a"), Dense(2, name="b")])
    network = trace(layers, [(3,)], dtype="float64")
    y = input_tensor("y", (batch, 2), "float64")
    rate = input_tensor("learning_rate", (), "float64")
    (penalty,) = network.penalties
    loss = mean(MeanSquaredError()(network.training, y))
    parameters = {name: p.tensor for name, p in network.parameters.items()}
    step = SGD().step(lambda _: (loss + penalty, None), parameters, {}, {"learning_rate": rate})

    values = bindings(network, samples((5, 3))) | {y: samples((5, 2), 1), rate: np.asarray(eta)}
    slopes = dict(zip(parameters, evaluate(gradients(loss, list(parameters.values())), values), strict=True))
    updated = dict(zip(parameters, evaluate(list(step.parameters.values()), values), strict=True))
    for name, parameter in parameters.items():
        theta = values[parameter]
        pull = 2 * decay * theta if name == "a/kernel" else 0.0
        np.testing.assert_allclose(updated[name], theta - eta * (slopes[name] + pull), rtol=1e-14, atol=1e-16)


def total(network: Network, x: Array, **changes: Any) -> float:
    values = bindings(network, x) | {network.scalars[name].tensor: np.asarray(v) for name, v in changes.items()}
    return float(np.sum(evaluate(list(network.penalties), values)))


def test_what_each_penalty_costs():
    """For kernels and biases, of layers of any kind; each factor may be turned."""
    layers = Sequential([
        Conv1D(2, 2, kernel_penalty=L1L2(0.5, 0.25), bias_penalty=L1(3.0), bias_initializer="ones"), Flatten(),
        Dense(3, kernel_penalty=L1(0.125), bias_penalty=L2(2.0), bias_initializer="ones"),
    ])  # fmt: skip
    network = trace(layers, [(4, 2)], dtype="float64")
    assert network.scalar_values() == {
        "conv1d/kernel_l1_penalty": 0.5, "conv1d/kernel_l2_penalty": 0.25, "conv1d/bias_penalty": 3.0,
        "dense/kernel_penalty": 0.125, "dense/bias_penalty": 2.0,
    }  # fmt: skip
    first = network.initial_parameters(0)
    w, v = first["conv1d/kernel"], first["dense/kernel"]
    l1, l2 = np.abs(w).sum(), (w**2).sum()
    others = 3.0 * 2 + 0.125 * np.abs(v).sum() + 2.0 * 3
    x = samples((5, 4, 2))
    assert total(network, x) == pytest.approx(0.5 * l1 + 0.25 * l2 + others, rel=1e-12)
    assert total(network, x, **{"conv1d/kernel_l1_penalty": 7.0}) == pytest.approx(
        7 * l1 + 0.25 * l2 + others, rel=1e-12
    )


def test_l1_pulls_alike_and_leaves_zero_alone():
    """Its slope is sign θ, and 0 at 0."""
    theta = tensor(np.array([3.0, -1e-9, 0.0]))
    ((_, cost),) = L1(1.0).terms(theta).values()
    np.testing.assert_array_equal(gradients(cost, [theta])[0].numpy(), [1.0, -1.0, 0.0])


@pytest.mark.parametrize("count", [1, 6])
def test_activities_cost_their_mean_over_the_samples(count):
    network = trace(Sequential([Dense(3), ActivityPenalty(L1L2(0.5, 0.25))]), [(4,)], dtype="float64")
    x = samples((count, 4))
    h = x @ network.initial_parameters(0)["dense/kernel"]
    assert total(network, x) == pytest.approx((0.5 * np.abs(h).sum() + 0.25 * (h**2).sum()) / count, rel=1e-12)
    np.testing.assert_allclose(run(network, x, training=True), h, rtol=1e-12)


def test_activities_become_sparse():
    """Of 8 hidden numbers that all matter, most fall silent where they cost something."""
    x, y = clusters(60)

    def active(penalty: Penalty) -> float:
        hidden = Dense(8, "relu", name="hidden")
        model = Model(Sequential([hidden, ActivityPenalty(penalty), Dense(3)]))
        model.fit(x, y, optimizer=Adam(0.03), epochs=40, verbose=0, executor="reference")
        h = x @ model.parameters["hidden/kernel"] + model.parameters["hidden/bias"]
        return float(np.mean(h > 0))

    assert active(L1(0.3)) < 0.5 * active(L1(0.0))


@pytest.mark.parametrize("kind", [Dense, Maxout, Conv2D])
def test_what_is_no_penalty(kind):
    with pytest.raises(UsageError, match=rf"{kind.__name__}\(bias_penalty=0.1\): .*Write L2\(0.1\)"):
        kind(4, 3, bias_penalty=0.1) if kind is Conv2D else kind(4, bias_penalty=0.1)
    with pytest.raises(UsageError, match=r"ActivityPenalty\(penalty=0.1\): .*Write L2\(0.1\)"):
        ActivityPenalty(0.1)


@pytest.mark.parametrize("build", [lambda: L1(-1.0), lambda: L1L2(0.1, float("nan")), lambda: L2(float("inf"))])
def test_factors_are_finite_and_not_negative(build):
    with pytest.raises(UsageError, match="must be a finite number, 0 or more"):
        build()
