"""Which part of its input an element of a feature map depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from chainrule.errors import GraphError
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expansion import expanded_inputs, expanded_order
from chainrule.graph.expression import Buffer, Expression, Index
from chainrule.graph.extent import Extent, concrete
from chainrule.graph.loopnest import LoopNest
from chainrule.graph.operation import Expandable, Primitive
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message

__all__ = ["ReceptiveField", "receptive_field"]

_INDEPENDENT = Message(
    "receptive_field.independent",
    en="{y} does not depend on {x}, so it has no receptive field there.",
    zh="{y} 不依赖于 {x}，因此在其上没有感受野。",
)

Interval = tuple[int, int]  # first and last index
Box = tuple[Interval, ...]


@dataclass(frozen=True)
class ReceptiveField:
    """Of an output, along each spatial axis of its input.

    size     how many elements it depends on; the largest number, where outputs differ
    stride   how far the field of the next output is moved; behind layers that make maps larger, on average: a fraction
    start    where the field of output 0 begins: before 0, if it reaches into padding
    """

    size: tuple[int, ...]
    stride: tuple[int | Fraction, ...]
    start: tuple[int, ...]


def receptive_field(y: Tensor, x: Tensor) -> ReceptiveField:
    """The part of x (batch, …, channels) that an element of y, at one position and in any channel, depends on.

        y[n,i,…] depends on x[n, start + i·stride : start + i·stride + size, …]

    It is read off what the operations declare to read, whichever they are: for a chain of windows it is the known
    recursion size ← size + (window - 1)·dilation·stride, stride ← stride·(step of the window). What padding adds is
    counted, and so is what is read and then left out, as some pixels are in bilinear interpolation and in adaptive
    pooling. An output without positions, such as a class's score, has stride 0.

    Raises:   GraphError if y does not depend on x.
    Source:   Araujo, Norris and Sim 2019, Computing receptive fields of convolutional neural networks
    Example:
        >>> from chainrule.nn import Conv2D, MaxPool2D, Sequential, trace
        >>> network = trace(Sequential([Conv2D(6, 5), MaxPool2D(2), Conv2D(16, 5), MaxPool2D(2)]), [(32, 32, 1)])
        >>> receptive_field(network.inference, network.inputs[0])
        ReceptiveField(size=(16, 16), stride=(4, 4), start=(0, 0))
    """
    positions = y.ndim - 2 if y.ndim == x.ndim else 0

    def seen_from(position: int) -> Box:
        spatial = ((position, position),) * positions
        rest = tuple(map(_whole, y.shape[1 + positions :]))
        return _seen(y, x, ((0, 0), *spatial, *rest) if y.shape else ())[1:-1]

    period = _period(y)
    here, *others, next_ = (seen_from(k) for k in range(period + 1))
    return ReceptiveField(
        size=tuple(max(last - first for first, last in axis) + 1 for axis in zip(here, *others, strict=True)),
        stride=tuple(_whole_or_fraction(b - a, period) for (a, _), (b, _) in zip(here, next_, strict=True)),
        start=tuple(first for first, _ in here),
    )


def _period(y: Tensor) -> int:
    """After how many positions the fields repeat, moved: maps that are made larger by s have s kinds of positions."""
    total = 1
    for node in expanded_order([y]):
        if isinstance(node.operation, Primitive):
            outputs = [output for nest in _nests(node)[1] for output in nest.outputs]
            spatial = [i for output in outputs for i in output.index[1:-1] if isinstance(i, Affine)]
            total *= lcm(*(abs(c) for i in spatial for _, c in i.terms))
    return total


def _whole_or_fraction(distance: int, period: int) -> int | Fraction:
    return Fraction(distance, period) if distance % period else distance // period


def _seen(y: Tensor, x: Tensor, box: Box) -> Box:
    """The box of x that a box of y depends on, not cut off at the borders."""
    boxes = {y: box}
    for node in reversed(expanded_order([y])):
        if node not in boxes or node is x:
            continue
        for source, seen in _read(node, boxes[node]):
            boxes[source] = _union(boxes[source], seen) if source in boxes else seen
    if x not in boxes:
        raise GraphError(_INDEPENDENT(y=y.describe(), x=x.describe()))
    return boxes[x]


def _read(node: Tensor, box: Box) -> list[tuple[Tensor, Box]]:
    """What a node's box is made from."""
    if isinstance(node.operation, Expandable):
        return [(source, box) for source in expanded_inputs(node)]
    buffers, nests = _nests(node)
    sources = dict(zip(buffers, node.inputs, strict=True))
    found = []
    for nest in nests:
        ranges = _ranges(nest, box)
        if ranges is not None:
            found += [(sources[r.buffer], _box(r.index, r.buffer, ranges)) for r in nest.reads() if r.buffer in sources]
    return found


def _nests(node: Tensor) -> tuple[list[Buffer], Sequence[LoopNest]]:
    """The node's nests, and the buffers that stand for its inputs in them."""
    assert isinstance(node.operation, Primitive)
    buffers = [Buffer(f"x{k}", x.shape, x.dtype) for k, x in enumerate(node.inputs)]
    return buffers, node.operation.lower(node, Buffer("y", node.shape, node.dtype), buffers)


def _ranges(nest: LoopNest, box: Box) -> dict[Axis, Interval] | None:
    """The values of axes at which the nest writes into the box; None if at none. An axis not listed has them all."""
    ranges: dict[Axis, Interval] = {}
    for output in nest.outputs:
        for index, extent, interval in zip(output.index, output.buffer.shape, box, strict=True):
            if isinstance(index, Expression) or (not index.terms and extent == 1):
                continue
            found = _digits(index, interval)
            if found is None:
                return None
            ranges |= found
    return ranges


def _digits(index: Affine, interval: Interval) -> dict[Axis, Interval] | None:
    """The values of an index's axes at which it lies in the interval, from the axis with the largest steps on.

    The next axis is told only if there is one value of those before: as with the digits of a number.
    """
    first, last = (end - index.constant for end in interval)
    found: dict[Axis, Interval] = {}
    terms = sorted(index.terms, key=lambda term: -abs(term[1]))
    for k, (axis, step) in enumerate(terms):
        rest = Affine(tuple(terms[k + 1 :]))
        low, high = _ends(rest, {})
        ends = sorted((first - high, last - low), key=lambda end: end * step)
        found[axis] = -(-ends[0] // step), ends[1] // step
        if found[axis][0] > found[axis][1]:
            return None
        if found[axis][0] < found[axis][1]:
            return found
        first, last = first - step * found[axis][0], last - step * found[axis][0]
    return found if first <= 0 <= last else None


def _box(index: Sequence[Index], buffer: Buffer, ranges: Mapping[Axis, Interval]) -> Box:
    return tuple(
        _whole(extent) if isinstance(i, Expression) else _ends(i, ranges)
        for i, extent in zip(index, buffer.shape, strict=True)
    )


def _ends(index: Affine, ranges: Mapping[Axis, Interval]) -> Interval:
    """The least and the largest value of an affine function."""
    ends = [sorted(c * end for end in ranges.get(axis, _whole(axis.extent))) for axis, c in index.terms]
    return index.constant + sum(low for low, _ in ends), index.constant + sum(high for _, high in ends)


def _whole(extent: Extent) -> Interval:
    return 0, concrete(extent, 1) - 1  # of one sample


def _union(a: Box, b: Box) -> Box:
    return tuple(
        (min(first), max(last)) for first, last in (zip(*pair, strict=True) for pair in zip(a, b, strict=True))
    )
