"""A loss at the start that is far from guessing is found, and the remedy that is computed from it cures it."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.diagnosis import Finding, preflight
from chainrule.nn import Dense, Flatten, Normal, Rescaling, Sequential
from chainrule.optim import SGD
from chainrule.train import Model
from tests.diagnosis.trainings import images, table


def last_layer(scale: float, kind: str) -> Model:
    hidden = [Rescaling(1 / 255), Flatten()] if kind == "images" else []
    return Model(Sequential([*hidden, Dense(32, "relu"), Dense(10, kernel_initializer=Normal(0, scale), name="last")]))


def start(model: Model, kind: str) -> list[Finding]:
    x, y = images(200) if kind == "images" else table(200)
    return [f for f in preflight(model, x, y, rehearse=False) if f.code == "CR002"]


def target_start(shift: float = 0.0, scale: float = 1.0, standardised: bool = False) -> list[Finding]:
    x, _ = table(200)
    y = scale * x.sum(-1) + shift
    if standardised:
        y = (y - y.mean()) / y.std()
    model = Model(Sequential([Dense(16, "relu"), Dense(1)]))
    return list(preflight(model, x, y, loss="mean_squared_error", rehearse=False))


PLANTED = {
    "CR002 classes": lambda: start(last_layer(3.0, "table"), "table")[0],
    "CR002 targets": lambda: target_start(shift=80.0)[0],
    "CR002 outputs": lambda: target_start(scale=0.01)[0],
}


@pytest.mark.parametrize("kind", ["images", "table"])
@pytest.mark.parametrize("scale", [4.0, 8.0, 30.0])
def test_outputs_that_are_sure_of_nothing_learned(kind, scale):
    (found,) = start(last_layer(scale, kind), kind)
    assert found.values["layer"] == "last"
    assert found.values["loss"] > found.values["usual"] > found.values["guess"] == pytest.approx(np.log(10))
    cured = last_layer(found.values["start"], kind)
    assert start(cured, kind) == []
    x, y = table(200)
    if kind == "table":  # and begins to learn where the other unlearns
        losses = [
            model.fit(x, y, optimizer=SGD(0.1), verbose=0, executor="reference").history["loss"][0]
            for model in (cured, last_layer(scale, kind))
        ]
        assert losses[0] < losses[1]


@pytest.mark.parametrize("planted", [{"shift": 80.0}, {"shift": -1e4}, {"scale": 0.01}, {"scale": 1e-4, "shift": 1.0}])
def test_targets_that_are_not_where_outputs_start(planted):
    assert "CR002" in [found.code for found in target_start(**planted)]
    assert target_start(**planted, standardised=True) == []


def test_what_a_healthy_start_says():
    for kind in ("images", "table"):
        assert start(last_layer(0.2, kind), kind) == []
    assert target_start() == []
    x, _ = table(50)
    assert not preflight(Model(Dense(1)), x, np.ones(50), loss="mean_squared_error", rehearse=False)


def test_a_model_that_was_trained_is_not_asked():
    x, y = table(60)
    model = last_layer(5.0, "table")
    model.fit(x, y, optimizer=SGD(1e-9), verbose=0, executor="reference")
    assert start(model, "table") == []
