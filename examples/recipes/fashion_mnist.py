"""Shirt or coat? Two convolutions and pooling learn Fashion-MNIST.

Pieces of clothing are mirrored and shifted by a pixel at random.

    python examples/recipes/fashion_mnist.py --data FOLDER_OF_FASHION_MNIST
"""

import numpy as np
from measured import measure
from mnist_speedrun import small
from numpy.typing import NDArray

import chainrule as cr
from chainrule import nn


def network() -> nn.Sequential:
    """Images → 26 × 26 × 24 → 13 × 13 × 24 → 11 × 11 × 48 → 5 × 5 × 48 → 128 → 10 scores, with 165,674 parameters."""
    return nn.Sequential([
        nn.Rescaling(1 / 255),
        nn.RandomShift(1),
        nn.RandomFlip("horizontal"),
        nn.Conv2D(24, 3, activation="relu", kernel_initializer=small(3 * 3)),
        nn.MaxPool2D(2),
        nn.Conv2D(48, 3, activation="relu", kernel_initializer=small(3 * 3 * 24)),
        nn.MaxPool2D(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Dense(128, "relu", kernel_initializer=small(5 * 5 * 48)),
        nn.Dense(10),
    ])  # fmt: skip


def trained(x: NDArray[np.uint8], y: NDArray[np.int64], seed: int, epochs: int) -> cr.Model:
    """The model after so many passes over the images."""
    model = cr.Model(network(), (28, 28, 1), seed=seed)
    model.fit(
        x, y,
        loss=nn.CategoricalCrossEntropy(label_smoothing=0.05), metrics=[],
        optimizer=cr.optim.Adam(cr.optim.OneCycle(0.006, rising=0.2), beta_2=0.99),
        epochs=epochs, batch_size=64, verbose=0,
    )  # fmt: skip
    return model


if __name__ == "__main__":
    measure("fashion-mnist", trained, __doc__, epochs=16, seeds=3)
