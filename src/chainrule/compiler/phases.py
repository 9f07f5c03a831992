"""Phases: where a value needs the whole batch, the program is cut.

A chunk phase takes a chunk of samples through all its nests on one thread, in memory that stays in its cache. An array
phase works on whole arrays, split between threads: parameters, sums of banks, and layers whose parameters are too large
to be met again for every chunk. Phases alternate: even ones are array phases, odd ones chunk phases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.compiler.expressions import Expressions, reads
from chainrule.compiler.lowering import has_batch, is_sample_shape
from chainrule.compiler.repeats import Levelled, is_map, repeated
from chainrule.compiler.samples import batch_axis, batch_sum, sample_sums, summed_along, turnable
from chainrule.graph.expression import SUM, Buffer, Reduce
from chainrule.graph.extent import Batch
from chainrule.graph.loopnest import LoopNest

LARGE = 256 * 1024  # bytes of parameters that a chunk phase will not stream through the cache for every chunk
MET_OFTEN = 8  # points of one sample that meet each parameter, so that it is worth its way through the cache
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
        last, value = summed_along(nest), nest.outputs[0].value
        if (
            isinstance(value, Reduce)
            and math.prod(e for a in value.axes if isinstance(e := a.extent, int)) >= MET_OFTEN
        ):
            return False
        return is_wide_sum(nest) and last is not None and isinstance(value, Reduce) and turnable(value, last)
    summed = {a for e in nest.parts if isinstance(e, Reduce) and e.monoid is SUM for a in e.axes}
    return any(
        not any(isinstance(x, Batch) for x in r.buffer.shape)
        and r.free_axes & summed
        and bytes_of(r.buffer) >= LARGE
        and math.prod(a.extent for a in nest.axes if isinstance(a.extent, int) and a not in r.free_axes) < MET_OFTEN
        for r in reads(nest)
    )


def is_wide_sum(nest: LoopNest) -> bool:
    """Whether this is a sum over the batch for so many parameters that it runs over whole arrays, or maps of it."""
    buffers = [o.buffer for o in nest.outputs]
    large = all(b.dtype.floating and not has_batch(b.shape) and bytes_of(b) >= LARGE for b in buffers)
    return large and bool(sample_sums(nest))


def is_early(nest: LoopNest, inputs: set[Buffer]) -> bool:
    """Whether this is a sum over the batch of a few numbers that are given: needed first, so that it cuts no phase."""
    return batch_sum(nest) is not None and all(
        r.buffer in inputs and bytes_of(r.buffer) <= 8 * SMALL for r in reads(nest)
    )


def cut(
    nests: list[LoopNest],
    partial: set[Buffer],
    whole: set[Buffer],
    inputs: set[Buffer],
    outputs: set[Buffer],
    expressions: Expressions,
) -> list[Phase]:
    """The phases of nests that are in order, producers first.

    `partial` are the buffers of banks, `whole` those made by nests on samples that run over whole arrays; maps on the
    results of these go with them. `inputs` are given from outside, `outputs` are needed at the end.
    """
    levels = _earliest(nests, partial, whole)
    _move_maps_to_readers(nests, levels, outputs)
    found = repeated(Levelled(nests, levels), inputs, outputs, expressions)
    last = max(found.levels, default=0)
    return [
        Phase(p % 2 == 1, [n for n, x in zip(found.nests, found.levels, strict=True) if x == p])
        for p in range(last + 1)
    ]


def _earliest(nests: list[LoopNest], partial: set[Buffer], whole: set[Buffer]) -> list[int]:
    """The first phase that each nest can be in."""
    level: dict[Buffer, int] = {}
    levels: list[int] = []
    whole_samples: set[Buffer] = set()
    for nest in nests:
        made = [o.buffer for o in nest.outputs]
        before = [level[b] for b in dict.fromkeys([*(r.buffer for r in reads(nest)), *made]) if b in level]
        samples = [r.buffer for r in reads(nest) if r.buffer in level and is_sample_shape(r.buffer.shape)]
        newest = [b for b in samples if level[b] == max(before)]
        joins = is_map(nest) and batch_axis(nest) is not None and newest and all(b in whole_samples for b in newest)
        chunked = made[0] in partial or (batch_axis(nest) is not None and made[0] not in whole and not joins)
        here = max([int(chunked), *(x if x % 2 == int(chunked) else x + 1 for x in before)])
        for b in made:
            level[b] = here
            if not chunked and is_sample_shape(b.shape):
                whole_samples.add(b)
        levels.append(here)
    return levels


def _move_maps_to_readers(nests: list[LoopNest], levels: list[int], outputs: set[Buffer]) -> None:
    """A map is computed where it is read, unless it is smaller than what would have to be kept for that alone."""
    readers: dict[Buffer, list[int]] = {}
    writers: dict[Buffer, list[int]] = {}
    for k, nest in enumerate(nests):
        for r in reads(nest):
            readers.setdefault(r.buffer, []).append(k)
        for b in dict.fromkeys(o.buffer for o in nest.outputs):
            writers.setdefault(b, []).append(k)
    for k in reversed(range(len(nests))):
        made, *more = dict.fromkeys(o.buffer for o in nests[k].outputs)
        wanted = [levels[j] for j in readers.get(made, [])]
        if more or not wanted or made in outputs or len(writers[made]) > 1 or not is_map(nests[k]):
            continue
        here = min(wanted)
        on_samples = batch_axis(nests[k]) is not None
        if not on_samples and any(has_batch(b.shape) for b in (made, *(r.buffer for r in reads(nests[k])))):
            continue
        here = here if on_samples or here % 2 == 0 else here - 1
        for_that = {
            r.buffer for r in reads(nests[k])
            if r.buffer in writers and has_batch(r.buffer.shape)
            and all(levels[j] < here for j in readers[r.buffer] if j != k)
        }  # fmt: skip
        if here > levels[k] and (not for_that or sum(map(bytes_of, for_that)) < bytes_of(made)):
            levels[k] = here
