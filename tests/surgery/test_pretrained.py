"""A model as a layer of another network: its features, kept or trained further."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ShapeError, UsageError
from chainrule.surgery import Pretrained, features
from chainrule.train.model import Model
from tests.surgery.models import filled, predicted, samples

LAYERS = [nn.Conv2D(3, 3), nn.BatchNormalization(), nn.Dropout(0.5), nn.Flatten(), nn.Dense(4, "tanh"), nn.Dense(2)]
SHAPE = (5, 5, 1)


def extractor() -> Model:
    return features(filled(LAYERS, SHAPE), "dense")


@pytest.mark.parametrize("trainable", [False, True])
def test_it_gives_what_the_model_gives_in_both_modes(trainable):
    inner, x = extractor(), samples(SHAPE)
    model = Model(Pretrained(inner, trainable=trainable), SHAPE)
    np.testing.assert_allclose(predicted(model, x), predicted(inner, x), rtol=1e-5, atol=1e-6)
    assert model.network.training.operation.name == "tanh"
    assert not model.states  # statistics are constants, and dropout is silent
    assert len(model.parameters) == (len(inner.parameters) if trainable else 0)


def fitted(trainable: bool) -> tuple[Model, Model]:
    inner, x = extractor(), samples(SHAPE, 8)
    model = Model(nn.Sequential([Pretrained(inner, trainable=trainable, name="inner"), nn.Dense(1)]), SHAPE)
    before = {name: value.copy() for name, value in model.parameters.items()}
    model.fit(x, np.ones((8, 1)), loss="mean_squared_error", epochs=3, verbose=0, executor="reference")
    changed = {name for name, value in model.parameters.items() if (value != before[name]).any()}
    assert "dense/kernel" in changed
    assert ("inner/conv2d.kernel" in changed) == trainable
    return inner, model


def test_kept_features_stay_and_others_are_learned_on_them():
    inner, model = fitted(trainable=False)
    assert set(model.parameters) == {"dense/kernel", "dense/bias"}
    x = samples(SHAPE, 4, seed=5)
    by_hand = predicted(inner, x) @ model.parameters["dense/kernel"] + model.parameters["dense/bias"]
    np.testing.assert_allclose(predicted(model, x), by_hand, rtol=1e-5, atol=1e-6)


def test_features_may_be_trained_further_and_the_model_stays_as_it_is():
    inner, model = fitted(trainable=True)
    assert (inner.parameters["conv2d/kernel"] != model.parameters["inner/conv2d.kernel"]).any()
    rows = {record.path: record.parameters for record in model.network.layers}
    assert len(rows["inner"]) == len(inner.parameters)


def test_it_is_saved_with_the_rest(tmp_path):
    _, model = fitted(trainable=False)
    model.save(tmp_path / "m")
    x = samples(SHAPE)
    np.testing.assert_array_equal(predicted(Model.load(tmp_path / "m"), x), predicted(model, x))


def test_refusals():
    with pytest.raises(ShapeError, match=r"x has shape \(batch, 6, 6, 1\), but .* for \(batch, 5, 5, 1\)"):
        Model(Pretrained(extractor()), (6, 6, 1))
    with pytest.raises(UsageError, match="give a model with one output"):
        Pretrained(features(filled(LAYERS, SHAPE), ["conv2d", "dense"]))
    with pytest.raises(UsageError, match="give a model with one output"):
        Pretrained(nn.Dense(2))
