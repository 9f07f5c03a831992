"""scikit-learn's work: it has no convolutions, so its dense network is there for information."""

# mypy: disable-error-code="import-not-found, import-untyped"
# What is measured need not be installed where types are checked.

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.turns import Turns
from benchmarks.work import task


def mnist_epochs(turns: Turns, data: str | None = None) -> None:
    """Epochs of a dense network 784-512-256-10 over 60,000 images, Adam, batches of 64."""
    x, y = task.images(task.MNIST, data)
    pixels = x.reshape(len(x), -1).astype(np.float32) / 255
    network = MLPClassifier((512, 256), batch_size=64)
    while True:
        network.partial_fit(pixels, y, classes=np.arange(10))
        turns.done(1)
