"""Loop nests: the plain data that every operation lowers to. Nothing from here on knows an operation.

A nest computes each point of its axes independently, but for the ordered ones, along which it may read what it has
already written. A reduction is an expression, so that a fused kernel is again a nest whose expression holds another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import Buffer, Expression, Index, Read, parts


@dataclass(frozen=True)
class Output:
    """buffer[index] = value, or += for a scatter, whose index may meet an element more than once."""

    buffer: Buffer
    index: tuple[Index, ...]
    value: Expression
    accumulate: bool = False


@dataclass(frozen=True)
class LoopNest:
    """for axes: output.buffer[output.index] = output.value; `ordered` axes run from first to last, innermost."""

    axes: tuple[Axis, ...]
    outputs: tuple[Output, ...]
    ordered: tuple[Axis, ...] = ()

    @cached_property
    def parts(self) -> tuple[Expression, ...]:
        """All that its values and indirect indices consist of, each object once, the outermost first."""
        roots = [o.value for o in self.outputs]
        roots += [i for o in self.outputs for i in o.index if isinstance(i, Expression)]
        return tuple(parts(*roots))

    def reads(self) -> list[Read]:
        return list(dict.fromkeys(e for e in self.parts if isinstance(e, Read)))


def nest(axes: Sequence[Axis], buffer: Buffer, value: Expression, index: Sequence[Index] | None = None) -> LoopNest:
    """A nest with one output, by default at the axes themselves."""
    return LoopNest(tuple(axes), (Output(buffer, tuple(index if index is not None else map(Affine.of, axes)), value),))


def axes_of(buffer: Buffer, prefix: str = "a") -> list[Axis]:
    """One axis for each dimension of a buffer."""
    return [Axis(f"{prefix}{k}", extent) for k, extent in enumerate(buffer.shape)]
