"""Complete architectures: parameter counts as published, and shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.execute import evaluate
from chainrule.graph.extent import batch
from chainrule.graph.tensor import Tensor, tensor
from chainrule.nn import Network, lenet5, lenet5_1998, mlp, trace
from chainrule.nn.models import MODELS
from chainrule.nn.network import shape_of
from chainrule.nn.published import squash
from tests.nn.harness import run


def counts(network: Network) -> dict[str, int]:
    by_layer: dict[str, int] = {}
    for name, parameter in network.parameters.items():
        layer = name.rpartition("/")[0]
        by_layer[layer] = by_layer.get(layer, 0) + math.prod(shape_of(parameter.tensor))
    return by_layer


def test_lenet5():
    network = trace(lenet5(), [(28, 28, 1)])
    assert counts(network) == {
        "conv1": 5 * 5 * 1 * 6 + 6,
        "conv2": 5 * 5 * 6 * 16 + 16,
        "dense1": 400 * 120 + 120,
        "dense2": 120 * 84 + 84,
        "scores": 84 * 10 + 10,
    }
    assert network.parameter_count == 61_706
    shapes = {record.path: record.output_shape for record in network.layers}
    assert shapes["conv1"] == (batch, 28, 28, 6)
    assert shapes["pool2"] == (batch, 5, 5, 16)
    assert shapes["scores"] == (batch, 10)


def test_lenet5_1998_has_the_published_counts():
    """Section II.B: C1 156, S2 12, C3 1,516, S4 32, C5 48,120, F6 10,164; the conclusion of it: 60,000."""
    network = trace(lenet5_1998(), [(28, 28, 1)])
    assert counts(network) == {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164}
    assert network.parameter_count == 60_000
    shapes = {record.path: record.output_shape for record in network.layers}
    assert [shapes[name] for name in ("c1", "s2", "c3", "s4", "c5", "f6", "output")] == [
        (batch, 28, 28, 6), (batch, 14, 14, 6), (batch, 10, 10, 16), (batch, 5, 5, 16), (batch, 1, 1, 120),
        (batch, 84), (batch, 10),
    ]  # fmt: skip


def test_each_map_of_c3_sees_the_maps_of_its_column_only():
    """Table I: moving one map of S2 moves those maps of C3 that are crossed in its row."""
    rows = ["X...XXX..XXXX.XX", "XX...XXX..XXXX.X", "XXX...XXX..X.XXX", ".XXX..XXXX..X.XX", "..XXX..XXXX.XX.X",
            "...XXX..XXXX.XXX"]  # fmt: skip
    layer = next(layer for layer in lenet5_1998().layers if getattr(layer, "name", "") == "c3")
    network = trace(layer, [(5, 5, 6)])
    base = np.zeros((1, 5, 5, 6))
    for k, row in enumerate(rows):
        moved = base.copy()
        moved[..., k] = 1
        changed = run(network, moved) != run(network, base)
        assert "".join("X" if c else "." for c in changed.reshape(-1)) == row


def test_subsampling_sums_four_values_times_a_coefficient_plus_a_bias():
    layer = next(layer for layer in lenet5_1998().layers if getattr(layer, "name", "") == "s2")
    network = trace(layer, [(2, 2, 1)])
    coefficient, bias = (network.parameters[f"s2/{name}"].tensor for name in ("coefficient", "bias"))
    x = np.array([[0.1, 0.2], [0.3, -0.4]]).reshape(1, 2, 2, 1)
    (y,) = evaluate([network.inference], {network.inputs[0]: x, coefficient: [2.0], bias: [0.5]})
    np.testing.assert_allclose(y, squash(tensor([[[[2.0 * 0.2 + 0.5]]]])).numpy(), rtol=1e-6)


def test_the_published_squashing_function():
    """f(±1) = ±1."""
    np.testing.assert_allclose(squash(tensor([-1.0, 0.0, 1.0])).numpy(), [-1, 0, 1], atol=1e-4)


def test_first_weights_of_the_published_network_lie_within_their_fan_in():
    values = trace(lenet5_1998(), [(28, 28, 1)]).initial_parameters(0)
    for name, fan_in in [("c1/kernel", 25), ("s2/coefficient", 4), ("c5/kernel", 400), ("f6/kernel", 120)]:
        assert 0.5 * 2.4 / fan_in < np.abs(values[name]).max() <= 2.4 / fan_in
    connections = np.abs(values["c3/kernel"]).max((0, 1))
    assert (connections[:18] <= 2.4 / 75).all()
    assert (connections[18:54] <= 2.4 / 100).all()
    assert (connections[54:] <= 2.4 / 150).all()


@pytest.mark.parametrize("padding", [0, 2])
def test_images_of_either_size(padding):
    for model in (lenet5, lenet5_1998):
        side = 32 - 2 * padding
        network = trace(model(7, padding=padding), [(side, side, 1)])
        assert isinstance(network.inference, Tensor)
        assert network.inference.shape == (batch, 7)
        assert network.layers[-2].output_shape == (batch, 84)


def test_mlp():
    network = trace(mlp((30, 20), 5, "tanh"), [(4, 4)])
    assert counts(network) == {"dense1": 16 * 30 + 30, "dense2": 30 * 20 + 20, "scores": 20 * 5 + 5}
    assert trace(mlp((), 3), [(4,)]).parameter_count == 15  # no hidden layer: a linear classifier


@pytest.mark.parametrize("name", MODELS)
def test_named_models_take_images_of_bytes(name):
    network = trace(MODELS[name](), [(28, 28, 1)])
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1))
    scores = run(network, images)
    assert scores.shape == (4, 10)
    assert np.isfinite(scores).all()
    assert np.abs(scores - scores.mean()).max() < 100  # scaled: no bytes arrive at a layer
