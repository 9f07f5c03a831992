"""Where every buffer lives, and how its elements lie.

scratch    one for each thread: what lives within a chunk phase; memory is used again when its contents are dead
batch      what chunks leave for later phases: [chunk][element][lane]
rows       whole batches in rows, of any shape; pairs and triples where two or three axes are the batch
banks      one part for each accumulation bank
shared     parameters, sums, constants: rows padded to whole vectors where vectors run along them
outside    the caller's arrays
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chainrule.compiler.copies import Arranged, Load, Step, Store, Turn, in_lanes, resolved
from chainrule.compiler.expressions import reads
from chainrule.compiler.forms import is_elementwise, vectors_along
from chainrule.compiler.interface import LINE, ROWS, padded
from chainrule.compiler.lowering import has_batch, is_sample_shape
from chainrule.compiler.samples import CHUNK, Counted, summed_along
from chainrule.compiler.strips import Strip
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import Buffer, Index
from chainrule.graph.extent import Batch, Extent
from chainrule.graph.loopnest import LoopNest


@dataclass(frozen=True)
class Place:
    """Where a buffer lies: in an arena, from an offset in bytes on, with strides in elements.

    Offsets are bytes of the arena; of `batch` for each chunk, of `rows` for each sample, of `pairs` for each two of
    them, of `banks` in each bank. The stride of the axis of samples is 0 where `lane` and `chunk` say how lanes and
    chunks lie.
    """

    arena: str
    offset: int
    strides: tuple[Extent, ...]
    lane: int = 0
    chunk: int = 0
    elements: int = 0


@dataclass
class Layout:
    lanes: int
    places: dict[Buffer, Place] = field(default_factory=dict)
    sizes: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("scratch", "batch", *ROWS, "banks", "shared"), 0)
    )
    outside: list[Buffer] = field(default_factory=list)

    def affine(self, buffer: Buffer, index: Sequence[Index], lane: Axis) -> Affine:
        """The element of a buffer at an index, as an affine function of axes, lanes and chunks."""
        place = self.places[buffer]
        total = Affine()
        for k, (i, stride) in enumerate(zip(index, place.strides, strict=True)):
            assert isinstance(i, Affine)
            if k == 0 and place.lane:
                total = total + Affine.of(lane, place.lane) + Affine.of(CHUNK, place.chunk)
            else:
                assert isinstance(stride, int), "a stride that depends on the batch is for kernels point by point"
                total = total + i * stride
        return total


def row_major(shape: Sequence[int], pad_rows_to: int = 1) -> tuple[tuple[int, ...], int]:
    """Strides and number of elements, the last axis padded."""
    strides, step = [], 1
    for k, extent in enumerate(reversed(shape)):
        strides.append(step)
        step *= padded(extent, pad_rows_to) if k == 0 else extent
    return tuple(reversed(strides)), step


def laid_out(
    arranged: Arranged,
    aliases: Mapping[Buffer, Buffer],
    inputs: Sequence[Buffer],
    outputs: Sequence[Buffer],
    in_place: Mapping[Buffer, Buffer],
    strips: Mapping[int, Sequence[Strip]],
    lanes: int,
) -> Layout:
    """Places for all buffers.

    `in_place` gives, for a new value, the input whose memory it takes; `strips` those of each phase.
    """
    layout = Layout(lanes)
    uses = _uses(arranged, aliases, strips)
    for b in inputs:
        uses.setdefault(b, [])
    _place_outside(layout, inputs, [arranged.outside.get(b, b) for b in outputs])
    elsewhere = {*aliases, *in_place}
    for k, (chunked, _) in enumerate(arranged.phases):
        if chunked:
            own = [b for b, at in uses.items() if is_sample_shape(b.shape) and _only_phase(at) == k]
            own = [b for b in own if b not in layout.places and b not in elsewhere]
            parts = {b: s.depth for s in strips.get(k, ()) for b in s.inside}
            _place_scratch(layout, own, uses, arranged, _contiguous(arranged, aliases), parts)
    pads = _rows_to_pad(arranged, in_place)
    for b in uses:
        if b not in layout.places and b not in elsewhere:
            _place_alone(layout, b, arranged, lanes if b in pads else 1)
    _set_banks_apart(layout)
    for new, old in in_place.items():
        layout.places[new] = layout.places[old]
    for b in aliases:
        place = layout.places[resolved(b, aliases)]
        in_lanes, _, _ = _sample_strides(b, lanes, turned=False, spread=False)
        strides = in_lanes if place.lane else _row_strides(b)
        layout.places[b] = Place(place.arena, place.offset, strides, place.lane, place.chunk, place.elements)
    return layout


def _place_outside(layout: Layout, inputs: Sequence[Buffer], outputs: Sequence[Buffer]) -> None:
    layout.outside = list(dict.fromkeys(b for b in (*inputs, *outputs) if has_batch(b.shape)))
    for k, b in enumerate(layout.outside):
        layout.places[b] = Place("outside", k, _row_strides(b))


def _contiguous(arranged: Arranged, aliases: Mapping[Buffer, Buffer]) -> set[Buffer]:
    """Buffers whose elements lie without gaps, since others have the same memory, or copies go through it."""
    steps = [s for _, steps in arranged.phases for s in steps]
    copied = {s.source for s in steps if isinstance(s, Turn | Store)} | {s.target for s in steps if isinstance(s, Load)}
    return {*aliases, *aliases.values(), *copied}


def _place_alone(layout: Layout, b: Buffer, arranged: Arranged, pad_rows_to: int) -> None:
    """A place of its own for a buffer that lives longer than a chunk."""
    size = b.dtype.numpy.itemsize
    known = [e for e in b.shape if isinstance(e, int)]
    if any(isinstance(e, Counted) for e in b.shape):
        strides, elements = row_major(known, pad_rows_to)
        _put(layout, b, "banks", (0, *strides), elements, size)
    elif is_sample_shape(b.shape) and b not in arranged.rows:
        strides, elements, lane = _sample_strides(b, layout.lanes, b in arranged.turned, spread=False)
        _put(layout, b, "batch", strides, elements, size, lane=lane, chunk=elements)
    elif has_batch(b.shape):
        axes = sum(isinstance(e, Batch) for e in b.shape)
        assert axes <= len(ROWS), f"{b.name}: {axes} axes are the batch"
        of_samples = math.prod(e.multiple if isinstance(e, Batch) else e for e in b.shape)
        _put(layout, b, ROWS[axes - 1], _row_strides(b), of_samples, size)
    else:
        strides, elements = row_major(known, pad_rows_to)
        _put(layout, b, "shared", strides, padded(elements, layout.lanes), size)


def _set_banks_apart(layout: Layout) -> None:
    """The stride from bank to bank, once it is known what a bank holds."""
    bank = layout.sizes["banks"]
    for b, place in layout.places.items():
        if place.arena == "banks":
            apart = bank // b.dtype.numpy.itemsize
            layout.places[b] = Place("banks", place.offset, (apart, *place.strides[1:]), elements=place.elements)


def _put(
    layout: Layout,
    b: Buffer,
    arena: str,
    strides: tuple[Extent, ...],
    elements: int,
    itemsize: int,
    lane: int = 0,
    chunk: int = 0,
) -> None:
    layout.places[b] = Place(arena, layout.sizes[arena], strides, lane, chunk, elements)
    layout.sizes[arena] += padded(elements * itemsize, LINE)


def _row_strides(b: Buffer) -> tuple[Extent, ...]:
    """Row-major strides; they depend on the batch where it is not the outermost axis."""
    strides: list[Extent] = []
    step: Extent = 1
    for k in reversed(range(len(b.shape))):
        strides.append(step)
        step = b.shape[k] * step if isinstance(step, int) and k else step if not k else step * b.shape[k]  # type: ignore[operator]
    return tuple(reversed(strides))


def _sample_strides(
    b: Buffer, lanes: int, turned: bool, spread: bool, given: int = 0
) -> tuple[tuple[int, ...], int, int]:
    """Strides (0 for samples), elements of a chunk, and the stride of lanes.

    With some of the first axes given, there is one part at a time, always in the same place.
    """
    shape = [e for e in b.shape[1 + given :] if isinstance(e, int)]
    if turned:
        strides, elements = row_major(shape)
        row = padded(elements, lanes) + lanes  # rows of a power of two would fall into the same sets of the cache
        return (0, *[0] * given, *strides), row * lanes + lanes, row  # vectors may read beyond the last row
    if spread:
        shape[-1] += 1
    strides, elements = row_major(shape)
    return (0, *[0] * given, *(s * lanes for s in strides)), elements * lanes, 1


def _uses(
    arranged: Arranged, aliases: Mapping[Buffer, Buffer], strips: Mapping[int, Sequence[Strip]]
) -> dict[Buffer, list[tuple[int, int]]]:
    """For each buffer the steps, as (phase, step), that touch it or an alias of it; a strip is one step in time."""
    found: dict[Buffer, list[tuple[int, int]]] = {}

    def use(b: Buffer, at: tuple[int, int]) -> None:
        found.setdefault(b, []).append(at)
        while b in aliases:
            b = aliases[b]
            found.setdefault(b, []).append(at)

    for p, (_, steps) in enumerate(arranged.phases):
        for s, step in enumerate(steps):
            strip = next((x for x in strips.get(p, ()) if x.first <= s <= x.last), None)
            for b in touched(step):
                for at in (s,) if strip is None else (strip.first, strip.last):
                    use(b, (p, at))
    return found


def touched(step: Step) -> Iterable[Buffer]:
    if isinstance(step, LoopNest):
        return dict.fromkeys([*(o.buffer for o in step.outputs), *(r.buffer for r in reads(step))])
    return (step.target, step.source)


def _only_phase(at: list[tuple[int, int]]) -> int | None:
    phases = {p for p, _ in at}
    return phases.pop() if len(phases) == 1 else None


def _place_scratch(
    layout: Layout,
    buffers: Sequence[Buffer],
    uses: Mapping[Buffer, list[tuple[int, int]]],
    arranged: Arranged,
    shared_memory: set[Buffer],
    parts: Mapping[Buffer, int],
) -> None:
    """First fit: a buffer takes the lowest memory that nothing alive beside it has."""
    taken: list[tuple[int, int, int, int]] = []  # first and last step, offset and end
    for b in sorted(buffers, key=lambda b: uses[b][0]):
        shape = b.shape[1:]
        # rows of 8, 16... lines would fall into the same sets of the cache: leave a line between them
        spread = len(shape) > 1 and isinstance(shape[-1], int) and shape[-1] % 8 == 0
        spread = spread and b not in shared_memory and b not in arranged.turned
        strides, elements, lane = _sample_strides(b, layout.lanes, b in arranged.turned, spread, parts.get(b, 0))
        size = padded(elements * b.dtype.numpy.itemsize, LINE)
        first, last = min(s for _, s in uses[b]), max(s for _, s in uses[b])
        offset = 0
        for start, end in sorted((o, e) for begin, final, o, e in taken if begin <= last and first <= final):
            if offset + size <= start:
                break
            offset = max(offset, end)
        taken.append((first, last, offset, offset + size))
        layout.places[b] = Place("scratch", offset, strides, lane, 0, elements)
        layout.sizes["scratch"] = max(layout.sizes["scratch"], offset + size)


def _rows_to_pad(arranged: Arranged, in_place: Mapping[Buffer, Buffer]) -> set[Buffer]:
    """Buffers that meet elementwise share a layout; one that is summed along rows pads them all."""
    alike = _Alike()
    for new, old in in_place.items():
        alike.join(new, old)
    roots: set[Buffer] = set()
    everything: set[Buffer] = set()
    for chunked, steps in arranged.phases:
        for nest in (s for s in steps if isinstance(s, LoopNest)):
            own = [b for b in touched(nest) if [e for e in b.shape if not isinstance(e, Counted)]]
            own = [b for b in own if not any(isinstance(e, Batch) and not isinstance(e, Counted) for e in b.shape)]
            everything |= set(own)
            wide = in_lanes(nest, chunked)
            if (wide and summed_along(nest) is not None) or (not wide and vectors_along(nest) is not None):
                roots |= {o.buffer for o in nest.outputs}
            if not chunked and is_elementwise(nest):
                for b in own:
                    alike.join(b, nest.outputs[0].buffer)
    padded_roots = {alike.first(b) for b in roots}
    return {b for b in everything if alike.first(b) in padded_roots}


class _Alike:
    """Sets of buffers that must lie alike, joined as reasons are found."""

    def __init__(self) -> None:
        self.parent: dict[Buffer, Buffer] = {}

    def first(self, b: Buffer) -> Buffer:
        while b in self.parent:
            b = self.parent[b]
        return b

    def join(self, a: Buffer, b: Buffer) -> None:
        if self.first(a) is not self.first(b):
            self.parent[self.first(a)] = self.first(b)
