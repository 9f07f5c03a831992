"""Convolutions: the same kernels at every place."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ShapeError
from chainrule.graph.extent import Batch, show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.kinds.conversion import lift_numbers
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import reshape
from chainrule.ops.windows import Padding, PerAxis, window_text, windows

__all__ = ["conv1d", "conv2d", "conv3d"]

_RANK = Message(
    "conv.rank",
    en="{operation}: x {x} needs the axes (batch, {spatial}, channels) and w {w} the axes ({kernel}).",
    zh="{operation}：x {x} 需要轴 (batch, {spatial}, channels)，w {w} 需要轴 ({kernel})。",
)
_BATCH = Message(
    "conv.batch",
    en="{operation}: the batch axis of x {x} and w {w} can only be the first of x.",
    zh="{operation}：x {x} 和 w {w} 中的批量轴只能是 x 的第一个轴。",
)
_DEPTH = Message(
    "conv.depth",
    en="{operation}: axis 'c' is {depth} in x {x} but {kernel_depth} in w {w}{groups}. A kernel's depth must equal its "
    "input's depth{per_group}.",
    zh="{operation}：轴 'c' 在 x {x} 中为 {depth}，但在 w {w} 中为 {kernel_depth}{groups}。"
    "卷积核的深度必须等于输入的深度{per_group}。",
)
_GROUPS = Message(
    "conv.groups",
    en="{operation}: {groups} groups do not divide the {depth} channels of x {x} and {kernels} kernels evenly. Use a "
    "number of groups that divides both.",
    zh="{operation}：{groups} 个分组不能整除 x {x} 的 {depth} 个通道和 {kernels} 个卷积核。"
    "请使用能同时整除两者的分组数。",
)


def _convolution(rank: int, grouped: bool) -> Indexed:
    i, under, p = window_text(rank)
    if grouped:
        return Indexed(f"conv{rank}d", f"y[n,{i},g,o] += x[n,{under},g,c] * w[{p},c,g,o]")
    return Indexed(f"conv{rank}d", f"y[n,{i},o] += x[n,{under},c] * w[{p},c,o]")


_CONV = {(rank, grouped): _convolution(rank, grouped) for rank in (1, 2, 3) for grouped in (False, True)}


def operands(operation: str, rank: int, x: Any, w: Any, kernel: tuple[str, str]) -> tuple[Tensor, Tensor]:
    """Images and kernels with as many axes as they should have; `kernel` is what the last two axes of w are called."""
    x, w = lift_numbers([x, w])
    if x.ndim != rank + 2 or w.ndim != rank + 2:
        spatial = ", ".join(("depth", "height", "width")[-rank:]) if rank > 1 else "length"
        named = ", ".join(["window"] * rank + list(kernel))
        raise ShapeError(
            _RANK(operation=operation, x=show_shape(x.shape), w=show_shape(w.shape), spatial=spatial, kernel=named)
        )
    if any(isinstance(e, Batch) for e in (*x.shape[1:], *w.shape)):
        raise ShapeError(_BATCH(operation=operation, x=show_shape(x.shape), w=show_shape(w.shape)))
    return x, w


def check_depths(operation: str, x: Tensor, w: Tensor, kernel_depth: int, kernels: int, groups: int) -> None:
    """Refuse channels that groups do not divide, and kernels that see another number of channels than a group has."""
    depth = channels(x)
    if groups < 1 or depth % groups or kernels % groups:
        raise ShapeError(
            _GROUPS(operation=operation, groups=groups, kernels=kernels, depth=depth, x=show_shape(x.shape))
        )
    if kernel_depth != depth // groups:
        many = groups > 1
        raise ShapeError(
            _DEPTH(
                operation=operation,
                depth=depth,
                x=show_shape(x.shape),
                kernel_depth=kernel_depth,
                w=show_shape(w.shape),
                groups=f" (groups={groups})" if many else "",
                per_group=f" / {groups}" if many else "",
            )
        )


def channels(x: Tensor) -> int:
    """The size of the last axis."""
    size = x.shape[-1]
    assert isinstance(size, int)
    return size


def _conv(rank: int, x: Any, w: Any, strides: PerAxis, padding: Padding, dilation: PerAxis, groups: int) -> Tensor:
    name = f"conv{rank}d"
    x, w = operands(name, rank, x, w, ("channels", "kernels"))
    *window, kernel_depth, kernels = (e for e in w.shape if isinstance(e, int))
    check_depths(name, x, w, kernel_depth, kernels, groups)
    moved = windows(name, rank, tuple(window), strides, dilation)
    x = moved.padded(x, padding)
    if groups == 1:
        return _CONV[rank, False](x, w, **moved.steps)
    x = reshape(x, (*x.shape[:-1], groups, kernel_depth))
    w = reshape(w, (*w.shape[:-1], groups, kernels // groups))
    y = _CONV[rank, True](x, w, **moved.steps)
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

    `padding`: 'valid', 'same' (output ceil(size / stride), the odd element behind), an integer, or for each axis an
    integer or (before, after).

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
