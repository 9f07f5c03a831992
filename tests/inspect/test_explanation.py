"""Drawn explanations show the numbers of the explanation, and in an animation nothing before its step."""

import pytest

import chainrule as cr
from chainrule.errors import UsageError
from chainrule.inspect import animate_explanation, plot_explanation
from chainrule.inspect.explanation import placed


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


def test_nodes_stand_right_of_what_they_read_and_apart():
    explanation = _product()
    places = placed(explanation)
    for step in explanation.values:
        for x in step.inputs:
            assert x not in places or places[x][0] < places[step.symbol][0]
    assert len(set(places.values())) == len(places)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(UsageError, match="given Tensor"):
        plot_explanation(cr.tensor(1.0))
    y = cr.tensor(1.0)
    for _ in range(40):
        y = y * 1.5
    with pytest.raises(UsageError, match=r"41 nodes .* at most 40"):
        animate_explanation(cr.explain(y))
