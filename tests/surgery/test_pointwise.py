"""A 1 × 1 convolution is a dense layer at each position, and nothing else is."""

from __future__ import annotations

import numpy as np

from chainrule import nn
from chainrule.graph.extent import batch
from chainrule.surgery import to_dense_layers, to_fully_convolutional
from tests.surgery.models import assert_same_outputs, filled, predicted, samples

MAPS = (7, 7, 512)


def test_seven_by_seven_by_512_becomes_seven_by_seven_by_m():
    """With M kernels of 1 × 1 × 512: by either layer, with the same numbers."""
    convolution = filled(nn.Conv2D(16, 1, name="m"), MAPS)
    dense = to_dense_layers(convolution)
    assert [record.kind for record in dense.network.layers] == ["Dense"]
    assert dense.parameters["m/kernel"].shape == (512, 16)
    assert dense.network.inference.shape == (batch, 7, 7, 16)
    assert_same_outputs(convolution, dense, MAPS)
    x, own = samples(MAPS), dense.parameters
    np.testing.assert_allclose(
        predicted(convolution, x)[:, 2, 5], x[:, 2, 5] @ own["m/kernel"] + own["m/bias"], rtol=1e-4, atol=1e-4
    )


def test_and_back():
    dense = filled(nn.Dense(16, name="m"), MAPS)
    convolution = to_fully_convolutional(dense)
    assert [record.kind for record in convolution.network.layers] == ["Conv2D"]
    assert convolution.parameters["m/kernel"].shape == (1, 1, 512, 16)
    assert_same_outputs(dense, convolution, MAPS)


def test_it_is_not_a_dense_layer_on_the_flattened_map():
    """Z4: that has numbers of its own for each position, 49 · 49 times as many; at one position both are the same."""
    flat = filled([nn.Flatten(), nn.Dense(7 * 7 * 4)], (7, 7, 8))
    convolution = filled(nn.Conv2D(4, 1), (7, 7, 8))
    counts = [sum(p.size for p in m.parameters.values()) for m in (flat, convolution)]
    assert counts == [392 * 196 + 196, 8 * 4 + 4]
    alone = filled(nn.Conv2D(4, 1), (1, 1, 8))
    as_dense = filled([nn.Flatten(), nn.Dense(4)], (1, 1, 8))
    as_dense.parameters = {
        "dense/kernel": alone.parameters["conv2d/kernel"][0, 0],
        "dense/bias": alone.parameters["conv2d/bias"],
    }
    x = samples((1, 1, 8))
    np.testing.assert_allclose(predicted(alone, x)[:, 0, 0], predicted(as_dense, x), rtol=1e-5, atol=1e-6)


def test_a_kernel_as_large_as_the_map_is_a_dense_layer_on_all_of_it():
    model = filled([nn.Conv2D(3, 5, 4), nn.Conv2D(6, 4, activation="relu"), nn.Conv2D(2, 1)], (17, 17, 1))
    dense = to_dense_layers(model)
    assert [record.kind for record in dense.network.layers] == ["Conv2D", "Dense", "Dense"]
    assert dense.parameters["conv2d_1/kernel"].shape == (4 * 4 * 3, 6)
    assert_same_outputs(model, dense, (17, 17, 1))


def test_there_and_back_again():
    model = filled([nn.Conv2D(4, 3, activation="relu"), nn.Flatten(), nn.Dense(5, "tanh"), nn.Dense(3)], (8, 8, 2))
    back = to_dense_layers(to_fully_convolutional(model))
    assert {name: value.shape for name, value in back.parameters.items()} == {
        name: value.shape for name, value in model.parameters.items()
    }
    x = samples((8, 8, 2))
    np.testing.assert_allclose(predicted(back, x)[:, 0, 0], predicted(model, x), rtol=1e-5, atol=1e-6)


def test_what_stays():
    shared = nn.Conv2D(2, 1, name="shared")
    for layers in ([nn.Conv2D(2, 1, 2)], [nn.Conv2D(2, 1, groups=2)], [nn.Conv2D(2, 3)], [shared, shared]):
        model = filled(layers, (6, 6, 2))
        dense = to_dense_layers(model)
        assert {record.kind for record in dense.network.layers} == {"Conv2D"}
        assert_same_outputs(model, dense, (6, 6, 2))
