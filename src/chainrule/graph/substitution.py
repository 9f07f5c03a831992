"""The same graph on other nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological


def substituted(roots: Sequence[Tensor], replacements: Mapping[Tensor, Tensor]) -> list[Tensor]:
    """The roots with some nodes replaced by others of the same type, wherever they are used.

    Example:
        >>> from chainrule.graph.tensor import input_tensor, tensor
        >>> x = input_tensor("x", (2,))
        >>> substituted([x * x], {x: tensor([2.0, 3.0])})
        [Tensor([4. 9.], shape=(2,), dtype=float32)]
    """
    made = dict(replacements)
    for node in topological(roots):
        if node not in made:
            inputs = tuple(made[x] for x in node.inputs)
            if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
                made[node] = node
            else:
                parts = node.operation, inputs, node.attributes, node.type
                made[node] = Tensor(*parts, name=node.name, where=node.where)
    return [made[root] for root in roots]
