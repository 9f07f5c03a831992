"""Pictures of signals and systems hold what their records hold."""

import numpy as np
import pytest

from chainrule.errors import ShapeError, UsageError
from chainrule.inspect import plot_impulse_response, plot_signal, plot_superposition, plot_verdict
from chainrule.signal import ImpulseResponse, gaussian, linearity, moving_average, shift_invariance, superposition


def _stems(axes):
    """The heads of the stems that an axes shows, one array (places, heights) for each series."""
    return [line.get_xydata().T for line in axes.lines if line.get_marker() == "o"]


def test_a_series_is_drawn_from_its_start_on():
    (axes,) = plot_signal([1.0, -2.0, 3.0], start=-1).figure.axes
    ((places, heights),) = _stems(axes)
    np.testing.assert_array_equal(places, [-1, 0, 1])
    np.testing.assert_array_equal(heights, [1, -2, 3])


def test_an_impulse_response_says_whether_it_is_causal():
    (axes,) = plot_impulse_response(moving_average(3, centered=True)).figure.axes
    ((places, heights),) = _stems(axes)
    np.testing.assert_array_equal(places, [-1, 0, 1])
    np.testing.assert_allclose(heights, 1 / 3)
    assert "looks ahead" in axes.get_title(loc="left")
    (axes,) = plot_impulse_response(ImpulseResponse([1.0], cut=True)).figure.axes
    assert "causal; it may go on" in axes.get_title(loc="left")
    (axes,) = plot_impulse_response(ImpulseResponse(gaussian(0.5), (-2, -2))).figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["-2", "-1", "0", "1", "2"]


def test_a_verdict_shows_both_sides_of_its_equation():
    verdict = linearity(np.square)
    x, y, responses = plot_verdict(verdict).figure.axes
    np.testing.assert_array_equal(_stems(x)[0][1], verdict.example.x)
    np.testing.assert_array_equal(_stems(y)[0][1], verdict.example.y)
    of_sum, sum_of = _stems(responses)
    np.testing.assert_array_equal(of_sum[1], verdict.example.of_sum)
    np.testing.assert_array_equal(sum_of[1], verdict.example.sum_of)
    assert x.get_title(loc="left").startswith("Not linear: ")


def test_a_verdict_about_pictures_compares_maps_on_one_scale():
    verdict = shift_invariance(lambda picture: picture * np.arange(8.0), (8, 8))
    _, of_shifted, shifted_of = plot_verdict(verdict).figure.axes
    np.testing.assert_array_equal(of_shifted.images[0].get_array(), verdict.example.of_shifted)
    assert of_shifted.images[0].get_clim() == shifted_of.images[0].get_clim()
    x, *_ = plot_verdict(shift_invariance(np.square)).figure.axes
    assert x.get_title(loc="left").startswith("Shift-invariant in all 20 trials.")


def test_a_superposition_has_one_row_for_each_impulse_and_one_for_the_sums():
    record = superposition(ImpulseResponse([1.0, 0.5], -1), [2.0, 0.0, -1.0])
    axes = plot_superposition(record).figure.axes
    assert len(axes) == 2 * 3
    for row, (impulse, response) in enumerate(
        [
            *zip(record.decomposition.impulses, record.responses, strict=True),
            (record.decomposition.signal, record.response),
        ]
    ):
        np.testing.assert_array_equal(_stems(axes[2 * row])[0], [np.arange(3), impulse])
        np.testing.assert_array_equal(_stems(axes[2 * row + 1])[0], [np.arange(-1, 3), response])
    assert axes[3].get_ylabel() == "−1·h[n − 2]"


def test_what_cannot_be_read_is_refused():
    with pytest.raises(ShapeError, match=r"shape \(2, 2, 2\) is neither a series, with one axis, nor a picture"):
        plot_signal(np.ones((2, 2, 2)))
    with pytest.raises(ShapeError, match=r"the signal has shape \(2, 2\); only series, of one axis, are drawn"):
        plot_superposition(superposition(np.ones((2, 2)), np.ones((2, 2))))
    with pytest.raises(UsageError, match="99 impulses need as many rows, and 16 can still be read"):
        plot_superposition(superposition([1.0], np.ones(99)))
