"""Verdicts about systems that are known to be linear or not, shift-invariant or not, and their evidence."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import chainrule as cr
from chainrule.signal import convolve, linearity, moving_average, shift_invariance
from chainrule.signal.window import shifted

LINEAR_AND_INVARIANT: dict[str, Callable[[Any], Any]] = {
    "moving average": lambda x: (x + shifted(x, (1,)) + shifted(x, (2,))) / 3,
    "a look at what comes": lambda x: shifted(x, (-2,)) - x,
    "echo": lambda x: x + 0.5 * shifted(x, (4,)),
    "differences": lambda x: np.diff(x, prepend=0.0),
    "running sum": np.cumsum,
    "in float32": lambda x: convolve(x.astype(np.float32), np.array([0.2, 0.5, 0.3], np.float32), "same"),
    "an impulse response": moving_average(5, centered=True),
    "nothing": np.zeros_like,
}
LINEAR_ONLY: dict[str, Callable[[Any], Any]] = {
    "gain that grows with time": lambda x: x * np.arange(len(x)),
    "reversal": lambda x: x[::-1],
    "every second place": lambda x: x * (np.arange(len(x)) % 2),
    "reordered": lambda x: x[np.random.default_rng(0).permutation(len(x))],
}
INVARIANT_ONLY: dict[str, Callable[[Any], Any]] = {
    "square": np.square,
    "clipping of what is large": lambda x: np.clip(x, -20, 20),
    "dead zone for what is small": lambda x: np.where(np.abs(x) < 0.02, 0, x),
    "an offset": lambda x: x + 1,
    "absolute value": np.abs,
    "median": lambda x: ndimage.median_filter(x, 3, mode="constant"),
    "tanh of tensors": lambda x: cr.tanh(cr.tensor(x)),
    "rounding": np.round,
}
NEITHER: dict[str, Callable[[Any], Any]] = {
    "square of what is moved": lambda x: np.square(x) * np.arange(len(x)),
    "sorted": np.sort,
}


@pytest.mark.parametrize(
    ("system", "linear", "invariant"),
    [
        pytest.param(system, linear, invariant, id=name)
        for systems, linear, invariant in (
            (LINEAR_AND_INVARIANT, True, True),
            (LINEAR_ONLY, True, False),
            (INVARIANT_ONLY, False, True),
            (NEITHER, False, False),
        )
        for name, system in systems.items()
    ],
)
def test_the_verdict_is_right(system, linear, invariant):
    assert bool(linearity(system)) is linear
    assert bool(shift_invariance(system)) is invariant


@pytest.mark.parametrize("seed", range(5))
def test_the_verdict_does_not_hang_on_the_seed(seed):
    assert not linearity(INVARIANT_ONLY["clipping of what is large"], seed=seed)
    assert linearity(LINEAR_AND_INVARIANT["in float32"], seed=seed)
    assert not shift_invariance(LINEAR_ONLY["every second place"], seed=seed)


def test_a_counterexample_can_be_checked_by_hand():
    verdict = linearity(np.square)
    trial = verdict.counterexample
    np.testing.assert_allclose(trial.of_sum, (trial.a * trial.x + trial.b * trial.y) ** 2)
    np.testing.assert_allclose(trial.sum_of, trial.a * trial.x**2 + trial.b * trial.y**2)
    assert f"{trial.of_sum[trial.place]:.6g}" in repr(verdict)

    gain = np.arange(32)
    trial = shift_invariance(lambda x: x * gain).counterexample
    moved = np.roll(trial.x, trial.shift)  # nothing leaves the window
    np.testing.assert_allclose(trial.of_shifted, moved * gain)
    known = ~np.isnan(trial.shifted_of)
    np.testing.assert_allclose(trial.shifted_of[known], np.roll(trial.x * gain, trial.shift)[known])


def test_evidence_is_no_proof_and_says_how_much_there_is():
    verdict = linearity(np.cumsum, trials=7)
    assert verdict.counterexample is None
    assert repr(verdict).startswith("Verdict(linear in all 7 trials: largest deviation ")


@pytest.mark.parametrize(
    ("border", "margin", "invariant"), [("constant", 1, True), ("reflect", 1, False), ("reflect", 8, True)]
)
def test_borders_take_part_where_the_margin_lets_them(border, margin, invariant):
    """Zeros beyond the border keep a filter shift-invariant; a mirror does not, and it is seen only from near it."""

    def mean_of_five(x):
        return ndimage.uniform_filter1d(x, 5, mode=border)

    assert bool(shift_invariance(mean_of_five, margin=margin)) is invariant


def test_filters_of_pictures_are_linear_and_space_invariant():
    def blur(picture):
        return ndimage.gaussian_filter(picture, 1.0, mode="constant")

    def darker_corners(picture):
        return picture * np.hanning(16)[:, None] * np.hanning(16)

    assert linearity(blur, (16, 16))
    assert shift_invariance(blur, (16, 16))
    assert linearity(darker_corners, (16, 16))
    assert not shift_invariance(darker_corners, (16, 16))
    assert not linearity(lambda picture: ndimage.maximum_filter(picture, 3), (16, 16))


def test_a_convolutional_layer_without_bias_is_such_a_system_and_with_relu_is_not():
    model = cr.Model(cr.nn.Conv2D(1, 3, padding="same", use_bias=False), (12, 12, 1), seed=3)

    def layer(picture):
        return model.predict(picture[None, :, :, None].astype(np.float32))[0, :, :, 0]

    assert linearity(layer, (12, 12), trials=5)
    assert shift_invariance(layer, (12, 12), trials=5)
    assert not linearity(lambda picture: np.maximum(layer(picture), 0), (12, 12), trials=5)
