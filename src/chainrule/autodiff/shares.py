"""The sum of the shares of a cotangent: those that are parts of it in different places are put side by side."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chainrule.graph.tensor import Tensor
from chainrule.ops.creation import zeros
from chainrule.ops.elementwise import add
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import reshape
from chainrule.ops.parts import concatenate

FEW = 8  # as many guarded reads in one kernel take less time than to write the parts first


@dataclass(frozen=True)
class _Part:
    """What stands in some places along one axis, where all else is zero."""

    value: Tensor
    axis: int
    start: int

    @property
    def end(self) -> int:
        extent = self.value.shape[self.axis]
        assert isinstance(extent, int)
        return self.start + extent


def total(shares: Sequence[Tensor]) -> Tensor:
    """The sum. Those that come of slices, as of x[:, 0], x[:, 1], …, cost as much as x then, not each as much."""
    if len(shares) < FEW:
        return functools.reduce(add, shares)
    found = [(share, _part(share)) for share in shares]
    parts = sorted((part for _, part in found if part is not None), key=lambda part: part.start)
    apart = all(a.axis == b.axis and a.end <= b.start for a, b in pairwise(parts))
    if len(parts) < FEW or not apart:
        return functools.reduce(add, shares)
    others = [share for share, part in found if part is None]
    return functools.reduce(add, [*others, _side_by_side(parts, shares[0])])


def _part(share: Tensor) -> _Part | None:
    """What a share is, where it is a slice along one axis that is written into zeros."""
    if not isinstance(share.operation, Indexed) or len(share.inputs) != 1:
        return None
    indexing, (x,) = share.operation.indexing(share), share.inputs
    written = [a for index in indexing.output for a in index.axes]
    if [i.pure for i in indexing.factors[0]] != written or tuple(a.extent for a in written) != x.shape:
        return None
    whole = [i.pure is not None and i.pure.extent == e for i, e in zip(indexing.output, share.shape, strict=True)]
    if whole.count(False) != 1:
        return None
    axis = whole.index(False)
    index = indexing.output[axis]
    if len(index.axes) > 1 or any(step != 1 for _, step in index.terms) or not isinstance(share.shape[axis], int):
        return None
    value = x if index.axes else reshape(x, (*x.shape[:axis], 1, *x.shape[axis:]))
    return _Part(value, axis, index.constant)


def _side_by_side(parts: Sequence[_Part], like: Tensor) -> Tensor:
    """The parts in the order of their places, and zeros where there is none."""
    axis, reached = parts[0].axis, 0
    size = like.shape[axis]
    assert isinstance(size, int)
    row: list[Tensor] = []
    for start, part in [*((p.start, p) for p in parts), (size, None)]:
        if start > reached:
            row.append(zeros((*like.shape[:axis], start - reached, *like.shape[axis + 1 :]), like.dtype))
        if part is not None:
            row.append(part.value)
            reached = part.end
    return concatenate(row, axis)
