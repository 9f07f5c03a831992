"""What all contestants agree on in the rows of single kinds of layers: shapes, sizes, losses, data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Task:
    """What a network is given and asked for.

    target      the shape of the images to be approximated by least squares; None: one of ten classes
    samples     how many the steps go through, again and again
    """

    shape: tuple[int, ...]
    parameters: int
    samples: int
    target: tuple[int, ...] | None = None

    def data(self) -> tuple[NDArray[np.float32], NDArray[np.float32 | np.int64]]:
        """Noise around 0, and noise or labels to match."""
        random = np.random.default_rng(0)
        x = random.standard_normal((self.samples, *self.shape), np.float32)
        if self.target is None:
            return x, random.integers(0, 10, self.samples)
        return x, random.standard_normal((self.samples, *self.target), np.float32)


# Channels of a stem and of five blocks behind it, each of 3 × 3 depthwise and 1 × 1, with the stride of the former.
DEPTHWISE_CHANNELS = (16, 32, 64, 64, 128, 128)
DEPTHWISE_STRIDES = (1, 2, 1, 2, 1)
FEATURES, HEADS, INNER, BLOCKS = 64, 4, 128, 2  # of the encoder
UNITS = 32  # of the LSTM
LSTM_SECOND_BIAS = 4 * UNITS  # PyTorch has one for what comes from the state, which does nothing that the first cannot

TASKS = {
    "depthwise": Task((32, 32, 3), 37_162, 512),
    "conv1d": Task((256, 6), 32_490, 1024),
    "transposed": Task((7, 7, 64), 41_153, 512, target=(28, 28, 1)),
    "layernorm": Task((256,), 267_786, 8192),
    "attention": Task((64, FEATURES), 67_594, 512),
    "lstm": Task((32, 8), 5_578, 2048),
}
