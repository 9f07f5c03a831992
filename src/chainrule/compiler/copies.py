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
    arranging = _Arranging(phases, inputs, aliases, expressions)
    result = [(p.chunked, arranging.steps(p, set(outputs))) for p in phases]
    rows = arranging.rows | set(arranging.outside.values())
    return Arranged(result, rows, arranging.turned, arranging.outside)


class _Arranging:
    """The copies that have been made so far."""

    def __init__(
        self,
        phases: Sequence[Phase],
        inputs: Sequence[Buffer],
        aliases: dict[Buffer, Buffer],
        expressions: Expressions,
    ) -> None:
        self.aliases, self.expressions = aliases, expressions
        self.given = set(inputs)
        self.rows = {b for b in inputs if has_batch(b.shape)}
        for p in phases:
            for nest in p.nests:
                if not in_lanes(nest, p.chunked):
                    self.rows |= {o.buffer for o in nest.outputs if has_batch(o.buffer.shape)}
        self.turned: set[Buffer] = set()
        self.outside: dict[Buffer, Buffer] = {}
        self.gathered: dict[Buffer, Buffer] = {}
        self.kept: dict[Buffer, Buffer] = {}  # lanes for all later phases, since an array phase loaded them

    def steps(self, phase: Phase, outputs: set[Buffer]) -> list[Step]:
        steps: list[Step] = []
        loaded = dict(self.kept)
        turns: dict[Buffer, Buffer] = {}
        for nest in phase.nests:
            if not in_lanes(nest, phase.chunked):
                steps += self.copied(nest, self.gathered, self.given, Gather)
                steps.append(_reading(nest, self.gathered, self.expressions))
                continue
            steps += self.copied(nest, loaded, self.rows, Load)
            nest = _reading(nest, loaded, self.expressions)
            along = summed_along(nest)
            if along is not None:
                steps += self.turning(nest, along, turns)
                nest = _reading(nest, turns, self.expressions, along)
            steps.append(nest)
            for o in nest.outputs:
                if o.buffer in outputs and has_batch(o.buffer.shape) and o.buffer not in self.outside:
                    self.outside[o.buffer] = Buffer(f"{o.buffer.name}_rows", o.buffer.shape, o.buffer.dtype)
        if not phase.chunked:
            self.kept = loaded
        made = {o.buffer for s in steps if isinstance(s, LoopNest) for o in s.outputs}
        return steps + [Store(b, copy) for b, copy in self.outside.items() if b in made]

    def copied(
        self, nest: LoopNest, copies: dict[Buffer, Buffer], sources: set[Buffer], kind: type[Load] | type[Gather]
    ) -> list[Step]:
        """Copies of what a nest reads of these sources, or of others in their memory."""
        steps: list[Step] = []
        suffix = "lanes" if kind is Load else "gathered"
        for r in reads(nest):
            source = resolved(r.buffer, self.aliases)
            if source not in sources or not is_sample_shape(source.shape) or r.buffer in copies:
                continue
            if source not in copies:
                copies[source] = Buffer(f"{source.name}_{suffix}", source.shape, source.dtype)
                if kind is Gather:
                    self.rows.add(copies[source])
                steps.append(kind(source, copies[source]))
            if r.buffer is not source:
                copies[r.buffer] = Buffer(f"{r.buffer.name}_{suffix}", r.buffer.shape, r.buffer.dtype)
                self.aliases[copies[r.buffer]] = copies[source]
        return steps

    def turning(self, nest: LoopNest, along: Axis, turns: dict[Buffer, Buffer]) -> list[Step]:
        """Turned copies of the samples that a nest reads along an axis."""
        steps: list[Step] = []
        for r in reads(nest):
            if is_sample_shape(r.buffer.shape) and along in r.free_axes and r.buffer not in turns:
                turns[r.buffer] = Buffer(f"{r.buffer.name}_turned", r.buffer.shape, r.buffer.dtype)
                self.turned.add(turns[r.buffer])
                steps.append(Turn(r.buffer, turns[r.buffer]))
        return steps


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
