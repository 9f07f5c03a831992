"""Schedules: a rate as a function of the number of updates made so far, on the host."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from chainrule.errors import UsageError
from chainrule.messages import Message

__all__ = ["ConstantRate", "Cosine", "ExponentialDecay", "OneCycle", "Schedule", "StepDecay", "WarmUp"]

_STEPS = Message(
    "schedule.steps",
    en="{schedule}: steps={steps} must be a whole number above 0.",
    zh="{schedule}：steps={steps} 必须是大于 0 的整数。",
)
_FRACTION = Message(
    "schedule.fraction",
    en="OneCycle: rising={rising} must be the part of the training in which the rate rises, above 0 and below 1.",
    zh="OneCycle：rising={rising} 应为学习率上升阶段所占的比例，大于 0 且小于 1。",
)
_VALUE = Message(
    "schedule.value",
    en="{schedule}({name}={value!r}): {name} must be a finite number, 0 or more.",
    zh="{schedule}({name}={value!r})：{name} 必须是不小于 0 的有限数。",
)


@dataclass(frozen=True)
class Schedule(ABC):
    """A number that changes while training: schedule(step, total), step from 0 to total - 1."""

    @abstractmethod
    def __call__(self, step: int, total: int) -> float:
        """The value at update `step` of `total`."""

    def _check_steps(self, steps: int) -> None:
        if not isinstance(steps, Integral) or steps < 1:
            raise UsageError(_STEPS(schedule=type(self).__name__, steps=steps))

    def _check_values(self, **values: Any) -> None:
        for name, value in values.items():
            if not (is_finite(value) and value >= 0):
                raise UsageError(_VALUE(schedule=type(self).__name__, name=name, value=value))


@dataclass(frozen=True)
class ConstantRate(Schedule):
    """The same value always; a plain number means the same.

        η = value

    Example:
        >>> [ConstantRate(0.1)(step, 4) for step in range(4)]
        [0.1, 0.1, 0.1, 0.1]
    """

    value: float

    def __post_init__(self) -> None:
        self._check_values(value=self.value)

    def __call__(self, step: int, total: int) -> float:
        return self.value


@dataclass(frozen=True)
class StepDecay(Schedule):
    """A value that is multiplied by a factor every so many steps.

        η = initial · factor ^ ⌊step / steps⌋

    Units:    steps: updates
    Raises:   UsageError if steps is not above 0.
    Example:
        >>> [StepDecay(0.4, steps=2, factor=0.5)(step, 5) for step in range(5)]
        [0.4, 0.4, 0.2, 0.2, 0.1]
    """

    initial: float
    steps: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        self._check_steps(self.steps)
        self._check_values(initial=self.initial, factor=self.factor)

    def __call__(self, step: int, total: int) -> float:
        return self.initial * math.pow(self.factor, step // self.steps)


@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    """A value that falls by the same factor at each step.

        η = initial · factor ^ (step / steps)

    Units:    steps: updates, in which it falls by the factor
    Raises:   UsageError if steps is not above 0.
    Example:
        >>> [round(ExponentialDecay(0.4, steps=2, factor=0.25)(step, 4), 6) for step in range(4)]
        [0.4, 0.2, 0.1, 0.05]
    """

    initial: float
    steps: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        self._check_steps(self.steps)
        self._check_values(initial=self.initial, factor=self.factor)

    def __call__(self, step: int, total: int) -> float:
        return self.initial * math.pow(self.factor, step / self.steps)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine, from the initial value to a final one at the end of the training.

        η = final + (initial - final)·(1 + cos(π step / total)) / 2

    Source:   Loshchilov and Hutter 2017, SGDR, equation 5, without restarts
    Example:
        >>> [round(Cosine(0.4)(step, 4), 4) for step in range(4)]
        [0.4, 0.3414, 0.2, 0.0586]
    """

    initial: float
    final: float = 0.0

    def __post_init__(self) -> None:
        self._check_values(initial=self.initial, final=self.final)

    def __call__(self, step: int, total: int) -> float:
        return self.final + (self.initial - self.final) * (1 + math.cos(math.pi * min(step / total, 1.0))) / 2


@dataclass(frozen=True)
class WarmUp(Schedule):
    """A rise in equal steps to what another schedule begins with, which then takes its course.

        η = then(0)·(step + 1) / steps for step < steps, afterwards then(step - steps)

    Units:    steps: updates
    Raises:   UsageError if steps is not above 0.
    Source:   Goyal et al. 2017, Accurate, large minibatch SGD, section 2.2
    Example:
        >>> [WarmUp(0.4, steps=4)(step, 6) for step in range(6)]
        [0.1, 0.2, 0.30000000000000004, 0.4, 0.4, 0.4]
    """

    then: float | Schedule
    steps: int

    def __post_init__(self) -> None:
        self._check_steps(self.steps)
        if not isinstance(self.then, Schedule):
            self._check_values(then=self.then)

    def __call__(self, step: int, total: int) -> float:
        after = max(total - self.steps, 1)
        if step < self.steps:
            return value_of(self.then, 0, after) * (step + 1) / self.steps
        return value_of(self.then, step - self.steps, after)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up in a straight line to a peak, and down again to nearly nothing at the end of the training.

        η = from start to peak while step < rising·total, then from peak to end

    Source:   after Smith and Topin 2018, Super-convergence
    Example:
        >>> [round(OneCycle(1.0, start=0.0, end=0.0, rising=0.5)(step, 8), 4) for step in range(8)]
        [0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25]
    """

    peak: float
    start: float | None = None  # a 25th of the peak
    end: float = 0.0
    rising: float = 0.3

    def __post_init__(self) -> None:
        if not (is_finite(self.rising) and 0 < self.rising < 1):
            raise UsageError(_FRACTION(rising=self.rising))
        self._check_values(peak=self.peak, end=self.end, start=0.0 if self.start is None else self.start)

    def __call__(self, step: int, total: int) -> float:
        start = self.peak / 25 if self.start is None else self.start
        done = min(step / total, 1.0)
        if done < self.rising:
            return start + (self.peak - start) * done / self.rising
        return self.peak + (self.end - self.peak) * (done - self.rising) / (1 - self.rising)


def value_of(rate: float | Schedule, step: int, total: int) -> float:
    """A rate at update `step` of `total`."""
    return rate(step, total) if isinstance(rate, Schedule) else float(rate)


def is_finite(value: Any) -> bool:
    """Whether it is a number, and neither infinite nor NaN."""
    return isinstance(value, Real) and math.isfinite(value)
