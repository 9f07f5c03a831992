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
from chainrule.compiler.phases import Phase
from chainrule.compiler.samples import batch_axis, batch_sum
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import Buffer, Expression, Read, Reduce
from chainrule.graph.extent import Batch
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


Step = LoopNest | Load | Store | Turn


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


def summed_along(nest: LoopNest) -> Axis | None:
    """The axis that vectors run along where samples are summed up."""
    o = nest.outputs[0]
    value = o.value
    if not isinstance(value, Reduce) or not any(isinstance(a.extent, Batch) for a in value.axes) or not o.index:
        return None
    last = o.index[-1]
    return last.pure if isinstance(last, Affine) else None


def arranged(
    phases: Sequence[Phase],
    inputs: Sequence[Buffer],
    outputs: Sequence[Buffer],
    whole: set[Buffer],
    aliases: dict[Buffer, Buffer],
    expressions: Expressions,
) -> Arranged:
    """The phases with their copies. `whole` are the sums over the batch that run in lanes over whole arrays.

    `aliases` are the buffers in the memory of others; copies of them join it.
    """
    rows = {b for b in inputs if has_batch(b.shape)}
    for p in phases:
        for nest in p.nests:
            if not _in_lanes(nest, p.chunked, whole):
                rows |= {o.buffer for o in nest.outputs if has_batch(o.buffer.shape)}
    result: list[tuple[bool, list[Step]]] = []
    turned: set[Buffer] = set()
    outside: dict[Buffer, Buffer] = {}
    for p in phases:
        steps: list[Step] = []
        loaded: dict[Buffer, Buffer] = {}
        turns: dict[Buffer, Buffer] = {}
        for nest in p.nests:
            if not _in_lanes(nest, p.chunked, whole):
                steps.append(nest)
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


def _in_lanes(nest: LoopNest, chunked: bool, whole: set[Buffer]) -> bool:
    return chunked or batch_axis(nest) is not None or nest.outputs[0].buffer in whole


def _reading(
    nest: LoopNest, copies: dict[Buffer, Buffer], expressions: Expressions, along: Axis | None = None
) -> LoopNest:
    """The nest with copies in place of what it reads; of what it reads along an axis, if one is given."""

    def rule(e: Expression) -> Expression:
        if isinstance(e, Read) and e.buffer in copies and (along is None or along in e.free_axes):
            return replace(e, buffer=copies[e.buffer])
        return e

    return expressions.nest(nest, rule)
