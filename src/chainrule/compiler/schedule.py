"""How a nest runs: vector axis, register tile, order of loops. A schedule sees accesses and extents, nothing else.

A contraction computes a tile of points at once, each in a register: every load then serves several multiply-adds. The
tile is the one with the fewest estimated cycles: multiply-adds and loads at two a cycle, the latency of a chain, the
registers that do not suffice, and the traffic between the first cache and the next for the best order of loops.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product

from chainrule.compiler.forms import is_windowed
from chainrule.compiler.samples import CHUNK, Counted
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import SUM, Guard, Read, Reduce, parts
from chainrule.graph.extent import Batch, Extent

ACCUMULATORS = 24  # points of a tile
LATENCY = 4  # cycles of a multiply-add
L1 = 36 * 1024  # bytes of the first-level cache that a tile's operands may fill
UNROLLED = 80  # multiply-adds in one body
CYCLES_PER_BYTE = 1 / 192  # from the second-level cache, beyond what overlaps
CHUNKS_PER_TILE = 2  # of a loop over chunks, whose number is known when it runs
USUAL_CHUNKS = 8  # what that number is taken for


@dataclass(frozen=True)
class Access:
    """A read inside a contraction, and the element it meets as an affine function of axes."""

    read: Read
    address: Affine
    itemsize: int

    @cached_property
    def dimensions(self) -> list[list[tuple[Axis, int]]]:
        """The axes of each index, and how far a step along each goes; samples aside."""
        indices = [i for i in self.read.index if isinstance(i, Affine)]
        return [
            [(a, abs(c)) for a, c in i.terms] for i in indices if not any(isinstance(a.extent, Batch) for a in i.axes)
        ]

    @cached_property
    def others(self) -> list[Axis]:
        """The axes of the address that no index has: lanes and chunks."""
        named = {a for i in self.read.index if isinstance(i, Affine) for a in i.axes}
        return [a for a in self.address.axes if a not in named]

    @cached_property
    def axes(self) -> frozenset[Axis]:
        return frozenset(self.address.axes)


@dataclass(frozen=True)
class Schedule:
    """The plan of one nest.

    vector    the axis whose neighbouring values are the lanes of vectors
    order     loops around the tile, outermost first
    tile      copies of the point along each axis, in vectors along the vector axis
    inner     loops of the contraction, outermost first
    unroll    of the last of them
    sets      independent accumulators of each point
    """

    vector: Axis | None
    order: tuple[Axis, ...]
    tile: dict[Axis, int]
    inner: tuple[Axis, ...] = ()
    unroll: int = 1
    sets: int = 1

    def __str__(self) -> str:
        tile = " × ".join(f"{size} {a.name}" for a, size in self.tile.items() if size > 1) or "1 point"
        text = f"tile {tile}, vectors along {self.vector.name if self.vector else 'nothing'}"
        if self.order:
            text += f", loops {' '.join(a.name for a in self.order)}"
        if self.inner:
            text += f", inside {' '.join(a.name for a in self.inner)} unrolled {self.unroll}"
        return text


def steps_along(axis: Axis, vector: Axis | None, lanes: int) -> int:
    """How many points, or vectors of points, an axis has; a typical number where it is counted at run time."""
    if isinstance(axis.extent, Counted):
        return USUAL_CHUNKS
    assert isinstance(axis.extent, int)
    return -(-axis.extent // lanes) if axis == vector else axis.extent


@dataclass(frozen=True)
class Bound:
    """A condition 0 ≤ index < extent of a contraction's terms that becomes the ends of a loop over one axis."""

    index: Affine
    extent: Extent
    axis: Axis


def bounds_of(contraction: Reduce, inner: Sequence[Axis]) -> list[Bound] | None:
    """The conditions of a guarded sum as bounds of its loops; None where that cannot be."""
    (argument, *_) = contraction.arguments
    if not isinstance(argument, Guard):
        return []
    if contraction.monoid is not SUM:
        return None
    bounds = []
    for index, extent in argument.conditions:
        axis = next((a for a in reversed(inner) if abs(index.coefficient(a)) == 1), None)
        if axis is None or any(a in inner and inner.index(a) > inner.index(axis) for a in index.axes):
            return None
        bounds.append(Bound(index, extent, axis))
    return bounds


def contract(
    contraction: Reduce,
    axes: Sequence[Axis],
    windows: Sequence[Axis],
    accesses: Sequence[Access],
    vector: Axis | None,
    lanes: int,
    registers: int,
) -> Schedule:
    """The schedule of a nest with one contraction, over these axes around it and windows unrolled in its point."""
    indexing = contraction.free_axes
    guarded = {a for e in parts(contraction) if isinstance(e, Guard) for i, _ in e.conditions for a in i.axes}
    outer = [a for a in axes if not (isinstance(a.extent, Batch) and not isinstance(a.extent, Counted))]
    window = [a for a in windows if a in indexing]
    inner = _inner_order(contraction, guarded)
    model = _Model(outer, window, inner, accesses, vector, lanes, registers, indexing)
    choices = [model.choices(a, guarded) for a in outer]
    copies = math.prod(a.extent for a in window if isinstance(a.extent, int))
    tiles = [
        dict(zip(outer, t, strict=True)) for t in _bounded(outer, choices, indexing, max(1, ACCUMULATORS // copies))
    ]
    priced = sorted(((model.cycles(t), k) for k, t in enumerate(tiles)))
    best: tuple[float, tuple[Axis, ...], dict[Axis, int]] | None = None
    for cycles, k in priced:
        if cycles > priced[0][0] * 1.25:
            break
        traffic, order = model.order(tiles[k])
        price = cycles + traffic * CYCLES_PER_BYTE
        if best is None or price < best[0]:
            best = price, order, tiles[k]
    assert best is not None
    _, order, tile = best
    points = math.prod(t for a, t in tile.items() if a in indexing or a == CHUNK) * copies
    last = inner[-1].extent
    unroll = 1
    if isinstance(last, int) and inner[-1] not in guarded:
        unroll = next(u for u in range(8, 0, -1) if u == 1 or (last % u == 0 and u * points <= UNROLLED))
    two = points < 8 and unroll % 2 == 0 and contraction.monoid is SUM
    return Schedule(vector, order, tile, inner, unroll, 2 if two else 1)


def _bounded(
    axes: Sequence[Axis], choices: Sequence[Sequence[int]], indexing: frozenset[Axis], limit: int
) -> Iterator[tuple[int, ...]]:
    """The products of choices whose points fit the accumulators."""
    if not axes:
        yield ()
        return
    for size in choices[0]:
        left = limit // size if axes[0] in indexing else limit
        if left:
            for rest in _bounded(axes[1:], choices[1:], indexing, left):
                yield (size, *rest)


def _inner_order(contraction: Reduce, guarded: set[Axis]) -> tuple[Axis, ...]:
    """Loops counted at run time outside, guarded ones next; the innermost is the one that unrolls best."""

    def badness(a: Axis) -> tuple[bool, bool, int, int]:
        extent = a.extent if isinstance(a.extent, int) else USUAL_CHUNKS
        best = max(u for u in range(1, 9) if extent % u == 0)
        return (isinstance(a.extent, Batch), a in guarded, -best, extent)

    return tuple(sorted(contraction.axes, key=badness, reverse=True))


class _Model:
    """What a tile costs."""

    def __init__(
        self,
        outer: Sequence[Axis],
        window: Sequence[Axis],
        inner: Sequence[Axis],
        accesses: Sequence[Access],
        vector: Axis | None,
        lanes: int,
        registers: int,
        indexing: frozenset[Axis],
    ) -> None:
        self.outer, self.window, self.inner, self.accesses = outer, window, inner, accesses
        self.vector, self.lanes, self.registers, self.indexing = vector, lanes, registers, indexing
        self.times = math.prod(steps_along(a, None, lanes) for a in inner)

    def steps(self, axis: Axis) -> int:
        return steps_along(axis, self.vector, self.lanes)

    def choices(self, axis: Axis, guarded: set[Axis]) -> list[int]:
        """Tile sizes worth trying: the smallest for each number of tiles."""
        steps = self.steps(axis)
        if axis == CHUNK:
            return [CHUNKS_PER_TILE] if axis in self.indexing or axis in self.touched() else [1]
        if axis not in self.indexing:
            return [steps] if steps <= 4 else [1]
        if axis in guarded:
            return [1]
        return sorted({size for k in range(1, steps + 1) if (size := -(-steps // k)) <= ACCUMULATORS})

    def touched(self) -> set[Axis]:
        return {a for x in self.accesses for a in x.address.axes}

    def cycles(self, tile: dict[Axis, int]) -> float:
        segments = []
        for a in self.outer:
            steps, size = self.steps(a), tile[a]
            segments.append([(steps // size, size)] + ([(1, steps % size)] if steps % size else []))
        total = 0.0
        for combination in product(*segments):
            sizes = {a: t for a, (_, t) in zip(self.outer, combination, strict=True)}
            sizes |= {a: a.extent for a in self.window if isinstance(a.extent, int)}
            points = math.prod(t for a, t in sizes.items() if a in self.indexing or a == CHUNK or a in self.window)
            offsets = [distinct(x.address, sizes, self.vector, self.lanes) for x in self.accesses]
            loads = [len(o) for o in offsets]
            last = self.inner[-1]
            carried = sum(  # loads that the next unrolled copy meets again stay in registers
                sum(v - x.address.coefficient(last) in o for v in o)
                for x, o in zip(self.accesses, offsets, strict=True)
                if x.address.coefficient(last)
            )
            spilled = 2 * max(0, points + min(loads, default=0) + carried + 1 - self.registers)
            latency = LATENCY / (2 if points < 8 else 1)
            body = max(points / 2, sum(loads) / 2, latency) + 0.25 * sum(loads) + 0.4 + spilled
            total += math.prod(c for c, _ in combination) * body
        return total * self.times

    def order(self, tile: dict[Axis, int]) -> tuple[float, tuple[Axis, ...]]:
        """The loops around the tile with the least traffic: what stays inside must fit."""
        looped = [a for a in self.outer if self.steps(a) > tile[a]]
        still = tuple(a for a in self.outer if a not in looped)
        if len(looped) > 4:
            return self.traffic(tuple(looped), tile), (*still, *looped)
        traffic, order = min(((self.traffic(o, tile), o) for o in permutations(looped)), key=lambda x: x[0])
        return traffic, still + order

    def traffic(self, order: tuple[Axis, ...], tile: dict[Axis, int]) -> float:
        spans = {a: steps_along(a, None, self.lanes) for a in (*self.inner, *self.window)}
        if self.vector is not None:
            spans[self.vector] = self.lanes
        spans |= {a: t * (self.lanes if a == self.vector else 1) for a, t in tile.items()}
        depth = len(order)
        while depth:
            wider = spans | {order[depth - 1]: steps_along(order[depth - 1], None, self.lanes)}
            if self.footprint(wider) > L1:
                break
            spans, depth = wider, depth - 1
        fits = self.footprint(spans) <= L1
        times = math.prod(-(-self.steps(a) // tile[a]) for a in order[:depth])
        total = 0.0
        for x in self.accesses:
            again: float = times
            if depth and fits and order[depth - 1] not in x.axes:
                again /= -(-self.steps(order[depth - 1]) // tile[order[depth - 1]])  # it stays
            total += again * touched_bytes(x, spans)
        return total

    def footprint(self, spans: dict[Axis, int]) -> int:
        return sum(touched_bytes(x, spans) for x in self.accesses)


def touched_bytes(access: Access, spans: dict[Axis, int]) -> int:
    """About how many bytes an access meets while its axes run over these spans; overlapping windows count once."""
    elements = access.itemsize
    for terms in access.dimensions:
        reach = 1
        for a, c in terms:
            reach += c * (spans.get(a, 1) - 1)
        elements *= reach
    for a in access.others:
        elements *= spans.get(a, 1)
    return elements


def distinct(address: Affine, sizes: dict[Axis, int], vector: Axis | None, lanes: int) -> set[int]:
    """Offsets of the loads that one access makes over a tile."""
    values = {0}
    for a, size in sizes.items():
        c = address.coefficient(a)
        if c and size > 1:
            values = {v + c * k * (lanes if a == vector else 1) for v in values for k in range(size)}
    return values


def windows_of(reductions: Sequence[Reduce]) -> list[Axis]:
    """Axes of reductions that are unrolled."""
    return list(dict.fromkeys(a for r in reductions if is_windowed(r) for a in r.axes))
