"""Scores of quantities of any size."""

import numpy as np
import pytest

from chainrule.data.targets import Quantity
from chainrule.runs.scores import judged


@pytest.mark.parametrize("unit", [2.0**-1000, 1.0, 2.0**1000])
def test_scores_are_in_units_of_the_target_whose_squares_need_not_be_numbers(unit):
    target = Quantity("size", mean=0.0, deviation=unit)
    scores = judged(target, np.array([[1.0], [2.5], [4.0]]), np.array([1.0, 2.0, 4.5])).values
    assert scores["rmse"] / unit == pytest.approx(np.sqrt(0.5 / 3))
    assert scores["mae"] / unit == pytest.approx(1 / 3)
    assert scores["r2"] == pytest.approx(1 - 0.5 / 6.5)
