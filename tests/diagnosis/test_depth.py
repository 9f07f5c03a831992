"""Gradients that vanish or explode on their way through a network are found, and usual first weights cure them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.diagnosis import Diagnosis, Finding
from chainrule.diagnosis.depth import gradients_through_layers
from chainrule.nn import Dense, Flatten, Normal, Sequential
from chainrule.optim import SGD, Adam
from chainrule.train import Model, Recording
from tests.counts import full
from tests.diagnosis.courses import course
from tests.diagnosis.trainings import diagnosed, images, table

slow = pytest.mark.skipif(not full(), reason="with the full counts only")


def deep(count: int, activation: str, initializer: Any = "glorot_uniform", width: int = 16) -> Model:
    hidden = [Dense(width, activation, kernel_initializer=initializer, name=f"hidden{k}") for k in range(count)]
    return Model(Sequential([Flatten(), *hidden, Dense(10, name="scores")]))


def trained(model: Model, kind: str = "table", **settings: Any) -> Diagnosis:
    x, y = images(160) if kind == "images" else table(160)
    x = x / np.float32(255) if kind == "images" else x
    defaults: dict[str, Any] = {"epochs": 2, "batch_size": 32, "optimizer": SGD(0.1), "executor": "reference"}
    return diagnosed(model, x, y, **(defaults | settings))


def one(diagnosis: Diagnosis, code: str) -> Finding:
    (found,) = [finding for finding in diagnosis.findings if finding.code == code]
    return found


def measured(*lengths: float, looks: int = 4, later: float = 1.0) -> list[Finding]:
    """What is found for layers whose gradients have these lengths, and the first later another one; and an output."""
    names = [f"layer{k}" for k in range(len(lengths))]
    recording = Recording()
    ones = np.ones(looks)
    layers = {
        name: {"mean": 0 * ones, "deviation": ones, "zero": 0 * ones, "gradient": length / 2 * ones}
        for name, length in zip(names, lengths, strict=True)
    }
    layers[names[0]]["gradient"][1:] *= later
    tenth = {"weight": 0.1 * ones, "gradient": 0.1 * ones, "update": 0.1 * ones}
    kernels = {f"{name}/kernel": tenth for name in names}
    recording.recall({"steps": range(looks), "layers": layers, "parameters": kernels})
    facts = {"sizes": dict.fromkeys(names, 4), "output_layers": names[-1:]}
    made = course([2.0] * looks, facts=facts)
    return list(gradients_through_layers(type(made)(**{**vars(made), "recording": recording})))


@pytest.mark.parametrize("kind", ["images", "table"])
@pytest.mark.parametrize("count", [6, 8, 14])
def test_sigmoids_one_behind_the_other(kind, count):
    if not full() and (kind, count) != ("table", 8):
        pytest.skip("one is enough every day")
    found = one(sick := trained(deep(count, "sigmoid"), kind), "CR015")
    assert found.values["first"] == "hidden0"
    assert found.values["factor"] == pytest.approx(0.25, abs=0.1)  # the largest slope of a sigmoid
    cured = trained(deep(count, "relu", "he_normal"), kind, optimizer=SGD(0.02))
    assert not {"CR015", "CR016"} & set(cured.findings.codes)
    assert sick.course is not None
    assert cured.course is not None
    assert cured.course.logs["loss"][-1] < sick.course.logs["loss"][-1]


@pytest.mark.parametrize("kind", ["images", "table"])
@pytest.mark.parametrize("deviation", [0.7, 1.0, 2.0])
def test_weights_that_are_too_large(kind, deviation):
    if not full() and (kind, deviation) != ("table", 1.0):
        pytest.skip("one is enough every day")
    sick = trained(deep(7, "relu", Normal(0, deviation)), kind, optimizer=Adam(0.001))
    found = one(sick, "CR016")
    assert found.values["weight"] == pytest.approx(deviation, rel=0.3)
    cured = trained(deep(7, "relu", "he_normal"), kind, optimizer=Adam(0.001))
    assert not {"CR015", "CR016"} & set(cured.findings.codes)
    assert sick.course is not None
    assert cured.course is not None
    assert cured.course.logs["loss"][-1] < sick.course.logs["loss"][-1]


@slow
def test_weights_that_diverge_at_once_are_found_by_the_first_look():
    assert "CR016" in trained(deep(8, "relu", Normal(0, 1.5)), optimizer=SGD(0.1)).findings.codes


def test_the_way_through_the_hidden_layers_counts():
    assert measured(0.001, 0.03, 1.0, 1.0)[0].code == "CR015"
    assert measured(300.0, 30.0, 1.0, 1.0)[0].code == "CR016"
    assert not measured(0.02, 0.2, 1.0, 1.0)
    assert not measured(20.0, 4.0, 1.0, 1.0)
    assert not measured(0.001, 0.001, 0.001, 1.0)  # small last weights, as one may start with
    assert not measured(0.0, 0.0, 1.0, 1.0)  # dead units tell of themselves
    assert not measured(0.001, 1.0)
    assert not measured(*[np.nan] * 4)


def test_what_shows_only_at_first_or_only_later():
    assert not measured(0.001, 0.1, 1.0, 1.0, later=300.0)  # small first weights, which grew
    (shrunk,) = measured(0.1, 0.1, 1.0, 1.0, later=0.001)
    assert shrunk.values["ratio"] == pytest.approx(1e-4)
    (first,) = measured(300.0, 0.1, 1.0, 1.0, later=0.001)
    assert first.values["case"] == "start"
    (later,) = measured(3.0, 0.1, 1.0, 1.0, later=100.0)
    assert later.values["case"] == "throughout"


PLANTED = {
    "CR015 layers": lambda: measured(0.001, 0.03, 1.0, 1.0)[0],
    "CR016 start": lambda: measured(300.0, 30.0, 1.0, 1.0)[0],
    "CR016 throughout": lambda: measured(3.0, 3.0, 1.0, 1.0, later=100.0)[0],
}
