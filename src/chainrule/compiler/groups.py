"""Groups: which nests become one kernel, so that values stay in registers instead of memory.

Views are computed where they are read. Maps join the nest that reads them where nothing is then computed twice. A
contraction joins its only reader where a few copies of the reader's point cover what the reader needs of it, as in
convolution, bias, ReLU and max-pool. Nests that share a reduction, or a buffer, become one nest with several outputs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set

from chainrule.compiler.expressions import Expressions, reads, reduction_key, substituted_index
from chainrule.compiler.forms import UNROLLED, cost_of, elements_of, is_identity, linear_index, over_axes, size_of
from chainrule.compiler.group import Group, Groups
from chainrule.compiler.lowering import is_sample_shape
from chainrule.compiler.maxima import Place, at_place, places_of_maxima, with_place_outermost
from chainrule.compiler.phases import Phase
from chainrule.compiler.samples import BANK, sample_sums
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import Buffer, Expression, Read
from chainrule.graph.extent import Batch
from chainrule.graph.loopnest import LoopNest, Output

CHEAP = 2  # cost of a map that is rather computed again than stored
LARGEST_EXPRESSION = 600  # parts of a value, so that compiling stays quick
COSTLY = 100  # cost of maps, such as random numbers, that are not repeated for each point of a tile
HIGHEST_EXPRESSION = 60  # parts inside each other, so that no pass needs a deep stack


Relation = Callable[[Group, Group, Expressions], bool]


def grouped(
    phases: Sequence[Phase], needed: Set[Buffer], expressions: Expressions
) -> tuple[list[Phase], dict[Buffer, Buffer]]:
    """The kernels of each phase in order, and which buffers are others in the same memory.

    `needed` are the buffers that must be there in the end.
    """
    everything = [n for p in phases for n in p.nests]
    places = places_of_maxima(everything)
    writers = Counter(b for n in everything for b in {o.buffer for o in n.outputs})
    in_parts = {b for b, count in writers.items() if count > 1}
    home = {o.buffer: k for k, p in enumerate(phases) for n in p.nests for o in n.outputs}
    leaving = {r.buffer for k, p in enumerate(phases) for n in p.nests for r in reads(n) if home.get(r.buffer) != k}
    found: list[Phase] = []
    aliases: dict[Buffer, Buffer] = {}
    for p in phases:
        nests, shared = _Grouping(p.nests, needed | leaving, expressions, places, in_parts).run()
        found.append(Phase(p.chunked, nests))
        aliases |= shared
    return found, aliases


class _Grouping:
    """The nests of one phase.

    keep       the buffers that are needed outside of it
    places     where the maxima of all phases come from
    in_parts   the buffers that several nests write to
    """

    def __init__(
        self,
        nests: Sequence[LoopNest],
        keep: Set[Buffer],
        expressions: Expressions,
        places: Mapping[Buffer, Place],
        in_parts: Set[Buffer],
    ) -> None:
        self.groups = Groups(map(Group, nests))
        self.keep, self.expressions, self.places, self.in_parts = keep, expressions, places, in_parts

    def run(self) -> tuple[list[LoopNest], dict[Buffer, Buffer]]:
        while self.merge(_share_a_reduction):  # a maximum and its place, before either goes elsewhere
            pass
        while self.inline() or self.merge(_share_a_buffer) or self.find_maxima():
            pass
        while self.merge(_continue):  # what is stored anyway is not read again where it has just been made
            pass
        aliases: dict[Buffer, Buffer] = {}
        for g in self.groups:
            source = alias_of(g)
            if source is not None and g.output.buffer not in self.keep | self.in_parts:
                aliases[g.output.buffer] = source
        return [g.nest for g in self.groups if g.output.buffer not in aliases], aliases

    # ---------------------------------------------------------------------------------------------------- inlining
    def inline(self) -> bool:
        """Put producers into their readers, wherever that is worth it."""
        changed = False
        for producer in list(self.groups):
            if producer not in self.groups:
                continue  # something was put into it meanwhile: its turn comes again
            if len(producer.nest.outputs) > 1 or producer.output.buffer in self.in_parts:
                continue
            buffer = producer.output.buffer
            kept = buffer in self.keep
            if kept and producer.contractions:
                continue
            readers = self.groups.readers(buffer)
            if not readers or not self.may_inline(producer, readers):
                continue
            for reader in readers:
                new = inlined(reader.nest, producer.nest, self.expressions)
                self.groups.replace(reader, Group(self.expressions.nest(new, self.with_place_outermost)))
            if not kept:
                self.groups.remove(producer)
            changed = True
        return changed

    def may_inline(self, producer: Group, readers: list[Group]) -> bool:
        o = producer.output
        if o.accumulate or producer.nest.ordered:
            return False
        accesses = [[r for r in g.reads if r.buffer is o.buffer] for g in readers]
        if any(not isinstance(i, Affine) for rs in accesses for r in rs for i in r.index):
            return False
        if producer.is_by_rows and any(
            g.is_in_lanes and (not producer.is_view or g.made & self.in_parts) for g in readers
        ):
            return False  # the reader would lose its lanes, which others that fill the same array or read it rely on
        if any(g.nest.ordered or _too_large(producer, g) for g in readers):
            return producer.is_view and is_identity(o)
        if not is_identity(o) and not _may_adopt(producer, readers, accesses):
            return False
        if producer.is_view and is_identity(o):
            return True
        if any(_computes_again(producer, g, rs) for g, rs in zip(readers, accesses, strict=True)):
            return False
        if sample_sums(producer.nest):
            return False  # the memory that an optimizer goes through would come in between, without being fetched ahead
        if _adds_lanes(producer):
            return False  # lanes are added up point by point, what reads the sum goes by vectors
        if not producer.contractions:
            return len(readers) == 1 or (cost_of(o.value) <= CHEAP and not producer.reductions)
        return len(readers) == 1 and _joins_contraction(producer, readers[0], accesses[0])

    # ------------------------------------------------------------------------------------------------------ maxima
    def find_maxima(self) -> bool:
        """where(place == k, f(x[k]), 0) needs no x: x at the place is the maximum, which is kept beside the place."""
        asking = [g for g in self.groups if g.asks_for_a_place]
        if not asking:
            return False
        places = {**self.places, **places_of_maxima([g.nest for g in self.groups])}
        changed = False
        for g in asking:
            new = self.expressions.nest(g.nest, lambda e: at_place(e, places, self.expressions))
            if any(a.value is not b.value for a, b in zip(new.outputs, g.nest.outputs, strict=True)):
                self.groups.replace(g, Group(new))
                changed = True
        return changed

    def with_place_outermost(self, e: Expression) -> Expression:
        return with_place_outermost(e, self.expressions)

    # ----------------------------------------------------------------------------------------------------- merging
    def merge(self, related: Relation) -> bool:
        """Make one nest of two over equal axes that are related."""
        changed = False
        for a in self.groups.each():
            if not a.is_plain or a.made & self.in_parts:
                continue
            left = self.groups.alike(a, behind=self.groups.slot(a))
            while left:
                b = left.pop(0)
                if self.may_merge(a, b, related):
                    slot = self.groups.slot(b)
                    a = self.replaced(a, b)
                    left = self.groups.alike(a, behind=slot)
                    changed = True
        return changed

    def may_merge(self, a: Group, b: Group, related: Relation) -> bool:
        """Whether b, a map, can join a: it needs nothing of a, or of each point only what a makes there."""
        if not b.is_plain or b.contractions:
            return False
        if b.made & self.in_parts or _too_large(a, b):
            return False
        if (a.is_by_rows and b.is_in_lanes) or (a.is_in_lanes and b.is_by_rows):
            return False
        return related(a, b, self.expressions) and not self.depends_indirectly(b, a)

    def depends_indirectly(self, b: Group, a: Group) -> bool:
        """Whether something between two nests needs the first and is needed by the second."""
        between: set[Buffer] = set()
        met = set(a.made)
        for g in self.groups.between(a, b):
            if not met.isdisjoint(g.met):
                between |= g.made
                met |= g.made
        return not between.isdisjoint(b.met)

    def replaced(self, a: Group, b: Group) -> Group:
        """One group in the place of both; what stands between them and needs a is moved behind."""
        new = Group(merged(a.nest, b.nest, self.expressions))
        moved, made = [], set(a.made)
        for g in self.groups.between(a, b):
            if not made.isdisjoint(g.read_buffers):
                moved.append(g)
                made |= g.made
        self.groups.join(a, b, new, moved)
        return new


def inlined(reader: LoopNest, producer: LoopNest, expressions: Expressions) -> LoopNest:
    """The reader with the producer's value in place of every read of its buffer."""
    (o,) = producer.outputs
    value = expressions.with_fresh_reductions(o.value)
    if is_identity(o):
        at = [i.pure if isinstance(i, Affine) else None for i in o.index]

        def rule(e: Expression) -> Expression:
            if isinstance(e, Read) and e.buffer is o.buffer:
                by = {a: i for a, i in zip(at, e.index, strict=True) if a is not None and isinstance(i, Affine)}
                return expressions.substituted(value, by)
            return e

        return expressions.nest(reader, rule)
    # the producer writes through a mixed-radix map: the reader adopts its axes
    target = next(r for r in reads(reader) if r.buffer is o.buffer)
    renamed = {a: Affine.of(expressions.fresh(a)) for a in producer.axes}
    value = expressions.substituted(value, renamed)
    adopted: dict[Axis, Affine] = {}
    for i, made in zip(target.index, o.index, strict=True):
        assert isinstance(i, Affine)
        assert isinstance(made, Affine)
        if i.pure is not None:
            adopted[i.pure] = made.substitute(renamed)
    axes = [b for a in reader.axes for b in (adopted[a].axes if a in adopted else [a])]
    place = expressions.substituted(target, adopted)
    outputs = tuple(
        Output(
            out.buffer,
            tuple(substituted_index(i, adopted) for i in out.index),
            expressions.rewritten(expressions.substituted(out.value, adopted), lambda e: value if e is place else e),
            out.accumulate,
        )
        for out in reader.outputs
    )
    return LoopNest(tuple(axes), outputs)


def merged(a: LoopNest, b: LoopNest, expressions: Expressions) -> LoopNest:
    """Both nests over the axes of the first; what the second reads of it is the value itself."""
    values = {o.buffer: o.value for o in a.outputs}

    def rule(e: Expression) -> Expression:
        return values.get(e.buffer, e) if isinstance(e, Read) else e

    return LoopNest(a.axes, a.outputs + expressions.nest(over_axes(b, a.axes, expressions), rule).outputs)


def _too_large(a: Group, b: Group) -> bool:
    """Whether one nest of both would be hard to compile; a contraction repeats all that is around it for its tile."""
    if (a.contractions or b.contractions) and a.cost + b.cost > COSTLY:
        return True
    return a.size + b.size > LARGEST_EXPRESSION or a.height + b.height > HIGHEST_EXPRESSION


def _adds_lanes(g: Group) -> bool:
    """Whether a nest adds up lanes that were kept apart."""
    return any(BANK in r.axes and len(r.axes) > 1 for r in g.reductions)


def _points(accesses: Sequence[Read]) -> set[Axis]:
    return {a for r in accesses for i in r.index if isinstance(i, Affine) for a in i.axes}


def _computes_again(producer: Group, reader: Group, accesses: list[Read]) -> bool:
    """Whether the reader would compute an element of the producer more than once."""
    if len(reader.contractions) > 1:
        return True
    if producer.output.buffer in reader.contracted and not _met_once(reader, accesses):
        return True
    if producer.reductions and not reader.is_plain:
        return True
    points = len(accesses) * size_of(_points(accesses))
    return not _meet_apart(accesses) or points > size_of(producer.nest.axes)


def _meet_apart(accesses: list[Read]) -> bool:
    """Whether no two of these reads meet the same element, as those at 2·k and 2·k+1."""
    first, *others = accesses
    for k, index in enumerate(first.index):
        places = [r.index[k] for r in accesses]
        alike = all(r.index[:k] + r.index[k + 1 :] == first.index[:k] + first.index[k + 1 :] for r in others)
        if not alike or not isinstance(index, Affine):
            continue
        constants = {i.constant % len(accesses) for i in places if isinstance(i, Affine) and i.terms == index.terms}
        if len(constants) == len(accesses) and all(c % len(accesses) == 0 for _, c in index.terms):
            return True
    return not others


def _met_once(reader: Group, accesses: list[Read]) -> bool:
    """Whether a reader with one contraction meets each element a single time: every axis of it tells elements apart.

    Not a sum over samples, whose vectors run along another axis: it would turn all that the map reads, not the map.
    """
    (contraction,) = reader.contractions
    if reader.reductions[1:] or any(isinstance(a.extent, Batch) for a in contraction.axes):
        return False
    return {*reader.nest.axes, *contraction.axes} <= _points(accesses)


def _joins_contraction(producer: Group, reader: Group, accesses: list[Read]) -> bool:
    """Whether few copies of the reader's point cover what it needs of a contraction."""
    points = _points(accesses)
    if len(producer.contractions) > 1 or reader.contractions or not points:
        return False
    bound = [a for r in reader.reductions for a in r.axes]
    return size_of(a for a in (*reader.nest.axes, *bound) if a not in points) <= UNROLLED


def _may_adopt(producer: Group, readers: list[Group], accesses: list[list[Read]]) -> bool:
    """One reader that reads the buffer once, at its own axes, and for each of its points."""
    if (
        len(readers) > 1
        or len(accesses[0]) > 1
        or producer.reductions
        or producer.output.buffer in readers[0].contracted
    ):
        return False
    at = [i.pure if isinstance(i, Affine) else None for i in accesses[0][0].index]
    plain = [a for a in at if a is not None]
    if len(set(plain)) != len(plain) or any(a not in readers[0].nest.axes for a in plain):
        return False
    indirect = any(isinstance(i, Expression) for o in readers[0].nest.outputs for i in o.index)
    whole = all(
        i == Affine() if a is None else a.extent == extent
        for a, i, extent in zip(at, accesses[0][0].index, producer.output.buffer.shape, strict=True)
    )  # a reader of a part would still run over all of it
    return whole and not indirect and not any(o.accumulate for o in readers[0].nest.outputs)


# --------------------------------------------------------------------------------------------------------- relations
def _share_a_reduction(a: Group, b: Group, expressions: Expressions) -> bool:
    if not a.reductions or not b.reductions or a.contractions or b.read_buffers & a.made:
        return False
    again = Group(over_axes(b.nest, a.nest.axes, expressions))
    return not set(map(reduction_key, a.reductions)).isdisjoint(map(reduction_key, again.reductions))


def _share_a_buffer(a: Group, b: Group, expressions: Expressions) -> bool:
    return not a.contractions and not b.read_buffers & a.made


def _continue(a: Group, b: Group, expressions: Expressions) -> bool:
    """Whether b reads what a makes, and only at the point where a makes it."""
    if sample_sums(a.nest) or _adds_lanes(a) or not b.read_buffers & a.made:
        return False
    places = {o.buffer: o.index for o in a.nest.outputs}
    met = [r for r in reads(over_axes(b.nest, a.nest.axes, expressions)) if r.buffer in places]
    return bool(met) and all(r.index == places[r.buffer] for r in met)


def alias_of(g: Group) -> Buffer | None:
    """The buffer whose memory the output can share: the same elements in the same row-major order."""
    value = g.output.value
    if not g.is_view or not isinstance(value, Read) or g.output.accumulate:
        return None
    out = g.output
    if not is_sample_shape(out.buffer.shape) or not is_sample_shape(value.buffer.shape):
        return None  # rows of shared arrays may be padded
    if out.buffer.dtype is not value.dtype:
        return None
    if elements_of(out.buffer) != elements_of(value.buffer) or any(isinstance(i, Expression) for i in out.index):
        return None
    same = linear_index(out.buffer, out.index) == linear_index(value.buffer, value.index)
    return value.buffer if same and value.buffer is not out.buffer else None
