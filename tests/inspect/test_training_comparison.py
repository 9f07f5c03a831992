"""Losses of every step, their fluctuation, and what batch normalisation does to them (R6)."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import inspect, nn
from chainrule.data import digits
from chainrule.errors import UsageError
from chainrule.optim import SGD
from chainrule.train.callback import Callback
from chainrule.train.model import Model


def test_the_loss_of_each_step_is_that_of_its_batch():
    """By one step at a time with another model."""
    x = np.random.default_rng(0).standard_normal((12, 3)).astype(np.float32)
    y = x[:, 0]
    options = {"loss": "mean_squared_error", "executor": "reference"}
    found = inspect.compare_trainings({"line": nn.Dense(1)}, x, y, (0.1,), batch_size=4, epochs=2, **options)
    model = Model(nn.Dense(1), (3,))
    losses: list[float] = []

    class Means(Callback):
        def on_train_batch_end(self, training):
            losses.append(training.logs["loss"])

    model.fit(x, y, optimizer=SGD(0.1), batch_size=4, epochs=2, verbose=0, metrics=[], callbacks=[Means()], **options)
    means = found.losses["line"][0].reshape(2, 3).cumsum(1) / [1, 2, 3]
    np.testing.assert_allclose(means.ravel(), losses, rtol=1e-6)


def test_measures_by_hand():
    losses = np.array([[4.0, 2.0, 1.0, 3.0, 1.0, 1.0], [1.0, np.nan, np.nan, np.nan, np.nan, np.nan]])
    record = inspect.TrainingComparison(np.array([0.1, 9.0]), {"a": losses})
    np.testing.assert_allclose(record.smoothed("a")[0], [4, 3, 7 / 3, 2.5, 11 / 5, 2])
    np.testing.assert_allclose(record.fluctuation("a"), [np.sqrt((4 + 0) / 2), np.nan])
    np.testing.assert_allclose(record.steps_to("a", 2.4), [3, 1])
    np.testing.assert_allclose(record.final("a"), [2, np.nan])
    axes = inspect.plot_training_comparison(record).figure.axes
    np.testing.assert_allclose(axes[0].lines[0].get_ydata(), losses[0])


def test_the_mean_is_over_ten_steps():
    record = inspect.TrainingComparison(np.array([1.0]), {"a": np.arange(30.0)[None]})
    np.testing.assert_allclose(record.smoothed("a")[0, 20], np.arange(11, 21).mean())


def test_a_training_that_diverges_ends_its_row():
    x = np.random.default_rng(0).standard_normal((64, 3)).astype(np.float32)
    found = inspect.compare_trainings(
        {"line": nn.Dense(1)}, x, 1e3 * x[:, 0], (1e8,), loss="mean_squared_error", epochs=40, executor="reference"
    )
    assert np.isfinite(found.losses["line"][0, 0])
    assert np.isnan(found.losses["line"][0, -1])


def network(normalized: bool) -> nn.Sequential:
    layers: list[nn.Layer] = [nn.Flatten(), nn.Rescaling(1 / 255)]
    for _ in range(3):
        layers += [nn.Dense(32, use_bias=not normalized)]
        layers += [nn.BatchNormalization()] if normalized else []
        layers += [nn.ReLU()]
    return nn.Sequential([*layers, nn.Dense(10)])


@pytest.mark.full
def test_batch_normalisation_is_faster_fluctuates_less_and_bears_larger_rates():
    """At the rate at which both learn; and at ten times that rate, where only one does."""
    data = digits()
    networks = {"plain": network(False), "normalised": network(True)}
    found = inspect.compare_trainings(
        networks, data.x_train[:1200], data.y_train[:1200], (0.1, 1.0), epochs=4, batch_size=40, executor="reference"
    )
    assert found.steps_to("normalised", 1.0)[0] < 0.7 * found.steps_to("plain", 1.0)[0]
    assert found.fluctuation("normalised")[0] < found.fluctuation("plain")[0]
    assert found.final("normalised")[1] < 0.5 < 1.0 < found.final("plain")[1]


def test_refusals():
    x, y = np.ones((8, 2)), np.zeros(8)
    with pytest.raises(UsageError, match="give a dict of architectures"):
        inspect.compare_trainings([nn.Dense(1)], x, y)
    with pytest.raises(UsageError, match="one or more numbers above 0"):
        inspect.compare_trainings({"a": nn.Dense(1)}, x, y, (0.0,))
    with pytest.raises(UsageError, match="There are 8 samples, fewer than the 32 of a batch"):
        inspect.compare_trainings({"a": nn.Dense(1)}, x, y, (0.1,))
