"""Probabilities that are made twice are found, whichever way they are written, and not those that are made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from chainrule.diagnosis import Findings, preflight
from chainrule.nn import Activation, Conv2D, Dense, Flatten, Layer, Rescaling, Sequential
from chainrule.nn.losses import BinaryCrossEntropy, CategoricalCrossEntropy
from chainrule.ops import cross_entropy, exp, sum
from chainrule.optim import SGD
from chainrule.train import Model
from tests.counts import full
from tests.diagnosis.trainings import images, table

slow = pytest.mark.skipif(not full(), reason="with the full counts only")


@dataclass(frozen=True, eq=False)
class Probabilities(Layer):
    """A softmax that somebody wrote by hand."""

    def apply(self, x, scope):
        return exp(x) / sum(exp(x), -1, keepdims=True)


@dataclass(frozen=True, eq=False)
class Likely(Layer):
    """A sigmoid that somebody wrote by hand."""

    def apply(self, x, scope):
        return 1.0 / (1.0 + exp(-x))


def rows(*behind: Layer, outputs: int = 3) -> Model:
    return Model(Sequential([Dense(16, "relu"), Dense(outputs), *behind]))


def maps(*behind: Layer, outputs: int = 10) -> Model:
    return Model(Sequential([Rescaling(1 / 255), Conv2D(4, 5), Flatten(), Dense(outputs, name="scores"), *behind]))


def looked_at(model: Model, loss: Any = "cross_entropy") -> Findings:
    """What is found where the model gets the data it was made for."""
    assert isinstance(model.architecture, Sequential)
    x, y = images(40) if isinstance(model.architecture.layers[0], Rescaling) else table(40)
    if isinstance(loss, BinaryCrossEntropy) or loss == "binary_cross_entropy":
        y = y % 2
    return preflight(model, x, y, loss=loss, rehearse=False)


FAULTS = {
    "softmax": lambda build: (build(Probabilities()), "cross_entropy"),
    "softmax behind which something stands": lambda build: (
        build(Activation("softmax"), Rescaling(1.0)),
        "cross_entropy",
    ),
    "softmax of softmax": lambda build: (
        build(Activation("softmax"), Activation("softmax")),
        CategoricalCrossEntropy(from_logits=False),
    ),
    "a loss of one's own": lambda build: (build(Activation("softmax")), lambda z, y: cross_entropy(z, y)),
    "sigmoid": lambda build: (build(Likely(), outputs=1), "binary_cross_entropy"),
    "sigmoid of sigmoid": lambda build: (
        build(Activation("sigmoid"), Activation("sigmoid"), outputs=1),
        BinaryCrossEntropy(from_logits=False),
    ),
}
PLANTED = {
    "CR005 softmax": lambda: looked_at(rows(Probabilities()))[0],
    "CR005 sigmoid": lambda: looked_at(rows(Likely(), outputs=1), "binary_cross_entropy")[0],
    "CR005 layers": lambda: looked_at(*FAULTS["softmax of softmax"](rows))[0],
}


def labeled(build: Callable[..., Model], count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples for the model, of so many classes."""
    x, y = images(count) if build is maps else table(count, classes)
    return x, y % classes


@pytest.mark.parametrize("build", [rows, pytest.param(maps, marks=slow)])
@pytest.mark.parametrize("classes", [2, 5, 10])
def test_the_more_classes_the_higher_the_loss_that_is_left(build, classes):
    x, y = labeled(build, 40, classes)
    twice, once = (build(*behind, outputs=classes) for behind in ([Probabilities()], []))
    (found,) = preflight(twice, x, y, rehearse=False)
    assert found.code == "CR005"
    assert found.values["best"] == pytest.approx(np.log(1 + (classes - 1) / np.e), rel=0.01)
    assert not preflight(once, x, y, rehearse=False)


@pytest.mark.parametrize("build", [rows, pytest.param(maps, marks=slow)])
@pytest.mark.parametrize("fault", FAULTS)
def test_probabilities_that_are_made_twice(build, fault):
    assert "CR005" in looked_at(*FAULTS[fault](build)).codes


@pytest.mark.parametrize("build", [rows, pytest.param(maps, marks=slow)])
def test_probabilities_that_are_made_once(build):
    for model, loss in [
        (build(), "cross_entropy"),
        (build(outputs=1), "binary_cross_entropy"),
        (build(Activation("softmax")), CategoricalCrossEntropy(from_logits=False)),
        (build(Activation("softmax")), CategoricalCrossEntropy(from_logits=False, label_smoothing=0.1)),
        (build(Activation("softmax")), "squared_distance"),
        (build(Activation("sigmoid"), outputs=1), BinaryCrossEntropy(from_logits=False)),
        (build(), "categorical_hinge"),
    ]:
        assert "CR005" not in looked_at(model, loss).codes, loss


def test_numbers_between_0_and_1_are_no_probabilities_of_classes():
    x, _ = table(40)
    y = np.random.default_rng(0).uniform(size=(40, 1)).astype(np.float32)
    for loss in ("mean_squared_error", BinaryCrossEntropy(from_logits=False)):
        assert not preflight(rows(Likely(), outputs=1), x, y, loss=loss, rehearse=False)


@slow
@pytest.mark.parametrize("build", [rows, maps])
@pytest.mark.parametrize("classes", [2, 5, 10])
def test_either_remedy_makes_the_training_better(build, classes):
    x, y = labeled(build, 300, classes)
    settings = {"optimizer": SGD(0.1), "epochs": 3, "verbose": 0, "executor": "reference"}
    twice = build(Probabilities(), outputs=classes)
    twice.fit(x, y, **settings)
    logits = build(outputs=classes)
    logits.fit(x, y, **settings)
    told = build(Activation("softmax"), outputs=classes)
    told.fit(x, y, loss=CategoricalCrossEntropy(from_logits=False), **settings)
    losses = [float(-np.log(chance(m, x)[np.arange(300), y]).mean()) for m in (twice, logits, told)]
    assert max(losses[1:]) < 0.9 * losses[0], losses


def chance(model: Model, x: np.ndarray) -> np.ndarray:
    """What the model says of each class, whether it gives logits or probabilities."""
    given: np.ndarray = model.predict(x)
    if np.abs(given.sum(-1) - 1).max() < 1e-4:
        return given
    odds = np.exp(given - given.max(-1, keepdims=True))
    shares: np.ndarray = odds / odds.sum(-1, keepdims=True)
    return shares
