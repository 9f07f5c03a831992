"""Phases: where a value needs the whole batch, the program is cut.

A chunk phase takes a chunk of samples through all its nests on one thread, in memory that stays in its cache. An array
phase works on whole arrays, split between threads: parameters, sums of banks, and layers whose parameters are too large
to be met again for every chunk. Phases alternate: even ones are array phases, odd ones chunk phases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.compiler.expressions import nest_parts, reads
from chainrule.compiler.lowering import is_sample_shape
from chainrule.compiler.samples import batch_axis, batch_sum
from chainrule.graph.expression import SUM, Buffer, Read, Reduce
from chainrule.graph.extent import Batch
from chainrule.graph.loopnest import LoopNest

LARGE = 256 * 1024  # bytes of parameters that a chunk phase will not stream through the cache for every chunk
SMALL = 16  # numbers of each sample that may be summed up before the first chunk phase


@dataclass(frozen=True, eq=False)
class Phase:
    """Nests that run chunk by chunk, or over whole arrays."""

    chunked: bool
    nests: list[LoopNest]


def bytes_of(buffer: Buffer) -> int:
    """The bytes of a buffer; of one sample, where it has a batch."""
    sizes = [e.multiple if isinstance(e, Batch) else e for e in buffer.shape]
    return math.prod(sizes) * buffer.dtype.numpy.itemsize


def is_large(nest: LoopNest) -> bool:
    """Whether a contraction meets parameters that are better met once for the whole batch than for every chunk."""
    if batch_sum(nest) is not None:
        return nest.outputs[0].buffer.dtype.floating and bytes_of(nest.outputs[0].buffer) >= LARGE
    summed = {a for e in nest_parts(nest) if isinstance(e, Reduce) and e.monoid is SUM for a in e.axes}
    return any(
        not any(isinstance(x, Batch) for x in r.buffer.shape) and r.free_axes & summed and bytes_of(r.buffer) >= LARGE
        for r in reads(nest)
    )


def is_early(nest: LoopNest, inputs: set[Buffer]) -> bool:
    """Whether this is a sum over the batch of a few numbers that are given: needed first, so that it cuts no phase."""
    return batch_sum(nest) is not None and all(
        r.buffer in inputs and bytes_of(r.buffer) <= 8 * SMALL for r in reads(nest)
    )


def cut(nests: list[LoopNest], partial: set[Buffer], whole: set[int]) -> list[Phase]:
    """The phases of nests that are in order, producers first.

    `partial` are the buffers of banks, `whole` the numbers of nests on samples that run over whole arrays. Maps on the
    results of these go with them.
    """
    level: dict[Buffer, int] = {}
    last = 0
    levels: list[int] = []
    whole_samples: set[Buffer] = set()
    for k, nest in enumerate(nests):
        made = [o.buffer for o in nest.outputs]
        before = [level[b] for b in dict.fromkeys([*(r.buffer for r in reads(nest)), *made]) if b in level]
        samples = [r.buffer for r in reads(nest) if r.buffer in level and is_sample_shape(r.buffer.shape)]
        newest = [b for b in samples if level[b] == max(before)]
        is_map = batch_axis(nest) is not None and not any(isinstance(e, Reduce) for e in nest_parts(nest))
        joins = is_map and bool(newest) and all(b in whole_samples for b in newest)
        chunked = made[0] in partial or (batch_axis(nest) is not None and k not in whole and not joins)
        here = max([int(chunked), *(x if x % 2 == int(chunked) else x + 1 for x in before)])
        for b in made:
            level[b] = here
            if not chunked and is_sample_shape(b.shape):
                whole_samples.add(b)
        levels.append(here)
        last = max(last, here)
    return [Phase(p % 2 == 1, [n for n, x in zip(nests, levels, strict=True) if x == p]) for p in range(last + 1)]
