"""What all contestants agree on: the data, the sizes of the networks, the optimizer's rate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LENET5 = 61_706  # parameters
MLP = 535_818  # of 784-512-256-10
CNN = 307_946  # of the network of 3 × 3 convolutions
CNN_POOL = 512
POOL = 8192  # samples that steps go through, again and again
MNIST = 60_000

# Adam does the same work at any rate. At this one, noise is not learnt by heart, so that gradients stay alive: what
# vanishes becomes denormal, and denormal numbers cost several times as much where they are not flushed to zero.
RATE = 1e-5

# Multiply-adds of LeNet-5's forward pass for one sample, from its shapes: positions × outputs × inputs of each.
_FORWARD = {
    "conv1": 28 * 28 * 6 * (5 * 5 * 1),
    "conv2": 10 * 10 * 16 * (5 * 5 * 6),
    "dense1": 400 * 120,
    "dense2": 120 * 84,
    "scores": 84 * 10,
}


def lenet5_flops(samples: int) -> float:
    """Floating-point operations of a step: forward, weight gradient and input gradient cost the same in each layer.

    Nobody needs the gradient of the images, so conv1 has two of the three. Bias, ReLU, pooling, loss and Adam are left
    out, which makes our share smaller than it is. 2,263,920 for one sample.

    >>> lenet5_flops(1)
    2263920.0
    """
    return 2.0 * samples * (3 * sum(_FORWARD.values()) - _FORWARD["conv1"])


def images(count: int, data: str | None = None) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (count, 28, 28, 1) of bytes and their labels: noise, or the first in the arrays of a folder."""
    if data is not None:
        x, y = np.load(Path(data, "x.npy")), np.load(Path(data, "y.npy"))
        return x[:count], y[:count]
    random = np.random.default_rng(0)
    return random.integers(0, 256, (count, 28, 28, 1), np.uint8), random.integers(0, 10, count)


def step_images(flat: bool) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The pool of samples of the step rows, in [0, 1], as vectors for dense networks or as images."""
    x, y = images(POOL)
    scaled = x.astype(np.float32) / np.float32(255)
    return scaled.reshape(POOL, 784) if flat else scaled, y


def color_images() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The pool of samples (CNN_POOL, 32, 32, 3) of the network of 3 × 3 convolutions: noise around 0."""
    random = np.random.default_rng(0)
    return random.standard_normal((CNN_POOL, 32, 32, 3), np.float32), random.integers(0, 10, CNN_POOL)


def save(x: NDArray[Any], y: NDArray[Any], folder: Path) -> None:
    """Put images where `images` finds them: every contestant reads the same arrays, with nobody's library."""
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
