"""Rates that no training can use are refused where they are written."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.optim import (
    OPTIMIZERS,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    AMSGrad,
    CenteredRMSProp,
    ConstantRate,
    Cosine,
    Lion,
    Momentum,
    Nadam,
    Nesterov,
    OneCycle,
    RMSProp,
    StepDecay,
    WarmUp,
)


@pytest.mark.parametrize("rate", [0, -0.1, math.nan, math.inf, "0.1", None, [0.1]])
def test_learning_rates_are_finite_and_above_0(rate):
    for optimizer in OPTIMIZERS.values():
        with pytest.raises(UsageError, match="learning_rate must be a finite number above 0, or a schedule"):
            optimizer(rate)


@pytest.mark.parametrize("value", [-0.1, 1, math.nan, "0.9", None])
def test_decay_rates_are_from_0_to_below_1(value):
    for optimizer, name in (
        (Momentum, "momentum"), (Nesterov, "momentum"), (RMSProp, "rho"), (Adadelta, "rho"),
        *((kind, beta) for kind in (Adam, AdamW, AMSGrad, Nadam, Adamax, Lion) for beta in ("beta_1", "beta_2")),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=f"{name} must be a number from 0 to below 1"):
            optimizer(**{name: value})


@pytest.mark.parametrize("value", [0, -1e-8, math.nan, "1e-8"])
def test_epsilon_is_above_0(value):
    for optimizer in (Adam, AdamW, AMSGrad, Nadam, Adamax, Adagrad, Adadelta, RMSProp, CenteredRMSProp):
        with pytest.raises(UsageError, match=f"^{optimizer.__name__}.*epsilon must be a finite number above 0"):
            optimizer(epsilon=value)


@pytest.mark.parametrize("value", [-1e-3, math.inf, "0.1"])
def test_weight_decay_is_not_negative(value):
    for optimizer in (AdamW, Lion):
        with pytest.raises(UsageError, match="weight_decay must be a finite number, 0 or more"):
            optimizer(weight_decay=value)


def test_schedules_are_instances_of_schedule():
    with pytest.raises(UsageError, match=r"this is the class. Make one of it, e.g. Cosine\(0.1\)"):
        SGD(Cosine)
    with pytest.raises(UsageError, match=r"a function is no schedule. Derive a class from Schedule"):
        SGD(lambda step, total: 0.1)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (ConstantRate, ["0.1"]),
        (Cosine, [math.nan]),
        (StepDecay, [0.1, 2, -1]),
        (WarmUp, ["0.1", 2]),
        (OneCycle, [0.1, -1.0]),
    ],
)
def test_values_of_schedules_are_finite_and_not_negative(kind, arguments):
    with pytest.raises(UsageError, match="must be a finite number, 0 or more"):
        kind(*arguments)


def test_numbers_of_numpy_are_numbers():
    assert Adam(np.float32(0.5)).scalars()["learning_rate"] == 0.5
