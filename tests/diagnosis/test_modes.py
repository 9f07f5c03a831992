"""Modes that do not agree are found and the layer named, whoever wrote it; those that agree on average are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

import chainrule as cr
from chainrule.diagnosis import Diagnosis, Finding
from chainrule.nn import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    Layer,
    MaxPool2D,
    Rescaling,
    Sequential,
)
from chainrule.ops import bernoulli, cast
from chainrule.optim import Adam
from chainrule.train import Model
from tests.counts import full
from tests.diagnosis.trainings import diagnosed, images, table


@dataclass(frozen=True, eq=False)
class Unscaled(Layer):
    """Somebody's dropout, in which what is kept is not made larger."""

    rate: float = 0.5

    def apply(self, x, scope):
        if not scope.training:
            return x
        kept = bernoulli(x.shape, 1.0 - self.rate, scope.seed, scope.step, stream=scope.stream())
        return x * cast(kept, x.dtype)


@dataclass(frozen=True, eq=False)
class Normalized(Layer):
    """Somebody's batch normalisation.

    fault   "frozen": its states are never updated; "deviation": the deviation is kept in the place of the variance
    """

    fault: str = ""

    def apply(self, x, scope):
        features = (x.shape[-1],)
        mu, sigma2 = scope.state("mean", features, 0.0), scope.state("variance", features, 1.0)
        if scope.training:
            axes = tuple(range(x.ndim - 1))
            own, spread = cr.mean(x, axes), cr.variance(x, axes)
            if self.fault != "frozen":
                kept = cr.sqrt(spread) if self.fault == "deviation" else spread
                scope.update("mean", mu + 0.1 * (own - mu))
                scope.update("variance", sigma2 + 0.1 * (kept - sigma2))
            mu, sigma2 = own, spread
        return (x - mu) / cr.sqrt(sigma2 + 1e-3)


def rows(*behind: Layer, size: float = 1.0) -> Model:
    return Model(Sequential([Rescaling(size), Dense(24, name="hidden"), *behind, Activation("relu"), Dense(8)]))


def maps(*behind: Layer, size: float = 1.0) -> Model:
    before = [Rescaling(size / 255), MaxPool2D(2), Conv2D(6, 5, name="hidden")]
    return Model(Sequential([*before, *behind, Activation("relu"), MaxPool2D(2), Flatten(), Dense(10)]))


def trained(model: Model, *, epochs: int = 8) -> Diagnosis:
    assert isinstance(model.architecture, Sequential)
    of_images = isinstance(model.architecture.layers[1], MaxPool2D)
    x, y = images(240) if of_images else table(240, classes=8)
    settings = {"epochs": epochs, "batch_size": 16, "optimizer": Adam(0.01), "executor": "reference"}
    return diagnosed(model, x, y, **settings)


def one(diagnosis: Diagnosis) -> Finding:
    (found,) = [finding for finding in diagnosis.findings if finding.code == "CR022"]
    return found


def loss_of(diagnosis: Diagnosis) -> float:
    assert diagnosis.course is not None
    return diagnosis.course.logs["val_loss"][-1]


BUILDS = {"rows": rows, "maps": maps}
slow = pytest.mark.skipif(not full(), reason="with the full counts only")


@pytest.mark.parametrize("kind", BUILDS)
@pytest.mark.parametrize("momentum", [0.9995, 0.99999, 1.0])
def test_running_means_that_do_not_run(kind, momentum):
    if not full() and (kind, momentum) != ("rows", 0.99999):
        pytest.skip("one is enough every day")
    build, size = BUILDS[kind], 10.0
    sick = trained(build(BatchNormalization(momentum), size=size))
    found = one(sick)
    assert found.values["case"] == ("frozen" if momentum == 1 else "slow")
    assert found.values["layer"] == "batch_normalization"
    cured = trained(build(BatchNormalization(found.values["better"]), size=size))
    assert "CR022" not in cured.findings.codes
    assert loss_of(cured) < loss_of(sick)


@slow
@pytest.mark.parametrize("kind", BUILDS)
@pytest.mark.parametrize("fault", ["frozen", "deviation"])
@pytest.mark.parametrize("times", [1, 3, 10])
def test_statistics_of_somebody_s_layer(kind, fault, times):
    size = times * (10.0 if kind == "rows" else 100.0)  # the larger, the farther is the state from what it should be
    sick = trained(BUILDS[kind](Normalized(fault), size=size))
    found = one(sick)
    assert found.values["case"] == ("frozen" if fault == "frozen" else "state")
    assert found.values["layer"] == "normalized"
    cured = trained(BUILDS[kind](Normalized(), size=size))
    assert "CR022" not in cured.findings.codes
    assert loss_of(cured) < loss_of(sick)


@pytest.mark.parametrize("kind", BUILDS)
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.6])
def test_dropout_without_its_scale(kind, rate):
    if not full() and (kind, rate) != ("rows", 0.3):
        pytest.skip("one is enough every day")
    found = one(trained(BUILDS[kind](Unscaled(rate)), epochs=2))
    assert found.values["case"] == "scale"
    assert found.values["layer"] == "unscaled"
    assert found.values["dropped"] == pytest.approx(rate, abs=0.03)
    cured = trained(BUILDS[kind](Dropout(round(found.values["dropped"], 2))), epochs=2)
    assert "CR022" not in cured.findings.codes


@cache
def forgetful(kind: str = "rows", lowest: float = 2.0) -> Diagnosis:
    """Of an architecture that does something between its layers in inference only."""
    x, y = images(240) if kind == "maps" else table(240)
    before = Sequential([Rescaling(1 / 255), MaxPool2D(2), Conv2D(6, 5)] if kind == "maps" else [Dense(8)])
    behind = Sequential([Flatten(), Dense(10 if kind == "maps" else 3)])

    def forgets(x: Any, scope: Any) -> Any:
        h = cr.maximum(before(x, scope), 0.0 if scope.training else lowest)
        return behind(h, scope)

    return diagnosed(Model(forgets), x, y, epochs=8, batch_size=16, optimizer=Adam(0.01), executor="reference")


@pytest.mark.parametrize("kind", BUILDS)
@pytest.mark.parametrize("lowest", [2.0, 4.0, 8.0])
def test_an_architecture_that_is_another_one_in_inference(kind, lowest):
    if not full() and (kind, lowest) != ("rows", 2.0):
        pytest.skip("one is enough every day")
    assert one(forgetful(kind, lowest)).values["case"] == "function"
    assert "CR022" not in forgetful(kind, 0.0).findings.codes


@dataclass(frozen=True, eq=False)
class Stretched(Layer):
    """A layer that multiplies by something else in inference."""

    times: float

    def apply(self, x, scope):
        return x if scope.training else self.times * x


@slow
@pytest.mark.parametrize("kind", BUILDS)
@pytest.mark.parametrize("times", [-0.3, -1.0, -10.0])
def test_a_layer_that_is_another_one_in_inference(kind, times):
    found = one(trained(BUILDS[kind](Stretched(times)), epochs=4))
    assert found.values["case"] == "layer"
    assert found.values["layer"] == "stretched"
    assert "CR022" not in trained(BUILDS[kind](Stretched(1.0)), epochs=4).findings.codes


@slow
@pytest.mark.parametrize("kind", BUILDS)
@pytest.mark.parametrize(
    "layer",
    [
        BatchNormalization(0.9),
        Dropout(0.5),
        Dropout(0.5, method="direct"),
        Dropout(0.4, whole_maps=True),
        GaussianNoise(0.3),
    ],
    ids=repr,
)
def test_modes_that_agree_on_average(kind, layer):
    assert "CR022" not in trained(BUILDS[kind](layer), epochs=4).findings.codes


def test_modes_that_agree_on_average_together():
    layers = [BatchNormalization(0.9), Dropout(0.3), Dropout(0.2, method="direct"), GaussianNoise(0.1)]
    assert "CR022" not in trained(rows(*layers), epochs=4).findings.codes


@slow
def test_a_short_training_with_the_usual_momentum_is_no_fault():
    assert "CR022" not in trained(rows(BatchNormalization()), epochs=1).findings.codes


@slow
def test_samples_that_are_masked_at_random_are_augmented():
    x, y = table(200)
    model = Model(Sequential([Unscaled(0.3), Dense(16, "relu"), Dense(3)]))
    found = diagnosed(model, x, y, epochs=2, optimizer=Adam(0.01), executor="reference")
    assert "CR022" not in found.findings.codes


PLANTED: dict[str, Callable[[], Finding]] = {
    "CR022 slow": lambda: one(trained(rows(BatchNormalization(0.99999), size=10.0), epochs=2)),
    "CR022 frozen": lambda: one(trained(rows(Normalized("frozen"), size=10.0), epochs=2)),
    "CR022 state": lambda: one(trained(rows(Normalized("deviation"), size=10.0), epochs=2)),
    "CR022 scale": lambda: one(trained(rows(Unscaled(0.4)), epochs=1)),
    "CR022 function": lambda: one(forgetful()),
}
