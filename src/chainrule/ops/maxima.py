"""The largest elements of windows, told by an index formula, and where they are: pooling, and maxima along axes."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import int32
from chainrule.graph.expression import (
    LARGEST,
    PLACE_OF_LARGEST,
    SUM,
    Buffer,
    Coordinate,
    Expression,
    Read,
    Reduce,
    call,
    zero,
)  # fmt: skip
from chainrule.graph.extent import Shape, concrete, concrete_shape, show_shape
from chainrule.graph.formula import parse_index_formula
from chainrule.graph.gather import gather as gathering_nests
from chainrule.graph.indexing import Indexing, resolve
from chainrule.graph.loopnest import LoopNest, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.scalar import EQUAL, WHERE, convert
from chainrule.graph.special import select
from chainrule.graph.tensor import Tensor, apply
from chainrule.messages import Message
from chainrule.ops.kinds.indexed import batched_text, fresh_letter, placed, view
from chainrule.ops.movement import all_batched

_EMPTY = Message(
    "largest.empty",
    en="{operation}: there is no largest element among none: shape {shape} has an empty axis there.",
    zh="{operation}：没有元素，无法取最大值：形状 {shape} 在该处有空轴。",
)


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


class Maximum(_Windowed):
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
        return apply(PlaceOfMaximum(self.formula), y.inputs[0], **y.attributes)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        if tangents[0] is None:
            return None
        return apply(_Pick(self.formula), tangents[0], self._places(y), **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [_put(self.formula, cotangent, self._places(y), y.inputs[0].shape, y.attributes)]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return apply(type(self)(self.batched()), *inputs, **y.attributes)


class PlaceOfMaximum(Maximum):
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
