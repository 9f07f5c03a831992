"""Winograd's convolution: of a window of 3 × 3, four results from 16 multiplications instead of 36.

A sum over windows, y[i,j] = Σ_{p,q} x[i+p,j+q]·w[p,q], is computed tile by tile, 2 × 2 results from 4 × 4 of x:

    y = Aᵀ [ (Bᵀ x B) ⊙ (G w Gᵀ) ] A        G w Gᵀ once for all samples, the sum over channels inside the brackets

Bᵀ and Aᵀ only add and subtract, so that whole vectors of samples are transformed as cheaply as they are loaded. What
replaces a convolution are ordinary nests again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from chainrule.compiler.convolutions import WINDOW, Condition, Convolution, convolution, is_separable
from chainrule.compiler.cropping import cropped
from chainrule.compiler.expressions import Expressions
from chainrule.compiler.forms import is_identity
from chainrule.compiler.lowering import alive, normalised
from chainrule.compiler.strips import PART
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import SUM, Buffer, Constant, Expression, Guard, Read, Reduce
from chainrule.graph.loopnest import LoopNest, Output, nest
from chainrule.graph.scalar import ADD, MULTIPLY, SUBTRACT

STEP = 2  # results of a tile along each axis
TILE = WINDOW + STEP - 1

# The points 0, 1, -1 and ∞ (Lavin and Gray 2016, F(2 × 2, 3 × 3)); halves stand where there are fewest numbers.
OF_DATA = ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))
OF_WINDOW = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))
OF_RESULT = ((1, 1, 1, 0), (0, 1, -1, -1))
OF_STEP = ((1, 0), (1, 1), (1, -1), (0, 1))
OF_WINDOW_SUM = ((1, 0.5, 0.5, 0), (0, 0.5, -0.5, 0), (0, 0.5, 0.5, -1))

# Cycles for a vector of samples, with one multiply-add a cycle, as measured on a core with vectors of 512 bits.
SUM_BEGUN = 3  # of a product of each channel: accumulators that are set to zero, stored and loaded
INNER = 35  # the transform of a tile of one channel
OUTER = 60  # that of the products of one feature
OUTER_TURNED = 135  # that of a feature of the partner, and turning it
MARGIN = 1.2  # what is gained at least

Matrix = Sequence[Sequence[float]]


def with_tiles(
    nests: Sequence[LoopNest], outputs: Sequence[Buffer], lanes: int, expressions: Expressions
) -> list[LoopNest]:
    """The nests, with convolutions in tiles wherever that is priced faster."""
    nests = cropped(nests, outputs, lambda n: convolution(n, expressions) is not None, expressions)
    makers = _makers(nests)
    made: list[LoopNest] = []
    for n in nests:
        c = convolution(n, expressions)
        if c is None or not is_worth_it(c):
            made.append(n)
            continue
        tiles = _Tiles(_without_padding(c, makers, expressions), lanes, expressions).nests()
        made += [plain for x in tiles if (plain := normalised(x, expressions)) is not None]
    return alive(made, outputs)


def is_worth_it(c: Convolution) -> bool:
    """Whether tiles are estimated to take clearly less time than the sum as it is written."""
    return _cycles_in_tiles(c) * MARGIN < _cycles_as_written(c)


def _cycles_as_written(c: Convolution) -> float:
    """A multiply-add for each place, element of the window, and pair of channel and feature."""
    return WINDOW**2 * _size(c.places) * _size(c.inner) * _size(c.outer)


def _cycles_in_tiles(c: Convolution) -> float:
    """What each tile costs: its products, whose sums are begun and stored, and the transforms on both sides."""
    inner, outer = _size(c.inner), _size(c.outer)
    tiles = math.prod(-(-a.extent // STEP) for a in c.places if isinstance(a.extent, int))
    products = TILE**2 * outer * (inner + (0 if c.is_of_weights else SUM_BEGUN))
    return tiles * (products + INNER * inner + (OUTER_TURNED if c.is_of_weights else OUTER) * outer)


# ----------------------------------------------------------------------------------------------------- paddings away
def _makers(nests: Sequence[LoopNest]) -> dict[Buffer, LoopNest]:
    """The nests that alone make all of a buffer."""
    counts = Counter(o.buffer for n in nests for o in n.outputs)
    return {n.outputs[0].buffer: n for n in nests if len(n.outputs) == 1 and counts[n.outputs[0].buffer] == 1}


def _without_padding(c: Convolution, makers: Mapping[Buffer, LoopNest], expressions: Expressions) -> Convolution:
    """The same, its data read where a nest has it from that only puts zeros around: the tiles do so by themselves."""
    maker = makers.get(c.data.buffer)
    if maker is None or maker.ordered or maker.outputs[0].accumulate or not is_identity(maker.outputs[0]):
        return c
    (o,) = maker.outputs
    if not isinstance(o.value, Guard) or not isinstance(o.value.value, Read):
        return c
    by = {
        i.pure: at for i, at in zip(o.index, c.data.index, strict=True)
        if isinstance(i, Affine) and isinstance(at, Affine) and i.pure is not None
    }  # fmt: skip
    data = expressions.substituted(o.value.value, by)
    assert isinstance(data, Read)
    conditions = tuple((i.substitute(by), extent) for i, extent in o.value.conditions)
    bare = replace(c, data=data, conditions=(*c.conditions, *conditions))
    plain = all(isinstance(i, Affine) for i in data.index)
    return bare if plain and is_separable(bare) else c


# ------------------------------------------------------------------------------------------------------------ rewriting
class _Tiles:
    """The nests that a convolution becomes.

    Tiles are counted by rows i, and in a row by blocks b of so many tiles j that what they need stays in the cache.
    """

    def __init__(self, c: Convolution, lanes: int, expressions: Expressions) -> None:
        self.c, self.expressions = c, expressions
        self.dtype = c.output.buffer.dtype
        rows, columns = (-(-a.extent // STEP) for a in c.places if isinstance(a.extent, int))
        of_tile = TILE * TILE * lanes * self.dtype.numpy.itemsize * self.passing()
        most = max(1, min(columns, PART // of_tile))
        beside = min(range(most, most // 2, -1), key=lambda size: -(-columns // size) * size)
        self.row, self.block, self.tile = Axis("i", rows), Axis("b", -(-columns // beside)), Axis("j", beside)
        self.u, self.v = Axis("u", TILE), Axis("v", TILE)
        self.around = (c.samples, self.row, self.block)
        first = Affine.of(self.block, STEP * beside) + Affine.of(self.tile, STEP)
        self.corner = dict(zip(c.places, (Affine.of(self.row, STEP), first), strict=True))

    def passing(self) -> int:
        """How many numbers of a tile's place pass from nest to nest."""
        c = self.c
        if c.is_of_weights:  # the partner is kept in lanes and turned
            return _size(c.besides(c.data)) + 2 * _size(c.besides(c.partner))
        return _size(c.besides(c.data)) + _size(c.besides(c.total))

    def nests(self) -> list[LoopNest]:
        return self.gradient() if self.c.is_of_weights else self.convolution()

    def convolution(self) -> list[LoopNest]:
        c = self.c
        features = tuple(a for a in c.nest.axes if a not in (c.samples, *c.places))
        weights = self.transformed("weights", (), c.besides(c.partner), OF_WINDOW, self.at_window)
        tiles = self.transformed("tiles", self.around, (self.tile, *c.besides(c.data)), OF_DATA, self.at_tile)
        axes = (*self.around, self.u, self.v, self.tile, *features)
        products = self.buffer("products", axes)
        channels = tuple(a for a in c.total.axes if a not in c.windows)
        total = self.summed(channels, self.read(tiles), self.read(weights))
        return [weights, tiles, nest(axes, products, total), *self.results(products, features)]

    def gradient(self) -> list[LoopNest]:
        c = self.c
        of_data, of_partner = c.besides(c.data), c.besides(c.partner)
        features = tuple(a for a in c.nest.axes if a not in c.windows)
        tiles = self.transformed("tiles", self.around, (self.tile, *of_data), OF_DATA, self.at_tile)
        partners = self.transformed("steps", self.around, (self.tile, *of_partner), OF_STEP, self.at_step)
        axes = (self.u, self.v, *features)
        products = self.buffer("products", axes)
        total = self.summed((*self.around, self.tile), self.read(tiles), self.read(partners))
        term = self.terms(products, (), features)
        outputs = [
            Output(c.output.buffer, self.index({p: Affine((), k) for p, k in zip(c.windows, at, strict=True)}), value)
            for at, value in self.both(OF_WINDOW_SUM, term).items()
        ]
        return [tiles, partners, nest(axes, products, total), LoopNest(features, tuple(outputs))]

    def results(self, products: Buffer, features: tuple[Axis, ...]) -> list[LoopNest]:
        """The results of all tiles. What lies beyond the edge is computed, and never read."""
        c, o = self.c, self.c.output
        assert isinstance(self.row.extent, int)
        assert isinstance(self.block.extent, int)
        assert isinstance(self.tile.extent, int)
        extents = dict(
            zip(c.places, (self.row.extent * STEP, self.block.extent * self.tile.extent * STEP), strict=True)
        )
        shape = [
            extents.get(i.pure, e) if isinstance(i, Affine) and i.pure is not None else e
            for i, e in zip(o.index, o.buffer.shape, strict=True)
        ]
        exact = tuple(shape) == o.buffer.shape
        result = o.buffer if exact else Buffer(f"{o.buffer.name}/beyond", tuple(shape), self.dtype)
        outputs = [
            Output(result, self.index({a: x + k for (a, x), k in zip(self.corner.items(), at, strict=True)}), value)
            for at, value in self.both(OF_RESULT, self.terms(products, self.around, (self.tile, *features))).items()
        ]
        made = LoopNest((*self.around, self.tile, *features), tuple(outputs))
        if exact:
            return [made]
        return [made, nest(c.nest.axes, o.buffer, self.expressions.unique(Read(result, o.index)), o.index)]

    # ------------------------------------------------------------------------------------------------------ elements
    def at_window(self, at: tuple[int, ...]) -> Expression:
        return self.expressions.substituted(self.c.partner, self.numbers(self.c.windows, at))

    def at_tile(self, at: tuple[int, ...]) -> Expression:
        """Data at a place of a tile; zero beyond its edges."""
        bounds = [
            (i, extent) for i, extent in _bounds(self.c.data, self.c.places)
            if not any(extent == known and (i - j) == Affine() for j, known in self.c.conditions)
        ]  # fmt: skip
        here = self.corner | self.numbers(self.c.windows, at)
        return self.guarded((*self.c.conditions, *bounds), self.c.data, here)

    def at_step(self, at: tuple[int, ...]) -> Expression:
        """The partner at one of the places of a tile that are not of the next; zero beyond its edges."""
        c = self.c
        places = tuple((Affine.of(a), a.extent) for a in c.places)
        here = {a: x + k for (a, x), k in zip(self.corner.items(), at, strict=True)}
        return self.guarded(places, c.partner, here)

    def guarded(self, conditions: Sequence[Condition], value: Expression, here: dict[Axis, Affine]) -> Expression:
        """The value there; conditions that always hold in the original nest may not hold beyond its edge."""
        moved = tuple((i.substitute(here), extent) for i, extent in conditions)
        return self.expressions.adopted(Guard(moved, self.expressions.substituted(value, here)))

    def numbers(self, axes: Sequence[Axis], at: Sequence[int]) -> dict[Axis, Affine]:
        return {a: Affine((), k) for a, k in zip(axes, at, strict=True)}

    def index(self, by: dict[Axis, Affine]) -> tuple[Affine, ...]:
        """The index of the result, in the window's own direction."""
        return tuple(i.substitute(self.c.mirrored).substitute(by) for i in self.c.output.index if isinstance(i, Affine))

    # --------------------------------------------------------------------------------------------------------- nests
    def buffer(self, ending: str, axes: Sequence[Axis]) -> Buffer:
        return Buffer(f"{self.c.output.buffer.name}/{ending}", tuple(a.extent for a in axes), self.dtype)

    def transformed(
        self,
        ending: str,
        first: Sequence[Axis],
        rest: Sequence[Axis],
        matrix: Matrix,
        element: Callable[[tuple[int, ...]], Expression],
    ) -> LoopNest:
        """A nest that fills [first, u, v, rest] for all u and v at once."""
        target = self.buffer(ending, (*first, self.u, self.v, *rest))
        outputs = [
            Output(target, (*map(Affine.of, first), *(Affine((), k) for k in at), *map(Affine.of, rest)), value)
            for at, value in self.both(matrix, element).items()
        ]
        return LoopNest((*first, *rest), tuple(outputs))

    def read(self, made: LoopNest) -> Expression:
        """What such a nest has made at u and v."""
        o = made.outputs[0]
        before = sum(a in self.around for a in made.axes)
        index = (*o.index[:before], Affine.of(self.u), Affine.of(self.v), *o.index[before + 2 :])
        return self.expressions.unique(Read(o.buffer, index))

    def terms(
        self, products: Buffer, first: Sequence[Axis], rest: Sequence[Axis]
    ) -> Callable[[tuple[int, ...]], Expression]:
        """The products of a tile at each u and v."""

        def term(at: tuple[int, ...]) -> Expression:
            index = (*map(Affine.of, first), *(Affine((), k) for k in at), *map(Affine.of, rest))
            return self.expressions.unique(Read(products, index))

        return term

    def summed(self, axes: Sequence[Axis], a: Expression, b: Expression) -> Expression:
        return self.expressions.unique(Reduce(SUM, tuple(axes), (self.expressions.call(MULTIPLY, a, b),)))

    def both(
        self, matrix: Matrix, element: Callable[[tuple[int, ...]], Expression]
    ) -> dict[tuple[int, ...], Expression]:
        """matrix · X · matrixᵀ, X given by its elements."""
        size = len(matrix[0])
        half = [[self.combined(row, [element((m, k)) for m in range(size)]) for k in range(size)] for row in matrix]
        return {
            (r, s): self.combined(matrix[s], half[r]) for r, s in product(range(len(matrix)), repeat=2)
        }  # fmt: skip

    def combined(self, factors: Sequence[float], values: Sequence[Expression]) -> Expression:
        """Σ factor · value; equal factors are taken out, and those of 1 and -1 cost nothing."""
        expressions, parts = self.expressions, []
        for scale in dict.fromkeys(abs(f) for f in factors if f):
            terms = [(f, x) for f, x in zip(factors, values, strict=True) if abs(f) == scale]
            (sign, total), *others = sorted(terms, key=lambda term: term[0] < 0)
            for f, x in others:
                total = expressions.call(ADD if f * sign > 0 else SUBTRACT, total, x)
            if scale != 1:
                total = expressions.call(MULTIPLY, total, expressions.unique(Constant(scale, self.dtype)))
            parts.append((sign, total))
        (sign, total), *others = parts
        assert sign > 0, "a row begins with what is added"
        for f, x in others:
            total = expressions.call(ADD if f > 0 else SUBTRACT, total, x)
        return total


def _bounds(read: Read, places: Sequence[Axis]) -> tuple[Condition, ...]:
    """That the indices of a read which depend on places lie inside."""
    return tuple(
        (i, extent) for i, extent in zip(read.index, read.buffer.shape, strict=True)
        if isinstance(i, Affine) and set(i.axes) & set(places)
    )  # fmt: skip


def _size(axes: Sequence[Axis]) -> int:
    return math.prod(a.extent for a in axes if isinstance(a.extent, int))
