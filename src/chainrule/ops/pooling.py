"""Pooling: what stands for a window of an image. Averages are sums of products, and stand with the convolutions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.dtype import DType, bool_
from chainrule.graph.tensor import Tensor, apply
from chainrule.ops.convolution import (
    Padding,
    PerAxis,
    padded_windows,
    sizes,
    spatial_rank,
    window_attributes,
    window_text,
)
from chainrule.ops.kinds.conversion import as_tensor
from chainrule.ops.selection import Maximum

__all__ = ["max_pool"]


def max_pool(x: Any, window: PerAxis, *, strides: PerAxis | None = None, padding: Padding = "valid") -> Tensor:
    """The largest element of windows along the spatial axes; windows step by their own size by default.

        y[n,i,j,c] = max x[n, i·s₀ + p, j·s₁ + q, c]

    Shapes:   x (n, height, width, c) → (n, (height - window) / stride + 1, …, c); one or three spatial axes likewise
    Raises:   ShapeError if a window does not fit.
    Example:
        >>> max_pool([[[[1.0], [2.0]], [[3.0], [4.0]]]], 2)
        Tensor([[[[4.]]]], shape=(1, 1, 1, 1), dtype=float32)
    """
    x = as_tensor(x)
    rank = spatial_rank("max_pool", x)
    extents = sizes("max_pool", "window", window, rank)
    steps = sizes("max_pool", "strides", window if strides is None else strides, rank)
    x = padded_windows("max_pool", x, extents, steps, (1,) * rank, padding, _lowest(x.dtype))
    i, under, p = window_text(rank)
    attributes = window_attributes(steps, (1,) * rank) | dict(zip(p.split(","), extents, strict=True))
    return apply(Maximum(f"y[n,{i},c] max= x[n,{under},c]"), x, **attributes)


def _lowest(dtype: DType) -> float:
    """What is no larger than anything of a type."""
    if dtype is bool_:
        return False
    return -math.inf if dtype.floating else int(np.iinfo(dtype.name).min)
