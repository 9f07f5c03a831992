"""The compiler from end to end: each stage takes plain data and gives plain data, and none asks what an operation is.

tensors → lowering → samples (masks, banks) → phases → groups → copies → layout → kernels → C
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.compiler.assembly import assembled
from chainrule.compiler.copies import Arranged, arranged, in_lanes
from chainrule.compiler.expressions import Expressions
from chainrule.compiler.formulas import formula
from chainrule.compiler.groups import grouped
from chainrule.compiler.kernels import Kernel, kernel
from chainrule.compiler.layout import Layout, laid_out
from chainrule.compiler.lowering import Lowered, for_batch, lower
from chainrule.compiler.maxima import joined_maxima
from chainrule.compiler.pairs import with_pairs
from chainrule.compiler.phases import Phase, cut, is_early, is_large
from chainrule.compiler.plan import Plan
from chainrule.compiler.planning import plan_of
from chainrule.compiler.samples import banked, batch_axis, batch_sum, filled_alike, isolated_sums, masked
from chainrule.compiler.strips import Strip, strips_of
from chainrule.compiler.target import Target, lanes
from chainrule.compiler.updates import updated
from chainrule.compiler.winograd import with_tiles
from chainrule.graph.dtype import float64
from chainrule.graph.expression import Buffer
from chainrule.graph.extent import show_shape
from chainrule.graph.loopnest import LoopNest
from chainrule.graph.tensor import Tensor


@dataclass(frozen=True, eq=False)
class Compiled:
    """A program as C, and what is needed to run it and to look into it.

    feeds      the inputs without axes that are given anew for each step
    results    the numbers of the outputs without axes, which are noted after each step
    """

    lowered: Lowered
    phases: list[Phase]
    groups: list[Phase]
    arranged: Arranged
    strips: Mapping[int, list[Strip]]
    layout: Layout
    kernels: list[Kernel]
    sources: list[str]
    feeds: list[Tensor]
    results: list[int]

    @property
    def source(self) -> str:
        """All of its C."""
        return "\n".join(self.sources)

    @property
    def plan(self) -> Plan:
        return plan_of(self.lowered, self.arranged, self.layout, self.kernels, self.feeds, self.results)


def compiled(
    outputs: Sequence[Tensor],
    carried: Mapping[Tensor, int],
    watched: int | None,
    target: Target,
    batch: int | None = None,
) -> Compiled:
    """The C text of a program for some outputs.

    `carried` gives, for an input, the number of the output that becomes its next value; `watched` is the number of the
    output that must be finite for carried inputs to change. With `batch` it is for batches of that size alone.
    """
    expressions = Expressions()
    lowered = lower(outputs, expressions)
    if batch is not None:
        lowered = for_batch(lowered, batch, expressions)
    width = lanes(target, 8 if _has_doubles(lowered) else 4)
    if batch is not None and target.by_halves:
        width //= 2  # vectors along channels, of which there are few, have fewer lanes to leave empty
    nests = _rewritten(lowered, width, target, expressions)
    inputs, outcome = list(lowered.inputs.values()), None if watched is None else lowered.outputs[watched]
    sampled = _over_samples(nests, set(inputs), width, expressions)
    phases = cut(sampled.nests, sampled.partial, sampled.whole, set(inputs), set(lowered.outputs), expressions)
    grouped_phases, aliases = grouped(phases, sampled.partial | {*lowered.outputs}, expressions)
    grouped_phases, in_place = updated(grouped_phases, lowered, carried, outcome, expressions)
    order = arranged(grouped_phases, inputs, lowered.outputs, aliases, expressions)
    strips = strips_of(order, aliases, width)
    layout = laid_out(order, aliases, inputs, lowered.outputs, in_place, strips, width)
    kernels = _written(order, layout, strips, target, lowered)
    feeds = [t for t, b in lowered.inputs.items() if not b.shape and t not in carried]
    results = [k for k, b in enumerate(lowered.outputs) if not b.shape]
    sources = assembled(
        order, kernels, layout, in_place, aliases, strips,
        [lowered.inputs[t] for t in feeds], [lowered.outputs[k] for k in results], outcome,
    )  # fmt: skip
    return Compiled(
        lowered, phases, grouped_phases, order, strips, layout, list(kernels.values()), sources, feeds, results
    )


@dataclass(frozen=True, eq=False)
class _Sampled:
    """Nests whose sums over the samples are settled.

    partial   the buffers of banks, which are still to be added up
    whole     those made by nests on samples that run over whole arrays, not chunk by chunk
    """

    nests: list[LoopNest]
    partial: set[Buffer]
    whole: set[Buffer]


def _rewritten(lowered: Lowered, width: int, target: Target, expressions: Expressions) -> list[LoopNest]:
    """The nests, where another formula of the same meaning is quicker: in pairs, in tiles, with joined maxima."""
    nests = filled_alike(lowered.nests)
    if target.pairs:
        nests = with_pairs(nests, lowered.outputs, target.tiles, expressions)
    tiled = with_tiles(nests, lowered.outputs, width, expressions)
    return joined_maxima(isolated_sums(tiled, expressions), expressions)


def _over_samples(nests: list[LoopNest], given: set[Buffer], width: int, expressions: Expressions) -> _Sampled:
    """Sums over the samples, which empty lanes add nothing to, as one for each bank and then one of all banks; large
    ones stay whole.
    """
    sums = [k for k, n in enumerate(nests) if batch_sum(n) is not None and not is_early(n, given)]
    large_sums = {nests[k].outputs[0].buffer for k in sums if is_large(nests[k])}
    nests = masked(nests, sums, expressions)
    whole = {n.outputs[0].buffer for n in nests if batch_axis(n) and is_large(n)}
    partial: set[Buffer] = set()
    split: list[LoopNest] = []
    for k, n in enumerate(nests):
        samples = batch_sum(n)
        if k in sums and samples is not None and n.outputs[0].buffer not in large_sums:
            parts = banked(n, samples, width, expressions)
            partial.add(parts.buffer)
            split += [parts.partial, parts.total]
        else:
            split.append(n)
    return _Sampled(split, partial, whole)


def _written(
    order: Arranged, layout: Layout, strips: Mapping[int, list[Strip]], target: Target, lowered: Lowered
) -> dict[int, Kernel]:
    """The kernel of each nest, by the nest's identity."""
    along = {id(n): own for found in strips.values() for x in found for n, own in zip(x.steps, x.axes, strict=True)}
    kernels: dict[int, Kernel] = {}
    for chunked, steps in order.phases:
        for s in steps:
            if isinstance(s, LoopNest):
                kernels[id(s)] = kernel(
                    f"k{len(kernels)}", s, layout, chunked, in_lanes(s, chunked), target.registers,
                    describe(s, lowered), along.get(id(s), ()), target.tiles,
                )  # fmt: skip
    return kernels


def _has_doubles(lowered: Lowered) -> bool:
    """Whether arrays of float64 come in: vectors then have half the lanes. A few doubles on the way are no reason."""
    return any(b.dtype is float64 and b.shape for b in lowered.inputs.values())


def describe(nest: LoopNest, lowered: Lowered) -> str:
    """What a kernel computes: its nodes and their shapes, and the formula."""
    lines = []
    for b in dict.fromkeys(o.buffer for o in nest.outputs):
        node = lowered.origin.get(b)
        operation = f", {node.operation.name}" if node is not None else ""
        lines.append(f"{b.name} {show_shape(b.shape)} {b.dtype}{operation}")
    return "\n".join([*lines, formula(nest)])
