"""A network that cannot learn what there is to learn is found, with what holds it back, and the remedies cure it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.diagnosis.neighbors import neighbors
from chainrule.nn import L2, Dense, Dropout, Sequential
from chainrule.optim import Adam, AdamW
from chainrule.train import Model
from tests.counts import full
from tests.diagnosis.trainings import diagnosed, finding, numbers, table


def spirals(count=400, seed=0):
    """Two arms of a spiral, which no straight line parts."""
    rng = np.random.default_rng(seed)
    y, t = rng.integers(0, 2, count), rng.uniform(0.15, 1, count)
    angle = 2 * np.pi * t + np.pi * y
    return (2 * t * np.stack([np.cos(angle), np.sin(angle)])).T.astype(np.float32), y


def of(hidden=32, penalty=0.0, rate=0.0, *, kind="spirals", optimizer=None, epochs=32):
    """A training with so many hidden units, a penalty, and dropout."""
    held = {"kernel_penalty": L2(penalty)} if penalty else {}
    layers: list[Any] = [Dense(hidden, "tanh", name=f"hidden{k}", **held) for k in (1, 2)] if hidden else []
    if rate:
        layers = [layer for one in layers for layer in (one, Dropout(rate))]
    outputs = Dense(1 if kind == "numbers" else 2, name="out", **held)
    x, y = numbers() if kind == "numbers" else spirals()
    settings = {"loss": "mean_squared_error"} if kind == "numbers" else {}
    optimizer = optimizer or Adam(0.02)
    model = Model(Sequential([*layers, outputs]))
    return diagnosed(
        model, x, y, optimizer=optimizer, epochs=epochs, validation_split=0.0, executor="reference", **settings
    )


FAULTS: dict[str, list[dict[str, Any]]] = {
    "small": [{"hidden": 0}, {"hidden": 1}, {"hidden": 1, "epochs": 80}],
    "penalty": [{"penalty": 1.0}, {"penalty": 3.0}, {"penalty": 30.0}],
    "noise": [{"rate": 0.9}, {"rate": 0.95}, {"rate": 0.98}],
    "decay": [{"optimizer": AdamW(0.01, weight_decay=w)} for w in (10.0, 30.0, 60.0)],
}
PLANTS = [(case, fault) for case, faults in FAULTS.items() for fault in (faults if full() else faults[:1])]


@pytest.mark.parametrize("kind", ["spirals", "numbers"] if full() else ["spirals"])
@pytest.mark.parametrize(("case", "fault"), PLANTS if full() else PLANTS[:1], ids=str)
def test_what_holds_a_network_back_is_named_and_without_it_it_learns(kind, case, fault):
    held = of(**fault, kind=kind)
    found = finding(held, "CR018")
    assert found.values["case"] == case
    assert found.values["neighbors"] < found.values["network"]
    if case == "penalty":
        remedy = {"penalty": fault["penalty"] * found.values["factor"]}
    elif case == "decay":
        remedy = {"optimizer": AdamW(0.01, weight_decay=found.values["decay"])}
    elif case == "noise":
        remedy = {"rate": 0.2}
    else:
        remedy = {"hidden": 64}
    cured = of(**remedy, kind=kind)
    assert "CR018" not in cured.findings.codes
    assert cured.course.logs["loss"][-1] < held.course.logs["loss"][-1]


@pytest.mark.full
def test_a_short_training_and_noisy_data_are_no_underfitting():
    assert "CR018" not in of(epochs=2).findings.codes
    x, y = table(400)
    by_lot = np.random.default_rng(0).integers(0, 3, len(y))
    model = Model(Sequential([Dense(3)]))
    assert (
        "CR018" not in diagnosed(model, x, by_lot, epochs=25, optimizer=Adam(0.02), executor="reference").findings.codes
    )


def of_sine(epochs=20, executor="reference"):
    """A sine that more steps learn; the other three inputs say nothing."""
    x = np.random.default_rng(1).normal(size=(1000, 4)).astype(np.float32)
    y = np.sin(2 * x[:, :1]) + 0.1 * np.random.default_rng(2).normal(size=(1000, 1)).astype(np.float32)
    model = Model(Sequential([Dense(32, "relu"), Dense(1)]))
    return diagnosed(model, x, y, loss="mean_squared_error", epochs=epochs, executor=executor)


def test_a_loss_that_still_falls_does_not_call_the_network_small_and_a_longer_training_learns():
    short = of_sine()
    found = finding(short, "CR018")
    assert found.values["case"] == "slow"
    assert found.values["fall"] > 0.02
    if full():
        longer = of_sine(found.values["more"], "native")
        assert "CR018" not in longer.findings.codes
        assert longer.course.logs["loss"][-1] < 0.5 * short.course.logs["loss"][-1]


def test_columns_of_a_table_count_alike():
    x = np.array([[0.0, 1000.0], [0.1, 3000.0], [1.0, 1000.0], [1.1, 3000.0]])
    assert (neighbors(x, 2) != np.arange(4)[:, None]).all()


PLANTED = {
    "CR018 small": lambda: finding(of(hidden=0), "CR018"),
    "CR018 slow": lambda: finding(of_sine(), "CR018"),
    "CR018 penalty": lambda: finding(of(penalty=1.0, epochs=12), "CR018"),
    "CR018 noise": lambda: finding(of(rate=0.95, epochs=12), "CR018"),
    "CR018 decay": lambda: finding(of(optimizer=AdamW(0.01, weight_decay=30.0), epochs=12), "CR018"),
}
