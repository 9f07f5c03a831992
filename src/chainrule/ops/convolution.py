"""Windows that move along spatial axes: convolutions and average pooling."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import index
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import Batch, show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message, suggestion
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, lift_numbers
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import reshape
from chainrule.ops.parts import pad

__all__ = ["average_pool", "conv1d", "conv2d", "conv3d"]

_CONV_RANK = Message(
    "conv.rank",
    en="{operation}: x {x} needs the axes (batch, {spatial}, channels) and w {w} the axes ({kernel}, channels, "
    "kernels).",
    zh="{operation}：x {x} 需要轴 (batch, {spatial}, channels)，w {w} 需要轴 ({kernel}, channels, kernels)。",
)
_CONV_BATCH = Message(
    "conv.batch",
    en="{operation}: the batch axis of x {x} and w {w} can only be the first of x.",
    zh="{operation}：x {x} 和 w {w} 中的批量轴只能是 x 的第一个轴。",
)
_CONV_DEPTH = Message(
    "conv.depth",
    en="{operation}: axis 'c' is {depth} in x {x} but {kernel_depth} in w {w}{groups}. A kernel's depth must equal its "
    "input's depth{per_group}.",
    zh="{operation}：轴 'c' 在 x {x} 中为 {depth}，但在 w {w} 中为 {kernel_depth}{groups}。"
    "卷积核的深度必须等于输入的深度{per_group}。",
)
_CONV_GROUPS = Message(
    "conv.groups",
    en="{operation}: {groups} groups do not divide {kernels} kernels and {depth} channels evenly.",
    zh="{operation}：{groups} 个分组不能整除 {kernels} 个卷积核和 {depth} 个通道。",
)
_WINDOW_FIT = Message(
    "window.fit",
    en="{operation}: a window of {window} does not fit axis {axis} of x {x}: (W - k + before + after)/s + 1 = "
    "({extent} - {span} + {before} + {after})/{stride} + 1 = {count}. Use a smaller window or more padding.",
    zh="{operation}：长度为 {window} 的窗口放不进 x {x} 的轴 {axis}：(W - k + 前 + 后)/s + 1 = "
    "({extent} - {span} + {before} + {after})/{stride} + 1 = {count}。请使用更小的窗口或更多填充。",
)
_WINDOW_ARGUMENT = Message(
    "window.argument",
    en="{operation}: {name}={value} is not a positive integer, or one for each of the {rank} spatial axes.",
    zh="{operation}：{name}={value} 不是正整数，也不是为 {rank} 个空间轴各给一个的正整数。",
)
_PADDING = Message(
    "window.padding",
    en="{operation}: padding={padding} is not known; use 'valid', 'same', an integer, or (before, after) for "
    "each axis.{suggestion}",
    zh="{operation}：未知的 padding={padding}；请使用 'valid'、'same'、整数，或为每个轴给出 (前, 后)。{suggestion}",
)


_SPATIAL = (
    ("i", "p", "s0", "d0"),
    ("j", "q", "s1", "d1"),
    ("k", "r", "s2", "d2"),
)  # position, window, stride, dilation
PerAxis = int | Sequence[int]
Padding = str | int | Sequence[tuple[int, int]]


def sizes(operation: str, name: str, value: PerAxis, rank: int) -> tuple[int, ...]:
    """One positive integer for each spatial axis."""
    try:
        given = tuple(map(index, value)) if isinstance(value, Iterable) else (index(value),) * rank
    except TypeError:
        given = ()
    if len(given) != rank or min(given, default=0) < 1:
        raise UsageError(_WINDOW_ARGUMENT(operation=operation, name=name, value=repr(value), rank=rank))
    return given


def padded_windows(
    operation: str, x: Tensor, windows: Sequence[int], strides: Sequence[int], dilations: Sequence[int],
    padding: Padding, value: float = 0,
) -> Tensor:  # fmt: skip
    """x with its spatial axes padded, once every window is known to fit.

    'valid' adds nothing; 'same' gives ceil(W/s) positions, the odd element behind (as TensorFlow and Keras do).
    """
    rank = len(windows)
    widths: list[tuple[int, int]] = []
    for k, (window, stride, dilation) in enumerate(zip(windows, strides, dilations, strict=True)):
        extent = x.shape[k + 1]
        assert isinstance(extent, int)
        span = (window - 1) * dilation + 1
        match padding:
            case "valid":
                before, after = 0, 0
            case "same":
                total = max(0, (-(-extent // stride) - 1) * stride + span - extent)
                before, after = total // 2, total - total // 2
            case int() | np.integer() if padding >= 0:
                before = after = int(padding)
            case [*pairs] if [len(p) for p in pairs] == [2] * rank and min(map(min, pairs)) >= 0:
                before, after = pairs[k]
            case _:
                near = suggestion(padding, ("valid", "same")) if isinstance(padding, str) else ""
                raise UsageError(_PADDING(operation=operation, padding=repr(padding), suggestion=near))
        count = (extent - span + before + after) // stride + 1
        if count < 1:
            raise ShapeError(
                _WINDOW_FIT(
                    operation=operation,
                    window=window,
                    axis=k + 1,
                    x=show_shape(x.shape),
                    extent=extent,
                    span=span,
                    before=before,
                    after=after,
                    stride=stride,
                    count=count,
                )
            )
        widths.append((before, after))
    return pad(x, [(0, 0), *widths, (0, 0)], value)


def window_text(rank: int) -> tuple[str, str, str]:
    """The indices of positions, of the array under the windows, and of the window, for a number of spatial axes."""
    used = _SPATIAL[:rank]
    positions = ",".join(i for i, _, _, _ in used)
    under = ",".join(f"{i}*{s}+{p}*{d}" for i, p, s, d in used)
    return positions, under, ",".join(p for _, p, _, _ in used)


def window_attributes(strides: Sequence[int], dilations: Sequence[int]) -> dict[str, int]:
    return {f"s{k}": s for k, s in enumerate(strides)} | {f"d{k}": d for k, d in enumerate(dilations)}


def _convolution(rank: int, grouped: bool) -> Indexed:
    i, under, p = window_text(rank)
    if grouped:
        return Indexed(f"conv{rank}d", f"y[n,{i},g,o] += x[n,{under},g,c] * w[{p},c,g,o]")
    return Indexed(f"conv{rank}d", f"y[n,{i},o] += x[n,{under},c] * w[{p},c,o]")


_CONV = {(rank, grouped): _convolution(rank, grouped) for rank in (1, 2, 3) for grouped in (False, True)}


def _conv(rank: int, x: Any, w: Any, strides: PerAxis, padding: Padding, dilation: PerAxis, groups: int) -> Tensor:
    name = f"conv{rank}d"
    x, w = lift_numbers([x, w])
    if x.ndim != rank + 2 or w.ndim != rank + 2:
        spatial = ", ".join(("depth", "height", "width")[-rank:])
        raise ShapeError(
            _CONV_RANK(
                operation=name,
                x=show_shape(x.shape),
                w=show_shape(w.shape),
                spatial=spatial,
                kernel=", ".join(["window"] * rank),
            )
        )
    if any(isinstance(e, Batch) for e in (*x.shape[1:], *w.shape)):
        raise ShapeError(_CONV_BATCH(operation=name, x=show_shape(x.shape), w=show_shape(w.shape)))
    depth, kernel_depth, kernels = x.shape[-1], w.shape[-2], w.shape[-1]
    assert isinstance(depth, int)
    assert isinstance(kernels, int)
    if groups < 1 or depth % groups or kernels % groups:
        raise ShapeError(_CONV_GROUPS(operation=name, groups=groups, kernels=kernels, depth=depth))
    if kernel_depth != depth // groups:
        many = groups > 1
        raise ShapeError(
            _CONV_DEPTH(
                operation=name,
                depth=depth,
                x=show_shape(x.shape),
                kernel_depth=kernel_depth,
                w=show_shape(w.shape),
                groups=f" (groups={groups})" if many else "",
                per_group=f" / {groups}" if many else "",
            )
        )
    steps, spread = sizes(name, "strides", strides, rank), sizes(name, "dilation", dilation, rank)
    x = padded_windows(name, x, sizes(name, "window", w.shape[:rank], rank), steps, spread, padding)
    attributes = window_attributes(steps, spread)
    if groups == 1:
        return _CONV[rank, False](x, w, **attributes)
    x = reshape(x, (*x.shape[:-1], groups, depth // groups))
    w = reshape(w, (*w.shape[:-1], groups, kernels // groups))
    y = _CONV[rank, True](x, w, **attributes)
    return reshape(y, (*y.shape[:-2], kernels))


def conv1d(
    x: Any, w: Any, *, strides: PerAxis = 1, padding: Padding = "valid", dilation: PerAxis = 1, groups: int = 1
) -> Tensor:
    """Convolution along one axis; the kernel is not flipped (cross-correlation), as in every network.

        y[n,i,o] = Σ x[n, i·s + p·d, c]·w[p,c,o]

    Shapes:   x (n, length, c), w (window, c / groups, o) → (n, (length - window + padding) / s + 1, o)
    Raises:   ShapeError if a window does not fit, or depths differ.
    Example:
        >>> conv1d([[[1.0], [2.0], [4.0]]], [[[1.0]], [[10.0]]])
        Tensor([[[21.]
          [42.]]], shape=(1, 2, 1), dtype=float32)
    """
    return _conv(1, x, w, strides, padding, dilation, groups)


def conv2d(
    x: Any, w: Any, *, strides: PerAxis = 1, padding: Padding = "valid", dilation: PerAxis = 1, groups: int = 1
) -> Tensor:
    """Convolution over height and width; the kernel is not flipped (cross-correlation), as in every network.

        y[n,i,j,o] = Σ x[n, i·s₀ + p·d₀, j·s₁ + q·d₁, c]·w[p,q,c,o]

    `padding`: 'valid', 'same' (output ceil(size / stride), the odd element behind), an integer, or (before, after) for
    each axis.

    Shapes:   x (n, height, width, c), w (kh, kw, c / groups, o) → (n, (height - kh + padding) / s₀ + 1, …, o)
    Raises:   ShapeError if a window does not fit, or depths differ.
    Source:   Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning
    Example:
        >>> conv2d([[[[1.0], [2.0]], [[3.0], [4.0]]]], [[[[1.0]], [[10.0]]]])
        Tensor([[[[21.]]
        <BLANKLINE>
          [[43.]]]], shape=(1, 2, 1, 1), dtype=float32)
    """
    return _conv(2, x, w, strides, padding, dilation, groups)


def conv3d(
    x: Any, w: Any, *, strides: PerAxis = 1, padding: Padding = "valid", dilation: PerAxis = 1, groups: int = 1
) -> Tensor:
    """Convolution over three axes; the kernel is not flipped (cross-correlation), as in every network.

        y[n,i,j,k,o] = Σ x[n, i·s₀ + p·d₀, j·s₁ + q·d₁, k·s₂ + r·d₂, c]·w[p,q,r,c,o]

    Shapes:   x (n, depth, height, width, c), w (kd, kh, kw, c / groups, o) → (n, (depth - kd + padding) / s₀ + 1, …, o)
    Raises:   ShapeError if a window does not fit, or depths differ.
    Example:
        >>> conv3d([[[[[2.0]]]]], [[[[[3.0]]]]])
        Tensor([[[[[6.]]]]], shape=(1, 1, 1, 1, 1), dtype=float32)
    """
    return _conv(3, x, w, strides, padding, dilation, groups)


def _average_pool(x: Tensor, *, window: tuple[int, ...], strides: tuple[int, ...]) -> Tensor:
    rank = len(window)
    i, under, _ = window_text(rank)
    extents = {p: e for (_, p, _, _), e in zip(_SPATIAL, window, strict=False)}
    total = Indexed("window_sum", f"y[n,{i},c] += x[n,{under},c]")(
        x, **window_attributes(strides, (1,) * rank), **extents
    )
    return total / math.prod(window)


AVERAGE_POOL = Composite("average_pool", _average_pool)


def average_pool(x: Any, window: PerAxis, *, strides: PerAxis | None = None) -> Tensor:
    """Mean over windows along the spatial axes; windows step by their own size by default.

        y[n,i,j,c] = 1/|window| Σ x[n, i·s₀ + p, j·s₁ + q, c]

    Shapes:   x (n, height, width, c) → (n, (height - window) / stride + 1, …, c); one or three spatial axes likewise
    Raises:   ShapeError if a window does not fit.
    Example:
        >>> average_pool([[[[1.0], [2.0]], [[3.0], [4.0]]]], 2)
        Tensor([[[[2.5]]]], shape=(1, 1, 1, 1), dtype=float32)
    """
    x = as_floats(x)
    rank = spatial_rank("average_pool", x)
    extents = sizes("average_pool", "window", window, rank)
    steps = sizes("average_pool", "strides", window if strides is None else strides, rank)
    x = padded_windows("average_pool", x, extents, steps, (1,) * rank, "valid")
    return AVERAGE_POOL(x, window=extents, strides=steps)


_POOL_RANK = Message(
    "pool.rank",
    en="{operation}: x {x} needs the axes (batch, one to three spatial axes, channels).",
    zh="{operation}：x {x} 需要轴 (batch, 一到三个空间轴, channels)。",
)


def spatial_rank(operation: str, x: Tensor) -> int:
    if not 3 <= x.ndim <= 5 or any(isinstance(e, Batch) for e in x.shape[1:]):
        raise ShapeError(_POOL_RANK(operation=operation, x=show_shape(x.shape)))
    return x.ndim - 2
