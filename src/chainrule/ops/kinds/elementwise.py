"""Elementwise operations: a scalar formula applied everywhere, with NumPy's broadcasting."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, UsageError
from chainrule.graph import formula
from chainrule.graph.affine import Affine
from chainrule.graph.dtype import DType, bool_, promote
from chainrule.graph.expression import Buffer, Expression, Read, call
from chainrule.graph.extent import Extent, Shape, show_shape
from chainrule.graph.loopnest import LoopNest, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.scalar import ScalarFunction
from chainrule.graph.tensor import Tensor, apply
from chainrule.messages import Message
from chainrule.ops.kinds.conversion import lift, lift_numbers, lift_selection
from chainrule.ops.kinds.indexed import Indexed

_BROADCAST = Message(
    "elementwise.broadcast",
    en="{operation}: shapes {shapes} do not broadcast: along axis {axis} (from the end) they have {extents}. Sizes "
    "must be equal, or 1.",
    zh="{operation}：形状 {shapes} 无法广播：从末尾数第 {axis} 轴的大小为 {extents}。大小必须相等或为 1。",
)
_BROADCAST_TO = Message(
    "elementwise.broadcast_to",
    en="broadcast_to: shape {shape} cannot be repeated to {target}, which is smaller. Axes are added in front, and "
    "axes of size 1 repeated; cr.sum takes axes away.",
    zh="broadcast_to：形状 {shape} 无法重复为更小的 {target}。只能在前面添加轴，并重复大小为 1 的轴；cr.sum 可去掉轴。",
)
_ARITY = Message(
    "elementwise.arity",
    en="{operation} takes {expected} operands, but was given {given}.",
    zh="{operation} 需要 {expected} 个操作数，但给出了 {given} 个。",
)

Partial = Tensor | float | None  # a condition stands for 1 where it holds, 0 elsewhere
Interval = tuple[float, float]
REAL: Interval = (-math.inf, math.inf)
POSITIVE: Interval = (1e-300, math.inf)


@dataclass(frozen=True, eq=False)
class Elementwise(Primitive):
    """A scalar formula applied everywhere.

        sigmoid = Elementwise("sigmoid", "1 / (1 + exp(-x))", partials=lambda y, x: (y * (1 - y),))

    The formula's names, in order of appearance, are the inputs; a ScalarFunction may stand in its place. `partials`
    gives the derivative by each input, written with tensors (None where there is none; a condition for 1 where it
    holds and 0 elsewhere): both modes, of every order, follow. `lift` makes the operands tensors of the types that the
    formula takes. `domain` holds, for each input, the values for which formula and derivative are meant; `kinks` are
    the points of a function of one input that have no derivative, where `convention` says what is used. What `help`
    prints is made from all of these.
    """

    name: str
    formula: str | ScalarFunction
    partials: Callable[..., tuple[Partial, ...]] | None = None
    lift: Callable[[Iterable[Any]], list[Tensor]] = lift
    domain: tuple[Interval, ...] = ()
    kinks: tuple[float, ...] = ()
    convention: str = ""
    summary: str = ""
    source: str = ""
    example: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "__doc__", self._documentation())
        operands = [Parameter(name, Parameter.POSITIONAL_ONLY) for name in self.arguments]
        object.__setattr__(self, "__signature__", Signature(operands))

    def _documentation(self) -> str:
        """The docstring, made of the declaration."""
        arguments = ", ".join(self.arguments)
        written = self.formula if isinstance(self.formula, str) else f"{self.formula.name}({arguments})"
        bounds = [
            f"{name} in ({low:g}, {high:g})"
            for name, (low, high) in zip(self.arguments, self.domain, strict=False)
            if (low, high) != REAL
        ]
        entries = {
            "Shapes:": f"{arguments} broadcast as in NumPy; the result has their common shape",
            "Domain:": ", ".join(bounds),
            "Gradient:": self.convention,
            "Raises:": "ShapeError if shapes do not broadcast." if len(self.arguments) > 1 else "",
            "Source:": self.source,
        }
        lines = [f"{self.summary}", "", f"    y = {written}", ""]
        lines += [f"{label:<10}{text}" for label, text in entries.items() if text]
        lines += ["Example:", *(f"    {line}" for line in self.example.splitlines())] if self.example else []
        return "\n".join(lines) + "\n"

    @cached_property
    def expression(self) -> Expression:
        if isinstance(self.formula, str):
            return formula.parse_scalar(self.formula)
        return call(self.formula, *(formula.Argument(name) for name in "xyz"[: self.formula.arity]))

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        return formula.argument_names(self.expression)

    def interval(self, argument: int) -> Interval:
        return self.domain[argument] if self.domain else REAL

    def __call__(self, *operands: Any) -> Tensor:
        if len(operands) != len(self.arguments):
            expected = f"{self.name}({', '.join(self.arguments)})"
            raise UsageError(_ARITY(operation=expected, expected=len(self.arguments), given=len(operands)))
        return apply(self, *self.lift(operands))

    # ------------------------------------------------------------------------------------------- type and value
    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        shape = broadcast_shape(self.name, [x.shape for x in inputs])
        dtype = self._operands(inputs)
        reads = {n: Read(Buffer(n, (), x.dtype), ()) for n, x in zip(self.arguments, inputs, strict=True)}
        return Type(shape, formula.bind(self.expression, reads, dtype).dtype)

    @staticmethod
    def _operands(inputs: Sequence[Tensor | Buffer]) -> DType:
        """The type of the numbers in the formula: that of the inputs, conditions aside."""
        return promote(bool_, *(x.dtype for x in inputs))

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        named = dict(zip(self.arguments, inputs, strict=True))
        return np.asarray(formula.evaluate(self.expression, named, self._operands(y.inputs)), y.dtype.numpy)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        axes = axes_of(output)
        reads: dict[str, Expression] = {}
        for name, x in zip(self.arguments, inputs, strict=True):
            aligned = zip(axes[len(axes) - len(x.shape) :], x.shape, strict=True)
            reads[name] = Read(x, tuple(Affine() if e == 1 and a.extent != 1 else Affine.of(a) for a, e in aligned))
        return (nest(axes, output, formula.bind(self.expression, reads, self._operands(y.inputs))),)

    # ---------------------------------------------------------------------------------------------- derivatives
    def _partials(self, y: Tensor) -> tuple[Partial, ...]:
        return self.partials(y, *y.inputs) if self.partials is not None else (None,) * len(y.inputs)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        total: Tensor | None = None
        for partial, tangent in zip(self._partials(y), tangents, strict=True):
            if partial is not None and tangent is not None:
                term = broadcast_to(scaled(tangent, partial), y.shape)
                total = term if total is None else total + term
        return total

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [
            None if partial is None else sum_to(scaled(cotangent, partial), x.shape)
            for partial, x in zip(self._partials(y), y.inputs, strict=True)
        ]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        rank = len(y.shape)  # of one sample: size-1 axes go between the batch and shorter samples
        return apply(self, *(lead(x, rank) if b else x for x, b in zip(inputs, batched, strict=True)))


def scaled(tensor: Tensor, factor: Tensor | float) -> Tensor:
    """The product, where a condition selects: what it rules out is zero, even if it is infinite."""
    if isinstance(factor, Tensor):
        return where(factor, tensor, 0.0) if factor.dtype is bool_ else tensor * factor
    return tensor if factor == 1 else -tensor if factor == -1 else tensor * factor


# Declared beside the kind, whose derivatives select by the first and take sums of the others apart.
where: Elementwise = Elementwise(
    "where",
    "where(condition, a, b)",
    partials=lambda y, condition, a, b: (None, condition, _not(condition)),
    lift=lift_selection,
    summary="a where the condition holds, b elsewhere.",
    example=">>> where([True, False], [1.0, 2.0], 0.0)\nTensor([1. 0.], shape=(2,), dtype=float32)",
)


multiply = Elementwise(
    "multiply", "a * b", lift=lift_numbers,
    partials=lambda y, a, b: (b, a),
    summary="Product of two tensors, element by element.",
    example=">>> multiply([1.0, 2.0], 10)\nTensor([10. 20.], shape=(2,), dtype=float32)",
)  # fmt: skip
negative = Elementwise(
    "negative", "-x", lift=lift_numbers,
    partials=lambda y, x: (-1,),
    summary="The tensor with its sign turned.",
    example=">>> negative([1.0, -2.0])\nTensor([-1.  2.], shape=(2,), dtype=float32)",
)  # fmt: skip


def _not(condition: Tensor) -> Tensor:
    return condition == False  # noqa: E712 - elementwise


def broadcast_shape(name: str, shapes: Sequence[Shape]) -> Shape:
    """NumPy's rule: align at the end; sizes are equal or 1."""
    rank = max(map(len, shapes))
    columns = zip(*((1,) * (rank - len(s)) + tuple(s) for s in shapes), strict=True)
    result: list[Extent] = []
    for k, extents in enumerate(columns):
        sizes = set(extents) - {1}
        if len(sizes) > 1:
            apart = {shape: e for shape, e in zip(shapes, extents, strict=True) if e != 1}  # the others would fit
            shown = " and ".join(map(show_shape, apart))
            found = " and ".join(map(str, apart.values()))
            raise ShapeError(_BROADCAST(operation=name, shapes=shown, axis=k - rank, extents=found))
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def _letters(shape: Shape) -> list[str]:
    return [f"a{k}" for k in range(len(shape))]


def broadcast_to(x: Tensor, shape: Shape) -> Tensor:
    """x repeated along new leading axes and axes of size 1."""
    if x.shape == tuple(shape):
        return x
    if broadcast_shape("broadcast_to", [x.shape, shape]) != tuple(shape):
        raise ShapeError(_BROADCAST_TO(shape=show_shape(x.shape), target=show_shape(shape)))
    letters = _letters(shape)
    aligned = list(zip(letters[len(shape) - x.ndim :], x.shape, shape[len(shape) - x.ndim :], strict=True))
    own = ["0" if e == 1 and target != 1 else a for a, e, target in aligned]
    given = {a: e for a, e in zip(letters, shape, strict=True) if a not in own}
    return Indexed("broadcast_to", f"y[{','.join(letters)}] += x[{','.join(own)}]")(x, **given)


def sum_to(x: Tensor, shape: Shape) -> Tensor:
    """The transpose of broadcast_to: sum over the axes along which something of this shape was repeated.

    Factors that are the same all along these axes are taken out of the sum: Σ a·b = b·Σ a. So the gradients by scale,
    center and offset of a normalisation share the few sums that there are.
    """
    if x.shape == tuple(shape):
        return x
    if x.operation is negative:
        return -sum_to(x.inputs[0], shape)
    if x.operation is multiply:
        for factor, rest in (x.inputs, x.inputs[::-1]):
            if rest.shape == x.shape and _spans_no_more(factor.shape, shape):
                return sum_to(rest, shape) * factor
    letters = _letters(x.shape)
    extra = x.ndim - len(shape)
    kept = ["0" if e == 1 and x.shape[extra + k] != 1 else letters[extra + k] for k, e in enumerate(shape)]
    return Indexed("sum", f"y[{','.join(kept)}] += x[{','.join(letters)}]")(x, shape=tuple(shape))


def _spans_no_more(shape: Shape, target: Shape) -> bool:
    """Whether a tensor of the one shape broadcasts to the other without making it larger."""
    aligned = zip(reversed(shape), reversed(target), strict=False)
    return len(shape) <= len(target) and all(e in (1, t) for e, t in aligned)


def lead(x: Tensor, rank: int) -> Tensor:
    """A batched sample with size-1 axes behind its batch axis, so that samples of several ranks align."""
    if x.ndim == rank + 1:
        return x
    letters = [f"a{k}" for k in range(x.ndim)]
    spread = [letters[0], *["0"] * (rank + 1 - x.ndim), *letters[1:]]
    return Indexed("expand", f"y[{','.join(spread)}] += x[{','.join(letters)}]")(x)
