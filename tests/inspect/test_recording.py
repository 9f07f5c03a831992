"""Pictures of a recording hold what was recorded."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.inspect import plot_passing, plot_recording
from chainrule.nn import BatchNormalization, Dense, Rescaling, Sequential
from chainrule.train import Model


@pytest.fixture(scope="module")
def recording():
    model = Model(
        Sequential([Rescaling(0.5), Dense(6, "relu"), BatchNormalization(), Dense(4, "tanh"), Dense(1)]), (3,)
    )
    found = model.record(every=2)
    x = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)
    arguments = {"loss": "mean_squared_error", "epochs": 3, "batch_size": 4, "executor": "reference", "verbose": 0}
    model.fit(x, x[:, :1], callbacks=[found], **arguments)
    return found


def test_layers_and_kernels_are_lines_over_the_steps(recording):
    spread, slopes, gradients, ratios = plot_recording(recording).figure.axes
    lines = {line.get_label(): line for line in spread.lines}
    assert list(lines) == list(recording.layers)
    np.testing.assert_array_equal(lines["dense"].get_xdata(), recording.steps)
    np.testing.assert_allclose(lines["dense"].get_ydata(), recording.layers["dense"].deviation)
    assert [line.get_label() for line in slopes.lines] == ["dense", "dense_1"]
    assert [line.get_label() for line in gradients.lines] == list(recording.layers)[1:]
    np.testing.assert_allclose(gradients.lines[0].get_ydata(), recording.layers["dense"].gradient)
    assert [line.get_label() for line in ratios.lines] == ["dense/kernel", "dense_1/kernel", "dense_2/kernel"]


def test_units_are_drawn_in_the_order_of_the_last_look(recording):
    axes, _ = plot_passing(recording, "dense").figure.axes
    shown = np.asarray(axes.collections[0].get_array()).reshape(6, len(recording.steps))
    assert (np.diff(shown[:, -1]) <= 0).all()
    np.testing.assert_array_equal(np.sort(shown[:, 0]), np.sort(recording.layers["dense"].passing[0]))


def test_what_cannot_be_drawn_is_refused(recording):
    with pytest.raises(UsageError, match="0 looks at 0 layers"):
        plot_recording(Model(Dense(1)).record())
    with pytest.raises(UsageError, match="those that do: dense, dense_1"):
        plot_passing(recording, "dense_2")
    with pytest.raises(UsageError, match="dict has no looks"):
        plot_recording({})
