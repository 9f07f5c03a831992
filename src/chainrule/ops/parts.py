"""Parts and wholes: padding, concatenation, splitting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index as index_of
from typing import Any, Literal

import numpy as np

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.affine import Affine
from chainrule.graph.expression import Buffer, Read
from chainrule.graph.extent import Batch, show_shape
from chainrule.graph.loopnest import LoopNest, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.tensor import Tensor, apply
from chainrule.messages import Message, suggestion
from chainrule.ops.axes import letters, normalized_axis, sized_axis
from chainrule.ops.creation import zeros
from chainrule.ops.elementwise import where
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_tensor, lift
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import all_batched, broadcast_to

__all__ = ["concatenate", "pad", "split"]

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
_MODE = Message(
    "pad.mode",
    en="pad: mode={mode} is not one of {modes}.{suggestion}",
    zh="pad：mode={mode} 不是 {modes} 之一。{suggestion}",
)
_PAD_EMPTY = Message(
    "pad.empty",
    en="pad: axis {axis} of shape {shape} has no elements that could be repeated; mode 'constant' needs none.",
    zh="pad：形状 {shape} 的轴 {axis} 没有可重复的元素；'constant' 模式不需要元素。",
)
_SECTIONS = Message(
    "split.sections",
    en="split: axis {axis} of shape {shape} cannot be cut into {sections} equal parts; give a number that divides its "
    "size, or the places to cut at.",
    zh="split：形状 {shape} 的轴 {axis} 无法均分为 {sections} 份；请给出能整除其大小的份数，或切分位置。",
)

_MODES: dict[str, Literal["wrap", "edge", "reflect", "symmetric"]] = {
    "circular": "wrap",
    "edge": "edge",
    "reflect": "reflect",
    "symmetric": "symmetric",
}  # NumPy's names
_ELSEWHERE = {"wrap": "circular", "replicate": "edge", "nearest": "edge", "zeros": "constant", "mirror": "reflect"}


# ---------------------------------------------------------------------------------------------------------- padding
def pad(x: Any, widths: Sequence[tuple[int, int]], mode: str = "constant", *, value: float = 0) -> Tensor:
    """x with `before` and `after` elements added to each axis, by NumPy's rules.

    mode      what is added to 1 2 3, two before and after
    constant  `value`: 0 0 1 2 3 0 0
    edge      the element at the end: 1 1 1 2 3 3 3
    reflect   the elements back from the end, without it: 3 2 1 2 3 2 1
    symmetric the elements back from the end, with it: 2 1 1 2 3 3 2
    circular  those at the other end, as if x went on from the start (NumPy's "wrap"): 2 3 1 2 3 1 2

    Shapes:   x (…, a, …) → (…, before + a + after, …)
    Raises:   ShapeError if widths do not fit x, or nothing is there to be repeated; UsageError for another mode.
    Example:
        >>> pad([1.0, 2.0], [(1, 2)])
        Tensor([0. 1. 2. 0. 0.], shape=(5,), dtype=float32)
        >>> pad([1.0, 2.0, 3.0], [(2, 1)], "reflect")
        Tensor([3. 2. 1. 2. 3. 2.], shape=(6,), dtype=float32)
    """
    x = as_tensor(x)
    try:
        pairs = tuple((index_of(before), index_of(after)) for before, after in widths)
    except (TypeError, ValueError):
        pairs = ()
    bad = len(pairs) != x.ndim or any(min(w) < 0 for w in pairs)
    if bad or any(w != (0, 0) and isinstance(e, Batch) for w, e in zip(pairs, x.shape, strict=True)):
        raise ShapeError(_PAD(widths=widths, shape=show_shape(x.shape), rank=x.ndim))
    if mode != "constant" and mode not in _MODES:
        modes = ("constant", *_MODES)
        shown = ", ".join(map(repr, modes))
        raise UsageError(_MODE(mode=repr(mode), modes=shown, suggestion=suggestion(str(mode), modes, _ELSEWHERE)))
    if mode == "constant" or all(w == (0, 0) for w in pairs):
        return _padded_with(x, pairs, value)
    for axis, (w, extent) in enumerate(zip(pairs, x.shape, strict=True)):
        if extent == 0 and w != (0, 0):
            raise ShapeError(_PAD_EMPTY(axis=axis, shape=show_shape(x.shape)))
    return PAD(x, widths=pairs, mode=mode)


def _padded_with(x: Tensor, widths: Sequence[tuple[int, int]], value: float) -> Tensor:
    if all(w == (0, 0) for w in widths):
        return x
    shape = tuple(e if isinstance(e, Batch) else a + e + b for e, (a, b) in zip(x.shape, widths, strict=True))
    names = letters(x)
    moved = [f"{name}+{before}" if before else name for name, (before, _) in zip(names, widths, strict=True)]
    operation = Indexed("pad", f"y[{','.join(moved)}] += x[{','.join(names)}]")
    padded = operation(x, shape=shape)
    if value == 0:
        return padded
    inside = operation(broadcast_to(True, x.shape), shape=shape)
    return where(inside, padded, value)


def _pad(x: Tensor, *, widths: tuple[tuple[int, int], ...], mode: str) -> Tensor:
    """What is added are slices of x: where they are says NumPy's own padding of the places 0, 1, 2, …"""
    for axis, (before, after) in enumerate(widths):
        extent = x.shape[axis]
        if (before or after) and isinstance(extent, int):
            places = np.pad(np.arange(extent), (before, after), _MODES[mode]).tolist()
            front, back = _runs(places[:before]), _runs(places[len(places) - after :])
            x = concatenate([*(_run(x, axis, r) for r in front), x, *(_run(x, axis, r) for r in back)], axis)
    return x


def _runs(places: Sequence[int]) -> list[Sequence[int]]:
    """Places cut into runs that go up by 1, down by 1, or stay: as few as there can be."""
    runs: list[list[int]] = []
    for place in places:
        run = runs[-1] if runs else []
        step = place - run[-1] if run else 2
        if abs(step) <= 1 and (len(run) == 1 or step == run[1] - run[0]):
            run.append(place)
        else:
            runs.append([place])
    return list(runs)


def _run(x: Tensor, axis: int, places: Sequence[int]) -> Tensor:
    lead = (slice(None),) * axis
    first, step = places[0], places[-1] - places[0]
    if not step:
        shape = (*x.shape[:axis], len(places), *x.shape[axis + 1 :])
        return broadcast_to(x[(*lead, slice(first, first + 1))], shape)
    end = places[-1] + (1 if step > 0 else -1)
    return x[(*lead, slice(first, None if end < 0 else end, 1 if step > 0 else -1))]


PAD = Composite("pad", _pad)


# ---------------------------------------------------------------------------------------------------- concatenation
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
    tensors = list(tensors)
    if not tensors:
        raise UsageError(_NOTHING())
    operands = lift(tensors)
    return apply(CONCATENATE, *operands, axis=normalized_axis("concatenate", axis, operands[0]))


def split(x: Any, sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """x cut along an axis: into a number of equal parts, or before each of the given places (as NumPy has it; in
    PyTorch the numbers are sizes).

    Raises:   ShapeError if the axis does not exist, or is the batch, or parts would not be equal.
    Example:
        >>> split([1, 2, 3], [1])
        [Tensor([1], shape=(1,), dtype=int64), Tensor([2 3], shape=(2,), dtype=int64)]
    """
    x = as_tensor(x)
    place, extent = sized_axis("split", axis, x)
    try:
        cuts = [index_of(c) for c in sections] if isinstance(sections, Iterable) else None
        count = 0 if isinstance(sections, Iterable) else index_of(sections)
    except TypeError:
        raise UsageError(_SECTIONS(axis=place, shape=show_shape(x.shape), sections=repr(sections))) from None
    if cuts is None:
        if count < 1 or extent % count:
            raise ShapeError(_SECTIONS(axis=place, shape=show_shape(x.shape), sections=count))
        cuts = [k * (extent // count) for k in range(1, count)]
    lead = (slice(None),) * place
    return [x[(*lead, slice(a, b))] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
