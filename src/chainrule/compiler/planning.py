"""The plan of a program: made from what the passes have decided."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.compiler.copies import Arranged
from chainrule.compiler.kernels import Kernel
from chainrule.compiler.layout import Layout
from chainrule.compiler.lowering import Lowered, is_sample_shape
from chainrule.compiler.plan import Plan, Spot
from chainrule.graph.expression import Buffer
from chainrule.graph.tensor import Tensor

FEW = 20  # points for each sample of a kernel that goes through samples one by one: not known, and rarely many


def plan_of(
    lowered: Lowered,
    arranged: Arranged,
    layout: Layout,
    kernels: Sequence[Kernel],
    feeds: Sequence[Tensor],
    results: Sequence[int],
) -> Plan:
    """The plan of a program that has been laid out."""
    numbers = {b: k for k, b in enumerate(lowered.inputs.values())}
    fed = set(feeds)

    def spot(b: Buffer) -> Spot | None:
        place = layout.places.get(b)
        if place is None or place.arena != "shared":
            return None
        return Spot(place.offset, tuple(s for s in place.strides if isinstance(s, int)), place.elements)

    slots = [arranged.outside.get(b, b) for b in lowered.outputs]
    return Plan(
        lanes=layout.lanes,
        sizes=dict(layout.sizes),
        phases=len(arranged.phases),
        faults=any(kernel.faults for kernel in kernels),
        inputs=tuple(map(spot, lowered.inputs.values())),
        outputs=tuple(map(spot, lowered.outputs)),
        outside=tuple(numbers.get(b) for b in layout.outside),
        slots=tuple(layout.outside.index(b) if b in layout.outside else None for b in slots),
        feeds=tuple(k for k, t in enumerate(lowered.inputs) if t in fed),
        results=tuple(results),
        cycles=_cycles(kernels),
    )


def _cycles(kernels: Sequence[Kernel]) -> tuple[float, float]:
    """A rough estimate: two multiply-adds of vectors a cycle, a few cycles for a vector of points, or for a point."""
    of_sample = beside = 0.0
    for k in kernels:
        points = (k.work if k.work < math.inf else FEW) * (0.5 if k.schedule.vector is not None else 4)
        cycles = k.flops / 64 if k.flops else points
        if any(is_sample_shape(b.shape) for b in k.buffers):
            of_sample += cycles
        else:
            beside += cycles
    return of_sample, beside
