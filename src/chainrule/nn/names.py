"""Things that people call by name: 'relu', 'he_normal', 'cross_entropy'."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from chainrule.errors import UsageError
from chainrule.messages import Message, suggestion

_CLASS = Message(
    "name.is_class",
    en="{where} is the class {name}. Make an object of it: write {name}().",
    zh="{where} 是类 {name} 本身。请创建它的实例：写 {name}()。",
)

Value = TypeVar("Value")


def named(
    name: str, known: Mapping[str, Value], unknown: Message, elsewhere: Mapping[str, str] = MappingProxyType({})
) -> Value:
    """The value with this name. `unknown` says that there is none, with the names that exist and the one meant.

    `elsewhere` gives the names here of what other libraries call otherwise.
    """
    if name not in known:
        meant = suggestion(name, known, elsewhere)
        raise UsageError(unknown(name=name, known=", ".join(known), suggestion=meant))
    return known[name]


def refuse_class(where: str, value: Any) -> None:
    """Refuse a class where an object of it is meant.

    Raises:   UsageError
    """
    if isinstance(value, type):
        raise UsageError(_CLASS(where=where, name=value.__name__))
