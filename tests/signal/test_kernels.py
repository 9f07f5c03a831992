"""Kernels made by hand, against what they are known to do to pictures."""

import numpy as np
import pytest
import scipy.signal
from scipy import ndimage

import chainrule as cr
from chainrule import nn, signal
from chainrule.signal import as_conv_kernel, box_blur, correlate2d, edges, gaussian, laplacian, prewitt, sharpen, sobel

ROW, COLUMN = np.meshgrid(np.arange(12.0), np.arange(10.0), indexing="ij")


@pytest.mark.parametrize(("kernel", "per_level"), [(sobel, 8), (prewitt, 6)])
def test_slopes_of_a_plane(kernel, per_level):
    """Positive where it becomes brighter to the right and downwards; nothing of the other direction."""
    plane = 3 * COLUMN + 5 * ROW
    np.testing.assert_allclose(correlate2d(plane, kernel("x"), "valid"), 3 * per_level)
    np.testing.assert_allclose(correlate2d(plane, kernel("y"), "valid"), 5 * per_level)


def test_edges_change_their_sign_where_the_kernel_is_flipped_and_blurs_do_not():
    picture = np.random.default_rng(0).normal(size=(8, 9))
    for kernel, sign in ((sobel("x"), -1), (prewitt("y"), -1), (gaussian(0.7), 1), (laplacian(), 1), (sharpen(), 1)):
        flipped, unflipped = signal.convolve2d(picture, kernel, "valid"), correlate2d(picture, kernel, "valid")
        np.testing.assert_allclose(flipped, sign * unflipped.numpy(), atol=1e-6)


def test_sobel_as_scipy_has_it():
    picture = np.random.default_rng(0).normal(size=(8, 9))
    for direction, axis in (("x", 1), ("y", 0)):
        expected = ndimage.sobel(picture, axis=axis, mode="constant")
        np.testing.assert_allclose(correlate2d(picture, sobel(direction), "same"), expected, atol=1e-6)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.5])
def test_a_gaussian_has_its_sum_its_width_and_its_symmetry(sigma):
    kernel = gaussian(sigma, 2 * int(np.ceil(6 * sigma)) + 1).astype(np.float64)
    away = np.arange(len(kernel)) - len(kernel) // 2
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert (kernel * away**2).sum() == pytest.approx(sigma**2, rel=1e-2 if sigma > 0.5 else 0.2)  # coarse pixels
    np.testing.assert_array_equal(kernel, kernel.T)
    np.testing.assert_array_equal(kernel, kernel[::-1])
    one_way = scipy.signal.windows.gaussian(len(kernel), sigma)
    np.testing.assert_allclose(kernel, np.outer(one_way, one_way) / one_way.sum() ** 2, atol=1e-7)


def test_blurs_and_sharpening_keep_an_even_picture_and_the_laplacian_keeps_nothing_of_a_plane():
    even = np.full((9, 9), 7.0)
    for kernel in (gaussian(1.0), box_blur(5), sharpen(0.5), signal.emboss()):
        np.testing.assert_allclose(correlate2d(even, kernel, "valid"), 7.0, rtol=1e-6)
    for kernel in (laplacian(), laplacian(diagonal=True)):
        np.testing.assert_allclose(correlate2d(3 * COLUMN + 5 * ROW, kernel, "valid"), 0.0)
    np.testing.assert_allclose(
        correlate2d(ROW**2 + 2 * COLUMN**2, laplacian(), "valid"), 2 + 4
    )  # both second derivatives


def test_sharpening_is_the_picture_less_its_laplacian():
    picture = np.random.default_rng(0).normal(size=(7, 7))
    expected = picture[1:-1, 1:-1] - 0.3 * correlate2d(picture, laplacian(), "valid").numpy()
    np.testing.assert_allclose(correlate2d(picture, sharpen(0.3), "valid"), expected, atol=1e-6)


@pytest.mark.parametrize("angle", np.linspace(-3, 3, 7))
@pytest.mark.parametrize("sigma", [0.0, 0.8])
def test_edges_know_slope_and_direction_of_a_plane(angle, sigma):
    slopes = edges(2 * (np.cos(angle) * COLUMN + np.sin(angle) * ROW), sigma=sigma)
    np.testing.assert_allclose(slopes.magnitude, 2, rtol=1e-5)
    np.testing.assert_allclose(slopes.direction, angle, rtol=1e-5)
    assert slopes.x.shape == (12 - 2 * slopes.border, 10 - 2 * slopes.border)


def test_edges_of_a_digit_lie_around_its_strokes():
    """A vertical stroke: brighter to the right on its left side, to the left on its right; also of raw bytes."""
    digits = cr.data.digits()
    picture = digits.x_test[np.flatnonzero(digits.y_test == 1)[0]].reshape(28, 28)
    slopes = edges(picture)
    across = slopes.x[12:14].mean(axis=0)
    assert across.argmax() < across.argmin()
    assert slopes.magnitude[:, :2].max() == 0
    np.testing.assert_array_equal(edges(picture.astype(np.uint8)).x, edges(picture.astype(np.uint8).astype(float)).x)


def test_a_layer_with_kernels_made_by_hand_finds_edges():
    """Z7: what a layer calls convolution is cross-correlation, so the kernels are used as they are written."""
    picture = np.random.default_rng(0).normal(size=(9, 9, 2)).astype(np.float32)
    kernels = [sobel("x"), sobel("y"), laplacian()]
    model = cr.Model(nn.Conv2D(3, 3, use_bias=False), (9, 9, 2))
    model.parameters["conv2d/kernel"] = as_conv_kernel(kernels, channels=2)
    maps = model.predict(picture[None])[0]
    assert maps.shape == (7, 7, 3)
    for k, kernel in enumerate(kernels):
        of_channels = [correlate2d(picture[:, :, c], kernel, "valid").numpy() for c in range(2)]
        np.testing.assert_allclose(maps[:, :, k], sum(of_channels), atol=1e-5)


def test_the_narrowest_gaussian_is_the_picture_itself():
    np.testing.assert_array_equal(gaussian(1e-200), [[0, 0, 0], [0, 1, 0], [0, 0, 0]])
