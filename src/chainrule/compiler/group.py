"""Nests on their way to becoming kernels: what is known of each, and the order in which they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from chainrule.compiler.expressions import reads, reductions
from chainrule.compiler.forms import cost_of, is_identity, is_windowed
from chainrule.compiler.lowering import has_batch
from chainrule.compiler.maxima import is_placing
from chainrule.compiler.samples import batch_axis
from chainrule.graph.affine import Affine
from chainrule.graph.expression import Buffer, Constant, Read, Reduce, parts
from chainrule.graph.extent import Extent
from chainrule.graph.loopnest import LoopNest, Output


class Group:
    """A nest and what is known of it."""

    def __init__(self, nest: LoopNest) -> None:
        self.nest = nest

    @property
    def output(self) -> Output:
        return self.nest.outputs[0]

    @cached_property
    def reads(self) -> list[Read]:
        return reads(self.nest)

    @cached_property
    def read_buffers(self) -> set[Buffer]:
        return {r.buffer for r in self.reads}

    @cached_property
    def extents(self) -> tuple[Extent, ...]:
        return tuple(a.extent for a in self.nest.axes)

    @cached_property
    def arrays(self) -> set[Buffer]:
        """The buffers with axes that it meets: what is worth meeting once."""
        return self.made | {b for b in self.read_buffers if b.shape}

    @cached_property
    def asks_for_a_place(self) -> bool:
        return any(is_placing(e) for e in self.nest.parts)

    @cached_property
    def made(self) -> set[Buffer]:
        return {o.buffer for o in self.nest.outputs}

    @cached_property
    def met(self) -> set[Buffer]:
        return self.read_buffers | self.made

    @cached_property
    def reductions(self) -> list[Reduce]:
        return reductions(self.nest)

    @cached_property
    def contractions(self) -> list[Reduce]:
        """The reductions that need loops of their own; fusion keeps at most one."""
        return [r for r in self.reductions if not is_windowed(r)]

    @cached_property
    def contracted(self) -> set[Buffer]:
        """The buffers that are read inside a contraction."""
        return {e.buffer for r in self.contractions for a in r.arguments for e in parts(a) if isinstance(e, Read)}

    @cached_property
    def size(self) -> int:
        return len(self.nest.parts)

    @cached_property
    def cost(self) -> int:
        return sum(cost_of(o.value) for o in self.nest.outputs)

    @cached_property
    def height(self) -> int:
        return max(o.value.height for o in self.nest.outputs)

    @cached_property
    def is_plain(self) -> bool:
        """Whether every point writes the elements at its own axes, and no order matters."""
        return not self.nest.ordered and all(is_identity(o) and not o.accumulate for o in self.nest.outputs)

    @cached_property
    def is_by_rows(self) -> bool:
        """Whether it makes something of samples but does not treat each by itself, and so has none in lanes."""
        return any(has_batch(o.buffer.shape) for o in self.nest.outputs) and batch_axis(self.nest) is None

    @cached_property
    def is_in_lanes(self) -> bool:
        return batch_axis(self.nest) is not None

    @cached_property
    def is_view(self) -> bool:
        value = self.output.value
        affine = isinstance(value, Read) and all(isinstance(i, Affine) for i in value.index)
        return len(self.nest.outputs) == 1 and (isinstance(value, Constant) or affine)


class Groups:
    """The groups of a phase, producers before readers; those that meet a buffer are found without going through all.

    One that is removed leaves an empty slot, so that the slots of the others stay what they are.
    """

    def __init__(self, groups: Iterable[Group]) -> None:
        self._slots: list[Group | None] = []
        self._slot: dict[Group, int] = {}
        self._meeting: dict[Buffer, set[Group]] = {}
        for g in groups:
            self._slots.append(None)
            self._put(len(self._slots) - 1, g)

    def __iter__(self) -> Iterator[Group]:
        return (g for g in self._slots if g is not None)

    def __contains__(self, group: Group) -> bool:
        return group in self._slot

    def each(self) -> Iterator[Group]:
        """The group of each slot, whichever stands there when its turn comes."""
        for k in range(len(self._slots)):
            group = self._slots[k]
            if group is not None:
                yield group

    def readers(self, buffer: Buffer) -> list[Group]:
        """The groups that read a buffer, in order."""
        return self._ordered(g for g in self._meeting.get(buffer, ()) if buffer in g.read_buffers)

    def slot(self, group: Group) -> int:
        return self._slot[group]

    def alike(self, group: Group, behind: int) -> list[Group]:
        """The groups behind a slot that have the extents of this one and meet an array of it, in order."""
        near = {g for b in group.arrays for g in self._meeting[b] if b in g.arrays and g.extents == group.extents}
        return self._ordered(g for g in near if self._slot[g] > behind)

    def between(self, a: Group, b: Group) -> list[Group]:
        return [g for g in self._slots[self._slot[a] + 1 : self._slot[b]] if g is not None]

    def replace(self, old: Group, new: Group) -> None:
        slot = self._slot[old]
        self.remove(old)
        self._put(slot, new)

    def remove(self, group: Group) -> None:
        self._slots[self._slot.pop(group)] = None
        for b in group.met:
            self._meeting[b].discard(group)

    def join(self, a: Group, b: Group, new: Group, behind: Iterable[Group]) -> None:
        """Put one group in the place of two, in that of the second; some of those between go behind it."""
        slot, moved = self._slot[a], list(behind)
        stay = [g for g in self.between(a, b) if g not in moved]
        for g in (a, b, *stay, *moved):
            self.remove(g)
        for g in (*stay, new, *moved):
            self._put(slot, g)
            slot += 1

    def _put(self, slot: int, group: Group) -> None:
        self._slots[slot], self._slot[group] = group, slot
        for b in group.met:
            self._meeting.setdefault(b, set()).add(group)

    def _ordered(self, groups: Iterable[Group]) -> list[Group]:
        return sorted(groups, key=self._slot.__getitem__)


def _met(group: Group) -> set[Buffer]:
    return group.read_buffers | group.made
