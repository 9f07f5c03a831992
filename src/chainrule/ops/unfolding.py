"""Windows as rows of a matrix (im2col), and rows added up to images again."""

from __future__ import annotations

import math
from typing import Any

from chainrule.errors import ShapeError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.convolution import channels
from chainrule.ops.kinds.conversion import as_tensor
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import reshape
from chainrule.ops.transposed_convolution import cropped
from chainrule.ops.windows import Padding, PerAxis, sizes, spatial_extents, spatial_rank, window_text, windows

__all__ = ["fold", "unfold"]

_ROWS = Message(
    "fold.rows",
    en="fold: x {x} is not what unfold makes of images of size {size} with windows {window}: that has the positions "
    "{positions}, and rows whose length is a multiple of {count}.",
    zh="fold：x {x} 不是 unfold 以窗口 {window} 处理大小为 {size} 的图像所得的结果：后者的位置数为 {positions}，"
    "每行长度为 {count} 的倍数。",
)


def _unfolding(rank: int) -> Indexed:
    i, under, p = window_text(rank)
    return Indexed("unfold", f"y[n,{i},{p},c] += x[n,{under},c]")


def _folding(rank: int) -> Indexed:
    i, under, p = window_text(rank)
    return Indexed("fold", f"y[n,{under},c] += x[n,{i},{p},c]")


_UNFOLD = {rank: _unfolding(rank) for rank in (1, 2, 3)}
_FOLD = {rank: _folding(rank) for rank in (1, 2, 3)}


def unfold(
    x: Any, window: PerAxis, *, strides: PerAxis = 1, padding: Padding = "valid", dilation: PerAxis = 1
) -> Tensor:
    """The elements of each window in one row, channels innermost (im2col).

        y[n, i, j, (p·kw + q)·c + k] = x[n, i·s₀ + p·d₀, j·s₁ + q·d₁, k]

    A convolution is the product of these rows with its kernel as a matrix (kh·kw·c, o). (PyTorch's unfold has channels
    outermost in the rows, and the positions behind them.)

    Shapes:   x (n, height, width, c) → (n, (height - kh + padding) / s₀ + 1, …, kh·kw·c); one or three spatial axes
              likewise
    Raises:   ShapeError if a window does not fit.
    Example:
        >>> unfold([[[1.0], [2.0], [3.0]]], 2)
        Tensor([[[1. 2.]
          [2. 3.]]], shape=(1, 2, 2), dtype=float32)
    """
    x = as_tensor(x)
    rank = spatial_rank("unfold", x)
    moved = windows("unfold", rank, window, strides, dilation)
    y = _UNFOLD[rank](moved.padded(x, padding), **moved.steps, **moved.extents)
    return reshape(y, (*y.shape[: rank + 1], math.prod(moved.sizes) * channels(x)))


def fold(
    x: Any, size: PerAxis, window: PerAxis, *, strides: PerAxis = 1, padding: Padding = "valid", dilation: PerAxis = 1
) -> Tensor:
    """Images from the rows of `unfold`, elements that fall together added up: its transpose, not its inverse.

        y[n, i·s₀ + p·d₀, j·s₁ + q·d₁, k] += x[n, i, j, (p·kw + q)·c + k]

    Shapes:   x (n, rows, columns, kh·kw·c), size (height, width) → (n, height, width, c); one or three spatial axes
              likewise
    Raises:   ShapeError if unfold would not give x's shape from images of this size.
    Example:
        >>> fold([[[1.0, 2.0], [2.0, 3.0]]], 3, 2)
        Tensor([[[1.]
          [4.]
          [3.]]], shape=(1, 3, 1), dtype=float32)
    """
    x = as_tensor(x)
    rank = spatial_rank("fold", x)
    moved = windows("fold", rank, window, strides, dilation)
    extents = sizes("fold", "size", size, rank)
    widths = moved.padding((1, *extents, 1), padding)
    padded = [e + before + after for e, (before, after) in zip(extents, widths, strict=True)]
    positions = tuple((e - span) // s + 1 for e, span, s in zip(padded, moved.spans, moved.strides, strict=True))
    count = math.prod(moved.sizes)
    if spatial_extents(x.shape) != positions or channels(x) % count:
        raise ShapeError(
            _ROWS(x=show_shape(x.shape), size=extents, window=moved.sizes, positions=positions, count=count)
        )
    rows = reshape(x, (*x.shape[:-1], *moved.sizes, channels(x) // count))
    y = _FOLD[rank](rows, **moved.steps)
    cut = [
        (before, whole - before - e)
        for (before, _), whole, e in zip(widths, spatial_extents(y.shape), extents, strict=True)
    ]
    return cropped(y, cut)
