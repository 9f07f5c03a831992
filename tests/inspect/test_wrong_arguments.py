"""Seeds, thresholds, lists and records that are none: what is said of them, compared with a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, inspect, nn
from chainrule.train import BinaryAccuracy, History
from tests.refusals import Refusals

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.standard_normal((4, 2)).astype(np.float32), np.array([0, 1, 0, 1])
IMAGES = RANDOM.random((4, 5, 5, 1)).astype(np.float32)
LAYERS = [nn.Dense(3, "relu"), nn.Dropout(0.5), nn.Dense(2)]

wrong: Any = inspect  # called as the type checker would not allow
other: Any = cr


def plane() -> cr.Model:
    return cr.Model(nn.Sequential(LAYERS), (2,))


def classifier() -> cr.Model:
    return cr.Model(nn.Sequential([nn.Flatten(), nn.Dense(2)]), (5, 5, 1))


def drawn(seed: Any = 0) -> data.Scenes:
    return data.scenes(IMAGES, Y, 1, size=(20, 20), objects=(1, 1), seed=seed)


SEEDS: dict[str, Callable[[Any], Any]] = {
    "arrows": lambda seed: data.arrows(4, 4, seed=seed),
    "scenes": drawn,
    "check_gradients": lambda seed: cr.check_gradients(cr.square, [1.0], seed=seed),
    "difference_errors": lambda seed: inspect.difference_errors(cr.square, 1.0, seed=seed),
    "check_augmentation": lambda seed: inspect.check_augmentation(
        IMAGES, Y, {"flip": nn.RandomFlip()}, model=classifier(), seed=seed
    ),
    "saliency": lambda seed: inspect.saliency(classifier(), IMAGES, noise=0.1, seed=seed),
    "loss_surface": lambda seed: inspect.loss_surface(plane(), X, Y, resolution=2, seed=seed),
    "noise_robustness": lambda seed: inspect.noise_robustness({"a": plane()}, X, [0.1], seed=seed),
    "thinned_networks": lambda seed: inspect.thinned_networks(plane(), X, 2, seed=seed),
    "trajectories": lambda seed: inspect.trajectories({"a": cr.optim.SGD(0.1)}, steps=1, seed=seed),
    "update_noise": lambda seed: inspect.update_noise(plane(), X, Y, sizes=[1, 2], seed=seed),
}

WRONG: dict[str, Callable[[], Any]] = {
    "a negative seed": lambda: SEEDS["arrows"](-1),
    "a threshold of regions in words": lambda: wrong.decision_regions(plane(), X, threshold="half"),
    "a threshold of detections in words": lambda: wrong.localize(classifier(), IMAGES, threshold="half"),
    "an overlap in words": lambda: wrong.detection_rates([], drawn(), overlap="half"),
    "a tolerance of recalls in words": lambda: wrong.check_augmentation(IMAGES, Y, {"f": nn.Dense(1)}, tolerance="low"),
    "a tolerance of gradients in words": lambda: other.check_gradients(cr.square, [1.0], tolerance="low"),
    "a threshold of a metric in words": lambda: BinaryAccuracy(wrong_text),
    "one learning rate": lambda: wrong.compare_trainings({"a": nn.Dense(2)}, X, Y, learning_rates=0.1),
    "learning rates in words": lambda: wrong.compare_trainings({"a": nn.Dense(2)}, X, Y, learning_rates="low"),
    "a bound that is a number": lambda: wrong.weight_pull(plane(), X, Y, "dense/kernel", bound=3),
    "no pulls": lambda: inspect.plot_weight_pulls({}),
    "a pull without a name": lambda: wrong.plot_weight_pulls([1]),
    "models as pulls": lambda: wrong.plot_weight_pulls({"a": plane()}),
    "no crops": lambda: inspect.plot_crop_comparisons({}),
    "no gradients": lambda: inspect.plot_parameter_gradients({}),
    "no thinned networks": lambda: inspect.plot_layer_deviations({}),
    "no mean of thinned networks": lambda: inspect.plot_thinned_mean({}),
    "a history as a dict": lambda: wrong.plot_history({"loss": [1.0]}),
    "a history as a dict, in the terminal": lambda: wrong.curves_as_text({"loss": [1.0]}),
}
wrong_text: Any = "half"
REFUSALS = Refusals(Path(__file__).with_name("wrong_arguments.txt"), WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_argument_is_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_refusal_is_left_over():
    REFUSALS.check_that_none_is_left_over()


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("seed", [-1, 1.5, "a"])
def test_a_seed_is_a_whole_number(name, seed):
    with pytest.raises(cr.errors.UsageError, match=r"^The seed is .*; it must be a whole number from 0 to 2\*\*63 - 1"):
        SEEDS[name](seed)


def test_numbers_of_any_size_are_drawn_as_text():
    text = inspect.curves_as_text(History({"loss": [1e300, 1e-300, 1.0]}), width=50, height=9, color=False)
    assert "1e+300┤•" in text
    assert max(map(len, text.splitlines())) == 50
    assert "3e-300┤•" in inspect.curves_as_text(History({"loss": [3e-300, 1e-300]}), width=50, height=9, color=False)
    assert "mean 5e+299, standard deviation 5e+299" in inspect.histogram_as_text([1e300, 1e-300], width=50)
