"""Drawn explanations show the numbers of the explanation, and in an animation nothing before its step."""

import pytest

import chainrule as cr
from chainrule.errors import UsageError
from chainrule.inspect import animate_explanation, plot_explanation
from chainrule.inspect.graph_layout import layout, placed


def _product(**options):
    w, x = cr.tensor(3.0), cr.tensor(2.0)
    y = w * x
    return cr.explain(cr.square(y - 7.0), names={"w": w, "x": x, "y": y}, **{"by": "w", **options})


def _texts(picture):
    return [text.get_text() for text in picture.figure.axes[0].texts]


def test_values_derivatives_and_local_derivatives_are_drawn():
    texts = _texts(plot_explanation(_product()))
    for shown in ("$w$ = 3", "$y$ = 6", "$L$ = 1", r"$\mathrm{d}L/\mathrm{d}w$ = -4", "× 2", "× (-2)", "multiply"):
        assert shown in texts
    assert r"$\mathrm{d}L/\mathrm{d}x$ = -6" not in texts  # nobody asked for it


def test_a_frame_shows_one_step_more_than_the_one_before():
    explanation = _product()
    film = animate_explanation(explanation)
    assert film.frames == 1 + len(explanation.values) + len(explanation.derivatives)
    assert "$y$ = 6" not in _texts(film.picture(0))
    assert "$y$ = 6" in _texts(film.picture(1))
    assert not any("mathrm{d}L" in text for text in _texts(film.picture(3)))
    assert r"$\mathrm{d}L/\mathrm{d}L$ = 1" in _texts(film.picture(4))
    assert _texts(film.picture(film.frames - 1)) == _texts(plot_explanation(explanation))


def test_in_forward_mode_derivatives_come_with_their_values():
    film = animate_explanation(_product(by=None, direction={"w": 1.0}))
    assert film.frames == 4
    assert r"$\mathrm{d}y/\mathrm{d}w$ = 2" in _texts(film.picture(1))


def test_nodes_stand_behind_what_they_read_and_apart():
    inputs = {"x": [], "w": [], "a": ["x"], "b": ["x", "w"], "y": ["a", "b", "x"], "t": [], "loss": ["y", "t"]}
    column, row = placed(inputs)
    assert all(column[x] < column[node] for node, read in inputs.items() for x in read)
    assert column["t"] == column["loss"] - 1  # beside what reads it
    for a in inputs:
        for b in inputs:
            assert a == b or column[a] != column[b] or abs(row[a] - row[b]) > 0.999
    arranged = layout(inputs, 1.0, 0.5)
    (x0, _), (x1, _) = arranged.edge("x", "b")
    assert (arranged.downwards, round(x1 - x0, 6)) == (False, 0.5)
    assert all(0 < x < arranged.size[0] and 0 < y < arranged.size[1] for x, y in arranged.centers.values())


def test_a_deep_graph_goes_down():
    chain = {k: [k - 1] if k else [] for k in range(12)}
    arranged = layout(chain, 1.0, 0.5)
    heights = [y for _, y in arranged.centers.values()]
    assert arranged.downwards
    assert heights == sorted(heights, reverse=True)
    assert arranged.size[1] > 5 * arranged.size[0]


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(UsageError, match="given Tensor"):
        plot_explanation(cr.tensor(1.0))
    y = cr.tensor(1.0)
    for _ in range(40):
        y = y * 1.5
    with pytest.raises(UsageError, match=r"41 nodes .* at most 40"):
        animate_explanation(cr.explain(y))
