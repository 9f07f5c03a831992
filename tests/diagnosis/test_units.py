"""Units that pass on no gradient are found, and the remedies cure them."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.nn import Activation, BatchNormalization, Dense, Sequential
from chainrule.optim import SGD, Adam
from chainrule.train import Model
from tests.diagnosis.trainings import dense, diagnosed, images, rows, table

DATA = {"images": (dense, lambda: images(600)), "table": (rows, lambda: table(600))}


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("share", [0.5, 0.75, 1.0])
def test_dead_units_are_found_and_a_slope_on_the_other_side_cures_them(kind, share):
    build, data = DATA[kind]

    def with_far_biases(activation):
        model = build(activation)
        x, y = data()
        model.build([x.shape[1:]])
        bias = np.array(model.parameters["hidden1/bias"])
        bias[: int(share * len(bias))] = -50.0
        model.parameters["hidden1/bias"] = bias
        return diagnosed(model, x, y, epochs=3)

    found = with_far_biases("relu").findings
    assert "CR013" in found.codes
    assert next(f for f in found if f.code == "CR013").values["layer"] == "hidden1"
    assert "CR013" not in with_far_biases("leaky_relu").findings.codes


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("scale", [5.0, 15.0, 100.0])
def test_saturated_units_are_found_and_normalization_cures_them(kind, scale):
    x, y = DATA[kind][1]()
    if kind == "images":
        x = x / np.float32(255)
    x = x.reshape(len(x), -1)
    model = Model(Sequential([Dense(32, "tanh", name="hidden"), Dense(10)]))
    model.build([x.shape[1:]])
    model.parameters["hidden/kernel"] = scale * np.asarray(model.parameters["hidden/kernel"])
    found = diagnosed(model, 3 * x, y, optimizer=SGD(1e-4)).findings
    assert "CR014" in found.codes
    cured = Model(Sequential([Dense(32), BatchNormalization(), Activation("tanh"), Dense(10)]))
    assert "CR014" not in diagnosed(cured, 3 * x, y, optimizer=Adam(0.001)).findings.codes
