"""Random shifts: in training only, by at most so many pixels, and nothing is invented."""

from __future__ import annotations

import numpy as np

from chainrule.nn import RandomShift, trace
from tests.nn.harness import run


def test_images_move_in_training_only():
    network = trace(RandomShift(2), [(9, 9, 1)])
    x = np.zeros((400, 9, 9, 1))
    x[:, 4, 4] = 1
    np.testing.assert_array_equal(run(network, x), x)
    _, rows, columns, _ = np.nonzero(run(network, x, training=True))
    assert len(rows) == 400
    places = {(int(i) - 4, int(j) - 4) for i, j in zip(rows, columns, strict=True)}
    assert places == {(i, j) for i in range(-2, 3) for j in range(-2, 3)}


def test_each_step_moves_them_anew_and_again_the_same():
    network = trace(RandomShift(1), [(5, 5, 1)])
    x = np.random.default_rng(0).standard_normal((20, 5, 5, 1))
    first, again, next_ = (run(network, x, training=True, step=step) for step in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != next_).any()
