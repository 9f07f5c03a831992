"""Selection: the largest and smallest elements along axes, and where they are."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ShapeError
from chainrule.graph.dtype import bool_, uint8
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor, apply
from chainrule.messages import Message
from chainrule.ops.axes import Axes, letters, sized_axes, sized_axis
from chainrule.ops.comparison import logical_not
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_tensor
from chainrule.ops.maxima import Maximum, PlaceOfMaximum

__all__ = ["argmax", "argmin", "max", "min"]

_EMPTY = Message(
    "smallest.empty",
    en="{operation}: there is no smallest element among none: shape {shape} has an empty axis there.",
    zh="{operation}：没有元素，无法取最小值：形状 {shape} 在该处有空轴。",
)


def _reduction(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> str:
    names = letters(x)
    kept = ["0" if k in axes else name for k, name in enumerate(names) if keepdims or k not in axes]
    return f"y[{','.join(kept)}] max= x[{','.join(names)}]"


def max(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """The largest element over some axes, or all; NaN if one is. The first largest gets the gradient.

        y[a0] = max x[a0,a1]

    Raises:   ShapeError if an axis does not exist, is empty, or is the batch.
    Example:
        >>> max([[1.0, 5.0], [3.0, 4.0]], axis=1)
        Tensor([5. 4.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    axes = sized_axes("max", axis, x)
    return apply(Maximum(_reduction(x, axes, keepdims)), x) if axes else x


def argmax(x: Any, axis: int = -1) -> Tensor:
    """Where the largest element along an axis is; the first of equal ones. No gradient passes.

    Shapes:   x (…, a, …) → (…, …), int32
    Raises:   ShapeError if the axis does not exist, is empty, or is the batch.
    Example:
        >>> argmax([[1.0, 5.0], [3.0, 3.0]])
        Tensor([1 0], shape=(2,), dtype=int32)
    """
    x = as_tensor(x)
    place, _ = sized_axis("argmax", axis, x)
    return apply(PlaceOfMaximum(_reduction(x, (place,), False)), x)


# ------------------------------------------------------------------------------------------------ smallest elements
def _turned(x: Tensor) -> Tensor:
    """Numbers in the opposite order, each type's own ends for each other; turned twice they are the same again."""
    if x.dtype is bool_:
        return logical_not(x)
    return -x if x.dtype.floating else 255 - x if x.dtype is uint8 else -1 - x


def _min(x: Tensor, *, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    return _turned(max(_turned(x), axes, keepdims=keepdims))


def _argmin(x: Tensor, *, axis: int) -> Tensor:
    return argmax(_turned(x), axis)


MIN, ARGMIN = Composite("min", _min), Composite("argmin", _argmin)


def min(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """The smallest element over some axes, or all; NaN if one is. The first smallest gets the gradient.

        y[a0] = min x[a0,a1]

    Raises:   ShapeError if an axis does not exist, is empty, or is the batch.
    Example:
        >>> min([[1.0, 5.0], [3.0, 4.0]], axis=1)
        Tensor([1. 3.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    axes = sized_axes("min", axis, x)
    if any(x.shape[a] == 0 for a in axes):
        raise ShapeError(_EMPTY(operation="min", shape=show_shape(x.shape)))
    return MIN(x, axes=axes, keepdims=keepdims)


def argmin(x: Any, axis: int = -1) -> Tensor:
    """Where the smallest element along an axis is; the first of equal ones. No gradient passes.

    Shapes:   x (…, a, …) → (…, …), int32
    Raises:   ShapeError if the axis does not exist, is empty, or is the batch.
    Example:
        >>> argmin([[1.0, 5.0], [3.0, 3.0]])
        Tensor([0 0], shape=(2,), dtype=int32)
    """
    x = as_tensor(x)
    place, extent = sized_axis("argmin", axis, x)
    if extent == 0:
        raise ShapeError(_EMPTY(operation="argmin", shape=show_shape(x.shape)))
    return ARGMIN(x, axis=place)
