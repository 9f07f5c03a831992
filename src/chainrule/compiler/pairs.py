"""Sums of products of bfloat16 numbers by an instruction that takes two of them at a time.

A sum of products whose factors were rounded, y[o] = Σ_c x[c]·w[c,o], becomes one over pairs along a summed axis:

    X[k] = (x[2k], x[2k+1])        W[k,o] = (w[2k,o], w[2k+1,o])        y[o] = Σ_k X[k]·W[k,o]

X[k]·W[k,o] is the sum of both products, in float32. A pair fills the 32 bits of a float32, so that vectors, tiles and
loops are those of any other sum, with half as many terms. Where a factor meets the axis together with another one, as
windows do in x[j+q], there is a pair for each of its elements, (x[t], x[t+1]).

What is recognised is the form of a nest, and that its factors were rounded, whatever operations they come from; what
replaces it are ordinary nests again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.compiler.cropping import cropped
from chainrule.compiler.expressions import Expressions
from chainrule.compiler.forms import is_identity
from chainrule.compiler.lowering import alive
from chainrule.compiler.samples import batch_axis, batch_sum
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import DType, float32
from chainrule.graph.expression import SUM, Buffer, Call, Expression, Guard, Read, Reduce
from chainrule.graph.extent import Batch, Extent
from chainrule.graph.loopnest import LoopNest, Output, nest
from chainrule.graph.operation import Array
from chainrule.graph.scalar import MULTIPLY, ROUND_TO_BFLOAT16, ScalarFunction

PACKING = 4  # cycles that making a vector of pairs takes, with one multiply-add a cycle
MARGIN = 1.1  # what is gained at least

Condition = tuple[Affine, Extent]


class PairType(DType):
    """Two bfloat16 numbers in 32 bits, the first in the lower half: an element type inside programs alone."""

    @property
    def numpy(self) -> np.dtype[np.generic]:
        return np.dtype(np.uint32)


BFLOAT16_PAIR = PairType("bfloat16_pair", float32.order)


def _pair(first: Array, second: Array) -> Array:
    lower, upper = (np.asarray(ROUND_TO_BFLOAT16.numpy(x)).view(np.uint32) for x in (first, second))
    return lower >> np.uint32(16) | upper


def _dot(a: Array, b: Array) -> Array:
    (first, second), (third, fourth) = (
        ((x << np.uint32(16)).view(np.float32), (x & np.uint32(0xFFFF0000)).view(np.float32)) for x in (a, b)
    )
    return first * third + second * fourth


PAIR = ScalarFunction("pair", _pair, 2, "all", 2, BFLOAT16_PAIR)
DOT = ScalarFunction("dot", _dot, 2, "any", 1, float32)


@dataclass(frozen=True, eq=False)
class Factor:
    """What is rounded, before padding: zero outside the array that `read` meets."""

    read: Read

    @property
    def indices(self) -> list[Affine]:
        return [i for i in self.read.index if isinstance(i, Affine)]

    @property
    def axes(self) -> tuple[Axis, ...]:
        return tuple(dict.fromkeys(a for i in self.indices for a in i.axes))

    @property
    def has_samples(self) -> bool:
        return any(isinstance(e, Batch) for e in self.read.buffer.shape)


@dataclass(frozen=True, eq=False)
class Product:
    """A sum of products of two factors that were rounded.

    conditions  where the terms are taken to be zero: those that do not hold
    """

    nest: LoopNest
    total: Reduce
    factors: tuple[Factor, Factor]
    conditions: tuple[Condition, ...]

    @property
    def output(self) -> Output:
        return self.nest.outputs[0]


def with_pairs(
    nests: Sequence[LoopNest], outputs: Sequence[Buffer], in_rows: bool, expressions: Expressions
) -> list[LoopNest]:
    """The nests, with sums of products of rounded factors over pairs, wherever that is priced faster.

    With `in_rows`, pairs of parameters lie in rows along the axis that they are taken along.
    """
    makers = _makers(nests)
    nests = cropped(nests, outputs, lambda n: product_of(n, makers, expressions) is not None, expressions)
    made: list[LoopNest] = []
    known: dict[object, Buffer] = {}
    for n in nests:
        product = product_of(n, makers, expressions)
        axis = None if product is None else _best_axis(product)
        if product is None or axis is None:
            made.append(n)
        else:
            made += _Pairing(product, axis, in_rows, expressions, known).nests()
    return alive(made, outputs)


# --------------------------------------------------------------------------------------------------------- recognition
def _makers(nests: Sequence[LoopNest]) -> dict[Buffer, Output]:
    """What alone makes all of a buffer, each element at its own place."""
    counts = Counter(o.buffer for n in nests for o in n.outputs)
    found = {}
    for n in nests:
        (o, *more) = n.outputs
        if not more and counts[o.buffer] == 1 and is_identity(o) and not o.accumulate and not n.ordered:
            found[o.buffer] = o
    return found


def product_of(n: LoopNest, makers: Mapping[Buffer, Output], expressions: Expressions) -> Product | None:
    """The nest as a sum of products of two rounded factors, if it is one."""
    (o, *more) = n.outputs
    value = o.value
    if more or o.accumulate or n.ordered or not is_identity(o) or (batch_axis(n) or batch_sum(n)) is None:
        return None
    if not isinstance(value, Reduce) or value.monoid is not SUM:
        return None
    (argument,) = value.arguments
    conditions: tuple[Condition, ...] = ()
    if isinstance(argument, Guard):
        conditions, argument = argument.conditions, argument.value
    if not isinstance(argument, Call) or argument.function is not MULTIPLY:
        return None
    factors = [_factor(f, makers, expressions) for f in argument.arguments]
    if any(f is None for f in factors):
        return None
    first, second = (f for f in factors if f is not None)
    return Product(n, value, (first, second), conditions)


def _factor(e: Expression, makers: Mapping[Buffer, Output], expressions: Expressions) -> Factor | None:
    """What is rounded where a factor is read, if it is."""
    made = _made(e, makers, expressions)
    if not isinstance(made, Call) or made.function is not ROUND_TO_BFLOAT16 or made.dtype is not float32:
        return None
    (source,) = made.arguments
    if not isinstance(source, Read) or not all(isinstance(i, Affine) for i in source.index):
        return None
    padded = _made(source, makers, expressions)
    if isinstance(padded, Guard) and isinstance(padded.value, Read):
        inner = Factor(padded.value)
        if len(inner.indices) == len(inner.read.index) and _keep_inside(padded.conditions, inner):
            return inner  # the pairs put zeros around by themselves
    return Factor(source)


def _made(e: Expression, makers: Mapping[Buffer, Output], expressions: Expressions) -> Expression | None:
    """What has been written where something is read."""
    if not isinstance(e, Read) or e.buffer not in makers:
        return None
    o = makers[e.buffer]
    by = {
        i.pure: at for i, at in zip(o.index, e.index, strict=True)
        if isinstance(i, Affine) and isinstance(at, Affine) and i.pure is not None
    }  # fmt: skip
    return expressions.substituted(o.value, by)


def _keep_inside(conditions: Sequence[Condition], *factors: Factor) -> bool:
    """Whether each condition keeps an index of a factor inside its array, and nothing else."""
    return all(
        any(
            own == extent and isinstance(i, Affine) and index - i == Affine()
            for f in factors for i, own in zip(f.read.index, f.read.buffer.shape, strict=True)
        )
        for index, extent in conditions
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- choice
def _best_axis(product: Product) -> Axis | None:
    """The axis to take pairs along: one with the least left over; None where pairs would not be worth it."""
    priced = [(_cycles(product, a), k) for k, a in enumerate(product.total.axes) if _may_pair(product, a)]
    if not priced:
        return None
    cycles, best = min(priced)
    return product.total.axes[best] if cycles * MARGIN < _points(product) else None


def _may_pair(product: Product, axis: Axis) -> bool:
    if not isinstance(axis.extent, int) or axis.extent < 2:
        return False
    met_once = all(sum(axis in i.axes for i in f.indices) == 1 for f in product.factors)
    return met_once and _keep_inside(product.conditions, *product.factors)


def _points(product: Product) -> float:
    """The multiply-adds of one sample."""
    return _size((*product.nest.axes, *product.total.axes))


def _cycles(product: Product, axis: Axis) -> float:
    assert isinstance(axis.extent, int)
    pairs = -(-axis.extent // 2)
    made = sum(
        _size(f.axes) * (1 / 2 if any(i.pure == axis for i in f.indices) else 1)
        for f in product.factors if f.has_samples
    )  # fmt: skip
    return _points(product) / axis.extent * pairs + PACKING * made


def _size(axes: Sequence[Axis]) -> float:
    return math.prod(a.extent for a in axes if isinstance(a.extent, int))


# ----------------------------------------------------------------------------------------------------------- rewriting
class _Pairing:
    """The nests that a sum of products becomes. Pairs that are `known` already are not made again."""

    def __init__(
        self, product: Product, axis: Axis, in_rows: bool, expressions: Expressions, known: dict[object, Buffer]
    ) -> None:
        assert isinstance(axis.extent, int)
        self.in_rows = in_rows
        self.product, self.axis, self.expressions, self.known = product, axis, expressions, known
        self.half = Axis(axis.name, -(-axis.extent // 2))
        self.made: list[LoopNest] = []

    def nests(self) -> list[LoopNest]:
        p, o = self.product, self.product.output
        # the factor that has fewer pairs comes last: it may run in parts together with the sum
        factors = sorted(p.factors, key=lambda f: any(i.pure == self.axis for i in f.indices))
        term = self.expressions.call(DOT, *(self.paired(f) for f in factors))
        axes = tuple(self.half if a == self.axis else a for a in p.total.axes)
        total = self.expressions.unique(Reduce(SUM, axes, (term,)))
        return [*self.made, LoopNest(p.nest.axes, (Output(o.buffer, o.index, total),))]

    def paired(self, f: Factor) -> Expression:
        """A read of the array of a factor's pairs, which has zeros wherever the factor has."""
        axes, index, place = [], [], []
        step, at = Affine(), 0
        for k, (i, extent) in enumerate(zip(f.read.index, f.read.buffer.shape, strict=True)):
            assert isinstance(i, Affine)
            if not i.terms or isinstance(extent, Batch):
                axes += list(i.axes)
                place.append(i)
                index.append(i)
            elif i.pure == self.axis:
                t = Axis(f"{i.pure.name}", self.half.extent)
                axes.append(t)
                place.append(Affine.of(t, 2))
                index.append(Affine.of(self.half))
                step, at = Affine((), 1), k
            else:
                low, high = _ends(i)
                t = Axis(f"t{k}", high - low + 1)
                axes.append(t)
                place.append(Affine.of(t) + low)
                index.append((i - low).substitute({self.axis: Affine.of(self.half, 2)}))
                if self.axis in i.axes:
                    step, at = Affine((), i.coefficient(self.axis)), k
        first = self.element(f, place)
        second = self.element(f, [i + step if k == at else i for k, i in enumerate(place)])
        value = self.expressions.call(PAIR, first, second)
        if self.in_rows and not f.has_samples:
            *_, last = [k for k, i in enumerate(index) if self.half in i.axes]
            at = sum(1 for i in index[:last] if i.terms)
            axes.append(axes.pop(at))
            index.append(index.pop(last))
        return self.read(f.read.buffer, axes, value, index)

    def element(self, f: Factor, place: Sequence[Affine]) -> Expression:
        """A factor's element; zero outside its array."""
        buffer = f.read.buffer
        outside = tuple((i, extent) for i, extent in zip(place, buffer.shape, strict=True) if not i.within(extent))
        return self.expressions.adopted(Guard(outside, Read(buffer, tuple(place))))

    def read(self, of: Buffer, axes: Sequence[Axis], value: Expression, index: Sequence[Affine]) -> Expression:
        """The pairs at an index; made by a nest of their own unless they are there already."""
        canonical = {a: Axis(f"t{k}", a.extent) for k, a in enumerate(axes)}
        by = {a: Affine.of(x) for a, x in canonical.items()}
        value = self.expressions.substituted(value, by)
        if id(value) not in self.known:
            own = tuple(canonical[a] for a in axes)
            buffer = Buffer(f"{of.name}/pairs", tuple(a.extent for a in own), BFLOAT16_PAIR)
            self.known[id(value)] = buffer
            self.made.append(nest(own, buffer, value))
        kept = [i for i in index if i.terms]
        return self.expressions.unique(Read(self.known[id(value)], tuple(kept)))


def _ends(index: Affine) -> tuple[int, int]:
    """The smallest and the largest value."""
    low = high = index.constant
    for a, c in index.terms:
        assert isinstance(a.extent, int)
        low, high = low + min(0, c * (a.extent - 1)), high + max(0, c * (a.extent - 1))
    return low, high
