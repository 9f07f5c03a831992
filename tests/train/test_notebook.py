"""What a notebook shows of models and histories: tables and curves, escaped, well-formed, without a script."""

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from chainrule.messages import use_language
from chainrule.nn import Dense, Sequential
from chainrule.train import History, Model

_SVG = "{http://www.w3.org/2000/svg}"


def test_a_model_is_the_table_of_its_layers():
    model = Model(Sequential([Dense(3, "relu", name="a<b"), Dense(1)]), 2)
    shown = ElementTree.fromstring(model._repr_html_())
    rows = [["".join(cell.itertext()) for cell in row] for row in shown.iter("tr")]
    assert rows == [
        ["layer", "kind", "output", "parameters"],
        ["a<b", "Dense", "(batch, 3)", "9"],
        ["dense", "Dense", "(batch, 1)", "4"],
    ]
    assert "2 layers, 13 parameters" in "".join(shown.itertext())


def test_a_history_says_in_short_how_it_ended():
    falling = [1 / k for k in range(1, 1001)]
    assert repr(History({"loss": falling})) == "History(1000 epochs; last: loss 0.001; lowest loss 0.001 in epoch 1000)"
    both = History({"loss": [3.0, 2.0, 1.0], "accuracy": [0.5, 0.6, 0.7], "val_loss": [3.0, 2.5, math.nan]})
    assert repr(both) == ("History(3 epochs; last: loss 1, accuracy 0.7, val_loss nan; lowest val_loss 2.5 in epoch 2)")
    assert repr(History({"loss": [0.25]})) == "History(1 epoch; last: loss 0.25)"
    assert repr(History({})) == repr(History({"loss": []})) == "History(no epochs)"


def test_a_model_that_is_not_built_says_so():
    assert Model(Dense(1))._repr_html_() == "<code>Model(not built)</code>"


def _charts(history):
    return list(ElementTree.fromstring(history._repr_html_()).iter(f"{_SVG}svg"))


def _curves(chart):
    """The points of each curve."""
    paths = [path for path in chart.iter(f"{_SVG}path") if path.get("stroke-linejoin")]
    return [[tuple(map(float, point)) for point in re.findall(r"[ML]([\d.]+) ([\d.]+)", p.get("d"))] for p in paths]


def test_a_history_is_a_chart_for_each_entry_with_both_sets_in_it():
    charts = _charts(History({"loss": [3.0, 2.0, 1.0], "accuracy": [0.1, 0.2, 0.3], "val_loss": [3.0, 2.0, 2.0]}))
    assert [len(_curves(chart)) for chart in charts] == [2, 1]
    training, validation = _curves(charts[0])
    assert [x for x, _ in training] == [x for x, _ in validation]
    assert training[:2] == validation[:2]
    downs = [y for _, y in training]  # pixels are counted from above
    assert downs[1] - downs[0] == pytest.approx(downs[2] - downs[1], abs=0.11)
    assert downs[1] > downs[0]
    assert charts[0].get("aria-label") == "loss by epoch: training from 3 to 1, validation from 3 to 2"


def test_values_that_are_not_finite_leave_a_gap():
    (chart,) = _charts(History({"loss": [2.0, math.nan, 1.0, math.inf]}))
    (path,) = [p.get("d") for p in chart.iter(f"{_SVG}path") if p.get("stroke-linejoin")]
    assert path.count("M") == 2
    assert "L" not in path


def test_one_epoch_is_a_dot_and_none_is_a_sentence():
    (chart,) = _charts(History({"loss": [2.0]}))
    assert len(list(chart.iter(f"{_SVG}circle"))) == 1
    for nothing in ({}, {"loss": []}):
        assert History(nothing)._repr_html_() == "<div>no epochs yet</div>"
    (chart,) = _charts(History({"loss": [math.nan]}))
    assert not list(chart.iter(f"{_SVG}circle"))


def test_it_speaks_chinese_and_names_are_escaped():
    use_language("zh")
    try:
        text = History({"<b>": [1.0, 2.0], "val_<b>": [1.0, 2.0]})._repr_html_()
    finally:
        use_language(None)
    assert "<b>" not in text
    assert {"训练", "验证"} <= {"".join(found.itertext()) for found in ElementTree.fromstring(text).iter(f"{_SVG}text")}
