"""Convolutions and cross-correlations against NumPy, SciPy, sums written out, and the layers that compute them."""

import tracemalloc

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal

import chainrule as cr
from chainrule import nn
from chainrule.signal import convolve, convolve2d, correlate, correlate2d

MODES = ["full", "same", "valid"]
LENGTHS = [(1, 1), (1, 4), (5, 3), (6, 4), (3, 5), (4, 5), (2, 6), (4, 4)]


def _signal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("n", "m"), LENGTHS)
def test_signals_as_numpy_has_them(n, m, mode):
    x, h = _signal(n), _signal(m, seed=1)
    np.testing.assert_allclose(convolve(x, h, mode), np.convolve(x, h, mode), atol=1e-12)
    np.testing.assert_allclose(correlate(x, h, mode), np.correlate(x, h, mode), atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shapes", [((5, 6), (3, 2)), ((4, 4), (4, 4)), ((2, 3), (5, 3)), ((1, 5), (1, 2))], ids=str)
def test_pictures_as_scipy_has_them(shapes, mode):
    x, h = _signal(*shapes[0]), _signal(*shapes[1], seed=1)
    np.testing.assert_allclose(convolve2d(x, h, mode), scipy.signal.convolve2d(x, h, mode), atol=1e-12)
    np.testing.assert_allclose(correlate2d(x, h, mode), scipy.signal.correlate2d(x, h, mode), atol=1e-12)


def test_the_sum_of_the_definition():
    x, h = _signal(6), _signal(4, seed=1)
    y = [sum(x[k] * h[n - k] for k in range(6) if 0 <= n - k < 4) for n in range(9)]
    np.testing.assert_allclose(convolve(x, h), y, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_signal_and_kernel_may_be_exchanged(mode):
    x, h = _signal(7), _signal(4, seed=1)
    np.testing.assert_allclose(convolve(x, h, mode), convolve(h, x, mode), atol=1e-12)


def test_cross_correlation_is_convolution_with_the_flipped_kernel():
    x, h = _signal(7), _signal(3, seed=1)
    np.testing.assert_allclose(correlate(x, h, "full"), convolve(x, h[::-1], "full"), atol=1e-12)
    picture, kernel = _signal(6, 7), _signal(3, 3, seed=1)
    np.testing.assert_allclose(
        correlate2d(picture, kernel, "same"), convolve2d(picture, kernel[::-1, ::-1], "same"), atol=1e-12
    )
    assert abs(correlate2d(picture, kernel) - convolve2d(picture, kernel)).numpy().max() > 1  # and not the same kernel


def test_convolution_flips_the_kernel_and_cross_correlation_does_not():
    """A point becomes the kernel itself by convolution, the flipped kernel by cross-correlation."""
    point, kernel = np.zeros((3, 3)), np.arange(9.0).reshape(3, 3)
    point[1, 1] = 1
    np.testing.assert_array_equal(convolve2d(point, kernel, "same"), kernel)
    np.testing.assert_array_equal(correlate2d(point, kernel, "same"), kernel[::-1, ::-1])


def test_conv1d_computes_the_cross_correlation():
    x, h = _signal(7), _signal(3, seed=1)
    np.testing.assert_allclose(cr.conv1d(x[None, :, None], h[:, None, None])[0, :, 0], correlate(x, h), atol=1e-12)


@pytest.mark.parametrize(("size", "padding"), [(3, "valid"), (4, "same")])
def test_a_layer_computes_the_cross_correlation(size, padding):
    """With the same kernel a Conv2D layer gives the same picture as correlate2d, another than convolve2d."""
    picture, kernel = _signal(8, 9).astype(np.float32), _signal(size, size, seed=1).astype(np.float32)
    model = cr.Model(nn.Conv2D(1, size, padding=padding, use_bias=False), (8, 9, 1))
    model.parameters["conv2d/kernel"] = kernel[:, :, None, None]
    of_layer = model.predict(picture[None, :, :, None])[0, :, :, 0]
    np.testing.assert_allclose(of_layer, correlate2d(picture, kernel, padding), atol=1e-5)
    assert np.abs(of_layer - convolve2d(picture, kernel, padding).numpy()).max() > 0.5


@pytest.mark.parametrize("dtype", ["int64", "float64", "float32"])
def test_the_type_is_that_of_the_numbers(dtype):
    x, h = np.arange(5).astype(dtype), np.array([1, 2]).astype(dtype)
    y = convolve(x, h)
    assert y.numpy().dtype == dtype
    np.testing.assert_array_equal(y, np.convolve(x, h))


@pytest.mark.parametrize("mode", MODES)
def test_it_is_differentiated_in_both_arguments(mode):
    cr.check_gradients(lambda x, h: cr.sum(convolve(x, h, mode) ** 2), _signal(5), _signal(3, seed=1))
    cr.check_gradients(lambda x, h: cr.sum(correlate2d(x, h, mode) ** 2), _signal(4, 3), _signal(2, 2, seed=1))


def test_the_gradient_of_a_convolution_is_a_cross_correlation():
    """⟨g, x ∗ h⟩ by x is g ⋆ h: what runs backward through a convolutional layer."""
    x, h, g = _signal(6), _signal(3, seed=1), _signal(8, seed=2)
    of_x = cr.grad(lambda x: cr.sum(convolve(x, h) * g))(x)
    np.testing.assert_allclose(of_x, np.correlate(g, h, "valid"), atol=1e-12)


def test_it_is_compiled_and_batched():
    x, h = _signal(3, 6).astype(np.float32), _signal(2, seed=1).astype(np.float32)
    many = cr.vmap(lambda x: convolve(x, h, "same"))
    expected = [np.convolve(row, h, "same") for row in x]
    np.testing.assert_allclose(many(x), expected, atol=1e-6)
    np.testing.assert_allclose(cr.compile(many)(x), expected, atol=1e-6)


def test_a_picture_is_not_copied_once_for_each_number_of_the_kernel():
    """Which would be a thousand times the memory of a photograph that is blurred a little."""
    picture, kernel = _signal(400, 500).astype(np.float32), np.ones((31, 31), np.float32) / 31**2
    tracemalloc.start()
    try:
        y = convolve2d(picture, kernel, "same").numpy()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10 * picture.nbytes
    np.testing.assert_allclose(y, scipy.ndimage.uniform_filter(picture, 31, mode="constant"), atol=1e-4)


@pytest.mark.parametrize("function", [convolve2d, correlate2d])
def test_filters_of_bytes_do_not_begin_again_at_256(function):
    picture = np.random.default_rng(0).integers(0, 256, (5, 6), np.uint8)
    for kernel in (np.full((3, 3), 2, np.uint8), np.ones((2, 3), np.float32), [[1, 3], [3, 1]]):
        wanted = getattr(scipy.signal, function.__name__)(picture.astype(int), np.asarray(kernel, float))
        np.testing.assert_array_equal(function(picture, kernel), wanted)
    np.testing.assert_array_equal(convolve(np.uint8([200, 100]), np.uint8([2, 1])), [400, 400, 100])
