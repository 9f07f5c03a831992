"""Rates: the numbers of an optimizer, and which of them no training can use."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any, TypeAlias

from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.optim.schedules import Schedule, is_finite

_RATE = Message(
    "optimizer.rate",
    en="{optimizer}({name}={value!r}): {name} must be {wanted}, or a schedule such as Cosine(0.1).",
    zh="{optimizer}({name}={value!r})：{name} 必须是{wanted}，或一个调度，例如 Cosine(0.1)。",
)
_CLASS = Message(
    "optimizer.schedule_class",
    en="{optimizer}({name}={given}): this is the class. Make one of it, e.g. {given}(0.1).",
    zh="{optimizer}({name}={given})：这是类本身。请创建它的实例，例如 {given}(0.1)。",
)
_FUNCTION = Message(
    "optimizer.schedule_function",
    en="{optimizer}({name}={given}): a function is no schedule. Derive a class from Schedule whose __call__(self, step,"
    " total) gives the value.",
    zh="{optimizer}({name}={given})：函数不是调度。请从 Schedule 派生一个类，由其 __call__(self, step, total) 给出值。",
)
_NOT_POSITIVE = Message(
    "optimizer.not_positive",
    en="{optimizer}({name}={value!r}): {name} must be a finite number above 0.",
    zh="{optimizer}({name}={value!r})：{name} 必须是大于 0 的有限数。",
)
_COUNT = Message(
    "optimizer.count",
    en="{optimizer}({name}={value!r}): {name} must be a whole number, {lowest} or more.",
    zh="{optimizer}({name}={value!r})：{name} 必须是不小于 {lowest} 的整数。",
)
_POSITIVE = Message("optimizer.positive", en="a finite number above 0", zh="大于 0 的有限数")
_FINITE = Message("optimizer.finite", en="a finite number", zh="有限的数")
_NOT_NEGATIVE = Message("optimizer.not_negative", en="a finite number, 0 or more", zh="不小于 0 的有限数")
_BELOW_ONE = Message("optimizer.below_one", en="a number from 0 to below 1", zh="不小于 0 且小于 1 的数")

Rate: TypeAlias = float | Schedule

_POSITIVE_RATES = ("learning_rate", "clip_value", "clip_norm", "global_clip_norm", "max_norm")
_RATES_BELOW_ONE = ("momentum", "beta_1", "beta_2", "rho", "decay")
_RANGES: dict[str, tuple[Callable[[float], bool], Message]] = {
    **dict.fromkeys(_POSITIVE_RATES, (lambda rate: rate > 0, _POSITIVE)),
    **dict.fromkeys(_RATES_BELOW_ONE, (lambda rate: 0 <= rate < 1, _BELOW_ONE)),
    "weight_decay": (lambda rate: rate >= 0, _NOT_NEGATIVE),
}


def check_rate(optimizer: str, name: str, rate: Any) -> None:
    """Refuse what is neither a schedule nor a number that the rate can be.

    Raises:   UsageError
    """
    if isinstance(rate, Schedule):
        return
    if isinstance(rate, type) and issubclass(rate, Schedule):
        raise UsageError(_CLASS(optimizer=optimizer, name=name, given=rate.__name__))
    if callable(rate):
        given = getattr(rate, "__name__", type(rate).__name__)
        raise UsageError(_FUNCTION(optimizer=optimizer, name=name, given=given))
    holds, wanted = _RANGES.get(name, (lambda rate: True, _FINITE))
    if not (is_finite(rate) and holds(rate)):
        raise UsageError(_RATE(optimizer=optimizer, name=name, value=rate, wanted=wanted()))


def check_positive(optimizer: str, name: str, value: Any) -> None:
    """Refuse what is no finite number above 0.

    Raises:   UsageError
    """
    if not (is_finite(value) and value > 0):
        raise UsageError(_NOT_POSITIVE(optimizer=optimizer, name=name, value=value))


def check_count(optimizer: str, name: str, value: Any, lowest: int = 1) -> None:
    """Refuse what is no whole number, so large or larger.

    Raises:   UsageError
    """
    if not isinstance(value, Integral) or value < lowest:
        raise UsageError(_COUNT(optimizer=optimizer, name=name, value=value, lowest=lowest))
