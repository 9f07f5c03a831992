"""Brackets: integers, slices, integer tensors and known masks, as NumPy combines them; and elements taken at places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, GraphError, ShapeError, UsageError
from chainrule.graph.dtype import bool_, int64
from chainrule.graph.extent import Batch, Extent, show_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, tensor
from chainrule.messages import Message
from chainrule.ops.axes import letters, sized_axis
from chainrule.ops.comparison import logical_and
from chainrule.ops.gathering import gather
from chainrule.ops.kinds.conversion import as_tensor, cast
from chainrule.ops.kinds.elementwise import broadcast_shape, where
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import broadcast_to, moveaxis, ravel

__all__ = ["take", "take_along_axis"]

_INDEX = Message(
    "index.kind",
    en="an index of {kind} cannot be used on a tensor of shape {shape}; use integers, slices, None, ..., integer "
    "tensors or known masks, for no more axes than it has.",
    zh="不能对形状为 {shape} 的张量使用 {kind} 下标；请使用整数、切片、None、...、整数张量"
    "或已知的掩码，且不超过其轴数。",
)
_STEP = Message(
    "index.step",
    en="a slice of step 0 of a tensor of shape {shape} would never end; steps are positive or negative.",
    zh="对形状为 {shape} 的张量以步长 0 切片永远不会结束；步长应为正数或负数。",
)
_RANGE = Message(
    "index.range",
    en="index {index} is out of range for axis {axis} of shape {shape}: it counts from 0, or from the end with -1.",
    zh="下标 {index} 超出形状 {shape} 的轴 {axis} 的范围：从 0 开始计数，或用 -1 从末尾计数。",
)
_BATCH = Message(
    "index.batch",
    en="the batch axis of shape {shape} has no size yet and can only be taken whole, with ':'. Elements of each "
    "sample, such as those of its label, are cr.take_along_axis(x, indices, 1).",
    zh="形状 {shape} 的批量轴尚无大小，只能用“:”整体选取。若要选取每个样本的元素（例如其标签处的元素），"
    "请用 cr.take_along_axis(x, indices, 1)。",
)
_UNKNOWN_MASK = Message(
    "index.mask",
    en="a mask of shape {shape} selects as many elements as hold, and a shape cannot depend on values that are not "
    "known yet. Use cr.where(mask, x, 0.0) instead.",
    zh="形状为 {shape} 的掩码选出的元素个数取决于数值，而形状不能依赖尚未知道的数值。请改用 cr.where(mask, x, 0.0)。",
)
_MASK_SHAPE = Message(
    "index.mask_shape",
    en="a mask of shape {mask} does not fit shape {shape} from axis {axis} on: sizes must be equal.",
    zh="形状为 {mask} 的掩码与形状 {shape} 自轴 {axis} 起的部分不符：大小必须相等。",
)
_INTEGERS = Message(
    "index.integers",
    en="{operation}: indices must be integers, but are {dtype}. Convert them with cr.cast(indices, 'int64').",
    zh="{operation}：下标必须是整数，但为 {dtype}。请用 cr.cast(indices, 'int64') 转换。",
)
_ALONG = Message(
    "take_along_axis.shapes",
    en="take_along_axis: indices {indices} do not fit x {shape}: as many axes, and sizes that broadcast but for axis "
    "{axis}.",
    zh="take_along_axis：下标 {indices} 与 x {shape} 不符：轴数必须相同，且除轴 {axis} 外的大小必须可广播。",
)

Entry = int | slice | Tensor | None


def index(x: Tensor, key: Any) -> Tensor:
    """x[key], as NumPy has it.

    Integer tensors are broadcast together, and their axes stand where the first of them was, or in front of all if a
    slice is between them; integers beside them count as such tensors.
    """
    entries = _entries(x, key)
    tensors = [e for e in entries if isinstance(e, Tensor)]
    if not tensors:
        return _sliced(x, entries)
    chosen = [k for k, e in enumerate(entries) if isinstance(e, int | Tensor)]
    apart = chosen[-1] - chosen[0] >= len(chosen)
    x = _sliced(x, [slice(None) if isinstance(e, Tensor) else e for e in entries])
    kept = [e for e in entries if not isinstance(e, int)]
    axes = [k for k, e in enumerate(kept) if isinstance(e, Tensor)]
    if apart:
        x, axes = moveaxis(x, axes, range(len(axes))), list(range(len(axes)))
    return _at_points(x, axes[0], tensors)


# ---------------------------------------------------------------------------------------------- what stands in brackets
def _entries(x: Tensor, key: Any) -> list[Entry]:
    """One entry for each axis, and None for each new one: masks are the places where they hold."""
    given = [_entry(x, e) for e in (key if isinstance(key, tuple) else (key,))]
    taken = sum(_rank(e) for e in given)
    count = sum(e is Ellipsis for e in given)
    if taken > x.ndim or count > 1:
        kind = "'...' twice" if count > 1 else f"{taken} entries"
        raise ShapeError(_INDEX(kind=kind, shape=show_shape(x.shape)))
    place = next((k for k, e in enumerate(given) if e is Ellipsis), len(given))
    given[place : place + count] = [slice(None)] * (x.ndim - taken)
    entries: list[Entry] = []
    axis = 0
    for e in given:
        if isinstance(e, Tensor):
            places = _known_places(x, axis, e) if e.dtype is bool_ else [e]
            entries += [_from_start("x[...]", p, x, axis + k) for k, p in enumerate(places)]
        else:
            entries.append(e)
        axis += _rank(e)
    return entries


def _entry(x: Tensor, entry: Any) -> Any:
    if isinstance(entry, list | np.ndarray):
        entry = tensor(entry, int64 if not np.size(entry) else None)  # [] has no numbers to tell its type by
    if isinstance(entry, Tensor) and not entry.ndim and not entry.dtype.floating and entry.dtype is not bool_:
        try:
            return int(entry)
        except GraphError:  # bound later: an index like those of a tensor with axes
            return entry
    if entry is None or entry is Ellipsis or isinstance(entry, slice | Tensor):
        return entry
    if isinstance(entry, bool | np.bool_) or not hasattr(entry, "__index__"):
        raise ShapeError(_INDEX(kind=type(entry).__name__, shape=show_shape(x.shape)))
    return int(entry.__index__())


def _rank(entry: Any) -> int:
    """How many axes of x an entry is for."""
    if entry is None or entry is Ellipsis:
        return 0
    return entry.ndim if isinstance(entry, Tensor) and entry.dtype is bool_ else 1


def _known_places(x: Tensor, axis: int, mask: Tensor) -> list[Tensor]:
    """Where a mask holds, one tensor of indices for each of its axes."""
    if not mask.ndim:
        raise ShapeError(_INDEX(kind="bool", shape=show_shape(x.shape)))
    if mask.shape != x.shape[axis : axis + mask.ndim]:
        raise ShapeError(_MASK_SHAPE(mask=show_shape(mask.shape), shape=show_shape(x.shape), axis=axis))
    try:
        return [tensor(places) for places in np.nonzero(mask.numpy())]
    except GraphError:
        raise UsageError(_UNKNOWN_MASK(shape=show_shape(mask.shape))) from None


# -------------------------------------------------------------------------------------------------- integers and slices
def _sliced(x: Tensor, entries: Sequence[Entry]) -> Tensor:
    read: list[str] = []
    written: list[str] = []
    extents: dict[str, Extent] = {}
    for entry in entries:
        axis = len(read)
        if entry is None:
            written.append("0")
            continue
        text, extent = _one_index(x, axis, entry)
        read.append(text)
        if extent is not None:
            written.append(f"a{axis}")
            extents[f"a{axis}"] = extent
    return Indexed("slice", f"y[{','.join(written)}] += x[{','.join(read)}]")(x, **extents)


def _one_index(x: Tensor, axis: int, entry: Any) -> tuple[str, Extent | None]:
    """The text of one index, and the size of the axis that remains, if one does."""
    extent = x.shape[axis]
    if isinstance(extent, Batch):
        if entry == slice(None):
            return f"a{axis}", extent
        raise ShapeError(_BATCH(shape=show_shape(x.shape)))
    if isinstance(entry, slice):
        if entry.step == 0:
            raise UsageError(_STEP(shape=show_shape(x.shape)))
        try:
            start, stop, step = entry.indices(extent)
        except TypeError:
            kind = f"slice({entry.start}, {entry.stop}, {entry.step})"
            raise ShapeError(_INDEX(kind=kind, shape=show_shape(x.shape))) from None
        count = len(range(start, stop, step))
        moved = f"a{axis}" if step == 1 else f"{'-' if step < 0 else ''}{abs(step)}*a{axis}"
        return (f"{moved}+{start}" if start and count else moved if count else f"a{axis}"), count
    if not -extent <= entry < extent:
        raise ShapeError(_RANGE(index=entry, axis=axis, shape=show_shape(x.shape)))
    return str(entry % extent), None


# ------------------------------------------------------------------------------------------------------ integer tensors
def _at_points(x: Tensor, first: int, indices: Sequence[Tensor]) -> Tensor:
    """The elements at points of neighbouring axes, for each axis a tensor of indices, whose axes stand there then.

    Several axes become one, along which a point has one place.
    """
    shape = broadcast_shape("x[...]", [i.shape for i in indices])
    if len(indices) == 1:
        return gather(x, indices[0], first)
    axes = range(first, first + len(indices))
    extents = [e for a in axes if isinstance(e := x.shape[a], int)]
    steps = [int(np.prod(extents[k + 1 :], dtype=np.int64)) for k in range(len(extents))]
    if all(i.value is not None for i in indices):
        places = tensor(sum((i.numpy() * s for i, s in zip(indices, steps, strict=True)), np.zeros((), np.int64)))
    else:
        places, inside = broadcast_to(0, shape), broadcast_to(True, shape)
        for i, step, extent in zip(indices, steps, extents, strict=True):
            places = places + i * step
            inside = logical_and(inside, logical_and(i >= 0, i < extent))
        places = where(inside, places, -1)  # refused when it is looked at, where a sum might be some other point's
    names = letters(x)
    merged = "+".join(f"{s}*{names[a]}" for s, a in zip(steps, axes, strict=True))
    written = [*names[:first], merged, *names[axes.stop :]]
    return gather(Indexed("merge", f"y[{','.join(written)}] += x[{','.join(names)}]")(x), places, first)


def _from_start(operation: str, indices: Tensor, x: Tensor, axis: int) -> Tensor:
    """Indices that count from the end, counted from the start; those that are known lie inside."""
    if indices.dtype.floating or indices.dtype is bool_:
        raise DTypeError(_INTEGERS(operation=operation, dtype=indices.dtype))
    extent = x.shape[axis]
    if isinstance(extent, Batch):
        raise ShapeError(_BATCH(shape=show_shape(x.shape)))
    indices = cast(indices, int64)
    if indices.value is None:
        return where(indices < 0, indices + extent, indices)
    known: Array = indices.value
    wrong = (known < -extent) | (known >= extent)
    if wrong.any():
        raise ShapeError(_RANGE(index=known[wrong][0], axis=axis, shape=show_shape(x.shape)))
    return tensor(np.where(known < 0, known + extent, known))


def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Elements of x along an axis at integer places, from the end if negative; without an axis, of all in one row.

    Shapes:   x (…, a, …), indices (i…) → (…, i…, …)
    Raises:   ShapeError if the axis does not exist, or is the batch, or a known index is out of range; DTypeError if
              indices are not integers; DataError if one that is bound later is out of range.
    Example:
        >>> take([10.0, 20.0, 30.0], [-1, 0])
        Tensor([30. 10.], shape=(2,), dtype=float32)
    """
    x, indices = as_tensor(x), as_tensor(indices)
    if axis is None:
        x, axis = ravel(x), 0
    place, _ = sized_axis("take", axis, x)
    return gather(x, _from_start("take", indices, x, place), place)


def take_along_axis(x: Any, indices: Any, axis: int = -1) -> Tensor:
    """Elements of x at places along one axis, each at its own place of the other axes: what argsort's places select.

        y[a, k] = x[a, indices[a, k]]

    Shapes:   x (…, a, …), indices (…, k, …) → (…, k, …); the other sizes broadcast
    Raises:   ShapeError if shapes do not fit, the axis is the batch, or a known index is out of range; DTypeError if
              indices are not integers; DataError if one that is bound later is out of range.
    Example:
        >>> take_along_axis([[10.0, 20.0], [30.0, 40.0]], [[1], [0]], 1)
        Tensor([[20.]
         [30.]], shape=(2, 1), dtype=float32)
    """
    x, indices = as_tensor(x), as_tensor(indices)
    place, _ = sized_axis("take_along_axis", axis, x)
    shapes = [(*s[:place], *s[place + 1 :]) for s in (x.shape, indices.shape)]
    if indices.ndim != x.ndim or any(a != b and 1 not in (a, b) for a, b in zip(*shapes, strict=True)):
        raise ShapeError(_ALONG(indices=show_shape(indices.shape), shape=show_shape(x.shape), axis=place))
    others = broadcast_shape("take_along_axis", shapes)
    places = _from_start("take_along_axis", indices, x, place)
    x, places = (broadcast_to(moveaxis(t, place, -1), (*others, t.shape[place])) for t in (x, places))
    return moveaxis(gather(x, places, batch_dims=len(others)), -1, place)
