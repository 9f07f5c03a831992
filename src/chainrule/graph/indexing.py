"""Index formulas over actual shapes: extents inferred, accesses checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chainrule.errors import ShapeError
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.extent import Batch, Extent, Shape, is_extent, show_shape
from chainrule.graph.formula import Access, Term, parse_index_formula
from chainrule.messages import Message

_RANK = Message(
    "indexing.rank",
    en="{operation}: {factor} needs {rank} axes, but got shape {shape}. The formula is {formula}.",
    zh="{operation}：{factor} 需要 {rank} 个轴，但形状为 {shape}。公式为 {formula}。",
)
_MISMATCH = Message(
    "indexing.mismatch",
    en="{operation}: axis '{axis}' is {extent} in {factor} {shape} but {other} in {other_factor}. The formula is "
    "{formula}.",
    zh="{operation}：轴“{axis}”在 {factor} {shape} 中为 {extent}，但在 {other_factor} 中为 {other}。公式为 {formula}。",
)
_UNKNOWN = Message(
    "indexing.unknown",
    en="{operation}: '{axis}' in {formula} is determined by no input; give it by name.",
    zh="{operation}：{formula} 中的“{axis}”无法由任何输入确定；请按名称给出。",
)
_NOT_AN_EXTENT = Message(
    "indexing.not_an_extent",
    en="{operation}: '{axis}' in {formula} cannot be {extent}; give an integer that is not negative, or one times the "
    "batch.",
    zh="{operation}：{formula} 中的“{axis}”不能为 {extent}；请给出非负整数，或其与批量大小的乘积。",
)
_OUTSIDE = Message(
    "indexing.outside",
    en="{operation}: index {index} of {factor} leaves an axis of size {extent}. The formula is {formula}.",
    zh="{operation}：{factor} 的下标 {index} 超出大小为 {extent} 的轴。公式为 {formula}。",
)
_DOES_NOT_FIT = Message(
    "indexing.does_not_fit",
    en="{operation}: a window of {window} does not fit an axis of size {extent}: ({extent} - {window})/{step} + 1 < 1.",
    zh="{operation}：长度为 {window} 的窗口放不进大小为 {extent} 的轴：({extent} - {window})/{step} + 1 < 1。",
)
_BATCH_EXTENT = Message(
    "indexing.batch_extent",
    en="{operation}: index {index} would give an axis of the batch's size and something; the batch axis can only be "
    "taken whole, outermost.",
    zh="{operation}：下标 {index} 会得到批量大小再加其他值的轴；批量轴只能整体使用，且在最外层。",
)


@dataclass(frozen=True)
class Indexing:
    """output[...] += product of factors[...] for every point of the axes; every access lies inside its array."""

    output: tuple[Affine, ...]
    factors: tuple[tuple[Affine, ...], ...]
    shape: Shape

    @property
    def axes(self) -> tuple[Axis, ...]:
        """All axes, the output's first."""
        return tuple(dict.fromkeys(a for access in (self.output, *self.factors) for i in access for a in i.axes))

    @property
    def reduced(self) -> tuple[Axis, ...]:
        """The axes that the output does not have."""
        kept = {a for i in self.output for a in i.axes}
        return tuple(a for a in self.axes if a not in kept)


def resolve(name: str, formula: str, shapes: tuple[Shape, ...], attributes: Mapping[str, Any]) -> Indexing:
    """The formula's accesses over these shapes. Attributes give constants, extents no input determines, and `shape`."""
    return _resolve(name, formula, shapes, tuple(attributes.items()))


@lru_cache(maxsize=4096)
def _resolve(name: str, formula: str, shapes: tuple[Shape, ...], attributes: tuple[tuple[str, Any], ...]) -> Indexing:
    given = dict(attributes)
    shape: Shape | None = given.pop("shape", None)
    reading = _Reading(name, formula, given)
    parsed = parse_index_formula(formula)
    actual = list(zip(parsed.factors, shapes, strict=True))
    for access, extents in actual:
        reading.learn_letters(access, extents)
    for access, extents in actual:
        reading.learn_windows(access, extents)
    factors = tuple(reading.checked(access, extents) for access, extents in actual)
    if shape is None:
        shape = tuple(reading.extent_of(reading.affine(terms)) for terms in parsed.output.index)
    return Indexing(reading.checked(parsed.output, shape), factors, shape)


class _Reading:
    """What is known of a formula's letters while the shapes of its factors are gone through."""

    def __init__(self, name: str, formula: str, given: Mapping[str, Extent]) -> None:
        self.name, self.formula = name, formula
        self.given = frozenset(given)  # an extent given by name may be smaller than the array's: a part of it
        self.known: dict[str, Extent] = dict(given)
        self.origin: dict[str, str] = {}
        for letter, extent in given.items():
            if not is_extent(extent):
                raise self.refuse(_NOT_AN_EXTENT, axis=letter, extent=extent)

    def refuse(self, message: Message, **values: object) -> ShapeError:
        return ShapeError(message(operation=self.name, formula=self.formula, **values))

    def learn_letters(self, access: Access, actual: Shape) -> None:
        """An index that is one letter gives the letter the array's extent, and equal letters must agree."""
        if len(access.index) != len(actual):
            raise self.refuse(_RANK, factor=access.name, rank=len(access.index), shape=show_shape(actual))
        for terms, extent in zip(access.index, actual, strict=True):
            letter = _pure(terms)
            if letter is None or letter in self.given:
                continue
            found = self.known.setdefault(letter, extent)
            if found != extent:
                here = {"factor": access.name, "shape": show_shape(actual), "extent": extent}
                raise self.refuse(_MISMATCH, axis=letter, **here, other=found, other_factor=self.origin[letter])
            self.origin.setdefault(letter, f"{access.name} {show_shape(actual)}")

    def learn_windows(self, access: Access, actual: Shape) -> None:
        """In an index of several terms, such as i*sh + p*dh, the array's extent determines the one unknown letter."""
        for terms, extent in zip(access.index, actual, strict=True):
            unknown = [t for t in terms if t.letter is not None and t.letter not in self.known]
            if len(unknown) != 1 or not isinstance(extent, int):
                continue
            (term,) = unknown
            others = self.affine(tuple(t for t in terms if t is not term))
            span = 1 + others.constant + sum(c * (a.extent - 1) for a, c in others.terms if isinstance(a.extent, int))
            step = self.factor(term)
            if extent < span:
                raise self.refuse(_DOES_NOT_FIT, window=span, extent=extent, step=step)
            self.known[str(term.letter)] = (extent - span) // step + 1

    def factor(self, term: Term) -> int:
        factor = self.known.get(term.factor) if isinstance(term.factor, str) else term.factor
        if not isinstance(factor, int):
            raise self.refuse(_UNKNOWN, axis=term.factor)
        return factor

    def affine(self, terms: tuple[Term, ...]) -> Affine:
        total = Affine()
        for term in terms:
            factor = self.factor(term) * term.sign
            if term.letter is None:
                total = total + factor
            elif term.letter in self.known:
                total = total + Affine.of(Axis(term.letter, self.known[term.letter]), factor)
            else:
                raise self.refuse(_UNKNOWN, axis=term.letter)
        return total

    def checked(self, access: Access, actual: Shape) -> tuple[Affine, ...]:
        indices = tuple(self.affine(terms) for terms in access.index)
        for index, extent in zip(indices, actual, strict=True):
            if not index.within(extent):
                raise self.refuse(_OUTSIDE, index=index, factor=access.name, extent=extent)
        return indices

    def extent_of(self, index: Affine) -> Extent:
        """One more than the largest value of an index."""
        multiple, constant = 0, index.constant + 1
        for axis, coefficient in index.terms:
            if isinstance(axis.extent, Batch):
                multiple, constant = multiple + coefficient * axis.extent.multiple, constant - coefficient
            elif axis.extent == 0:
                return 0
            else:
                constant += max(0, coefficient * (axis.extent - 1))
        if multiple and constant:
            raise self.refuse(_BATCH_EXTENT, index=index)
        return Batch(multiple) if multiple else constant


def _pure(terms: tuple[Term, ...]) -> str | None:
    """The letter, where an index is nothing else."""
    return terms[0].letter if len(terms) == 1 and terms[0].factor == 1 and terms[0].sign == 1 else None
