"""Maps that several phases read: computed again in each of them, where less then lives between phases.

What lives from one phase to another is written to memory for the whole batch and read back, which takes longer than a
few operations on numbers that are read anyway. A normalised activation, the sign of a rectified one and their like are
all maps of one result of a convolution: that is kept, and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import dataclass

from chainrule.compiler.expressions import Expressions, reads
from chainrule.compiler.forms import cost_of
from chainrule.compiler.lowering import alive, has_batch, is_sample_shape
from chainrule.compiler.samples import batch_axis
from chainrule.graph.affine import Affine
from chainrule.graph.expression import Buffer, Expression, Read, Reduce
from chainrule.graph.loopnest import LoopNest, Output

COSTLY = 24  # additions that a value, with all the maps it is made of, may cost to be computed again


@dataclass(frozen=True, eq=False)
class Levelled:
    """Nests and the phase of each."""

    nests: list[LoopNest]
    levels: list[int]


def is_map(nest: LoopNest) -> bool:
    """Whether each point needs a few numbers, not a sum or maximum of many."""
    return not any(isinstance(e, Reduce) for e in nest.parts) and not nest.ordered


def repeated(given: Levelled, inputs: Set[Buffer], outputs: Set[Buffer], expressions: Expressions) -> Levelled:
    """The nests, with those maps computed again in later chunk phases whose results need not be kept for them."""
    maps = _Maps(given, inputs, outputs)
    maps.decide()
    return maps.written(outputs, expressions)


class _Maps:
    """Which maps are computed again in which phases."""

    def __init__(self, given: Levelled, inputs: Set[Buffer], outputs: Set[Buffer]) -> None:
        self.nests, self.levels = given.nests, given.levels
        self.level = {o.buffer: p for n, p in zip(self.nests, self.levels, strict=True) for o in n.outputs}
        self.readers: dict[Buffer, list[int]] = {}
        writers: dict[Buffer, int] = {}
        for k, n in enumerate(self.nests):
            for b in _read(n):
                self.readers.setdefault(b, []).append(k)
            for o in n.outputs:
                writers[o.buffer] = writers.get(o.buffer, 0) + 1
        self.maps = {
            n.outputs[0].buffer: n
            for n in self.nests
            if writers[n.outputs[0].buffer] == 1 and _may_repeat(n, inputs) and n.outputs[0].buffer not in outputs
        }
        self.again: set[tuple[Buffer, int]] = set()

    def decide(self) -> None:
        """Until nothing more is worth it: what one map needs may come to live for another."""
        before = -1
        while len(self.again) > before:
            before = len(self.again)
            for buffer in reversed(self.maps):
                self.consider(buffer)

    def consider(self, buffer: Buffer) -> None:
        later = {p for p in self.wanted(buffer) if p > self.level[buffer]}
        if not later or any(p % 2 == 0 for p in later):
            return  # an array phase reads it from memory anyway
        roots, cost, chain = self.made_of(buffer)
        if cost > COSTLY:
            return
        new = [
            b for b in roots if max(self.wanted(b)) == self.level[b]
        ]  # these would not live between phases otherwise
        kept = sum(map(_bytes_of_sample, new))
        shared = all(len(self.readers[b]) > 1 for b in new)  # written to some memory in any case
        if kept < _bytes_of_sample(buffer) or (shared and kept == _bytes_of_sample(buffer)):
            self.again |= {(b, p) for b in (buffer, *chain) for p in later}

    def wanted(self, buffer: Buffer) -> set[int]:
        """The phases that read what was computed at first."""
        phases = {self.levels[k] for k in self.readers.get(buffer, [])}
        phases |= {p for b, p in self.again if buffer in _read(self.maps[b])}
        return {p for p in phases if (buffer, p) not in self.again} | {self.level[buffer]}

    def made_of(self, buffer: Buffer) -> tuple[set[Buffer], int, set[Buffer]]:
        """The values that are no maps, from which this one is computed; the cost; and the maps on the way."""
        roots: set[Buffer] = set()
        chain: set[Buffer] = set()
        cost, left = 0, [buffer]
        while left:
            nest = self.maps[left.pop()]
            cost += sum(cost_of(o.value) for o in nest.outputs)
            for b in _read(nest):
                if b in self.maps and b not in chain:
                    chain.add(b)
                    left.append(b)
                elif b not in self.maps and has_batch(b.shape):
                    roots.add(b)
        return roots, cost, chain

    def written(self, outputs: Set[Buffer], expressions: Expressions) -> Levelled:
        """The nests phase by phase, without those whose results nothing reads any more."""
        copies = {(b, p): Buffer(f"{b.name}_again", b.shape, b.dtype) for b, p in self.again}

        def reading(nest: LoopNest, phase: int) -> LoopNest:
            def rule(e: Expression) -> Expression:
                copy = copies.get((e.buffer, phase)) if isinstance(e, Read) else None
                return Read(copy, e.index) if isinstance(e, Read) and copy is not None else e

            return expressions.nest(nest, rule)

        found: list[tuple[int, LoopNest]] = []
        for buffer, nest in self.maps.items():
            for phase in (p for b, p in self.again if b is buffer):
                (o,) = reading(nest, phase).outputs
                found.append((phase, LoopNest(nest.axes, (Output(copies[buffer, phase], o.index, o.value),))))
        found += [(p, reading(n, p)) for n, p in zip(self.nests, self.levels, strict=True)]
        found.sort(key=lambda x: x[0])
        level = {id(n): p for p, n in found}
        nests = alive([n for _, n in found], list(outputs))
        return Levelled(nests, [level[id(n)] for n in nests])


def _read(nest: LoopNest) -> set[Buffer]:
    return {r.buffer for r in reads(nest)}


def _may_repeat(nest: LoopNest, inputs: Set[Buffer]) -> bool:
    """Whether this is a map of one sample's values, none of which has to be brought in from outside."""
    (o, *more) = nest.outputs
    if more or o.accumulate or not is_map(nest) or batch_axis(nest) is None:
        return False
    direct = all(isinstance(i, Affine) for r in reads(nest) for i in r.index)
    return direct and not any(b in inputs and is_sample_shape(b.shape) for b in _read(nest))


def _bytes_of_sample(buffer: Buffer) -> int:
    return math.prod(e for e in buffer.shape if isinstance(e, int)) * buffer.dtype.numpy.itemsize
