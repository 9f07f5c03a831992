"""Selection: the largest elements and where they are, elements at places given by integers, running totals."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from chainrule.errors import DataError, DTypeError, ShapeError
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import DType, as_dtype, bool_, float32, int32, int64
from chainrule.graph.expression import (
    LARGEST,
    PLACE_OF_LARGEST,
    SUM,
    Buffer,
    Coordinate,
    Expression,
    Guard,
    Index,
    Read,
    Reduce,
    call,
    zero,
)  # fmt: skip
from chainrule.graph.extent import Batch, Extent, Shape, concrete, concrete_shape, show_shape
from chainrule.graph.formula import parse_index_formula
from chainrule.graph.gather import gather as gathering_nests
from chainrule.graph.indexing import Indexing, resolve
from chainrule.graph.loopnest import LoopNest, Output, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.scalar import ADD, AND, EQUAL, GREATER, IS_NAN, LESS, NOT, OR, WHERE, convert
from chainrule.graph.special import select
from chainrule.graph.tensor import Tensor, apply
from chainrule.messages import Message
from chainrule.ops.axes import Axes, as_shape, letters, normalized_axes, normalized_axis
from chainrule.ops.contraction import (
    Padding,
    Sizes,
    counted,
    padded_windows,
    sizes,
    spatial_rank,
    window_attributes,
    window_text,
)
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_tensor, cast
from chainrule.ops.kinds.indexed import batched_text, fresh_letter, placed, view
from chainrule.ops.movement import arange, broadcast_to, reshape, transpose

__all__ = ["argmax", "cumulative_sum", "gather", "max", "max_pool", "one_hot", "scatter_add", "top_k"]

_EMPTY = Message(
    "largest.empty",
    en="{operation}: there is no largest element among none: shape {shape} has an empty axis there.",
    zh="{operation}：没有元素，无法取最大值：形状 {shape} 在该处有空轴。",
)
_INTEGERS = Message(
    "gather.integers",
    en="{operation}: indices must be integers, but are {dtype}. Convert them with cr.cast(indices, 'int32').",
    zh="{operation}：下标必须是整数，但为 {dtype}。请用 cr.cast(indices, 'int32') 转换。",
)
_OUT_OF_RANGE = Message(
    "gather.out_of_range",
    en="{operation}: index {index} is out of range for {size} elements (built at {where}). Indices count from 0.",
    zh="{operation}：下标 {index} 超出 {size} 个元素的范围（构建于 {where}）。下标从 0 开始。",
)
_SHAPES = Message(
    "gather.shapes",
    en="{operation}: indices {indices} do not fit {shape}: leading axes must be equal.",
    zh="{operation}：下标 {indices} 与 {shape} 不符：前导轴必须相等。",
)
_TOP_K = Message(
    "top_k.too_many",
    en="top_k: the last axis of {shape} does not have {k} elements; k is between 1 and its size.",
    zh="top_k：{shape} 的最后一轴没有 {k} 个元素；k 应在 1 与其大小之间。",
)
_BATCH_AXIS = Message(
    "selection.batch_axis",
    en="{operation}: the batch axis of {shape} cannot be gone along, since samples have no order; choose another axis.",
    zh="{operation}：{shape} 的批量轴没有可遵循的顺序；请选择其他轴。",
)


# ------------------------------------------------------------------------------------------- the largest of a window
@dataclass(frozen=True)
class _Windowed(Primitive):
    """An operation on windows, told by an index formula: axes that the output does not have run over the window.

    A place is a number: that of a point of the window, in row-major order. Four operations belong together: `maximum`
    and `place` of the largest element, `pick` (the element at a place) and its transpose `put`.
    """

    formula: str

    def resolved(self, x: Shape, attributes: Attributes) -> Indexing:
        return resolve(self.name, self.formula, (x,), {k: v for k, v in attributes.items() if k != "under"})

    def batched(self) -> str:
        parsed, letter = parse_index_formula(self.formula), fresh_letter(self.formula)
        return f"{batched_text(parsed.output.text, letter)} max= {batched_text(parsed.factors[0].text, letter)}"


def _place(window: Sequence[Axis]) -> Affine:
    total, step = Affine(), 1
    for axis in reversed(window):
        assert isinstance(axis.extent, int)
        total, step = total + Affine.of(axis, step), step * axis.extent
    return total


def _windows(x: Array, indexing: Indexing, batch: int | None) -> Array:
    """x with the output's axes in front and the window's behind; the same memory."""
    extents = {a: concrete(a.extent, batch) for a in indexing.axes}
    (index,) = indexing.factors
    order = list(dict.fromkeys(a for i in index for a in i.axes))
    wanted = [a for i in indexing.output for a in i.axes] + list(indexing.reduced)
    return view(x, index, extents).transpose([order.index(a) for a in wanted])


def _flat(windows: Array, window: Sequence[Axis]) -> Array:
    outer = windows.ndim - len(window)
    return windows.reshape(*windows.shape[:outer], math.prod(windows.shape[outer:]))


def _points(windows: Array, shape: tuple[int, ...]) -> list[Array]:
    """The windows' elements at each point, one array for all windows."""
    lead: tuple[Any, ...] = (slice(None),) * (windows.ndim - len(shape))
    return [windows[(*lead, *point, ...)] for point in product(*map(range, shape))]


_FOLDED = 64  # windows up to this size are folded point by point: NumPy's own reduction is slow along short axes


class _Maximum(_Windowed):
    name = "max"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        indexing = self.resolved(inputs[0].shape, attributes)
        if any(a.extent == 0 for a in indexing.reduced):
            raise ShapeError(_EMPTY(operation="max", shape=show_shape(inputs[0].shape)))
        return Type(indexing.shape, inputs[0].dtype)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        indexing = self.resolved(y.inputs[0].shape, y.attributes)
        windows = _windows(inputs[0], indexing, batch)
        shape = tuple(concrete(a.extent, batch) for a in indexing.reduced)
        if math.prod(shape) > _FOLDED:
            best: Array = _flat(windows, indexing.reduced).max(-1)
        else:
            best = functools.reduce(np.maximum, _points(windows, shape))
        return np.asarray(best).reshape(concrete_shape(y.shape, batch))

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        indexing = self.resolved(y.inputs[0].shape, y.attributes)
        read = Read(inputs[0], indexing.factors[0])
        value = Reduce(LARGEST, indexing.reduced, (read,)) if indexing.reduced else read
        return (nest([a for i in indexing.output for a in i.axes], output, value, indexing.output),)

    def _places(self, y: Tensor) -> Tensor:
        return apply(_PlaceOf(self.formula), y.inputs[0], **y.attributes)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        if tangents[0] is None:
            return None
        return apply(_Pick(self.formula), tangents[0], self._places(y), **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [_put(self.formula, cotangent, self._places(y), y.inputs[0].shape, y.attributes)]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return apply(type(self)(self.batched()), *inputs, **y.attributes)


class _PlaceOf(_Maximum):
    """Where the first largest element (or the first NaN) of each window is."""

    name = "argmax"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return Type(super().infer(inputs, attributes).shape, int32)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        indexing = self.resolved(y.inputs[0].shape, y.attributes)
        windows = _windows(inputs[0], indexing, batch)
        shape = tuple(concrete(a.extent, batch) for a in indexing.reduced)
        if math.prod(shape) > _FOLDED:
            place: Array = _flat(windows, indexing.reduced).argmax(-1)
        else:
            parts = _points(windows, shape)
            best = functools.reduce(np.maximum, parts)
            lost = np.isnan(best).any()
            place, later = np.zeros(best.shape, np.int32), np.ones(best.shape, bool)
            for part in parts[:-1]:  # the place is the number of parts before the first that is the largest
                later &= ~((part == best) | np.isnan(part)) if lost else part != best
                place += later
        return place.astype(np.int32).reshape(concrete_shape(y.shape, batch))

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        indexing = self.resolved(y.inputs[0].shape, y.attributes)
        place = call(convert(int32), Coordinate(_place(indexing.reduced)))
        read = Read(inputs[0], indexing.factors[0])
        value = Reduce(PLACE_OF_LARGEST, indexing.reduced, (read, place), 1) if indexing.reduced else zero(int32)
        return (nest([a for i in indexing.output for a in i.axes], output, value, indexing.output),)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [None]


class _Pick(_Windowed):
    """The element of each window at a place; linear in x."""

    name = "pick"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return Type(self.resolved(inputs[0].shape, attributes).shape, inputs[0].dtype)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        indexing = self.resolved(y.inputs[0].shape, y.attributes)
        flat = _flat(_windows(inputs[0], indexing, batch), indexing.reduced)
        place = inputs[1].reshape((*flat.shape[:-1], 1))
        return np.take_along_axis(flat, place, -1).reshape(concrete_shape(y.shape, batch))

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        indexing = self.resolved(y.inputs[0].shape, y.attributes)
        here = _at_place(inputs[1], indexing, Read(inputs[0], indexing.factors[0]))
        value = Reduce(SUM, indexing.reduced, (here,)) if indexing.reduced else here
        return (nest([a for i in indexing.output for a in i.axes], output, value, indexing.output),)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None if tangents[0] is None else apply(self, tangents[0], y.inputs[1], **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [_put(self.formula, cotangent, y.inputs[1], y.inputs[0].shape, y.attributes), None]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return apply(_Pick(self.batched()), *all_batched(inputs, batched), **y.attributes)


class _Put(_Windowed):
    """Zeros, but for each window's element at a place; elements that fall together are added. Transpose of pick."""

    name = "put"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return Type(attributes["under"], inputs[0].dtype)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        indexing = self.resolved(y.shape, y.attributes)
        extents = {a: concrete(a.extent, batch) for a in indexing.axes}
        outer = tuple(a for i in indexing.output for a in i.axes)
        shape = [extents[a] for a in outer]
        window = [extents[a] for a in indexing.reduced]
        if math.prod(window) <= _FOLDED:
            result = np.zeros(concrete_shape(y.shape, batch), inputs[0].dtype)
            x, place = (array.reshape(shape) for array in inputs)
            for k, part in enumerate(_points(_windows(result, indexing, batch), tuple(window))):
                part += select(place == k, x, x.dtype.type(0))  # no two windows have one element at the same point
            return result
        here = inputs[1].reshape(*shape, 1) == np.arange(math.prod(window), dtype=np.int32)
        value = select(here, inputs[0].reshape(*shape, 1), inputs[0].dtype.type(0)).reshape(shape + window)
        (index,) = indexing.factors
        order = list(dict.fromkeys(a for i in index for a in i.axes))
        value = value.transpose([(*outer, *indexing.reduced).index(a) for a in order])
        return placed(value, index, concrete_shape(y.shape, batch), extents)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        indexing = self.resolved(y.shape, y.attributes)
        here = _at_place(inputs[1], indexing, Read(inputs[0], indexing.output))
        return gathering_nests(output, indexing.factors[0], indexing.axes, here)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None if tangents[0] is None else apply(self, tangents[0], y.inputs[1], **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        attributes = {k: v for k, v in y.attributes.items() if k != "under"}
        return [apply(_Pick(self.formula), cotangent, y.inputs[1], **attributes), None]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        filled = all_batched(inputs, batched)
        under = (filled[0].shape[0], *y.attributes["under"])
        return apply(_Put(self.batched()), *filled, **{**y.attributes, "under": under})


def _at_place(places: Buffer, indexing: Indexing, value: Expression) -> Expression:
    """The value at the window's point that is the place, zero at the others."""
    here = call(EQUAL, Read(places, indexing.output), call(convert(int32), Coordinate(_place(indexing.reduced))))
    return call(WHERE, here, value, zero(value.dtype))


def _put(formula: str, cotangent: Tensor, places: Tensor, under: Shape, attributes: Attributes) -> Tensor:
    return apply(_Put(formula), cotangent, places, **{**attributes, "under": under})


def all_batched(inputs: Sequence[Tensor], batched: Sequence[bool]) -> list[Tensor]:
    """The inputs, those without the batch axis repeated along it."""
    size = next(x.shape[0] for x, b in zip(inputs, batched, strict=True) if b)
    return [x if b else broadcast_to(x, (size, *x.shape)) for x, b in zip(inputs, batched, strict=True)]


def _reduction(operation: str, x: Tensor, axes: tuple[int, ...], keepdims: bool) -> str:
    names = letters(x)
    kept = ["0" if k in axes else name for k, name in enumerate(names) if keepdims or k not in axes]
    if any(isinstance(x.shape[a], Batch) for a in axes):
        raise ShapeError(_BATCH_AXIS(operation=operation, shape=show_shape(x.shape)))
    return f"y[{','.join(kept)}] max= x[{','.join(names)}]"


def max(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """The largest element over some axes, or all; NaN if one is. The first largest gets the gradient.

        y[a0] = max x[a0,a1]

    Raises:   ShapeError if an axis does not exist, or is empty.
    Example:
        >>> max([[1.0, 5.0], [3.0, 4.0]], axis=1)
        Tensor([5. 4.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    axes = normalized_axes("max", axis, x)
    return apply(_Maximum(_reduction("max", x, axes, keepdims)), x) if axes else x


def argmax(x: Any, axis: int = -1) -> Tensor:
    """Where the largest element along an axis is; the first of equal ones. No gradient passes.

    Shapes:   x (…, a, …) → (…, …), int32
    Raises:   ShapeError if the axis does not exist, or is empty.
    Example:
        >>> argmax([[1.0, 5.0], [3.0, 3.0]])
        Tensor([1 0], shape=(2,), dtype=int32)
    """
    x = as_tensor(x)
    return apply(_PlaceOf(_reduction("argmax", x, (normalized_axis("argmax", axis, x),), False)), x)


def max_pool(x: Any, window: Sizes, *, strides: Sizes | None = None, padding: Padding = "valid") -> Tensor:
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
    return apply(_Maximum(f"y[n,{i},c] max= x[n,{under},c]"), x, **attributes)


def _lowest(dtype: DType) -> float:
    """What is no larger than anything of a type."""
    if dtype is bool_:
        return False
    return -math.inf if dtype.floating else int(np.iinfo(dtype.name).min)


# ------------------------------------------------------------------------------------------------ gather and scatter
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
        raise DataError(_OUT_OF_RANGE(operation=operation, index=int(indices[wrong][0]), size=size, where=where))


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


# ------------------------------------------------------------------------------------------------- order and totals
class _TopPlaces(Primitive):
    """Where the k largest elements along the last axis are, largest first; NaN above all, equals in their own order."""

    name = "top_places"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        x, k = inputs[0], attributes["k"]
        if not x.shape or isinstance(x.shape[-1], Batch) or not 1 <= k <= x.shape[-1]:
            raise ShapeError(_TOP_K(shape=show_shape(x.shape), k=k))
        return Type((*x.shape[:-1], k), int32)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        (x,) = inputs  # a stable sort of the reversed elements, read backwards: equal ones come in their own order
        order = np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1]
        places: Array = x.shape[-1] - 1 - order[..., : y.attributes["k"]]
        return places.astype(np.int32)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        (x,) = inputs
        *outer, rank = axes_of(output)
        element, other = Axis("i", x.shape[-1]), Axis("j", x.shape[-1])
        at = tuple(map(Affine.of, outer))
        mine, its = Read(x, (*at, Affine.of(element))), Read(x, (*at, Affine.of(other)))
        larger, equal = call(GREATER, its, mine), call(EQUAL, its, mine)
        if x.dtype.floating:
            larger = call(OR, larger, call(AND, call(IS_NAN, its), call(NOT, call(IS_NAN, mine))))
            equal = call(OR, equal, call(AND, call(IS_NAN, its), call(IS_NAN, mine)))
        earlier = call(LESS, Coordinate(Affine.of(other)), Coordinate(Affine.of(element)))
        before = call(convert(int64), call(OR, larger, call(AND, equal, earlier)))
        position = Reduce(SUM, (other,), (before,))
        here = call(
            WHERE, call(EQUAL, position, Coordinate(Affine.of(rank))), Coordinate(Affine.of(element)), zero(int64)
        )
        return (nest((*outer, rank), output, call(convert(int32), Reduce(SUM, (element,), (here,)))),)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [None]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return apply(self, *inputs, **y.attributes)


class _CumulativeSum(Primitive):
    """Running totals along an axis, from the first element on or, reversed, from the last."""

    name = "cumulative_sum"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        x = inputs[0]
        if isinstance(x.shape[attributes["axis"]], Batch):
            raise ShapeError(_BATCH_AXIS(operation=self.name, shape=show_shape(x.shape)))
        return x.type

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        (x,) = inputs
        axis = y.attributes["axis"]
        if y.attributes["reverse"]:
            return np.flip(np.cumsum(np.flip(x, axis), axis, dtype=x.dtype), axis)
        return np.cumsum(x, axis, dtype=x.dtype)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        axes = axes_of(output)
        k = y.attributes["axis"]
        along, extent = axes[k], axes[k].extent
        assert isinstance(extent, int)
        here = Affine.of(along, -1) + (extent - 1) if y.attributes["reverse"] else Affine.of(along)
        back = here + (1 if y.attributes["reverse"] else -1)

        def at(position: Affine) -> tuple[Affine, ...]:
            return tuple(position if a is along else Affine.of(a) for a in axes)

        total = call(ADD, Guard(((back, extent),), Read(output, at(back))), Read(inputs[0], at(here)))
        return (LoopNest(tuple(axes), (Output(output, at(here), total),), ordered=(along,)),)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None if tangents[0] is None else apply(self, tangents[0], **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [apply(self, cotangent, **{**y.attributes, "reverse": not y.attributes["reverse"]})]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return apply(self, *inputs, **{**y.attributes, "axis": y.attributes["axis"] + 1})


TOP_PLACES, CUMULATIVE_SUM = _TopPlaces(), _CumulativeSum()


def top_k(x: Any, k: int) -> tuple[Tensor, Tensor]:
    """The k largest elements along the last axis, largest first, and where they are.

    Shapes:   x (…, a) → values (…, k), places (…, k) as int32
    Raises:   ShapeError if the axis has fewer than k elements.
    Example:
        >>> values, places = top_k([3.0, 1.0, 5.0], 2)
        >>> values, places
        (Tensor([5. 3.], shape=(2,), dtype=float32), Tensor([2 0], shape=(2,), dtype=int32))
    """
    x = as_tensor(x)
    (count,) = as_shape("top_k", k)
    places = apply(TOP_PLACES, x, k=count)
    return apply(GATHER, x, places, batch_dims=x.ndim - 1), places


def cumulative_sum(x: Any, axis: int = -1, *, reverse: bool = False) -> Tensor:
    """Running totals along an axis; reversed, from the last element back. Bools and uint8 are counted as int32.

        y[i] = Σ x[j], j ≤ i

    Raises:   ShapeError if the axis does not exist, or is the batch.
    Example:
        >>> cumulative_sum([1.0, 2.0, 3.0])
        Tensor([1. 3. 6.], shape=(3,), dtype=float32)
    """
    x = counted(as_tensor(x))
    return apply(CUMULATIVE_SUM, x, axis=normalized_axis("cumulative_sum", axis, x), reverse=reverse)
