"""A sum of products of pairs by tiles: 16 rows of 16 sums, to which one instruction adds 16 products of pairs each.

    sums[row][column] += Σ_k rows[row][k]·columns[k][column]

Where samples are in lanes, rows are features, columns are samples, and k goes through channels: the rows are weights.
Where samples are summed up, rows and columns are features and k goes through the samples of a chunk. Two tiles of rows
meet two of columns, so that each that is loaded is used twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

from chainrule.compiler.kernels.accesses import over_lanes
from chainrule.compiler.kernels.lanes import Lanes
from chainrule.compiler.kernels.writer import Kernel, Point
from chainrule.compiler.layout import Layout
from chainrule.compiler.pairs import DOT
from chainrule.compiler.schedule import Schedule
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import Call, Expression, Read
from chainrule.graph.loopnest import LoopNest

SIDE = 16  # rows of a tile, and columns
ROW = 4 * SIDE  # bytes


@dataclass(frozen=True)
class Blocks:
    """How a sum falls into tiles.

    rows, columns    the two factors
    row, column      the axes of the sums' rows and columns; depth, that of the products that are added up
    beside           the axis along which a second tile of columns lies; None where there is none
    """

    rows: Read
    columns: Read
    row: Axis
    column: Axis
    depth: Axis
    beside: Axis | None

    @property
    def row_tiles(self) -> int:
        return _tiles_along(self.row)

    @property
    def column_tiles(self) -> int:
        return 1 if self.beside is None else 2


def _tiles_along(axis: Axis) -> int:
    assert isinstance(axis.extent, int)
    return 2 if axis.extent % (2 * SIDE) == 0 else 1


class Tiles(Lanes):
    """The C text of a sum by tiles, where `blocks` says that it falls into such; chunk by chunk alone."""

    def __init__(
        self, name: str, nest: LoopNest, layout: Layout, chunked: bool, registers: int, strip: Sequence[Axis] = ()
    ) -> None:
        super().__init__(name, nest, layout, chunked, registers, strip)
        self.blocks = self.found() if chunked and layout.lanes == SIDE else None

    @property
    def summed(self) -> tuple[Axis, ...]:
        """The axes of the sum, with lanes in place of samples."""
        assert self.contraction is not None
        return over_lanes(self.contraction.total, self.lane, self.chunked).axes

    @property
    def is_nothing_but_sums(self) -> bool:
        """Whether the sums are all that is written."""
        o, *more = self.nest.outputs
        return not more and self.contraction is not None and o.value is self.contraction.total

    # -------------------------------------------------------------------------------------------------- recognition
    def found(self) -> Blocks | None:
        if self.contraction is None or self.window:
            return None
        term = self.contraction.total.arguments[0]
        if not isinstance(term, Call) or term.function is not DOT:
            return None
        first, second = term.arguments
        choices = (self.fitting(a, b) for a, b in ((first, second), (second, first)))
        return next((x for x in choices if x is not None), None)

    def fitting(self, rows: Expression, columns: Expression) -> Blocks | None:
        """The tiles with these factors as rows and as columns."""
        if not isinstance(rows, Read) or not isinstance(columns, Read):
            return None
        of_rows, of_columns = self.address(rows), self.address(columns)
        column = self.vector
        if of_columns.coefficient(column) != 1 or of_rows.coefficient(column):
            return None
        if self.along is not None and not self.is_nothing_but_sums:
            return None
        depths = [
            a for a in self.summed
            if of_rows.coefficient(a) == 1 and _is_whole(of_columns.coefficient(a)) and _is_divided(a)
        ]  # fmt: skip
        free = [
            a for a in self.nest.axes
            if a not in (self.samples, column) and not of_columns.coefficient(a) and _is_divided(a)
            and of_rows.coefficient(a) and _is_whole(of_rows.coefficient(a))
        ]  # fmt: skip
        aligned = all(
            _is_whole(address.constant) and all(a in (*depths, column) or _is_whole(c) for a, c in address.terms)
            for address in (of_rows, of_columns)
        )
        if not depths or not free or not aligned or not _is_divided(column):
            return None
        return Blocks(rows, columns, free[-1], column, depths[-1], self.second(of_rows, of_columns, free[-1]))

    def second(self, rows: Affine, columns: Affine, row: Axis) -> Axis | None:
        """The axis along which two tiles of columns share one of rows."""
        if self.along is not None:
            return self.along if _tiles_along(self.along) == 2 else None
        return next(
            (
                a for a in self.nest.axes[::-1]
                if a not in (self.samples, row) and isinstance(a.extent, int) and a.extent % 2 == 0
                and columns.coefficient(a) and not rows.coefficient(a)
            ), None,
        )  # fmt: skip

    # ----------------------------------------------------------------------------------------------------------- text
    @cached_property
    def addend(self) -> Expression | None:
        """Sums begin at zero, or at what they are added to."""
        return None

    def kernel(self, title: str) -> Kernel:
        b = self.blocks
        assert b is not None
        others = [a for a in self.nest.axes if a not in (self.samples, b.row, b.column, b.beside)]
        last = [b.beside] if b.beside is not None else [b.column] if self.along is not None else []
        inner = [a for a in self.summed if a not in (b.depth, self.lane)]
        steps = {b.row: SIDE * b.row_tiles, b.depth: SIDE}
        steps |= {a: self.reach(a) for a in last}
        order = (b.row, *others, *last)
        self.schedule = Schedule(self.vector, order, {a: steps.get(a, 1) for a in order}, (*inner, b.depth), SIDE)
        self.hoist()
        self.put("TILES_CONFIGURE();")
        with ExitStack() as stack:
            for a in order:
                self.enter(a, steps.get(a, 1), stack)
            self.begin()
            with ExitStack() as inside:
                for a in (*inner, *([b.depth] if b.depth != self.lane else [])):
                    self.enter(a, steps.get(a, 1), inside)
                self.add()
            self.finish()
        self.put("TILES_RELEASE();")
        arguments = [*(f"const i64 {self.variables[a]}" for a in self.strip), "const i64 first", "const i64 batch"]
        return self.finished(title, ", ".join(arguments), "", self.flops() / 2, self.flops())

    def enter(self, a: Axis, step: int, stack: ExitStack) -> None:
        variable = self.variable(a)
        extent = self.extent(a.extent)
        stack.enter_context(self.block(f"for (i64 {variable} = 0; {variable} < {extent}; {variable} += {step})"))
        self.variables[a] = variable

    def reach(self, a: Axis) -> int:
        """How far one go through all tiles leads along the axis of columns, or that of a second tile."""
        assert self.blocks is not None
        return self.blocks.column_tiles * (SIDE if a == self.along else 1)

    def tiles(self) -> Iterator[tuple[int, int, Point]]:
        """The tiles of sums: number, that among the columns, and where they begin."""
        b = self.blocks
        assert b is not None
        for x in range(b.row_tiles):
            for y in range(b.column_tiles):
                yield 2 * x + y, y, {b.row: SIDE * x} | self.column_point(y)

    def column_point(self, y: int) -> Point:
        assert self.blocks is not None
        beside = self.blocks.beside
        return {} if beside is None else {beside: y * (SIDE if beside == self.along else 1)}

    def at(self, access: Read, point: Point) -> str:
        return f"{self.pointers[access.buffer]} + {self.affine(self.address(access), point)}"

    def begin(self) -> None:
        for number, _, point in self.tiles():
            if self.nest.outputs[0].accumulate:
                self.put(f"TILE_LOAD({number}, {self.place_of_sums(point)});")
            else:
                self.put(f"TILE_ZERO({number});")

    def place_of_sums(self, point: Point) -> str:
        """Where a tile's sums lie in the output, and the bytes from row to row."""
        assert self.blocks is not None
        o = self.nest.outputs[0]
        address = self.address(o)
        stride = 4 * address.coefficient(self.blocks.row)
        return f"{self.pointers[o.buffer]} + {self.affine(address, point)}, {stride}"

    def add(self) -> None:
        b = self.blocks
        assert b is not None
        strides = 4 * self.address(b.rows).coefficient(b.row), 4 * self.address(b.columns).coefficient(b.depth)
        for x in range(b.row_tiles):
            self.put(f"TILE_LOAD({4 + x}, {self.at(b.rows, {b.row: SIDE * x})}, {strides[0]});")
        for y in range(b.column_tiles):
            self.put(f"TILE_LOAD({6 + y}, {self.at(b.columns, self.column_point(y))}, {strides[1]});")
        for x in range(b.row_tiles):
            for y in range(b.column_tiles):
                self.put(f"TILE_ADD_DOTS({2 * x + y}, {4 + x}, {6 + y});")

    def finish(self) -> None:
        """Store the sums; or, where something is made of them, row by row what that is."""
        b = self.blocks
        assert b is not None
        assert self.contraction is not None
        if self.is_nothing_but_sums:
            for number, _, point in self.tiles():
                self.put(f"TILE_STORE({number}, {self.place_of_sums(point)});")
            return
        rows = SIDE * b.row_tiles
        self.put(f"f32 sums[{b.column_tiles}][{rows}][{SIDE}];")
        for number, y, point in self.tiles():
            self.put(f"TILE_STORE({number}, sums[{y}][{point[b.row]}], {ROW});")
        first = self.variables[b.row]
        with self.block(f"for (i64 row = 0; row < {rows}; row++)"):
            self.variables[b.row] = self.variable(b.row)
            self.put(f"const i64 {self.variables[b.row]} = {first} + row;")
            for y in range(b.column_tiles):
                point = self.column_point(y)
                total = self.new("a")
                self.put(f"const f32v {total} = *(const f32v *)sums[{y}][row];")
                self.known[self.component(self.contraction.total, 0, point)] = total
                values = [self.value(out.value, point) for out in self.nest.outputs]
                for out, value in zip(self.nest.outputs, values, strict=True):
                    self.store(out, value, point)


def _is_divided(axis: Axis) -> bool:
    return isinstance(axis.extent, int) and axis.extent % SIDE == 0


def _is_whole(stride: int) -> bool:
    """Whether steps of so many elements lead from one line of the cache to another."""
    return stride % SIDE == 0
