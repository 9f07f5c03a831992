"""Seeing through composite operations: the graph of primitives that a graph stands for."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.graph.operation import Expandable
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological


def expanded_inputs(node: Tensor) -> tuple[Tensor, ...]:
    """What a node's value is made from: its inputs, or for a composite the result of its body."""
    return (node.expansion,) if isinstance(node.operation, Expandable) else node.inputs


def expanded_order(roots: Iterable[Tensor]) -> list[Tensor]:
    """Every node the roots depend on, composites after their bodies, inputs before users."""
    return topological(roots, expanded_inputs)
