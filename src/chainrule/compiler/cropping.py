"""Sums that are computed where a part of them is read: the gradient of a padded array, without its padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chainrule.compiler.expressions import Expressions, reads
from chainrule.graph.affine import Affine
from chainrule.graph.expression import Buffer, Read, Reduce
from chainrule.graph.loopnest import LoopNest, Output


def cropped(
    nests: Sequence[LoopNest],
    outputs: Sequence[Buffer],
    is_meant: Callable[[LoopNest], bool],
    expressions: Expressions,
) -> list[LoopNest]:
    """The nests, where those sums that are meant, and of which one nest alone reads a part at an offset, are there."""
    readers: dict[Buffer, list[LoopNest]] = {}
    for n in nests:
        for b in {r.buffer for r in reads(n)}:
            readers.setdefault(b, []).append(n)
    moved: dict[Buffer, LoopNest] = {}
    left: list[LoopNest] = []
    for n in nests:
        (o, *_) = n.outputs
        (reader, *others) = readers.get(o.buffer, [n])
        (view, *_) = reader.outputs
        part = view.value
        if (
            isinstance(part, Read) and part.buffer is o.buffer and not others and o.buffer not in outputs
            and isinstance(o.value, Reduce) and is_meant(n) and _is_shifted(part, reader)
        ):  # fmt: skip
            by = {a.pure: i for a, i in zip(o.index, part.index, strict=True) if a.pure is not None}  # type: ignore[union-attr]
            value = expressions.substituted(o.value, by)  # type: ignore[arg-type]
            moved[view.buffer] = LoopNest(reader.axes, (Output(view.buffer, view.index, value, view.accumulate),))
            continue
        left.append(moved.get(o.buffer, n))
    return left


def _is_shifted(part: Read, reader: LoopNest) -> bool:
    axes = [i.axes for i in part.index if isinstance(i, Affine)]
    alone = len(axes) == len(part.index) and all(len(a) <= 1 for a in axes)
    return alone and len(reader.outputs) == 1 and not reader.ordered
