"""Units that pass on no gradient are found, and the remedies cure them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.diagnosis import Diagnosis, Finding
from chainrule.diagnosis.units import units_without_gradient
from chainrule.nn import Activation, BatchNormalization, Dense, Sequential
from chainrule.nn.losses import BinaryCrossEntropy
from chainrule.optim import SGD, Adam
from chainrule.train import Model, Recording
from tests.counts import full
from tests.diagnosis.courses import course
from tests.diagnosis.trainings import dense, diagnosed, images, rows, table

DATA = {"images": (dense, lambda: images(300)), "table": (rows, lambda: table(300))}
slow = pytest.mark.skipif(not full(), reason="with the full counts only")
SETTINGS: dict[str, Any] = {"epochs": 2, "executor": "reference"}


def with_far_biases(kind: str, share: float, activation: str = "relu") -> Diagnosis:
    build, data = DATA[kind]
    model = build(activation)
    x, y = data()
    model.build([x.shape[1:]])
    bias = np.array(model.parameters["hidden1/bias"])
    bias[: int(share * len(bias))] = -50.0
    model.parameters["hidden1/bias"] = bias
    return diagnosed(model, x, y, **SETTINGS)


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("share", [0.5, 0.75, 1.0])
def test_dead_units_are_found_and_a_slope_on_the_other_side_cures_them(kind, share):
    if not full() and (kind, share) != ("table", 0.5):
        pytest.skip("one is enough every day")
    found = next(f for f in with_far_biases(kind, share).findings if f.code == "CR013")
    assert found.values["layer"] == "hidden1"
    assert found.values["case"] == "start"
    assert found.values["before"] >= share * found.values["units"]
    assert "CR013" not in with_far_biases(kind, share, "leaky_relu").findings.codes


@slow
def test_units_that_a_large_step_has_killed_are_spared_by_a_smaller_one():
    x, y = table(300)
    killed = diagnosed(rows(), x, y, optimizer=SGD(30.0), **SETTINGS)
    found = next(f for f in killed.findings if f.code == "CR013")
    assert found.values["case"] == "later"
    assert found.values["rate"] < 3.0  # the rate that is usual in the first step
    assert "CR013" not in diagnosed(rows(), x, y, optimizer=SGD(found.values["rate"]), **SETTINGS).findings.codes


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("scale", [5.0, 15.0, 100.0])
def test_saturated_units_are_found_and_normalization_cures_them(kind, scale):
    if not full() and (kind, scale) != ("table", 15.0):
        pytest.skip("one is enough every day")
    x, y = DATA[kind][1]()
    if kind == "images":
        x = x / np.float32(255)
    x = x.reshape(len(x), -1)
    model = Model(Sequential([Dense(32, "tanh", name="hidden"), Dense(10)]))
    model.build([x.shape[1:]])
    model.parameters["hidden/kernel"] = scale * np.asarray(model.parameters["hidden/kernel"])
    found = diagnosed(model, 3 * x, y, optimizer=SGD(1e-4), **SETTINGS).findings
    assert "CR014" in found.codes
    cured = Model(Sequential([Dense(32), BatchNormalization(), Activation("tanh"), Dense(10)]))
    assert "CR014" not in diagnosed(cured, 3 * x, y, optimizer=Adam(0.001), **SETTINGS).findings.codes


@slow
def test_outputs_may_be_sure():
    x, y = table(200)
    model = Model(Sequential([Dense(16, "tanh"), Dense(1, "sigmoid")]))
    loss = BinaryCrossEntropy(from_logits=False)
    found = diagnosed(model, x, y > 0, loss=loss, optimizer=Adam(0.03), epochs=20, executor="reference")
    assert found.course is not None
    numbers = found.course.recording.layers["dense_1"]
    assert numbers.passing is not None
    assert numbers.passing[-4:].mean() < 0.4
    assert "CR014" not in found.findings.codes


def recorded(
    passing: list[list[float]],
    zero: float,
    *,
    batch: int = 32,
    output: bool = False,
    rate: float = 0.001,
    **facts: Any,
) -> list[Finding]:
    """What is found of one layer whose units pass on these shares at each look."""
    ones = np.ones(len(passing))
    own = {"mean": 0 * ones, "deviation": ones, "zero": zero * ones, "passing": np.array(passing)}
    recording = Recording()
    recording.recall({"steps": range(len(passing)), "layers": {"layer": own}, "parameters": {}})
    facts |= {"batch_size": batch, "output_layers": ["layer"] if output else []}
    made = course([1.0] * len(passing), rate=rate, facts=facts)
    return list(units_without_gradient(type(made)(**{**vars(made), "recording": recording})))


def without_rate(begin: float, zero: float) -> Finding:
    """What is found of a layer that an optimizer without a learning rate has brought from here to 0."""
    (found,) = recorded([[begin, begin], *[[0.0, 0.0]] * 5], zero, rate=np.nan, optimizer="Fixed", call=None)
    return found


@pytest.mark.parametrize(("zero", "code"), [(0.9, "CR013"), (0.0, "CR014")])
def test_an_optimizer_without_a_learning_rate_is_not_advised_to_lower_it(zero, code):
    found = without_rate(0.9, zero)
    assert (found.code, found.values["case"]) == (code, "later, no rate")
    assert "nan" not in found.remedy
    assert "Fixed has no learning rate" in found.remedy


def test_enough_samples_must_have_been_looked_at():
    dead = [[0.0, 0.5]] * 6
    assert recorded(dead, 0.6)
    assert not recorded(dead[:3], 0.6)
    assert not recorded(dead, 0.6, batch=8)
    assert recorded([[0.0, 0.5]] * 16, 0.6, batch=8)
    assert not recorded([[0.0, 0.5]] * 5 + [[0.1, 0.5]], 0.6)
    assert not recorded(dead, 0.6, output=True)
    assert not recorded([[0.5, 0.5], *dead], 0.6)  # half of the units may die
    assert recorded([[0.0, 0.0]] * 6, 1.0, output=True)
    assert recorded([[0.1, 0.2]] * 6, 0.0)
    assert not recorded([[0.1, 0.2]] * 6, 0.0, output=True)


PLANTED = {
    "CR013 later, no rate": lambda: without_rate(0.9, 0.9),
    "CR014 later, no rate": lambda: without_rate(0.9, 0.0),
    "CR013 start": lambda: recorded([[0.0, 0.0, 0.4]] * 6, 0.8)[0],
    "CR013 later": lambda: recorded([[0.4, 0.4, 0.4]] + [[0.0, 0.0, 0.4]] * 6, 0.7)[0],
    "CR014 start": lambda: recorded([[0.2, 0.25, 0.2]] * 6, 0.0)[0],
    "CR014 later": lambda: recorded([[0.9, 0.9, 1.0]] + [[0.01, 0.02, 0.0]] * 6, 0.0)[0],
}
