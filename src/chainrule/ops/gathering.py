"""Gathering and scattering: elements at places given by integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from chainrule.errors import DataError, DTypeError, ShapeError
from chainrule.graph.affine import Affine
from chainrule.graph.dtype import DType, as_dtype, bool_, float32
from chainrule.graph.expression import (
    Buffer,
    Index,
    Read,
    zero,
)  # fmt: skip
from chainrule.graph.extent import Extent, Shape, concrete_shape, show_shape
from chainrule.graph.loopnest import LoopNest, Output, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.tensor import Tensor, apply, built_at
from chainrule.messages import Message
from chainrule.ops.axes import as_shape, normalized_axis
from chainrule.ops.creation import arange
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_tensor, cast
from chainrule.ops.movement import all_batched, reshape, transpose

__all__ = ["gather", "one_hot", "scatter_add"]

_INTEGERS = Message(
    "gather.integers",
    en="{operation}: indices must be integers, but are {dtype}. Convert them with cr.cast(indices, 'int32').",
    zh="{operation}：下标必须是整数，但为 {dtype}。请用 cr.cast(indices, 'int32') 转换。",
)
_OUT_OF_RANGE = Message(
    "gather.out_of_range",
    en="{operation}: index {index} is out of range for {size} elements{built_at}. Indices count from 0.",
    zh="{operation}：下标 {index} 超出 {size} 个元素的范围{built_at}。下标从 0 开始。",
)
_SHAPES = Message(
    "gather.shapes",
    en="{operation}: indices {indices} do not fit {shape}: leading axes must be equal.",
    zh="{operation}：下标 {indices} 与 {shape} 不符：前导轴必须相等。",
)


class _Gather(Primitive):
    """y[b…, i…, r…] = x[b…, index[b…, i…], r…], with `batch_dims` axes b."""

    name = "gather"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        x, indices = inputs
        b = attributes["batch_dims"]
        _check_indices(self.name, x.shape, indices, b)
        return Type((*indices.shape, *x.shape[b + 1 :]), x.dtype)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        x, indices = inputs
        b = y.attributes["batch_dims"]
        _check_range(self.name, indices, x.shape[b], y.where)
        return np.asarray(x[_coordinates(indices, b)])

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        x, indices = inputs
        axes = axes_of(output)
        b, rank = y.attributes["batch_dims"], len(indices.shape)
        at = tuple(map(Affine.of, axes))
        return (nest(axes, output, Read(x, (*at[:b], Read(indices, at[:rank]), *at[rank:]))),)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None if tangents[0] is None else apply(self, tangents[0], y.inputs[1], **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        b = y.attributes["batch_dims"]
        return [apply(SCATTER_ADD, cotangent, y.inputs[1], batch_dims=b, extent=y.inputs[0].shape[b]), None]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        b = y.attributes["batch_dims"]
        if not batched[0] and b == 0:
            return apply(self, *inputs, batch_dims=0)
        return apply(self, *all_batched(inputs, batched), batch_dims=b + 1)


class _ScatterAdd(Primitive):
    """y[b…, index[b…, i…], r…] += x[b…, i…, r…], y with `extent` elements there; transpose of gather."""

    name = "scatter_add"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        updates, indices = inputs
        b = attributes["batch_dims"]
        _check_indices(self.name, updates.shape, indices, indices.ndim)
        return Type((*updates.shape[:b], attributes["extent"], *updates.shape[indices.ndim :]), updates.dtype)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        updates, indices = inputs
        b = y.attributes["batch_dims"]
        result = np.zeros(concrete_shape(y.shape, batch), updates.dtype)
        _check_range(self.name, indices, result.shape[b], y.where)
        np.add.at(result, _coordinates(indices, b), updates)
        return result

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        updates, indices = inputs
        axes = axes_of(updates)
        b, rank = y.attributes["batch_dims"], len(indices.shape)
        at = tuple(map(Affine.of, axes))
        target: tuple[Index, ...] = (*at[:b], Read(indices, at[:rank]), *at[rank:])
        scatter = LoopNest(tuple(axes), (Output(output, target, Read(updates, at), accumulate=True),))
        return (nest(axes_of(output), output, zero(output.dtype)), scatter)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None if tangents[0] is None else apply(self, tangents[0], y.inputs[1], **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [apply(GATHER, cotangent, y.inputs[1], batch_dims=y.attributes["batch_dims"]), None]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        more = {**y.attributes, "batch_dims": y.attributes["batch_dims"] + 1}
        return apply(self, *all_batched(inputs, batched), **more)


GATHER, SCATTER_ADD = _Gather(), _ScatterAdd()


def _coordinates(indices: Array, batch_dims: int) -> tuple[Array, ...]:
    """The indices with a coordinate for each batch axis before them, for NumPy's indexing by arrays."""
    lead = [
        np.arange(indices.shape[k]).reshape([-1 if j == k else 1 for j in range(indices.ndim)])
        for k in range(batch_dims)
    ]
    return (*lead, indices)


def _check_indices(operation: str, shape: Shape, indices: Tensor, shared: int) -> None:
    if indices.dtype.floating or indices.dtype is bool_:
        raise DTypeError(_INTEGERS(operation=operation, dtype=indices.dtype))
    if shape[:shared] != indices.shape[:shared]:
        raise ShapeError(_SHAPES(operation=operation, indices=show_shape(indices.shape), shape=show_shape(shape)))


def _check_range(operation: str, indices: Array, size: int, where: str) -> None:
    wrong = (indices < 0) | (indices >= size)
    if wrong.any():
        index, at = int(indices[wrong][0]), built_at(where)
        raise DataError(_OUT_OF_RANGE(operation=operation, index=index, size=size, built_at=at))


def gather(x: Any, indices: Any, axis: int = 0, *, batch_dims: int = 0) -> Tensor:
    """Elements of x along an axis, at integer places; the axes of the indices stand where that axis was.

        y[i…, r] = x[index[i…], r]

    `batch_dims` leading axes belong to x and the indices alike; `axis` then is counted behind them.

    Shapes:   x (b…, …, a, …), indices (b…, i…) → (b…, …, i…, …)
    Raises:   DTypeError if indices are not integers; DataError if one is out of range.
    Example:
        >>> gather([10.0, 20.0, 30.0], [2, 0])
        Tensor([30. 10.], shape=(2,), dtype=float32)
    """
    x, indices = as_tensor(x), as_tensor(indices)
    b = batch_dims
    axis = b + axis if axis >= 0 else axis
    place = normalized_axis("gather", axis, x)
    order = [*range(b), place, *(k for k in range(b, x.ndim) if k != place)]
    y = apply(GATHER, transpose(x, order) if place != b else x, indices, batch_dims=b)
    if place == b:
        return y
    inner, before = indices.ndim - b, place - b  # y has b…, i…, the axes before and behind
    back = [*range(b), *range(b + inner, b + inner + before), *range(b, b + inner), *range(b + inner + before, y.ndim)]
    return transpose(y, back)


def scatter_add(updates: Any, indices: Any, extent: Extent) -> Tensor:
    """Zeros, with each update added at its integer place along the first axis; the transpose of gather.

        y[index[i…], r] += x[i…, r]

    Shapes:   updates (i…, r…), indices (i…) → (extent, r…)
    Raises:   DTypeError if indices are not integers; DataError if one is out of range.
    Example:
        >>> scatter_add([1.0, 2.0, 3.0], [0, 2, 0], 3)
        Tensor([4. 0. 2.], shape=(3,), dtype=float32)
    """
    return apply(SCATTER_ADD, as_tensor(updates), as_tensor(indices), batch_dims=0, extent=extent)


def _one_hot(labels: Tensor, *, classes: int, dtype: DType) -> Tensor:
    return cast(reshape(labels, (*labels.shape, 1)) == arange(classes), dtype)


ONE_HOT = Composite("one_hot", _one_hot)


def one_hot(labels: Any, classes: int, dtype: DType | DTypeLike = float32) -> Tensor:
    """A row of zeros with a one at each label; a label outside 0 … classes - 1 gives zeros only.

    Shapes:   labels (…) → (…, classes)
    Raises:   DTypeError if labels are not integers.
    Example:
        >>> one_hot([2, 0], 3)
        Tensor([[0. 0. 1.]
         [1. 0. 0.]], shape=(2, 3), dtype=float32)
    """
    labels = as_tensor(labels)
    if labels.dtype.floating or labels.dtype is bool_:
        raise DTypeError(_INTEGERS(operation="one_hot", dtype=labels.dtype))
    (count,) = as_shape("one_hot", classes)
    return ONE_HOT(labels, classes=count, dtype=as_dtype(dtype))
