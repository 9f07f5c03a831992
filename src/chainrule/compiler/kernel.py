"""A nest and its schedule as a C function: loops around a register tile of named accumulators.

There are three ways to run a nest. In lanes, the samples of a chunk are the lanes of vectors, or vectors run along the
last axis of a sum over samples. Flat, arrays that meet elementwise are gone through as they lie in memory. Otherwise,
point by point, without vectors: right for every nest.
"""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import product

from chainrule.compiler.expressions import Live, nest_parts, parts, reads, reductions, same_reduction
from chainrule.compiler.groups import is_elementwise, is_windowed, vectors_along
from chainrule.compiler.layout import Layout, Place, padded
from chainrule.compiler.lowering import has_batch, is_sample_shape
from chainrule.compiler.samples import BANK, CHUNK, Counted, batch_axis, lane_axis, summed_along
from chainrule.compiler.schedule import Access, Schedule, bounds_of, contract, distinct, steps_along, windows_of
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import DType, bool_, float32, float64, int32, int64, uint8
from chainrule.graph.expression import (
    SUM,
    Buffer,
    Call,
    Constant,
    Coordinate,
    Expression,
    Guard,
    Index,
    Read,
    Reduce,
    Size,
)  # fmt: skip
from chainrule.graph.extent import Batch, Extent
from chainrule.graph.loopnest import LoopNest, Output
from chainrule.graph.scalar import ADD, DIVIDE, MAXIMUM, MINIMUM, MULTIPLY, NEGATIVE, SUBTRACT, XOR, ScalarFunction

C_TYPES: dict[DType, str] = {bool_: "b8", uint8: "u8", int32: "i32", int64: "i64", float32: "f32", float64: "f64"}
_OPERATORS = {ADD: "{} + {}", SUBTRACT: "{} - {}", MULTIPLY: "{} * {}", DIVIDE: "{} / {}", NEGATIVE: "-{}"}
_ON_TRUTH = {
    ADD: "logical_or",
    MAXIMUM: "logical_or",
    MULTIPLY: "logical_and",
    MINIMUM: "logical_and",
    XOR: "not_equal",
}
_RANDOM_ACCESS = "gathered"

Point = dict[Axis, int]


@dataclass(frozen=True, eq=False)
class Kernel:
    """A C function and how it is called.

    units      what `lo` and `hi` count in an array phase, as a C expression; "" where one thread runs it alone
    work       about how many points it computes for one sample, or in all
    faults     whether it may be asked for an element that is not there, and says so
    """

    name: str
    head: str
    code: str
    buffers: tuple[Buffer, ...]
    written: frozenset[Buffer]
    units: str
    work: float
    flops: int
    faults: bool
    schedule: Schedule
    nest: LoopNest


@dataclass(frozen=True)
class _Named(Expression):
    """A value that already has a name in the C text."""

    name: str
    type: DType

    @property
    def dtype(self) -> DType:
        return self.type


def kernel(
    name: str, nest: LoopNest, layout: Layout, chunked: bool, in_lanes: bool, registers: int, title: str
) -> Kernel:
    """The C function of a nest."""
    if in_lanes:
        return _Lanes(name, nest, layout, chunked, registers).kernel(title)
    if is_elementwise(nest) and _is_flat(nest, layout):
        return _Flat(name, nest, layout, registers).kernel(title)
    if vectors_along(nest) is not None:
        return _Lanes(name, nest, layout, chunked, registers).kernel(title)
    return _Points(name, nest, layout, registers).kernel(title)


class _Writer:
    """The C text of one kernel while it grows.

    `known` says, for the blocks that are open, which name holds an expression at a point.
    """

    vectors = True

    def __init__(self, name: str, nest: LoopNest, layout: Layout, registers: int) -> None:
        self.name, self.nest, self.layout, self.registers = name, nest, layout, registers
        self.lanes = layout.lanes
        self.lane = lane_axis(self.lanes)
        self.lines: list[str] = []
        self.depth = 1
        self.made = 0
        self.visited: list[Expression] = []  # kept alive, so that no identity is given out twice
        self.known: ChainMap[object, str] = ChainMap()
        self.variables: ChainMap[Axis, str] = ChainMap()
        self.bases: dict[int, tuple[str, Affine]] = {}
        self.faults = False
        made = [o.buffer for o in nest.outputs]
        self.buffers = tuple(dict.fromkeys([*made, *(r.buffer for r in reads(nest))]))
        self.written = frozenset(made)
        self.pointers = {b: f"p{k}" for k, b in enumerate(self.buffers)}
        self.schedule = Schedule(None, nest.axes, {})

    # ------------------------------------------------------------------------------------------------- statements
    def put(self, text: str) -> None:
        self.lines.append("  " * self.depth + text)

    def new(self, stem: str) -> str:
        self.made += 1
        return f"{stem}{self.made}"

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """A C block; what becomes known in it is forgotten at its end."""
        self.put(f"{head} {{".lstrip())
        outer = self.known, self.variables
        self.known, self.variables = self.known.new_child(), self.variables.new_child()
        self.depth += 1
        yield
        self.depth -= 1
        self.known, self.variables = outer
        self.put("}")

    def variable(self, axis: Axis) -> str:
        """A C name for an axis that begins a loop."""
        name = (
            self.new("".join(c for c in axis.name.split(".")[0] if c.isalnum()) or "i")
            if axis in self.variables
            else ""
        )
        if not name:
            stem = "".join(c for c in axis.name.split(".")[0] if c.isalnum())
            name = self.new(f"{stem}_")
        self.variables[axis] = name
        return name

    @contextmanager
    def loops(self, axes: Sequence[Axis]) -> Iterator[None]:
        with ExitStack() as stack:
            for a in axes:
                name = self.variable(a)
                stack.enter_context(self.block(f"for (i64 {name} = 0; {name} < {self.extent(a.extent)}; {name}++)"))
                self.variables[a] = name
            yield

    def extent(self, extent: Extent) -> str:
        match extent:
            case Counted():
                return extent.variable
            case Batch():
                return "batch" if extent.multiple == 1 else f"{extent.multiple} * batch"
        return str(extent)

    def finished(self, title: str, arguments: str, units: str, work: float, flops: int) -> Kernel:
        fault = ", i64 *fault" if self.faults else ""
        head = f"void {self.name}({self.parameters()}, {arguments}{fault})"
        text = "\n".join([
            *(f"// {line}" for line in [*title.splitlines(), str(self.schedule)]),
            f"{head} {{",
            *self.lines,
            "}",
        ])  # fmt: skip
        return Kernel(
            self.name,
            head,
            text + "\n",
            self.buffers,
            self.written,
            units,
            work,
            flops,
            self.faults,
            self.schedule,
            self.nest,
        )

    def parameters(self) -> str:
        return ", ".join(
            f"{'' if b in self.written else 'const '}{_memory(b.dtype)} *{self.promise(b)}{name}"
            for b, name in self.pointers.items()
        )

    def promise(self, buffer: Buffer) -> str:
        """`restrict`, where nothing else has the same memory."""
        mine = self.layout.places[buffer]
        for other in self.buffers:
            place = self.layout.places[other]
            if other is not buffer and place.arena == mine.arena and place.offset == mine.offset:
                return ""
        return "restrict "

    # ----------------------------------------------------------------------------------------------------- values
    def suffix(self) -> str:
        return "v" if self.vectors else ""

    def type(self, dtype: DType) -> str:
        return C_TYPES[dtype] + self.suffix()

    def key(self, e: Expression, point: Point) -> object:
        return id(e), tuple(sorted((a.name, k) for a, k in point.items() if a in e.free_axes))

    def value(self, e: Expression, point: Point) -> str:
        """A literal, or the name of the variable that holds the value here."""
        if isinstance(e, _Named):
            return e.name
        if isinstance(e, Constant):
            return self.literal(e.value, e.dtype)
        key = self.key(e, point)
        if key not in self.known:
            self.known[key] = self.computed(e, point)
        return self.known[key]

    def computed(self, e: Expression, point: Point) -> str:
        match e:
            case Guard(conditions, value):
                return self.guarded(conditions, value, point)
            case Reduce():
                return self.unrolled(e, point) if is_windowed(e) else self.reduced(e, point)
            case Read():
                if any(isinstance(i, Expression) for i in e.index):
                    return self.gathered(e, point)
                text = self.loaded(e, point)
            case _:
                text = self.text(e, point)
        name = self.new("t")
        self.put(f"const {self.type(e.dtype)} {name} = {text};")
        return name

    def text(self, e: Expression, point: Point) -> str:
        match e:
            case Call(function, arguments):
                return self.called(function, [self.value(a, point) for a in arguments], e)
            case Coordinate(index):
                return self.coordinate(index, point)
            case Size(extent):
                return self.splat(self.extent(extent), e.dtype)
            case Live(index):
                return self.live(index, point)
        return self.value(e, point)

    def live(self, index: Affine, point: Point) -> str:
        raise NotImplementedError

    def called(self, function: ScalarFunction, arguments: list[str], e: Call) -> str:
        kind = e.arguments[-1].dtype
        if function.name.startswith("to_") and function.result is not None:
            return f"{self.type(function.result)}_from_{self.type(kind)}({arguments[0]})"
        if kind is bool_ and function in _ON_TRUTH:
            return f"{_ON_TRUTH[function]}_{self.type(kind)}({', '.join(arguments)})"
        if function in _OPERATORS:
            text = _OPERATORS[function].format(*arguments)
            return f"({C_TYPES[e.dtype]})({text})" if not self.vectors and e.dtype is uint8 else text
        name = function.name
        if function in (MAXIMUM, MINIMUM) and kind.floating:
            first, second = e.arguments
            if isinstance(first, Constant) and not isinstance(second, Constant):
                first, second, arguments = second, first, arguments[::-1]
            if isinstance(second, Constant) and second.value == second.value:
                name += "_nonan"
        return f"{name}_{self.type(kind)}({', '.join(arguments)})"

    def literal(self, value: float, dtype: DType) -> str:
        return self.splat(literal(value, dtype), dtype)

    def splat(self, text: str, dtype: DType) -> str:
        return f"splat_{C_TYPES[dtype]}v({text})" if self.vectors else text if not text.startswith("-") else f"({text})"

    def coordinate(self, index: Affine, point: Point) -> str:
        return self.splat(self.affine(index, point), int64)

    def affine(self, index: Affine, point: Point) -> str:
        """An affine function of loop variables; a point of the tile adds constants."""
        constant = index.constant + sum(index.coefficient(a) * k for a, k in point.items())
        terms = [(self.variables[a], c) for a, c in index.terms if a in self.variables]
        return sum_text(terms, constant)

    def guarded(self, conditions: Sequence[tuple[Affine, Extent]], value: Expression, point: Point) -> str:
        name = self.new("g")
        self.put(f"{self.type(value.dtype)} {name} = {self.literal(0, value.dtype)};")
        with self.block(f"if ({' && '.join(self.tests(conditions, point)) or 1})"):
            self.put(f"{name} = {self.value(value, point)};")
        return name

    def tests(self, conditions: Sequence[tuple[Affine, Extent]], point: Point) -> list[str]:
        return [f"(u64)({self.affine(i, point)}) < (u64)({self.extent(x)})" for i, x in conditions]

    def unrolled(self, e: Reduce, point: Point) -> str:
        """A small reduction, point by point; all its components at once."""
        total: tuple[Expression, ...] = ()
        for at in product(*[range(a.extent) for a in e.axes if isinstance(a.extent, int)]):
            here = point | dict(zip(e.axes, at, strict=True))
            values = tuple(_Named(self.value(a, here), a.dtype) for a in e.arguments)
            new = e.monoid.combine(total, values) if total else values
            self.visited += new
            total = tuple(_Named(self.value(x, {}), x.dtype) for x in new)
        for k, t in enumerate(total):
            assert isinstance(t, _Named)
            self.known[self.component(e, k, point)] = t.name
        return self.known[self.component(e, e.item, point)]

    def component(self, e: Reduce, item: int, point: Point) -> object:
        for other in self.all_reductions:
            if other.item == item and same_reduction(other, e):
                return self.key(other, point)
        return "component", id(e), item, tuple(sorted((a.name, k) for a, k in point.items() if a in e.free_axes))

    @property
    def all_reductions(self) -> list[Reduce]:
        if not hasattr(self, "_all_reductions"):
            self._all_reductions = [e for e in nest_parts(self.nest) if isinstance(e, Reduce)]
        return self._all_reductions

    def reduced(self, e: Reduce, point: Point) -> str:
        """A reduction in loops of its own, its accumulators named."""
        totals = [self.new("a") for _ in e.arguments]
        for name, a, unit in zip(totals, e.arguments, e.monoid.identity, strict=True):
            self.put(f"{self.type(a.dtype)} {name} = {self.literal(unit, a.dtype)};")
        with self.loops(e.axes):
            self.combine(e, totals, point)
        for k, name in enumerate(totals):
            self.known[self.component(e, k, point)] = name
        return totals[e.item]

    def combine(self, e: Reduce, totals: Sequence[str], point: Point) -> None:
        """Take one more term into the accumulators."""
        if e.monoid is SUM and e.dtype is not bool_:
            (argument,) = e.arguments
            inside = argument.value if isinstance(argument, Guard) and not argument.conditions else argument
            text = self.value(inside, point) if isinstance(inside, Guard | Read | Reduce) else self.text(inside, point)
            self.put(f"{totals[0]} += {text};")
            return
        old = tuple(_Named(t, a.dtype) for t, a in zip(totals, e.arguments, strict=True))
        new = tuple(_Named(self.value(a, point), a.dtype) for a in e.arguments)
        combined = e.monoid.combine(old, new)
        self.visited += combined
        values = [self.value(x, {}) for x in combined]
        for total, value in zip(totals, values, strict=True):
            self.put(f"{total} = {value};")

    # ----------------------------------------------------------------------------------------------- to override
    def loaded(self, e: Read, point: Point) -> str:
        raise NotImplementedError

    def gathered(self, e: Read, point: Point) -> str:
        raise NotImplementedError


# ------------------------------------------------------------------------------------------------------------ in lanes
class _Lanes(_Writer):
    """Samples in the lanes of vectors; or, where samples are summed up, vectors along the last axis of the output."""

    def __init__(self, name: str, nest: LoopNest, layout: Layout, chunked: bool, registers: int) -> None:
        super().__init__(name, nest, layout, registers)
        self.chunked = chunked
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
            "const i64 first, const i64 batch" if self.chunked else "const i64 lo, const i64 hi, const i64 batch"
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

    def width(self, axis: Axis) -> int:
        return self.lanes if axis == self.vector else 1

    def nest_loops(self, axes: list[Axis], sizes: dict[Axis, int]) -> None:
        if not axes:
            self.tile(sizes)
            return
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
                    f"const {_memory(r.dtype)} *{name} = {self.pointers[r.buffer]} + ({self.affine(address, {})});"
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

    def element(self, access: Read | Output, point: Point) -> tuple[str, list[str]]:
        """The place of lane `l`, and statements that check the indices it depends on."""
        place = self.layout.places[access.buffer]
        terms, checks = [], []
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
                name = self.new("x")
                checks.append(f"i64 {name} = {self.value(i, point)}[l];")
                checks.append(f"if ((u64){name} >= (u64)({self.extent(extent)})) {{ *fault = 1; {name} = 0; }}")
                terms.append(f"{name} * {stride}" if stride != 1 else name)
                self.faults = True
        return " + ".join(terms) or "0", checks

    def gathered(self, e: Read, point: Point) -> str:
        """An element for each lane, at an index of its own."""
        where, checks = self.element(e, point)
        name = self.new("t")
        kind = self.type(e.dtype)
        self.put(f"{kind} {name};")
        with self.block("for (int l = 0; l < LANES; l++)"):
            for check in checks:
                self.put(check)
            element = f"{self.pointers[e.buffer]}[{where}]"
            self.put(f"{name}[l] = {f'-(i32){element}' if e.dtype is bool_ else element};")
        return name

    def store(self, o: Output, value: str, point: Point) -> None:
        if any(isinstance(i, Expression) for i in o.index):
            where, checks = self.element(o, point)
            with self.block("for (int l = 0; l < LANES; l++)"):
                for check in checks:
                    self.put(check)
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


# ---------------------------------------------------------------------------------------------------------------- flat
class _Flat(_Writer):
    """Arrays that meet elementwise, gone through as they lie in memory, their padding included."""

    def __init__(self, name: str, nest: LoopNest, layout: Layout, registers: int) -> None:
        super().__init__(name, nest, layout, registers)
        self.flat = Axis("e", padded(layout.places[nest.outputs[0].buffer].elements, layout.lanes))
        self.schedule = Schedule(self.flat, (self.flat,), {})

    def kernel(self, title: str) -> Kernel:
        self.put("const i64 banks = banks_of(batch);")
        self.put("(void)banks;")
        assert isinstance(self.flat.extent, int)
        for e in nest_parts(self.nest)[::-1]:
            if not e.free_axes and isinstance(e, Read | Call) and not any(isinstance(x, Reduce) for x in parts(e)):
                self.value(e, {})
        with self.block("for (i64 e = lo * LANES; e < hi * LANES; e += LANES)"):
            values = [self.value(o.value, {}) for o in self.nest.outputs]
            for o, value in zip(self.nest.outputs, values, strict=True):
                where = f"{self.pointers[o.buffer]} + e"
                if o.buffer.dtype is bool_:
                    self.put(f"store_b8v({where}, {value});")
                else:
                    self.put(f"*({self.type(o.buffer.dtype)} *)({where}) = {value};")
        units = self.flat.extent // self.lanes
        return self.finished(title, "const i64 lo, const i64 hi, const i64 batch", str(units), self.flat.extent, 0)

    def loaded(self, e: Read, point: Point) -> str:
        pointer = self.pointers[e.buffer]
        if not e.buffer.shape:
            return self.splat(f"*{pointer}", e.dtype)
        where = f"{pointer} + e"
        if isinstance(e.buffer.shape[0], Counted):
            where = f"{pointer} + {self.variables[BANK]} * {self.layout.places[e.buffer].strides[0]} + e"
            if len(e.buffer.shape) == 1:
                return self.splat(
                    f"*({pointer} + {self.variables[BANK]} * {self.layout.places[e.buffer].strides[0]})", e.dtype
                )
        return f"load_b8v({where})" if e.dtype is bool_ else f"*(const {self.type(e.dtype)} *)({where})"


def _is_flat(nest: LoopNest, layout: Layout) -> bool:
    """Whether all arrays of an elementwise nest lie alike, and its values depend on nothing but elements."""
    first = layout.places[nest.outputs[0].buffer]
    if any(first.strides != layout.places[o.buffer].strides for o in nest.outputs):
        return False
    for e in nest_parts(nest):
        match e:
            case Read(buffer) if buffer.shape:
                place = layout.places[buffer]
                own = place.strides[1:] if place.arena == "banks" else place.strides
                if own != first.strides:
                    return False
            case Coordinate() | Guard():
                return False
            case Reduce(_, axes) if axes != (BANK,):
                return False
    return True


# -------------------------------------------------------------------------------------------------------------- points
class _Points(_Writer):
    """Point by point, without vectors."""

    vectors = False

    def kernel(self, title: str) -> Kernel:
        self.put("const i64 banks = banks_of(batch);")
        self.put("(void)banks;")
        nest = self.nest
        parallel = [a for a in nest.axes if a not in nest.ordered]
        split = next((a for a in parallel if self.is_free_to_split(a)), None)
        rest = [a for a in parallel if a != split]
        with ExitStack() as stack:
            if split is not None:
                name = self.variable(split)
                stack.enter_context(self.block(f"for (i64 {name} = lo; {name} < hi; {name}++)"))
                self.variables[split] = name
            stack.enter_context(self.loops([*rest, *nest.ordered]))
            values = [self.value(o.value, {}) for o in nest.outputs]
            for o, value in zip(nest.outputs, values, strict=True):
                place = self.place(o, {})
                kept = "|=" if o.buffer.dtype is bool_ else "+="
                self.put(f"{self.pointers[o.buffer]}[{place}] {kept if o.accumulate else '='} {value};")
        units = self.extent(split.extent) if split is not None else ""
        points = math.prod(a.extent for a in nest.axes if isinstance(a.extent, int))
        bound = math.prod(a.extent for r in reductions(nest) for a in r.axes if isinstance(a.extent, int))
        work = (
            math.inf
            if any(has_batch(b.shape) and not isinstance(b.shape[0], Counted) for b in self.buffers)
            else points * bound
        )
        return self.finished(title, "const i64 lo, const i64 hi, const i64 batch", units, work, 0)

    def is_free_to_split(self, axis: Axis) -> bool:
        return all(any(isinstance(i, Affine) and i.pure == axis for i in o.index) for o in self.nest.outputs)

    def place(self, access: Read | Output, point: Point) -> str:
        place = self.layout.places[access.buffer]
        terms = []
        for k, (i, stride, extent) in enumerate(zip(access.index, place.strides, access.buffer.shape, strict=True)):
            at = self.index(i, extent, point)
            if k == 0 and place.lane:
                chunk = f"({at}) / LANES * {place.chunk}"
                terms.append(
                    f"{chunk} + ({at}) % LANES * {place.lane}" if place.lane != 1 else f"{chunk} + ({at}) % LANES"
                )
            else:
                text = self.extent(stride)
                terms.append(f"({at})" if text == "1" else f"({at}) * {text}")
        return " + ".join(terms) or "0"

    def index(self, i: Index, extent: Extent, point: Point) -> str:
        if isinstance(i, Affine):
            return self.affine(i, point)
        self.faults = True
        name = self.new("x")
        self.put(f"i64 {name} = {self.value(i, point)};")
        self.put(f"if ((u64){name} >= (u64)({self.extent(extent)})) {{ *fault = 1; {name} = 0; }}")
        return name

    def loaded(self, e: Read, point: Point) -> str:
        return f"{self.pointers[e.buffer]}[{self.place(e, point)}]"

    def gathered(self, e: Read, point: Point) -> str:
        place = self.place(e, point)
        name = self.new("t")
        self.put(f"const {self.type(e.dtype)} {name} = {self.pointers[e.buffer]}[{place}];")
        return name


# ---------------------------------------------------------------------------------------------------------------- text
def literal(value: float, dtype: DType) -> str:
    """A number as C has it."""
    if not dtype.floating:
        if value in (math.inf, -math.inf):  # the identity of a maximum of integers
            largest = {int32: 2**31 - 1, int64: 2**63 - 1, uint8: 255, bool_: 1}[dtype]
            value = largest if value > 0 else 0 if dtype in (uint8, bool_) else -largest - 1
        number, ending = int(value), "LL" if dtype is int64 else ""
        if number in (-(2**31), -(2**63)):  # C has no such literals
            return f"(-{-number - 1}{ending} - 1)"
        return f"{number}{ending}"
    ending = "f" if dtype is float32 else ""
    if value != value:
        return f'__builtin_nan{ending}("")'
    if value in (math.inf, -math.inf):
        return f"{'-' if value < 0 else ''}__builtin_inf{ending}()"
    return f"{float(value)!r}{ending}"


def sum_text(terms: Sequence[tuple[str, int]], constant: int) -> str:
    written = [name if c == 1 else f"{name} * {c}" for name, c in terms]
    written += [str(constant)] if constant or not written else []
    return " + ".join(written).replace("+ -", "- ")


def _memory(dtype: DType) -> str:
    return "u8" if dtype is bool_ else C_TYPES[dtype]


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


__all__ = ["Kernel", "Place", "kernel", "literal"]
