"""Arguments of transformed functions: tensors, or lists, tuples and dicts of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from chainrule.graph.tensor import Tensor
from chainrule.ops.elementwise import identity
from chainrule.ops.kinds.conversion import as_tensor


def mapped(function: Callable[[Tensor], Any], structure: Any) -> Any:
    """The same structure with the function applied to each tensor; numbers and arrays become tensors."""
    if isinstance(structure, dict):
        return {key: mapped(function, value) for key, value in structure.items()}
    if isinstance(structure, tuple) or (isinstance(structure, list) and holds_tensors(structure)):
        return type(structure)(mapped(function, value) for value in structure)
    return function(as_tensor(structure))


def holds_tensors(values: Iterable[Any]) -> bool:
    """Whether a list is a structure of tensors; otherwise it is the numbers of one."""
    return any(
        isinstance(v, Tensor | dict) or hasattr(v, "__array__") or (isinstance(v, list | tuple) and holds_tensors(v))
        for v in values
    )


def leaves(structure: Any) -> list[Tensor]:
    """The tensors of a structure, in order."""
    found: list[Tensor] = []
    mapped(found.append, structure)
    return found


def rebuild(structure: Any, tensors: Iterable[Any]) -> Any:
    """The structure with these in place of its tensors."""
    remaining: Iterator[Any] = iter(tensors)
    return mapped(lambda _: next(remaining), structure)


def fresh(structure: Any) -> Any:
    """Nodes of their own for the tensors: a derivative is by these, even where the same tensor is used otherwise."""
    return mapped(identity, structure)
