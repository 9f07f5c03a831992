"""Learning rates that are too low or too high are found, and the advised ones cure them."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest

from chainrule.diagnosis import Diagnosis
from chainrule.diagnosis.rates import jumps, rate_too_high, rate_too_low
from chainrule.nn import Dense, Sequential
from chainrule.optim import SGD, Adam, ClipByGlobalNorm, Cosine, Lion, Momentum, Optimizer
from chainrule.train import Callback, Model
from tests.counts import full
from tests.diagnosis.courses import FAILURE, course
from tests.diagnosis.trainings import dense, diagnosed, finding, images, numbers, remedied, rows, table

FEW = {"executor": "native" if full() else "reference"}  # which needs no compiling
DATA = {"images": (dense, lambda: images(800), 5), "table": (rows, lambda: table(400), 8)}
KINDS = DATA if full() else ["table"]


def improved(before, after):
    """Whether the second training ended with a lower loss, or at all."""
    return before.course.diverged or after.course.logs["loss"][-1] < before.course.logs["loss"][-1]


# --------------------------------------------------------------------------------------------------- in trainings
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [1e-12, 1e-7, 1e-6, 2e-5] if full() else [1e-12])  # of the first, rounding leaves none
def test_a_low_rate_is_found_and_the_advised_one_learns(kind, rate):
    build, data, epochs = DATA[kind]
    x, y = data()
    low = diagnosed(build(), x, y, optimizer=Adam(rate), epochs=epochs, **FEW)
    found = finding(low, "CR010")
    assert "CR010" in low.on_the_way
    cured = diagnosed(build(), x, y, optimizer=remedied(found), epochs=epochs, **FEW)
    assert not {"CR010", "CR012"} & set(cured.findings.codes)
    assert improved(low, cured)
    assert cured.course.logs["loss"][-1] < 0.6 * low.course.logs["loss"][-1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optimizer", [SGD(8.0), Adam(0.3), SGD(1e4)] if full() else [SGD(8.0)], ids=str)
def test_a_high_rate_is_found_and_the_advised_one_learns(kind, optimizer):
    build, data, epochs = DATA[kind]
    x, y = data()
    high = diagnosed(build(), x, y, optimizer=optimizer, epochs=epochs, **FEW)
    found = finding(high, "CR012")
    assert found.values["case"] == ("diverged" if high.course.diverged else "rose")
    assert high.course.diverged or high.on_the_way["CR012"][0] == 3
    cured = diagnosed(build(), x, y, optimizer=remedied(found), epochs=epochs, **FEW)
    assert not {"CR010", "CR012"} & set(cured.findings.codes)
    assert improved(high, cured)
    assert cured.course.logs["loss"][-1] < 0.8 * cured.course.scale


def of_valley(optimizer, *, hidden=False):
    """A straight line, or a bent one, whose steps may go from one side of the valley to the other."""
    x, y = numbers(256)
    layers = [Dense(16, "tanh", name="hidden")] if hidden else []
    model = Model(Sequential([*layers, Dense(1, name="out")]))
    settings = {"loss": "mean_squared_error", "epochs": 12, "batch_size": 8, "executor": "reference"}
    return diagnosed(model, x, y, optimizer=optimizer, **settings)


# A little beyond, a bent line diverges by steps that grow with the gradient; those of Lion have one length.
OSCILLATING: list[tuple[bool, Optimizer]] = [(False, SGD(0.3)), (False, SGD(0.32)), (False, SGD(0.33))]
OSCILLATING += [(True, Lion(0.14)), (True, Lion(0.2)), (True, SGD(0.285))]


@pytest.mark.parametrize(("hidden", "optimizer"), OSCILLATING if full() else OSCILLATING[1:2], ids=str)
def test_a_loss_that_oscillates_is_found_and_the_advised_rate_ends_it(hidden, optimizer):
    high = of_valley(optimizer, hidden=hidden)
    found = finding(high, "CR012")
    assert found.values["case"] == "oscillates"
    assert hidden or high.on_the_way["CR012"][1].values["case"] == "oscillates"  # of a bent line, sometimes only later
    cured = of_valley(remedied(found), hidden=hidden)
    assert not {"CR010", "CR012"} & set(cured.findings.codes)
    assert improved(high, cured)
    assert cured.course.logs["loss"][-1] < 0.8 * high.course.logs["loss"][-1]


def test_a_finding_is_said_once_in_the_epoch_that_proves_it(capsys):
    class Lines(Callback):
        def on_epoch_end(self, training):
            print(f"epoch {training.epochs_done}", file=sys.stderr)

    callbacks = [Lines(), Diagnosis()]
    rows().fit(*table(200), optimizer=Adam(1.0), epochs=5, verbose=0, callbacks=callbacks, executor="reference")
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith(("epoch", "CR012"))]
    assert [line.split()[0] for line in lines] == ["epoch", "epoch", "epoch", "CR012", "epoch", "epoch"]


@pytest.mark.parametrize("kind", KINDS)
def test_rates_within_three_times_a_good_one_show_nothing(kind):
    build, data, epochs = DATA[kind]
    for optimizer in (
        (Adam(0.001), Adam(0.01), SGD(0.1), Momentum(0.01), Adam(Cosine(0.005))) if full() else (SGD(0.1),)
    ):
        diagnosis = diagnosed(build(), *data(), optimizer=optimizer, epochs=epochs, **FEW)
        found = {*diagnosis.findings.codes, *diagnosis.on_the_way}
        assert not {"CR010", "CR011", "CR012", "CR018"} & found, optimizer


def test_the_advice_keeps_what_stands_around_the_rate():
    x, y = table(300)
    optimizer = ClipByGlobalNorm(Momentum(Cosine(1e-6), momentum=0.8), 5.0)
    found = finding(diagnosed(rows(), x, y, optimizer=optimizer, executor="reference"), "CR010")
    advised = remedied(found)
    assert isinstance(advised, ClipByGlobalNorm)
    assert advised.global_clip_norm == 5.0
    assert advised.optimizer.momentum == 0.8
    assert advised.optimizer.learning_rate.initial > 1e-4


# ----------------------------------------------------------------------------------------------- of courses by hand
TIMES = np.linspace(0, 1, 400)
NOISE = np.random.default_rng(0).normal(size=400)
KNOWN = {"default_rate": 0.001}


def test_low_needs_tiny_updates_a_high_loss_and_gradients_that_are_not():
    slow = 2.3 - 0.1 * TIMES
    assert [f.code for f in rate_too_low(course(slow, ratio=1e-5))] == ["CR010"]
    assert not list(rate_too_low(course(slow, ratio=1e-5, gradient=1e-6)))  # flat ground
    assert not list(rate_too_low(course(slow, ratio=2e-3)))
    assert not list(rate_too_low(course(2.3 * np.exp(-3 * TIMES), ratio=1e-5)))  # it has learned
    assert not list(rate_too_low(course(0.1 * slow, ratio=1e-5)))  # a model that knows already
    again = {"constant_loss": None, "fresh": False}
    assert not list(rate_too_low(course(slow, ratio=1e-5, facts=again)))


def test_the_advised_rate_is_the_usual_one_where_updates_are_lost_in_rounding():
    (found,) = rate_too_low(course(2.3 - 0.1 * TIMES, ratio=0.0, rate=1e-12, facts=KNOWN))
    assert found.values["optimizer"] == "Adam(0.001)"
    assert not list(rate_too_low(course(2.3 - 0.1 * TIMES, ratio=0.0, gradient=0.0, rate=1e-12, facts=KNOWN)))


def test_the_advised_rate_changes_weights_by_one_per_cent():
    (found,) = rate_too_low(course(2.3 - 0.1 * TIMES, ratio=1e-5, rate=1e-6))
    assert found.values["rate"] == pytest.approx(1e-3)
    assert found.values["optimizer"] == "Adam(0.001)"


def test_low_is_judged_by_where_all_planned_steps_lead():
    slow = 2.3 - 0.1 * TIMES
    assert list(rate_too_low(course(slow, ratio=1e-4, steps_left=1000)))
    assert not list(rate_too_low(course(slow, ratio=1e-4, steps_left=1200)))  # that few steps tell little
    assert not list(rate_too_low(course(slow, ratio=2e-4, steps_left=400)))  # the path goes on
    assert not list(rate_too_low(course(2.3 - 0.4 * TIMES, ratio=1e-4, steps_left=1000)))  # the loss will have fallen
    warming = course(slow, ratio=1e-4, steps_left=400)
    assert not list(rate_too_low(replace(warming, rates=np.linspace(1e-6, 1e-4, 400))))
    assert list(rate_too_low(replace(warming, rates=np.linspace(1e-4, 1e-6, 400))))


def test_a_rise_is_measured_by_stretches_of_the_whole_training():
    """A short one is noise in a long training, as it will be at its end; a long one stays."""
    risen = 2.3 + 20 * np.exp(-(((TIMES - 0.1) / 0.05) ** 2))
    assert list(rate_too_high(course(risen, rate=0.1, steps_left=400)))
    assert not list(rate_too_high(course(risen, rate=0.1, steps_left=400 * 99)))
    for part in (100, 400):
        now = course(risen[:part], steps_left=800 - part)
        at_end = course(np.append(risen, np.full(400, 2.3)))
        np.testing.assert_array_equal(now.smoothed, at_end.smoothed[: part // 20])


def test_steps_that_are_planned_take_no_memory():
    """Who stops early may plan any number of epochs."""
    assert not course(2.3 - 0.1 * TIMES, steps_left=10**15).smoothed.size
    assert course(2.3 - 0.1 * TIMES, steps_left=39 * 400).smoothed.size == 1


def test_high_is_a_rise_above_guessing_and_no_noise_of_batches():
    risen = 2.3 + 20 * np.exp(-(((TIMES - 0.1) / 0.05) ** 2))
    (found,) = rate_too_high(course(risen, rate=0.1, ratio=0.3))
    assert found.values["case"] == "rose"
    assert found.values["rate"] <= 0.1 / 3
    assert 20 <= found.values["at"] <= 60
    assert not list(rate_too_high(course(2.3 * np.exp(-3 * TIMES) + 0.8 * NOISE)))
    assert not list(rate_too_high(course(risen, facts={"constant_loss": 30.0})))  # it began no better


def test_a_first_step_that_was_not_measured_is_not_told():
    risen = 2.3 + 20 * np.exp(-(((TIMES - 0.1) / 0.05) ** 2))
    (rose,) = rate_too_high(course(risen, rate=0.1, ratio=np.inf))
    (diverged,) = rate_too_high(course(np.append(risen, np.nan), rate=0.1, weight=0.0, failure=FAILURE))
    assert [rose.values["case"], diverged.values["case"]] == ["rose_unmeasured", "diverged_unmeasured"]
    for found in (rose, diverged):
        json.dumps(found.as_dict(), allow_nan=False)
        assert not re.search(r"\b(inf|nan)\b", str(found))


def test_means_of_epochs_that_go_up_and_down_oscillate():
    def of_epochs(means):
        return course(np.repeat(means, 25), logs={"loss": tuple(means)}, ratio=0.02)

    up_and_down = [2.0, 1.5] + [1.2, 1.9] * 5
    (found,) = rate_too_high(of_epochs(up_and_down))
    assert found.values["case"] == "oscillates"
    assert found.values["rises"] >= 3
    assert not list(rate_too_high(of_epochs(np.linspace(2.0, 0.2, 12))))
    assert not list(rate_too_high(of_epochs(0.05 * np.asarray(up_and_down))))  # at the bottom noise is small beside c
    assert not list(rate_too_high(of_epochs([2.0, 1.2, 1.9, 1.2])))  # too few to tell
    assert jumps(np.arange(9.0)) == 0.0


def test_losses_below_zero_and_those_of_trained_models_have_no_scale():
    """A likelihood may begin near 0, and a model that knows already begins low: a rise from there means nothing."""
    risen = 0.1 + 3 * np.exp(-(((TIMES - 0.1) / 0.05) ** 2))
    unknown = {"constant_loss": None}
    assert list(rate_too_high(course(risen, rate=0.1, facts=unknown)))
    assert not list(rate_too_high(course(risen, rate=0.1, facts=unknown | {"fresh": False})))
    assert not list(rate_too_high(course(risen - 0.5, rate=0.1, facts=unknown)))


def test_rates_of_a_schedule_are_those_of_their_steps():
    diagnosis = diagnosed(
        rows(), *table(200), optimizer=SGD(Cosine(0.1)), epochs=2, validation_split=0.0, executor="reference"
    )
    np.testing.assert_allclose(diagnosis.course.rates, [Cosine(0.1)(step, 14) for step in range(14)])


def test_a_divergence_without_large_steps_has_another_cause():
    fell = np.append(2.3 * np.exp(-3 * TIMES), np.nan)
    assert not list(rate_too_high(course(fell, ratio=0.01, failure=FAILURE)))
    (found,) = rate_too_high(course([2.3, np.inf], ratio=40.0, rate=1.0, failure=FAILURE))
    assert found.values["case"] == "diverged"
    (found,) = rate_too_high(course([2.3, np.inf], ratio=np.inf, rate=1e30, facts=KNOWN, failure=FAILURE))
    assert found.values["case"] == "at_once"
    assert found.values["optimizer"] == "Adam(0.001)"
    assert not list(rate_too_high(course([2.3, np.inf], ratio=np.inf, gradient=np.inf, failure=FAILURE)))


@pytest.mark.parametrize("losses", [[], [2.3], [np.nan], [np.inf, np.nan], [0.0] * 50])
def test_the_shortest_courses_say_nothing(losses):
    with np.errstate(all="raise"):
        assert not list(rate_too_low(course(losses, ratio=0.01)))
        assert not list(
            rate_too_high(course(losses, ratio=0.01, failure=None if np.isfinite(losses).all() else FAILURE))
        )


PLANTED = {
    "CR010": lambda: finding(diagnosed(rows(), *table(300), optimizer=SGD(1e-5), executor="reference"), "CR010"),
    "CR012 rose": lambda: finding(diagnosed(rows(), *table(300), optimizer=Adam(1.0), executor="reference"), "CR012"),
    "CR012 rose_unmeasured": lambda: next(rate_too_high(course([2.3] * 100 + [20.0] * 300, rate=0.1, ratio=np.inf))),
    "CR012 diverged_unmeasured": lambda: next(
        rate_too_high(course([2.3] * 9 + [99.0] * 9 + [np.nan], rate=0.1, weight=0.0, failure=FAILURE))
    ),
    "CR012 diverged": lambda: finding(
        diagnosed(rows(), *table(300), optimizer=SGD(1e4), executor="reference"), "CR012"
    ),
    "CR012 at_once": lambda: finding(
        diagnosed(rows(), *table(300), optimizer=SGD(1e30), executor="reference"), "CR012"
    ),
    "CR012 oscillates": lambda: finding(of_valley(SGD(0.32)), "CR012"),
}
