"""How few of MNIST's digits are mistaken by a small network that sees each of them turned, zoomed and shifted?

The same network as in mnist_speedrun, twice as wide, and eight passes. What is tested has the averages of the weights
over the last updates, some 500 of them.

    python examples/recipes/mnist_augmented.py --data FOLDER_OF_MNIST
"""

import numpy as np
from measured import measure
from mnist_speedrun import small
from numpy.typing import NDArray

import chainrule as cr
from chainrule import nn


def network() -> nn.Sequential:
    """Images → 14 × 14 × 16 → 12 × 12 × 32 → 6 × 6 × 32 → 4 × 4 × 96 → 128 → 10 scores, with 230,682 parameters."""
    return nn.Sequential([
        nn.Rescaling(1 / 255),
        nn.RandomRotation(8 / 360),
        nn.RandomZoom(0.08),
        nn.RandomShift(1),
        nn.Conv2D(16, 4, strides=2, padding=1, activation="relu", kernel_initializer=small(4 * 4)),
        nn.Conv2D(32, 3, activation="relu", kernel_initializer=small(3 * 3 * 16)),
        nn.MaxPool2D(2),
        nn.Conv2D(96, 3, activation="relu", kernel_initializer=small(3 * 3 * 32)),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Dense(128, "relu", kernel_initializer=small(4 * 4 * 96)),
        nn.Dense(10),
    ])  # fmt: skip


def trained(x: NDArray[np.uint8], y: NDArray[np.int64], seed: int, epochs: int) -> cr.Model:
    """The model with averaged weights, after so many passes over the images."""
    model = cr.Model(network(), (28, 28, 1), seed=seed)
    adam = cr.optim.Adam(cr.optim.OneCycle(0.006, rising=0.2), beta_2=0.99)
    model.fit(
        x, y,
        loss=nn.CategoricalCrossEntropy(label_smoothing=0.1), metrics=[],
        optimizer=cr.optim.ExponentialAverage(adam, decay=0.998),
        epochs=epochs, batch_size=64, verbose=0,
    )  # fmt: skip
    return model.averaged()


if __name__ == "__main__":
    measure("mnist", trained, __doc__, epochs=8, seeds=3)
