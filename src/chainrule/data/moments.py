"""Mean and deviation of numbers of any size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_PIECE = 1 << 22  # numbers that are looked at in one go


def mean_and_deviation(values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation along the first axis, the latter 1 where all are equal, so that it can divide.

    Neither overflows, and equal numbers have no deviation by rounding.

    Example:
        >>> mean_and_deviation(np.array([[1e308, 0.1], [-1e308, 0.1], [1e308, 0.1]]))
        (array([3.33333333e+307, 1.00000000e-001]), array([9.42809042e+307, 1.00000000e+000]))
    """
    columns = max(1, _PIECE // max(1, len(values)))
    if values.ndim == 2 and values.shape[1] > columns:  # piece by piece, for several copies are made
        pieces = [mean_and_deviation(values[:, k : k + columns]) for k in range(0, values.shape[1], columns)]
        means, deviations = zip(*pieces, strict=True)
        return np.concatenate(means), np.concatenate(deviations)
    values = values.astype(np.float64)
    lowest, highest = values.min(0), values.max(0)
    size = np.maximum(abs(lowest), abs(highest))
    size = np.where(size > 0, size, 1.0)
    parts = values / size  # what is squared is at most 1
    equal = lowest == highest
    deviation = parts.std(0) * size
    return np.where(equal, lowest, parts.mean(0) * size), np.where(equal | (deviation == 0), 1.0, deviation)
