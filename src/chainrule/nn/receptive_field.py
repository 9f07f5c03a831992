"""Which part of its input an element of a feature map depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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

    size     how many elements it depends on
    stride   how far the field of the next output is moved
    start    where the field of output 0 begins: before 0, if it reaches into padding
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    start: tuple[int, ...]


def receptive_field(y: Tensor, x: Tensor) -> ReceptiveField:
    """The part of x (batch, …, channels) that an element of y, at one position and in any channel, depends on.

        y[n,i,…] depends on x[n, start + i·stride : start + i·stride + size, …]

    It is read off what the operations declare to read, whichever they are: for a chain of windows it is the known
    recursion size ← size + (window - 1)·dilation·stride, stride ← stride·(step of the window). What padding adds is
    counted. An output without positions, such as a class's score, has stride 0.

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

    here, next_ = seen_from(0), seen_from(1)
    return ReceptiveField(
        size=tuple(last - first + 1 for first, last in here),
        stride=tuple(b - a for (a, _), (b, _) in zip(here, next_, strict=True)),
        start=tuple(first for first, _ in here),
    )


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
    assert isinstance(node.operation, Primitive)
    buffers = [Buffer(f"x{k}", x.shape, x.dtype) for k, x in enumerate(node.inputs)]
    found = []
    for nest in node.operation.lower(node, Buffer("y", node.shape, node.dtype), buffers):
        ranges = _ranges(nest, box)
        if ranges is not None:
            sources = dict(zip(buffers, node.inputs, strict=True))
            found += [(sources[r.buffer], _box(r.index, r.buffer, ranges)) for r in nest.reads() if r.buffer in sources]
    return found


def _ranges(nest: LoopNest, box: Box) -> dict[Axis, Interval] | None:
    """The values of axes at which the nest writes into the box; None if at none. An axis not listed has them all."""
    ranges: dict[Axis, Interval] = {}
    for output in nest.outputs:
        for index, extent, (first, last) in zip(output.index, output.buffer.shape, box, strict=True):
            if isinstance(index, Expression) or len(index.terms) > 1:
                continue
            start = index.constant
            if not index.terms:
                if extent != 1 and not first <= start <= last:
                    return None
                continue
            ((axis, step),) = index.terms
            low, high = sorted((step * (first - start), step * (last - start)))
            ranges[axis] = -(-low // step**2), high // step**2
            if ranges[axis][0] > ranges[axis][1]:
                return None
    return ranges


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
