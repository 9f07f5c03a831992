"""A nest whose samples are the lanes of vectors; or whose vectors run along the last axis of what it writes.

A contraction computes a register tile of points at once, in named accumulators: arrays of them would stay in memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from chainrule.compiler.expressions import reductions
from chainrule.compiler.forms import cost_of, is_windowed
from chainrule.compiler.kernels.accesses import Accesses, over_lanes
from chainrule.compiler.kernels.spelling import memory_type
from chainrule.compiler.kernels.writer import Kernel, Point
from chainrule.compiler.layout import Layout
from chainrule.compiler.lowering import is_sample_shape
from chainrule.compiler.samples import CHUNK
from chainrule.compiler.schedule import Access, Bound, Schedule, bounds_of, contract, distinct, steps_along, windows_of
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import (
    SUM,
    Call,
    Coordinate,
    Expression,
    Guard,
    Read,
    Reduce,
    parts,
)
from chainrule.graph.loopnest import LoopNest
from chainrule.graph.scalar import ADD

COSTLY = 10  # cost of what is better kept throughout a loop than computed again


@dataclass(frozen=True, eq=False)
class Contraction:
    """The sum that a kernel computes for the points of a tile at once, how, and where its terms are in its loops."""

    total: Reduce
    schedule: Schedule
    bounds: Sequence[Bound]


class Lanes(Accesses):
    """A nest in vectors: loops over tiles of points, and in each of them what is computed for all of its points."""

    def __init__(
        self, name: str, nest: LoopNest, layout: Layout, chunked: bool, registers: int, strip: Sequence[Axis] = ()
    ) -> None:
        super().__init__(name, nest, layout, chunked, registers)
        self.strip = strip
        self.variables |= {a: f"s{k}" for k, a in enumerate(strip)}
        self.window = windows_of(reductions(nest))
        axes = [a for a in nest.axes if a != self.samples]
        if not chunked and self.along is None:
            axes = [CHUNK, *axes]
        self.contraction = self.contracted(axes)
        self.schedule = self.simple(axes) if self.contraction is None else self.contraction.schedule
        self.split = None if chunked else self.best_to_split()
        self.accumulators: dict[object, list[list[str]]] = {}

    def contracted(self, axes: Sequence[Axis]) -> Contraction | None:
        """The one large sum of the nest, where a tile of points can be computed at once."""
        large = [r for r in reductions(self.nest) if not is_windowed(r)]
        if len(large) != 1 or self.nest.ordered or not _is_regular(large[0], self.samples):
            return None
        (total,) = large
        accesses = [Access(r, self.address(r), r.dtype.numpy.itemsize) for r in parts(total) if isinstance(r, Read)]
        by_lanes = over_lanes(total, self.lane, self.chunked)
        if not accesses or bounds_of(by_lanes, by_lanes.axes) is None:
            return None
        schedule = contract(by_lanes, axes, self.window, accesses, self.vector, self.lanes, self.registers)
        bounds = bounds_of(by_lanes, schedule.inner)
        return None if bounds is None else Contraction(total, schedule, bounds)

    def simple(self, axes: Sequence[Axis]) -> Schedule:
        """Loops over points; few neighbours that read the same are computed together."""
        ordered = [a for a in axes if a in self.nest.ordered]
        parallel = [a for a in axes if a not in self.nest.ordered]
        tile: dict[Axis, int] = {}
        room = 4
        shared = [e for e in self.nest.parts if isinstance(e, Reduce | Call) and e.free_axes]
        for a in parallel[::-1]:
            useful = any(a not in e.free_axes for e in shared)
            if isinstance(a.extent, int) and 1 < a.extent <= room and useful and not ordered and a != self.vector:
                tile[a] = a.extent
                room //= a.extent
        whole = [a for a in parallel if tile.get(a)]
        return Schedule(
            self.vector, (*(a for a in parallel if a not in whole), *whole, *ordered), {a: tile.get(a, 1) for a in axes}
        )

    # ------------------------------------------------------------------------------------------------------- loops
    def kernel(self, title: str) -> Kernel:
        if not self.chunked:
            self.put("const i64 chunks = (batch + LANES - 1) / LANES;")
            self.put("(void)chunks;")
        self.hoist()
        self.nest_loops(list(self.schedule.order), {})
        strip = [f"const i64 {self.variables[a]}" for a in self.strip]
        arguments = [*strip, "const i64 first"] if self.chunked else ["const i64 lo", "const i64 hi"]
        points = math.prod(a.extent for a in self.nest.axes if isinstance(a.extent, int))
        bound = math.prod(a.extent for r in reductions(self.nest) for a in r.axes if isinstance(a.extent, int))
        return self.finished(
            title, ", ".join([*arguments, "const i64 batch"]), self.units(), points * bound, self.flops()
        )

    def units(self) -> str:
        """How many parts threads may take, as C has it; nothing where one thread runs it alone."""
        if self.split is None:
            return ""
        if self.split != CHUNK:
            return str(self.units_of(self.split))
        size = self.schedule.tile.get(CHUNK, 1)
        return f"(chunks + {size - 1}) / {size}" if size > 1 else "chunks"

    def flops(self) -> int:
        """Multiplications and additions of the contraction for one sample."""
        if self.contraction is None:
            return 0
        total = self.contraction.total
        axes = {*total.free_axes, *total.axes}
        return 2 * math.prod(a.extent for a in axes if isinstance(a.extent, int))

    def best_to_split(self) -> Axis | None:
        """The axis of which threads take parts."""
        candidates = [a for a in self.schedule.order if self.is_free_to_split(a)]
        return max(candidates, key=self.units_of, default=None)

    def is_free_to_split(self, axis: Axis) -> bool:
        """Whether parts of this axis write different elements."""
        if axis in self.nest.ordered:
            return False
        if axis == CHUNK:
            return all(is_sample_shape(o.buffer.shape) for o in self.nest.outputs)
        return all(any(isinstance(i, Affine) and i.pure == axis for i in o.index) for o in self.nest.outputs)

    def units_of(self, axis: Axis) -> int:
        return -(-steps_along(axis, self.vector, self.lanes) // self.schedule.tile.get(axis, 1))

    def hoist(self) -> None:
        """What does not depend on any axis is computed once."""
        for e in self.nest.parts[::-1]:
            if not e.free_axes and isinstance(e, Read | Call) and all(
                not isinstance(x, Read) or not x.buffer.shape for x in parts(e)
            ) and not any(isinstance(x, Reduce) for x in parts(e)):  # fmt: skip
                self.value(e, {})

    def hoist_costly(self, sizes: dict[Axis, int]) -> None:
        """What the loops that are still to come would repeat, and is costly, is computed before them.

        C compilers do the same for little, but not for a random number.
        """
        if self.along is not None:
            return
        known = {a for a, size in sizes.items() if size == 1}
        if self.samples is not None and (self.chunked or CHUNK in known):
            known.add(self.samples)
        for e in self.costly:
            if e.free_axes <= known:
                self.value(e, {})

    @cached_property
    def costly(self) -> list[Expression]:
        """Calls worth a register throughout a loop, innermost first; not in guards, where they may have no value."""
        found: dict[int, Expression] = {}
        waiting = [o.value for o in self.nest.outputs]
        while waiting:
            e = waiting.pop()
            if id(e) not in found and not isinstance(e, Guard | Reduce):
                found[id(e)] = e
                waiting += e.children()
        return [
            e
            for e in self.nest.parts[::-1]
            if id(e) in found
            and isinstance(e, Call)
            and cost_of(e) > COSTLY
            and not any(isinstance(x, Reduce) for x in parts(e))  # which a tile computes for all its points
        ]

    def nest_loops(self, axes: list[Axis], sizes: dict[Axis, int]) -> None:
        if not axes:
            self.tile(sizes)
            return
        self.hoist_costly(sizes)
        a, *rest = axes
        t, w = self.schedule.tile.get(a, 1), self.width(a)
        variable = self.variable(a)
        for lo, hi, size, step in self.segments(a, t, w):
            once = (lo, hi) == ("0", str(step))
            with self.block("" if once else f"for (i64 {variable} = {lo}; {variable} < {hi}; {variable} += {step})"):
                if once:
                    self.put(f"const i64 {variable} = 0;")
                self.variables[a] = variable
                self.nest_loops(rest, sizes | {a: size})

    def segments(self, a: Axis, t: int, w: int) -> list[tuple[str, str, int, int]]:
        """Parts of a loop: from, to, points of the tile along it, step. What is left over has a smaller tile."""
        step = t * w
        if a == CHUNK:
            if t == 1:
                ends = ("lo", "hi") if a == self.split else ("0", "chunks")
                return [(*ends, 1, 1)]
            lo, hi = (f"lo * {t}", f"(hi * {t} < chunks ? hi * {t} : chunks)") if a == self.split else ("0", "chunks")
            self.put(f"const i64 whole{self.made} = {lo} + ({hi} - {lo}) / {t} * {t};")
            return [(lo, f"whole{self.made}", t, t), (f"whole{self.made}", hi, 1, 1)]
        steps = steps_along(a, self.vector, self.lanes)
        whole, left = steps // t, steps % t
        if a != self.split:
            segments = [("0", str(whole * step), t, step)] if whole else []
            return segments + ([(str(whole * step), str(steps * w), left, left * w)] if left else [])
        end = f"hi * {step}" if not left else f"(hi * {step} < {whole * step} ? hi * {step} : {whole * step})"
        segments = [(f"lo * {step}", end, t, step)] if whole else []
        if left:
            segments.append((f"(hi > {whole} ? {whole * step} : {steps * w})", str(steps * w), left, left * w))
        return segments

    def points(self, axes: Sequence[Axis], sizes: dict[Axis, int]) -> list[Point]:
        return [
            dict(zip(axes, p, strict=True))
            for p in product(*[[k * self.width(a) for k in range(sizes[a])] for a in axes])
        ]

    def tile(self, sizes: dict[Axis, int]) -> None:
        self.accumulators = {}
        tiled = [a for a in self.schedule.order if sizes[a] > 1]
        if self.contraction is not None:
            self.contract(self.contraction, tiled, sizes)
        for point in self.points(tiled, sizes):
            values = [self.value(o.value, point) for o in self.nest.outputs]
            for o, value in zip(self.nest.outputs, values, strict=True):
                self.store(o, value, point)

    # ------------------------------------------------------------------------------------------------- contraction
    def contract(self, contraction: Contraction, tiled: list[Axis], sizes: dict[Axis, int]) -> None:
        c, s = contraction.total, contraction.schedule
        window = [a for a in self.window if a in c.free_axes]
        axes = [a for a in tiled if a in c.free_axes or a == CHUNK] + window
        spans = sizes | {a: a.extent for a in window if isinstance(a.extent, int)}
        points = self.points(self.streamed(c, axes, spans), spans)
        for point in points:
            groups = [[self.new("a") for _ in c.arguments] for _ in range(s.sets)]
            self.accumulators[self.place(c, point)] = groups
            for k, group in enumerate(groups):
                for name, a, unit in zip(group, c.arguments, c.monoid.identity, strict=True):
                    begun = self.addend if k == 0 else None
                    start = self.literal(unit, a.dtype) if begun is None else self.value(begun, point)
                    self.put(f"{self.type(a.dtype)} {name} = {start};")
        with ExitStack() as stack:
            for axis in s.inner:
                self.inner_loop(contraction, axis, stack)
            outer_known, self.known = self.known, self.known.new_child()
            self.point_at(c)
            for k in range(s.unroll):
                self.known = outer_known.new_child()
                for point in points:
                    at = point | ({s.inner[-1]: k} if s.unroll > 1 else {})
                    group = self.accumulators[self.place(c, point)][k % s.sets]
                    self.combine(_without_guard(c), group, at)
            self.known = outer_known
        self.bases = {}
        if s.sets == 2:
            for first, second in self.accumulators.values():
                self.put(f"{first[0]} += {second[0]};")
        for point in points:
            for k, name in enumerate(self.accumulators[self.place(c, point)][0]):
                self.known[self.component(c, k, point)] = name

    def place(self, c: Reduce, point: Point) -> object:
        return frozenset((a, k) for a, k in point.items() if a in c.free_axes or a == CHUNK)

    def key(self, e: Expression, point: Point) -> object:
        return id(e), frozenset(
            (a, k)
            for a, k in point.items()
            if a in e.free_axes
            or (a in (CHUNK, self.lane) and self.samples in e.free_axes)
            or (a == CHUNK and isinstance(e, Reduce))
        )

    def inner_loop(self, contraction: Contraction, a: Axis, stack: ExitStack) -> None:
        s, variable = contraction.schedule, self.variable(a)
        step = s.unroll if a == s.inner[-1] else 1
        lo, hi = self.limits(contraction, a)
        if (lo, hi) == ("0", str(step)):
            stack.enter_context(self.block(""))
            self.put(f"const i64 {variable} = 0;")
        elif any(b.axis == a for b in contraction.bounds):  # an end that costs something is computed once
            begin, end = f"{variable} = {lo}, {variable}e = {hi}", f"{variable} < {variable}e"
            stack.enter_context(self.block(f"for (i64 {begin}; {end}; {variable} += {step})"))
        else:
            stack.enter_context(self.block(f"for (i64 {variable} = {lo}; {variable} < {hi}; {variable} += {step})"))
        self.variables[a] = variable

    def limits(self, contraction: Contraction, a: Axis) -> tuple[str, str]:
        """From where to where a loop of the sum goes: all of its axis, and no further than the bounds let it."""
        lo, hi = "0", "chunks" if a == CHUNK else self.extent(a.extent)
        for b in contraction.bounds:
            if b.axis == a:
                c = b.index.coefficient(a)
                rest = self.affine(b.index - Affine.of(a, c), {})
                end = self.extent(b.extent)
                low, high = (f"-({rest})", f"{end} - ({rest})") if c == 1 else (f"{rest} - {end} + 1", f"{rest} + 1")
                lo, hi = f"larger({lo}, {low})", f"smaller({hi}, {high})"
        return lo, hi

    @cached_property
    def addend(self) -> Expression | None:
        """Where a sum is only ever used as sum + e, the accumulators start at e."""
        c = self.contraction.total if self.contraction is not None else None
        if c is None or c.monoid is not SUM or not c.dtype.floating:
            return None
        users = [e for e in self.nest.parts if any(x is c for x in e.children())]
        if len(users) != 1 or any(o.value is c for o in self.nest.outputs):
            return None
        (user,) = users
        if isinstance(user, Call) and user.function is ADD and user.arguments[0] is c and user.arguments[1] is not c:
            other = user.arguments[1]
            simple = isinstance(other, Read) and all(isinstance(i, Affine) for i in other.index)
            return other if simple and other.free_axes <= c.free_axes else None
        return None

    def value(self, e: Expression, point: Point) -> str:
        if self.addend is not None and isinstance(e, Call) and e.function is ADD and e.arguments[1] is self.addend:
            assert self.contraction is not None
            if e.arguments[0] is self.contraction.total:  # which began with it
                return super().value(e.arguments[0], point)
        return super().value(e, point)

    def streamed(self, c: Reduce, axes: list[Axis], spans: dict[Axis, int]) -> list[Axis]:
        """The order of a tile's points in which the factor with most loads passes by, and the other stays."""
        addresses = [self.address(r) for r in parts(c) if isinstance(r, Read)]
        of_tile = {a: spans[a] for a in axes}
        most = max(addresses, key=lambda x: len(distinct(x, of_tile, self.vector, self.lanes)), default=Affine())
        return sorted(axes, key=lambda a: not most.coefficient(a))

    def point_at(self, e: Expression) -> None:
        """One pointer for each access; copies of the point differ by constants."""
        for r in parts(e):
            if isinstance(r, Read):
                name = self.new("q")
                address = self.address(r)
                self.bases[id(r)] = name, address
                self.put(
                    f"const {memory_type(r.dtype)} *{name} = {self.pointers[r.buffer]} + ({self.affine(address, {})});"
                )


def _is_regular(total: Reduce, samples: Axis | None) -> bool:
    """Whether the terms are single numbers at places that are affine functions of the axes, alike for all samples."""
    return not any(
        isinstance(e, Reduce)
        or (isinstance(e, Read) and any(isinstance(i, Expression) for i in e.index))
        or (isinstance(e, Coordinate) and samples in e.free_axes)
        for argument in total.arguments
        for e in parts(argument)
    )


def _without_guard(c: Reduce) -> Reduce:
    """The terms of a guarded sum, within the bounds of its loops."""
    (argument, *_) = c.arguments
    return replace(c, arguments=(argument.value,)) if isinstance(argument, Guard) and c.monoid is SUM else c
