"""A sliding kernel: its sums are the convolution, and its frames show them one after the other."""

import numpy as np
import pytest

from chainrule.errors import ShapeError, UsageError
from chainrule.inspect import animate_sliding, plot_sliding, sliding_convolution, sliding_correlation


@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 3), (2, 4)])
def test_the_sums_are_those_of_numpy(n, m):
    random = np.random.default_rng(0)
    x, h = random.normal(size=n), random.normal(size=m)
    flipped, unflipped = sliding_convolution(x, h), sliding_correlation(x, h)
    np.testing.assert_allclose(flipped.sums, np.convolve(x, h), atol=1e-12)
    np.testing.assert_allclose(unflipped.sums, np.correlate(x, h, "full"), atol=1e-12)
    for record in (flipped, unflipped):
        np.testing.assert_allclose(record.products, record.x * record.moved)
        for place, moved in zip(record.n, record.moved, strict=True):
            index = place - record.k if record.flipped else record.k - place
            expected = [h[i] if 0 <= i < m else 0.0 for i in index]
            np.testing.assert_array_equal(moved, expected)


def test_each_frame_shows_the_kernel_where_it_lies_and_the_sums_up_to_there(tmp_path):
    record = sliding_convolution([1.0, 2.0, 0.5], [1.0, 0.0, 0.3])
    animation = animate_sliding(record)
    assert animation.frames == 5
    for frame in range(5):
        lie, multiply, add = animation.picture(frame).figure.axes
        _, _, kernel = lie.lines
        np.testing.assert_allclose(kernel.get_ydata(), [0.3, 0.0, 1.0])
        np.testing.assert_allclose(kernel.get_xdata(), np.arange(frame - 2, frame + 1) + 0.12)
        np.testing.assert_allclose(multiply.lines[1].get_ydata(), record.products[frame, frame : frame + 3])
        np.testing.assert_allclose(add.lines[1].get_ydata(), record.sums[:frame])
        np.testing.assert_allclose(add.lines[2].get_ydata(), record.sums[frame : frame + 1])
    assert plot_sliding(record, 2).figure.axes[2].get_title(loc="left") == "y[2] = 0.3 + 0.5 = 0.8"


def test_wrong_uses_are_refused():
    with pytest.raises(ShapeError, match=r"sliding_convolution: x \(1, 2\) and h \(1,\) must be two series"):
        sliding_convolution([[1.0, 2.0]], [1.0])
    with pytest.raises(ShapeError, match="each of one axis and at least one number"):
        sliding_correlation([1.0], [])
    with pytest.raises(UsageError, match="there is no sum for n = 9; this kernel slides from n = 0 to 2"):
        plot_sliding(sliding_convolution([1.0, 2.0], [1.0, 1.0]), 9)


def test_products_of_pixels_do_not_begin_again_at_256():
    pixels = np.array([200, 200], np.uint8)
    np.testing.assert_array_equal(sliding_convolution(pixels, np.array([2, 2], np.uint8)).sums, [400, 800, 400])
