"""Adaptive pooling: as many windows as are wanted, whatever the size of the image."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, tensor
from chainrule.messages import Message
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import where
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, as_tensor
from chainrule.ops.movement import reshape
from chainrule.ops.pooling import average_pool, lowest, max_pool
from chainrule.ops.selection import max
from chainrule.ops.windows import PerAxis, sizes, spatial_extents, spatial_rank

__all__ = ["adaptive_average_pool", "adaptive_max_pool"]

_EMPTY = Message(
    "adaptive_pool.empty",
    en="{operation}: x {x} has an empty spatial axis, so there is nothing to pool.",
    zh="{operation}：x {x} 有空的空间轴，没有可池化的元素。",
)


def adaptive_max_pool(x: Any, size: PerAxis) -> Tensor:
    """The largest elements of `size` windows that cover the image, of equal size where it can be divided evenly.

        y[n,k,…,c] = max x[n, ⌊k·height / size⌋ … ⌈(k + 1)·height / size⌉ - 1, …, c]

    Shapes:   x (n, height, width, c) → (n, size₀, size₁, c); one or three spatial axes likewise
    Raises:   ShapeError if there is nothing to pool.
    Source:   PyTorch's rule (AdaptiveMaxPool2d): windows of unequal sizes, which may overlap by one element
    Example:
        >>> adaptive_max_pool([[[1.0], [2.0], [3.0], [4.0], [5.0]]], 3)
        Tensor([[[2.]
          [4.]
          [5.]]], shape=(1, 3, 1), dtype=float32)
    """
    x = as_tensor(x)
    return ADAPTIVE_MAX_POOL(x, size=_outputs("adaptive_max_pool", x, size))


def adaptive_average_pool(x: Any, size: PerAxis) -> Tensor:
    """Means of `size` windows that cover the image, of equal size where it can be divided evenly.

        y[n,k,…,c] = mean x[n, ⌊k·height / size⌋ … ⌈(k + 1)·height / size⌉ - 1, …, c]

    Shapes:   x (n, height, width, c) → (n, size₀, size₁, c); one or three spatial axes likewise
    Raises:   ShapeError if there is nothing to pool.
    Source:   PyTorch's rule (AdaptiveAvgPool2d): windows of unequal sizes, which may overlap by one element
    Example:
        >>> adaptive_average_pool([[[1.0], [2.0], [3.0], [4.0], [5.0]]], 3)
        Tensor([[[1.5]
          [3. ]
          [4.5]]], shape=(1, 3, 1), dtype=float32)
    """
    x = as_floats(x)
    return ADAPTIVE_AVERAGE_POOL(x, size=_outputs("adaptive_average_pool", x, size))


def _outputs(operation: str, x: Tensor, size: PerAxis) -> tuple[int, ...]:
    outputs = sizes(operation, "size", size, spatial_rank(operation, x))
    if 0 in spatial_extents(x.shape):
        raise ShapeError(_EMPTY(operation=operation, x=show_shape(x.shape)))
    return outputs


def _adaptive_max_pool(x: Tensor, *, size: tuple[int, ...]) -> Tensor:
    even = _even_windows(x, size)
    if even:
        return max_pool(x, even)

    def largest(stretches: Tensor, inside: Array, axis: int) -> Tensor:
        return max(where(tensor(inside), stretches, lowest(x.dtype)), axis)

    return _along_each_axis(x, size, largest)


def _adaptive_average_pool(x: Tensor, *, size: tuple[int, ...]) -> Tensor:
    even = _even_windows(x, size)
    if even:
        return average_pool(x, even)

    def mean(stretches: Tensor, inside: Array, axis: int) -> Tensor:
        counts = tensor(inside.sum(1), x.dtype)
        return sum(where(tensor(inside), stretches, 0.0), axis) / counts

    return _along_each_axis(x, size, mean)


ADAPTIVE_MAX_POOL = Composite("adaptive_max_pool", _adaptive_max_pool)
ADAPTIVE_AVERAGE_POOL = Composite("adaptive_average_pool", _adaptive_average_pool)


def _even_windows(x: Tensor, size: tuple[int, ...]) -> list[int]:
    """The sizes of the windows, where each axis is divided evenly."""
    extents = spatial_extents(x.shape)
    even = all(extent % count == 0 for extent, count in zip(extents, size, strict=True))
    return [extent // count for extent, count in zip(extents, size, strict=True)] if even else []


def _along_each_axis(x: Tensor, size: tuple[int, ...], reduce: Callable[[Tensor, Array, int], Tensor]) -> Tensor:
    """Pooled along one axis after the other, the last one first: so the first largest element in row-major order wins.

    Windows repeat: of an axis of g·a elements with g·b windows (a and b without common divisor), every stretch of a
    elements has b windows of its own. `reduce` is given the stretches (…, g, 1, a, rest) and which of their elements
    lie inside of each of the b windows, and takes the axis of a elements away.
    """
    for axis in reversed(range(1, x.ndim - 1)):
        extent, outputs = x.shape[axis], size[axis - 1]
        assert isinstance(extent, int)
        common = math.gcd(extent, outputs)
        length, windows = extent // common, outputs // common
        before, behind = x.shape[:axis], x.shape[axis + 1 :]
        k, place = np.arange(windows)[:, None], np.arange(length)
        inside = (place >= k * length // windows) & (place < -(-(k + 1) * length // windows))
        stretches = reshape(x, (*before, common, 1, length, *behind))
        pooled = reduce(stretches, inside.reshape(windows, length, *(1,) * len(behind)), axis + 2)
        x = reshape(pooled, (*before, outputs, *behind))
    return x
