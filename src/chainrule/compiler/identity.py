"""What a compiled program depends on, as a text: so that a graph that was compiled before need not be lowered again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import chainrule.compiler as own_package
from chainrule.compiler.lowering import needed, resolved_node
from chainrule.compiler.target import Target
from chainrule.graph.operation import Expandable, Operation
from chainrule.graph.scalar import FUNCTIONS, ScalarFunction
from chainrule.graph.tensor import NUMBER, SOURCE, Tensor
from chainrule.graph.traversal import topological
from chainrule.version import __version__


def given_tensors(order: Sequence[Tensor]) -> list[Tensor]:
    """The inputs of a graph: nodes whose values come from outside, in order."""
    return [n for n in order if n.operation is not NUMBER and (n.operation is SOURCE or n.value is not None)]


def identity(
    outputs: Sequence[Tensor],
    carried: Mapping[Tensor, int],
    watched: int | None,
    target: Target,
    batch: int | None,
) -> tuple[str | None, list[Tensor]]:
    """A text that is the same for programs with the same C, and the graph's inputs.

    Names of nodes are left out, as they stand in the C's comments only: a model that was saved and loaded, whose nodes
    have the names that the file gives them, is the same program.

    There is no text where an operation is not chainrule's own: what it lowers to may change behind its name.
    """
    order = topological(list(outputs), needed)
    numbers: dict[Tensor, int] = {}
    lines: list[object] = [__version__, _sources(), target]
    known = True
    for node in order:
        if isinstance(node.operation, Expandable) and node.value is None:
            continue
        numbers[node] = len(numbers)
        inside = node.value is None or node.operation is NUMBER
        described = _described(node.operation) if inside else "given"
        known = known and described is not None
        attributes = sorted((k, repr(v)) for k, v in node.attributes.items()) if inside else []
        inputs = [numbers[resolved_node(x)] for x in node.inputs] if inside else []
        lines.append((described, attributes, inputs, node.shape, node.dtype))
    lines.append([numbers[resolved_node(node)] for node in outputs])
    lines.append(sorted((numbers[t], k) for t, k in carried.items() if t in numbers))
    lines += [watched, batch]
    return "\n".join(map(repr, lines)) if known else None, given_tensors(order)


def _described(operation: Operation) -> str | None:
    """What an operation lowers by: its class and the data it holds."""
    kind = type(operation)
    if not kind.__module__.startswith("chainrule."):
        return None
    parts: list[Any] = [kind.__module__, kind.__qualname__, operation.name]
    for name in getattr(operation, "__dataclass_fields__", {}):
        value = getattr(operation, name)
        if isinstance(value, ScalarFunction):
            if FUNCTIONS.get(value.name) is not value:
                return None
            parts.append((name, value.name))
        elif isinstance(value, str | int | float | tuple):
            parts.append((name, value))
    return repr(parts)


@cache
def _sources() -> list[tuple[str, int, int]]:
    """The files of chainrule: another version of any of them makes other programs."""
    package = Path(own_package.__file__).parent.parent
    folders = [package / name for name in ("compiler", "graph", "ops")]
    files = sorted(f for folder in folders for f in folder.rglob("*") if f.suffix in (".py", ".c", ".h"))
    return [(f.name, (status := f.stat()).st_mtime_ns, status.st_size) for f in files]
