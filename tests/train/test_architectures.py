"""Architectures that are functions: skip connections, several inputs and outputs, small maps and large ones again."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.tensor import Tensor
from chainrule.nn import (
    AdaptiveMaxPool2D,
    AveragePooling2D,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    MaxPool2D,
    Scope,
    SeparableConv2D,
    Sequential,
    UpSampling2D,
)  # fmt: skip
from chainrule.optim import Adam

pytestmark = pytest.mark.usefixtures("compiled_quickly")


def bars(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images of a horizontal (0) or vertical (1) bar in noise."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, count)
    x = random.normal(0, 0.3, (count, 8, 8, 1))
    for image, label, place in zip(x, labels, random.integers(1, 7, count), strict=True):
        image[(place, slice(None)) if label == 0 else (slice(None), place)] += 1
    return x.astype(np.float32), labels


def two_inputs(inputs: tuple[Tensor, Tensor], scope: Scope) -> tuple[Tensor, Tensor]:
    """An image, through a residual block x + f(x), and two numbers in; a class, and a number of its own, out."""
    image, numbers = inputs
    x = DepthwiseConv2D(3, padding="same", depth_multiplier=8, activation="relu", name="stem")(image, scope)
    narrow = SeparableConv2D(12, 3, strides=2, padding="same", name="narrow")(x, scope)
    x = cr.relu(narrow + Conv2D(12, 1, strides=2, name="shortcut")(x, scope))
    seen = GlobalAveragePooling2D()(x, scope)
    joined = cr.concatenate([seen, Dense(8, "tanh", name="numbers")(numbers, scope)], axis=1)
    return Dense(2, name="class")(joined, scope), Dense(1, name="sum")(joined, scope)


def test_a_residual_network_of_two_inputs_and_two_outputs_learns():
    model = cr.Model(two_inputs, ((8, 8, 1), (2,)))
    x, labels = bars(256)
    numbers = np.random.default_rng(1).uniform(-1, 1, (256, 2)).astype(np.float32)
    total = numbers.sum(1)

    def loss(outputs, targets):
        scores, number = outputs
        return cr.cross_entropy(scores, targets[0]) + cr.square(number[:, 0] - targets[1])

    history = model.fit(
        (x, numbers), (labels, total), loss=loss, metrics=[], optimizer=Adam(0.02), epochs=16, batch_size=32, verbose=0,
        executor="native",
    ).history["loss"]  # fmt: skip
    scores, number = model.predict((x, numbers), executor="reference")
    assert history[-1] < history[0] / 5
    assert (scores.argmax(1) == labels).mean() > 0.95
    assert np.corrcoef(number[:, 0], total)[0, 1] > 0.95


def segmentation(x: Tensor, scope: Scope) -> Tensor:
    """Down and up again, with a skip: what a pixel belongs to, from what it is and from what surrounds it."""
    fine = Conv2D(8, 3, padding="same", activation="relu", name="fine")(x, scope)
    coarse = Conv2D(8, 3, padding="same", activation="relu", name="coarse")(MaxPool2D(2)(fine, scope), scope)
    learned = Conv2DTranspose(4, 2, strides=2, name="learned")(coarse, scope)
    joined = cr.concatenate([fine, learned, UpSampling2D(2, "bilinear")(coarse, scope)], axis=-1)
    return Conv2D(1, 1, name="pixels")(joined, scope)


def test_a_segmentation_learns_and_both_executors_agree():
    """The pixels of the bar, from a picture of it in noise."""
    x, _ = bars(96)
    bar = ((x.mean((1, 3))[:, None, :] > 0.5) | (x.mean((2, 3))[:, :, None] > 0.5)).astype(np.float32)[..., None]

    def losses(executor, epochs):
        return cr.Model(segmentation, (8, 8, 1)).fit(
            x, bar, loss="binary_cross_entropy", metrics=[], optimizer=Adam(0.02), epochs=epochs, batch_size=32,
            verbose=0, executor=executor,
        ).history["loss"]  # fmt: skip

    history = losses("native", 15)
    assert history[-1] < 0.3 * history[0]
    np.testing.assert_allclose(losses("reference", 2), history[:2], rtol=1e-4)


def test_a_network_with_constants_of_its_own_is_saved(tmp_path):
    """Interpolation weights and numbers of elements in windows are made anew from sizes: no code is needed to load."""
    pooled = [UpSampling2D(2, "bilinear"), AveragePooling2D(3, 2, "same", ceil_mode=True), AdaptiveMaxPool2D(3)]
    model = cr.Model(Sequential([Conv2D(2, 3), *pooled, Conv2DTranspose(2, 3, 2, "same")]), (7, 8, 1))
    x = np.random.default_rng(0).standard_normal((3, 7, 8, 1)).astype(np.float32)
    model.save(tmp_path / "model")
    loaded = cr.Model.load(tmp_path / "model")
    predicted = [m.predict(x, executor="reference") for m in (model, loaded)]
    np.testing.assert_array_equal(*predicted)
    assert predicted[0].shape == (3, 6, 6, 2)
