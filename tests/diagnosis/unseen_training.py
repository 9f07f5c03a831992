"""One training that the diagnosis has not been tuned on: what the tables of them are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chainrule import nn
from chainrule.optim import Optimizer
from tests.diagnosis.unseen_samples import Samples

BINARY, SQUARED = "binary_cross_entropy", "mean_squared_error"


@dataclass(frozen=True, eq=False)
class Unseen:
    """A training, and the code of what is wrong with it.

    samples    by the seed, which is also the model's
    split      the share of the samples to validate with, where they do not say with which
    patience   of early stopping, if it stops early
    code       None where it is fine
    """

    name: str
    samples: Callable[[int], Samples]
    network: nn.Sequential
    optimizer: Optimizer
    epochs: int
    batch_size: int = 64
    loss: Any = "cross_entropy"
    seed: int = 0
    split: float = 0.0
    class_weight: Mapping[int, float] | None = None
    patience: int | None = None
    code: str | None = None
