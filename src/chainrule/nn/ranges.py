"""Refusing numbers that a hyper-parameter cannot be, where it is written rather than when it is used."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

from chainrule.errors import UsageError
from chainrule.messages import Message

_NUMBER = Message(
    "nn.number",
    en="{owner}({name}={value!r}): {name} must be {wanted}.",
    zh="{owner}({name}={value!r})：{name} 必须是{wanted}。",
)
ANY = Message("nn.number_any", en="a finite number", zh="有限的数")
NOT_NEGATIVE = Message("nn.number_not_negative", en="a finite number, 0 or more", zh="不小于 0 的有限数")
POSITIVE = Message("nn.number_positive", en="a finite number above 0", zh="大于 0 的有限数")
FRACTION = Message("nn.number_fraction", en="a number from 0 to below 1", zh="不小于 0 且小于 1 的数")
PROBABILITY = Message("nn.number_probability", en="a number from 0 to 1", zh="0 到 1 之间的数")
HALF = Message("nn.number_half", en="a number from 0 to 0.5", zh="0 到 0.5 之间的数")
WHOLE = Message("nn.number_whole", en="a whole number, 0 or more", zh="不小于 0 的整数")


def is_within(value: Any, low: float, high: float) -> bool:
    """Whether it is a finite number and low ≤ it ≤ high; texts and arrays are not."""
    return isinstance(value, Real) and math.isfinite(value) and low <= float(value) <= high


_HOLDS: dict[Message, Callable[[Any], bool]] = {
    ANY: lambda value: is_within(value, -math.inf, math.inf),
    NOT_NEGATIVE: lambda value: is_within(value, 0, math.inf),
    POSITIVE: lambda value: is_within(value, 0, math.inf) and value > 0,
    FRACTION: lambda value: is_within(value, 0, 1) and value < 1,
    PROBABILITY: lambda value: is_within(value, 0, 1),
    HALF: lambda value: is_within(value, 0, 0.5),
    WHOLE: lambda value: isinstance(value, Integral) and int(value) >= 0,
}


def check_number(owner: object, wanted: Message, **values: Any) -> None:
    """Refuse hyper-parameters, given by name, that are not what is wanted: ANY, NOT_NEGATIVE, …

    Raises:   UsageError
    """
    for name, value in values.items():
        if not _HOLDS[wanted](value):
            raise UsageError(_NUMBER(owner=type(owner).__name__, name=name, value=value, wanted=wanted()))
