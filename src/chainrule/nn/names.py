"""Things that people call by name: 'relu', 'he_normal', 'cross_entropy'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from chainrule.errors import UsageError
from chainrule.messages import Message, suggestion

Value = TypeVar("Value")


def named(name: str, known: Mapping[str, Value], unknown: Message) -> Value:
    """The value with this name. `unknown` says that there is none, with the names that exist and the one meant."""
    if name not in known:
        raise UsageError(unknown(name=name, known=", ".join(known), suggestion=suggestion(name, known)))
    return known[name]
