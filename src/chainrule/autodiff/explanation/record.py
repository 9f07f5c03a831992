"""What an explanation consists of: plain data, in the order in which it is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chainrule.autodiff.explanation.formula import Formula, Symbol
from chainrule.graph.operation import Array

if TYPE_CHECKING:
    from chainrule.graph.tensor import Tensor

Mode = Literal["reverse", "forward", "none"]


@dataclass(frozen=True, eq=False)
class Given:
    """A value that comes from outside."""

    node: Tensor
    symbol: Symbol
    value: Array


@dataclass(frozen=True, eq=False)
class ValueStep:
    """A step of the forward pass: `left = formula`, of these inputs, gives this value.

    `opens` says that the step consists of others, which `open` shows.
    """

    node: Tensor
    symbol: Symbol
    operation: str
    inputs: tuple[Formula, ...]
    left: Formula
    formula: Formula
    value: Array
    opens: bool


@dataclass(frozen=True, eq=False)
class Contribution:
    """What comes along one edge of the graph: arriving × local derivative.

    step, source      the symbols at the ends of the edge: step = f(source, ...)
    arriving          dL/dstep in reverse mode; the derivative of the source in forward mode
    local             ∂step/∂source, and, where it is declared, its formula
    local_value       for an elementwise step an array of the step's shape; otherwise one of the step's shape and then
                      the source's, or None where that would be large
    left, product     what is contributed to, and the product of both, in symbols
    adds              whether `product` adds to the elements of `left` that its letters meet, and not to each once
    value             its numbers, of the shape of what is derived
    """

    step: Symbol
    source: Symbol
    arriving: Formula
    arriving_value: Array
    local: Formula
    local_formula: Formula | None
    local_value: Array | None
    left: Formula
    product: Formula
    adds: bool
    value: Array


@dataclass(frozen=True, eq=False)
class DerivativeStep:
    """One derivative: the sum over all edges that lead to it."""

    node: Tensor
    symbol: Symbol
    derivative: Formula
    contributions: tuple[Contribution, ...]
    value: Array


@dataclass(frozen=True, eq=False)
class Path:
    """One way from a leaf to the result: the local derivatives on it, from the result on, and their product."""

    leaf: Symbol
    factors: tuple[Formula, ...]
    numbers: tuple[float, ...]
    value: float
