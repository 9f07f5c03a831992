"""Loop nests as formulas, for people: in the comments of the C text, and wherever a program is shown.

    conv2d[n,i,j,o] = Σ_{p,q,c} x[n,i+p,j+q,c]·w[p,q,c,o]

[0 ≤ i-1 < 28] is 1 where that holds and 0 elsewhere: what stands behind it is not even read there. What is used more
than once, or is long, has a line of its own after `where`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain, count

import numpy as np

from chainrule.compiler.expressions import Live
from chainrule.compiler.samples import Counted
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import bool_
from chainrule.graph.expression import (
    PLACE_OF_LARGEST,
    SUM,
    Buffer,
    Call,
    Constant,
    Coordinate,
    Expression,
    Guard,
    Index,
    Read,
    Reduce,
    Size,
)
from chainrule.graph.extent import Batch, Extent
from chainrule.graph.loopnest import LoopNest, Output
from chainrule.graph.scalar import (
    ABSOLUTE,
    ADD,
    AND,
    DIVIDE,
    EQUAL,
    GREATER,
    GREATER_EQUAL,
    LESS,
    LESS_EQUAL,
    MAXIMUM,
    MINIMUM,
    MULTIPLY,
    NEGATIVE,
    NOT,
    NOT_EQUAL,
    OR,
    POWER,
    SUBTRACT,
    ScalarFunction,
)

SHORT = 24  # characters that are written again rather than named
LONG = 100  # characters of a part that is named although it is used once
LINES = 24  # of one nest

# How strongly a text holds together: a part that binds less than its place asks for stands in parentheses.
_OR, _AND, _NOT, _COMPARE, _ADD, _SUM, _MULTIPLY, _NEGATIVE, _POWER, _ATOM = range(10)

# Each operator with its own strength, and what it asks of its left and of its right side.
_OPERATORS: dict[ScalarFunction, tuple[str, int, int, int]] = {
    OR: (" or ", _OR, _OR, _AND),
    AND: (" and ", _AND, _AND, _NOT),
    EQUAL: (" == ", _COMPARE, _ADD, _ADD),
    NOT_EQUAL: (" ≠ ", _COMPARE, _ADD, _ADD),
    LESS: (" < ", _COMPARE, _ADD, _ADD),
    LESS_EQUAL: (" ≤ ", _COMPARE, _ADD, _ADD),
    GREATER: (" > ", _COMPARE, _ADD, _ADD),
    GREATER_EQUAL: (" ≥ ", _COMPARE, _ADD, _ADD),
    ADD: (" + ", _ADD, _ADD, _SUM),
    SUBTRACT: (" - ", _ADD, _ADD, _SUM),
    MULTIPLY: ("·", _MULTIPLY, _MULTIPLY, _NEGATIVE),
    DIVIDE: (" / ", _MULTIPLY, _MULTIPLY, _POWER),
    POWER: ("^", _POWER, _ATOM, _ATOM),
}
_NAMES = {MAXIMUM: "max", MINIMUM: "min"}
_LETTERS = "ijklmrsuvabcdefghopqtwxyz"

_Text = tuple[str, int]


def formula(nest: LoopNest) -> str:
    """What a nest computes, one line for each output, then one for each part that has a name.

    Example:
        >>> from chainrule.graph.expression import Buffer, call
        >>> from chainrule.graph.dtype import float32
        >>> from chainrule.graph.loopnest import nest
        >>> i, k = Axis("i", 2), Axis("k", 3)
        >>> w, x, y = Buffer("w", (2, 3), float32), Buffer("x", (3,), float32), Buffer("y", (2,), float32)
        >>> product = call(MULTIPLY, Read(w, (Affine.of(i), Affine.of(k))), Read(x, (Affine.of(k),)))
        >>> print(formula(nest([i], y, call(MAXIMUM, Reduce(SUM, (k,), (product,)), Constant(0, float32)))))
        y[i] = max(Σ_{k} w[i,k]·x[k], 0)
    """
    lines = _Formula(nest).lines()
    return "\n".join(lines if len(lines) <= LINES else [*lines[:LINES], f"... and {len(lines) - LINES} lines more"])


def axis_names(nest: LoopNest) -> Mapping[Axis, str]:
    """What the axes of a nest are called in its formula."""
    return _named_axes(nest, nest.parts)


def plain(name: str) -> str:
    """A name without what a formula, or the comment that it stands in, would read as its own."""
    return re.sub(r"[^\w/.]", "_", name)


class _Formula:
    """The text of one nest while it grows."""

    def __init__(self, nest: LoopNest) -> None:
        self.nest = nest
        self.everything = nest.parts
        self.uses = Counter(id(child) for e in self.everything for child in e.children())
        self.axes = _named_axes(nest, self.everything)
        taken = {plain(b.name) for b in _buffers(nest, self.everything)}
        self.free_names = (name for k in count(1) if (name := f"t{k}") not in taken)
        self.texts: dict[int, _Text] = {}
        self.named: list[str] = []

    def lines(self) -> list[str]:
        outputs = [self.output(o) for o in self.nest.outputs]
        if self.nest.ordered:
            outputs[-1] += f", in order of {', '.join(self.axes[a] for a in self.nest.ordered)}"
        return outputs + [f"  where {line}" for line in self.named]

    def output(self, o: Output) -> str:
        for i in o.index:
            if isinstance(i, Expression):
                self.write(i)
        value = self.write(o.value)
        target = self.element(o.buffer.name, o.buffer.shape, o.index)
        if not o.accumulate:  # outputs after this one use its value
            self.texts[id(o.value)] = target, _ATOM
        return f"{target} {'+=' if o.accumulate else '='} {value}"

    # ------------------------------------------------------------------------------------------------------ expressions
    def write(self, root: Expression) -> str:
        """The text of an expression; children come before their parents, so that depth is no matter."""
        stack = [(root, False)]
        while stack:
            e, ready = stack.pop()
            if id(e) in self.texts:
                continue
            if ready:
                self.texts[id(e)] = self.text(e) if e is root else self.short(e, self.text(e))
            else:
                stack += [(e, True), *((child, False) for child in e.children())]
        return self.texts[id(root)][0]

    def short(self, e: Expression, text: _Text) -> _Text:
        """The text, or the name that stands for it from now on."""
        length = len(text[0])
        if not e.children() or length <= SHORT or (length <= LONG and self.uses[id(e)] < 2):
            return text
        own = [self.axes[a] for a in self.axes if a in e.free_axes and a not in self.nest.axes]
        name = next(self.free_names) + (f"[{','.join(own)}]" if own else "")
        self.named.append(f"{name} = {text[0]}")
        return name, _ATOM

    def text(self, e: Expression) -> _Text:
        match e:
            case Constant():
                return _constant(e)
            case Coordinate(index):
                return self.affine(index)
            case Live(sample):
                return f"{self.affine(sample)[0]} < batch", _COMPARE
            case Size(extent):
                return _extent(extent), _ATOM if isinstance(extent, int) or extent.multiple == 1 else _MULTIPLY
            case Read(buffer, index):
                return self.element(buffer.name, buffer.shape, index), _ATOM
            case Guard(conditions, value):
                tests = ", ".join(f"0 ≤ {self.affine(i)[0]} < {_extent(extent)}" for i, extent in conditions)
                return f"[{tests}]·{self.part(value, _NEGATIVE)}", _MULTIPLY
            case Reduce():
                return self.reduction(e)
            case Call(function, arguments):
                return self.call(function, arguments)
        return type(e).__name__, _ATOM

    def part(self, e: Expression, needed: int) -> str:
        text, strength = self.texts[id(e)]
        return text if strength >= needed else f"({text})"

    def call(self, function: ScalarFunction, arguments: Sequence[Expression]) -> _Text:
        if function in _OPERATORS:
            sign, own, left, right = _OPERATORS[function]
            a, b = self.part(arguments[0], left), self.part(arguments[1], right)
            return f"{a}{sign}{f'({b})' if b.startswith('-') else b}", own
        if function is NEGATIVE:
            operand = self.part(arguments[0], _POWER)
            return f"-{operand}", _NEGATIVE
        if function is NOT:
            return f"not {self.part(arguments[0], _COMPARE)}", _NOT
        if function is ABSOLUTE:
            return f"|{self.part(arguments[0], _OR)}|", _ATOM
        name = _NAMES.get(function, function.name.removeprefix("to_"))
        return f"{name}({', '.join(self.part(a, _OR) for a in arguments)})", _ATOM

    def reduction(self, e: Reduce) -> _Text:
        over = ",".join(self.axes[a] for a in e.axes)
        if e.monoid is SUM:
            return f"Σ_{{{over}}} {self.part(e.arguments[0], _MULTIPLY)}", _SUM
        if e.monoid is PLACE_OF_LARGEST and e.item == 1:
            return f"argmax_{{{over}}}({', '.join(self.part(a, _OR) for a in e.arguments)})", _ATOM
        name = "max" if e.monoid.name in ("maximum", "argmax") else e.monoid.name
        return f"{name}_{{{over}}}({self.part(e.arguments[e.item], _OR)})", _ATOM

    # ---------------------------------------------------------------------------------------------------------- indices
    def element(self, name: str, shape: Sequence[Extent], index: Sequence[Index]) -> str:
        if not index:
            return plain(name)
        return f"{plain(name)}[{','.join(self.index(i, x) for i, x in zip(index, shape, strict=True))}]"

    def index(self, i: Index, extent: Extent) -> str:
        if isinstance(i, Expression):
            return self.texts[id(i)][0]
        if isinstance(extent, Counted) and i == Affine():
            return extent.variable.removesuffix("s")  # the bank, or chunk, that is at work
        text = self.affine(i)[0]
        samples = isinstance(extent, int) and i.pure is not None and isinstance(i.pure.extent, Batch)
        return f"{text} mod {extent}" if samples and not isinstance(i.pure.extent, Counted) else text  # type: ignore[union-attr]

    def affine(self, index: Affine) -> _Text:
        terms = [
            self.axes[a] if c == 1 else f"-{self.axes[a]}" if c == -1 else f"{c}·{self.axes[a]}" for a, c in index.terms
        ]
        terms += [str(index.constant)] if index.constant or not terms else []
        strength = _ADD if len(terms) > 1 else _MULTIPLY if "·" in terms[0] else _ATOM
        return "+".join(terms).replace("+-", "-"), strength


def _extent(extent: Extent) -> str:
    return str(extent)


def _constant(e: Constant) -> _Text:
    if e.dtype is bool_:
        return str(bool(e.value)).lower(), _ATOM
    if not math.isfinite(e.value):
        return "NaN" if math.isnan(e.value) else "∞" if e.value > 0 else "-∞", _ATOM
    with np.errstate(over="ignore"):
        text = str(e.dtype.numpy.type(e.value)) if e.dtype.floating else str(int(e.value))
    text = text.removesuffix(".0")
    return text, _NEGATIVE if text.startswith("-") else _ATOM


# ---------------------------------------------------------------------------------------------------------------- names
def _buffers(nest: LoopNest, everything: Sequence[Expression]) -> list[Buffer]:
    return [*(o.buffer for o in nest.outputs), *(e.buffer for e in everything if isinstance(e, Read))]


def _mentioned(nest: LoopNest, everything: Sequence[Expression]) -> list[Axis]:
    """All axes, those of the nest first."""
    found = [a for e in everything for a in (e.axes if isinstance(e, Reduce) else _sorted(e.own_axes()))]
    return list(dict.fromkeys(chain(nest.axes, found)))


def _sorted(axes: frozenset[Axis]) -> list[Axis]:
    return sorted(axes, key=lambda a: a.name)


def _named_axes(nest: LoopNest, everything: Sequence[Expression]) -> Mapping[Axis, str]:
    """Short names: n for samples, the letter that an axis was declared with where it is free, or the next that is."""
    names: dict[Axis, str] = {}
    letters = chain(_LETTERS, (f"i{k}" for k in count(1)))
    axes = _mentioned(nest, everything)
    taken: set[str] = set()
    waiting: list[Axis] = []
    for a in axes:
        stem = a.name.split(".")[0]
        samples = isinstance(a.extent, Batch) and not isinstance(a.extent, Counted)
        wanted = "n" if samples else stem
        known = samples or len(stem) == 1 or isinstance(a.extent, Counted) or stem == "lane"
        if known and wanted not in taken:
            names[a] = wanted
            taken.add(wanted)
        else:
            waiting.append(a)
    for a in waiting:
        names[a] = next(letter for letter in letters if letter not in taken)
        taken.add(names[a])
    return {a: names[a] for a in axes}
