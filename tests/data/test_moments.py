"""Mean and deviation, whole or piece by piece."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.data import records
from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.moments import mean_and_deviation, of_pieces
from chainrule.data.records import Arrays

RANDOM = np.random.default_rng(4)
X = RANDOM.normal(3, 2, (1000, 5)) * np.array([1, 1e-9, 1e9, 0, 1]) + np.array([0, 0, 0, 0.1, 1e6])


@pytest.mark.parametrize("rows", [1, 7, 499, 1000])
def test_pieces_give_what_the_whole_gives(rows):
    mean, deviation = of_pieces(X[start : start + rows] for start in range(0, len(X), rows))
    np.testing.assert_allclose(mean, X.mean(0), rtol=1e-13)
    np.testing.assert_allclose(deviation, [*X.std(0)[:3], 1, X.std(0)[4]], rtol=1e-9)
    assert mean[3] == 0.1, "equal numbers have no rounding"
    if rows == len(X):
        np.testing.assert_array_equal([mean, deviation], mean_and_deviation(X))


def test_numbers_of_any_size_come_in_pieces():
    huge = np.array([[1e308], [-1e308], [1e308]])
    mean, deviation = of_pieces([huge[:1], huge[1:]])
    np.testing.assert_allclose(mean, [1e308 / 3])
    np.testing.assert_allclose(deviation, [8**0.5 / 3 * 1e308])
    mean, deviation = of_pieces([np.full(3, 7), np.full(2, 7)])
    assert (mean, deviation) == (7, 1)


def test_inputs_are_learned_of_the_samples_that_are_meant_alone(monkeypatch):
    places = np.flatnonzero(RANDOM.random(1000) < 0.5)
    by_hand = ArrayInputs.learned(Arrays((X[places],)))
    assert ArrayInputs.learned(Arrays((X,)).take(places)) == by_hand
    monkeypatch.setattr(records, "PIECE", 100)  # numbers: 20 samples
    in_pieces = ArrayInputs.learned(Arrays((X,)).take(places))
    np.testing.assert_allclose(in_pieces.means, by_hand.means, rtol=1e-13)
    np.testing.assert_allclose(in_pieces.deviations, by_hand.deviations, rtol=1e-9)
