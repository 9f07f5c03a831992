"""Functions that people give in the place of layers, losses and metrics: what they must take."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from chainrule.errors import UsageError
from chainrule.messages import Message

_NO_SCOPE = Message(
    "signature.no_scope",
    en="{where} is {function}, a function of tensors alone, but is called with a scope as well, as (x, scope) → y."
    " Write Activation({name}) to have it as a layer.",
    zh="{where} 是 {function}，它只接受张量，而调用时还会传入 scope，即 (x, scope) → y。"
    "请写 Activation({name}) 将其变成层。",
)
_NOT_TWO = Message(
    "signature.not_two",
    en="{where} is {function}, which cannot be called with outputs and targets. Give a function of these two, such as"
    " lambda outputs, targets: …, that makes one number of each sample.",
    zh="{where} 是 {function}，无法以输出与目标这两个参数调用。请给出以这两者为参数的函数，例如"
    " lambda outputs, targets: …，并对每个样本给出一个数。",
)


def refuse_without_scope(where: str, function: Callable[..., Any]) -> None:
    """Refuse a function that is not made to be called as (x, scope), such as `gelu`, or `softmax(x, axis=-1)`.

    Raises:   UsageError
    """
    taken = _positional(function)
    if taken is None or any(p.kind is p.VAR_POSITIONAL for p in taken):
        return
    if len(taken) < 2 or (taken[1].default is not taken[1].empty and taken[1].name != "scope"):
        raise UsageError(_NO_SCOPE(where=where, function=_shown(function), name=_name(function)))


def refuse_other_than_two(where: str, function: Callable[..., Any]) -> None:
    """Refuse a loss or metric that cannot be called with outputs and targets.

    Raises:   UsageError
    """
    try:
        inspect.signature(function).bind(None, None)
    except ValueError:  # it says nothing of itself
        return
    except TypeError:
        raise UsageError(_NOT_TWO(where=where, function=_shown(function))) from None


def _positional(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # as of some that are written in C
        return None
    return [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]


def _name(function: Callable[..., Any]) -> str:
    """What stands for the function where it is written down."""
    name = getattr(function, "__name__", None) or getattr(function, "name", None) or type(function).__name__
    return "lambda x: …" if name == "<lambda>" else str(name)


def _shown(function: Callable[..., Any]) -> str:
    """The function as it is called: "gelu(x)"."""
    arguments = ", ".join(inspect.signature(function).parameters)
    name = _name(function)
    return f"lambda {arguments}: …" if name.startswith("lambda") else f"{name}({arguments})"
