"""Optimizers as their users write them: the call with another learning rate, and the rate that is usual for each."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from numbers import Real
from typing import Any

from chainrule.optim import Optimizer, Schedule

RATE = "{rate}"


def with_open_rate(optimizer: Optimizer) -> str | None:
    """The call that makes it, with RATE where its learning rate stands; None where it has none.

    Of a schedule the first number is left open: the rate that it starts with, or its highest.

    Example:
        >>> from chainrule.optim import Adam, ClipByGlobalNorm, Cosine, Momentum
        >>> with_open_rate(Adam(0.001, beta_1=0.8))
        'Adam({rate}, beta_1=0.8)'
        >>> with_open_rate(ClipByGlobalNorm(Momentum(Cosine(0.1)), 5.0))
        'ClipByGlobalNorm(Momentum(Cosine({rate})), global_clip_norm=5.0)'
    """
    return _call(optimizer, optimizer.rate("learning_rate"))


def usual_rate(optimizer: Optimizer) -> float | None:
    """The learning rate that its kind has where nobody says another one; None where it has none.

    Example:
        >>> from chainrule.optim import SGD, ClipByGlobalNorm
        >>> usual_rate(ClipByGlobalNorm(SGD(1e30), 5.0))
        0.01
    """
    if optimizer.rate("learning_rate") is None:
        return None
    first = fields(optimizer)[0]
    inner = getattr(optimizer, first.name)
    if isinstance(inner, Optimizer):
        return usual_rate(inner)
    return float(first.default) if isinstance(first.default, Real) else None


def _call(made: Any, rate: Any) -> str | None:
    """A call with the rate left open in its first argument, or inside of that."""
    if rate is None or not is_dataclass(made):
        return None
    first, *others = fields(made)
    inner = getattr(made, first.name)
    if isinstance(inner, Optimizer):
        opened = _call(inner, rate)
    elif isinstance(inner, Schedule):
        opened = _call(inner, rate) or RATE
    else:
        opened = RATE
    if opened is None:
        return None
    given = [f"{f.name}={value!r}" for f in others if f.init and (value := getattr(made, f.name)) != f.default]
    return f"{type(made).__name__}({', '.join([opened, *given])})"
