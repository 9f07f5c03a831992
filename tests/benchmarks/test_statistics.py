import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.statistics import Interval, Spread, median_interval, paired

_numbers = st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=60)


def test_spread_has_median_and_quartiles():
    assert Spread.of([4.0, 1.0, 3.0, 2.0]) == Spread(2.5, 1.75, 3.25, 4)


@pytest.mark.parametrize(("count", "place"), [(6, 1), (8, 1), (9, 2), (10, 2), (15, 4), (20, 6), (25, 8), (50, 18)])
def test_interval_takes_the_published_places(count, place):
    """The 95 % row of the usual tables of order statistics for the median, e.g. Conover's."""
    found = median_interval([float(k) for k in range(1, count + 1)])
    assert (found.low, found.high) == (place, count + 1 - place)


@pytest.mark.parametrize("count", [5, 6, 17, 40])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.99])
def test_interval_agrees_with_scipy(count, confidence):
    values = [float(k) for k in range(count)]
    found, expected = median_interval(values, confidence), stats.quantile_test(values, q=0.0, p=0.5)
    outside = expected.confidence_interval(confidence)
    if outside.low > -float("inf"):  # SciPy gives NaN or infinity where the extremes do not suffice
        assert (found.low, found.high) == (outside.low, outside.high)
    assert found.confidence == pytest.approx(1 - 2 * stats.binom.cdf(values.index(found.low), count, 0.5))


def test_interval_holds_the_median_as_often_as_it_says():
    draws, count = random.Random(0), 10
    intervals = [median_interval([draws.expovariate(1) for _ in range(count)]) for _ in range(2000)]
    held = sum(i.low <= 0.6931 <= i.high for i in intervals) / len(intervals)
    assert held == pytest.approx(intervals[0].confidence, abs=0.015)


def test_few_values_give_the_extremes_and_say_how_sure_they_are():
    assert median_interval([2.0, 1.0, 3.0]) == Interval(1.0, 3.0, 0.75)
    assert median_interval([7.0]) == Interval(7.0, 7.0, 0.0)


@given(_numbers)
def test_interval_holds_the_sample_median(values):
    found = median_interval(values)
    assert found.low <= Spread.of(values).median <= found.high


def test_ratios_are_taken_within_rounds():
    """A machine that is twice as slow in one round changes both times and no ratio."""
    assert paired([3.0, 6.0, 3.0], [1.0, 2.0, 1.0]) == [3.0, 3.0, 3.0]
    with pytest.raises(ValueError, match="zip"):
        paired([1.0], [1.0, 2.0])
