"""Complete architectures: parameter counts as published, shapes, and what is said where data do not fit.

`CHAINRULE_RENEW_SNAPSHOTS=1 pytest tests/nn/test_models.py` writes the refusals anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.execute import evaluate
from chainrule.graph.extent import batch
from chainrule.graph.tensor import Tensor, tensor
from chainrule.nn import (
    Dense,
    Network,
    SkipConnection,
    all_cnn,
    autoencoder,
    lenet5,
    lenet5_1998,
    mlp,
    resnet,
    sensor_cnn,
    tabular_mlp,
    trace,
    unet,
)  # fmt: skip
from chainrule.nn.models import MODELS
from chainrule.nn.models.published import squash
from chainrule.nn.network import shape_of
from chainrule.ops import tanh
from tests.nn.harness import bindings, run, samples
from tests.refusals import Refusals


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


# ---------------------------------------------------------------------------------------------------------- residual
@pytest.mark.parametrize(("depth", "published"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85)])
def test_residual_networks_have_the_published_counts(depth, published):
    """Table 6, in millions."""
    assert round(trace(resnet(depth=depth), [(32, 32, 3)]).parameter_count / 1e6, 2) == published


def test_a_residual_block_that_adds_nothing_passes_on_what_it_is_given():
    """Every second pixel, and new maps of 0, where it makes smaller maps."""
    x = samples((2, 7, 6, 4))
    for name, given in {"block1_1": x, "block2_1": np.pad(x[:, ::2, ::2], [(0, 0)] * 3 + [(0, 4)])}.items():
        block = next(layer for layer in resnet(depth=8, width=4).layers if getattr(layer, "name", "") == name)
        network = trace(block, [(7, 6, 4)])
        nothing = {network.parameters[f"{name}/norm2/gamma"].tensor: np.zeros(given.shape[-1])}
        (y,) = evaluate([network.inference], bindings(network, x) | nothing)
        np.testing.assert_allclose(y, np.maximum(given, 0), rtol=1e-6)


def test_a_skip_connection_with_a_join_of_its_own():
    network = trace(SkipConnection(Dense(2), lambda x, y: x[:, :2] * y), [(3,)])
    x, kernel = samples((4, 3)), network.initial_parameters(0)["skip_connection/dense/kernel"]
    np.testing.assert_allclose(run(network, x), x[:, :2] * (x @ kernel), rtol=1e-5)


# ----------------------------------------------------------------------------------------- images in, images out, ...
@pytest.mark.parametrize("image", [(32, 32, 3), (9, 15, 3)])
def test_all_convolutional_network(image):
    """All-CNN-C: 1.3 million parameters as published (table 2), whatever the size of the images."""
    network = trace(all_cnn(), [image])
    assert network.parameter_count == 1_369_738
    assert network.layers[-1].output_shape == (batch, 10)


def test_what_the_all_convolutional_network_averages():
    """6 × 6 positions for images of 32 × 32 (table 1)."""
    shapes = {record.path: record.output_shape for record in trace(all_cnn(), [(32, 32, 3)]).layers}
    assert [shapes[n] for n in ("conv1_3", "conv2_3", "conv3_1", "maps")] == [
        (batch, 16, 16, 96), (batch, 8, 8, 192), (batch, 6, 6, 192), (batch, 6, 6, 10),
    ]  # fmt: skip


@pytest.mark.parametrize("image", [(28, 28, 1), (7, 10, 3), (1, 1, 1)])
def test_an_autoencoder_gives_images_of_the_size_that_it_takes(image):
    network = trace(autoencoder(5, image=image, width=2), [image])
    shapes = {record.path: record.output_shape for record in network.layers}
    assert shapes["encoder"] == (batch, 5)
    assert shapes["decoder"] == (batch, *image)


def test_unet():
    """Counted level by level, as in the paper's figure 1: two convolutions down, a transposed one and two up."""
    network = trace(unet(2, depth=2, width=4), [(8, 12, 3)])
    assert counts(network) == {
        "conv1": 9 * 3 * 4 + 4,
        "conv2": 9 * 4 * 4 + 4,
        "below/conv1": 9 * 4 * 8 + 8,
        "below/conv2": 9 * 8 * 8 + 8,
        "below/below/conv1": 9 * 8 * 16 + 16,
        "below/below/conv2": 9 * 16 * 16 + 16,
        "below/below/up": 4 * 16 * 8 + 8,
        "below/conv3": 9 * (8 + 8) * 8 + 8,
        "below/conv4": 9 * 8 * 8 + 8,
        "below/up": 4 * 8 * 4 + 4,
        "conv3": 9 * (4 + 4) * 4 + 4,
        "conv4": 9 * 4 * 4 + 4,
        "scores": 4 * 2 + 2,
    }
    shapes = {record.path: record.output_shape for record in network.layers}
    assert shapes["below/below/conv2"] == (batch, 2, 3, 16)
    assert shapes["below"] == (batch, 8, 12, 8)
    assert shapes["scores"] == (batch, 8, 12, 2)


def test_a_unet_sees_its_surroundings_from_below_and_its_details_beside_it():
    """Without what comes up, a pixel's score depends on four convolutions' windows only: 4 pixels on every side."""
    network = trace(unet(depth=2, width=4, scale=1.0), [(32, 32, 1)])
    x = samples((1, 32, 32, 1))
    moved = x.copy()
    moved[0, 16, 16] += 1
    up = network.parameters["below/up/kernel"].tensor
    for values, reach in (({up: np.zeros(up.shape)}, 4), ({}, 10)):
        before, after = (evaluate([network.inference], bindings(network, x) | values)[0] for x in (x, moved))
        rows = np.flatnonzero((before != after).any((0, 2, 3)))
        assert (rows.min() == 16 - reach) if values else (rows.min() < 16 - reach)
        assert (rows.max() == 16 + reach) if values else (rows.max() > 16 + reach)


# ------------------------------------------------------------------------------------------------- series and tables
def test_sensor_cnn():
    network = trace(sensor_cnn(6, width=4), [(50, 9)])
    assert counts(network) == {
        "conv1": 8 * 9 * 4 + 4, "norm1": 8, "conv2": 5 * 4 * 8 + 8, "norm2": 16, "conv3": 3 * 8 * 4 + 4, "norm3": 8,
        "scores": 4 * 6 + 6,
    }  # fmt: skip


def test_what_happens_in_a_series_may_happen_at_any_time():
    network = trace(sensor_cnn(3, width=4), [(40, 2)])
    early, late = np.zeros((2, 1, 40, 2))
    early[0, 10:15] = late[0, 22:27] = samples((5, 2))
    assert np.abs(run(network, early)).max() > 0.01
    np.testing.assert_allclose(run(network, early), run(network, late), rtol=1e-4, atol=1e-6)


def test_tabular_mlp():
    """Against its equations, in NumPy; vectors have half as many numbers as categories, and at most `most`."""
    network = trace(tabular_mlp(np.array([5, 40]), 2, units=(6,), most=7), [(3,), (2,)])
    assert counts(network) == {
        "columns/embedding1": 5 * 3, "columns/embedding2": 40 * 7, "dense1": (3 + 3 + 7) * 6 + 6,
        "outputs": 6 * 2 + 2,
    }  # fmt: skip
    numbers, categories = samples((4, 3)), np.array([[0, 39], [4, 0], [2, 7], [2, 7]])
    first = network.initial_parameters(0)
    vectors = [first[f"columns/embedding{k + 1}/embeddings"][categories[:, k]] for k in range(2)]
    hidden = np.maximum(np.hstack([numbers, *vectors]) @ first["dense1/kernel"], 0)
    np.testing.assert_allclose(run(network, numbers, categories), hidden @ first["outputs/kernel"], rtol=1e-4)


# ---------------------------------------------------------------------------------------------------------- refusals
wrong: Any = nn  # called as the type checker would not allow
WRONG: dict[str, Callable[[], Any]] = {
    "SkipConnection of a list": lambda: wrong.SkipConnection([Dense(2), Dense(2)]),
    "SkipConnection of a class": lambda: wrong.SkipConnection(Dense),
    "SkipConnection of a function": lambda: wrong.SkipConnection(tanh),
    "SkipConnection past another size": lambda: trace(SkipConnection(Dense(3)), [(4,)]),
    "Dense without a scope": lambda: Dense(3)([[1.0]]),
    "Sequential without a scope": lambda: wrong.Sequential([Dense(3)])([[1.0]], 7),
    "Dense of two inputs": lambda: trace(nn.Sequential([Dense(3)]), [(4,), (4,)]),
    "resnet(depth=18)": lambda: resnet(depth=18),
    "resnet(depth='20')": lambda: wrong.resnet(depth="20"),
    "resnet without channels": lambda: trace(resnet(), [(28, 28)]),
    "all_cnn of small images": lambda: trace(all_cnn(), [(8, 8, 1)]),
    "autoencoder of other images": lambda: trace(autoencoder(), [(32, 32, 1)]),
    "autoencoder of images without channels": lambda: wrong.autoencoder(image=(28, 28)),
    "unet(depth=-1)": lambda: unet(depth=-1),
    "unet of odd images": lambda: trace(unet(), [(28, 28, 1)]),
    "sensor_cnn of one number a moment": lambda: trace(sensor_cnn(3), [(96,)]),
    "tabular_mlp(4)": lambda: wrong.tabular_mlp(4),
    "tabular_mlp of numbers only": lambda: trace(tabular_mlp((4, 9)), [(3,)]),
    "tabular_mlp of other columns": lambda: trace(tabular_mlp((4, 9)), [(3,), (5,)]),
    "tabular_mlp of no categories": lambda: tabular_mlp((4, 0)),
}
REFUSALS = Refusals(Path(__file__).parent / "model_messages.txt", WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_use_is_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_refusal_is_left_over():
    REFUSALS.check_that_none_is_left_over()
