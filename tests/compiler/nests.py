"""Loop nests written by hand as nodes of a graph, so that the whole compiler runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from chainrule.execute.native import NativeProgram
from chainrule.graph.expression import Buffer, Expression, Read, rewrite
from chainrule.graph.loopnest import LoopNest, Output
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.tensor import Tensor, apply, input_tensor
from tests.execute.agreement import quick_target

Nests = Sequence[LoopNest]


class HandWritten(Primitive):
    """An operation that is nothing but its loop nests, a function of the output's buffer and the inputs'."""

    name = "hand_written"

    def __init__(self, result: Type, nests: Callable[[Buffer, Sequence[Buffer]], Nests]) -> None:
        self.result, self.nests = result, nests

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return self.result

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Nests:
        return self.nests(output, inputs)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        raise NotImplementedError

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        raise NotImplementedError

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        raise NotImplementedError

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        raise NotImplementedError


def written(result: Buffer, nests: Nests, inputs: Sequence[Buffer]) -> tuple[Tensor, list[Tensor]]:
    """A tensor for what the nests write to a buffer, and one for each buffer that they read."""

    def placed(output: Buffer, buffers: Sequence[Buffer]) -> Nests:
        by = dict(zip((result, *inputs), (output, *buffers), strict=True))
        return [_moved(n, by) for n in nests]

    given = [input_tensor(f"x{k}", b.shape, b.dtype) for k, b in enumerate(inputs)]
    return apply(HandWritten(Type(result.shape, result.dtype), placed), *given), given


def compute(result: Buffer, nests: Nests, inputs: Mapping[Buffer, Array], batch: int | None = None) -> Array:
    """What the nests write to a buffer."""
    return computed([(result, nests, inputs)], batch)[0]


def computed(cases: Sequence[tuple[Buffer, Nests, Mapping[Buffer, Array]]], batch: int | None = None) -> list[Array]:
    """What each of many nests writes, all in one program."""
    outputs: list[Tensor] = []
    bindings: dict[Tensor, Array] = {}
    for result, nests, inputs in cases:
        y, given = written(result, nests, list(inputs))
        outputs.append(y)
        bindings |= dict(zip(given, inputs.values(), strict=True))
    return NativeProgram(outputs, target=quick_target()).run(bindings, batch=batch)


def _moved(n: LoopNest, by: Mapping[Buffer, Buffer]) -> LoopNest:
    """The nest over other buffers."""

    def rule(e: Expression) -> Expression:
        return replace(e, buffer=by[e.buffer]) if isinstance(e, Read) else e

    outputs = tuple(
        Output(
            by[o.buffer],
            tuple(rewrite(i, rule) if isinstance(i, Expression) else i for i in o.index),
            rewrite(o.value, rule),
            o.accumulate,
        )
        for o in n.outputs
    )
    return replace(n, outputs=outputs)
