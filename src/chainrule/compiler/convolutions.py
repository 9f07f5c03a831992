"""Nests that have the form of a convolution with windows of 3 × 3, or of the gradient of its weights.

What is recognised is the form, whatever operation a nest comes from.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.compiler.expressions import Expressions
from chainrule.compiler.forms import is_identity
from chainrule.compiler.samples import batch_axis, batch_sum
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import SUM, Call, Expression, Guard, Read, Reduce
from chainrule.graph.extent import Extent
from chainrule.graph.loopnest import LoopNest, Output
from chainrule.graph.scalar import MULTIPLY

WINDOW = 3  # along each axis

Condition = tuple[Affine, Extent]


@dataclass(frozen=True, eq=False)
class Convolution:
    """A sum of products of data and a partner, where data is met at place + window along two axes, i + p and j + q.

    Where the partner depends on the window, and places are of the result, it is a convolution with weights; where it
    depends on the place, and the window is of the result, it is the gradient of weights.

    samples     the axis of samples
    data        what is read at places and windows together
    partner     what it is multiplied with, and read at either of them alone
    places      the axes i, j
    windows     the axes p, q; those that went the other way were mirrored
    conditions  where data is taken to be zero: those that do not hold
    mirrored    for windows that went the other way, what stands in the result's index
    """

    nest: LoopNest
    samples: Axis
    data: Read
    partner: Read
    places: tuple[Axis, ...]
    windows: tuple[Axis, ...]
    conditions: tuple[Condition, ...]
    mirrored: dict[Axis, Affine]

    @property
    def output(self) -> Output:
        return self.nest.outputs[0]

    @property
    def total(self) -> Reduce:
        value = self.output.value
        assert isinstance(value, Reduce)
        return value

    @property
    def is_of_weights(self) -> bool:
        return self.windows[0] in self.nest.axes

    @property
    def inner(self) -> tuple[Axis, ...]:
        """What the data is met for besides places: the channels."""
        if self.is_of_weights:
            partner = self.besides(self.partner)
            return tuple(a for a in self.besides(self.data) if a not in partner)
        return tuple(a for a in self.total.axes if a not in self.windows)

    @property
    def outer(self) -> tuple[Axis, ...]:
        """What the partner alone is met for: the features."""
        data = self.besides(self.data)
        return tuple(a for a in self.besides(self.partner) if a not in data)

    def besides(self, e: Expression) -> tuple[Axis, ...]:
        """The axes that an expression depends on, but for samples, places and windows, in the order of the nest."""
        known = {self.samples, *self.places, *self.windows}
        return tuple(a for a in (*self.total.axes, *self.nest.axes) if a in e.free_axes and a not in known)


def convolution(n: LoopNest, expressions: Expressions) -> Convolution | None:
    """The nest as a convolution or the gradient of its weights, if it is one of this form."""
    samples = batch_axis(n) or batch_sum(n)
    (o, *more) = n.outputs
    value = o.value
    if samples is None or more or o.accumulate or n.ordered or not is_identity(o):
        return None
    if not isinstance(value, Reduce) or value.monoid is not SUM or not value.dtype.floating:
        return None
    (argument,) = value.arguments
    conditions: tuple[Condition, ...] = ()
    if isinstance(argument, Guard):
        conditions, argument = argument.conditions, argument.value
    if not isinstance(argument, Call) or argument.function is not MULTIPLY:
        return None
    for data, partner in (argument.arguments, argument.arguments[::-1]):
        if isinstance(data, Read) and isinstance(partner, Read):
            found = _matched(n, samples, value, data, partner, conditions, expressions)
            if found is not None and is_separable(found):
                return found
    return None


def _matched(
    n: LoopNest,
    samples: Axis,
    value: Reduce,
    data: Read,
    partner: Read,
    conditions: tuple[Condition, ...],
    expressions: Expressions,
) -> Convolution | None:
    """The product with the axes that data meets as i + p or i - p."""
    if not all(isinstance(i, Affine) for i in (*data.index, *partner.index)):
        return None
    sums = batch_axis(n) is None  # over places, for each element of the window
    places, windows, mirrored = [], [], {}
    for index in data.index:
        pair = [(a, k) for a, k in index.terms if a != samples] if isinstance(index, Affine) else []
        if len(pair) != 2:
            continue
        (i, step), (p, direction) = sorted(pair, key=lambda term: (term[0] in value.axes) != sums)
        if (i in value.axes) is not sums or (p in value.axes) is sums:
            return None
        if p.extent != WINDOW or step != 1 or abs(direction) != 1:
            return None
        places.append(i)
        windows.append(p)
        if direction == -1:
            mirrored[p] = Affine.of(p, -1) + (WINDOW - 1)
    if len(places) != 2 or len({*places, *windows}) != 4:
        return None
    data, partner = (expressions.substituted(e, mirrored) for e in (data, partner))  # type: ignore[assignment]
    conditions = tuple((i.substitute(mirrored), extent) for i, extent in conditions)
    return Convolution(n, samples, data, partner, tuple(places), tuple(windows), conditions, mirrored)


def is_separable(c: Convolution) -> bool:
    """Whether data meets places only together with their windows, and the partner either of them alone."""
    data = [i for i in c.data.index if isinstance(i, Affine)]
    summed = {a for a in c.total.axes if a not in (c.samples, *c.places, *c.windows)}
    alone, never = (c.places, c.windows) if c.is_of_weights else (c.windows, c.places)
    partner = c.partner.free_axes
    mine = {c.samples, *alone} if c.is_of_weights else set(alone)
    return (
        all(sum(a in i.axes for i in data) == 1 for a in (*c.places, *c.windows))
        and all(set(i.axes) <= {*c.places, *c.windows} for i, _ in c.conditions)
        and all(
            i.coefficient(a) == i.coefficient(p)
            for i, _ in c.conditions for a, p in zip(c.places, c.windows, strict=True)
        )
        and partner.isdisjoint(never) and partner >= mine | summed and c.data.free_axes >= {c.samples, *summed}
        and (c.is_of_weights or c.samples not in partner)
        and not (c.is_of_weights and summed)
        and all(isinstance(a.extent, int) for a in (*c.data.free_axes, *partner) if a != c.samples)
    )  # fmt: skip
