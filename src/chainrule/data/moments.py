"""Mean and deviation of numbers of any size, and of any number of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.data.checks import PIECE


def mean_and_deviation(values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation along the first axis, the latter 1 where all are equal, so that it can divide.

    Neither overflows, and equal numbers have no deviation by rounding.

    Example:
        >>> mean_and_deviation(np.array([[1e308, 0.1], [-1e308, 0.1], [1e308, 0.1]]))
        (array([3.33333333e+307, 1.00000000e-001]), array([9.42809042e+307, 1.00000000e+000]))
    """
    rows = max(1, PIECE * len(values) // max(1, values.size))
    return of_pieces(values[start : start + rows] for start in range(0, len(values), rows))


def of_pieces(pieces: Iterable[NDArray[Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same of values that come piece by piece, at least one, of which only one has to be in memory."""
    found = reduce(_Moments.with_more, map(_Moments.of, pieces))
    equal = found.lowest == found.highest
    deviation = np.where(equal | (found.deviation == 0), 1.0, found.deviation)
    return np.where(equal, found.lowest, found.mean), deviation


@dataclass(frozen=True, eq=False)
class _Moments:
    """What is known of the numbers of each column."""

    count: int
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray[Any]) -> Self:
        values = values.astype(np.float64)
        lowest, highest = values.min(0), values.max(0)
        size = _size(lowest, highest)
        parts = values / size  # what is squared is at most 1
        return cls(len(values), lowest, highest, parts.mean(0) * size, parts.std(0) * size)

    def with_more(self, other: _Moments) -> _Moments:
        """Those of both together.

        Source:   Chan, Golub and LeVeque 1983, Algorithms for computing the sample variance
        """
        lowest, highest = np.minimum(self.lowest, other.lowest), np.maximum(self.highest, other.highest)
        size, count = _size(lowest, highest), self.count + other.count
        share = other.count / count
        mean, apart = self.mean / size, other.mean / size - self.mean / size
        variance = (1 - share) * (self.deviation / size) ** 2 + share * (other.deviation / size) ** 2
        variance += share * (1 - share) * apart**2
        return _Moments(count, lowest, highest, (mean + share * apart) * size, np.sqrt(variance) * size)


def _size(lowest: NDArray[np.float64], highest: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest size of a number of each column, by which all can be divided."""
    size = np.maximum(abs(lowest), abs(highest))
    return np.where(size > 0, size, 1.0)
