"""Means over the batches of an epoch, kept as sums so that they can be taken up again in mid-epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.train.step import Sums

Totals: TypeAlias = NDArray[np.float64]  # Σ loss · weight, Σ weight, samples, and Σ of each metric


def no_totals(metrics: Sequence[str]) -> Totals:
    """The totals of no batch."""
    return np.zeros(3 + len(metrics))


def added(totals: Totals, batch: Sums, samples: int) -> Totals:
    """The totals with those of one more batch, whose loss counts by the weight of its samples."""
    weight = float(batch.weight)
    more = [float(batch.loss) * weight, weight, samples, *map(float, batch.metrics.values())]
    return np.add(totals, more, dtype=np.float64)


def means(totals: Totals, metrics: Sequence[str]) -> dict[str, float]:
    """The means by the history's names; 0 of nothing is 0."""
    loss, weight, samples, *others = totals.tolist()
    logs = {"loss": loss / (weight or 1.0)}
    return logs | {name: total / (samples or 1.0) for name, total in zip(metrics, others, strict=True)}
