"""Pooling: what stands for a window of an image, its largest element or its mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.dtype import DType, bool_
from chainrule.graph.extent import Shape, show_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, apply, tensor
from chainrule.messages import Message
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, as_tensor
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.maxima import Maximum
from chainrule.ops.windows import (
    Padding,
    Pair,
    PerAxis,
    Windows,
    pad_spatial,
    spatial_extents,
    spatial_rank,
    window_text,
    windows,
)  # fmt: skip

__all__ = ["average_pool", "max_pool"]

_ONLY_PADDING = Message(
    "pool.only_padding",
    en="{operation}: along axis {axis} of x {x}, the window of {window} at position {position} lies in the padding "
    "({before} before, {after} after) and sees nothing of x. Use less padding, smaller than the window.",
    zh="{operation}：沿 x {x} 的轴 {axis}，位置 {position} 处长度为 {window} 的窗口全部位于填充中"
    "（前 {before}，后 {after}），看不到 x 的任何元素。请使用小于窗口的填充。",
)


def max_pool(
    x: Any, window: PerAxis, *, strides: PerAxis | None = None, padding: Padding = "valid", dilation: PerAxis = 1,
    ceil_mode: bool = False,
) -> Tensor:  # fmt: skip
    """The largest element of windows along the spatial axes; windows step by their own size by default.

        y[n,i,j,c] = max x[n, i·s₀ + p·d₀, j·s₁ + q·d₁, c]

    What padding adds is never the largest. In ceil mode a last window that the border cuts off counts too, if it begins
    inside or in the padding before (as in PyTorch).

    Shapes:   x (n, height, width, c) → (n, (height - window + padding) / stride + 1, …, c), rounded down, or up in ceil
              mode; one or three spatial axes likewise
    Raises:   ShapeError if a window does not fit, or sees nothing but padding.
    Example:
        >>> max_pool([[[[1.0], [2.0]], [[3.0], [4.0]]]], 2)
        Tensor([[[[4.]]]], shape=(1, 1, 1, 1), dtype=float32)
        >>> max_pool([[[1.0], [2.0], [3.0]]], 2, ceil_mode=True)
        Tensor([[[2.]
          [3.]]], shape=(1, 2, 1), dtype=float32)
    """
    x = as_tensor(x)
    moved = _pools("max_pool", x, window, strides, dilation)
    widths, overhang = _surroundings(moved, x.shape, padding, ceil_mode)
    x = pad_spatial(x, _added(widths, overhang), lowest(x.dtype))
    i, under, _ = window_text(moved.rank)
    return apply(Maximum(f"y[n,{i},c] max= x[n,{under},c]"), x, **moved.steps, **moved.extents)


def lowest(dtype: DType) -> float:
    """What is no larger than anything of a type."""
    if dtype is bool_:
        return False
    return -math.inf if dtype.floating else int(np.iinfo(dtype.name).min)


def average_pool(
    x: Any, window: PerAxis, *, strides: PerAxis | None = None, padding: Padding = "valid", dilation: PerAxis = 1,
    ceil_mode: bool = False, count_padding: bool = False,
) -> Tensor:  # fmt: skip
    """Mean over windows along the spatial axes; windows step by their own size by default.

        y[n,i,j,c] = 1/count Σ x[n, i·s₀ + p·d₀, j·s₁ + q·d₁, c]

    The mean is over the elements of x alone, as in Keras; with `count_padding` the zeros of the padding count too, as
    in PyTorch (count_include_pad). What ceil mode reaches beyond the padding never counts.

    Shapes:   x (n, height, width, c) → (n, (height - window + padding) / stride + 1, …, c), rounded down, or up in ceil
              mode; one or three spatial axes likewise
    Raises:   ShapeError if a window does not fit, or sees nothing but padding.
    Example:
        >>> average_pool([[[[1.0], [2.0]], [[3.0], [4.0]]]], 2)
        Tensor([[[[2.5]]]], shape=(1, 1, 1, 1), dtype=float32)
        >>> average_pool([[[1.0], [2.0], [3.0]]], 2, ceil_mode=True)
        Tensor([[[1.5]
          [3. ]]], shape=(1, 2, 1), dtype=float32)
    """
    x = as_floats(x)
    moved = _pools("average_pool", x, window, strides, dilation)
    widths, overhang = _surroundings(moved, x.shape, padding, ceil_mode)
    return AVERAGE_POOL(
        x,
        window=moved.sizes,
        strides=moved.strides,
        dilation=moved.dilation,
        padding=tuple(widths),
        overhang=tuple(overhang),
        count_padding=count_padding,
    )


def _average_pool(
    x: Tensor, *, window: tuple[int, ...], strides: tuple[int, ...], dilation: tuple[int, ...],
    padding: tuple[Pair, ...], overhang: tuple[int, ...], count_padding: bool,
) -> Tensor:  # fmt: skip
    moved = windows("average_pool", len(window), window, strides, dilation)
    i, under, _ = window_text(moved.rank)
    padded = pad_spatial(x, _added(padding, overhang))
    total = Indexed("window_sum", f"y[n,{i},c] += x[n,{under},c]")(padded, **moved.steps, **moved.extents)
    counts = np.ones((1,) * (moved.rank + 1))
    for k, along in enumerate(_counts(moved, x.shape, padding, overhang, count_padding=count_padding)):
        counts = counts * along.reshape(-1, *(1,) * (moved.rank - k))
    if (counts == counts.flat[0]).all():
        return total / float(counts.flat[0])
    return total / tensor(counts, x.dtype)


AVERAGE_POOL = Composite("average_pool", _average_pool)


# ----------------------------------------------------------------------------------------------- what windows cover
def _pools(operation: str, x: Tensor, window: PerAxis, strides: PerAxis | None, dilation: PerAxis) -> Windows:
    return windows(operation, spatial_rank(operation, x), window, window if strides is None else strides, dilation)


def _surroundings(moved: Windows, shape: Shape, padding: Padding, ceil_mode: bool) -> tuple[list[Pair], list[int]]:
    """The padding of each axis, and what ceil mode needs behind it, once every window is known to see something."""
    widths = moved.padding(shape, padding, ceil_mode=ceil_mode)
    overhang = moved.overhang(shape, widths) if ceil_mode else [0] * moved.rank
    for k, counts in enumerate(_counts(moved, shape, widths, overhang, count_padding=False)):
        if not counts.all():
            before, after = widths[k]
            raise ShapeError(
                _ONLY_PADDING(
                    operation=moved.operation,
                    axis=k + 1,
                    x=show_shape(shape),
                    window=moved.sizes[k],
                    position=int(counts.argmin()),
                    before=before,
                    after=after,
                )
            )
    return widths, overhang


def _added(widths: Sequence[Pair], overhang: Sequence[int]) -> list[Pair]:
    return [(before, after + more) for (before, after), more in zip(widths, overhang, strict=True)]


def _counts(
    moved: Windows, shape: Shape, widths: Sequence[Pair], overhang: Sequence[int], *, count_padding: bool
) -> list[Array]:
    """How many elements the windows at each position along each axis see: those of the array, or of its padding too."""
    found = []
    per_axis = zip(spatial_extents(shape), widths, overhang, moved.sizes, moved.strides, moved.dilation, strict=True)
    for extent, (before, after), more, window, stride, dilation in per_axis:
        whole = before + extent + after + more
        first, end = (0, whole - more) if count_padding else (before, before + extent)
        starts = np.arange(0, whole - (window - 1) * dilation, stride)
        places = starts[:, None] + dilation * np.arange(window)
        found.append(((places >= first) & (places < end)).sum(1))
    return found
