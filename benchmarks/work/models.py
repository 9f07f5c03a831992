"""What all contestants agree on about the models that come with chainrule: shapes, sizes, losses, data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = 6  # of series
CATEGORIES = (2, 3, 5, 7, 12, 31, 100, 1000)


@dataclass(frozen=True)
class Task:
    """What a network is given and asked for: noise, and of it a class, a number or yes and no for each pixel.

    samples     how many the steps go through, again and again
    """

    shape: tuple[Any, ...]
    parameters: int
    samples: int
    loss: str = "cross_entropy"
    target: tuple[int, ...] = ()

    def data(self) -> tuple[Any, NDArray[Any]]:
        """Inputs, a pair for tables, and targets to match."""
        random = np.random.default_rng(0)
        shape = self.shape[0] if isinstance(self.shape[0], tuple) else self.shape
        x: Any = random.standard_normal((self.samples, *shape), np.float32)
        if shape is not self.shape:
            x = (x, np.stack([random.integers(0, c, self.samples) for c in CATEGORIES], 1))
        if self.loss == "cross_entropy":
            return x, random.integers(0, 6, self.samples)
        y = random.standard_normal((self.samples, *self.target), np.float32)
        return x, (y > 0).astype(np.float32) if self.loss == "binary_cross_entropy" else y


TASKS = {
    "resnet": Task((32, 32, 3), 269_722, 512),
    "allconv": Task((32, 32, 3), 153_482, 256),
    "autoencoder": Task((28, 28, 1), 115_217, 512, "mean_squared_error", (28, 28, 1)),
    "unet": Task((32, 32, 1), 481_745, 256, "binary_cross_entropy", (32, 32, 1)),
    "sensor-cnn": Task((128, 9), 273_670, 512),
    "tabular": Task(((10,), (len(CATEGORIES),)), 66_884, 8192, "mean_squared_error", (1,)),
}
