"""Depthwise convolutions: kernels that see one channel each; with a 1×1 convolution behind, separable ones."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ShapeError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.convolution import channels, conv2d, operands
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import reshape
from chainrule.ops.windows import Padding, PerAxis, window_text, windows

__all__ = ["depthwise_conv1d", "depthwise_conv2d", "separable_conv2d"]

_CHANNELS = Message(
    "depthwise_conv.channels",
    en="{operation}: x {x} has {channels} channels, but w {w} has kernels for {kernel_channels}. Its last two axes are "
    "(channels, kernels for each channel).",
    zh="{operation}：x {x} 有 {channels} 个通道，但 w {w} 的卷积核对应 {kernel_channels} 个通道。"
    "其最后两轴为 (channels, 每个通道的卷积核数)。",
)


def _depthwise(rank: int) -> Indexed:
    i, under, p = window_text(rank)
    return Indexed(f"depthwise_conv{rank}d", f"y[n,{i},c,m] += x[n,{under},c] * w[{p},c,m]")


_DEPTHWISE = {rank: _depthwise(rank) for rank in (1, 2)}


def _depthwise_conv(rank: int, x: Any, w: Any, strides: PerAxis, padding: Padding, dilation: PerAxis) -> Tensor:
    name = f"depthwise_conv{rank}d"
    x, w = operands(name, rank, x, w, ("channels", "multiplier"))
    *window, kernel_channels, multiplier = (e for e in w.shape if isinstance(e, int))
    if channels(x) != kernel_channels:
        shapes = {"x": show_shape(x.shape), "w": show_shape(w.shape)}
        raise ShapeError(_CHANNELS(operation=name, **shapes, channels=channels(x), kernel_channels=kernel_channels))
    moved = windows(name, rank, tuple(window), strides, dilation)
    y = _DEPTHWISE[rank](moved.padded(x, padding), w, **moved.steps)
    return reshape(y, (*y.shape[:-2], kernel_channels * multiplier))


def depthwise_conv1d(
    x: Any, w: Any, *, strides: PerAxis = 1, padding: Padding = "valid", dilation: PerAxis = 1
) -> Tensor:
    """Convolution of each channel by itself along one axis, as depthwise_conv2d over two.

        y[n, i, c·M + m] = Σ x[n, i·s + p·d, c]·w[p,c,m]

    Shapes:   x (n, length, c), w (window, c, M) → (n, (length - window + padding) / s + 1, c·M)
    Raises:   ShapeError if a window does not fit, or channels differ.
    Example:
        >>> depthwise_conv1d([[[1.0, 2.0], [3.0, 4.0]]], [[[1.0], [1.0]], [[10.0], [100.0]]])
        Tensor([[[ 31. 402.]]], shape=(1, 1, 2), dtype=float32)
    """
    return _depthwise_conv(1, x, w, strides, padding, dilation)


def depthwise_conv2d(
    x: Any, w: Any, *, strides: PerAxis = 1, padding: Padding = "valid", dilation: PerAxis = 1
) -> Tensor:
    """Convolution of each channel by itself, with M kernels for each: conv2d with as many groups as channels.

        y[n, i, j, c·M + m] = Σ x[n, i·s₀ + p·d₀, j·s₁ + q·d₁, c]·w[p,q,c,m]

    Shapes:   x (n, height, width, c), w (kh, kw, c, M) → (n, (height - kh + padding) / s₀ + 1, …, c·M)
    Raises:   ShapeError if a window does not fit, or channels differ.
    Example:
        >>> depthwise_conv2d([[[[1.0, 2.0]]]], [[[[3.0, 4.0], [5.0, 6.0]]]])
        Tensor([[[[ 3.  4. 10. 12.]]]], shape=(1, 1, 1, 4), dtype=float32)
    """
    return _depthwise_conv(2, x, w, strides, padding, dilation)


def separable_conv2d(
    x: Any, depthwise: Any, pointwise: Any, *, strides: PerAxis = 1, padding: Padding = "valid", dilation: PerAxis = 1
) -> Tensor:
    """depthwise_conv2d, and a conv2d of one pixel behind it that mixes the channels.

    It takes kh·kw·c·M + c·M·o multiplications for each pixel, where a conv2d takes kh·kw·c·o.

    Shapes:   x (n, height, width, c), depthwise (kh, kw, c, M), pointwise (1, 1, c·M, o)
              → (n, (height - kh + padding) / s₀ + 1, …, o)
    Raises:   as those two.
    Source:   Chollet 2017, Xception: deep learning with depthwise separable convolutions
    Example:
        >>> separable_conv2d([[[[1.0, 2.0]]]], [[[[3.0], [4.0]]]], [[[[1.0], [1.0]]]])
        Tensor([[[[11.]]]], shape=(1, 1, 1, 1), dtype=float32)
    """
    return conv2d(depthwise_conv2d(x, depthwise, strides=strides, padding=padding, dilation=dilation), pointwise)
