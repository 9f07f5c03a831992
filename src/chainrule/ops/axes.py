"""Axes and sizes as callers give them: counted from either end, one, several or all, NumPy's integers too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index
from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import Batch, Extent, Shape, show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message

_NO_SUCH_AXIS = Message(
    "axes.no_such_axis",
    en="{operation}: axis {axis} does not exist in shape {shape}; axes count from 0 to {last}, or from -1 to -{rank}.",
    zh="{operation}：形状 {shape} 中不存在轴 {axis}；轴编号从 0 到 {last}，或从 -1 到 -{rank}。",
)
_NO_AXES = Message(
    "axes.no_axes",
    en="{operation}: there is no axis {axis}, because this tensor is a single number, without axes.",
    zh="{operation}：不存在轴 {axis}，因为该张量是没有轴的单个数。",
)
_NOT_AN_AXIS = Message(
    "axes.not_an_axis",
    en="{operation}: axis={axis} is not an axis; axes are integers, counted from 0, or from the end with -1.",
    zh="{operation}：axis={axis} 不是轴；轴为整数，从 0 开始编号，或用 -1 从末尾编号。",
)
_TWICE = Message(
    "axes.twice",
    en="{operation}: axes {axes} name an axis of shape {shape} twice. Name each once.",
    zh="{operation}：轴 {axes} 重复指定了形状 {shape} 的某个轴。请每个只指定一次。",
)
_BATCH_AXIS = Message(
    "axes.batch_axis",
    en="{operation}: the batch axis of {shape} cannot be gone along, since samples have no order; choose another axis.",
    zh="{operation}：{shape} 的批量轴没有可遵循的顺序；请选择其他轴。",
)
_NOT_SIZES = Message(
    "axes.not_sizes",
    en="{operation}: {sizes} is neither a size nor a shape; sizes are integers, at least 0, or cr.batch.",
    zh="{operation}：{sizes} 既不是大小也不是形状；大小为非负整数或 cr.batch。",
)

Axes = int | Sequence[int] | None
Sizes = Extent | Sequence[Extent]


def is_several(value: Any) -> bool:
    """Whether this holds numbers and is not one itself, as a tensor or an array without axes is; texts are neither."""
    return isinstance(value, Iterable) and not isinstance(value, str) and getattr(value, "ndim", 1) > 0


def as_shape(operation: str, sizes: Any, *, least: int = 0) -> Shape:
    """One size or several as a shape."""
    try:
        given = sizes if is_several(sizes) else (sizes,)
        shape = tuple(e if isinstance(e, Batch) else index(e) for e in given)
    except TypeError:
        raise ShapeError(_NOT_SIZES(operation=operation, sizes=repr(sizes))) from None
    if any(isinstance(e, int) and e < least for e in shape):
        raise ShapeError(_NOT_SIZES(operation=operation, sizes=show_shape(shape)))
    return shape


def normalized_axis(operation: str, axis: int, x: Tensor) -> int:
    try:
        axis = index(axis)
    except TypeError:
        raise UsageError(_NOT_AN_AXIS(operation=operation, axis=repr(axis))) from None
    if not x.ndim:
        raise ShapeError(_NO_AXES(operation=operation, axis=axis))
    if not -x.ndim <= axis < x.ndim:
        raise ShapeError(
            _NO_SUCH_AXIS(operation=operation, axis=axis, shape=show_shape(x.shape), last=x.ndim - 1, rank=x.ndim)
        )
    return axis % x.ndim


def normalized_axes(operation: str, axes: Axes, x: Tensor) -> tuple[int, ...]:
    """The axes in increasing order; None means all."""
    if axes is None:
        return tuple(range(x.ndim))
    given: Any = axes
    chosen = [normalized_axis(operation, a, x) for a in (given if is_several(given) else [given])]
    if len(set(chosen)) < len(chosen):
        raise ShapeError(_TWICE(operation=operation, axes=axes, shape=show_shape(x.shape)))
    return tuple(sorted(chosen))


def sized_axes(operation: str, axes: Axes, x: Tensor) -> tuple[int, ...]:
    """The axes in increasing order, none of them the batch: those whose elements have an order and a number."""
    chosen = normalized_axes(operation, axes, x)
    if any(isinstance(x.shape[a], Batch) for a in chosen):
        raise ShapeError(_BATCH_AXIS(operation=operation, shape=show_shape(x.shape)))
    return chosen


def sized_axis(operation: str, axis: int, x: Tensor) -> tuple[int, int]:
    """An axis that is not the batch, and its size."""
    place = normalized_axis(operation, axis, x)
    extent = x.shape[place]
    if isinstance(extent, Batch):
        raise ShapeError(_BATCH_AXIS(operation=operation, shape=show_shape(x.shape)))
    return place, extent


def letters(x: Tensor) -> list[str]:
    """A letter for each axis of an index formula."""
    return [f"a{k}" for k in range(x.ndim)]
