"""Strips: steps of a chunk that run part by part, so that what passes between them stays in the nearest cache.

Steps that follow each other and agree on their outer axes run together inside loops over these, and a buffer that only
they meet holds one part at a time. A chunk's values can then be larger than the cache. A sum that goes into a bank is
added up part by part.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chainrule.compiler.copies import Arranged, Step, Turn, resolved
from chainrule.compiler.expressions import reads
from chainrule.compiler.lowering import is_sample_shape
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import SUM, Buffer, Index, Reduce
from chainrule.graph.extent import Extent
from chainrule.graph.loopnest import LoopNest

PART = 768 * 1024  # bytes of values between steps that stay in the second-level cache beside what else they meet

Axes = tuple[Axis, ...]


@dataclass(frozen=True, eq=False)
class Strip:
    """Steps of a phase, from number `first` on, that run together in loops.

    axes       for each step its axes of these loops, outermost first; none for copies
    extents    how often each loop runs
    inside     the buffers of which one part at a time is kept
    """

    first: int
    steps: tuple[Step, ...]
    axes: tuple[Axes, ...]
    extents: tuple[Extent, ...]
    inside: frozenset[Buffer]

    @property
    def last(self) -> int:
        return self.first + len(self.steps) - 1

    @property
    def depth(self) -> int:
        return len(self.extents)


def part_of(nest: LoopNest, axes: Sequence[Axis]) -> LoopNest:
    """The nest for one value of these axes, which are given from outside: of its own, and of its sum's."""
    if not axes:
        return nest
    outputs = []
    for o in nest.outputs:
        value = o.value
        if o.accumulate and isinstance(value, Reduce):
            left = tuple(a for a in value.axes if a not in axes)
            value = replace(value, axes=left) if left else value.arguments[value.item]
        outputs.append(replace(o, value=value))
    return replace(nest, axes=tuple(a for a in nest.axes if a not in axes), outputs=tuple(outputs))


def strips_of(arranged: Arranged, aliases: Mapping[Buffer, Buffer], lanes: int) -> dict[int, list[Strip]]:
    """The strips of each chunk phase, by its number."""
    readers = Counter(b for _, steps in arranged.phases for s in steps for b in _read(s))
    found: dict[int, list[Strip]] = {}
    for p, (chunked, steps) in enumerate(arranged.phases):
        start = 0
        while chunked and start < len(steps):
            best: Strip | None = None
            for run in _runs(steps, start, aliases):
                strip = run.strip(readers, lanes)
                if strip is not None and (best is None or run.fits(strip, lanes) or not run.fits(best, lanes)):
                    best = strip
            if best is not None:
                found.setdefault(p, []).append(best)
            start = start + 1 if best is None else best.last + 1
    return found


def _touched(step: Step) -> set[Buffer]:
    made = {o.buffer for o in step.outputs} if isinstance(step, LoopNest) else {step.target}
    return _read(step) | made


def _read(step: Step) -> set[Buffer]:
    """The buffers that a step reads."""
    return {r.buffer for r in reads(step)} if isinstance(step, LoopNest) else {step.source}


def _runs(steps: Sequence[Step], start: int, aliases: Mapping[Buffer, Buffer]) -> Iterator[_Run]:
    """Ever more steps from one on, as long as they agree on outer axes; those whose last step reads of the others."""
    run = _Run(start, aliases)
    for step in steps[start:]:
        connected = bool(_read(step) & run.made.keys())
        if not run.join(step):
            return
        if connected and isinstance(step, LoopNest):
            yield run


@dataclass
class _Run:
    """Steps that follow each other, and the outer axes on which they agree.

    made    for each buffer that they make, how many of its first indices are the axes of the loops
    """

    first: int
    aliases: Mapping[Buffer, Buffer]
    steps: list[Step] = field(default_factory=list)
    axes: list[Axes] = field(default_factory=list)
    made: dict[Buffer, int] = field(default_factory=dict)
    extents: tuple[Extent, ...] | None = None

    def join(self, step: Step) -> bool:
        """Take one more step, where it agrees."""
        if isinstance(step, Turn) and step.source in self.made:
            self.steps.append(step)
            self.axes.append(())
            self.made[step.target] = self.made[step.source]
            return True
        axes = self.agreed(step) if isinstance(step, LoopNest) else ()
        if not axes:
            return False
        assert isinstance(step, LoopNest)
        extents = tuple(a.extent for a in axes)
        self.extents = extents if self.extents is None else self.extents[: _agreeing(self.extents, extents)]
        self.steps.append(step)
        self.axes.append(axes)
        for o in step.outputs:
            own = _agreeing(_leading(o.index), axes) if not o.accumulate else 0
            self.made[o.buffer] = min(own, self.made.get(o.buffer, own))
        return bool(self.extents)

    def agreed(self, nest: LoopNest) -> Axes:
        """The axes of a nest that can be those of the loops."""
        hidden = {resolved(b, self.aliases) for b in self.made} - self.made.keys()
        if nest.ordered or any(o.buffer in self.made for o in nest.outputs):
            return ()
        met = [r for r in reads(nest) if r.buffer in self.made]
        if any(resolved(r.buffer, self.aliases) in hidden | self.made.keys() for r in reads(nest) if r not in met):
            return ()
        free = _free_axes(nest)
        axes: Axes | None = None
        of_results = [(o.index, len(o.index)) for o in nest.outputs]
        for index, depth in [(r.index, self.made[r.buffer]) for r in met] or of_results:
            own = _leading(index)[:depth]
            own = own[: next((k for k, a in enumerate(own) if a not in free), len(own))]
            axes = own if axes is None else axes[: _agreeing(axes, own)]
        return axes or ()

    def strip(self, readers: Mapping[Buffer, int], lanes: int) -> Strip | None:
        """The run in as few loops as bring what passes between its steps into the cache; None where nothing has to."""
        met = Counter(b for s in self.steps for b in _read(s))
        most = len(self.extents or ())
        shared = {*self.aliases, *self.aliases.values()}
        inside = frozenset(
            b for b, depth in self.made.items()
            if depth >= most and b not in shared and is_sample_shape(b.shape) and met[b] == readers[b] > 0
        )  # fmt: skip
        if not self.is_connected(inside):
            return None
        depths = [d for d in range(most + 1) if d == most or _bytes(inside, d, lanes) <= PART]
        if not inside or not depths[0]:
            return None
        axes = tuple(own[: depths[0]] for own in self.axes)
        return Strip(self.first, tuple(self.steps), axes, (self.extents or ())[: depths[0]], inside)

    def is_connected(self, passing: frozenset[Buffer]) -> bool:
        """Whether something passes from the steps before to the steps behind, wherever the run is cut."""
        touched = [[k for k, s in enumerate(self.steps) if b in _touched(s)] for b in passing]
        return all(any(at[0] <= k < at[-1] for at in touched) for k in range(len(self.steps) - 1))

    def fits(self, strip: Strip, lanes: int) -> bool:
        return _bytes(strip.inside, strip.depth, lanes) <= PART


def _free_axes(nest: LoopNest) -> set[Axis]:
    """The axes whose values can be taken one by one: of the nest, and of a sum that is added to what is there."""
    bound = {a for e in nest.parts if isinstance(e, Reduce) for a in e.axes}
    if all(o.accumulate for o in nest.outputs):
        (o, *_) = nest.outputs
        plain = len(nest.outputs) == 1 and isinstance(o.value, Reduce) and o.value.monoid is SUM
        return set(o.value.axes) if plain and isinstance(o.value, Reduce) else set()
    own = all(is_sample_shape(o.buffer.shape) and not o.accumulate for o in nest.outputs)
    return {*nest.axes} - bound if own else set()


def _leading(index: Sequence[Index]) -> Axes:
    """The axes that stand alone in the first indices after samples."""
    axes: list[Axis] = []
    for i in index[1:]:
        axis = i.pure if isinstance(i, Affine) else None
        if axis is None or axis in axes or not isinstance(axis.extent, int):
            break
        axes.append(axis)
    return tuple(axes)


def _agreeing(a: Sequence[object], b: Sequence[object]) -> int:
    return next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _bytes(buffers: frozenset[Buffer], depth: int, lanes: int) -> int:
    """The bytes of a chunk, for one value of the first axes."""
    return sum(
        math.prod(e for e in b.shape[1 + depth :] if isinstance(e, int)) * lanes * b.dtype.numpy.itemsize
        for b in buffers
    )
