"""Curves of a training show what the history holds, as pictures and as text."""

import math
import sys

import numpy as np
import pytest

from chainrule.errors import DataError, UsageError
from chainrule.inspect import curves_as_text, histogram_as_text, plot_history
from chainrule.train import History

BOTH = History(
    {"loss": [4.0, 2.0, 1.0], "accuracy": [0.5, 0.7, 0.6], "val_loss": [4.0, 3.0, 3.5], "val_accuracy": [0.4, 0.5, 0.6]}
)


def _drawn(axes):
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines}


def test_a_panel_has_both_sets_and_the_best_epoch_of_the_validation():
    loss, accuracy = plot_history(BOTH).figure.axes
    assert (loss.get_title(loc="left"), accuracy.get_title(loc="left")) == ("loss", "accuracy")
    drawn = _drawn(loss)
    assert drawn["training"] == ([1, 2, 3], [4.0, 2.0, 1.0])
    assert drawn["validation"] == ([1, 2, 3], [4.0, 3.0, 3.5])
    assert drawn["best validation"] == ([2], [3.0])
    assert _drawn(accuracy)["best validation"] == ([3], [0.6])  # an accuracy is best where it is largest


def test_without_validation_there_is_one_curve_and_nothing_is_marked():
    (axes,) = plot_history(History({"loss": [2.0, math.nan, 1.0]})).figure.axes
    assert list(_drawn(axes)) == ["training"]


@pytest.mark.parametrize("draw", [plot_history, curves_as_text])
def test_a_history_without_epochs_is_refused(draw):
    with pytest.raises(UsageError, match=r"the history has no epochs\. Train first"):
        draw(History({"loss": []}))


def test_text_is_as_wide_as_asked_and_has_no_colours_unless_asked():
    text = curves_as_text(BOTH, width=50, height=10, color=False)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 50
    first = text.splitlines()[0]
    assert first == "loss   • training  × validation"
    assert text.count("epoch") == 2
    assert "\x1b[" in curves_as_text(BOTH, width=50, height=10, color=True)


def test_a_curve_that_falls_falls_in_the_text():
    lines = curves_as_text(History({"loss": [1.0, 0.0]}), width=40, height=10, color=False).splitlines()
    columns = [line.index("•") for line in lines[1:] if "•" in line]
    assert columns == sorted(columns)
    assert columns[0] < columns[-1]


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_the_terminal_decides_about_width_and_colours(monkeypatch, variables):
    monkeypatch.setenv("COLUMNS", "61")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    text = curves_as_text(BOTH)
    assert "\x1b[" in text
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    plain = curves_as_text(BOTH)
    assert "\x1b" not in plain
    assert max(map(len, plain.splitlines())) == 61


def test_it_is_refused_what_is_too_small():
    with pytest.raises(UsageError, match="10 × 14 characters is too small; give it at least 24 × 8"):
        curves_as_text(BOTH, width=10)


def test_a_histogram_counts_what_is_finite():
    values = np.repeat([0.0, 1.0, 2.0, np.nan], [1, 3, 1, 2])
    text = histogram_as_text(values, bins=3, width=40, height=10, color=False)
    assert text.splitlines()[0] == "values: 7, mean 1, standard deviation 0.6325, not finite: 2"
    filled = [line.count("█") for line in text.splitlines()[1:]]
    assert 0 < filled[2] < filled[-4]  # the middle alone reaches the top
    for wrong, error in ((([np.nan], 3), DataError), (([1.0], 0), UsageError)):
        with pytest.raises(error):
            histogram_as_text(wrong[0], bins=wrong[1], width=40)


def test_without_plotext_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotext", None)
    with pytest.raises(UsageError, match=r'pip install "chainrule\[plot\]"'):
        curves_as_text(BOTH, width=40)
