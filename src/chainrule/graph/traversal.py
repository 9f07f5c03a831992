"""Orders and neighbourhoods of a graph; iterative, so that depth does not matter."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from chainrule.errors import GraphError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message

_CYCLE = Message(
    "traversal.cycle",
    en="the graph has a cycle: {nodes}. A node cannot depend on its own value; remove one of these edges.",
    zh="图中存在环：{nodes}。节点不能依赖自身的值；请删除其中一条边。",
)

T = TypeVar("T", bound=Hashable)


def own_inputs(node: Tensor) -> tuple[Tensor, ...]:
    return node.inputs


def topological(roots: Iterable[Tensor], inputs: Callable[[Tensor], Sequence[Tensor]] = own_inputs) -> list[Tensor]:
    """Every node that the roots depend on, inputs before users."""
    return ordered(roots, inputs, Tensor.describe)


def ordered(roots: Iterable[T], inputs: Callable[[T], Sequence[T]], describe: Callable[[T], str]) -> list[T]:
    """Everything that the roots depend on, inputs before users; a GraphError naming the nodes of a cycle."""
    done: dict[T, None] = {}
    path: dict[T, int] = {}  # the nodes between a root and the current one, and how far from the root they are
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, ready = stack.pop()
        if node in done:
            continue
        if ready:
            done[node] = None
            del path[node]
        elif node in path:
            cycle = [*list(path)[path[node] :], node]
            raise GraphError(_CYCLE(nodes=" → ".join(describe(n) for n in reversed(cycle))))
        else:
            path[node] = len(path)
            stack.append((node, True))
            stack.extend((x, False) for x in reversed(inputs(node)))
    return list(done)
