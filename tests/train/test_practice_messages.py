"""What is said about wrong uses of what is tried before a training, and that it is said well."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.nn import Dense
from chainrule.optim import LBFGS, SGD, ClipByGlobalNorm, Schedule
from chainrule.optim.optimizer import GradientRule
from chainrule.train import Checkpoint, Model, fast_dev_run, lr_find, overfit_batches
from tests.refusals import Refusals
from tests.train.problems import CLASSES, clusters

X, Y = clusters()
wrong: Any = 1.5  # given where the type checker would not allow it


@dataclass(frozen=True)
class Unrated(GradientRule):
    """Steps of one size."""

    rates = ()

    def update(self, parameter, gradient, slots, scalars):
        return parameter - 0.01 * gradient, {}


class Late(Schedule):
    """No number in the second half."""

    def __call__(self, step, total):
        return 0.1 if 2 * step < total else float("nan")


def find(**arguments: Any) -> Any:
    return lr_find(Model(Dense(CLASSES)), X, Y, executor="reference", **arguments)


def overfit(**arguments: Any) -> Any:
    return overfit_batches(Model(Dense(CLASSES)), X, Y, executor="reference", **arguments)


def rehearse(**arguments: Any) -> Any:
    return fast_dev_run(Model(Dense(CLASSES)), X, Y, executor="reference", **arguments)


def distant(outputs, targets):
    return nn.losses.GaussianLikelihood()(outputs, targets) - 10.0


WRONG = {
    "a layer to find a rate for": lambda: lr_find(Dense(3), X, Y),  # type: ignore[arg-type]
    "a layer to overfit": lambda: overfit_batches(Dense(3), X, Y),  # type: ignore[arg-type]
    "a layer to rehearse with": lambda: fast_dev_run(Dense(3), X, Y),  # type: ignore[arg-type]
    "rates that fall": lambda: find(lowest=1.0, highest=0.1),
    "rates from zero on": lambda: find(lowest=0.0),
    "rates without end": lambda: find(highest=float("inf")),
    "a curve of five steps": lambda: find(steps=5),
    "a curve of 30.0 steps": lambda: find(steps=20 * wrong),
    "an end at once": lambda: find(multiple=1.0),
    "an optimizer without a rate": lambda: find(optimizer=Unrated()),
    "an optimizer without a rate, wrapped": lambda: find(optimizer=ClipByGlobalNorm(Unrated(), 1.0)),
    "an optimizer that looks for its rate": lambda: find(optimizer=LBFGS()),
    "inputs far too large": lambda: lr_find(
        Model(Dense(1)), 1e30 * X, Y, loss="mean_squared_error", executor="reference"
    ),
    "labels that are no classes": lambda: find(class_weight={7: 1.0}),
    "no batches": lambda: overfit(batches=0),
    "a step and a half": lambda: overfit(steps=wrong),
    "a batch larger than the data": lambda: overfit(batch_size=100),
    "a loss whose small values nobody knows": lambda: overfit_batches(
        Model(Dense(2)), X, X[:, 0], loss=distant, executor="reference"
    ),
    "a schedule that ends in no number": lambda: rehearse(optimizer=SGD(Late()), epochs=10),
    "a checkpoint onto a file": lambda: rehearse(callbacks=[Checkpoint("/dev/null")]),
    "a checkpoint below a file": lambda: rehearse(callbacks=[Checkpoint("/dev/null/model")]),
    "no epochs": lambda: rehearse(epochs=0),
    "validation labels out of range": lambda: rehearse(validation_data=(X, Y + 5)),
    "samples that are no numbers": lambda: fast_dev_run(Model(Dense(3)), np.full_like(X, np.nan), Y),
}

REFUSALS = Refusals(Path(__file__).with_name("practice_messages.txt"), WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_text_is_left_over():
    REFUSALS.check_that_none_is_left_over()
