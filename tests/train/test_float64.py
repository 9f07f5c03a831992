"""Models of float64: every number of a training has its digits, in both executors, in files, and when resumed."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.nn import BatchNormalization, Dense, Dropout, LayerNormalization, Sequential
from chainrule.optim import SGD, Adam
from chainrule.train import Model

pytestmark = pytest.mark.usefixtures("compiled_quickly")

GENERATOR = np.random.default_rng(0)
X, Y = GENERATOR.standard_normal((40, 3)), GENERATOR.standard_normal((40, 2))
WEIGHT = GENERATOR.uniform(0.1, 2.0, 40)
EXECUTORS = pytest.mark.parametrize("executor", ["native", "reference"])


@EXECUTORS
def test_gradient_descent_to_the_last_digits(executor):
    """Weighted least squares, against NumPy."""
    model = Model(Dense(2), 3, dtype="float64")
    w, b = (model.parameters[f"dense/{name}"].copy() for name in ("kernel", "bias"))
    history = model.fit(
        X, Y, loss="mean_squared_error", metrics=["mean_absolute_error"], optimizer=SGD(0.1), epochs=30, batch_size=40,
        sample_weight=WEIGHT, shuffle=False, executor=executor, verbose=0,
    )  # fmt: skip
    for _ in range(30):
        error = X @ w + b - Y
        loss = (WEIGHT * (error**2).mean(1)).sum() / WEIGHT.sum()
        absolute = np.abs(error).mean()
        slope = WEIGHT[:, None] * error / WEIGHT.sum()
        w, b = w - 0.1 * X.T @ slope, b - 0.1 * slope.sum(0)
    np.testing.assert_allclose(model.parameters["dense/kernel"], w, rtol=1e-13)
    np.testing.assert_allclose(model.parameters["dense/bias"], b, rtol=1e-13)
    np.testing.assert_allclose(history.history["loss"][-1], loss, rtol=1e-13)
    np.testing.assert_allclose(history.history["mean_absolute_error"][-1], absolute, rtol=1e-13)
    for count in (1, 40):
        scores = model.predict(X[:count], executor=executor)
        assert scores.dtype == np.float64
        np.testing.assert_allclose(scores, X[:count] @ w + b, rtol=1e-12, atol=1e-14)


def test_all_that_is_kept_is_of_this_type(tmp_path):
    layers = Sequential([Dense(5, "gelu"), BatchNormalization(), LayerNormalization(), Dropout(0.2), Dense(2)])
    model = Model(layers, dtype=np.float64)  # the shape of the input is the data's
    given = {"loss": "mean_squared_error", "optimizer": Adam(0.01), "batch_size": 8, "verbose": 0}
    model.fit(X, Y, epochs=2, **given)
    assert model.dtype.name == "float64"
    slots = [array for own in model.training_state.slots.values() for array in own.values()]
    assert {a.dtype for a in (*model.parameters.values(), *model.states.values(), *slots)} == {np.dtype("float64")}
    model.save(tmp_path)
    again = Model.load(tmp_path)
    assert again.dtype is model.dtype
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    for resumed in (model, again):
        resumed.fit(X, Y, epochs=4, resume=True, **given)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_the_first_values_are_those_of_float32():
    narrow, wide = Model(Dense(2), 3, seed=4), Model(Dense(2), 3, seed=4, dtype="float64")
    assert narrow.dtype.name == "float32"
    np.testing.assert_array_equal(narrow.parameters["dense/kernel"], wide.parameters["dense/kernel"])


@pytest.mark.parametrize("dtype", ["float16", "int64", "flaot64", None, 3])
def test_other_types(dtype):
    with pytest.raises(UsageError, match=rf"dtype='{dtype}' is no type to learn in; choose 'float32' or 'float64'"):
        Model(Dense(2), 3, dtype=dtype)


def test_a_lower_precision_is_for_float32():
    model = Model(Dense(2), 3, dtype="float64")
    with pytest.raises(UsageError, match="precision='bf16' is for models of float32"):
        model.precision = "bf16"
    with pytest.raises(UsageError, match="precision='bf16' is for models of float32"):
        Model(Dense(2), dtype="float64", precision="bf16")
