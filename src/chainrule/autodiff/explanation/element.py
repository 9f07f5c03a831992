"""One element of an array: every product and sum of its value and of its derivative, written with numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.autodiff.explanation import text
from chainrule.autodiff.explanation.declared import (
    element,
    partial_formulas,
    points_at,
    product_at,
    scalar_formula,
)
from chainrule.autodiff.explanation.document import Document, Entry, Section, legend_of
from chainrule.autodiff.explanation.flow import Share, cotangents
from chainrule.autodiff.explanation.formula import (
    Derivative,
    Equation,
    Formula,
    Literal,
    Others,
    product,
    total,
    with_numbers,
)
from chainrule.autodiff.explanation.making import Making, unit
from chainrule.autodiff.explanation.record import Given, ValueStep
from chainrule.graph.operation import Array, Primitive
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.messages import Message
from chainrule.ops.kinds.elementwise import Elementwise
from chainrule.ops.kinds.indexed import Indexed

if TYPE_CHECKING:
    from chainrule.autodiff.explanation.explanation import Explanation

_TITLE = Message("explain.element", en="{element}, number by number", zh="逐个数值解释 {element}")
_VALUE = Message("explain.element_value", en="Its value", zh="它的值")
_PATHS = Message(
    "explain.element_paths",
    en="Its derivative: the sum over {count:,} paths, of upstream × local each",
    zh="它的导数：对 {count:,} 条路径求和，每条为上游 × 局部",
)
_PATH = Message("explain.element_path", en="Its derivative: upstream × local", zh="它的导数：上游 × 局部")
_INPUTS = Message(
    "explain.element_inputs",
    en="Its derivative along the direction: the sum over {count:,} inputs, of local × what arrives each",
    zh="它沿该方向的导数：对 {count:,} 个输入求和，每个为局部 × 传入",
)

_NONE = Message(
    "explain.element_none", en="Its derivative: no path passes anything on", zh="它的导数：没有任何路径传来导数"
)
_STARTS = Message("explain.element_starts", en="Its derivative, which starts here", zh="它的导数，由此开始")

_SHOWN = 8  # terms that are written out
_READ = 4096  # terms that are looked at


@dataclass(frozen=True, eq=False)
class _Term:
    """One path through one edge: between which elements of the step and of what it reads, and its two factors."""

    share: Share
    of: tuple[int, ...]
    by: tuple[int, ...]
    arriving: float
    local: float

    @property
    def product(self) -> float:
        return self.arriving * self.local


def element_document(explanation: Explanation, step: Given | ValueStep, index: tuple[int, ...]) -> Document:
    """The arithmetic of one element of a value, and of its derivative."""
    making = explanation.making
    symbol = element(step.symbol, _entries(index))
    zoom = _Zoom(making, making.run(making.plan.order, making.bindings))
    sections = [Section(_VALUE(), (Entry((zoom.value(step, index),)),))]
    if making.flow is not None and step.node in making.flow.totals:
        terms = zoom.terms(step, index)
        derivative = making.notation.of(symbol)
        result = making.run([making.flow.totals[step.node]], making.bindings)[making.flow.totals[step.node]][index]
        several = _INPUTS if making.notation.target is None else _PATHS if len(terms) > 1 else _PATH
        starts = step.node not in making.flow.shares
        heading = several if terms else _STARTS if starts else _NONE
        equation = zoom.summed(derivative, terms, Literal(result.item()))
        sections.append(Section(heading(count=len(terms)), (Entry((equation,)),)))
    return Document(_TITLE(element=text.formula(symbol)), tuple(sections), legend_of(sections))


def _entries(index: Sequence[int]) -> tuple[str, ...]:
    return tuple(str(int(k)) for k in index)


def _largest(sizes: Sequence[float]) -> list[int]:
    """The places of those that are written out: the largest, in order."""
    order = sorted(range(len(sizes)), key=lambda k: -abs(sizes[k]))
    return sorted(order[:_SHOWN])


def _others(numbers: Sequence[float], shown: Sequence[int]) -> tuple[Others, ...]:
    """What is not shown of a sum, in one part."""
    written = set(shown)
    hidden = [number for k, number in enumerate(numbers) if k not in written]
    return (Others(len(hidden), float(np.sum(hidden))),) if hidden else ()


@dataclass(frozen=True, eq=False)
class _Zoom:
    making: Making
    arrays: dict[Tensor, Array]

    # -------------------------------------------------------------------------------------------------------- values
    def value(self, step: Given | ValueStep, index: tuple[int, ...]) -> Equation:
        left = element(step.symbol, _entries(index))
        result = Literal(step.value[index].item())
        if isinstance(step, Given) or step.opens:
            return Equation((left, result))
        node = step.node
        if isinstance(node.operation, Elementwise):
            formula = scalar_formula(node.operation, self._elements(node, index))
            return Equation((left, formula, with_numbers(formula, self._numbers(node, index)), result))
        if isinstance(node.operation, Indexed):
            return self._indexed_value(node, left, index, result)
        return Equation((left, result))

    def _indexed_value(self, node: Tensor, left: Formula, index: tuple[int, ...], result: Formula) -> Equation:
        assert isinstance(node.operation, Indexed)
        indexing, making = node.operation.indexing(node), self.making
        points = points_at(indexing.output, index, indexing, making.batch, limit=_READ)
        if points is None:
            return Equation((left, result))
        if not points:
            return Equation((left, Literal(0), result))
        terms, numbers = list[Formula](), list[list[float]]()
        for point in points:
            at = [tuple(i.constant + sum(c * point[a] for a, c in i.terms) for i in f) for f in indexing.factors]
            terms.append(product(*(element(s, _entries(i)) for s, i in zip(making.inputs(node), at, strict=True))))
            numbers.append([self.number(x, i) for x, i in zip(node.inputs, at, strict=True)])
        products = [float(np.prod(factors)) for factors in numbers]
        shown = _largest(products)
        rest = _others(products, shown)
        written = [product(*(Literal(n) for n in numbers[k])) for k in shown]
        return Equation((left, total((*(terms[k] for k in shown), *rest)), total((*written, *rest)), result))

    def number(self, x: Tensor, index: tuple[int, ...]) -> float:
        """One number of what a step reads."""
        if x in self.arrays:
            return float(self.arrays[x][index])
        return float(x.attributes["value"])

    def _elements(self, node: Tensor, index: Sequence[int]) -> list[Formula]:
        """What an elementwise step reads for one element."""
        inputs = zip(node.inputs, self.making.inputs(node), strict=True)
        return [element(symbol, _entries(self.projected(node, x, index))) for x, symbol in inputs]

    def projected(self, node: Tensor, x: Tensor, index: Sequence[int]) -> tuple[int, ...]:
        """Where an input that is broadcast is read for an element of the step."""
        shape = self.arrays[x].shape if x in self.arrays else ()
        own = index[len(index) - len(shape) :]
        return tuple(0 if extent == 1 else k for k, extent in zip(own, shape, strict=True))

    def _numbers(self, node: Tensor, index: Sequence[int]) -> dict[Formula, Formula]:
        places = [self.projected(node, x, index) for x in node.inputs]
        numbers = [Literal(self.number(x, i)) for x, i in zip(node.inputs, places, strict=True)]
        return dict(zip(self._elements(node, index), numbers, strict=True))

    # --------------------------------------------------------------------------------------------------- derivatives
    def summed(self, left: Formula, terms: Sequence[_Term], result: Formula) -> Equation:
        """The sum of the products along the terms: in symbols, with what is declared, and with numbers."""
        if not terms:
            return Equation((left, result))
        products = [term.product for term in terms]
        places = _largest(products)
        rest, shown = _others(products, places), [terms[k] for k in places]

        def side(locals_: Sequence[Formula], arriving: Sequence[Formula]) -> Formula:
            pairs = zip(arriving, locals_, strict=True) if self.reverse else zip(locals_, arriving, strict=True)
            return total((*(product(*pair) for pair in pairs), *rest))

        arriving = [self._arriving(term) for term in shown]
        sides = [side([self._local_symbol(term) for term in shown], arriving)]
        declared = [found for term in shown if (found := self._declared(term.share, term.of, term.by)) is not None]
        if len(declared) == len(shown):
            sides.append(side(declared, arriving))
        sides.append(side([Literal(term.local) for term in shown], [Literal(term.arriving) for term in shown]))
        return Equation((left, *sides, result))

    @property
    def reverse(self) -> bool:
        return self.making.notation.target is not None

    def _arriving(self, term: _Term) -> Formula:
        node, index = (term.share.step, term.of) if self.reverse else (term.share.x, term.by)
        return self.making.notation.of(element(self.making.symbols[node], _entries(index)))

    def _local_symbol(self, term: _Term) -> Formula:
        u, v = self.making.symbols[term.share.step], self.making.symbols[term.share.x]
        return Derivative(element(u, _entries(term.of)), element(v, _entries(term.by)), partial=True)

    def terms(self, step: Given | ValueStep, index: tuple[int, ...]) -> list[_Term]:
        """One for each path from, or in forward mode to, the element."""
        flow = self.making.flow
        assert flow is not None
        shares = flow.shares.get(step.node, [])
        return [term for share in shares for term in self._of_share(share, index)]

    def _of_share(self, share: Share, index: tuple[int, ...]) -> list[_Term]:
        making = self.making
        near, far = (share.x, share.step) if self.reverse else (share.step, share.x)
        bindings = dict(making.bindings)
        local = self._local(share, near, index, bindings)
        reached = self._reached(share, near, index, bindings)
        if local is None:
            return []
        found = making.run([share.arriving, local, *([reached] if reached is not None else [])], bindings)
        shape = self.arrays[far].shape
        numbers, arriving = np.broadcast_to(found[local], shape), found[share.arriving]
        mask = np.broadcast_to((numbers if reached is None else found[reached]) != 0, shape)
        places = [tuple(int(k) for k in place) for place in np.argwhere(mask)]
        ends = [(there, index) if self.reverse else (index, there) for there in places]
        return [
            _Term(share, of, by, float(arriving[there]), float(numbers[there]))
            for there, (of, by) in zip(places, ends, strict=True)
        ]

    def _local(
        self, share: Share, near: Tensor, index: tuple[int, ...], bindings: dict[Tensor, Array]
    ) -> Tensor | None:
        """The local derivatives of everything at the far end of an edge by, or of, one element at the near end."""
        shape = self.arrays[near].shape
        direction = unit(int(np.prod(shape)), int(np.ravel_multi_index(index, shape)) if shape else 0)
        if near is share.x:
            return self.making.column(share, direction, bindings)
        one = _bound(near, direction.reshape(shape), bindings)
        return cotangents(self.making.plan, share.step, one)[share.place]

    def _reached(
        self, share: Share, near: Tensor, index: tuple[int, ...], bindings: dict[Tensor, Array]
    ) -> Tensor | None:
        """Not zero wherever a path leads, by the operation's formula; None where only the numbers tell."""
        step = share.step
        if not isinstance(self.making.plan.operation(step), Elementwise | Indexed):
            return None
        shape = self.arrays[near].shape
        direction = np.zeros(shape)
        direction[index] = 1
        if isinstance(step.operation, Elementwise):
            far = self.arrays[share.step if near is share.x else share.x].shape
            mask = np.broadcast_to(direction, far) if near is share.x else _folded(direction, far)
            return _bound(share.step if near is share.x else share.x, mask, bindings)
        ones = [_bound(x, np.ones(self.arrays[x].shape), bindings) for x in step.inputs]
        like = Tensor(step.operation, tuple(ones), step.attributes, step.type)
        one = _bound(near, direction, bindings)
        assert isinstance(like.operation, Primitive)
        if near is share.x:
            return like.operation.jvp(like, [one if k == share.place else None for k in range(len(ones))])
        return like.operation.vjp(like, one)[share.place]

    def _declared(self, share: Share, of: tuple[int, ...], by: tuple[int, ...]) -> Formula | None:
        step, making = share.step, self.making
        inputs = making.inputs(step)
        if making.plan.body(step) is not None:
            return None
        if isinstance(step.operation, Elementwise):
            symbol = element(making.symbols[step], _entries(of))
            return partial_formulas(step, symbol, self._elements(step, of))[share.place]
        if isinstance(step.operation, Indexed):
            return product_at(step, share.place, inputs, of, by, making.batch)
        return None


def _bound(like: Tensor, value: Array, bindings: dict[Tensor, Array]) -> Tensor:
    """An input of the type of a node, with a value."""
    found = input_tensor("direction", like.shape, like.dtype)
    bindings[found] = np.asarray(value).astype(like.dtype.numpy)
    return found


def _folded(array: Array, shape: tuple[int, ...]) -> Array:
    """The sum over the axes along which something of this shape is broadcast."""
    extra = array.ndim - len(shape)
    summed = array.sum(axis=tuple(range(extra)))
    kept: Array = summed.sum(axis=tuple(k for k, e in enumerate(shape) if e == 1), keepdims=True)
    return kept.reshape(shape)
