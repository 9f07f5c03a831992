"""From tensors to loop nests: one buffer for each value, equal nodes once, what nothing needs left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from chainrule.compiler.expressions import Expressions, substituted_index
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expansion import expanded_inputs
from chainrule.graph.expression import Buffer, Constant, Expression, Guard, Read, Reduce, Size, parts
from chainrule.graph.extent import Batch, concrete, concrete_shape
from chainrule.graph.loopnest import LoopNest, Output, nest
from chainrule.graph.operation import Expandable, Primitive
from chainrule.graph.tensor import NUMBER, SOURCE, Tensor
from chainrule.graph.traversal import topological


@dataclass(frozen=True, eq=False)
class Lowered:
    """A graph as loop nests, producers first.

    inputs     the buffers that are given from outside, by the tensors they hold
    outputs    the buffers of the tensors that were asked for, in their order
    nests      what fills all other buffers; several nests may fill parts of one
    origin     for each buffer, the operation it is the result of, for people who read the C
    """

    inputs: dict[Tensor, Buffer]
    outputs: list[Buffer]
    nests: list[LoopNest]
    origin: dict[Buffer, Tensor] = field(default_factory=dict)


def is_sample_shape(shape: Sequence[object]) -> bool:
    """Whether the first axis, and no other, is the batch itself."""
    return bool(shape) and shape[0] == Batch(1) and not any(isinstance(e, Batch) for e in shape[1:])


def has_batch(shape: Sequence[object]) -> bool:
    return any(isinstance(e, Batch) for e in shape)


def lower(outputs: Sequence[Tensor], expressions: Expressions) -> Lowered:
    """The loop nests of everything that the outputs need. Values that are known already are inputs."""
    order = topological(list(outputs), needed)
    same = _same_nodes(order)
    buffers: dict[Tensor, Buffer] = {}
    inputs: dict[Tensor, Buffer] = {}
    origin: dict[Buffer, Tensor] = {}
    nests: list[LoopNest] = []
    used: dict[str, int] = {}
    for node in order:
        if same[node] is not node:
            buffers[node] = buffers[same[node]]
            continue
        if isinstance(node.operation, Expandable) and node.value is None:
            buffers[node] = buffers[node.expansion]
            continue
        stem = node.name or node.operation.name
        used[stem] = used.get(stem, 0) + 1
        buffer = Buffer(stem if used[stem] == 1 else f"{stem}_{used[stem]}", node.shape, node.dtype)
        buffers[node], origin[buffer] = buffer, node
        if node.operation is NUMBER:
            value = expressions.unique(Constant(node.attributes["value"], node.dtype))
            nests.append(nest([], buffer, value, []))
        elif node.value is not None or node.operation is SOURCE:
            inputs[node] = buffer
        else:
            assert isinstance(node.operation, Primitive)
            made = node.operation.lower(node, buffer, [buffers[x] for x in node.inputs])
            nests += [plain for n in made if (plain := normalised(n, expressions)) is not None]
    results = [buffers[node] for node in outputs]
    return Lowered(inputs, results, inlined_constants(nests, results, expressions), origin)


def needed(node: Tensor) -> tuple[Tensor, ...]:
    """Compilation starts at values that are already known."""
    return () if node.value is not None else expanded_inputs(node)


def _same_nodes(order: Sequence[Tensor]) -> dict[Tensor, Tensor]:
    """For each node the first one that computes the same."""
    first: dict[Hashable, Tensor] = {}
    same: dict[Tensor, Tensor] = {}
    for node in order:
        if isinstance(node.operation, Expandable) and node.value is None:
            same[node] = node
            continue
        own = node.operation is SOURCE or (node.value is not None and node.operation is not NUMBER)
        if own:
            same[node] = node
            continue
        inputs = tuple(id(same[resolved_node(x)]) for x in node.inputs)
        attributes = tuple((k, repr(v)) for k, v in sorted(node.attributes.items()))
        key = (node.operation, attributes, inputs, node.type)
        same[node] = first.setdefault(key, node)
    return same


def resolved_node(node: Tensor) -> Tensor:
    """The node that computes the value: the body's, where an operation is made of others."""
    while isinstance(node.operation, Expandable) and node.value is None:
        node = node.expansion
    return node


def normalised(n: LoopNest, expressions: Expressions) -> LoopNest | None:
    """The nest without axes of extent 1; None where it has no points."""
    if any(a.extent == 0 for a in n.axes):
        return None
    units = {a: Affine() for a in n.axes if a.extent == 1}
    outputs = tuple(
        Output(
            o.buffer,
            tuple(
                expressions.substituted(expressions.adopted(i), units)
                if isinstance(i, Expression)
                else substituted_index(i, units)
                for i in o.index
            ),
            _apart(n.axes, expressions.substituted(expressions.adopted(o.value), units), expressions),
            o.accumulate,
        )
        for o in n.outputs
    )
    keep = tuple(a for a in n.axes if a not in units)
    return LoopNest(keep, outputs, tuple(a for a in n.ordered if a not in units))


def _apart(axes: tuple[Axis, ...], value: Expression, expressions: Expressions) -> Expression:
    """No reduction binds an axis of the nest or of one around it, so that axes can be put in the place of others."""
    sums = [e for e in parts(value) if isinstance(e, Reduce)]
    inside = any(
        a in e.axes for e in sums for x in e.arguments for i in parts(x) if isinstance(i, Reduce) for a in i.axes
    )
    clash = any(a in axes for e in sums for a in e.axes)
    return expressions.with_fresh_reductions(value) if clash or inside else value


def inlined_constants(nests: list[LoopNest], outputs: list[Buffer], expressions: Expressions) -> list[LoopNest]:
    """Numbers stand where they are used; nests whose result nothing reads are left out."""
    writers = Counter(o.buffer for n in nests for o in n.outputs)
    numbers: dict[Buffer, Expression] = {}

    def rule(e: Expression) -> Expression:
        return numbers.get(e.buffer, e) if isinstance(e, Read) else e

    kept: list[LoopNest] = []
    for n in nests:
        new = expressions.nest(n, rule)
        (o,) = new.outputs
        if not new.axes and isinstance(o.value, Constant) and writers[o.buffer] == 1 and o.buffer not in outputs:
            numbers[o.buffer] = o.value  # arithmetic of numbers is a number
        else:
            kept.append(new)
    return alive(kept, outputs)


def alive(nests: Sequence[LoopNest], outputs: Sequence[Buffer]) -> list[LoopNest]:
    """The nests whose results are needed, directly or not."""
    needed = set(outputs)
    found: list[LoopNest] = []
    for n in reversed(nests):
        if any(o.buffer in needed for o in n.outputs):
            found.append(n)
            needed |= {e.buffer for o in n.outputs for e in parts(o.value) if isinstance(e, Read)}
            needed |= {
                e.buffer
                for o in n.outputs
                for i in o.index
                if isinstance(i, Expression)
                for e in parts(i)
                if isinstance(e, Read)
            }
    return found[::-1]


def for_batch(lowered: Lowered, size: int, expressions: Expressions) -> Lowered:
    """The same nests for batches of one size: no axis is symbolic, and what had a batch is an array like any other."""
    buffers: dict[Buffer, Buffer] = {}

    def known(b: Buffer) -> Buffer:
        if b not in buffers:
            buffers[b] = Buffer(b.name, concrete_shape(b.shape, size), b.dtype) if has_batch(b.shape) else b
        return buffers[b]

    def rule(e: Expression) -> Expression:
        match e:
            case Read(buffer, index):
                return Read(known(buffer), index)
            case Size(extent):
                return Constant(concrete(extent, size), e.dtype)
            case Guard(conditions, value):
                return Guard(tuple((i, concrete(extent, size)) for i, extent in conditions), value)
        return e

    nests = []
    for n in lowered.nests:
        bound = [a for o in n.outputs for e in parts(o.value) if isinstance(e, Reduce) for a in e.axes]
        symbolic = dict.fromkeys(a for a in (*n.axes, *bound) if isinstance(a.extent, Batch))
        by = {a: Axis(a.name, concrete(a.extent, size)) for a in symbolic}
        affine = {a: Affine.of(x) for a, x in by.items()}
        fixed = expressions.nest(n, rule)
        outputs = tuple(
            Output(
                known(o.buffer),
                tuple(
                    expressions.substituted(i, affine) if isinstance(i, Expression) else i.substitute(affine)
                    for i in o.index
                ),
                expressions.substituted(o.value, affine),
                o.accumulate,
            )
            for o in fixed.outputs
        )
        axes = tuple(by.get(a, a) for a in n.axes)
        made = normalised(LoopNest(axes, outputs, tuple(by.get(a, a) for a in n.ordered)), expressions)
        nests += [made] if made is not None else []
    inputs = {t: known(b) for t, b in lowered.inputs.items()}
    origin = {known(b): t for b, t in lowered.origin.items()}
    return Lowered(inputs, [known(b) for b in lowered.outputs], nests, origin)
