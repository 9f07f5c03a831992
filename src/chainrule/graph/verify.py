"""A type checker for graphs and for the loop nests they lower to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chainrule.errors import ChainruleError, GraphError
from chainrule.graph.operation import Attributes, Operation, Type
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message

if TYPE_CHECKING:
    from chainrule.graph.graph import Graph

_MALFORMED = Message(
    "verify.malformed",
    en="node '{node}': {operation} cannot be applied to {inputs} with the attributes {attributes} ({reason}).",
    zh="节点“{node}”：{operation} 不能应用于 {inputs} 和属性 {attributes}（{reason}）。",
)


def inferred(node: str, operation: Operation, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
    """The type of the result, where inputs and attributes come from data and may be anything."""
    try:
        return operation.infer(inputs, attributes)
    except ChainruleError:
        raise
    except Exception as reason:  # operations are written for attributes that their own functions have checked
        shown = ", ".join(str(x.type) for x in inputs)
        known = {"node": node, "operation": operation.name, "inputs": f"({shown})", "attributes": dict(attributes)}
        raise GraphError(_MALFORMED(**known, reason=f"{type(reason).__name__}: {reason}")) from reason


def verify(graph: Graph) -> None:
    """Type-check every node again."""
    for name, node in graph.nodes.items():
        inferred(name, node.operation, node.inputs, node.attributes)
