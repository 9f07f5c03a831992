"""Weight decay: what the L2 penalty does to an update (R3)."""

from __future__ import annotations

import numpy as np

from chainrule.autodiff import gradients
from chainrule.execute import evaluate
from chainrule.graph.extent import batch
from chainrule.graph.tensor import input_tensor
from chainrule.nn import L2, Dense, MeanSquaredError, Sequential, trace
from chainrule.ops.contraction import mean
from chainrule.optim import SGD
from tests.nn.harness import bindings, samples


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
    for name, tensor in parameters.items():
        theta = values[tensor]
        pull = 2 * decay * theta if name == "a/kernel" else 0.0
        np.testing.assert_allclose(updated[name], theta - eta * (slopes[name] + pull), rtol=1e-14, atol=1e-16)
