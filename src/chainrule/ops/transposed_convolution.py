"""Transposed convolutions: every element of x puts a whole window into y, as a convolution's gradient does."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.convolution import channels, check_depths, operands
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import reshape
from chainrule.ops.windows import (
    Padding,
    Pair,
    PerAxis,
    Windows,
    pad_spatial,
    padding_widths,
    sizes,
    spatial_extents,
    window_text,
    windows,
)  # fmt: skip

__all__ = ["conv1d_transpose", "conv2d_transpose", "conv3d_transpose"]

_FIT = Message(
    "conv_transpose.fit",
    en="{operation}: nothing is left of axis {axis} of x {x}: (W - 1)·s + k - before - after + output_padding = "
    "({extent} - 1)·{stride} + {span} - {before} - {after} + {more} = {count}. Use less padding.",
    zh="{operation}：x {x} 的轴 {axis} 没有剩余元素：(W - 1)·s + k - 前 - 后 + output_padding = "
    "({extent} - 1)·{stride} + {span} - {before} - {after} + {more} = {count}。请减少填充。",
)
_OUTPUT_PADDING = Message(
    "conv_transpose.output_padding",
    en="{operation}: output_padding={more} must be smaller than the stride {stride} or the dilation {dilation}: "
    "a larger y would have room for another window.",
    zh="{operation}：output_padding={more} 必须小于步长 {stride} 或膨胀 {dilation}：更大的 y 会多出一个窗口的位置。",
)


def _transposed(rank: int, grouped: bool) -> Indexed:
    i, under, p = window_text(rank)
    if grouped:
        return Indexed(f"conv{rank}d_transpose", f"y[n,{under},g,o] += x[n,{i},g,c] * w[{p},o,g,c]")
    return Indexed(f"conv{rank}d_transpose", f"y[n,{under},o] += x[n,{i},c] * w[{p},o,c]")


_TRANSPOSED = {(rank, grouped): _transposed(rank, grouped) for rank in (1, 2, 3) for grouped in (False, True)}


def _conv_transpose(
    rank: int, x: Any, w: Any, strides: PerAxis, padding: Padding, output_padding: PerAxis, dilation: PerAxis,
    groups: int,
) -> Tensor:  # fmt: skip
    name = f"conv{rank}d_transpose"
    x, w = operands(name, rank, x, w, ("kernels", "channels"))
    *window, maps, depth = (e for e in w.shape if isinstance(e, int))
    check_depths(name, x, w, depth // max(groups, 1), maps * groups, groups)
    moved = windows(name, rank, tuple(window), strides, dilation)
    more = sizes(name, "output_padding", output_padding, rank, least=0)
    cut = _cut(moved, x, padding, more)
    if groups == 1:
        y = _TRANSPOSED[rank, False](x, w, **moved.steps)
    else:
        x = reshape(x, (*x.shape[:-1], groups, channels(x) // groups))
        w = reshape(w, (*w.shape[:-1], groups, depth // groups))
        y = _TRANSPOSED[rank, True](x, w, **moved.steps)
        y = reshape(y, (*y.shape[:-2], groups * maps))
    return cropped(y, cut)


def _cut(moved: Windows, x: Tensor, padding: Padding, more: tuple[int, ...]) -> list[Pair]:
    """How much to take away from both ends of each spatial axis; less than nothing is to be added."""
    widths = padding_widths(moved.operation, padding, moved.rank, lambda k: moved.spans[k] - moved.strides[k])
    per_axis = zip(spatial_extents(x.shape), widths, moved.spans, moved.strides, moved.dilation, more, strict=True)
    for k, (extent, (before, after), span, stride, dilation, extra) in enumerate(per_axis):
        if extra >= max(stride, dilation):
            raise UsageError(_OUTPUT_PADDING(operation=moved.operation, more=extra, stride=stride, dilation=dilation))
        count = (extent - 1) * stride + span - before - after + extra
        if count < 1:
            raise ShapeError(
                _FIT(
                    operation=moved.operation,
                    axis=k + 1,
                    x=show_shape(x.shape),
                    extent=extent,
                    stride=stride,
                    span=span,
                    before=before,
                    after=after,
                    more=extra,
                    count=count,
                )
            )
    return [(before, after - extra) for (before, after), extra in zip(widths, more, strict=True)]


def cropped(y: Tensor, cut: list[Pair]) -> Tensor:
    """y without so many elements at both ends of its spatial axes; zeros are added where the number is negative."""
    if not any(before or after for before, after in cut):
        return y
    y = pad_spatial(y, [(max(0, -before), max(0, -after)) for before, after in cut])
    kept = [
        slice(max(0, before), extent - max(0, after))
        for (before, after), extent in zip(cut, spatial_extents(y.shape), strict=True)
    ]
    return y[(slice(None), *kept)]


def conv1d_transpose(
    x: Any, w: Any, *, strides: PerAxis = 1, padding: Padding = "valid", output_padding: PerAxis = 0,
    dilation: PerAxis = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Transposed convolution along one axis, as conv2d_transpose over two.

        y[n, i·s + p·d, o] += x[n,i,c]·w[p,o,c]

    Shapes:   x (n, length, c), w (window, o / groups, c) → (n, (length - 1)·s + window - padding, o)
    Raises:   ShapeError if depths differ, or nothing is left.
    Example:
        >>> conv1d_transpose([[[1.0], [2.0]]], [[[1.0]], [[10.0]]], strides=2)
        Tensor([[[ 1.]
          [10.]
          [ 2.]
          [20.]]], shape=(1, 4, 1), dtype=float32)
    """
    return _conv_transpose(1, x, w, strides, padding, output_padding, dilation, groups)


def conv2d_transpose(
    x: Any, w: Any, *, strides: PerAxis = 1, padding: Padding = "valid", output_padding: PerAxis = 0,
    dilation: PerAxis = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Transposed convolution over height and width: what conv2d with the same kernel w gives back to its input.

        y[n, i·s₀ + p·d₀, j·s₁ + q·d₁, o] += x[n,i,j,c]·w[p,q,o,c]

    The axes of w are those of the conv2d that it turns around, which has o channels and c kernels; so has Keras, while
    PyTorch has (c, o / groups, kh, kw). `padding` is that of the conv2d, and is taken away: 'valid' leaves everything,
    'same' gives size · stride positions, numbers are taken away from each end as in PyTorch. A conv2d gives the same
    size for several sizes of its input; `output_padding`, below the stride, makes y larger at its end. (Keras's 'valid'
    does so by itself, up to size · stride, where the stride is larger than the window.)

    Shapes:   x (n, height, width, c), w (kh, kw, o / groups, c)
              → (n, (height - 1)·s₀ + (kh - 1)·d₀ + 1 - padding + output_padding, …, o)
    Raises:   ShapeError if depths differ, or nothing is left; UsageError if output_padding is too large.
    Source:   Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning, section 4
    Example:
        >>> conv2d_transpose([[[[1.0], [2.0]]]], [[[[1.0]], [[10.0]]]])
        Tensor([[[[ 1.]
           [12.]
           [20.]]]], shape=(1, 1, 3, 1), dtype=float32)
    """
    return _conv_transpose(2, x, w, strides, padding, output_padding, dilation, groups)


def conv3d_transpose(
    x: Any, w: Any, *, strides: PerAxis = 1, padding: Padding = "valid", output_padding: PerAxis = 0,
    dilation: PerAxis = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Transposed convolution over three axes, as conv2d_transpose over two.

        y[n, i·s₀ + p·d₀, j·s₁ + q·d₁, k·s₂ + r·d₂, o] += x[n,i,j,k,c]·w[p,q,r,o,c]

    Shapes:   x (n, depth, height, width, c), w (kd, kh, kw, o / groups, c) → (n, (depth - 1)·s₀ + kd - padding, …, o)
    Raises:   ShapeError if depths differ, or nothing is left.
    Example:
        >>> conv3d_transpose([[[[[2.0]]]]], [[[[[3.0]]]]])
        Tensor([[[[[6.]]]]], shape=(1, 1, 1, 1, 1), dtype=float32)
    """
    return _conv_transpose(3, x, w, strides, padding, output_padding, dilation, groups)
