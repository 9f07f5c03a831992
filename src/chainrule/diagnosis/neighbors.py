"""The samples that are most alike, by the distance of their numbers: what can be known without a network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.operation import Array


def neighbors(x: Array, count: int) -> NDArray[np.int64]:
    """For each sample the others that are nearest, by Euclidean distance of standardised numbers.

    Example:
        >>> neighbors(np.array([[0.0], [1.0], [5.0], [6.0]]), 1).ravel()
        array([1, 0, 3, 2])
    """
    distance = _distances(x, x)
    np.fill_diagonal(distance, np.inf)
    return _smallest(distance, count)


def nearest_of(known: Array, x: Array, count: int) -> NDArray[np.int64]:
    """For each sample of x those among the known ones that are nearest, standardised as these are.

    Example:
        >>> nearest_of(np.array([[0.0], [1.0], [5.0], [6.0]]), np.array([[5.9]]), 2)
        array([[3, 2]])
    """
    return _smallest(_distances(x, known), count)


def _distances(x: Array, known: Array) -> NDArray[np.float64]:
    """Squares of the distances between rows of x and known rows."""
    rows, others = (part.reshape(len(part), -1).astype(np.float64) for part in (x, known))
    table = x.ndim == 2  # columns have units of their own; pixels and points of time share one
    deviation = others.std(0) if table else others.std()
    scale = np.where(deviation > 0, deviation, 1.0)
    rows, others = (rows - others.mean(0)) / scale, (others - others.mean(0)) / scale
    distances: NDArray[np.float64] = (rows * rows).sum(1)[:, None] + (others * others).sum(1) - 2 * rows @ others.T
    return distances


def _smallest(distance: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The places of the smallest in each row, the smallest first."""
    count = min(count, distance.shape[1])
    near = np.argpartition(distance, count - 1, axis=1)[:, :count]
    return np.take_along_axis(near, np.take_along_axis(distance, near, 1).argsort(1, kind="stable"), 1)
