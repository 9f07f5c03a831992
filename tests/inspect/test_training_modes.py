"""Two graphs, and nobody who could mix them up: training and inference stay apart (R7)."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import inspect, nn
from chainrule.errors import GraphError
from chainrule.nn import trace
from chainrule.optim import SGD
from chainrule.surgery import features, fold_batch_normalization
from chainrule.train.model import Model

X = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)


def network() -> Model:
    layers = [nn.Dense(4, name="first"), nn.BatchNormalization(name="norm"), nn.Dropout(0.5, name="drop"), nn.Dense(2)]
    return Model(nn.Sequential(layers), (3,))


def trained(model: Model) -> Model:
    model.fit(X, Y, optimizer=SGD(0.1), epochs=2, batch_size=10, verbose=0, executor="reference")
    return model


def test_where_the_modes_part_and_by_how_much():
    model = trained(network())
    record = inspect.compare_modes(model, X)
    assert record.first == "norm"
    assert record.differences["first"] == 0.0
    np.testing.assert_allclose(record.inference, model.predict(X, executor="reference"), rtol=1e-5, atol=1e-6)
    first = features(model, "first").predict(X, executor="reference")
    own = {
        name.partition("/")[2]: value for name, value in {**model.parameters, **model.states}.items() if "norm" in name
    }
    in_training, in_inference = (
        own["gamma"] * (first - mean) / np.sqrt(variance + 1e-3) + own["beta"]
        for mean, variance in ((first.mean(0), first.var(0)), (own["moving_mean"], own["moving_variance"]))
    )
    expected = np.sqrt(np.square(in_training - in_inference).mean() / np.square(in_inference).mean())
    assert record.differences["norm"] == pytest.approx(expected, rel=1e-3)


def test_without_such_layers_the_modes_are_the_same():
    record = inspect.compare_modes(Model(nn.mlp((4,)), (3,)), X)
    assert record.first is None
    np.testing.assert_array_equal(record.training, record.inference)


def test_layers_that_cut_images_have_another_shape_or_other_numbers():
    record = inspect.compare_modes(
        Model(nn.RandomCrop(3, 3, name="crop"), (5, 5, 1)), np.arange(50.0).reshape(2, 5, 5, 1)
    )
    assert record.first == "crop"


def test_nothing_but_a_training_changes_what_is_predicted():
    """Predicting and evaluating, before, between and after, in any order, sees no dropout and moves no statistics."""
    model = trained(network())
    states = dict(model.states)
    first = model.predict(X, executor="reference")
    model.evaluate(X, Y, executor="reference")
    inspect.compare_modes(model, X)
    np.testing.assert_array_equal(model.predict(X, executor="reference"), first)
    np.testing.assert_allclose(
        model.predict(X[:1], executor="reference"), first[:1], rtol=1e-5
    )  # alone or among others
    assert all(model.states[name] is value for name, value in states.items())
    trained(model)
    assert any((model.states[name] != value).any() for name, value in states.items())


def test_a_loaded_model_has_both_modes(tmp_path):
    model = trained(network())
    model.save(tmp_path / "model")
    again = Model.load(tmp_path / "model")
    before, after = inspect.compare_modes(model, X), inspect.compare_modes(again, X)
    np.testing.assert_array_equal(after.training, before.training)
    np.testing.assert_array_equal(after.inference, before.inference)
    assert after.differences == before.differences


def test_a_folded_model_says_that_it_is_for_inference_by_being_the_same_in_both_modes():
    folded = fold_batch_normalization(trained(network()), report=None)
    assert inspect.compare_modes(folded, X).first is None


def test_layers_made_anew_in_each_mode_are_refused():
    """Training and inference would have other parameters, and nobody would notice."""

    def architecture(x, scope):
        return nn.Dense(2)(x, scope) if scope.training else nn.Dense(2, "relu", name="other")(x, scope)

    with pytest.raises(GraphError, match="makes its layers anew each time"):
        trace(architecture, [(3,)])


def test_the_picture_has_a_bar_for_each_layer():
    record = inspect.compare_modes(trained(network()), X)
    (axes,) = inspect.plot_mode_comparison(record).figure.axes
    np.testing.assert_allclose([bar.get_width() / 100 for bar in axes.patches], list(record.differences.values()))
