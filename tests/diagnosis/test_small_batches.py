"""Batches that are too small for means over them are found, and larger ones, or means within samples, cure them."""

from __future__ import annotations

import pytest

from chainrule.diagnosis import Finding, preflight
from chainrule.nn import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Layer,
    LayerNormalization,
    MaxPool2D,
    Rescaling,
    Sequential,
)
from chainrule.optim import Adam
from chainrule.train import Model
from tests.counts import full
from tests.diagnosis.trainings import images, table

slow = pytest.mark.skipif(not full(), reason="with the full counts only")


def rows(normalization: Layer) -> Model:
    return Model(Sequential([Dense(24), normalization, Activation("relu"), Dense(3)]))


def pictures(normalization: Layer) -> Model:
    layers = [Rescaling(1 / 255), MaxPool2D(2), Conv2D(4, 5, activation="relu"), MaxPool2D(2), Flatten(), Dense(24)]
    return Model(Sequential([*layers, normalization, Activation("relu"), Dense(10)]))


def found(model: Model, batch_size: int, count: int = 60) -> list[Finding]:
    x, y = images(count) if model.architecture.layers[0].__class__ is Rescaling else table(count)  # type: ignore[union-attr]
    findings = preflight(model, x, y, batch_size=batch_size, rehearse=False)
    return [finding for finding in findings if finding.code == "CR023"]


@pytest.mark.parametrize("build", [rows, pytest.param(pictures, marks=slow)])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_small_batches(build, size):
    (finding,) = found(build(BatchNormalization()), size)
    assert finding.values["layer"] == "batch_normalization"
    assert finding.values["values"] == finding.values["batch"] == size
    assert found(build(BatchNormalization()), finding.values["wanted"]) == []
    assert found(build(LayerNormalization()), size) == []


@pytest.mark.parametrize("size", [8, 16, 60])
def test_batches_that_are_large_enough(size):
    assert found(rows(BatchNormalization()), size) == []


def test_the_places_of_an_image_count():
    model = Model(Sequential([Rescaling(1 / 255), Conv2D(4, 5), BatchNormalization(), Flatten(), Dense(10)]))
    assert found(model, 2) == []


def test_all_samples_in_one_batch_are_no_small_batch():
    assert found(rows(BatchNormalization()), 4, count=4) == []


@slow
def test_the_remedy_makes_the_training_better():
    x, y = table(300, classes=8)
    losses = []
    for size, epochs in ((2, 1), (32, 16)):  # as many steps
        model = Model(Sequential([Dense(24), BatchNormalization(0.9), Activation("relu"), Dense(8)]))
        history = model.fit(
            x,
            y,
            optimizer=Adam(0.01),
            epochs=epochs,
            batch_size=size,
            validation_split=0.2,
            verbose=0,
            executor="reference",
        )
        losses.append(history.history["val_loss"][-1])
    assert losses[1] < losses[0]


PLANTED = {"CR023 rows": lambda: found(rows(BatchNormalization()), 3)[0]}
