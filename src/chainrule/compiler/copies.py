"""Copies between the arrangements of samples: rows, as NumPy has them, and lanes, as kernels want them.

rows     one sample after the other: what comes from outside and goes there, and what kernels without lanes write
lanes    chunk by chunk, within it element by element, the samples of the chunk side by side: [chunk][element][lane]
turned   chunk by chunk, within it sample by sample: for sums over samples with vectors along another axis
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chainrule.compiler.expressions import Expressions, reads
from chainrule.compiler.lowering import has_batch, is_sample_shape
from chainrule.compiler.phases import Phase, is_wide_sum
from chainrule.compiler.samples import batch_axis, summed_along
from chainrule.graph.affine import Axis
from chainrule.graph.expression import Buffer, Expression, Read
from chainrule.graph.loopnest import LoopNest


@dataclass(frozen=True, eq=False)
class Load:
    """Rows to lanes; empty lanes of the last chunk repeat the last sample."""

    source: Buffer
    target: Buffer


@dataclass(frozen=True, eq=False)
class Store:
    """Lanes to rows; empty lanes are left out."""

    source: Buffer
    target: Buffer


@dataclass(frozen=True, eq=False)
class Turn:
    """Lanes to turned."""

    source: Buffer
    target: Buffer


@dataclass(frozen=True, eq=False)
class Gather:
    """Rows outside to rows inside, the samples of a step side by side, for kernels that go through samples."""

    source: Buffer
    target: Buffer


Step = LoopNest | Load | Store | Turn | Gather


@dataclass(frozen=True, eq=False)
class Arranged:
    """Phases as steps, each buffer in one arrangement.

    rows       buffers with a batch that are in rows
    turned     buffers that are turned
    outside    the buffers outside that the program's outputs with a batch go to, in rows
    """

    phases: list[tuple[bool, list[Step]]]
    rows: set[Buffer]
    turned: set[Buffer]
    outside: dict[Buffer, Buffer]


def arranged(
    phases: Sequence[Phase],
    inputs: Sequence[Buffer],
    outputs: Sequence[Buffer],
    aliases: dict[Buffer, Buffer],
    expressions: Expressions,
) -> Arranged:
    """The phases with their copies. `aliases` are the buffers in the memory of others; copies of them join it."""
    rows = {b for b in inputs if has_batch(b.shape)}
    for p in phases:
        for nest in p.nests:
            if not in_lanes(nest, p.chunked):
                rows |= {o.buffer for o in nest.outputs if has_batch(o.buffer.shape)}
    result: list[tuple[bool, list[Step]]] = []
    turned: set[Buffer] = set()
    outside: dict[Buffer, Buffer] = {}
    gathered: dict[Buffer, Buffer] = {}
    given = set(inputs)
    kept: dict[Buffer, Buffer] = {}  # copies for all phases, since array phases made them
    for p in phases:
        steps: list[Step] = []
        loaded = dict(kept)
        turns: dict[Buffer, Buffer] = {}
        for nest in p.nests:
            if not in_lanes(nest, p.chunked):
                for r in reads(nest):
                    if r.buffer in given and is_sample_shape(r.buffer.shape) and r.buffer not in gathered:
                        copy = Buffer(f"{r.buffer.name}_gathered", r.buffer.shape, r.buffer.dtype)
                        gathered[r.buffer] = copy
                        rows.add(copy)
                        steps.append(Gather(r.buffer, copy))
                steps.append(_reading(nest, gathered, expressions))
                continue
            for r in reads(nest):
                source = resolved(r.buffer, aliases)
                if source not in rows or r.buffer in loaded:
                    continue
                if source not in loaded:
                    loaded[source] = Buffer(f"{source.name}_lanes", source.shape, source.dtype)
                    steps.append(Load(source, loaded[source]))
                if r.buffer is not source:
                    loaded[r.buffer] = Buffer(f"{r.buffer.name}_lanes", r.buffer.shape, r.buffer.dtype)
                    aliases[loaded[r.buffer]] = loaded[source]
                if not p.chunked:
                    kept |= {b: loaded[b] for b in (source, r.buffer)}
            nest = _reading(nest, loaded, expressions)
            along = summed_along(nest)
            if along is not None:
                for r in reads(nest):
                    if is_sample_shape(r.buffer.shape) and along in r.free_axes and r.buffer not in turns:
                        copy = Buffer(f"{r.buffer.name}_turned", r.buffer.shape, r.buffer.dtype)
                        turns[r.buffer] = copy
                        turned.add(copy)
                        steps.append(Turn(r.buffer, copy))
                nest = _reading(nest, turns, expressions, along)
            steps.append(nest)
            for o in nest.outputs:
                if o.buffer in outputs and has_batch(o.buffer.shape) and o.buffer not in outside:
                    outside[o.buffer] = Buffer(f"{o.buffer.name}_rows", o.buffer.shape, o.buffer.dtype)
        made = {o.buffer for s in steps if isinstance(s, LoopNest) for o in s.outputs}
        steps += [Store(b, copy) for b, copy in outside.items() if b in made]
        result.append((p.chunked, steps))
    return Arranged(result, rows | set(outside.values()), turned, outside)


def resolved(buffer: Buffer, aliases: Mapping[Buffer, Buffer]) -> Buffer:
    """The buffer whose memory this one has."""
    while buffer in aliases:
        buffer = aliases[buffer]
    return buffer


def in_lanes(nest: LoopNest, chunked: bool) -> bool:
    """Whether the samples of this nest are the lanes of vectors, or are summed up with vectors along another axis."""
    return chunked or batch_axis(nest) is not None or is_wide_sum(nest)


def _reading(
    nest: LoopNest, copies: dict[Buffer, Buffer], expressions: Expressions, along: Axis | None = None
) -> LoopNest:
    """The nest with copies in place of what it reads; of what it reads along an axis, if one is given."""

    def rule(e: Expression) -> Expression:
        if isinstance(e, Read) and e.buffer in copies and (along is None or along in e.free_axes):
            return replace(e, buffer=copies[e.buffer])
        return e

    return expressions.nest(nest, rule)
