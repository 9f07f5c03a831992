"""Indexed operations: an index formula, linear in each factor.

"y[n,i,j,o] += x[n, i*sh + p*dh, j*sw + q*dw, c] * w[p,q,c,o]" is shape rule, reference, loop nest and derivatives at
once: the derivative by a factor is the same formula with that factor and the output swapped; batching adds a letter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from chainrule.errors import DTypeError
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import bool_
from chainrule.graph.expression import Buffer, Expression, Read, call
from chainrule.graph.extent import concrete, concrete_shape
from chainrule.graph.formula import parse_index_formula
from chainrule.graph.gather import gather
from chainrule.graph.indexing import Indexing, resolve
from chainrule.graph.loopnest import LoopNest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.scalar import MULTIPLY
from chainrule.graph.tensor import Tensor, apply
from chainrule.messages import Message
from chainrule.ops.kinds.conversion import lift

_BOOL_SUM = Message(
    "indexed.bool_sum",
    en="{operation}: a sum or product of bools has no type; cast to int32 (to count) or use any/all.",
    zh="{operation}：布尔值的求和或乘积没有类型；请先转换为 int32（用于计数），或使用 any/all。",
)


@dataclass(frozen=True)
class Indexed(Primitive):
    """output[...] += product of factors[...], every index an affine function of axes.

    Attributes of a node: the formula's named constants, extents that no input determines, and `shape` where the
    output has more elements than the formula writes (the others are zero).
    """

    name: str
    formula: str

    def __call__(self, *factors: Any, **attributes: Any) -> Tensor:
        return apply(self, *lift(factors), **attributes)

    def indexing(self, y: Tensor) -> Indexing:
        return resolve(self.name, self.formula, tuple(x.shape for x in y.inputs), y.attributes)

    # ------------------------------------------------------------------------------------------- type and value
    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        indexing = resolve(self.name, self.formula, tuple(x.shape for x in inputs), attributes)
        if inputs[0].dtype is bool_ and (len(inputs) > 1 or indexing.reduced):
            raise DTypeError(_BOOL_SUM(operation=self.name))
        return Type(indexing.shape, inputs[0].dtype)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        indexing = self.indexing(y)
        extents = {axis: concrete(axis.extent, batch) for axis in indexing.axes}
        written = tuple(dict.fromkeys(axis for index in indexing.output for axis in index.axes))
        views = [(view(x, index, extents), _axes(index)) for x, index in zip(inputs, indexing.factors, strict=True)]
        return placed(contract(views, written), indexing.output, concrete_shape(y.shape, batch), extents)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        indexing = self.indexing(y)
        body: Expression | None = None
        for x, index in zip(inputs, indexing.factors, strict=True):
            read = Read(x, index)
            body = read if body is None else call(MULTIPLY, body, read)
        assert body is not None
        return gather(output, indexing.output, indexing.axes, body)

    # ---------------------------------------------------------------------------------------------- derivatives
    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        total: Tensor | None = None
        for k, tangent in enumerate(tangents):
            if tangent is not None:
                factors = [tangent if j == k else x for j, x in enumerate(y.inputs)]
                term = apply(self, *factors, **y.attributes)
                total = term if total is None else total + term
        return total

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [self._transposed(y, k, cotangent) for k in range(len(y.inputs))]

    def _transposed(self, y: Tensor, k: int, cotangent: Tensor) -> Tensor:
        """Swap the output and factor k."""
        parsed = parse_index_formula(self.formula)
        others = [j for j in range(len(y.inputs)) if j != k]
        target = parsed.factors[k]
        right = " * ".join([parsed.output.text, *(parsed.factors[j].text for j in others)])
        operation = Indexed(f"{self.name}/{target.name}", f"{target.text} += {right}")
        known = {**y.attributes, **{a.name: a.extent for a in self.indexing(y).axes}}
        return apply(operation, cotangent, *(y.inputs[j] for j in others), **{**known, "shape": y.inputs[k].shape})

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        parsed = parse_index_formula(self.formula)
        letter = fresh_letter(self.formula)
        factors = [batched_text(f.text, letter) if b else f.text for f, b in zip(parsed.factors, batched, strict=True)]
        operation = Indexed(self.name, f"{batched_text(parsed.output.text, letter)} += {' * '.join(factors)}")
        attributes = dict(y.attributes)
        if "shape" in attributes:
            size = next(x.shape[0] for x, b in zip(inputs, batched, strict=True) if b)
            attributes["shape"] = (size, *attributes["shape"])
        return apply(operation, *inputs, **attributes)


def fresh_letter(formula: str) -> str:
    """A name for one more axis, which the formula does not have yet."""
    names = re.findall(r"\w+", formula)
    return next(v for k in range(len(names) + 1) if (v := f"v{k}") not in names)


def batched_text(access: str, letter: str) -> str:
    """An access with one more index in front."""
    return access.replace("[", f"[{letter},", 1).replace(",]", "]")


# ------------------------------------------------------------------------------------------------- index maps in NumPy
def _axes(index: Sequence[Affine]) -> tuple[Axis, ...]:
    return tuple(dict.fromkeys(axis for i in index for axis in i.axes))


def view(x: Array, index: Sequence[Affine], extents: dict[Axis, int]) -> Array:
    """x[index] with one dimension per axis: the same memory, other strides."""
    axes = _axes(index)
    shape = tuple(extents[a] for a in axes)
    if 0 in shape:
        return np.zeros(shape, x.dtype)
    if all(i.pure is not None for i in index) and shape == x.shape:
        return x
    start: tuple[Any, ...] = (*(slice(i.constant, None) for i in index), ...)  # ... keeps a scalar an array
    strides = tuple(sum(i.coefficient(a) * s for i, s in zip(index, x.strides, strict=True)) for a in axes)
    return np.lib.stride_tricks.as_strided(x[start], shape, strides)


def contract(factors: list[tuple[Array, tuple[Axis, ...]]], kept: tuple[Axis, ...]) -> Array:
    """Product of the factors, summed over all but the kept axes, which have size 1 where no factor has them."""
    while len(factors) > 1:
        (a, a_axes), (b, b_axes), *rest = factors
        later = {axis for _, axes in rest for axis in axes} | set(kept)
        factors = [_pair(a, a_axes, b, b_axes, later), *rest]
    value, axes = factors[0]
    value, axes = _summed(value, axes, set(kept))
    present = [a for a in kept if a in axes]
    value = value.transpose([axes.index(a) for a in present])
    return value.reshape([value.shape[present.index(a)] if a in axes else 1 for a in kept])


def _summed(x: Array, axes: tuple[Axis, ...], kept: set[Axis]) -> tuple[Array, tuple[Axis, ...]]:
    gone = [k for k, a in enumerate(axes) if a not in kept]
    if gone and axes[-1] in kept:  # NumPy would go along the last axis, a short run; one axis at a time takes long ones
        for count, k in enumerate(gone):
            x = x.sum(axis=k - count, dtype=x.dtype)
    elif gone:
        x = x.sum(axis=tuple(gone), dtype=x.dtype)
    return x, tuple(a for a in axes if a in kept)


def _pair(
    a: Array, a_axes: tuple[Axis, ...], b: Array, b_axes: tuple[Axis, ...], later: set[Axis]
) -> tuple[Array, tuple[Axis, ...]]:
    """One matrix product: shared axes that are needed later are batches, the others are summed over."""
    a, a_axes = _summed(a, a_axes, later | set(b_axes))
    b, b_axes = _summed(b, b_axes, later | set(a_axes))
    shared = [x for x in a_axes if x in b_axes]
    batches, inner = [x for x in shared if x in later], [x for x in shared if x not in later]
    rows, columns = [x for x in a_axes if x not in shared], [x for x in b_axes if x not in shared]
    sizes = dict(zip(a_axes + b_axes, a.shape + b.shape, strict=True))

    def matrix(x: Array, axes: tuple[Axis, ...], first: list[Axis], last: list[Axis]) -> Array:
        if _run(x, [axes.index(i) for i in first]) > _run(x, [axes.index(i) for i in last]):
            return matrix(x, axes, last, first).swapaxes(-1, -2)  # if it must be copied, then in long runs
        lead = [sizes[i] for i in batches]
        ends = [int(np.prod([sizes[i] for i in group], dtype=np.int64)) for group in (first, last)]
        return x.transpose([axes.index(i) for i in [*batches, *first, *last]]).reshape(*lead, *ends)

    alone = any(all(sizes[i] == 1 for i in group) for group in (rows, columns))
    if inner and alone and (_repeats(a) or _repeats(b)):
        # Of one kernel: a product of matrices would first copy all windows, to read each copy once.
        number = {axis: k for k, axis in enumerate(sizes)}
        subscripts = [[number[i] for i in axes] for axes in (a_axes, b_axes, (*batches, *rows, *columns))]
        value = np.einsum(a, subscripts[0], b, subscripts[1], subscripts[2])
    elif inner:
        value = matrix(a, a_axes, rows, inner) @ matrix(b, b_axes, inner, columns)
    else:
        value = matrix(a, a_axes, rows, []) * matrix(b, b_axes, [], columns)
    axes = (*batches, *rows, *columns)
    return value.reshape([sizes[i] for i in axes]), axes


def _repeats(x: Array) -> bool:
    """Whether this view shows elements more than once, as windows that overlap do."""
    span = 1 + sum((size - 1) * abs(stride) // x.itemsize for size, stride in zip(x.shape, x.strides, strict=True))
    return bool(x.size > span)


def _run(x: Array, axes: list[int]) -> int:
    """How many elements lie side by side along the last of these axes."""
    run = 1
    for k in reversed(axes):
        if x.shape[k] != 1 and x.strides[k] != run * x.itemsize:
            break
        run *= x.shape[k]
    return run


def placed(value: Array, index: Sequence[Affine], shape: tuple[int, ...], extents: dict[Axis, int]) -> Array:
    """An array of this shape with value[axes] added at index(axes).

    Only as many axes are looped over in Python as meet elements more than once: those of a window, never of its
    positions.
    """
    axes = _axes(index)
    full = tuple(extents[a] for a in axes)
    value = np.broadcast_to(value, full)
    if all(i.pure is not None for i in index) and full == shape:
        return np.asarray(value, order="C")
    result = np.zeros(shape, value.dtype)
    if 0 in full:
        return result
    vectorised = _injective(index, axes, extents)
    looped = [a for a in axes if a not in vectorised]
    for point in product(*(range(extents[a]) for a in looped)):
        at = {a: Affine((), k) for a, k in zip(looped, point, strict=True)}
        target = view(result, [i.substitute(at) for i in index], extents)
        order = _axes([i.substitute(at) for i in index])
        selected = value[tuple(point[looped.index(a)] if a in looped else slice(None) for a in axes)]
        target += selected.transpose([vectorised.index(a) for a in order])
    return result


def _injective(index: Sequence[Affine], axes: tuple[Axis, ...], extents: dict[Axis, int]) -> list[Axis]:
    """Axes, the longest first, over which the index meets no element twice."""
    chosen: list[Axis] = []
    for axis in sorted(axes, key=lambda a: -extents[a]):
        if any(_separate(i, [*chosen, axis], axis, extents) for i in index):
            chosen.append(axis)
    return [a for a in axes if a in chosen]


def _separate(index: Affine, axes: list[Axis], new: Axis, extents: dict[Axis, int]) -> bool:
    """Whether this index alone tells the values of the new axis, and of those chosen before it, apart, as digits do."""
    terms = sorted((abs(c), extents[a]) for a, c in index.terms if a in axes)
    reach = 0
    for step, extent in terms:
        if extent > 1 and step <= reach:
            return False
        reach += step * (extent - 1)
    return new in index.axes
