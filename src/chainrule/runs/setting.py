"""What a setting may be, and what is said about it; its default, check, schema and help come from one declaration."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from chainrule.messages import Message

_TEXT = Message("setting.text", en="a text in quotes", zh="带引号的文本")
_YES_OR_NO = Message("setting.yes_or_no", en="true or false", zh="true 或 false")
_WHOLE = Message("setting.whole", en="a whole number, {least} or more", zh="不小于 {least} 的整数")
_ANY_NUMBER = Message("setting.any_number", en="a number", zh="一个数")
_ABOVE = Message("setting.above", en="a number above {low}", zh="大于 {low} 的数")
_BETWEEN = Message("setting.between", en="a number above {low} and below {high}", zh="大于 {low} 且小于 {high} 的数")
_FROM = Message("setting.from", en="a number from {low} to below {high}", zh="不小于 {low} 且小于 {high} 的数")
_CHOICE = Message("setting.choice", en="one of {choices}", zh="{choices} 之一")
_SEVERAL = Message("setting.several", en="a list in brackets, each entry {each}", zh="方括号中的列表，每一项为{each}")
_SO_MANY = Message(
    "setting.so_many", en="a list of {count} in brackets, each {each}", zh="方括号中的 {count} 项列表，每一项为{each}"
)
_EITHER = Message("setting.either", en="{first}, or {second}", zh="{first}，或 {second}")


class Kind(ABC):
    """What values a setting may have."""

    @abstractmethod
    def allows(self, value: Any) -> bool:
        """Whether it may have this value."""

    @abstractmethod
    def wanted(self) -> str:
        """What it must be, in words."""

    def words(self) -> Sequence[str]:
        """The words that it may be, where there are such."""
        return ()

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """The same in JSON Schema."""


@dataclass(frozen=True)
class Text(Kind):
    """Any text."""

    def allows(self, value: Any) -> bool:
        return isinstance(value, str) and bool(value)

    def wanted(self) -> str:
        return _TEXT()

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class YesOrNo(Kind):
    """True or false."""

    def allows(self, value: Any) -> bool:
        return isinstance(value, bool)

    def wanted(self) -> str:
        return _YES_OR_NO()

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number, `least` or more."""

    least: int

    def allows(self, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= self.least

    def wanted(self) -> str:
        return _WHOLE(least=self.least)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least}


@dataclass(frozen=True)
class Above(Kind):
    """A number above `low` and below `high`, and finite."""

    low: float
    high: float = math.inf

    def allows(self, value: Any) -> bool:
        return _is_number(value) and self.low < value < self.high

    def wanted(self) -> str:
        low, high = f"{self.low:g}", f"{self.high:g}"
        return _ABOVE(low=low) if self.high == math.inf else _BETWEEN(low=low, high=high)

    def schema(self) -> dict[str, Any]:
        highest = {} if self.high == math.inf else {"exclusiveMaximum": self.high}
        return {"type": "number", "exclusiveMinimum": self.low, **highest}


@dataclass(frozen=True)
class From(Kind):
    """A number from `low` to below `high`."""

    low: float
    high: float

    def allows(self, value: Any) -> bool:
        return _is_number(value) and self.low <= value < self.high

    def wanted(self) -> str:
        return _FROM(low=f"{self.low:g}", high=f"{self.high:g}")

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.low, "exclusiveMaximum": self.high}


@dataclass(frozen=True)
class Choice(Kind):
    """One of several words."""

    choices: Sequence[str]

    def allows(self, value: Any) -> bool:
        return isinstance(value, str) and value in self.choices

    def wanted(self) -> str:
        return _CHOICE(choices=", ".join(self.choices)) if len(self.choices) > 1 else self.choices[0]

    def words(self) -> Sequence[str]:
        return self.choices

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.choices)}


@dataclass(frozen=True)
class Several(Kind):
    """A list of values of one kind; `count` of them, or any number."""

    each: Kind
    count: int | None = None

    def allows(self, value: Any) -> bool:
        fits = isinstance(value, list | tuple) and self.count in (None, len(value))
        return fits and all(map(self.each.allows, value))

    def wanted(self) -> str:
        each = self.each.wanted()
        return _SEVERAL(each=each) if self.count is None else _SO_MANY(count=self.count, each=each)

    def schema(self) -> dict[str, Any]:
        lengths = {} if self.count is None else {"minItems": self.count, "maxItems": self.count}
        return {"type": "array", "items": self.each.schema(), **lengths}


@dataclass(frozen=True)
class Either(Kind):
    """A value of one kind or of another."""

    first: Kind
    second: Kind

    def allows(self, value: Any) -> bool:
        return self.first.allows(value) or self.second.allows(value)

    def wanted(self) -> str:
        return _EITHER(first=self.first.wanted(), second=self.second.wanted())

    def words(self) -> Sequence[str]:
        return [*self.first.words(), *self.second.words()]

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.first.schema(), self.second.schema()]}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# -------------------------------------------------------------------------------------------------------- declarations
@dataclass(frozen=True)
class Setting:
    """A setting as it was declared: its key in a section, what it may be, its default, and what is said about it.

    example   a value to show where the default is None
    """

    key: str
    kind: Kind
    default: Any
    about: Message
    example: Any = None


def setting(kind: Kind, about: Message, *, default: Any = None, example: Any = None) -> Any:
    """A field of a section; a default of None leaves the value to whoever uses it."""
    return field(default=default, metadata={"kind": kind, "about": about, "example": example})


def settings_of(section: Any) -> dict[str, Setting]:
    """The settings that a section declares, by key, in order."""
    return {
        f.name: Setting(f.name, f.metadata["kind"], f.default, f.metadata["about"], f.metadata["example"])
        for f in fields(section)
    }
