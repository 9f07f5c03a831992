"""Linear systems that are known by name, each as its impulse response."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np

from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.signal.impulse import ImpulseResponse

__all__ = ["difference", "echo", "moving_average"]

_WIDTH = Message(
    "filter.places",
    en="{function}: {name}={value} is no number of places; give a whole number from {least} on.",
    zh="{function}：{name}={value} 不是位置数；请给出不小于 {least} 的整数。",
)
_GAIN = Message(
    "filter.gain",
    en="echo: gain={gain!r} is no finite number; 0.5 makes an echo half as loud.",
    zh="echo：gain={gain!r} 不是有限的数；0.5 表示回声的强度为一半。",
)


def moving_average(width: int, *, centered: bool = False) -> ImpulseResponse:
    """The mean of the last values, or of those on both sides, which no system can know in time.

        y[n] = (x[n] + x[n − 1] + … + x[n − width + 1]) / width

    Raises:   UsageError if the width is not a positive integer.
    Example:
        >>> moving_average(2)([2.0, 4.0, 8.0])
        Tensor([1. 3. 6.], shape=(3,), dtype=float32)
        >>> moving_average(3, centered=True)
        ImpulseResponse(places -1 … 1, not causal)
    """
    _check("moving_average", "width", width, 1)
    return ImpulseResponse(np.full(width, 1.0 / width, np.float32), start=-(width // 2) if centered else 0)


def echo(delay: int, gain: float = 0.5) -> ImpulseResponse:
    """A signal and, `delay` places later, the same again, weaker.

        y[n] = x[n] + gain·x[n − delay]

    Raises:   UsageError if the delay is not a positive integer, or the gain no finite number.
    Example:
        >>> echo(2, 0.25)([4.0, 0.0, 0.0, 8.0])
        Tensor([4. 0. 1. 8.], shape=(4,), dtype=float32)
    """
    _check("echo", "delay", delay, 1)
    if not (isinstance(gain, Real) and -np.inf < gain < np.inf):
        raise UsageError(_GAIN(gain=gain))
    return ImpulseResponse(np.array([1.0, *[0.0] * (delay - 1), gain], np.float32))


def difference() -> ImpulseResponse:
    """How much a signal has changed since the place before: the derivative of a signal in steps.

        y[n] = x[n] − x[n − 1]

    Example:
        >>> difference()([3.0, 3.0, 5.0])
        Tensor([3. 0. 2.], shape=(3,), dtype=float32)
    """
    return ImpulseResponse(np.array([1.0, -1.0], np.float32))


def _check(function: str, name: str, value: int, least: int) -> None:
    if not isinstance(value, Integral) or value < least:
        raise UsageError(_WIDTH(function=function, name=name, value=value, least=least))
