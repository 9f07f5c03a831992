"""What a seed may be, and NumPy's generator for it."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.errors import UsageError
from chainrule.messages import Message

_SEED = Message(
    "seed.range",
    en="The seed is {seed!r}; it must be a whole number from 0 to 2**{bits} - 1.",
    zh="种子为 {seed!r}；它必须是 0 到 2**{bits} - 1 的整数。",
)


def checked_seed(seed: Any, bits: int = 63) -> int:
    """The seed as an integer; by default one that fits into a tensor.

    Raises:   UsageError
    """
    try:
        number = operator.index(seed)
    except TypeError:
        raise UsageError(_SEED(seed=seed, bits=bits)) from None
    if not 0 <= number < 1 << bits:
        raise UsageError(_SEED(seed=number, bits=bits))
    return number


def random_generator(seed: Any) -> np.random.Generator:
    """NumPy's generator, for what is drawn outside of graphs.

    Raises:   UsageError if the seed is none.
    Example:
        >>> random_generator(0).integers(10, size=3)
        array([8, 6, 5])
    """
    return np.random.default_rng(checked_seed(seed))
