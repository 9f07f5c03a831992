"""Filtered pictures and edges: the records' numbers, each drawn where the picture has it."""

import numpy as np
import pytest
import scipy.signal

from chainrule.errors import ShapeError
from chainrule.inspect import filter_picture, plot_edges, plot_filters
from chainrule.signal import edges, gaussian, sobel

PICTURE = np.random.default_rng(0).normal(size=(9, 11))


def test_a_filter_is_a_cross_correlation_where_the_kernel_fits():
    record = filter_picture(PICTURE, {"Sobel x": sobel("x"), "blur": gaussian(0.5)})
    for name, kernel in record.kernels.items():
        expected = scipy.signal.correlate2d(PICTURE, kernel, "valid")
        np.testing.assert_allclose(record.results[name], expected, atol=1e-6)


def test_kernels_stand_above_what_they_make_and_in_its_place():
    record = filter_picture(PICTURE, {"Sobel x": sobel("x"), "twice": 2 * gaussian(0.5)})
    axes = plot_filters(record).figure.axes
    assert [a.get_title(loc="left") for a in axes[:3]] == ["", "Sobel x", "twice"]
    np.testing.assert_array_equal(axes[4].images[0].get_array(), record.results["Sobel x"])
    assert axes[4].images[0].get_clim()[0] == -axes[4].images[0].get_clim()[1]
    np.testing.assert_allclose(axes[5].images[0].get_array(), record.results["twice"] / 2, rtol=1e-6)
    assert axes[5].images[0].get_clim() == (PICTURE.min(), PICTURE.max())
    assert axes[5].images[0].get_extent() == [1.5, 8.5, 6.5, 1.5]  # two pixels at each side have no result


def test_edges_are_drawn_with_arrows_towards_what_is_brighter():
    picture = np.repeat([0.0, 1.0], 6)[None].repeat(12, axis=0)
    slopes = edges(picture)
    *_, direction = plot_edges(picture, slopes).figure.axes
    (arrows,) = direction.collections
    assert len(arrows.U) > 0
    assert (arrows.U > 0).all()
    np.testing.assert_allclose(arrows.V, 0, atol=1e-6)
    assert set(arrows.X) <= {5, 6}  # on both sides of the edge between them


def test_an_even_picture_has_no_arrows():
    *_, direction = plot_edges(np.ones((5, 5)), edges(np.ones((5, 5)))).figure.axes
    assert all(len(c.U) == 0 for c in direction.collections)


@pytest.mark.parametrize(
    ("picture", "kernel"),
    [(np.ones((4, 4, 3)), np.ones((3, 3))), (np.ones((4, 4)), np.ones(3)), (np.ones((2, 9)), np.ones((3, 3)))],
)
def test_what_does_not_fit_is_refused(picture, kernel):
    with pytest.raises(ShapeError, match=r"filter_picture: a picture of shape .* do not fit: both have two axes"):
        filter_picture(picture, {"it": kernel})
