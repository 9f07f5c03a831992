"""The C text of one kernel while it grows: statements, blocks, and values computed once where they are known."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from chainrule.compiler.expressions import Live, reads, reduction_key
from chainrule.compiler.forms import is_windowed
from chainrule.compiler.kernels.spelling import (
    called,
    divided,
    divides_by_constant,
    literal,
    memory_type,
    sum_text,
    type_name,
)
from chainrule.compiler.layout import Layout
from chainrule.compiler.pairs import BFLOAT16_PAIR, DOT
from chainrule.compiler.samples import Counted, lane_axis
from chainrule.compiler.schedule import Schedule
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import DType, bool_, int64
from chainrule.graph.expression import (
    SUM,
    Buffer,
    Call,
    Constant,
    Coordinate,
    Expression,
    Guard,
    Read,
    Reduce,
    Size,
)  # fmt: skip
from chainrule.graph.extent import Batch, Extent
from chainrule.graph.loopnest import LoopNest

Point = dict[Axis, int]


@dataclass(frozen=True, eq=False)
class Kernel:
    """A C function and how it is called.

    starts     for each buffer the element that its pointer is given at
    units      what `lo` and `hi` count in an array phase, as a C expression; "" where one thread runs it alone
    work       about how many points it computes for one sample, or in all
    faults     whether it may be asked for an element that is not there, and says so
    """

    name: str
    head: str
    code: str
    buffers: tuple[Buffer, ...]
    starts: tuple[int, ...]
    written: frozenset[Buffer]
    units: str
    work: float
    flops: int
    faults: bool
    schedule: Schedule
    nest: LoopNest


@dataclass(frozen=True)
class Named(Expression):
    """A value that already has a name in the C text."""

    name: str
    type: DType

    @property
    def dtype(self) -> DType:
        return self.type


class Writer:
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
        self.starts: dict[Buffer, int] = {}
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
        return self.new("".join(c for c in axis.name.split(".")[0] if c.isalnum()) + "_")

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
            tuple(self.starts.get(b, 0) for b in self.buffers),
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
            f"{'' if b in self.written else 'const '}{memory_type(b.dtype)} *{self.promise(b)}{name}"
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
    def type(self, dtype: DType) -> str:
        return type_name(dtype, self.vectors)

    def key(self, e: Expression, point: Point) -> object:
        """What a value here is known by. By axes, not their names, which a fused nest may have twice."""
        return id(e), frozenset((a, k) for a, k in point.items() if a in e.free_axes)

    def value(self, e: Expression, point: Point) -> str:
        """A literal, or the name of the variable that holds the value here."""
        if isinstance(e, Named):
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
            case Call(_, arguments):
                if self.vectors and divides_by_constant(e):
                    return divided(e, self.value(arguments[0], point))
                return called(e, [self.value(a, point) for a in arguments], self.vectors)
            case Coordinate(index):
                return self.coordinate(index, point)
            case Size(extent):
                return self.splat(self.extent(extent), e.dtype)
            case Live(index):
                return self.live(index, point)
        return self.value(e, point)

    def live(self, index: Affine, point: Point) -> str:
        raise NotImplementedError

    def literal(self, value: float, dtype: DType) -> str:
        return self.splat(literal(value, dtype), dtype)

    def splat(self, text: str, dtype: DType) -> str:
        """A number that is the same in all lanes."""
        if self.vectors:
            return f"splat_{type_name(dtype, vectors=True)}({text})"
        return f"({text})" if text.startswith("-") else text

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
            values = tuple(Named(self.value(a, here), a.dtype) for a in e.arguments)
            new = e.monoid.combine(total, values) if total else values
            self.visited += new
            total = tuple(Named(self.value(x, {}), x.dtype) for x in new)
        for k, t in enumerate(total):
            assert isinstance(t, Named)
            self.known[self.component(e, k, point)] = t.name
        return self.known[self.component(e, e.item, point)]

    def component(self, e: Reduce, item: int, point: Point) -> object:
        for other in self.all_reductions:
            if other.item == item and reduction_key(other) == reduction_key(e):
                return self.key(other, point)
        return "component", item, self.key(e, point)

    @cached_property
    def all_reductions(self) -> list[Reduce]:
        return [e for e in self.nest.parts if isinstance(e, Reduce)]

    def reduced(self, e: Reduce, point: Point) -> str:
        """A reduction in loops of its own, its accumulators named."""
        totals = [self.new("a") for _ in e.arguments]
        for name, a, unit in zip(totals, e.arguments, e.monoid.identity, strict=True):
            self.put(f"{self.type(a.dtype)} {name} = {self.literal(unit, a.dtype)};")
        if e.monoid is SUM and e.dtype.floating and len(e.axes) > 1:
            row = self.new("a")  # rows are added up by themselves: long sums in one number would lose digits
            with self.loops(e.axes[:-1]):
                self.put(f"{self.type(e.dtype)} {row} = {self.literal(0, e.dtype)};")
                with self.loops(e.axes[-1:]):
                    self.combine(e, [row], point)
                self.put(f"{totals[0]} += {row};")
        else:
            with self.loops(e.axes):
                self.combine(e, totals, point)
        for k, name in enumerate(totals):
            self.known[self.component(e, k, point)] = name
        return totals[e.item]

    def combine(self, e: Reduce, totals: Sequence[str], point: Point) -> None:
        """Take one more term into the accumulators."""
        if e.monoid is SUM and e.dtype is not bool_:
            (argument,) = e.arguments
            if isinstance(argument, Call) and argument.function is DOT:
                factors = ", ".join(self.value(a, point) for a in argument.arguments)
                self.put(f"{totals[0]} = add_dot_{self.type(BFLOAT16_PAIR)}({totals[0]}, {factors});")
                return
            bound = isinstance(argument, Guard | Read | Reduce)
            text = self.value(argument, point) if bound else self.text(argument, point)
            self.put(f"{totals[0]} += {text};")
            return
        old = tuple(Named(t, a.dtype) for t, a in zip(totals, e.arguments, strict=True))
        new = tuple(Named(self.value(a, point), a.dtype) for a in e.arguments)
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
