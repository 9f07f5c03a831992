"""What must be known of a compiled program to run it, as plain data: it travels inside the library itself."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from chainrule.compiler.copies import Arranged
from chainrule.compiler.kernels import Kernel
from chainrule.compiler.layout import Layout
from chainrule.compiler.lowering import Lowered, is_sample_shape
from chainrule.graph.expression import Buffer
from chainrule.graph.tensor import Tensor

WORTH_A_THREAD = 150_000  # cycles, some 40 microseconds
FEW = 20  # points for each sample of a kernel that goes through samples one by one: not known, and rarely many


@dataclass(frozen=True)
class Spot:
    """Where a value without a batch lies in the shared memory: offset in bytes, strides and number in elements."""

    offset: int
    strides: tuple[int, ...]
    elements: int


@dataclass(frozen=True)
class Plan:
    """A program's memory, and what goes in and out.

    lanes     samples of a chunk
    sizes     bytes of each arena: for each thread, chunk, bank, sample, pair or triple of samples, or in all
    phases    how many there are
    faults    whether it can find an index out of range while it runs
    inputs    for each input, where it lies; None for those with a batch, which are outside
    outputs   for each output, likewise
    outside   for each array of the caller's, the number of its input, or None: it takes an output
    slots     for each output the number of the array that takes it; None where it lies in the shared memory
    feeds     the inputs without axes that are given anew for each step, by number
    results   the outputs without axes, which are noted after each step, by number
    cycles    about how many a step takes on one thread: for each sample, and beside that
    """

    lanes: int
    sizes: dict[str, int]
    phases: int
    faults: bool
    inputs: tuple[Spot | None, ...]
    outputs: tuple[Spot | None, ...]
    outside: tuple[int | None, ...]
    slots: tuple[int | None, ...]
    feeds: tuple[int, ...]
    results: tuple[int, ...]
    cycles: tuple[float, float]

    def threads(self, batch: int, most: int) -> int:
        """How many threads a step is worth: waiting for each other costs more than small steps take.

        Where other processes want the cores as well, every wait may last a slice of their time.
        """
        return max(1, min(most, int((self.cycles[0] * batch + self.cycles[1]) // WORTH_A_THREAD)))

    def text(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @staticmethod
    def read(text: str) -> Plan:
        data = json.loads(text)

        def spots(key: str) -> tuple[Spot | None, ...]:
            return tuple(s and Spot(s["offset"], tuple(s["strides"]), s["elements"]) for s in data[key])

        return Plan(
            lanes=data["lanes"],
            sizes=data["sizes"],
            phases=data["phases"],
            faults=data["faults"],
            inputs=spots("inputs"),
            outputs=spots("outputs"),
            outside=tuple(data["outside"]),
            slots=tuple(data["slots"]),
            feeds=tuple(data["feeds"]),
            results=tuple(data["results"]),
            cycles=tuple(data["cycles"]),
        )


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
