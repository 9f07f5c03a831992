"""What shows when copies are trained for a moment: samples that cannot be learned, transforms that break labels."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.data import arrows
from chainrule.diagnosis import preflight
from chainrule.diagnosis.rehearsals import BROKEN_LABELS
from chainrule.nn import Conv2D, Dense, Flatten, RandomFlip, RandomRotation, RandomShift, Rescaling, Sequential
from chainrule.optim import SGD, Adam
from chainrule.train import Model
from tests.counts import full
from tests.diagnosis.trainings import dense, images, rows, table


def found(model, x, y, code, **arguments):
    findings = preflight(model, x, y, **arguments)
    return next((finding for finding in findings if finding.code == code), None)


def contradictory(x, y):
    x = np.concatenate([x[:16], x[:16]])
    return x, np.concatenate([y[:16], (y[:16] + 1) % (y.max() + 1)])


@pytest.mark.parametrize(("build", "data"), [(rows, table), (dense, images)])
def test_what_cannot_be_learned_by_heart_is_found_with_its_reason(build, data):
    if not full() and build is not rows:
        pytest.skip("one is enough every day")
    x, y = data(64)
    x = x.reshape(len(x), -1) if build is rows else x
    assert found(build(), x, y, "CR008") is None
    slow = found(build(), x, y, "CR008", optimizer=SGD(1e-6))
    assert slow.values["case"] in {"falling", "stuck"}
    assert found(build(kernel_initializer="zeros"), x, y, "CR008").values["case"] == "stuck"
    both = found(build(), *contradictory(x, y), "CR008")
    assert both.values["case"] == "contradictory"
    assert abs(both.values["one"] - both.values["other"]) == 16
    assert "samples" in both.remedy


@pytest.mark.skipif(not full(), reason="long; runs with --full (make test-all)")
@pytest.mark.parametrize("rate", [3e-5, 1e-5, 1e-6])
def test_the_higher_rate_that_is_advised_cures_a_low_one(rate):
    x, y = table(64)
    finding = found(rows(), x, y, "CR008", optimizer=Adam(rate))
    assert finding.values["case"] in {"falling", "stuck"}
    while finding is not None and finding.values["case"] == "falling":
        rate = finding.values["higher"]
        finding = found(rows(), x, y, "CR008", optimizer=Adam(rate))
    assert finding is None or finding.values["case"] == "stuck"


def head(kind):
    return [Flatten(), Dense(16, "relu"), Dense(4)] if kind == "dense" else [Conv2D(4, 3), Flatten(), Dense(4)]


FAULTS = {
    "flip": RandomFlip("horizontal", 0.5, name="turned"),
    "both": RandomFlip("horizontal_and_vertical", 0.5, name="turned"),
    "rotation": RandomRotation(0.5, name="turned"),
}
SHIFT = RandomShift(1, name="moved")


def of_arrows(kind, *transforms):
    """What is found of arrows that are varied."""
    data = arrows(800, 40)
    scale = Rescaling(1 / max(1.0, float(data.x_train.max())))
    model = Model(Sequential([scale, Sequential(list(transforms)), *head(kind)]))
    return found(model, data.x_train, data.y_train, "CR009")


@pytest.mark.usefixtures("compiled_quickly")
@pytest.mark.parametrize("kind", ["dense", "convolutional"])
@pytest.mark.parametrize("fault", FAULTS)
def test_transforms_that_turn_arrows_are_found_and_shifts_are_not(kind, fault):
    if not full():
        pytest.skip("long; runs with --full (make test-all)")
    finding = of_arrows(kind, SHIFT, FAULTS[fault])
    assert finding.values["layer"] == "turned"
    assert finding.values.keys() == MIRRORED.keys()
    assert finding.values["after"] < finding.values["before"] - 0.1
    assert of_arrows(kind, SHIFT) is None


def of_few(*, model=None, change=lambda x, y: (x, y), **arguments):
    """What is found of a few samples that a copy of the model is to learn by heart."""
    return found(model or rows(), *change(*table(64)), "CR008", **arguments)


# What `of_arrows("dense", SHIFT, FAULTS["flip"])` finds, which takes long.
MIRRORED = {
    "layer": "turned", "images": 104, "before": 0.923, "after": 0.404, "label": 1, "lost": 1.0, "taken": 0,
    "alone": 1.0, "learned": 0.68,
}  # fmt: skip

PLANTED = {
    "CR008 contradictory": lambda: of_few(change=contradictory),
    "CR008 diverged": lambda: of_few(optimizer=SGD(1e20)),
    "CR008 rose": lambda: of_few(optimizer=SGD(10.0)),
    "CR008 falling": lambda: of_few(optimizer=Adam(3e-5)),
    "CR008 stuck": lambda: of_few(model=rows(kernel_initializer="zeros")),
    "CR009": lambda: BROKEN_LABELS.found(**MIRRORED),
}
