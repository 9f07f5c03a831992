"""The picture of a range test shows its numbers, and marks what was found."""

import numpy as np
import pytest

from chainrule.inspect import plot_learning_rates
from chainrule.train import LearningRateRange

RATES = np.geomspace(1e-4, 1.0, 5)
LOSSES = np.array([2.1, 2.0, 1.0, 1.5, 9.0])
SMOOTHED = np.array([2.0, 2.0, 1.5, 1.4, 4.0])


def record(suggestion: float | None, diverged: float | None) -> LearningRateRange:
    return LearningRateRange(RATES, LOSSES, SMOOTHED, 2.0, suggestion, steepest=1e-2, lowest=0.1, diverged=diverged)


def test_both_curves_and_both_marks():
    (axes,) = plot_learning_rates(record(0.01, 10.0)).figure.axes
    drawn = {line.get_label(): line for line in axes.lines}
    np.testing.assert_array_equal(drawn["loss of each batch"].get_ydata(), LOSSES)
    np.testing.assert_array_equal(drawn["running mean"].get_ydata(), SMOOTHED)
    ((x, y),) = drawn["suggestion 0.01"].get_xydata()
    assert (x, y) == (0.01, pytest.approx(1.5))  # on the running mean
    assert drawn["diverged"].get_xdata()[0] == 10.0
    assert axes.get_xscale() == "log"
    low, high = axes.get_ylim()
    assert low < SMOOTHED.min() < 2.0 < high < LOSSES.max()  # the end does not squeeze what is to be seen


def test_what_was_not_found_is_not_marked():
    (axes,) = plot_learning_rates(record(None, None)).figure.axes
    assert [line.get_label() for line in axes.lines] == ["loss of each batch", "running mean"]
