"""Complete architectures, trained for real and natively: each does better than what needs no network.

U-Net, series and tables are trained in examples/, which tests/test_examples.py runs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.nn import Scope, Sequential, all_cnn, autoencoder, mlp, resnet, sensor_cnn, tabular_mlp, unet
from chainrule.optim import Adam, OneCycle
from tests.nn.harness import samples

DIGITS = cr.data.digits()


def small(images: Array) -> Array:
    """Digits of 14 × 14 pixels, each the mean of four."""
    windows = images.reshape(-1, 14, 2, 14, 2, 1).astype(np.float32)
    means: Array = windows.mean((2, 4))
    return means


def accuracy(network: Sequential, epochs: int, rate: float, **scalars: float) -> float:
    """On 2,000 test digits, after some passes over 3,000 others."""
    model = cr.Model(network, (14, 14, 1))
    model.scalars.update(scalars)
    model.fit(
        small(DIGITS.x_train[:3000]), DIGITS.y_train[:3000], optimizer=Adam(OneCycle(rate)), epochs=epochs,
        batch_size=50, verbose=0, executor="native",
    )  # fmt: skip
    return model.evaluate(small(DIGITS.x_test), DIGITS.y_test, executor="reference")["accuracy"]


@pytest.fixture(scope="module")
def linear() -> float:
    """What a linear classifier reaches."""
    found = accuracy(mlp((), scale=1 / 255), epochs=10, rate=0.01)
    assert found > 0.85
    return found


@pytest.mark.full
def test_a_residual_network_reads_digits(linear):
    assert accuracy(resnet(depth=8, width=8), epochs=3, rate=0.02) > linear + 0.05


@pytest.mark.full
def test_an_all_convolutional_network_reads_digits(linear):
    """Narrow as it is, it needs less dropout."""
    less = {"dropout1/rate": 0.0, "dropout2/rate": 0.1, "dropout3/rate": 0.1}
    assert accuracy(all_cnn(width=8), epochs=5, rate=0.01, **less) > linear + 0.02


@pytest.mark.full
def test_an_autoencoder_keeps_more_of_a_digit_than_as_many_principal_components():
    x, new = DIGITS.x_train[:4000], DIGITS.x_test / np.float32(255)
    model = cr.Model(autoencoder(8, width=8))
    model.fit(
        x, x / np.float32(255), loss="mean_squared_error", optimizer=Adam(OneCycle(0.01)), epochs=4, batch_size=50,
        verbose=0, executor="native",
    )  # fmt: skip
    found = model.evaluate(DIGITS.x_test, new, executor="reference")["loss"]

    flat, new = x.reshape(-1, 784) / 255, new.reshape(-1, 784)
    center = flat.mean(0)
    components = np.linalg.eigh(np.cov(flat.T))[1][:, -8:]
    by_components = np.mean((new - center - (new - center) @ components @ components.T) ** 2)
    assert found < 0.9 * by_components

    encoder, decoder = (
        cr.Model(half, shape) for half, shape in zip(model.architecture.layers, [(28, 28, 1), (8,)], strict=True)
    )
    for half in (encoder, decoder):
        half.parameters = {name: model.parameters[name] for name in half.parameters}
    codes = encoder.predict(DIGITS.x_test[:5], executor="reference")
    assert codes.shape == (5, 8)
    whole = model.predict(DIGITS.x_test[:5], executor="reference")
    np.testing.assert_allclose(decoder.predict(codes, executor="reference"), whole, rtol=1e-5, atol=1e-6)


def two_outputs(x: Any, scope: Scope) -> tuple[Tensor, Tensor]:
    """A number and a class of each row of a table."""
    return NUMBER(x, scope), LABEL(x, scope)


IMAGE, TABLE = (8, 8, 3), ((3,), (2,))
NUMBER, LABEL = (Sequential([tabular_mlp((4, 9), n)], name=name) for n, name in ((1, "number"), (3, "label")))
SMALL: dict[str, tuple[Any, Any]] = {
    "resnet": (resnet(3, depth=8, width=2), IMAGE),
    "all_cnn": (all_cnn(3, width=2), (9, 10, 3)),
    "autoencoder": (autoencoder(4, image=(7, 10, 3), width=2), (7, 10, 3)),
    "unet": (unet(3, depth=2, width=2), IMAGE),
    "sensor_cnn": (sensor_cnn(3, width=2), (12, 2)),
    "tabular_mlp": (tabular_mlp((4, 9), 2, units=(5,)), TABLE),
    "tabular_mlp, two outputs": (two_outputs, TABLE),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_saved_model_predicts_the_same(name, tmp_path):
    architecture, shape = SMALL[name]
    model = cr.Model(architecture, shape)
    categories = np.array([[0, 8], [3, 0], [0, 0], [1, 1], [2, 5]])
    x = (samples((5, 3)), categories) if shape is TABLE else samples((5, *shape))
    model.save(tmp_path / "model")
    loaded = cr.Model.load(tmp_path / "model")
    before, after = (m.predict(x, executor="reference") for m in (model, loaded))
    for one, other in zip(*((y if isinstance(y, tuple) else (y,)) for y in (before, after)), strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.isfinite(one).all()
        assert one.std() > 0
    assert loaded.summary() == model.summary()
