"""A compiled program as text for people, stage by stage.

graph      the nodes with their operations, shapes and lines of the user's program
phases     the loop nests in order, cut where a value needs the whole batch, and why each stands where it does
groups     the kernels that nests became, as formulas, and the copies between them
schedule   how each kernel runs: tile, vectors, loops, estimated work
c          the C text
memory     what is kept where, what shares memory, and how many bytes that takes: known before the program runs
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby

from chainrule.compiler import team
from chainrule.compiler.copies import Gather, Load, Step, Store
from chainrule.compiler.expressions import reads
from chainrule.compiler.formulas import axis_names, formula, plain
from chainrule.compiler.interface import BANKS_AT_MOST, ROWS, bytes_of_rows
from chainrule.compiler.kernels import Kernel
from chainrule.compiler.layout import Place
from chainrule.compiler.lowering import has_batch
from chainrule.compiler.phases import is_large
from chainrule.compiler.pipeline import Compiled
from chainrule.compiler.samples import Counted, batch_axis, batch_sum
from chainrule.compiler.schedule import Schedule
from chainrule.errors import UsageError
from chainrule.graph.expression import Buffer
from chainrule.graph.extent import concrete_shape, product, show_shape
from chainrule.graph.graph import Graph
from chainrule.graph.loopnest import LoopNest
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message, suggestion

_UNKNOWN_STAGE = Message(
    "show.unknown_stage",
    en="there is no stage '{given}' to show; choose one of {known}.{suggestion}",
    zh="没有可显示的阶段“{given}”；可选：{known}。{suggestion}",
)
_BATCH = Message(
    "show.batch",
    en="a batch of {given} samples has no memory to show; give batch= a whole number, at least 1.",
    zh="{given} 个样本的批量没有可显示的内存；请将 batch= 设为不小于 1 的整数。",
)


def show(outputs: Mapping[str, Tensor], compiled: Compiled, stage: str, *, batch: int | None = None) -> str:
    """One stage of the compilation of some named outputs; `batch` is the number of samples that "memory" is for.

    Raises:   UsageError if there is no such stage, or no such batch.
    Example:
        >>> from chainrule.compiler.pipeline import compiled
        >>> from chainrule.compiler.target import detect
        >>> from chainrule.graph.extent import batch
        >>> from chainrule.graph.tensor import input_tensor
        >>> y = input_tensor("x", (batch, 3)) * 2
        >>> print(show({"y": y}, compiled([y], {}, None, detect()), "groups"))
        phase 1, chunk by chunk
          copy  x → x_lanes: samples side by side
          k0  multiply[n,i] = x_lanes[n,i]·2
          copy  multiply → multiply_rows: samples one after the other
    """
    if stage not in _STAGES:
        known = ", ".join(_STAGES)
        raise UsageError(_UNKNOWN_STAGE(given=stage, known=known, suggestion=suggestion(stage, _STAGES)))
    return _STAGES[stage](outputs, compiled, batch)


# --------------------------------------------------------------------------------------------------------------- phases
def _phases(compiled: Compiled) -> str:
    lines: list[str] = []
    made_in: dict[Buffer, int] = {}
    for p, phase in enumerate(compiled.phases):
        if not phase.nests:
            continue
        lanes = f": {compiled.layout.lanes} samples at a time, in the lanes of vectors" if phase.chunked else ""
        lines.append(f"phase {p}, {_how(phase.chunked)}{lanes}")
        made_in |= {o.buffer: p for n in phase.nests for o in n.outputs}
        needs = {r.buffer for n in phase.nests for r in reads(n)}
        before = sorted({plain(b.name) for b in needs if p - 1 == made_in.get(b)})
        if before:
            lines.append(f"  begins when the whole batch has passed phase {p - 1}, which makes {_listed(before)}")
        for why, nests in groupby(phase.nests, key=partial(_why, chunked=phase.chunked)):
            lines.append(f"  {why}:")
            lines += [line for n in nests for line in _indented(formula(n), "    ")]
    return "\n".join(lines)


def _why(nest: LoopNest, chunked: bool) -> str:
    """Why a nest stands in a phase of its sort."""
    counted = any(isinstance(e, Counted) for r in reads(nest) for e in r.buffer.shape)
    if chunked:
        accumulates = any(isinstance(e, Counted) for o in nest.outputs for e in o.buffer.shape)
        return "a sum over samples, gathered in banks" if accumulates else "each sample by itself"
    if counted:
        return "adds up what the banks hold, always in the same order"
    if batch_sum(nest) is not None:
        return "a sum over samples for so many numbers, or of so few, that it takes the batch at once"
    if is_large(nest):
        return "meets its parameters once for the whole batch, since they are too large to be met for every chunk"
    if batch_axis(nest) is not None:
        return "each sample by itself, of values that are there for the whole batch"
    buffers = [*(o.buffer for o in nest.outputs), *(r.buffer for r in reads(nest))]
    return "mixes samples" if any(has_batch(b.shape) for b in buffers) else "the same for all samples"


def _listed(names: Sequence[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


# --------------------------------------------------------------------------------------------------------------- groups
def _groups(compiled: Compiled) -> str:
    kernels = {id(k.nest): k for k in compiled.kernels}
    lines: list[str] = []
    for p, (chunked, steps) in enumerate(compiled.arranged.phases):
        lines += [f"phase {p}, {_how(chunked)}"] if steps else []
        strips = compiled.strips.get(p, [])
        for k, s in enumerate(steps):
            strip = next((x for x in strips if x.first <= k <= x.last), None)
            if strip is not None and k == strip.first:
                lines.append(f"  in {' × '.join(map(str, strip.extents))} parts, so that they stay in the cache:")
            lines += [("  " if strip is not None else "") + line for line in _group(s, kernels)]
    return "\n".join(lines)


def _group(step: Step, kernels: Mapping[int, Kernel]) -> list[str]:
    if isinstance(step, LoopNest):
        name = kernels[id(step)].name if id(step) in kernels else ""
        return _indented(formula(step), f"  {name}  ")
    if isinstance(step, Load):
        how = "samples side by side"
    elif isinstance(step, Store):
        how = "samples one after the other"
    elif isinstance(step, Gather):
        how = "the samples of a step together"
    else:
        how = "samples of a chunk one after the other"
    return [f"  copy  {plain(step.source.name)} → {plain(step.target.name)}: {how}"]


def _how(chunked: bool) -> str:
    return "chunk by chunk" if chunked else "whole arrays"


def _indented(text: str, head: str) -> list[str]:
    first, *rest = text.splitlines()
    return [head + first, *(" " * len(head) + line for line in rest)]


# ------------------------------------------------------------------------------------------------------------- schedule
def _schedule(compiled: Compiled) -> str:
    rows = []
    chunked = {id(s): inside for inside, steps in compiled.arranged.phases for s in steps}
    for k in compiled.kernels:
        made = _listed([plain(b.name) for b in dict.fromkeys(o.buffer for o in k.nest.outputs)], 3)
        per = "a sample" if chunked.get(id(k.nest)) else "in all"
        points = "depends on the batch" if k.work == float("inf") else f"{k.work:,.0f} point{'s' * (k.work != 1)} {per}"
        operations = f", {k.flops:,} operations {per}" if k.flops else ""
        rows.append((k.name, made, f"{points}{operations}", scheduled(k.schedule, k.nest)))
    widths = [max(map(len, column), default=0) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def scheduled(schedule: Schedule, nest: LoopNest) -> str:
    """The plan of a nest, its axes named as in its formula."""
    names = axis_names(nest)

    def name(axis: object) -> str:
        return names.get(axis, getattr(axis, "name", ""))  # type: ignore[call-overload, no-any-return]

    tile = " × ".join(f"{size} {name(a)}" for a, size in schedule.tile.items() if size > 1) or "1 point"
    vector = "no vectors" if schedule.vector is None else f"vectors along {name(schedule.vector)}"
    text = f"tile {tile}, {vector}"
    if schedule.order:
        text += f", loops {' '.join(map(name, schedule.order))}"
    if schedule.inner:
        text += f", inside {' '.join(map(name, schedule.inner))} unrolled {schedule.unroll}"
    return text


# --------------------------------------------------------------------------------------------------------------- memory
def bytes_for(compiled: Compiled, batch: int, threads: int) -> dict[str, int]:
    """The bytes that each arena takes for a batch of this size on some threads, and the results for the caller."""
    sizes = compiled.layout.sizes
    chunks = -(-batch // compiled.layout.lanes)
    results = {b for b in compiled.lowered.outputs if b not in compiled.lowered.inputs.values()}
    return {
        "shared": sizes["shared"],
        "banks": sizes["banks"] * BANKS_AT_MOST,
        "scratch": sizes["scratch"] * threads,
        "batch": sizes["batch"] * chunks,
        "rows": bytes_of_rows(sizes, chunks * compiled.layout.lanes),
        "results": sum(_bytes(b, batch) for b in results),
    }


def _bytes(buffer: Buffer, batch: int | None) -> int:
    elements = product(concrete_shape(buffer.shape, batch))
    assert isinstance(elements, int)
    return elements * buffer.dtype.numpy.itemsize


def _memory(compiled: Compiled, batch: int | None) -> str:
    if batch is not None and batch < 1:
        raise UsageError(_BATCH(given=batch))
    threads, lanes = team.thread_count(), compiled.layout.lanes
    samples = batch or lanes
    sizes, arenas = compiled.layout.sizes, bytes_for(compiled, samples, threads)
    chunks = -(-samples // lanes)
    what = {
        "shared": "parameters, sums, constants",
        "banks": f"{BANKS_AT_MOST} banks of {sizes['banks']:,}: sums over samples, added up at the end",
        "scratch": f"{threads} threads with {sizes['scratch']:,} each: what lives within a chunk of {lanes} samples",
        "batch": f"{chunks} chunks with {sizes['batch']:,} each: what later phases need of samples",
        "rows": f"{chunks * lanes} samples with {_each(sizes)}: whole arrays in rows",
        "results": "arrays for the caller",
    }
    total = sum(arenas.values())
    count = f"{samples} sample{'s' if samples > 1 else ''}" + ("" if batch else " (one chunk)")
    lines = [f"{total:,} bytes for a batch of {count}, beside the arguments"]
    lines += [f"  {name:8}{arenas[name]:>14,}  {text}" for name, text in what.items() if arenas[name]]
    return "\n".join([*lines, "places, from byte to byte", *_places(compiled)])


def _each(sizes: Mapping[str, int]) -> str:
    """The bytes of rows for each sample, and for each pair and triple of samples where there are any."""
    more = [f", {sizes[arena]:,} for each of their {arena}" for arena in ROWS[1:] if sizes[arena]]
    return f"{sizes[ROWS[0]]:,} each{''.join(more)}"


def _places(compiled: Compiled) -> list[str]:
    """Where each buffer lies, arena by arena; of what shares memory, what was there first."""
    made = {
        o.buffer for _, steps in compiled.arranged.phases for s in steps if isinstance(s, LoopNest) for o in s.outputs
    }
    made |= {s.target for _, steps in compiled.arranged.phases for s in steps if not isinstance(s, LoopNest)}
    given = set(compiled.lowered.inputs.values())
    rows: list[tuple[str, ...]] = []
    for arena in ("shared", "banks", "scratch", "batch", *ROWS, "outside"):
        found = {b: p for b, p in compiled.layout.places.items() if p.arena == arena}
        earlier: list[Buffer] = []
        for b, place in found.items():
            notes = _note(b, place, [x for x in earlier if _overlap(b, place, x, found[x])], made, given)
            start = (
                f"{place.offset:,}-{place.offset + _extent_bytes(b, place):,}" if arena != "outside" else "the caller's"
            )
            rows.append((f"  {arena}", start, plain(b.name), f"{b.dtype} {show_shape(b.shape)}", notes))
            earlier.append(b)
    widths = [max(map(len, column), default=0) for column in zip(*rows, strict=True)]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _note(b: Buffer, place: Place, sharing: Sequence[Buffer], made: set[Buffer], given: set[Buffer]) -> str:
    if place.arena == "outside" or not sharing:
        return ""
    if b not in made and b not in given:
        return f"is {plain(sharing[0].name)}, read in another shape"
    if place.arena == "scratch":
        return f"where {_listed([plain(x.name) for x in sharing], 2)} was, which nothing reads any more"
    return f"in place of {plain(sharing[0].name)}"


def _extent_bytes(b: Buffer, place: Place) -> int:
    """Bytes of one bank, chunk, thread, sample, pair or triple of samples, according to the arena."""
    return place.elements * b.dtype.numpy.itemsize


def _overlap(a: Buffer, at: Place, b: Buffer, there: Place) -> bool:
    return at.offset < there.offset + _extent_bytes(b, there) and there.offset < at.offset + _extent_bytes(a, at)


_STAGES: dict[str, Callable[[Mapping[str, Tensor], Compiled, int | None], str]] = {
    "graph": lambda outputs, compiled, batch: Graph(outputs).text(),
    "phases": lambda outputs, compiled, batch: _phases(compiled),
    "groups": lambda outputs, compiled, batch: _groups(compiled),
    "schedule": lambda outputs, compiled, batch: _schedule(compiled),
    "c": lambda outputs, compiled, batch: compiled.source,
    "memory": lambda outputs, compiled, batch: _memory(compiled, batch),
}
STAGES = tuple(_STAGES)
