"""Layers with spatial axes by what they mean, and what is said where they do not fit.

`CHAINRULE_RENEW_SNAPSHOTS=1 pytest tests/nn/test_spatial_layers.py` writes the refusals anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.execute.reference import Program
from chainrule.nn import trace
from tests.nn.harness import bindings, run, samples
from tests.refusals import Refusals


# ------------------------------------------------------------------------------------------------------------ values
def test_a_transposed_convolution_goes_the_way_of_a_convolution_backwards():
    """⟨y, conv(x)⟩ = ⟨conv_transpose(y), x⟩ with one kernel."""
    there = trace(nn.Conv2D(3, (3, 2), 2, "same", use_bias=False), [(6, 8, 2)])
    back = trace(nn.Conv2DTranspose(2, (3, 2), 2, "same", use_bias=False), [(3, 4, 3)])
    kernel = there.initial_parameters(0)["conv2d/kernel"]
    assert back.parameters["conv2d_transpose/kernel"].tensor.shape == kernel.shape
    x, y = samples((2, 6, 8, 2)), samples((2, 3, 4, 3), 1)
    values = bindings(back, y) | {back.parameters["conv2d_transpose/kernel"].tensor: kernel}
    (returned,) = Program([back.inference]).run(values)
    np.testing.assert_allclose((run(there, x) * y).sum(), (returned * x).sum(), rtol=1e-4)


def test_first_values_of_a_depthwise_kernel_are_scaled_for_one_channel():
    """He: 2 / |window|, whatever the number of channels."""
    network = trace(nn.DepthwiseConv2D(5, depth_multiplier=4, kernel_initializer="he_normal"), [(8, 8, 64)])
    kernel = network.initial_parameters(0)["depthwise_conv2d/kernel"]
    assert kernel.shape == (5, 5, 64, 4)
    assert kernel.var() == pytest.approx(2 / 25, rel=0.05)


def test_a_separable_convolution_is_a_depthwise_one_and_a_mix_of_channels():
    network = trace(nn.SeparableConv2D(3, 2, depth_multiplier=2), [(4, 4, 2)])
    x, first = samples((2, 4, 4, 2)), network.initial_parameters(0)
    w, v = first["separable_conv2d/depthwise_kernel"], first["separable_conv2d/pointwise_kernel"]
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2), (1, 2))  # n, i, j, c, p, q
    maps = np.einsum("nijcpq,pqcm->nijcm", windows, w).reshape(2, 3, 3, 4)
    np.testing.assert_allclose(run(network, x), maps @ v[0, 0], rtol=1e-4, atol=1e-5)


def test_means_without_what_padding_adds():
    """As in Keras; PyTorch's default counts the zeros."""
    ones = np.ones((1, 4, 4, 1))
    np.testing.assert_allclose(run(trace(nn.AveragePooling2D(3, 1, "same"), [(4, 4, 1)]), ones), ones)
    counted = run(trace(nn.AveragePooling2D(3, 1, "same", count_padding=True), [(4, 4, 1)]), ones)
    np.testing.assert_allclose(counted[0, :, 0, 0], [4 / 9, 6 / 9, 6 / 9, 4 / 9], rtol=1e-6)


def test_one_number_for_each_map():
    x = samples((2, 3, 5, 4))
    np.testing.assert_allclose(run(trace(nn.GlobalAveragePooling2D(), [(3, 5, 4)]), x), x.mean((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(run(trace(nn.GlobalMaxPool2D(), [(3, 5, 4)]), x), x.max((1, 2)), rtol=1e-6)


def test_larger_images():
    x = samples((2, 3, 4, 2))
    doubled = run(trace(nn.UpSampling2D((2, 3)), [(3, 4, 2)]), x)
    np.testing.assert_allclose(doubled, x.repeat(2, 1).repeat(3, 2), rtol=1e-6)
    ramp = np.arange(4.0)[None, None, :, None]
    between = run(trace(nn.UpSampling2D((1, 2), "bilinear"), [(1, 4, 1)]), ramp)
    np.testing.assert_allclose(between[0, 0, :, 0], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3], rtol=1e-6)


def test_borders_and_order_of_axes():
    x = samples((2, 4, 5, 3))
    np.testing.assert_allclose(run(trace(nn.Cropping2D(((1, 0), (2, 1))), [(4, 5, 3)]), x), x[:, 1:, 2:4], rtol=1e-6)
    padded = np.pad(x, [(0, 0), (1, 0), (2, 1), (0, 0)])
    np.testing.assert_allclose(run(trace(nn.ZeroPadding2D(((1, 0), (2, 1))), [(4, 5, 3)]), x), padded, rtol=1e-6)
    np.testing.assert_allclose(run(trace(nn.Permute((3, 1, 2)), [(4, 5, 3)]), x), x.transpose(0, 3, 1, 2), rtol=1e-6)
    np.testing.assert_allclose(run(trace(nn.Reshape((-1, 3)), [(4, 5, 3)]), x), x.reshape(2, 20, 3), rtol=1e-6)


# ---------------------------------------------------------------------------------------------------------- refusals
wrong: Any = nn  # called as the type checker would not allow
WRONG: dict[str, Callable[[], Any]] = {
    "Conv1D of images": lambda: trace(nn.Conv1D(4, 3), [(8, 8, 3)]),
    "Conv2D without channels": lambda: trace(nn.Conv2D(4, 3), [(28, 28)]),
    "Conv3D of images": lambda: trace(nn.Conv3D(4, 3), [(8, 8, 3)]),
    "Conv2D(filters=3, groups=2)": lambda: nn.Conv2D(3, 3, groups=2),
    "Conv2D(kernel_size=(3, 3, 3))": lambda: trace(nn.Conv2D(4, (3, 3, 3)), [(8, 8, 3)]),
    "Conv2D(padding='smae')": lambda: trace(nn.Conv2D(4, 3, padding="smae"), [(8, 8, 3)]),
    "Conv2DTranspose of unequal groups": lambda: trace(nn.Conv2DTranspose(4, 3, groups=2), [(8, 8, 3)]),
    "Conv2DTranspose(padding=9)": lambda: trace(nn.Conv2DTranspose(4, 3, padding=9), [(8, 8, 3)]),
    "Conv2DTranspose(output_padding=2)": lambda: trace(
        nn.Conv2DTranspose(4, 3, strides=2, output_padding=2), [(8, 8, 3)]
    ),
    "DepthwiseConv2D(depth_multiplier=0)": lambda: nn.DepthwiseConv2D(3, depth_multiplier=0),
    "DepthwiseConv1D of a row": lambda: trace(nn.DepthwiseConv1D(3), [(8,)]),
    "SeparableConv2D of too small images": lambda: trace(nn.SeparableConv2D(4, 5, name="block3"), [(4, 8, 3)]),
    "MaxPool2D(padding=2)": lambda: trace(nn.MaxPool2D(2, padding=2), [(8, 8, 3)]),
    "AveragePooling1D of images": lambda: trace(nn.AveragePooling1D(), [(8, 8, 3)]),
    "MaxPool3D of too small volumes": lambda: trace(nn.MaxPool3D(3), [(2, 8, 8, 3)]),
    "GlobalMaxPool2D behind Flatten": lambda: trace(nn.Sequential([nn.Flatten(), nn.GlobalMaxPool2D()]), [(8, 8, 3)]),
    "AdaptiveAveragePooling2D(0)": lambda: nn.AdaptiveAveragePooling2D(0),
    "UpSampling2D(1.5)": lambda: wrong.UpSampling2D(1.5),
    "UpSampling2D(interpolation='bicubic')": lambda: nn.UpSampling2D(2, "bicubic"),
    "Cropping2D of everything": lambda: trace(nn.Cropping2D(((2, 2), (0, 0))), [(4, 8, 3)]),
    "Cropping2D(-1)": lambda: nn.Cropping2D(-1),
    "ZeroPadding2D((1, 2, 3))": lambda: nn.ZeroPadding2D((1, 2, 3)),
    "Reshape of other elements": lambda: trace(nn.Reshape((3, 5)), [(4, 4)]),
    "Permute of the batch": lambda: trace(nn.Permute((0, 1)), [(4, 4)]),
}
REFUSALS = Refusals(Path(__file__).parent / "spatial_messages.txt", WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_refusal_is_left_over():
    REFUSALS.check_that_none_is_left_over()
