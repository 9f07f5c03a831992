"""A nest whose samples are the lanes of vectors; or whose vectors run along the last axis of what it writes.

A contraction computes a register tile of points at once, in named accumulators: arrays of them would stay in memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from itertools import product

from chainrule.compiler.expressions import nest_parts, parts, reductions
from chainrule.compiler.forms import cost_of, is_windowed, vectors_along
from chainrule.compiler.kernels.writer import Kernel, Point, Writer, memory_type, sum_text
from chainrule.compiler.layout import Layout
from chainrule.compiler.lowering import is_sample_shape
from chainrule.compiler.samples import CHUNK, batch_axis, summed_along
from chainrule.compiler.schedule import Access, Schedule, bounds_of, contract, distinct, steps_along, windows_of
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import bool_, int32, int64, uint8
from chainrule.graph.expression import (
    SUM,
    Call,
    Coordinate,
    Expression,
    Guard,
    Read,
    Reduce,
)  # fmt: skip
from chainrule.graph.extent import Batch
from chainrule.graph.loopnest import LoopNest, Output
from chainrule.graph.scalar import ADD

COSTLY = 10  # cost of what is better kept throughout a loop than computed again


class Lanes(Writer):
    """Samples in the lanes of vectors; or, where samples are summed up, vectors along the last axis of the output."""

    def __init__(
        self, name: str, nest: LoopNest, layout: Layout, chunked: bool, registers: int, strip: Sequence[Axis] = ()
    ) -> None:
        super().__init__(name, nest, layout, registers)
        self.chunked, self.strip = chunked, strip
        self.variables |= {a: f"s{k}" for k, a in enumerate(strip)}
        n = batch_axis(nest)
        bound = [a for r in reductions(nest) for a in r.axes if a.extent == Batch(1)]
        accumulated = [a for a in nest.axes if a.extent == Batch(1)]
        self.samples = n if n is not None else next(iter([*bound, *accumulated]), None)
        self.along = summed_along(nest) if self.samples is not None else vectors_along(nest)
        vector = self.along or self.lane
        big = [r for r in reductions(nest) if not is_windowed(r)]
        nested = any(x is not r and isinstance(x, Reduce) for r in big for a in r.arguments for x in parts(a))
        plain = any(
            isinstance(i, Expression)
            for r in big
            for a in r.arguments
            for x in parts(a)
            if isinstance(x, Read)
            for i in x.index
        ) or any(isinstance(e, Coordinate) and self.samples in e.free_axes for r in big for e in parts(r))
        axes = [a for a in nest.axes if a != self.samples]
        if not chunked and self.along is None:
            axes = [CHUNK, *axes]
        self.vector = vector
        self.contraction: Reduce | None = None
        self.window = windows_of(reductions(nest))
        if len(big) == 1 and not nested and not nest.ordered and not plain and not self.window_inside(big[0]):
            self.contraction = big[0]
            self.inner_contraction = _in_lanes(big[0], self.lane, chunked)
            if bounds_of(self.inner_contraction, self.inner_contraction.axes) is None:
                self.contraction = None
        if self.contraction is not None:
            accesses = [
                Access(r, self.address(r), r.dtype.numpy.itemsize)
                for r in parts(self.contraction) if isinstance(r, Read)
            ]  # fmt: skip
            contraction = self.inner_contraction
            if not accesses:
                self.contraction = None
            else:
                self.schedule = contract(contraction, axes, self.window, accesses, vector, self.lanes, registers)
                if bounds_of(contraction, self.schedule.inner) is None:
                    self.contraction = None
        if self.contraction is None:
            self.schedule = self.simple(axes)
        self.accumulators: dict[object, list[list[str]]] = {}

    def window_inside(self, contraction: Reduce) -> bool:
        return any(isinstance(e, Reduce) for a in contraction.arguments for e in parts(a))

    def simple(self, axes: Sequence[Axis]) -> Schedule:
        """Loops over points; few neighbours that read the same are computed together."""
        ordered = [a for a in axes if a in self.nest.ordered]
        parallel = [a for a in axes if a not in self.nest.ordered]
        tile: dict[Axis, int] = {}
        room = 4
        shared = [e for e in nest_parts(self.nest) if isinstance(e, Reduce | Call) and e.free_axes]
        for a in parallel[::-1]:
            useful = any(a not in e.free_axes for e in shared)
            if isinstance(a.extent, int) and 1 < a.extent <= room and useful and not ordered and a != self.vector:
                tile[a] = a.extent
                room //= a.extent
        whole = [a for a in parallel if tile.get(a)]
        return Schedule(
            self.vector, (*(a for a in parallel if a not in whole), *whole, *ordered), {a: tile.get(a, 1) for a in axes}
        )

    def address(self, access: Read | Output) -> Affine:
        index = access.index
        address = self.layout.affine(access.buffer, index, self.lane)
        if self.chunked:
            address = Affine(tuple((a, c) for a, c in address.terms if a != CHUNK), address.constant)
        if self.samples is not None and isinstance(access, Output) and not is_sample_shape(access.buffer.shape):
            address = address.substitute({self.samples: Affine.of(self.lane)})
        return address

    # ------------------------------------------------------------------------------------------------------- loops
    def kernel(self, title: str) -> Kernel:
        self.split = None
        if not self.chunked:
            self.put("const i64 chunks = (batch + LANES - 1) / LANES;")
            self.put("(void)chunks;")
            candidates = [a for a in self.schedule.order if self.is_free_to_split(a)]
            biggest = max(candidates, key=lambda a: self.units_of(a), default=None)
            self.split = biggest
        self.hoist()
        self.nest_loops(list(self.schedule.order), {})
        units = ""
        if self.split is not None:
            size = self.schedule.tile.get(self.split, 1)
            if self.split == CHUNK:
                units = f"(chunks + {size - 1}) / {size}" if size > 1 else "chunks"
            else:
                units = str(self.units_of(self.split))
        arguments = (
            ", ".join([*(f"const i64 s{k}" for k in range(len(self.strip))), "const i64 first, const i64 batch"])
            if self.chunked
            else "const i64 lo, const i64 hi, const i64 batch"
        )
        points = math.prod(a.extent for a in self.nest.axes if isinstance(a.extent, int))
        bound = math.prod(a.extent for r in reductions(self.nest) for a in r.axes if isinstance(a.extent, int))
        return self.finished(title, arguments, units, points * bound, self.flops())

    def flops(self) -> int:
        """Multiplications and additions of the contraction for one sample."""
        if self.contraction is None:
            return 0
        axes = {*self.contraction.free_axes, *self.contraction.axes}
        return 2 * math.prod(a.extent for a in axes if isinstance(a.extent, int))

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
        for e in nest_parts(self.nest)[::-1]:
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
            for e in nest_parts(self.nest)[::-1]
            if id(e) in found
            and isinstance(e, Call)
            and cost_of(e) > COSTLY
            and not any(isinstance(x, Reduce) for x in parts(e))  # which a tile computes for all its points
        ]

    def width(self, axis: Axis) -> int:
        return self.lanes if axis == self.vector else 1

    def nest_loops(self, axes: list[Axis], sizes: dict[Axis, int]) -> None:
        if not axes:
            self.tile(sizes)
            return
        self.hoist_costly(sizes)
        a, *rest = axes
        t, w = self.schedule.tile.get(a, 1), self.width(a)
        variable = self.variable(a)
        for lo, hi, size, step in self.segments(a, t, w):
            if (lo, hi) == ("0", str(step)):
                head, self.variables[a] = "", variable
                with self.block(head):
                    self.put(f"const i64 {variable} = 0;")
                    self.variables[a] = variable
                    self.nest_loops(rest, sizes | {a: size})
                continue
            with self.block(f"for (i64 {variable} = {lo}; {variable} < {hi}; {variable} += {step})"):
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
            self.contract(tiled, sizes)
        for point in self.points(tiled, sizes):
            values = [self.value(o.value, point) for o in self.nest.outputs]
            for o, value in zip(self.nest.outputs, values, strict=True):
                self.store(o, value, point)

    # ------------------------------------------------------------------------------------------------- contraction
    def contract(self, tiled: list[Axis], sizes: dict[Axis, int]) -> None:
        c, s = self.contraction, self.schedule
        assert c is not None
        window = [a for a in self.window if a in c.free_axes]
        axes = [a for a in tiled if a in c.free_axes or a == CHUNK] + window
        spans = sizes | {a: a.extent for a in window if isinstance(a.extent, int)}
        points = self.points(self.streamed(axes, spans), spans)
        addend = self.addend()
        for point in points:
            groups = [[self.new("a") for _ in c.arguments] for _ in range(s.sets)]
            self.accumulators[self.place(c, point)] = groups
            for k, group in enumerate(groups):
                for name, a, unit in zip(group, c.arguments, c.monoid.identity, strict=True):
                    start = self.value(addend, point) if addend is not None and k == 0 else self.literal(unit, a.dtype)
                    self.put(f"{self.type(a.dtype)} {name} = {start};")
        with ExitStack() as stack:
            for axis in s.inner:
                self.inner_loop(axis, stack)
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
        return tuple(sorted((a.name, k) for a, k in point.items() if a in c.free_axes or a == CHUNK))

    def key(self, e: Expression, point: Point) -> object:
        return id(e), tuple(
            sorted(
                (a.name, k)
                for a, k in point.items()
                if a in e.free_axes
                or (a in (CHUNK, self.lane) and self.samples in e.free_axes)
                or (a == CHUNK and isinstance(e, Reduce))
            )
        )

    def inner_loop(self, a: Axis, stack: ExitStack) -> None:
        s = self.schedule
        variable = self.variable(a)
        extent = "chunks" if a == CHUNK else self.extent(a.extent)
        step = s.unroll if a == s.inner[-1] else 1
        lows, highs = ["0"], [extent]
        for b in bounds_of(self.inner_contraction, s.inner) or []:
            if b.axis == a:
                c = b.index.coefficient(a)
                rest = self.affine(b.index - Affine.of(a, c), {})
                end = self.extent(b.extent)
                lows.append(f"-({rest})" if c == 1 else f"{rest} - {end} + 1")
                highs.append(f"{end} - ({rest})" if c == 1 else f"{rest} + 1")
        lo, hi = lows[0], highs[0]
        for x in lows[1:]:
            lo = f"larger({lo}, {x})"
        for x in highs[1:]:
            hi = f"smaller({hi}, {x})"
        if (lo, hi) == ("0", str(step)):
            stack.enter_context(self.block(""))
            self.put(f"const i64 {variable} = 0;")
        elif len(lows) + len(highs) > 2:
            stack.enter_context(
                self.block(
                    f"for (i64 {variable} = {lo}, {variable}e = {hi}; {variable} < {variable}e; {variable} += {step})"
                )
            )
        else:
            stack.enter_context(self.block(f"for (i64 {variable} = {lo}; {variable} < {hi}; {variable} += {step})"))
        self.variables[a] = variable

    def addend(self) -> Expression | None:
        """Where a sum is only ever used as sum + e, the accumulators start at e."""
        c = self.contraction
        if c is None or c.monoid is not SUM or not c.dtype.floating:
            return None
        users = [e for e in nest_parts(self.nest) if any(x is c for x in e.children())]
        if len(users) != 1 or any(o.value is c for o in self.nest.outputs):
            return None
        (user,) = users
        if isinstance(user, Call) and user.function is ADD and user.arguments[0] is c and user.arguments[1] is not c:
            other = user.arguments[1]
            simple = isinstance(other, Read) and all(isinstance(i, Affine) for i in other.index)
            return other if simple and other.free_axes <= c.free_axes else None
        return None

    def value(self, e: Expression, point: Point) -> str:
        addend = self.addend() if self.contraction is not None and isinstance(e, Call) and e.function is ADD else None
        if (
            addend is not None
            and isinstance(e, Call)
            and e.arguments[0] is self.contraction
            and e.arguments[1] is addend
        ):
            return super().value(e.arguments[0], point)
        return super().value(e, point)

    def streamed(self, axes: list[Axis], spans: dict[Axis, int]) -> list[Axis]:
        """The order of a tile's points in which the factor with most loads passes by, and the other stays."""
        assert self.contraction is not None
        addresses = [self.address(r) for r in parts(self.contraction) if isinstance(r, Read)]
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

    # ----------------------------------------------------------------------------------------------------- accesses
    def affine(self, index: Affine, point: Point) -> str:
        constant = index.constant + sum(index.coefficient(a) * k for a, k in point.items())
        terms = [
            (self.variables[a], c) for a, c in index.terms
            if a in self.variables and not (a == self.vector and a == self.lane)
        ]  # fmt: skip
        return sum_text(terms, constant)

    def loaded(self, e: Read, point: Point) -> str:
        base, address = self.bases.get(id(e), ("", self.address(e)))
        stride = address.coefficient(self.vector)
        if base:
            constant = sum(address.coefficient(a) * k for a, k in point.items())
            where = f"{base} + {constant}" if constant else base
        else:
            where = f"{self.pointers[e.buffer]} + {self.affine(address, point)}"
        if stride == 0:
            return self.splat(f"*({where})", e.dtype)
        assert stride == 1, f"{self.name}: {e.buffer.name} has stride {stride} along the vectors"
        return f"load_b8v({where})" if e.dtype is bool_ else f"*(const {self.type(e.dtype)} *)({where})"

    def coordinate(self, index: Affine, point: Point) -> str:
        if self.samples is None or self.samples not in index.axes:
            return super().coordinate(index, point)
        c = index.coefficient(self.samples)
        rest = self.affine(index - Affine.of(self.samples, c), point)
        if self.along is not None:
            return self.splat(f"{c} * smaller({self.sample(point)}, batch - 1) + {rest}", int64)
        first = self.first(point)
        sample = f"minimum_i64v(iota_i64v + splat_i64v({first}), splat_i64v(batch - 1))"  # empty lanes repeat the last
        return f"{sample} * {c} + splat_i64v({rest})"

    def live(self, index: Affine, point: Point) -> str:
        if self.along is not None:
            return f"splat_b8v({self.sample(point)} < batch)"
        return f"less_i64v(iota_i64v + splat_i64v({self.first(point)}), splat_i64v(batch))"

    def sample(self, point: Point) -> str:
        """The sample, where vectors run along another axis."""
        return f"({self.first(point)} + {self.affine(Affine.of(self.lane), point)})"

    def first(self, point: Point) -> str:
        """The sample in the first lane."""
        if self.chunked:
            return "first"
        return f"({self.variables[CHUNK]} + {point.get(CHUNK, 0)}) * LANES"

    def reduced(self, e: Reduce, point: Point) -> str:
        by_lanes = _in_lanes(e, self.lane, self.chunked)
        self.visited.append(by_lanes)
        return super().reduced(by_lanes, point)

    def element(self, access: Read | Output, point: Point) -> str:
        """The place of lane `l`, once the indices it depends on are known to be inside."""
        place = self.layout.places[access.buffer]
        terms = []
        for k, (i, stride, extent) in enumerate(zip(access.index, place.strides, access.buffer.shape, strict=True)):
            if k == 0 and place.lane:
                chunk = (
                    ""
                    if self.chunked or not place.chunk
                    else f"({self.variables[CHUNK]} + {point.get(CHUNK, 0)}) * {place.chunk} + "
                )
                terms.append(f"{chunk}l * {place.lane}")
            elif isinstance(i, Affine):
                terms.append(f"({self.affine(i, point)}) * {stride}" if stride != 1 else f"({self.affine(i, point)})")
            else:
                name, kind, at = self.new("x"), i.dtype, self.value(i, point)
                if kind is uint8:
                    kind, at = int32, f"i32v_from_u8v({at})"
                inside = f"within_{self.type(kind)}({at}, {self.extent(extent)}, fault)"
                self.put(f"const {self.type(kind)} {name} = {inside};")
                terms.append(f"(i64){name}[l] * {stride}" if stride != 1 else f"{name}[l]")
                self.faults = True
        return " + ".join(terms) or "0"

    def gathered(self, e: Read, point: Point) -> str:
        """An element for each lane, at an index of its own."""
        where = self.element(e, point)
        name = self.new("t")
        kind = self.type(e.dtype)
        self.put(f"{kind} {name};")
        with self.block("for (int l = 0; l < LANES; l++)"):
            element = f"{self.pointers[e.buffer]}[{where}]"
            self.put(f"{name}[l] = {f'-(i32){element}' if e.dtype is bool_ else element};")
        return name

    def store(self, o: Output, value: str, point: Point) -> None:
        if any(isinstance(i, Expression) for i in o.index):
            where = self.element(o, point)
            with self.block("for (int l = 0; l < LANES; l++)"):
                self.put(f"{self.pointers[o.buffer]}[{where}] {'+=' if o.accumulate else '='} {value}[l];")
            return
        address = self.address(o)
        where = f"{self.pointers[o.buffer]} + {self.affine(address, point)}"
        assert address.coefficient(self.vector) == 1, f"{self.name}: {o.buffer.name} is not written along the vectors"
        if o.buffer.dtype is bool_:
            assert not o.accumulate
            self.put(f"store_b8v({where}, {value});")
        else:
            self.put(f"*({self.type(o.buffer.dtype)} *)({where}) {'+=' if o.accumulate else '='} {value};")


def _without_guard(c: Reduce) -> Reduce:
    """The terms of a guarded sum, within the bounds of its loops."""
    (argument, *_) = c.arguments
    return replace(c, arguments=(argument.value,)) if isinstance(argument, Guard) and c.monoid is SUM else c


def _in_lanes(r: Reduce, lane: Axis, chunked: bool) -> Reduce:
    """A reduction with lanes, and chunks in an array phase, in place of the axis of samples."""
    axes: list[Axis] = []
    for a in r.axes:
        if a.extent == Batch(1):
            axes += [lane] if chunked else [CHUNK, lane]
        else:
            axes.append(a)
    return replace(r, axes=tuple(axes))
