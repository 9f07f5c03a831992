"""Arrays that meet elementwise, gone through as they lie in memory."""

from __future__ import annotations

from chainrule.compiler.interface import padded
from chainrule.compiler.kernels.writer import Kernel, Point, Writer
from chainrule.compiler.layout import Layout
from chainrule.compiler.samples import BANK, Counted
from chainrule.compiler.schedule import Schedule
from chainrule.graph.affine import Axis
from chainrule.graph.dtype import bool_
from chainrule.graph.expression import (
    Call,
    Coordinate,
    Guard,
    Read,
    Reduce,
    parts,
)
from chainrule.graph.loopnest import LoopNest


class Flat(Writer):
    """Arrays that meet elementwise, gone through as they lie in memory, their padding included."""

    def __init__(self, name: str, nest: LoopNest, layout: Layout, registers: int) -> None:
        super().__init__(name, nest, layout, registers)
        self.flat = Axis("e", padded(layout.places[nest.outputs[0].buffer].elements, layout.lanes))
        self.schedule = Schedule(self.flat, (self.flat,), {})

    def kernel(self, title: str) -> Kernel:
        self.put("const i64 banks = banks_of(batch);")
        self.put("(void)banks;")
        assert isinstance(self.flat.extent, int)
        for e in self.nest.parts[::-1]:
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


def is_flat(nest: LoopNest, layout: Layout) -> bool:
    """Whether all arrays of an elementwise nest lie alike, and its values depend on nothing but elements."""
    first = layout.places[nest.outputs[0].buffer]
    if any(first.strides != layout.places[o.buffer].strides for o in nest.outputs):
        return False
    for e in nest.parts:
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
