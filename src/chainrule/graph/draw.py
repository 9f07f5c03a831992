"""Graphs drawn: as text with one line for each node, and as diagrams for Mermaid and Graphviz.

Numbers that are part of a graph are nodes, but stand where they are used: multiply(x, 2).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Expandable
from chainrule.graph.tensor import NUMBER, SOURCE, Tensor

if TYPE_CHECKING:
    from chainrule.graph.graph import Graph


def text(graph: Graph) -> str:
    """Name, operation on what, formula, type and the user's line of every node, in columns; the outputs at the end."""
    rows = [
        tuple(map(_on_one_line, (name, f"= {_call(graph, node)}", formula_of(node), str(node.type), node.where)))
        for name, node in _drawn(graph).items()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    results = ", ".join(
        name if name == graph.names[node] else f"{name} = {graph.names[node]}" for name, node in graph.outputs.items()
    )
    return "\n".join([*lines, f"outputs: {_on_one_line(results)}"])


def mermaid(graph: Graph) -> str:
    """A Mermaid flowchart: composites in double frames, sources and outputs rounded."""
    ids = {node: f"n{k}" for k, node in enumerate(_drawn(graph).values())}
    lines = ["flowchart TD"]
    for node in ids:
        left, right = ("([", "])") if not node.inputs else ("[[", "]]") if _is_composite(node) else ("[", "]")
        label = "<br/>".join(map(_mermaid_escaped, _label(graph, node)))
        lines.append(f'  {ids[node]}{left}"{label}"{right}')
    lines += [f"  {ids[x]} --> {ids[node]}" for node in ids for x in node.inputs if x in ids]
    for k, (name, node) in enumerate(graph.outputs.items()):
        lines.append(f'  {ids[node]} --> out{k}(["{_mermaid_escaped(name)}"])')
    return "\n".join(lines)


def dot(graph: Graph) -> str:
    """A Graphviz digraph: composites in double frames, sources and outputs rounded."""
    ids = {node: f"n{k}" for k, node in enumerate(_drawn(graph).values())}
    lines = ["digraph {", "  node [shape=box];"]
    for node in ids:
        style = ", shape=ellipse" if not node.inputs else ", peripheries=2" if _is_composite(node) else ""
        label = "\\n".join(map(_dot_escaped, _label(graph, node)))
        lines.append(f'  {ids[node]} [label="{label}"{style}];')
    lines += [f"  {ids[x]} -> {ids[node]};" for node in ids for x in node.inputs if x in ids]
    for k, (name, node) in enumerate(graph.outputs.items()):
        lines.append(f'  out{k} [label="{_dot_escaped(name)}", shape=ellipse];')
        lines.append(f"  {ids[node]} -> out{k};")
    return "\n".join([*lines, "}"])


# -------------------------------------------------------------------------------------------------------- what is said
def _drawn(graph: Graph) -> dict[str, Tensor]:
    """The nodes that are drawn by themselves: all but numbers, unless one is an output."""
    results = set(graph.outputs.values())
    return {name: node for name, node in graph.nodes.items() if node.operation is not NUMBER or node in results}


def _label(graph: Graph, node: Tensor) -> list[str]:
    parts = [f"{graph.names[node]} = {_call(graph, node)}", formula_of(node), str(node.type)]
    return [part for part in parts if part]


def _call(graph: Graph, node: Tensor) -> str:
    """The operation on its inputs and attributes; a source is an input, or a constant if it has a value."""
    if node.operation is SOURCE:
        return "input" if node.value is None else "constant"
    own = {"shape": node.shape, "dtype": node.dtype}  # attributes that only repeat the node's type are left out
    inputs = [str(x.attributes["value"]) if x.operation is NUMBER else graph.names[x] for x in node.inputs]
    attributes = [f"{k}={_shown(v)}" for k, v in node.attributes.items() if k not in own or v != own[k]]
    return f"{node.operation.name}({', '.join([*inputs, *attributes])})"


def formula_of(node: Tensor) -> str:
    """The formula that the operation is declared by, where it is."""
    formula = getattr(node.operation, "formula", "")
    return formula if isinstance(formula, str) else ""


def _shown(value: Any) -> str:
    return show_shape(value) if isinstance(value, tuple) else repr(value)


def _is_composite(node: Tensor) -> bool:
    return isinstance(node.operation, Expandable)


def _on_one_line(text: str) -> str:
    return " ".join(text.splitlines())


def _mermaid_escaped(text: str) -> str:
    """Characters that Mermaid, or the HTML in it, would read as its own become numeric entities."""
    return re.sub(r"[\"#&<>`\\]", lambda match: f"#{ord(match[0])};", _on_one_line(text))


def _dot_escaped(text: str) -> str:
    return re.sub(r'["\\]', lambda match: f"\\{match[0]}", _on_one_line(text))
