"""Schedules against their formulas, and what they promise at both ends."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from chainrule.errors import UsageError
from chainrule.optim import (
    ConstantRate,
    Cosine,
    CosineRestarts,
    ExponentialDecay,
    OneCycle,
    PiecewiseConstant,
    PolynomialDecay,
    Schedule,
    StepDecay,
    WarmUp,
)

TOTAL = 100
SCHEDULES = [
    ConstantRate(0.1),
    StepDecay(0.1, 30),
    ExponentialDecay(0.1, 30),
    Cosine(0.1),
    WarmUp(0.1, 10),
    WarmUp(Cosine(0.1), 10),
    OneCycle(0.1),
    PiecewiseConstant((0.1, 0.05, 0.01), (20, 70)),
    PolynomialDecay(0.1),
    PolynomialDecay(0.1, 0.01, 2.0),
    CosineRestarts(0.1, 7),
    CosineRestarts(0.1, 7, 0.001, 1.0, 0.5),
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


def test_polynomials():
    for step in range(TOTAL):
        left = 1 - step / TOTAL
        assert PolynomialDecay(0.1)(step, TOTAL) == pytest.approx(0.1 * left)
        assert PolynomialDecay(0.1, 0.02, 3.0)(step, TOTAL) == pytest.approx(0.02 + 0.08 * left**3)
    assert PolynomialDecay(0.1, 0.02)(3 * TOTAL, TOTAL) == 0.02
    assert values(PolynomialDecay(0.01, 0.1))[-1] == pytest.approx(0.0991)  # it may rise


def test_pieces():
    rates = values(PiecewiseConstant((0.1, 0.5, 0.2), (3, 10)))
    assert rates == [0.1] * 3 + [0.5] * 7 + [0.2] * 90
    assert set(values(PiecewiseConstant((0.1,), ()))) == {0.1}


@pytest.mark.parametrize("longer", [1.0, 1.5, 2.0])
def test_a_restart_is_a_cosine_of_its_own(longer):
    """Cycles of 8, 8·longer, 8·longer² updates, each 0.6 times as high as the one before."""
    rates = values(CosineRestarts(0.1, 8, 0.001, longer, 0.6))
    start = 0
    for cycle in range(3):
        length = int(8 * longer**cycle)
        expected = [Cosine(0.1 * 0.6**cycle, 0.001)(step, length) for step in range(length)]
        assert rates[start : start + length] == pytest.approx(expected)
        start += length


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
        (lambda: PiecewiseConstant((0.1, 0.2), (0,)), r"boundaries=\(0,\) must be whole numbers above 0"),
        (lambda: PiecewiseConstant((0.1, 0.2, 0.3), (5, 5)), r"boundaries=\(5, 5\)"),
        (lambda: PiecewiseConstant((0.1, 0.2), (5, 9)), r"2 boundaries part 3 values, but there are 2"),
        (lambda: PiecewiseConstant((0.1, -0.2), (5,)), r"values=-0.2"),
        (lambda: PolynomialDecay(0.1, power=-1.0), r"power=-1.0"),
        (lambda: CosineRestarts(0.1, 0), r"CosineRestarts: steps=0"),
        (lambda: CosineRestarts(0.1, 5, longer=0.5), r"longer=0.5"),
    ],
)  # fmt: skip
def test_senseless_numbers_are_refused(build, message):
    with pytest.raises(UsageError, match=message):
        build()
