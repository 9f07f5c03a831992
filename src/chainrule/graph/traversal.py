"""Orders and neighbourhoods of a graph; iterative, so that depth does not matter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from chainrule.graph.tensor import Tensor


def own_inputs(node: Tensor) -> tuple[Tensor, ...]:
    return node.inputs


def topological(roots: Iterable[Tensor], inputs: Callable[[Tensor], Sequence[Tensor]] = own_inputs) -> list[Tensor]:
    """Every node that the roots depend on, inputs before users."""
    done: dict[Tensor, None] = {}
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, ready = stack.pop()
        if node in done:
            continue
        if ready:
            done[node] = None
        else:
            stack.append((node, True))
            stack.extend((x, False) for x in reversed(inputs(node)))
    return list(done)


def dependents(order: Iterable[Tensor], sources: Iterable[Tensor]) -> set[Tensor]:
    """The nodes of a topological order that depend on one of the sources, and the sources."""
    found = set(sources)
    for node in order:
        if any(x in found for x in node.inputs):
            found.add(node)
    return found
