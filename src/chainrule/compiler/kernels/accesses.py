"""Where the elements of a nest are that is computed in vectors, and how they are loaded and stored.

The lanes of a vector are samples, which lie beside each other; or, where samples are summed up, neighbours along the
last axis of what is written.
"""

from __future__ import annotations

from dataclasses import replace

from chainrule.compiler.expressions import reads, reductions
from chainrule.compiler.forms import vectors_along
from chainrule.compiler.kernels.spelling import sum_text
from chainrule.compiler.kernels.writer import Point, Writer
from chainrule.compiler.layout import Layout
from chainrule.compiler.lowering import is_sample_shape
from chainrule.compiler.samples import CHUNK, batch_axis, summed_along
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import bool_, int32, int64, uint8
from chainrule.graph.expression import Buffer, Expression, Read, Reduce
from chainrule.graph.extent import Batch
from chainrule.graph.loopnest import LoopNest, Output


class Accesses(Writer):
    """What the text of a nest in vectors says of single elements.

    samples    the axis of samples, if there is one
    along      the axis that vectors run along, where samples are not their lanes
    vector     that axis, or that of the lanes
    """

    def __init__(self, name: str, nest: LoopNest, layout: Layout, chunked: bool, registers: int) -> None:
        super().__init__(name, nest, layout, registers)
        self.chunked = chunked
        self.samples = _samples_of(nest)
        self.along = summed_along(nest) if self.samples is not None else vectors_along(nest)
        self.vector = self.along or self.lane
        self.starts = self.first_elements()

    def width(self, axis: Axis) -> int:
        return self.lanes if axis == self.vector else 1

    def first_elements(self) -> dict[Buffer, int]:
        """For each buffer the first element that is met, where that is known.

        Pointers begin there, so that the steps of a recurrence, which differ in it alone, are one function.
        """
        accesses: list[Read | Output] = [*self.nest.outputs, *reads(self.nest)]
        first: dict[Buffer, int] = {}
        for access in accesses:
            known = all(isinstance(i, Affine) for i in access.index)
            start = self.layout.affine(access.buffer, access.index, self.lane).constant if known else 0
            first[access.buffer] = max(0, min(start, first.get(access.buffer, start)))
        return first

    def address(self, access: Read | Output) -> Affine:
        address = self.layout.affine(access.buffer, access.index, self.lane) - self.starts[access.buffer]
        if self.chunked:
            address = Affine(tuple((a, c) for a, c in address.terms if a != CHUNK), address.constant)
        if self.samples is not None and isinstance(access, Output) and not is_sample_shape(access.buffer.shape):
            address = address.substitute({self.samples: Affine.of(self.lane)})
        return address

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
        by_lanes = over_lanes(e, self.lane, self.chunked)
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


def _samples_of(nest: LoopNest) -> Axis | None:
    """The axis of samples: of the nest, of one of its sums, or of what is added to banks."""
    bound = [a for r in reductions(nest) for a in r.axes]
    return batch_axis(nest) or next((a for a in [*bound, *nest.axes] if a.extent == Batch(1)), None)


def over_lanes(r: Reduce, lane: Axis, chunked: bool) -> Reduce:
    """A reduction with lanes, and chunks in an array phase, in place of the axis of samples."""
    axes: list[Axis] = []
    for a in r.axes:
        if a.extent == Batch(1):
            axes += [lane] if chunked else [CHUNK, lane]
        else:
            axes.append(a)
    return replace(r, axes=tuple(axes))
