"""Samples in lanes: which nests run chunk by chunk, and what makes empty lanes and sums over the batch safe.

A chunk is as many samples as a vector has lanes. The last chunk of a batch may have empty lanes, which repeat the last
sample: their values are ordinary, and only a sum over the batch must not see them. A sum over the batch is a sum inside
each chunk, added up in a bank; the banks, fixed in number by the size of the batch, are added up in order at the end.
So neither the number of threads nor their timing can change a bit of the result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chainrule.compiler.expressions import Expressions, Live, reads
from chainrule.compiler.lowering import has_batch, is_sample_shape
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import (
    SUM,
    Buffer,
    Call,
    Constant,
    Coordinate,
    Expression,
    Guard,
    Read,
    Reduce,
    parts,
    zero,
)
from chainrule.graph.extent import Batch, batch
from chainrule.graph.loopnest import LoopNest, Output
from chainrule.graph.scalar import DIVIDE, ERFC, EXP, EXP2, LOG, LOG1P, LOG2, LOG10, POWER, WHERE

INFINITE = math.inf
_POLES = {DIVIDE: 1, LOG: 0, LOG1P: 0, LOG2: 0, LOG10: 0, POWER: 0}  # from which argument on they have them
_POSITIVE = (EXP, EXP2, ERFC)
APART_AT_MOST = 512 * 1024  # bytes of sums whose lanes are kept apart, so that they stay in the cache
WHOLE_VECTORS = 1.5  # of the time of a multiply-add with one vector and one number, where both factors are vectors


@dataclass(frozen=True)
class Counted(Batch):
    """An extent that is known when a program runs, as a C variable of its kernels."""

    variable: str = ""

    def __repr__(self) -> str:
        return self.variable


CHUNK = Axis("chunk", Counted(variable="chunks"))
BANK = Axis("bank", Counted(variable="banks"))


def lane_axis(lanes: int) -> Axis:
    return Axis("lane", lanes)


def batch_axis(nest: LoopNest) -> Axis | None:
    """The axis of samples of a nest that treats each sample by itself; None where it does not."""
    found = [a for a in nest.axes if isinstance(a.extent, Batch)]
    if len(found) != 1 or found[0].extent != batch or found[0] in nest.ordered:
        return None
    (n,) = found
    for o in nest.outputs:
        if not is_sample_shape(o.buffer.shape) or not _only_first(o.index, n):
            return None
    return n if _each_by_itself(nest.parts, n) else None


def filled_alike(nests: Sequence[LoopNest]) -> list[LoopNest]:
    """Nests that fill an array together go through it alike: all by samples, or else all point by point, in order.

    A scatter at places among the samples writes rows, and so must the nest that sets them to zero.
    """
    in_rows = {o.buffer for n in nests if batch_axis(n) is None for o in n.outputs}
    return [
        replace(n, ordered=n.axes) if batch_axis(n) is not None and any(o.buffer in in_rows for o in n.outputs) else n
        for n in nests
    ]


def _only_first(index: Sequence[object], n: Axis) -> bool:
    return (
        isinstance(index[0], Affine)
        and index[0].pure == n
        and not any(isinstance(i, Affine) and n in i.axes for i in index[1:])
    )


def _each_by_itself(expressions: Sequence[Expression], n: Axis) -> bool:
    """Whether sample n meets only what belongs to sample n, or to all."""
    for e in expressions:
        match e:
            case Read(buffer, index) if is_sample_shape(buffer.shape):
                if not _only_first(index, n):
                    return False
            case Read(buffer, index):
                if has_batch(buffer.shape) or any(isinstance(i, Affine) and n in i.axes for i in index):
                    return False
            case Guard(conditions):
                if any(n in i.axes or isinstance(x, Batch) for i, x in conditions):
                    return False
            case Reduce(_, axes) if any(isinstance(a.extent, Batch) for a in axes if a != n):
                return False
    return True


def batch_sum(nest: LoopNest) -> Axis | None:
    """The axis of samples of a nest that is nothing but sums over them; None for others."""
    (o, *more) = nest.outputs
    value = o.value
    if more or o.accumulate or has_batch(o.buffer.shape) or nest.ordered:
        return None
    if not isinstance(value, Reduce) or value.monoid is not SUM or any(isinstance(a.extent, Batch) for a in nest.axes):
        return None
    found = [a for a in value.axes if isinstance(a.extent, Batch)]
    if len(found) != 1 or found[0].extent != batch:
        return None
    (n,) = found
    return n if _each_by_itself(parts(value.arguments[0]), n) else None


def sample_sums(nest: LoopNest) -> list[Reduce]:
    """The sums over the batch in a nest's values."""
    return [e for e in nest.parts if isinstance(e, Reduce) and any(a.extent == batch for a in e.axes)]


def summed_along(nest: LoopNest) -> Axis | None:
    """The axis that vectors run along where samples are summed up: the last one of what the sums are for."""
    (o, *_) = nest.outputs
    if not sample_sums(nest) or not o.index or any(isinstance(a.extent, Batch) for a in nest.axes):
        return None
    last = o.index[-1]
    return last.pure if isinstance(last, Affine) else None


def isolated_sums(nests: list[LoopNest], expressions: Expressions) -> list[LoopNest]:
    """Every sum over the batch inside a larger value becomes a nest of its own."""
    result: list[LoopNest] = []
    for nest in nests:
        value = nest.outputs[0].value
        found = [
            e for e in parts(value)
            if isinstance(e, Reduce) and e is not value and any(isinstance(a.extent, Batch) for a in e.axes)
        ]  # fmt: skip
        for k, reduce in enumerate(found):
            axes = tuple(a for a in nest.axes if a in reduce.free_axes)
            alone = LoopNest(axes, ())
            if not reduce.free_axes <= set(axes) or any(isinstance(a.extent, Batch) for a in axes):
                continue
            sum_of = Buffer(f"{nest.outputs[0].buffer.name}_sum{k}", tuple(a.extent for a in axes), reduce.dtype)
            at = tuple(map(Affine.of, axes))
            alone = LoopNest(axes, (Output(sum_of, at, reduce),))
            if batch_sum(alone) is None:
                continue
            result.append(alone)
            read = expressions.unique(Read(sum_of, at))
            nest = expressions.nest(nest, lambda e, old=reduce, new=read: new if e is old else e)  # type: ignore[misc]
        result.append(nest)
    return result


# ------------------------------------------------------------------------------------------------------- empty lanes
class _Masks:
    """Where zeros are put so that sums over the batch do not see empty lanes: where it costs least.

    Zeros pass through products and linear maps, so that they are often wanted of some small buffer only. The price of
    a buffer is the number of selections per sample that make its empty lanes zero.

    All who read a buffer see its zeros. So none are put where a quotient or a logarithm comes of them, of the same
    sample: the next product would be 0 · ∞.
    """

    def __init__(self, nests: list[LoopNest], expressions: Expressions) -> None:
        self.nests, self.expressions = nests, expressions
        self.writers: dict[Buffer, list[int]] = {}
        for k, nest in enumerate(nests):
            for buffer in dict.fromkeys(o.buffer for o in nest.outputs):
                self.writers.setdefault(buffer, []).append(k)
        self.near_poles = self._near_poles()
        self.prices: dict[Buffer, float] = {}
        self.done: set[Buffer] = set()
        self.wanted: list[Buffer] = []  # to be made zero in empty lanes
        for buffer in self.writers:  # producers first, so that a deep graph needs no deep stack
            self.of_buffer(buffer)

    def _near_poles(self) -> set[Buffer]:
        """The buffers of samples whose zeros may become those of what functions have poles at."""
        calls = [e for nest in self.nests for e in nest.parts if isinstance(e, Call) and e.function in _POLES]
        towards = [a for e in calls for a in e.arguments[_POLES[e.function] :]]
        found: set[Buffer] = set()
        while towards:
            new = {buffer for buffer in _zero_by(towards) if is_sample_shape(buffer.shape)} - found
            found |= new
            towards = [o.value for b in new for k in self.writers.get(b, ()) for o in self.nests[k].outputs]
        return found

    def own_price(self, buffer: Buffer) -> float:
        """That of zeros which are put into a buffer itself."""
        return INFINITE if buffer in self.near_poles else math.prod(e for e in buffer.shape if isinstance(e, int))

    def protect(self, k: int, n: Axis) -> None:
        nest = self.nests[k]
        (o,) = nest.outputs
        value = o.value
        assert isinstance(value, Reduce)
        (argument,) = value.arguments
        here = math.prod(e for a in (*nest.axes, *value.axes) if isinstance(e := a.extent, int))
        if self.of(argument) <= here:
            self.demand(argument)
            while self.wanted:
                self.protect_buffer(self.wanted.pop())
        else:
            masked = self.expressions.call(WHERE, live(n, self.expressions), argument, zero(argument.dtype))
            new = self.expressions.unique(replace(value, arguments=(masked,)))
            self.nests[k] = replace(nest, outputs=(replace(o, value=new),))

    def of_buffer(self, buffer: Buffer) -> float:
        if buffer not in self.prices:
            self.prices[buffer] = INFINITE  # while it is looked at: an ordered nest reads what it writes
            if buffer in self.writers and is_sample_shape(buffer.shape):
                inside = self.of_all([o.value for k in self.writers[buffer] for o in self.nests[k].outputs])
                own = all(batch_axis(self.nests[k]) for k in self.writers[buffer])
                self.prices[buffer] = min(self.own_price(buffer), inside) if own else INFINITE
        return self.prices[buffer]

    def of_all(self, values: Sequence[Expression]) -> float:
        """The price of several values at once: a buffer that many of them want is made zero once."""
        if INFINITE in map(self.of, values):
            return INFINITE
        wanted = {b for e in values for b in self.wanted_by(e)}
        return sum(map(self.of_buffer, wanted))

    def of(self, e: Expression) -> float:
        match e:
            case Constant(value):
                return 0 if value == 0 else INFINITE
            case Read(buffer):
                return self.of_buffer(buffer)
            case Reduce(monoid, _, arguments):
                return self.of(arguments[0]) if monoid is SUM else INFINITE
            case Guard(_, value):
                return self.of(value)
            case Call(function) if function.zero != "never":
                return sum(map(self.of, self.chosen(e)))
        return INFINITE

    def chosen(self, e: Call) -> list[Expression]:
        """The arguments whose zeros make a zero of the result."""
        match e.function.zero:
            case "all":
                return list(e.arguments)
            case "but_first":
                return list(e.arguments[1:])
            case "any":
                return [min(e.arguments, key=self.of)]
        return []

    def wanted_by(self, e: Expression) -> list[Buffer]:
        """The buffers that must be zero for this value to be."""
        match e:
            case Read(buffer):
                return [buffer]
            case Reduce(_, _, arguments):
                return self.wanted_by(arguments[0])
            case Guard(_, value):
                return self.wanted_by(value)
            case Call():
                return [b for argument in self.chosen(e) for b in self.wanted_by(argument)]
        return []

    def demand(self, e: Expression) -> None:
        self.wanted += self.wanted_by(e)

    def protect_buffer(self, buffer: Buffer) -> None:
        if buffer in self.done:
            return
        self.done.add(buffer)
        inside = self.of_all([o.value for k in self.writers[buffer] for o in self.nests[k].outputs])
        own = self.own_price(buffer)
        for k in self.writers[buffer]:
            nest = self.nests[k]
            n = batch_axis(nest)
            assert n is not None
            if inside <= own:
                for o in nest.outputs:
                    self.demand(o.value)
            else:
                outputs = tuple(
                    replace(
                        o,
                        value=self.expressions.call(WHERE, live(n, self.expressions), o.value, zero(o.value.dtype)),
                    )
                    for o in nest.outputs
                )
                self.nests[k] = replace(nest, outputs=outputs)


def _zero_by(values: Sequence[Expression]) -> set[Buffer]:
    """The buffers whose zeros may make one of these values zero."""
    able: dict[int, bool] = {}  # to be zero
    waiting = list(values)
    while waiting:
        e = waiting[-1]
        inside = [child for child in e.children() if id(child) not in able]
        if inside:
            waiting += inside
            continue
        match waiting.pop():
            case Constant(value):
                able[id(e)] = value == 0
            case Call(function, arguments) if function.zero == "all":
                able[id(e)] = all(able[id(a)] for a in arguments)
            case Call(function) if function in _POSITIVE:
                able[id(e)] = False
            case Reduce(monoid, _, arguments) if monoid is SUM:
                able[id(e)] = able[id(arguments[0])]
            case _:
                able[id(e)] = True
    found: dict[int, Expression] = {id(e): e for e in values if able[id(e)]}
    for e in (whole := list(found.values())):  # which grows meanwhile
        for child in () if isinstance(e, Read) else e.children():
            if able[id(child)] and id(child) not in found:
                found[id(child)] = child
                whole.append(child)
    return {e.buffer for e in whole if isinstance(e, Read)}


def live(n: Axis, expressions: Expressions) -> Expression:
    """Whether this sample exists."""
    return expressions.unique(Live(Affine.of(n)))


def masked(nests: list[LoopNest], sums: Sequence[int], expressions: Expressions) -> list[LoopNest]:
    """The nests, with zeros in empty lanes wherever one of these sums over the batch would see them."""
    masks = _Masks(list(nests), expressions)
    for k in sums:
        n = batch_sum(nests[k])
        assert n is not None
        masks.protect(k, n)
    return masks.nests


# ------------------------------------------------------------------------------------------------------------- banks
@dataclass(frozen=True, eq=False)
class Banked:
    """A sum over the batch in two parts: chunk by chunk into banks, then over the banks."""

    partial: LoopNest
    total: LoopNest
    buffer: Buffer


def banked(nest: LoopNest, n: Axis, lanes: int, expressions: Expressions) -> Banked:
    """The two parts of a sum over samples n."""
    (o,) = nest.outputs
    value = o.value
    assert isinstance(value, Reduce)
    lane = lane_axis(lanes)
    apart = _lanes_apart(nest, value, lanes)
    shape = (BANK.extent, *o.buffer.shape, *([lanes] if apart else []))
    buffer = Buffer(f"{o.buffer.name}_banks", shape, o.buffer.dtype)
    index = tuple(i for i in o.index if isinstance(i, Affine))
    axes = tuple(a for a in value.axes if a != n)
    inner = expressions.unique(replace(value, axes=axes)) if axes else value.arguments[0]
    if apart:
        partial = LoopNest((*nest.axes, n), (Output(buffer, (Affine(), *index, Affine.of(n)), inner, True),))
    else:
        partial = LoopNest(nest.axes, (Output(buffer, (Affine(), *index), value, True),))
    over = (BANK, lane) if apart else (BANK,)
    place = (Affine.of(BANK), *index, *([Affine.of(lane)] if apart else []))
    total = expressions.unique(Reduce(SUM, over, (expressions.unique(Read(buffer, place)),)))
    return Banked(partial, LoopNest(nest.axes, (Output(o.buffer, o.index, total),)), buffer)


def _lanes_apart(nest: LoopNest, value: Reduce, lanes: int) -> bool:
    """Whether lanes are kept apart until the end, or each chunk is summed with vectors along the last parameter axis.

    By vector operations for each chunk: R points are summed for each parameter; the other way costs a transposed copy.
    Lanes apart, both factors come as whole vectors; otherwise one line of the cache has a factor for many of them.
    """
    (o,) = nest.outputs
    shape = [e for e in o.buffer.shape if isinstance(e, int)]
    last = o.index[-1].pure if o.index and isinstance(o.index[-1], Affine) else None
    if not o.buffer.dtype.floating or last is None or shape[-1] == 1 or not turnable(value, last):
        return True
    size, rows = math.prod(shape), math.prod(a.extent for a in value.axes if isinstance(a.extent, int))
    padded = -(-shape[-1] // lanes) * lanes
    turned = [
        r for r in reads(nest)
        if is_sample_shape(r.buffer.shape) and any(isinstance(i, Affine) and last in i.axes for i in r.index)
    ]  # fmt: skip
    if size * lanes * o.buffer.dtype.numpy.itemsize > APART_AT_MOST:
        return False
    elements = sum(math.prod(e for e in r.buffer.shape if isinstance(e, int)) for r in turned)
    return WHOLE_VECTORS * size * (rows + 4) <= size / shape[-1] * padded * (rows * 1.1 + 0.25) + 3 * elements


def turnable(value: Reduce, last: Axis) -> bool:
    """Whether vectors can run along this axis: a product of reads, contiguous there or independent of it."""
    (argument,) = value.arguments
    for e in parts(argument):
        match e:
            case Read(buffer, index) if last in e.free_axes:
                if any(not isinstance(i, Affine) for i in index) or not buffer.dtype.floating:
                    return False
                if [k for k, i in enumerate(index) if isinstance(i, Affine) and last in i.axes] != [len(index) - 1]:
                    return False
                if index[-1].pure != last:  # type: ignore[union-attr]
                    return False
            case Coordinate() | Guard() if last in e.free_axes:
                return False
            case Call() if e.dtype is not argument.dtype:
                return False
    return True
