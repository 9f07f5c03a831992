"""What a recording tells is what NumPy computes from the parameters, and it changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.nn import Activation, BatchNormalization, Dense, Dropout, Rescaling, Sequential
from chainrule.optim import SGD, RandomPerturbation
from chainrule.train import Model

pytestmark = pytest.mark.usefixtures("compiled_quickly")

X = np.array([[0.2, -1.0], [0.5, 0.3], [-0.7, 0.9]], np.float32)
Y = np.array([[1.0], [0.0], [0.5]], np.float32)


def small(*middle):
    return Model(Sequential([Dense(4, "relu", name="hidden"), *middle, Dense(1, name="output")]), (2,), seed=3)


def recorded(model, every=1, epochs=1, **arguments):
    recording = model.record(every=every)
    arguments = {"loss": "mean_squared_error", "optimizer": SGD(0.5), "verbose": 0, "batch_size": 3} | arguments
    model.fit(X, Y, epochs=epochs, callbacks=[recording], **arguments)
    return recording


@pytest.mark.parametrize("executor", ["reference", "native"])
def test_numbers_of_a_small_network_by_hand(executor):
    model = small()
    w, b = model.parameters["hidden/kernel"], model.parameters["hidden/bias"]
    v, c = model.parameters["output/kernel"], model.parameters["output/bias"]
    recording = recorded(model, shuffle=False, executor=executor)
    hidden = np.maximum(X @ w + b, 0)
    error = 2 * (hidden @ v + c - Y) / 3
    by_hidden = error @ v.T
    by_w = X.T @ (by_hidden * (hidden > 0))
    layer, kernel = recording.layers["hidden"], recording.parameters["hidden/kernel"]
    assert layer.passing is not None
    for told, expected in [
        (layer.mean, hidden.mean()),
        (layer.deviation, hidden.std()),
        (layer.zero, (hidden == 0).mean()),
        (layer.gradient, np.sqrt(np.square(by_hidden).mean())),
        (layer.passing, (hidden > 0).mean(0)),
        (kernel.weight, np.sqrt(np.square(w).mean())),
        (kernel.gradient, np.sqrt(np.square(by_w).mean())),
        (kernel.update, 0.5 * np.sqrt(np.square(by_w).mean())),
        (kernel.ratio, 0.5 * np.linalg.norm(by_w) / np.linalg.norm(w)),
    ]:
        np.testing.assert_allclose(told[0], expected, rtol=2e-5)
    assert recording.layers["output"].passing is None


@pytest.mark.parametrize("executor", ["reference", "native"])
def test_it_looks_every_so_many_steps_of_the_models_life_and_changes_no_bit(executor):
    middle = Dropout(0.5), BatchNormalization()
    alone, watched = small(*middle), small(*middle)
    arguments = {"loss": "mean_squared_error", "epochs": 7, "batch_size": 2, "verbose": 0, "executor": executor}
    alone.fit(X, Y, **arguments)
    recording = watched.record(every=4)
    watched.fit(X, Y, callbacks=[recording], **arguments)
    assert recording.steps.tolist() == [0, 4, 8, 12]
    for name, value in alone.parameters.items():
        assert value.tobytes() == watched.parameters[name].tobytes()


def test_the_slope_of_an_activation_behind_a_normalization_is_seen_and_a_scale_has_none():
    layers = [Rescaling(1e-3, name="scale"), Dense(3, name="sums"), BatchNormalization(), Activation("tanh")]
    recording = recorded(Model(Sequential([*layers, Dense(1)]), (2,)))
    bent = {path for path, numbers in recording.layers.items() if numbers.passing is not None}
    assert bent == {"activation"}


@pytest.mark.parametrize(("name", "far"), [("sigmoid", 20.0), ("tanh", 20.0), ("relu", -20.0), ("gelu", -20.0)])
def test_a_unit_far_out_passes_nothing(name, far):
    model = Model(Sequential([Dense(2, name, name="hidden"), Dense(1)]), (2,))
    model.parameters["hidden/bias"] = np.array([0.5, far], np.float32)
    passing = recorded(model).layers["hidden"].passing
    assert passing[0, 0] > 0.3
    assert passing[0, 1] == 0


def test_a_resumed_training_goes_on_with_its_recording(tmp_path):
    whole = small()
    expected = recorded(whole, every=2, epochs=6)
    part = small()
    recorded(part, every=2, epochs=3)
    part.save(tmp_path / "part")
    (text,) = (tmp_path / "part").glob("training-*.json")
    (arrays,) = (tmp_path / "part").glob("optimizer-*.safetensors")
    assert b"passing" in arrays.read_bytes()
    assert len(text.read_bytes()) < 2500  # no number of a look is written out
    loaded = Model.load(tmp_path / "part")
    again = loaded.record(every=2)
    loaded.fit(X, Y, optimizer=SGD(0.5), epochs=6, batch_size=3, verbose=0, callbacks=[again], resume=True)
    assert again.steps.tolist() == expected.steps.tolist()
    for name, numbers in expected.parameters.items():
        assert again.parameters[name].ratio.tobytes() == numbers.ratio.tobytes()
    assert again.layers["hidden"].passing.tobytes() == expected.layers["hidden"].passing.tobytes()


def test_without_gradients_there_are_none():
    recording = recorded(small(), optimizer=RandomPerturbation(0.1))
    assert np.isnan(recording.parameters["hidden/kernel"].gradient).all()
    assert recording.parameters["hidden/kernel"].weight[0] > 0


def test_the_table_has_each_layer_and_parameter():
    recording = recorded(small())
    text = str(recording)
    assert all(name in text for name in [*recording.layers, *recording.parameters])
    assert str(small().record()).startswith("Nothing is recorded yet")


def test_wrong_arguments_are_refused():
    with pytest.raises(UsageError, match="every=0"):
        small().record(every=0)
    for layers in ("hidden", [3], 3):
        with pytest.raises(UsageError, match="give a list of the paths"):
            small().record(layers=layers)
    model = small()
    with pytest.raises(UsageError, match=r"no layer 'hiden'.*hidden"):
        model.fit(X, Y, loss="mean_squared_error", verbose=0, callbacks=[model.record(layers=["hiden"])])
