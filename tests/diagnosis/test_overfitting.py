"""Learning by heart is found in the curves, and stopping early or more samples cure it."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.diagnosis.overfitting import overfitting
from chainrule.nn import Dense, Sequential
from chainrule.optim import Adam
from chainrule.train import EarlyStopping, Model
from tests.counts import full
from tests.diagnosis.courses import course
from tests.diagnosis.trainings import dense, diagnosed, finding, images, numbers, rows, table


def noisy(count, share, seed=0):
    """A table of which so many labels are drawn by lot: with 40 % wrong, learning all by heart harms."""
    x, y = table(count, seed=seed)
    rng = np.random.default_rng(seed + 1)
    return x, np.where(rng.random(count) < share, rng.integers(0, 3, count), y)


def of_table(count=200, *callbacks, share=0.5):
    return diagnosed(
        rows(width=64), *noisy(count, share), optimizer=Adam(0.005), epochs=40, validation_split=0.0,
        validation_data=noisy(400, share, seed=5), callbacks=callbacks, executor="reference",
    )  # fmt: skip


def of_numbers(count=60, *callbacks, share=1.0):
    model = Model(Sequential([Dense(64, "relu"), Dense(64, "relu"), Dense(1)]))
    return diagnosed(
        model, *numbers(count, share), loss="mean_squared_error", optimizer=Adam(0.01), epochs=80, validation_split=0.0,
        validation_data=numbers(400, share, seed=5), callbacks=callbacks, executor="reference",
    )  # fmt: skip


@pytest.mark.parametrize("train", [of_table, of_numbers] if full() else [of_table])
@pytest.mark.parametrize("count", [60, 120, 200] if full() else [120])
def test_a_rise_of_the_validation_is_found_and_early_stopping_cures_it(train, count):
    learned_by_heart = train(count)
    found = finding(learned_by_heart, "CR017")
    epoch, before = learned_by_heart.on_the_way["CR017"]
    assert epoch < found.values["epoch"]
    assert found.values["case"] == "rises"
    if before.values["case"] == "rises":  # else the gap was there first
        assert before.values["best"] == found.values["best"]
    patience = found.values["patience"]
    cured = train(count, EarlyStopping("val_loss", patience=patience))
    assert "CR017" not in {*cured.findings.codes, *cured.on_the_way}
    assert cured.course.kept is not None
    logs = cured.course.logs["val_loss"]
    assert logs[cured.course.kept] < found.values["validation"]


@pytest.mark.skipif(not full(), reason="--full: it takes longer")
@pytest.mark.parametrize("count", [20, 30, 40])
def test_a_gap_is_found_and_more_samples_cure_it(count):
    def trained(count):
        x, y = images(count)
        return diagnosed(
            dense(width=128), x, y, epochs=30, batch_size=16, validation_split=0.0, validation_data=images(500, 5000)
        )

    assert "CR017" in trained(count).findings.codes
    assert "CR017" not in trained(1500).findings.codes


# ----------------------------------------------------------------------------------------------- of courses by hand
def of_curves(training, validation, *, samples=400, **others):
    logs = {"loss": tuple(training), "val_loss": tuple(validation)}
    facts = {"validation_samples": samples} | others.pop("facts", {})
    return list(overfitting(course(np.repeat(training, 25), logs=logs, facts=facts, **others)))


EPOCHS = np.arange(20)
LEARNS = 2.3 * np.exp(-EPOCHS / 3)
RISES = 1.0 + 1.3 * np.exp(-EPOCHS) + 0.05 * np.maximum(0, EPOCHS - 5)


def test_a_rise_must_be_more_than_chance_while_training_falls():
    (found,) = of_curves(LEARNS, RISES)
    assert (found.values["case"], found.values["best"]) == ("rises", 6)
    assert not of_curves(LEARNS, 1.0 + 0.2 * (RISES - 1.0), samples=60) or LEARNS[-1] < 0.2
    assert not of_curves(np.full(20, 1.5), RISES)  # then it is something else
    assert not of_curves(LEARNS, 0.4 + 0.03 * RISES)  # a small rise is usual
    assert not of_curves(LEARNS, RISES, samples=10)
    assert not of_curves(LEARNS[:3], RISES[:3])
    assert not of_curves(LEARNS, np.full(20, np.nan))


def test_a_validation_that_falls_again_may_heal():
    """So does that of a network with batch normalisation, whose running means come late."""
    bump = LEARNS + 1.5 * np.exp(-(((EPOCHS - 10) / 4.0) ** 2)) * (EPOCHS > 5)
    assert of_curves(LEARNS[:10], bump[:10], steps_left=250)
    assert of_curves(LEARNS[:14], bump[:14])
    assert not of_curves(LEARNS[:14], bump[:14], steps_left=250)
    assert not of_curves(LEARNS, 1.0 + 0.1 * EPOCHS, steps_left=250)  # from the first epoch on


def test_a_gap_must_be_large_and_no_longer_close():
    (found,) = of_curves(LEARNS, np.maximum(1.4, LEARNS))
    assert found.values["case"] == "gap"
    assert not of_curves(LEARNS, np.maximum(0.6, LEARNS))
    assert not of_curves(LEARNS, 1.3 + 1.5 * np.exp(-EPOCHS / 8))  # it still falls


def test_epochs_after_the_restored_one_do_not_count():
    assert not [f for f in of_curves(LEARNS, RISES, kept=5) if f.values["case"] == "rises"]
    (found,) = of_curves(LEARNS, np.maximum(1.4, LEARNS) + 0.01 * EPOCHS, kept=11)
    assert (found.values["case"], found.values["epoch"]) == ("gap", 12)


def test_without_validation_nothing_is_said():
    assert not list(overfitting(course(np.repeat(LEARNS, 25), facts={"validation_samples": 0})))


PLANTED = {
    "CR017 rises": lambda: finding(of_table(120), "CR017"),
    "CR017 gap": lambda: of_curves(LEARNS, np.maximum(1.4, LEARNS))[0],
}
