"""The part of a signal that is computed, and what a system makes of it.

A signal goes on for ever in both directions; a window of it is an array, outside of which it is zero: a series (n,), a
picture (rows, columns). A system is any function from such a window to one of the same shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, ShapeError, UsageError
from chainrule.messages import Message
from chainrule.ops.axes import is_several

__all__ = ["System"]

Array = NDArray[Any]
System = Callable[[Array], Any]

_SIZES = Message(
    "system.window",
    en="{function}: shape={shape} is no window; give its length, or one positive integer for each axis.",
    zh="{function}：shape={shape} 不是窗口；请给出长度，或为每个轴给出一个正整数。",
)
_SYSTEM = Message(
    "system.callable",
    en="{function}: the system is {given}, but a system is a function from a signal, an array, to its response.",
    zh="{function}：给出的系统是 {given}，而系统应是把信号（数组）变成响应的函数。",
)
_SHAPE = Message(
    "system.shape",
    en="{function}: the system's response to a signal of shape {signal} has shape {response}. In a window a system "
    "gives one number for each place: keep the shape, as mode='same' does, or cut the response to it.",
    zh="{function}：系统对形状为 {signal} 的信号的响应形状为 {response}。在窗口内，系统应为每个位置给出一个数："
    "请保持形状（如 mode='same'），或把响应裁剪到同样的形状。",
)
_FINITE = Message(
    "system.finite",
    en="{function}: the system's response to an ordinary signal has {count} numbers that are not finite, the first at "
    "{place}. Such a system is neither linear nor not; keep its signals in the range where it is defined.",
    zh="{function}：系统对普通信号的响应中有 {count} 个非有限数，第一个位于 {place}。这样的系统谈不上是否线性；"
    "请让信号保持在系统有定义的范围内。",
)


def window_shape(function: str, shape: Any) -> tuple[int, ...]:
    """A window's sizes from what callers give: a length, or a size for each axis."""
    try:
        sizes = tuple(map(index, shape)) if is_several(shape) else (index(shape),)
    except TypeError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise UsageError(_SIZES(function=function, shape=repr(shape)))
    return sizes


def shifted(x: Array, shift: Sequence[int], outside: float = 0.0) -> Array:
    """y[n] = x[n − shift] in the same window; what comes from outside of it is `outside`."""
    moved = np.full_like(x, outside)
    if any(abs(k) >= size for k, size in zip(shift, x.shape, strict=True)):
        return moved
    to = tuple(slice(max(0, k), size + min(0, k)) for k, size in zip(shift, x.shape, strict=True))
    source = tuple(slice(max(0, -k), size + min(0, -k)) for k, size in zip(shift, x.shape, strict=True))
    moved[to] = x[source]
    return moved


def response_of(function: str, system: System, x: Array) -> Array:
    """A system's response as float numbers, once it has x's shape and is finite."""
    if not callable(system):
        raise UsageError(_SYSTEM(function=function, given=type(system).__name__))
    y = np.asarray(system(x.copy()))
    y = y if np.issubdtype(y.dtype, np.floating) else y.astype(np.float64)
    if y.shape != x.shape:
        raise ShapeError(_SHAPE(function=function, response=y.shape, signal=x.shape))
    wrong = np.argwhere(~np.isfinite(y))
    if len(wrong):
        raise DataError(_FINITE(function=function, count=len(wrong), place=place_text(wrong[0])))
    return y


def place_text(place: Sequence[int]) -> str:
    """A place as it is written behind a signal's name: [3], [0, 2]."""
    return f"[{', '.join(str(int(k)) for k in place)}]"
