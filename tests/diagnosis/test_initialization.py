"""First weights that are zero or the same for all units are found where they hinder, and random ones cure them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from chainrule.diagnosis import Findings, preflight
from chainrule.nn import (
    BatchNormalization,
    Constant,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Initializer,
    MaxPool2D,
    Rescaling,
    Sequential,
)
from chainrule.optim import Adam, RandomPerturbation
from chainrule.train import Model
from tests.counts import full
from tests.diagnosis.trainings import images, rows, table

slow = pytest.mark.skipif(not full(), reason="with the full counts only")


@dataclass(frozen=True)
class Repeated(Initializer):
    """Random weights, but only so many different units of them."""

    different: int

    def __call__(self, shape, seed, stream):
        few = np.random.default_rng(seed).normal(size=(*shape[:-1], self.different)) / np.sqrt(np.prod(shape[:-1]))
        return few[..., np.arange(shape[-1]) % self.different].astype(np.float32)


def maps(activation: str = "relu", first: Any = "he_normal", last: Any = "glorot_uniform") -> Model:
    layers = [
        Rescaling(1 / 255),
        MaxPool2D(2),
        Conv2D(8, 3, activation=activation, kernel_initializer=first, name="conv"),
        MaxPool2D(2),
        Flatten(),
        Dense(10, kernel_initializer=last, name="scores"),
    ]
    return Model(Sequential(layers))


def dense(activation: str = "relu", first: Any = "he_normal", last: Any = "glorot_uniform") -> Model:
    layers = [Dense(16, activation, kernel_initializer=first, name="hidden")]
    return Model(Sequential([*layers, Dense(3, kernel_initializer=last, name="scores")]))


def looked_at(model: Model, **settings: Any) -> Findings:
    assert isinstance(model.architecture, Sequential)
    of_images = isinstance(model.architecture.layers[0], Rescaling)
    return preflight(model, *(images(60) if of_images else table(60)), rehearse=False, **settings)


PLANTED = {
    "CR006 no gradient": lambda: looked_at(rows(kernel_initializer="zeros"))[0],
    "CR006 symmetric": lambda: looked_at(dense("sigmoid", "zeros", "zeros"))[0],
    "CR007 symmetric": lambda: looked_at(dense("tanh", Repeated(2), Constant(0.1)))[0],
}


@pytest.mark.parametrize("build", [dense, pytest.param(maps, marks=slow)])
@pytest.mark.parametrize(
    ("activation", "first", "last"),
    [("relu", "zeros", "zeros"), ("relu", "zeros", "glorot_uniform"), ("sigmoid", "zeros", "zeros")],
)
def test_zero_initialisation(build, activation, first, last):
    found = looked_at(build(activation, first, last))
    assert found.codes == ["CR006"]
    assert ("conv" if build is maps else "hidden") in found[0].values["layers"]


@pytest.mark.parametrize("build", [dense, pytest.param(maps, marks=slow)])
@pytest.mark.parametrize("start", [Constant(0.05), Constant(-0.1), Repeated(1), Repeated(3)])
def test_symmetric_units(build, start):
    found = looked_at(build("tanh", start, Constant(0.05)))
    assert "CR007" in found.codes
    assert "CR006" not in found.codes


@pytest.mark.parametrize("build", [dense, pytest.param(maps, marks=slow)])
def test_equal_weights_that_do_no_harm(build):
    assert not looked_at(build())
    assert not looked_at(build(last="zeros"))  # a usual way to begin with a guess
    assert not looked_at(build("tanh", first="zeros"))  # what lies behind tells the units apart
    assert not looked_at(build(first="zeros", last="zeros"), optimizer=RandomPerturbation())
    assert not looked_at(Model(Sequential([Dense(3, kernel_initializer="zeros")])))  # logistic regression


def test_randomness_of_dropout_and_normalisation_hide_no_symmetry():
    start = {"kernel_initializer": Constant(0.1)}
    layers = [Dense(16, **start), BatchNormalization(), Dropout(0.5), Dense(3, **start)]
    assert "CR007" in looked_at(Model(Sequential(layers))).codes


def layered(build: Any, zeros: int) -> Model:
    """Three layers with rectifiers between them, of which the first ones start at 0."""
    starts = ["zeros"] * zeros + ["he_normal"] * (3 - zeros)
    if build is maps:
        convolutions = [Conv2D(8, 3, activation="relu", kernel_initializer=start) for start in starts[:2]]
        layers = [Rescaling(1 / 255), MaxPool2D(2), *convolutions, Flatten(), Dense(10, kernel_initializer=starts[2])]
    else:
        hidden = [Dense(16, "relu", kernel_initializer=start) for start in starts[:2]]
        layers = [*hidden, Dense(3, kernel_initializer=starts[2])]
    return Model(Sequential(layers))


@pytest.mark.parametrize("build", [dense, pytest.param(maps, marks=slow)])
@pytest.mark.parametrize("zeros", [1, 2, 3])
def test_layers_that_start_at_zero_are_named_and_random_weights_make_the_training_better(build, zeros):
    x, y = images(100) if build is maps else table(200)
    (found,) = looked_at(layered(build, zeros))
    assert found.code == "CR006"
    assert len(found.values["layers"].split(", ")) == zeros
    assert not looked_at(layered(build, 0))
    sick, cured = (layered(build, count) for count in (zeros, 0))
    losses = []
    for model in (sick, cured):
        history = model.fit(x, y, optimizer=Adam(0.01), epochs=3, verbose=0, executor="reference")
        losses.append(history.history["loss"][-1])
    assert losses[1] < 0.8 * losses[0]


@pytest.mark.parametrize(
    "fault", [pytest.param(("relu", "zeros", "zeros"), marks=slow), ("tanh", Constant(0.1), Constant(0.1))]
)
def test_random_weights_make_the_training_better(fault):
    x, y = table(300)
    losses = []
    for model in (dense(*fault), dense(fault[0], "glorot_uniform", "glorot_uniform")):
        history = model.fit(x, y, optimizer=Adam(0.01), epochs=5, verbose=0, executor="reference")
        losses.append(history.history["loss"][-1])
    assert losses[1] < 0.8 * losses[0]
    assert not looked_at(dense(fault[0], "glorot_uniform", "glorot_uniform"))
