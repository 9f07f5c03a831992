"""What nests look like: windows, identities, elementwise meetings, rows that vectors can go along."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from chainrule.compiler.expressions import Expressions, Live, reads, reductions, substituted_index
from chainrule.compiler.lowering import has_batch
from chainrule.compiler.samples import Counted, sample_sums
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import (
    Buffer,
    Call,
    Coordinate,
    Expression,
    Guard,
    Read,
    Reduce,
    Size,
    parts,
)
from chainrule.graph.extent import Batch
from chainrule.graph.loopnest import LoopNest, Output

UNROLLED = 4  # copies of a point that are kept in registers beside the axes that index a contraction
WORTH_A_VECTOR = 4  # elements of a row


def is_windowed(reduce: Reduce) -> bool:
    """Whether a reduction is unrolled in registers."""
    return all(isinstance(a.extent, int) for a in reduce.axes) and size_of(reduce.axes) <= UNROLLED


def size_of(axes: Iterable[Axis]) -> float:
    """The number of points, of one sample."""
    return math.prod(1 if a.extent == Batch(1) else math.inf if isinstance(a.extent, Batch) else a.extent for a in axes)


def cost_of(expression: Expression) -> int:
    return sum(e.function.cost for e in parts(expression) if isinstance(e, Call))


def is_identity(o: Output) -> bool:
    """Whether each index is an axis of its own, or nothing."""
    pure = [i.pure for i in o.index if isinstance(i, Affine) and i.pure is not None]
    constant = [isinstance(i, Affine) and i == Affine() for i in o.index]
    return len(pure) == len(set(pure)) and len(pure) + sum(constant) == len(o.index)


def is_elementwise(nest: LoopNest) -> bool:
    """Whether a nest on shared arrays meets every element at its own place, sums over banks and samples aside."""
    if nest.ordered or not nest.axes or any(isinstance(a.extent, Batch) for a in nest.axes):
        return False
    if not all(
        is_identity(o) and {a for i in o.index if isinstance(i, Affine) for a in i.axes} == {*nest.axes}
        for o in nest.outputs
    ):
        return False
    at = nest.outputs[0].index
    inside = {id(e) for s in sample_sums(nest) for e in parts(s)}
    for r in reads(nest):
        if id(r) in inside:
            continue
        if not all(isinstance(i, Affine) for i in r.index):
            return False
        own = r.index[1:] if r.buffer.shape and isinstance(r.buffer.shape[0], Counted) else r.index
        if own and own != at:
            return False
    return all(o.index == at for o in nest.outputs)


def vectors_along(nest: LoopNest) -> Axis | None:
    """The axis along which a nest on shared arrays can go by vectors: the last one of all that it writes.

    Everything must be contiguous along it, or not depend on it; what is written has its rows padded to whole vectors.
    """
    if nest.ordered or not nest.axes or any(isinstance(a.extent, Batch) for a in nest.axes):
        return None
    last = nest.outputs[0].index[-1] if nest.outputs[0].index else None
    v = last.pure if isinstance(last, Affine) else None
    if v is None or not isinstance(v.extent, int) or v.extent < WORTH_A_VECTOR:
        return None
    for o in nest.outputs:
        if o.accumulate or not o.buffer.dtype.floating or not is_identity(o) or has_batch(o.buffer.shape):
            return None
        if o.index[-1] != last or any(
            a not in {b for i in o.index if isinstance(i, Affine) for b in i.axes} for a in nest.axes
        ):
            return None
    return v if all(_goes_along(e, v) for e in nest.parts) else None


def _goes_along(e: Expression, v: Axis) -> bool:
    match e:
        case Read(buffer, index):
            if has_batch(buffer.shape):
                return False
            if v not in e.free_axes:
                return all(isinstance(i, Affine) for i in index)
            inner = [k for k, i in enumerate(index) if not isinstance(i, Affine) or v in i.axes]
            final = index[-1]
            return inner == [len(index) - 1] and isinstance(final, Affine) and final.coefficient(v) == 1
        case Coordinate() | Live():
            return v not in e.free_axes
        case Guard(conditions):
            return not any(v in i.axes for i, _ in conditions)
        case Reduce(_, axes):
            return v not in axes and not any(isinstance(a.extent, Batch) for a in axes)
        case Size(extent):
            return not isinstance(extent, Batch)
    return True


def elements_of(buffer: Buffer) -> int:
    return math.prod(e.multiple if isinstance(e, Batch) else e for e in buffer.shape)


def linear_index(buffer: Buffer, index: Sequence[object]) -> object:
    total, step = Affine(), 1
    first = None
    for i, extent in reversed(list(zip(index, buffer.shape, strict=True))):
        assert isinstance(i, Affine)
        if isinstance(extent, Batch):
            first = frozenset(i.terms), i.constant
        else:
            total, step = total + i * step, step * extent
    return first, frozenset(total.terms), total.constant


def over_axes(nest: LoopNest, axes: Sequence[Axis], expressions: Expressions) -> LoopNest:
    """The nest with other axes of the same extents; its reductions get out of their way."""
    taken = set(axes) - set(nest.axes)
    if any(a in taken for r in reductions(nest) for a in r.axes):
        nest = LoopNest(nest.axes, tuple(
            Output(o.buffer, o.index, expressions.with_fresh_reductions(o.value), o.accumulate) for o in nest.outputs
        ), nest.ordered)  # fmt: skip
    by = {x: Affine.of(y) for x, y in zip(nest.axes, axes, strict=True) if x != y}
    outputs = tuple(
        Output(o.buffer, tuple(substituted_index(i, by) for i in o.index), expressions.substituted(o.value, by))
        for o in nest.outputs
    )
    return LoopNest(tuple(axes), outputs)
