"""Loop nests as plain C: row-major loops in the order of the axes, no tiling, nothing fused.

Slow, but obvious: it shows that the declarations of the operations are right before anything clever rests on them.
Every index but an axis of the array's own extent is checked, so that a wrong nest is found instead of run.
"""

from __future__ import annotations

import math
import re
from collections import ChainMap
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import DType, bool_, float32, int64, uint8
from chainrule.graph.expression import Buffer, Call, Constant, Coordinate, Expression, Guard, Index, Read, Reduce, Size
from chainrule.graph.extent import Extent
from chainrule.graph.loopnest import LoopNest

# Integers of every type pass through int64 and are cut to their own type when they are stored.
_PRELUDE = """\
#include <math.h>
#include <stdint.h>

static inline int inside(int64_t index, int64_t extent) { return 0 <= index && index < extent; }

#define FUNCTIONS(name, type, absolute)                                                          \\
  static inline type maximum_##name(type a, type b) { return a >= b || a != a ? a : b; }         \\
  static inline type minimum_##name(type a, type b) { return a <= b || a != a ? a : b; }         \\
  static inline type absolute_##name(type a) { return absolute; }                                \\
  static inline type sign_##name(type a) { return a != a ? a : (type)((a > 0) - (a < 0)); }
FUNCTIONS(float, float, fabsf(a))
FUNCTIONS(double, double, fabs(a))
FUNCTIONS(integer, int64_t, a < 0 ? -a : a)
#define OF_TYPE(name, x) _Generic((x), float: name##_float, double: name##_double, default: name##_integer)
#define MAXIMUM(a, b) OF_TYPE(maximum, (a) + (b))(a, b)
#define MINIMUM(a, b) OF_TYPE(minimum, (a) + (b))(a, b)
#define ABSOLUTE(a) OF_TYPE(absolute, a)(a)
#define SIGN(a) OF_TYPE(sign, a)(a)
"""


@dataclass(frozen=True)
class Kernel:
    """One C function to be: nests that run one after the other over these buffers, its arguments in this order."""

    name: str
    nests: Sequence[LoopNest]
    buffers: Sequence[Buffer]


def emit(kernels: Sequence[Kernel]) -> str:
    """One C text for all kernels: `int name(void **arrays, int64_t batch)` each.

    It returns 0, or the number (from 1) of the array that an index would have left.
    """
    return "\n".join([_PRELUDE, *(_Function(kernel).text() for kernel in kernels)])


@dataclass(frozen=True)
class _Named(Expression):
    """A value that already has a name in the C text."""

    name: str
    type: DType

    @property
    def dtype(self) -> DType:
        return self.type


class _Function:
    """The C text of one kernel while it grows.

    `known` says, for the blocks that are open, which name holds an expression (by its identity: shared parts of a large
    expression are visited once) or the result of a statement (by its text: equal parts are computed once).
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.lines: list[str] = []
        self.indent = ""
        self.made = 0
        self.known: ChainMap[int | str, str] = ChainMap()
        self.visited: list[Expression] = []  # kept alive, so that no identity is given out twice
        self.variables: ChainMap[Axis, str] = ChainMap()
        self.arrays = {buffer: self.name(buffer.name) for buffer in kernel.buffers}

    def text(self) -> str:
        with self.block(f"int {self.kernel.name}(void **arrays, int64_t batch)"):
            for k, (buffer, name) in enumerate(self.arrays.items()):
                self.write(f"{buffer.dtype.c} *const {name} = arrays[{k}];")
            for nest in self.kernel.nests:
                parallel = tuple(axis for axis in nest.axes if axis not in nest.ordered)
                with self.block(""), self.loops((*parallel, *nest.ordered)):
                    self.outputs(nest)
            self.write("return 0;")
        return "\n".join(self.lines) + "\n"

    # ------------------------------------------------------------------------------------------------- statements
    def write(self, line: str) -> None:
        self.lines.append(self.indent + line)

    def name(self, stem: str) -> str:
        """A fresh C name."""
        self.made += 1
        return f"{re.sub('[^A-Za-z0-9]', '', stem).lstrip('0123456789') or 'v'}_{self.made}"

    def new(self, dtype: DType, text: str) -> str:
        """A fresh variable that starts with this value."""
        name = self.name("t")
        self.write(f"{dtype.c} {name} = {text};")
        return name

    def computed(self, dtype: DType, text: str) -> str:
        """The variable that holds the value of a C expression over names."""
        key = f"{dtype.c} {text}"
        if key not in self.known:
            self.known[key] = self.new(dtype, text)
        return self.known[key]

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """A C block; what becomes known in it is forgotten at its end."""
        outer = self.indent, self.known, self.variables
        self.write(f"{head} {{".lstrip())
        self.indent, self.known, self.variables = f"{self.indent}  ", self.known.new_child(), self.variables.new_child()
        yield
        self.indent, self.known, self.variables = outer
        self.write("}")

    @contextmanager
    def loops(self, axes: Sequence[Axis]) -> Iterator[None]:
        with ExitStack() as stack:
            for axis in axes:
                i = self.name(axis.name)
                stack.enter_context(self.block(f"for (int64_t {i} = 0; {i} < {_extent(axis.extent)}; {i}++)"))
                if axis in self.variables:  # nothing known outside holds for this loop's values of the axis
                    self.known = ChainMap()
                self.variables[axis] = i
            yield

    def outputs(self, nest: LoopNest) -> None:
        values = [self.value(output.value) for output in nest.outputs]
        places = [self.element(output.buffer, output.index) for output in nest.outputs]
        for output, place, value in zip(nest.outputs, places, values, strict=True):
            self.write(f"{place} {'+=' if output.accumulate else '='} {value};")

    # ----------------------------------------------------------------------------------------------------- values
    def value(self, expression: Expression) -> str:
        """A literal, or the name of the variable that holds the value here."""
        if id(expression) not in self.known:
            self.visited.append(expression)
            self.known[id(expression)] = self.written(expression)
        return self.known[id(expression)]

    def written(self, expression: Expression) -> str:
        match expression:
            case Constant(number, dtype):
                return _literal(number, dtype)
            case _Named(name):
                return name
            case Coordinate(index):
                return self.computed(int64, self.affine(index))
            case Size(extent):
                return self.computed(int64, _extent(extent))
            case Read(buffer, index):
                return self.computed(buffer.dtype, self.element(buffer, index))
            case Call():
                return self.called(expression)
            case Guard():
                return self.guarded(expression)
            case Reduce():
                return self.reduced(expression)
        raise TypeError(expression)

    def called(self, call: Call) -> str:
        kind = call.arguments[-1].dtype  # a condition comes first
        arguments = [self.value(argument) for argument in call.arguments]
        text = call.function.c.format(*arguments, f="f" if kind is float32 else "")
        # as in NumPy, a sum of bools is 'or': a bool is never 2
        return self.computed(call.dtype, f"{text} != 0" if call.dtype is bool_ and not call.function.result else text)

    def guarded(self, guard: Guard) -> str:
        result = self.new(guard.dtype, "0")
        tests = [f"inside({self.affine(index)}, {_extent(extent)})" for index, extent in guard.conditions]
        with self.block(f"if ({' && '.join(tests) or 1})"):
            self.known |= dict.fromkeys(tests, "1")
            self.write(f"{result} = {self.value(guard.value)};")
        return result

    def reduced(self, reduce: Reduce) -> str:
        dtypes = [argument.dtype for argument in reduce.arguments]
        identity = zip(dtypes, reduce.monoid.identity, strict=True)
        totals = [self.new(dtype, _literal(number, dtype)) for dtype, number in identity]
        with self.loops(reduce.axes):
            old = tuple(map(_Named, totals, dtypes))
            new = tuple(_Named(self.value(a), a.dtype) for a in reduce.arguments)
            for total, value in zip(totals, [self.value(e) for e in reduce.monoid.combine(old, new)], strict=True):
                self.write(f"{total} = {value};")
        return totals[reduce.item]

    # ---------------------------------------------------------------------------------------------------- indices
    def affine(self, index: Affine) -> str:
        terms = [self.variables[axis] if c == 1 else f"{c} * {self.variables[axis]}" for axis, c in index.terms]
        constant = [str(index.constant)] if terms and index.constant else []
        return " + ".join([*terms, *constant] or [f"{index.constant}LL"]).replace("+ -", "- ")

    def element(self, buffer: Buffer, index: tuple[Index, ...]) -> str:
        """buffer[index], after a check of what is not plainly inside."""
        place = ""
        for i, extent in zip(index, buffer.shape, strict=True):
            text = self.affine(i) if isinstance(i, Affine) else f"(int64_t){self.value(i)}"
            axis = i.pure if isinstance(i, Affine) else None
            if axis is None or axis.extent != extent:
                test = f"inside({text}, {_extent(extent)})"
                if test not in self.known:
                    self.known[test] = "1"
                    self.write(f"if (!{test}) return {self.kernel.buffers.index(buffer) + 1};")
            outer = place if place.isidentifier() else f"({place})"
            place = f"{outer} * {_extent(extent)} + {text}" if place else text
        return f"{self.arrays[buffer]}[{place or 0}]"


def _extent(extent: Extent) -> str:
    if isinstance(extent, int):
        return str(extent)
    return "batch" if extent.multiple == 1 else f"({extent.multiple} * batch)"


def _literal(number: float, dtype: DType) -> str:
    """A number as C writes it; an infinity is the end of an integer type's range."""
    if dtype.floating:
        with np.errstate(over="ignore"):
            value = dtype.numpy.type(number)
        if not np.isfinite(value):
            return "NAN" if np.isnan(value) else "INFINITY" if number > 0 else "(-INFINITY)"
        text = f"{value!s}{'f' if dtype is float32 else ''}"
        return f"({text})" if text.startswith("-") else text
    bits = 1 if dtype is bool_ else 8 * dtype.numpy.itemsize
    low, high = (0, 2**bits - 1) if dtype in (bool_, uint8) else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    integer = int(number) if math.isfinite(number) else high if number > 0 else low
    if integer == -(2**63):  # C has no negative literals
        return "INT64_MIN"
    text = f"{integer}LL" if dtype is int64 else str(integer)
    return f"({text})" if integer < 0 else text
