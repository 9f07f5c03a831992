"""The operation that gives the first value that is not finite is named, and remedies keep values finite."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.diagnosis.course import Failure
from chainrule.diagnosis.nonfinite import non_finite_values
from chainrule.nn import Dense, KLDivergence, Sequential
from chainrule.optim import SGD
from chainrule.train import Model
from tests.counts import full
from tests.diagnosis.courses import course
from tests.diagnosis.trainings import dense, diagnosed, finding, images, remedied, rows, table

DATA = {"images": (dense, lambda: images(300)), "table": (rows, lambda: table(300))}
SEVERITIES = [1e5, 1e12, 1e30]


@pytest.mark.parametrize("kind", DATA if full() else ["table"])
@pytest.mark.parametrize("rate", SEVERITIES if full() else [1e30])
def test_an_overflow_is_traced_and_a_smaller_rate_cures_it(kind, rate):
    build, data = DATA[kind]
    x, y = data()
    diagnosis = diagnosed(build(), x, y, optimizer=SGD(rate), executor="reference")
    found = finding(diagnosis, "CR001")
    assert found.values["case"] == "overflow"
    assert (found.values["epoch"], found.values["step"] < 8) == (1, True)
    assert diagnosis.course.diverged
    cured = diagnosed(build(), x, y, optimizer=remedied(found), executor="reference")
    assert "CR001" not in cured.findings.codes
    losses = cured.course.logs["loss"]
    assert losses[-1] < losses[0]


def lengths(lowest):
    """A network that looks at lengths, roots of sums of squares; at a sample of zeros they are 0."""

    def network(x, scope):
        hidden = Dense(6, name="hidden")(x, scope)
        squares = cr.sum(cr.square(hidden), -1, keepdims=True)
        return Dense(3, name="scores")(cr.sqrt(cr.maximum(squares, lowest) if lowest else squares), scope)

    return network


@pytest.mark.parametrize("executor", ["native", "reference"] if full() else ["reference"])
def test_an_infinite_slope_is_traced_to_the_parameter_it_belongs_to(executor):
    x, y = table(200)
    x[::20] = 0.0
    found = finding(diagnosed(Model(lengths(None)), x, y, optimizer=SGD(0.01), executor=executor), "CR001")
    told = found.values
    assert (told["case"], told["epoch"]) == ("undefined", 1)
    assert told["part"].startswith("∂loss/∂'hidden/")
    assert "0) = " in told["example"]
    assert told["where"].startswith(("test_nonfinite.py:", "trainings.py:"))
    cured = diagnosed(Model(lengths(1e-7)), x, y, optimizer=SGD(0.01), executor=executor)
    assert "CR001" not in cured.findings.codes


def of_last_batch():
    """Parameters stay finite, but the next batch overflows with them; it is an epoch's last, and smaller."""
    x = np.ones((20, 2), np.float32)
    x[16:] = 1e30
    model = Model(Sequential([Dense(4, name="hidden"), Dense(1, name="out")]))
    return diagnosed(
        model, x, np.ones((20, 1), np.float32), loss="mean_squared_error", optimizer=SGD(1e-3), batch_size=16,
        validation_split=0.0, shuffle=False, executor="reference",
    )  # fmt: skip


def test_the_step_after_the_last_finite_loss_is_looked_at_too():
    told = finding(of_last_batch(), "CR001").values
    assert (told["case"], told["epoch"], told["step"], told["part"]) == ("overflow", 1, 2, "loss")


def of_validation():
    x = np.random.default_rng(0).uniform(0.5, 1, (64, 3)).astype(np.float32)
    other = x.copy()
    other[40] = 0.0

    def logarithms(x, scope):
        return Dense(1, name="out")(cr.log(x), scope)

    return diagnosed(
        Model(logarithms), x, x[:, :1], loss="mean_squared_error", validation_split=0.0,
        validation_data=(other, x[:, :1]), executor="reference",
    )  # fmt: skip


def test_an_entry_of_the_validation_is_traced_although_the_training_goes_on():
    diagnosis = of_validation()
    told = finding(diagnosis, "CR001").values
    assert (told["case"], told["entry"], told["operation"]) == ("entry", "val_loss", "log")
    assert told["example"] == "log(0) = -inf"
    assert len([f for f in diagnosis.findings if f.code == "CR001"]) == 1


def test_a_metric_is_named_by_itself():
    def logarithm(outputs, targets):
        return cr.log(cr.mean(outputs * 0.0, -1))

    diagnosis = diagnosed(rows(), *table(60), metrics=[logarithm], epochs=1, executor="reference")
    told = finding(diagnosis, "CR001").values
    assert (told["entry"], told["operation"], told["part"]) == ("logarithm", "log", "logarithm")


def test_infinities_in_a_mask_are_passed_over():
    """-inf is what a mask of scores is made of; what made the first bad value is the division."""

    def masked(x, scope):
        scores = Dense(3, name="scores")(x, scope)
        probabilities = cr.softmax(cr.where(scores > 100.0, scores, cr.where(scores > 0.0, scores, -np.inf)))
        return probabilities / cr.where(cr.mean(x) > -1e9, 0.0, 1.0)

    x, _ = table(64)
    x = np.abs(x)
    model = Model(masked)
    model.build([(8,)])
    model.parameters["scores/kernel"] = np.ones((8, 3), np.float32)
    diagnosis = diagnosed(
        model, x, np.full((64, 3), 1 / 3, np.float32), loss=KLDivergence(), executor="reference", epochs=1
    )
    assert finding(diagnosis, "CR001").values["operation"] == "divide"


def test_what_cannot_be_traced_is_said_as_it_is():
    failed = course(np.array([2.0, 3.0, np.nan]), failure=Failure(1, 3, "float32", "nan"))
    (found,) = non_finite_values(failed)
    assert found.values["case"] == "untraced"
    assert "nan" in found.evidence


@pytest.mark.parametrize(("operation", "case"), [("", "untraced, no rate"), ("exp", "overflow, no rate")])
def test_an_optimizer_without_a_learning_rate_is_not_advised_to_lower_it(operation, case):
    found = without_rate(operation)
    assert found.values["case"] == case
    assert "nan" not in found.remedy
    assert "Fixed has no" in found.remedy or "which Fixed has not" in found.remedy
    assert "--optimizer adam --lr 0.001" in found.remedy


def test_a_healthy_training_shows_nothing():
    x, y = table(300)
    assert not diagnosed(rows(), x, y, executor="reference").findings


def of_slope():
    x, y = table(200)
    x[::20] = 0.0
    return diagnosed(Model(lengths(None)), x, y, optimizer=SGD(0.01), executor="reference")


def untraced():
    failed = course(np.array([2.0, 3.0, np.nan]), failure=Failure(1, 3, "float32", "nan"))
    return next(non_finite_values(failed))


def without_rate(operation):
    failure = Failure(1, 3, "float32", "nan", operation, "loss", "here.py:1", "exp(99) = inf", 99.0)
    facts = {"optimizer": "Fixed", "call": None}
    failed = course(np.array([2.0, 3.0, np.nan]), rate=np.nan, facts=facts, failure=failure)
    return next(non_finite_values(failed))


PLANTED = {
    "CR001 overflow": lambda: finding(of_last_batch(), "CR001"),
    "CR001 undefined": lambda: finding(of_slope(), "CR001"),
    "CR001 entry": lambda: finding(of_validation(), "CR001"),
    "CR001 untraced": untraced,
    "CR001 overflow, no rate": lambda: without_rate("exp"),
    "CR001 untraced, no rate": lambda: without_rate(""),
}
