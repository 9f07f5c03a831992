"""One number of a convolution taken apart: its parts are those of conv2d, whatever the steps and the padding."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ShapeError, UsageError
from chainrule.inspect import convolution_arithmetic, plot_convolution_arithmetic

RANDOM = np.random.default_rng(0)
X, W = RANDOM.normal(size=(7, 9, 4)), RANDOM.normal(size=(3, 2, 4, 6))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding": "same"},
        {"strides": (2, 3), "padding": ((0, 2), (1, 0))},
        {"dilation": 2, "padding": 1},
        {"groups": 2},
        {"padding": "same", "strides": 2, "groups": 2},
    ],
    ids=str,
)
def test_every_number_is_the_sum_of_its_products(options):
    weights = W[:, :, : 4 // options.get("groups", 1)]
    y = cr.conv2d(X[None], weights, **options).numpy()[0]
    for place in [(0, 0), (y.shape[0] - 1, y.shape[1] - 1), (1, 1)]:
        for kernel in (0, 3, 5):
            record = convolution_arithmetic(X, weights, place, kernel=kernel, **options)
            assert record.total == pytest.approx(y[(*place, kernel)], abs=1e-12)
            assert record.depth_sums.sum() == pytest.approx(record.total)
            np.testing.assert_allclose(record.products, record.window * record.kernel)
            np.testing.assert_allclose(record.output, y[..., kernel])
            assert record.shape == y.shape
            assert [int(size.rpartition("= ")[2]) for size in record.sizes] == list(y.shape[:2])


def test_the_window_is_zero_in_the_padding():
    record = convolution_arithmetic(X, W, (0, 0), padding=1)
    np.testing.assert_array_equal(record.rows, [-1, 0, 1])
    np.testing.assert_array_equal(record.window[0], 0)
    np.testing.assert_array_equal(record.window[1:, 1:], X[:2, :1])


def test_depths_are_summed_and_each_kernel_makes_one():
    """C5: a kernel is as deep as its input, its results are summed over depth; M kernels give depth M."""
    model = cr.Model(nn.Conv2D(5, 3, use_bias=False), (7, 9, 4))
    kernels = model.parameters["conv2d/kernel"]
    maps = model.predict(X[None].astype(np.float32))[0]
    assert kernels.shape == (3, 3, 4, 5)
    assert maps.shape == (5, 7, 5)
    for kernel in range(5):
        record = convolution_arithmetic(X, kernels, (2, 3), kernel=kernel)
        assert maps[2, 3, kernel] == pytest.approx(record.total, abs=1e-5)
        each = [convolution_arithmetic(X[..., [c]], kernels[:, :, [c]], (2, 3), kernel=kernel).total for c in range(4)]
        np.testing.assert_allclose(record.depth_sums, each, atol=1e-6)


@pytest.mark.parametrize(
    ("extent", "size", "padding", "stride"), [(28, 5, 0, 1), (32, 5, 2, 1), (11, 3, 1, 2), (10, 3, 0, 2)]
)
def test_the_size_is_the_formula_in_layers_and_in_the_record(extent, size, padding, stride):
    """C4: (W − k + 2p)/s + 1, rounded down."""
    expected = (extent - size + 2 * padding) // stride + 1
    network = nn.trace(nn.Conv2D(2, size, strides=stride, padding=padding), [(extent, extent, 1)])
    assert network.layers[-1].output_shape == (cr.batch, expected, expected, 2)
    record = convolution_arithmetic(
        np.ones((extent, extent, 1)), np.ones((size, size, 1, 2)), (0, 0), strides=stride, padding=padding
    )
    floor = "⌊{}⌋" if (extent - size + 2 * padding) % stride else "{}"
    assert record.sizes[0] == floor.format(f"({extent} − {size} + {2 * padding})/{stride}") + f" + 1 = {expected}"


def test_a_kernel_that_does_not_fit_is_refused_with_the_arithmetic():
    """C4: by the record as by the layer."""
    arithmetic = r"\(W - k \+ before \+ after\)/s \+ 1 = \(7 - 8 \+ 0 \+ 0\)/1 \+ 1 = 0"
    with pytest.raises(ShapeError, match=arithmetic):
        convolution_arithmetic(X, np.ones((8, 2, 4, 1)), (0, 0))
    with pytest.raises(ShapeError, match=arithmetic):
        nn.trace(nn.Conv2D(1, (8, 2)), [(7, 9, 4)])


def test_other_wrong_uses_are_refused():
    with pytest.raises(ShapeError, match=r"x \(7, 9\) must be one volume"):
        convolution_arithmetic(X[..., 0], W, (0, 0))
    with pytest.raises(UsageError, match=r"no place \(5, 0\) with kernel=0 in an output of shape \(5, 8, 6\)"):
        convolution_arithmetic(X, W, (5, 0))
    wrong: Any = convolution_arithmetic  # called as the type checker would not allow
    with pytest.raises(UsageError, match="no place 3 with kernel=0"):
        wrong(X, W, 3)
    with pytest.raises(UsageError, match="kernel=6"):
        convolution_arithmetic(X, W, (0, 0), kernel=6)
    with pytest.raises(ShapeError, match="A kernel's depth must equal its input's depth"):
        convolution_arithmetic(X, W[:, :, :2], (0, 0))


def test_the_picture_holds_input_window_kernel_products_and_output():
    record = convolution_arithmetic(X[..., :2], W[:, :, :2], (0, 1), kernel=2, padding="same")
    axes = plot_convolution_arithmetic(record).figure.axes
    assert len(axes) == 2 * 5
    for depth in (0, 1):
        shown = [np.asarray(a.images[0].get_array()) for a in axes[5 * depth : 5 * depth + 4]]
        expected = (record.x, record.window, record.kernel, record.products)
        for map_, values in zip(shown, expected, strict=True):
            np.testing.assert_array_equal(map_, values[..., depth])
    np.testing.assert_array_equal(axes[4].images[0].get_array(), record.output)
    (frame,) = axes[4].patches
    assert frame.get_xy() == (0.5, -0.5)
    assert len(axes[0].patches) == 6


def test_not_more_depths_are_drawn_than_can_be_read():
    record = convolution_arithmetic(np.ones((1, 1, 9)), np.ones((1, 1, 9, 1)), (0, 0))
    axes = plot_convolution_arithmetic(record).figure.axes
    assert len(axes) == 4 * 5
    assert axes[4].get_xlabel().startswith("y[0, 0] = 9, the sum of 9 depths")


def test_products_of_pixels_do_not_begin_again_at_256():
    found = convolution_arithmetic(np.full((3, 3, 1), 200, np.uint8), np.full((2, 2, 1, 1), 2, np.uint8), (0, 0))
    assert found.total == 1600
    np.testing.assert_array_equal(found.output, 1600)
