"""Sizes of axes: an integer, or an integer times the one symbolic size of a graph, its batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chainrule.errors import GraphError, ShapeError
from chainrule.messages import Message

_TWO_BATCHES = Message(
    "extent.two_batches",
    en="a size of batch × batch arose, but a graph has one symbolic axis: {extents}. Keep the batch on one axis only.",
    zh="出现了 batch × batch 的尺寸，但一个图只有一个符号轴：{extents}。请只在一个轴上使用 batch。",
)
_UNBOUND_BATCH = Message(
    "extent.unbound_batch",
    en="the size of the batch is not known here; bind an input whose shape has the batch axis, or pass batch=.",
    zh="此处批量大小未知；请绑定一个形状含批量轴的输入，或传入 batch=。",
)


@dataclass(frozen=True)
class Batch:
    """`multiple` times the number of samples in a batch."""

    multiple: int = 1

    def __mul__(self, other: int) -> Extent:
        return Batch(self.multiple * other) if other else 0

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return "batch" if self.multiple == 1 else f"{self.multiple}·batch"


Extent = int | Batch
Shape = tuple[Extent, ...]
batch = Batch()


def is_extent(value: object) -> bool:
    """Whether this is the size of an axis."""
    if isinstance(value, Batch):
        return value.multiple > 0
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def product(extents: Iterable[Extent]) -> Extent:
    """The number of elements of a shape."""
    extents = tuple(extents)
    total: Extent = 1
    for extent in extents:
        if isinstance(total, int):
            total = extent * total
        elif isinstance(extent, int):
            total = total * extent
        else:
            raise ShapeError(_TWO_BATCHES(extents=extents))
    return total


def concrete(extent: Extent, size: int | None) -> int:
    """The extent as a number, for a batch of this size."""
    if isinstance(extent, int):
        return extent
    if size is None:
        raise GraphError(_UNBOUND_BATCH())
    return extent.multiple * size


def concrete_shape(shape: Shape, size: int | None) -> tuple[int, ...]:
    return tuple(concrete(extent, size) for extent in shape)


def broadcast(*shapes: Shape) -> Shape | None:
    """NumPy's rule: shapes aligned at the end, sizes equal or 1; the one they have together, None if there is none."""
    rank = max(map(len, shapes))
    found: list[Extent] = []
    for extents in zip(*((1,) * (rank - len(s)) + tuple(s) for s in shapes), strict=True):
        sizes = set(extents) - {1}
        if len(sizes) > 1:
            return None
        found.append(sizes.pop() if sizes else 1)
    return tuple(found)


def show_shape(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
