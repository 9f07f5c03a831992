"""Axes as callers name them: counted from either end, one, several or all."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.errors import ShapeError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message

_NO_SUCH_AXIS = Message(
    "axes.no_such_axis",
    en="{operation}: axis {axis} does not exist in shape {shape}; axes count from 0 to {last}, or from -1 to -{rank}.",
    zh="{operation}：形状 {shape} 中不存在轴 {axis}；轴编号从 0 到 {last}，或从 -1 到 -{rank}。",
)
_TWICE = Message(
    "axes.twice",
    en="{operation}: axes {axes} name an axis of shape {shape} twice.",
    zh="{operation}：轴 {axes} 重复指定了形状 {shape} 的某个轴。",
)

Axes = int | Sequence[int] | None


def normalized_axis(operation: str, axis: int, x: Tensor) -> int:
    if not -x.ndim <= axis < x.ndim:
        raise ShapeError(
            _NO_SUCH_AXIS(operation=operation, axis=axis, shape=show_shape(x.shape), last=x.ndim - 1, rank=x.ndim)
        )
    return axis % x.ndim


def normalized_axes(operation: str, axes: Axes, x: Tensor) -> tuple[int, ...]:
    """The axes in increasing order; None means all."""
    if axes is None:
        return tuple(range(x.ndim))
    chosen = [normalized_axis(operation, a, x) for a in ([axes] if isinstance(axes, int) else axes)]
    if len(set(chosen)) < len(chosen):
        raise ShapeError(_TWICE(operation=operation, axes=axes, shape=show_shape(x.shape)))
    return tuple(sorted(chosen))


def letters(x: Tensor) -> list[str]:
    """A letter for each axis of an index formula."""
    return [f"a{k}" for k in range(x.ndim)]
