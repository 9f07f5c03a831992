"""A classifier moved over larger images: the same at its own size, the crops' scores at every place, or a refusal."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ShapeError
from chainrule.graph.extent import batch
from chainrule.graph.tensor import Tensor
from chainrule.ops.parts import concatenate
from chainrule.surgery import to_fully_convolutional
from chainrule.surgery.assembling import as_tuple
from chainrule.train.model import Model
from tests.counts import scaled
from tests.surgery.models import filled, predicted, samples
from tests.surgery.random_classifiers import classifier

SHARED = nn.Dense(3, "tanh", name="shared")
BRANCHES = nn.Conv2D(2, 1, name="c1"), nn.Conv2D(2, 3, name="c3")
HEAD = nn.Sequential([nn.ReLU(), nn.Flatten(), nn.Dense(3)])


def two_ways(x, scope):
    """A network that branches and joins maps."""
    one, three = (layer(x, scope) for layer in BRANCHES)
    return HEAD(concatenate([one[:, 1:-1, 1:-1], three], -1), scope)


CONV = nn.Conv2D(4, 3, activation="relu")
WITHOUT_PADDING = {
    "flatten and dense": ([CONV, nn.MaxPool2D(2), nn.Flatten(), nn.Dense(6, "relu"), nn.Dense(3)], 2),
    "dropout, softmax": ([CONV, nn.Flatten(), nn.Dense(6), nn.Dropout(0.5, "direct"), nn.Softmax()], 1),
    "no convolution": ([nn.Flatten(), nn.Dense(5, "tanh"), nn.Dense(3)], 1),
    "batch normalisation": ([CONV, nn.BatchNormalization(), nn.Flatten(), nn.Dense(4), nn.BatchNormalization()], 1),
    "global average": ([nn.Conv2D(4, 3, 2), nn.GlobalAveragePooling2D(), nn.Dense(3)], 2),
    "global maximum": ([CONV, nn.GlobalMaxPool2D(keepdims=True), nn.Flatten(), nn.Dense(3)], 1),
    "adaptive": ([nn.AdaptiveAveragePooling2D(3), nn.Flatten(), nn.Dense(3)], 4),
    "adaptive to one": ([nn.AdaptiveMaxPool2D(1), nn.Flatten(), nn.Dense(3)], 1),
    "groups, dilation": ([nn.Conv2D(4, 2, dilation=2, groups=2), nn.DepthwiseConv2D(2), nn.Flatten(), nn.Dense(3)], 1),
    "functions of channels": ([CONV, nn.LayerNormalization(), nn.Softmax(), nn.Flatten(), nn.Dense(3)], 1),
    "functions of scores": ([nn.Flatten(), nn.Dense(4), nn.Softmax(), nn.Reshape((2, 2)), nn.Permute((2, 1))], 1),
    "average pooling": ([nn.AveragePooling2D(3, 1), nn.Conv2D(3, 2, 2), nn.Flatten(), nn.Dense(2)], 2),
    "two branches": (two_ways, 1),
}  # fmt: skip


def scores(model: Model, x):
    y = predicted(model, x)
    return y.reshape(len(x), -1)


@pytest.mark.parametrize("name", WITHOUT_PADDING)
def test_every_place_of_the_map_says_what_the_classifier_says_of_the_crop(name):
    architecture, stride = WITHOUT_PADDING[name]
    model = filled(architecture, (12, 12, 2))
    large = to_fully_convolutional(model, (17, 20, 2))
    x = samples((17, 20, 2), 2)
    y = predicted(large, x)
    compared = 0
    for i in range((17 - 12) // stride + 1):
        for j in range((20 - 12) // stride + 1):
            crop = x[:, i * stride : i * stride + 12, j * stride : j * stride + 12]
            np.testing.assert_allclose(y[:, i, j].reshape(2, -1), scores(model, crop), rtol=1e-5, atol=1e-5)
            compared += 1
    assert compared >= 4
    own = to_fully_convolutional(model)
    np.testing.assert_allclose(scores(own, x[:, :12, :12]), scores(model, x[:, :12, :12]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(scaled(60)))
def test_random_classifiers(seed):
    """At one place of the map, and at their own size; whichever layers they have."""
    random = np.random.default_rng(seed)
    architecture = classifier(random)
    try:
        model = filled(architecture, (14, 14, 2), seed)
    except ShapeError:  # its windows do not fit in each other
        pytest.skip("no network")
    large, x = to_fully_convolutional(model, (20, 19, 2)), samples((20, 19, 2), 2)
    y, network = predicted(large, x), large.network
    field = nn.receptive_field(as_tuple(network.inference)[0], network.inputs[0])
    assert field.start == (0, 0)
    down, right = (int(step) for step in field.stride)
    i, j = int(random.integers(0, 6 // down, endpoint=True)), int(random.integers(0, 5 // right, endpoint=True))
    crop = x[:, i * down : i * down + 14, j * right : j * right + 14]
    np.testing.assert_allclose(y[:, i, j].reshape(2, -1), scores(model, crop), rtol=1e-4, atol=1e-4)


def test_the_side_of_the_map():
    """(W - RF) / S + 1, of the receptive field that is read off the graph."""
    model = Model(nn.lenet5(padding=0), (32, 32, 1))
    for height, width in ((32, 32), (35, 36), (64, 51)):
        y = to_fully_convolutional(model, (height, width, 1)).network.inference
        assert isinstance(y, Tensor)
        assert y.shape == (batch, (height - 32) // 4 + 1, (width - 32) // 4 + 1, 10)
    large = to_fully_convolutional(model, (64, 51, 1)).network
    assert isinstance(large.inference, Tensor)
    field = nn.receptive_field(large.inference, large.inputs[0])
    assert (field.size, field.stride, field.start) == ((32, 32), (4, 4), (0, 0))


def test_sequences_and_volumes():
    series = filled([nn.Conv1D(3, 3), nn.MaxPool1D(2), nn.Flatten(), nn.Dense(2)], (10, 2))
    x = samples((16, 2))
    y = predicted(to_fully_convolutional(series, (16, 2)), x)
    crops = np.stack([predicted(series, x[:, 2 * i : 2 * i + 10]) for i in range(4)], 1)
    np.testing.assert_allclose(y, crops, rtol=1e-5, atol=1e-5)
    volume = filled([nn.Conv3D(2, 2), nn.Flatten(), nn.Dense(2)], (4, 4, 4, 1))
    x = samples((5, 4, 6, 1))
    y = predicted(to_fully_convolutional(volume, (5, 4, 6, 1)), x)
    assert y.shape == (3, 2, 1, 3, 2)
    np.testing.assert_allclose(y[:, 1, 0, 2], predicted(volume, x[:, 1:, :, 2:]), rtol=1e-5, atol=1e-5)


def test_200_pixels_in_one_position_out():
    layers = [nn.Conv2D(4, 7, 4, activation="relu"), nn.MaxPool2D(4), nn.Conv2D(8, 3), nn.Flatten(), nn.Dense(5)]
    model = filled(layers, (200, 200, 3))
    large = to_fully_convolutional(model)
    assert large.network.inference.shape == (batch, 1, 1, 5)
    x = samples((200, 200, 3), 1)
    np.testing.assert_allclose(predicted(large, x)[:, 0, 0], predicted(model, x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Conv2D(4, 3, padding="same", activation="relu"), nn.Flatten(), nn.Dense(3)],
        [nn.MaxPool2D(3, 2, padding="same"), nn.Flatten(), nn.Dense(3)],
        [nn.AveragePooling2D(3, 2, padding="same"), nn.Flatten(), nn.Dense(3)],
        [nn.ZeroPadding2D(1), nn.Cropping2D(((0, 2), (1, 0))), nn.Conv2D(4, 3, 2), nn.Flatten(), nn.Dense(3)],
    ],
    ids=range(4),
)
def test_with_padding_the_same_at_its_own_size_and_elsewhere_not(layers):
    model = filled(layers, (8, 8, 2))
    x = samples((12, 12, 2))
    own = predicted(to_fully_convolutional(model), x[:, :8, :8])
    np.testing.assert_allclose(own[:, 0, 0], predicted(model, x[:, :8, :8]), rtol=1e-5, atol=1e-5)
    large = predicted(to_fully_convolutional(model, (12, 12, 2)), x)
    assert large.shape[1] > 1
    difference = np.abs(large[:, 0, 0] - predicted(model, x[:, :8, :8])).max()
    assert difference > 1e-3  # right and below, the crop has zeros where the image goes on


def test_published_networks_at_their_own_size():
    upwards = [nn.Conv2DTranspose(2, 3, 2, "same"), nn.Flatten(), nn.Dense(3)]
    cases = (nn.lenet5_1998(), (28, 28, 1)), (nn.all_cnn(width=4), (16, 16, 3)), (upwards, (8, 8, 2))
    for architecture, shape in cases:
        model = filled(architecture, shape)
        x = samples(shape)
        y = predicted(to_fully_convolutional(model), x)
        np.testing.assert_allclose(y.reshape(3, -1), predicted(model, x), rtol=1e-4, atol=1e-4)


def test_the_numbers_and_their_memory_are_the_same():
    model = Model(nn.lenet5(padding=0), (32, 32, 1))
    large = to_fully_convolutional(model, (40, 40, 1))
    assert large.parameters["dense1/kernel"].shape == (5, 5, 16, 120)
    assert large.parameters["dense2/kernel"].shape == (1, 1, 120, 84)
    assert large.parameters.keys() == model.parameters.keys()
    for name, value in model.parameters.items():
        assert np.shares_memory(large.parameters[name], value)
        np.testing.assert_array_equal(large.parameters[name].ravel(), value.ravel())
    kinds = {record.path: record.kind for record in large.network.layers}
    assert kinds["dense1"] == kinds["scores"] == "Conv2D"
    assert "flatten" not in kinds


def test_a_matrix_that_is_used_twice_is_still_one_parameter():
    """A layer that is applied to its own output."""
    model = filled(nn.Sequential([nn.Flatten(), nn.Dense(3, name="first"), SHARED, SHARED]), (4, 4, 1))
    large, x = to_fully_convolutional(model, (6, 5, 1)), samples((6, 5, 1))
    assert large.parameters["shared/kernel"].shape == (3, 3)
    np.testing.assert_allclose(predicted(large, x)[:, 2, 1], predicted(model, x[:, 2:, 1:]), rtol=1e-5, atol=1e-5)


def test_it_is_a_model_like_any_other(tmp_path):
    """Saved, loaded, trained further, and moved over larger images again."""
    model = filled([CONV, nn.Flatten(), nn.Dense(3)], (6, 6, 2))
    large = to_fully_convolutional(model, (9, 9, 2))
    large.save(tmp_path / "m")
    loaded = Model.load(tmp_path / "m")
    x = samples((9, 9, 2))
    np.testing.assert_array_equal(predicted(loaded, x), predicted(large, x))
    again = to_fully_convolutional(loaded, (10, 10, 2))
    assert as_tuple(again.network.inference)[0].shape == (batch, 5, 5, 3)
    before = predicted(large, x)
    large.fit(x, before + 1, loss="mean_squared_error", epochs=2, verbose=0, executor="reference")
    assert np.abs(predicted(large, x) - before).max() > 0
    assert predicted(model, x[:, :6, :6]).shape == (3, 3)


def test_natively_too():
    model = filled([CONV, nn.MaxPool2D(2), nn.Flatten(), nn.Dense(3, "softmax")], (8, 8, 1))
    large, x = to_fully_convolutional(model, (12, 14, 1)), samples((12, 14, 1), 5)
    np.testing.assert_allclose(large.predict(x), predicted(large, x), rtol=1e-5, atol=1e-6)
