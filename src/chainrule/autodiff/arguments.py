"""Arguments of transformed functions: tensors, or lists, tuples and dicts of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.elementwise import identity
from chainrule.ops.kinds.conversion import as_tensor

_FORM = Message(
    "arguments.form",
    en="tangents have the form of the arguments, and cotangents that of the result: {expected} is expected here.",
    zh="切向量的结构应与参数一致，余切的结构应与结果一致：此处应为 {expected}。",
)
_NO_FUNCTION = Message(
    "arguments.no_function",
    en="{transformation} takes a function and gives another, but this is {kind}. Leave the argument to what it gives: "
    "cr.grad(f)(x), not cr.grad(f(x)).",
    zh="{transformation} 接受一个函数并返回另一个函数，但给出的是 {kind}。请把参数留给返回的函数：写 cr.grad(f)(x)，"
    "而不是 cr.grad(f(x))。",
)


def check_function(transformation: str, given: object) -> None:
    """Refuse to transform what is no function.

    Raises:   UsageError
    """
    if not callable(given):
        raise UsageError(_NO_FUNCTION(transformation=transformation, kind=type(given).__name__))


def mapped(function: Callable[[Tensor], Any], structure: Any) -> Any:
    """The same structure with the function applied to each tensor; numbers and arrays become tensors."""
    if isinstance(structure, dict):
        return {key: mapped(function, value) for key, value in structure.items()}
    if _several(structure):
        values = [mapped(function, value) for value in structure]
        return type(structure)(*values) if hasattr(structure, "_fields") else type(structure)(values)
    return function(as_tensor(structure))


def _several(structure: Any) -> bool:
    return isinstance(structure, tuple) or (isinstance(structure, list) and holds_tensors(structure))


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


def leaves_like(structure: Any, other: Any) -> list[Tensor]:
    """The tensors of another structure, in the order of those of this one, whose form it must have."""
    if isinstance(structure, dict):
        if not isinstance(other, dict) or other.keys() != structure.keys():
            raise UsageError(_FORM(expected=f"a dict with the keys {', '.join(map(str, structure))}"))
        return [x for key, value in structure.items() for x in leaves_like(value, other[key])]
    if _several(structure):
        if not isinstance(other, list | tuple) or len(other) != len(structure):
            raise UsageError(_FORM(expected=f"a {type(structure).__name__} of {len(structure)}"))
        return [x for value, its in zip(structure, other, strict=True) for x in leaves_like(value, its)]
    return [as_tensor(other)]


def rebuild(structure: Any, tensors: Iterable[Any]) -> Any:
    """The structure with these in place of its tensors."""
    remaining: Iterator[Any] = iter(tensors)
    return mapped(lambda _: next(remaining), structure)


def fresh(structure: Any) -> Any:
    """Nodes of their own for the tensors: a derivative is by these, even where the same tensor is used otherwise."""
    return mapped(identity, structure)
