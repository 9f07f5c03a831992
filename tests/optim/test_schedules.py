"""Schedules against their formulas, and what they promise at both ends."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from chainrule.errors import UsageError
from chainrule.optim import ConstantRate, Cosine, ExponentialDecay, OneCycle, Schedule, StepDecay, WarmUp

TOTAL = 100
SCHEDULES = [
    ConstantRate(0.1),
    StepDecay(0.1, 30),
    ExponentialDecay(0.1, 30),
    Cosine(0.1),
    WarmUp(0.1, 10),
    WarmUp(Cosine(0.1), 10),
    OneCycle(0.1),
]


def values(schedule: Schedule) -> list[float]:
    return [schedule(step, TOTAL) for step in range(TOTAL)]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_rates_are_positive_and_never_above_the_largest(schedule):
    assert all(0 < rate <= 0.1 * (1 + 1e-12) for rate in values(schedule))
    assert all(type(rate) is float for rate in values(schedule))


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_training_longer_than_planned_goes_on(schedule):
    assert all(0 <= schedule(step, TOTAL) <= 0.1 * (1 + 1e-12) for step in (TOTAL, TOTAL + 1, 10 * TOTAL))


def test_formulas():
    for step in range(TOTAL):
        assert StepDecay(0.1, 30, 0.5)(step, TOTAL) == 0.1 * 0.5 ** (step // 30)
        assert ExponentialDecay(0.1, 30, 0.5)(step, TOTAL) == pytest.approx(0.1 * 0.5 ** (step / 30))
        expected = 0.02 + 0.08 * (1 + math.cos(math.pi * step / TOTAL)) / 2
        assert Cosine(0.1, 0.02)(step, TOTAL) == pytest.approx(expected)


def test_warm_up_rises_evenly_and_hands_over():
    plain, then = values(WarmUp(0.1, 10)), values(WarmUp(Cosine(0.1), 10))
    assert plain[:10] == pytest.approx([0.01 * k for k in range(1, 11)])
    assert set(plain[10:]) == {0.1}
    assert then[:10] == pytest.approx(plain[:10])
    assert then[10:] == [Cosine(0.1)(step, 90) for step in range(90)]


def test_one_cycle_rises_and_falls_in_straight_lines():
    rates = values(OneCycle(0.1, rising=0.25))
    differences = [b - a for a, b in pairwise(rates)]
    assert rates[0] == pytest.approx(0.1 / 25)
    assert rates[25] == max(rates) == 0.1
    assert differences[:25] == pytest.approx([(0.1 - 0.1 / 25) / 25] * 25)
    assert differences[25:] == pytest.approx([-0.1 / 75] * 74)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: StepDecay(0.1, 0), r"StepDecay: steps=0"),
        (lambda: ExponentialDecay(0.1, -1), r"ExponentialDecay: steps=-1"),
        (lambda: WarmUp(0.1, 0), r"WarmUp: steps=0"),
        (lambda: OneCycle(0.1, rising=1.0), r"rising=1.0"),
    ],
)  # fmt: skip
def test_senseless_numbers_are_refused(build, message):
    with pytest.raises(UsageError, match=message):
        build()
