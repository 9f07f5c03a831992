"""Medians, quartiles, and intervals for medians, without assumptions about how times are distributed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np


@dataclass(frozen=True)
class Spread:
    """The median of several measurements, and the quartiles around it.

    >>> Spread.of([3.0, 1.0, 2.0, 5.0, 4.0])
    Spread(median=3.0, lower=2.0, upper=4.0, count=5)
    """

    median: float
    lower: float
    upper: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        lower, median, upper = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
        return cls(median, lower, upper, len(values))


@dataclass(frozen=True)
class Interval:
    """Two bounds, and how surely the median of what was sampled lies between them."""

    low: float
    high: float
    confidence: float


def median_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """The narrowest pair of order statistics, equally far from both ends, that holds the median this surely.

        P(x₍ₖ₎ ≤ median ≤ x₍ₙ₊₁₋ₖ₎) = 1 − 2 Σ_{i<k} C(n, i) / 2ⁿ

    Where even the extremes are not sure enough (fewer than six values for 95 %) they are given, with what they reach.

    Source:   Conover 1999, Practical Nonparametric Statistics, section 3.2
    Example:
        >>> median_interval([1.0, 2.0, 3.0, 4.0, 5.0])
        Interval(low=1.0, high=5.0, confidence=0.9375)
    """
    ordered, n = sorted(values), len(values)
    tails = list(accumulate(math.comb(n, i) / 2**n for i in range((n + 1) // 2)))  # P(median below x₍ᵢ₊₁₎)
    sure = [i for i, tail in enumerate(tails) if 1 - 2 * tail >= confidence]
    k = sure[-1] if sure else 0
    return Interval(ordered[k], ordered[n - 1 - k], max(0.0, 1 - 2 * tails[k]))


def paired(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """The ratio in each round: what slows both for a while, such as another program, cancels.

    >>> paired([2.0, 6.0], [1.0, 2.0])
    [2.0, 3.0]
    """
    return [a / b for a, b in zip(numerators, denominators, strict=True)]
