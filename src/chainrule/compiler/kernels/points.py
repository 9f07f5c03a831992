"""A nest point by point, without vectors: right for every nest."""

from __future__ import annotations

import math
from contextlib import ExitStack

from chainrule.compiler.expressions import reductions
from chainrule.compiler.kernels.spelling import C_TYPES
from chainrule.compiler.kernels.writer import Kernel, Point, Writer
from chainrule.compiler.lowering import has_batch
from chainrule.compiler.samples import Counted
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import bool_
from chainrule.graph.expression import SUM, Index, Read, Reduce
from chainrule.graph.extent import Extent
from chainrule.graph.loopnest import Output


class Points(Writer):
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

    def reduced(self, e: Reduce, point: Point) -> str:
        """A reduction in loops; lanes that were kept apart are added up as vectors, and then across."""
        (read, *_) = e.arguments
        lanes = e.monoid is SUM and e.axes[-1] == self.lane and e.dtype.floating
        if not lanes or not isinstance(read, Read) or read.index[-1] != Affine.of(self.lane):
            return super().reduced(e, point)
        total, kind = self.new("a"), C_TYPES[e.dtype]
        self.put(f"{kind}v {total} = splat_{kind}v(0);")
        with self.loops(e.axes[:-1]):
            self.variables[self.lane] = "0"
            self.put(f"{total} += *(const {kind}v *)&{self.pointers[read.buffer]}[{self.place(read, point)}];")
        name = self.new("t")
        self.put(f"const {kind} {name} = sum_{kind}v({total});")
        return name

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
