"""A graph as a value: named outputs, and everything they depend on."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from chainrule.errors import GraphError
from chainrule.graph import draw
from chainrule.graph.expansion import expanded_inputs
from chainrule.graph.operation import Expandable, Operation
from chainrule.graph.tensor import SOURCE, Tensor, caller
from chainrule.graph.traversal import ordered, topological
from chainrule.graph.verify import inferred, verify
from chainrule.messages import Message, suggestion

_UNKNOWN_OPERATION = Message(
    "graph.unknown_operation",
    en="node '{node}' applies '{operation}', which is not in the vocabulary.{suggestion}",
    zh="节点“{node}”使用的操作“{operation}”不在词汇表中。{suggestion}",
)
_UNKNOWN_NODE = Message(
    "graph.unknown_node",
    en="{user} refers to '{name}', which is not a node of the graph.{suggestion}",
    zh="{user} 引用了“{name}”，但图中没有这个节点。{suggestion}",
)
_INPUT = Message("graph.input", en="an input of node '{node}'", zh="节点“{node}”的输入")
_OUTPUT = Message("graph.output", en="the output '{output}'", zh="输出“{output}”")

Vocabulary = Mapping[str, Operation | type[Operation]]


@dataclass(frozen=True)
class Node:
    """A node as data: the name of an operation in the vocabulary, or the operation, and the names of its inputs."""

    operation: str | Operation
    inputs: Sequence[str] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Graph:
    """Named outputs and all nodes they depend on.

    Example:
        >>> from chainrule.graph.tensor import input_tensor
        >>> graph = Graph({"y": input_tensor("x", (3,)) * 2})
        >>> list(graph.nodes)
        ['x', 'number', 'y']
        >>> list(graph.inputs)
        ['x']
    """

    outputs: Mapping[str, Tensor]

    @cached_property
    def nodes(self) -> Mapping[str, Tensor]:
        """Every node by name, inputs before users.

        A node has the name it was given, else that of the output it is, else its operation's ('constant' for numbers
        from outside); numbered where several would have the same.
        """
        order = topological(self.outputs.values())
        given = {node: node.name for node in order if node.name}
        names = _unique(given)
        others = {node: "constant" if node.operation is SOURCE else node.operation.name for node in order}
        others |= {node: name for name, node in self.outputs.items()}
        names |= _unique({node: name for node, name in others.items() if node not in names}, names.values())
        return {names[node]: node for node in order}

    @cached_property
    def names(self) -> Mapping[Tensor, str]:
        return {node: name for name, node in self.nodes.items()}

    @cached_property
    def inputs(self) -> Mapping[str, Tensor]:
        """The nodes that have no value until one is bound to them."""
        return {name: n for name, n in self.nodes.items() if n.operation is SOURCE and n.value is None}

    @staticmethod
    def from_edges(
        nodes: Mapping[str, Tensor | Node], outputs: Mapping[str, str], vocabulary: Vocabulary | None = None
    ) -> Graph:
        """The graph that data describes: from a file, an imported model, an editor. It is verified.

        A node is a tensor (such as an input), or says which operation it applies to which other nodes; their order does
        not matter. `outputs` gives the outputs' names and nodes. Operations given by name come from `vocabulary`.

        Raises:   GraphError naming the nodes of a cycle, or a node that refers to an unknown operation or node, or that
                  does not pass `verify`; the operation's own error where its inputs do not fit.
        Example:
            >>> from chainrule.graph.tensor import input_tensor
            >>> Graph.from_edges({"h": Node("relu", ["x"]), "x": Node("relu", ["h"])}, {"y": "h"})
            Traceback (most recent call last):
            chainrule.errors.GraphError: the graph has a cycle: h → x → h. ...
        """

        def inputs_of(name: str) -> Sequence[str]:
            node = nodes[name]
            return node.inputs if isinstance(node, Node) else ()

        for name in nodes:
            for x in inputs_of(name):
                _require(x, nodes, _INPUT(node=name))
        for output, name in outputs.items():
            _require(name, nodes, _OUTPUT(output=output))
        made: dict[str, Tensor] = {}
        for name in ordered(nodes, inputs_of, str):
            node = nodes[name]
            made[name] = _applied(name, node, made, vocabulary or {}) if isinstance(node, Node) else node
        graph = Graph({output: made[name] for output, name in outputs.items()})
        verify(graph)
        return graph

    def expanded(self, keep: Container[Operation] = ()) -> Graph:
        """The graph of primitives that this one stands for: every composite, but those kept, replaced by its body."""

        def inputs_of(node: Tensor) -> Sequence[Tensor]:
            return node.inputs if node.operation in keep else expanded_inputs(node)

        made: dict[Tensor, Tensor] = {}
        for node in topological(self.outputs.values(), inputs_of):
            inputs = tuple(made[x] for x in inputs_of(node))
            if isinstance(node.operation, Expandable) and node.operation not in keep:
                (made[node],) = inputs
            elif all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
                made[node] = node
            else:
                made[node] = Tensor(node.operation, inputs, node.attributes, node.type, name=node.name)
                made[node].value, made[node].where = node.value, node.where
        return Graph({name: made[node] for name, node in self.outputs.items()})

    def text(self) -> str:
        """One line for each node: name, operation, formula, type, and the line of the program that made it.

        Example:
            >>> from chainrule.graph.tensor import input_tensor
            >>> print(Graph({"y": input_tensor("x", (3,)) + 1}).text())
            x  = input              float32 (3,)  ...
            y  = add(x, 1)  a + b   float32 (3,)  ...
            outputs: y
        """
        return draw.text(self)

    def mermaid(self) -> str:
        """The graph as a diagram in Mermaid's language, which Markdown viewers draw; a composite is one node."""
        return draw.mermaid(self)

    def dot(self) -> str:
        """The graph as a diagram in Graphviz's language; a composite is one node."""
        return draw.dot(self)


def _unique(wanted: Mapping[Tensor, str], taken: Iterable[str] = ()) -> dict[Tensor, str]:
    used, counts, names = set(taken), dict[str, int](), dict[Tensor, str]()
    for node, name in wanted.items():
        unique = name
        while unique in used:
            counts[name] = counts.get(name, 0) + 1
            unique = f"{name}_{counts[name]}"
        used.add(unique)
        names[node] = unique
    return names


def _require(name: str, nodes: Mapping[str, object], user: str) -> None:
    if name not in nodes:
        raise GraphError(_UNKNOWN_NODE(user=user, name=name, suggestion=suggestion(name, nodes)))


def _applied(name: str, node: Node, made: Mapping[str, Tensor], vocabulary: Vocabulary) -> Tensor:
    operation = vocabulary.get(node.operation) if isinstance(node.operation, str) else node.operation
    if not isinstance(operation, Operation):
        known = [key for key, value in vocabulary.items() if isinstance(value, Operation)]
        hint = suggestion(str(node.operation), known)
        raise GraphError(_UNKNOWN_OPERATION(node=name, operation=node.operation, suggestion=hint))
    inputs = tuple(made[x] for x in node.inputs)
    type = inferred(name, operation, inputs, node.attributes)
    return Tensor(operation, inputs, node.attributes, type, name=name, where=caller())
