"""Parts and wholes: padding, concatenation, and Python's brackets."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index as index_of
from types import EllipsisType
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.affine import Affine
from chainrule.graph.expression import Buffer, Read
from chainrule.graph.extent import Batch, Extent, show_shape
from chainrule.graph.loopnest import LoopNest, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.tensor import Tensor, apply
from chainrule.messages import Message
from chainrule.ops.axes import letters, normalized_axis
from chainrule.ops.creation import zeros
from chainrule.ops.elementwise import where
from chainrule.ops.kinds.conversion import as_tensor, lift
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import all_batched, broadcast_to

__all__ = ["concatenate", "pad"]

_CONCATENATE = Message(
    "concatenate.shapes",
    en="concatenate: shapes {shapes} differ in an axis other than {axis}, or have the batch axis there.",
    zh="concatenate：形状 {shapes} 在轴 {axis} 以外存在差异，或批量轴位于该轴。",
)
_NOTHING = Message(
    "concatenate.nothing",
    en="concatenate: there is nothing to put together; give at least one tensor.",
    zh="concatenate：没有可拼接的张量；请至少给出一个。",
)
_PAD = Message(
    "pad.widths",
    en="pad: {widths} does not fit shape {shape}: give (before, after), both at least 0, for each of its {rank} axes; "
    "the batch axis takes (0, 0).",
    zh="pad：{widths} 与形状 {shape} 不符：请为 {rank} 个轴各给出不小于 0 的 (前, 后)；批量轴只能是 (0, 0)。",
)
_INDEX = Message(
    "index.kind",
    en="an index of {kind} cannot be used on a tensor of shape {shape}; use integers, slices, None, ... or an integer "
    "tensor, no more than it has axes.",
    zh="不能对形状为 {shape} 的张量使用 {kind} 下标；请使用整数、切片、None、... 或整数张量，且不超过其轴数。",
)
_STEP = Message(
    "index.step",
    en="a slice of step 0 of a tensor of shape {shape} would never end; steps are positive or negative.",
    zh="对形状为 {shape} 的张量以步长 0 切片永远不会结束；步长应为正数或负数。",
)
_INDEX_RANGE = Message(
    "index.range",
    en="index {index} is out of range for axis {axis} of shape {shape}.",
    zh="下标 {index} 超出形状 {shape} 的轴 {axis} 的范围。",
)
_INDEX_BATCH = Message(
    "index.batch",
    en="the batch axis of shape {shape} has no size yet and can only be taken whole, with ':'.",
    zh="形状 {shape} 的批量轴尚无大小，只能用“:”整体选取。",
)


def pad(x: Any, widths: Sequence[tuple[int, int]], value: float = 0) -> Tensor:
    """x with `before` and `after` elements of one value added to each axis.

    Shapes:   x (…, a, …) → (…, before + a + after, …)
    Raises:   ShapeError if widths do not fit x.
    Example:
        >>> pad([1.0, 2.0], [(1, 2)])
        Tensor([0. 1. 2. 0. 0.], shape=(5,), dtype=float32)
    """
    x = as_tensor(x)
    try:
        pairs = [(index_of(before), index_of(after)) for before, after in widths]
    except (TypeError, ValueError):
        pairs = []
    bad = len(pairs) != x.ndim or any(min(w) < 0 for w in pairs)
    if bad or any(w != (0, 0) and isinstance(e, Batch) for w, e in zip(pairs, x.shape, strict=True)):
        raise ShapeError(_PAD(widths=widths, shape=show_shape(x.shape), rank=x.ndim))
    widths = pairs
    if all(w == (0, 0) for w in widths):
        return as_tensor(x)
    shape = tuple(e if isinstance(e, Batch) else a + e + b for e, (a, b) in zip(x.shape, widths, strict=True))
    names = letters(x)
    moved = [f"{name}+{before}" if before else name for name, (before, _) in zip(names, widths, strict=True)]
    operation = Indexed("pad", f"y[{','.join(moved)}] += x[{','.join(names)}]")
    padded = operation(x, shape=shape)
    if value == 0:
        return padded
    inside = operation(broadcast_to(True, x.shape), shape=shape)
    return where(inside, padded, value)


class Concatenate(Primitive):
    """Tensors one behind the other along an axis."""

    name = "concatenate"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        axis = attributes["axis"]
        rests = {(*x.shape[:axis], *x.shape[axis + 1 :]) for x in inputs}
        extents = [x.shape[axis] for x in inputs if axis < x.ndim]
        sizes = [e for e in extents if isinstance(e, int)]
        if len(rests) > 1 or len(sizes) < len(inputs):
            raise ShapeError(_CONCATENATE(shapes=" ".join(show_shape(x.shape) for x in inputs), axis=axis))
        shape = inputs[0].shape
        return Type((*shape[:axis], sum(sizes), *shape[axis + 1 :]), inputs[0].dtype)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        return np.concatenate(inputs, y.attributes["axis"])

    def _starts(self, y: Tensor) -> list[int]:
        sizes = [x.shape[y.attributes["axis"]] for x in y.inputs]
        return [sum(e for e in sizes[:k] if isinstance(e, int)) for k in range(len(sizes))]

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        nests = []
        for x, start in zip(inputs, self._starts(y), strict=True):
            axes = axes_of(x)
            index = [Affine.of(a) + (start if k == y.attributes["axis"] else 0) for k, a in enumerate(axes)]
            nests.append(nest(axes, output, Read(x, tuple(map(Affine.of, axes))), index))
        return nests

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        if all(t is None for t in tangents):
            return None
        filled = [zeros(x.shape, x.dtype) if t is None else t for x, t in zip(y.inputs, tangents, strict=True)]
        return apply(self, *filled, **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        axis = y.attributes["axis"]
        lead = (slice(None),) * axis
        sizes = [x.shape[axis] for x in y.inputs]
        return [
            cotangent[(*lead, slice(start, start + extent))] if isinstance(extent, int) else None
            for start, extent in zip(self._starts(y), sizes, strict=True)
        ]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return apply(self, *all_batched(inputs, batched), axis=y.attributes["axis"] + 1)


CONCATENATE = Concatenate()


def concatenate(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Tensors one behind the other along an axis.

    Shapes:   (…, a, …), (…, b, …) → (…, a + b, …)
    Raises:   ShapeError if they differ elsewhere.
    Example:
        >>> concatenate([[1, 2], [3]])
        Tensor([1 2 3], shape=(3,), dtype=int64)
    """
    if not tensors:
        raise UsageError(_NOTHING())
    operands = lift(tensors)
    return apply(CONCATENATE, *operands, axis=normalized_axis("concatenate", axis, operands[0]))


def index(x: Tensor, key: Any) -> Tensor:
    """x[key]: integers, slices of any step, None and ... ; what Python's brackets do."""
    entries = list(key) if isinstance(key, tuple) else [key]
    taken = sum(e is not None and e is not Ellipsis for e in entries)
    if not any(e is Ellipsis for e in entries):
        entries.append(Ellipsis)
    place = next(k for k, e in enumerate(entries) if e is Ellipsis)
    entries[place : place + 1] = [slice(None)] * (x.ndim - taken)
    if taken > x.ndim or any(e is Ellipsis for e in entries):
        raise ShapeError(_INDEX(kind=f"{taken} entries", shape=show_shape(x.shape)))
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


def _one_index(x: Tensor, axis: int, entry: int | slice | EllipsisType) -> tuple[str, Extent | None]:
    """The text of one index, and the size of the axis that remains, if one does."""
    extent = x.shape[axis]
    if isinstance(extent, Batch):
        if entry == slice(None):
            return f"a{axis}", extent
        raise ShapeError(_INDEX_BATCH(shape=show_shape(x.shape)))
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
    if isinstance(entry, bool | EllipsisType) or not hasattr(entry, "__index__"):
        raise ShapeError(_INDEX(kind=type(entry).__name__, shape=show_shape(x.shape)))
    position = entry.__index__()
    if not -extent <= position < extent:
        raise ShapeError(_INDEX_RANGE(index=position, axis=axis, shape=show_shape(x.shape)))
    return str(position % extent), None
