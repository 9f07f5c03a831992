"""Arrangement: axes come and go, and elements are turned round, moved along or repeated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index as index_of
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import Batch, Extent, show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.axes import Axes, as_shape, letters, normalized_axes, normalized_axis, sized_axes, sized_axis
from chainrule.ops.gathering import gather
from chainrule.ops.kinds.conversion import as_tensor, lift
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import broadcast_to, ravel, reshape
from chainrule.ops.parts import concatenate

__all__ = ["expand_dims", "flip", "meshgrid", "repeat", "roll", "squeeze", "stack", "tile", "unstack"]

_SQUEEZE = Message(
    "squeeze.size",
    en="squeeze: axis {axis} of shape {shape} has size {extent}; only axes of size 1 can be taken away.",
    zh="squeeze：形状 {shape} 的轴 {axis} 的大小为 {extent}；只能去掉大小为 1 的轴。",
)
_EXPAND = Message(
    "expand_dims.axes",
    en="expand_dims: axis={axis} does not name different axes of a result with {rank} axes; they count from 0 to "
    "{last}, or from -1 to -{rank}.",
    zh="expand_dims：axis={axis} 没有指定 {rank} 个轴的结果中互不相同的轴；轴编号从 0 到 {last}，或从 -1 到 -{rank}。",
)
_NOTHING = Message(
    "stack.nothing",
    en="stack: there is nothing to put side by side; give at least one tensor.",
    zh="stack：没有可堆叠的张量；请至少给出一个。",
)
_STACK = Message(
    "stack.shapes",
    en="stack: shapes {shapes} differ; tensors side by side have one shape.",
    zh="stack：形状 {shapes} 不同；堆叠的张量必须形状相同。",
)
_SHIFTS = Message(
    "roll.shifts",
    en="roll: shift={shift} does not fit axis={axis}: give a whole number, or one for each axis.",
    zh="roll：shift={shift} 与 axis={axis} 不符：请给出一个整数，或为每个轴各给一个。",
)
_REPEATS = Message(
    "repeat.counts",
    en="repeat: repeats={repeats} is neither a number of times, 0 or more, nor one for each of the {extent} elements.",
    zh="repeat：repeats={repeats} 既不是非负的次数，也不是为 {extent} 个元素各给一个的次数。",
)
_TILE = Message(
    "tile.repetitions",
    en="tile: {repetitions} does not fit shape {shape}: give a number of times, 0 or more, for each axis; the "
    "batch takes 1.",
    zh="tile：{repetitions} 与形状 {shape} 不符：请为每个轴给出非负的次数；批量轴只能是 1。",
)
_MESH = Message(
    "meshgrid.indexing",
    en="meshgrid: indexing={indexing} is neither 'xy' nor 'ij'.",
    zh="meshgrid：indexing={indexing} 既不是 'xy' 也不是 'ij'。",
)


# --------------------------------------------------------------------------------------------- axes that come and go
def squeeze(x: Any, axis: Axes = None) -> Tensor:
    """x without some axes of size 1, or all.

    Raises:   ShapeError if an axis does not exist, or has another size.
    Example:
        >>> squeeze([[[1], [2]]])
        Tensor([1 2], shape=(2,), dtype=int64)
    """
    x = as_tensor(x)
    ones = tuple(k for k, e in enumerate(x.shape) if e == 1)
    gone = ones if axis is None else normalized_axes("squeeze", axis, x)
    for a in gone:
        if a not in ones:
            raise ShapeError(_SQUEEZE(axis=a, shape=show_shape(x.shape), extent=x.shape[a]))
    names = letters(x)
    kept = [name for k, name in enumerate(names) if k not in gone]
    read = ["0" if k in gone else name for k, name in enumerate(names)]
    return Indexed("squeeze", f"y[{','.join(kept)}] += x[{','.join(read)}]")(x) if gone else x


def expand_dims(x: Any, axis: int | Sequence[int]) -> Tensor:
    """x with new axes of size 1, which are the given ones of the result.

    Raises:   ShapeError if the result has no such axis, or one is named twice.
    Example:
        >>> expand_dims([1, 2], -1)
        Tensor([[1]
         [2]], shape=(2, 1), dtype=int64)
    """
    x = as_tensor(x)
    try:
        given = [index_of(a) for a in (axis if isinstance(axis, Iterable) else (axis,))]
    except TypeError:
        given = [x.ndim + 1]  # no axis of any result
    rank = x.ndim + len(given)
    new = {a % rank for a in given if -rank <= a < rank}
    if len(new) < len(given):
        raise ShapeError(_EXPAND(axis=axis, rank=rank, last=rank - 1))
    names = iter(letters(x))
    written = ["0" if k in new else next(names) for k in range(rank)]
    return Indexed("expand_dims", f"y[{','.join(written)}] += x[{','.join(letters(x))}]")(x) if new else x


def stack(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Tensors of one shape side by side along a new axis.

    Shapes:   k × (…) → (…, k, …)
    Raises:   ShapeError if shapes differ, or the result has no such axis; UsageError if there is nothing to stack.
    Example:
        >>> stack([[1, 2], [3, 4]], -1)
        Tensor([[1 3]
         [2 4]], shape=(2, 2), dtype=int64)
    """
    operands = lift(tensors)
    if not operands:
        raise UsageError(_NOTHING())
    if len({x.shape for x in operands}) > 1:
        raise ShapeError(_STACK(shapes=" ".join(show_shape(x.shape) for x in operands)))
    return concatenate([expand_dims(x, axis) for x in operands], axis)


def unstack(x: Any, axis: int = 0) -> list[Tensor]:
    """The parts of x along an axis, which they do not have any more.

    Raises:   ShapeError if the axis does not exist, or is the batch.
    Example:
        >>> unstack([[1, 2], [3, 4]])
        [Tensor([1 2], shape=(2,), dtype=int64), Tensor([3 4], shape=(2,), dtype=int64)]
    """
    x = as_tensor(x)
    place, extent = sized_axis("unstack", axis, x)
    return [x[(*(slice(None),) * place, k)] for k in range(extent)]


# ------------------------------------------------------------------------------------------------------------- order
def flip(x: Any, axis: Axes = None) -> Tensor:
    """x with the elements along some axes, or all, in the opposite order.

    Raises:   ShapeError if an axis does not exist, or is the batch.
    Example:
        >>> flip([[1, 2], [3, 4]], 1)
        Tensor([[2 1]
         [4 3]], shape=(2, 2), dtype=int64)
    """
    x = as_tensor(x)
    axes = sized_axes("flip", axis, x)
    flipped: Tensor = x[tuple(slice(None, None, -1) if k in axes else slice(None) for k in range(x.ndim))]
    return flipped


def roll(x: Any, shift: int | Sequence[int], axis: Axes = None) -> Tensor:
    """x with the elements along axes moved on; what leaves at the end comes back at the start.

    Without an axis the elements are moved as if they stood in one row. Several shifts belong to several axes.

        y[(i + shift) mod a] = x[i]

    Raises:   ShapeError if an axis does not exist, or is the batch; UsageError if shifts and axes differ in number.
    Example:
        >>> roll([1, 2, 3, 4], 1)
        Tensor([4 1 2 3], shape=(4,), dtype=int64)
    """
    x = as_tensor(x)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), x.shape)
    axes = list(axis) if isinstance(axis, Iterable) else [axis]
    try:
        shifts = [index_of(s) for s in (shift if isinstance(shift, Iterable) else [shift] * len(axes))]
    except TypeError:
        shifts = []
    if len(shifts) != len(axes):
        raise UsageError(_SHIFTS(shift=shift, axis=axis))
    for distance, each in zip(shifts, axes, strict=True):
        place, extent = sized_axis("roll", each, x)
        start = -distance % extent if extent else 0
        lead = (slice(None),) * place
        if start:
            x = concatenate([x[(*lead, slice(start, None))], x[(*lead, slice(0, start))]], place)
    return as_tensor(x)


# -------------------------------------------------------------------------------------------------------- repetition
def repeat(x: Any, repeats: int | Sequence[int], axis: int | None = None) -> Tensor:
    """Each element several times, one copy behind the other: along an axis, or of all elements in one row.

    Raises:   ShapeError if the axis does not exist; UsageError if repeats are no counts, or not as many as elements.
    Example:
        >>> repeat([1, 2], 2)
        Tensor([1 1 2 2], shape=(4,), dtype=int64)
        >>> repeat([1, 2], [1, 3])
        Tensor([1 2 2 2], shape=(4,), dtype=int64)
    """
    x = as_tensor(x)
    if axis is None:
        return repeat(ravel(x), repeats, 0)
    place = normalized_axis("repeat", axis, x)
    counts = _counts(repeats, x.shape[place])
    if isinstance(counts, list):
        return gather(x, np.repeat(np.arange(len(counts)), counts), place)
    names = letters(x)
    written = [f"{counts}*{name}+r" if k == place else name for k, name in enumerate(names)]
    return Indexed("repeat", f"y[{','.join(written)}] += x[{','.join(names)}]")(x, r=counts)


def _counts(repeats: Any, extent: Extent) -> int | list[int]:
    try:
        counts = [index_of(n) for n in repeats] if isinstance(repeats, Iterable) else [index_of(repeats)]
    except TypeError:
        counts = []
    if not isinstance(repeats, Iterable) and counts and counts[0] >= 0:
        return counts[0]
    if len(counts) != extent or any(n < 0 for n in counts):
        raise UsageError(_REPEATS(repeats=repeats, extent=extent))
    return counts


def tile(x: Any, repetitions: int | Sequence[int]) -> Tensor:
    """The whole of x repeated along each axis; missing repetitions, or axes, in front are 1.

    Raises:   ShapeError if repetitions are no counts, or repeat the batch.
    Example:
        >>> tile([1, 2], 2)
        Tensor([1 2 1 2], shape=(4,), dtype=int64)
    """
    x = as_tensor(x)
    given = as_shape("tile", repetitions)
    rank = max(x.ndim, len(given))
    x = expand_dims(x, range(rank - x.ndim))
    counts = [*(1,) * (rank - len(given)), *given]
    if any(not isinstance(n, int) or (n != 1 and isinstance(e, Batch)) for n, e in zip(counts, x.shape, strict=True)):
        raise ShapeError(_TILE(repetitions=repetitions, shape=show_shape(x.shape)))
    names = letters(x)
    repeated = {k: f"r{k}" for k, n in enumerate(counts) if n != 1}
    written = [f"{x.shape[k]}*{repeated[k]}+{name}" if k in repeated else name for k, name in enumerate(names)]
    operation = Indexed("tile", f"y[{','.join(written)}] += x[{','.join(names)}]")
    return operation(x, **{letter: counts[k] for k, letter in repeated.items()}) if repeated else x


def meshgrid(*vectors: Any, indexing: str = "xy") -> tuple[Tensor, ...]:
    """A grid's coordinates from those of its axes: one tensor for each vector, all of one shape.

    Raises:   UsageError if indexing is neither 'xy' (the first two axes exchanged, NumPy's default) nor 'ij'.
    Example:
        >>> meshgrid([1, 2], [3, 4], indexing="ij")
        (Tensor([[1 1]
         [2 2]], shape=(2, 2), dtype=int64), Tensor([[3 4]
         [3 4]], shape=(2, 2), dtype=int64))
    """
    if indexing not in ("xy", "ij"):
        raise UsageError(_MESH(indexing=repr(indexing)))
    given = [ravel(v) for v in vectors]
    order = list(range(len(given)))
    if indexing == "xy" and len(given) > 1:
        order[:2] = [1, 0]
    shape = tuple(given[k].size for k in order)
    places = {vector: axis for axis, vector in enumerate(order)}
    lone = [expand_dims(v, [a for a in range(len(given)) if a != places[k]]) for k, v in enumerate(given)]
    return tuple(broadcast_to(v, shape) for v in lone)
