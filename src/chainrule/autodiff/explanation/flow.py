"""Derivatives flowing through the steps of a plan, one share for each input that a step reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chainrule.autodiff.explanation.plan import Plan
from chainrule.autodiff.forward import pushforward
from chainrule.autodiff.reverse import pullback
from chainrule.graph.operation import Primitive
from chainrule.graph.substitution import substituted
from chainrule.graph.tensor import Tensor
from chainrule.ops.elementwise import identity


@dataclass(frozen=True, eq=False)
class Share:
    """What flows through one edge: `arriving` at one end of it, `value` behind its local derivative.

    `place` is the position of x among the inputs of the step.
    """

    step: Tensor
    x: Tensor
    place: int
    arriving: Tensor
    value: Tensor


@dataclass(frozen=True, eq=False)
class Flow:
    """All shares by the node at which they add up, in the order in which they do; and what they add up to."""

    totals: dict[Tensor, Tensor]
    shares: dict[Tensor, list[Share]] = field(default_factory=dict)

    def add(self, node: Tensor, share: Share) -> None:
        self.shares.setdefault(node, []).append(share)
        before = self.totals.get(node)
        self.totals[node] = share.value if before is None else before + share.value


def backward(plan: Plan, seed: Tensor, by: Sequence[Tensor]) -> Flow:
    """Cotangents from the root, whose own is the seed, to all nodes that depend on some, and to these."""
    needed = set(by)
    for node in plan.order:
        if any(x in needed for x in plan.inputs(node)):
            needed.add(node)
    flow = Flow({plan.root: seed})
    for node in reversed(plan.steps):
        if node not in needed or node not in flow.totals or not node.dtype.floating:
            continue  # whole numbers have no derivative
        arriving = flow.totals[node]
        for place, (x, value) in enumerate(zip(plan.inputs(node), cotangents(plan, node, arriving), strict=True)):
            if value is not None and x in needed:
                flow.add(x, Share(node, x, place, arriving, value))
    return flow


def forward(plan: Plan, directions: Mapping[Tensor, Tensor]) -> Flow:
    """Tangents from some nodes, whose own are given, to all that depends on them."""
    flow = Flow(dict(directions))
    for node in plan.steps:
        if node in directions or not node.dtype.floating:
            continue
        for place, x in enumerate(plan.inputs(node)):
            if x in flow.totals and x.dtype.floating:
                value = tangent(plan, node, place, flow.totals[x])
                if value is not None:
                    flow.add(node, Share(node, x, place, flow.totals[x], value))
    return flow


def cotangents(plan: Plan, node: Tensor, arriving: Tensor) -> Sequence[Tensor | None]:
    """What the cotangent of a step gives to each of its inputs."""
    if plan.body(node) is None:
        assert isinstance(node.operation, Primitive)
        return node.operation.vjp(node, arriving)
    body, inputs = _alone(plan, node)
    return pullback(body, arriving, inputs)


def tangent(plan: Plan, node: Tensor, place: int, arriving: Tensor) -> Tensor | None:
    """What the tangent of one input of a step gives to the step."""
    if plan.body(node) is None:
        assert isinstance(node.operation, Primitive)
        return node.operation.jvp(node, [arriving if k == place else None for k in range(len(node.inputs))])
    body, inputs = _alone(plan, node)
    (found,) = pushforward([body], {inputs[place]: arriving})
    return found


def _alone(plan: Plan, node: Tensor) -> tuple[Tensor, Sequence[Tensor]]:
    """The body of a step on nodes of its own, so that no derivative goes past it."""
    body = plan.body(node)
    assert body is not None
    inputs = {x: identity(x) for x in plan.inputs(node)}
    (found,) = substituted([body], inputs)
    return found, list(inputs.values())
