"""How soon are 99 of 100 handwritten digits recognised? After one pass over MNIST, by a network of few operations.

The first convolution moves by two pixels at a time, so that what follows has a quarter of the places to compute. First
weights are small and targets soft, which together gained a fifth of a per cent of the digits set aside.

    python examples/recipes/mnist_speedrun.py --data FOLDER_OF_MNIST

The first training on a machine also compiles, which takes some seconds.
"""

import numpy as np
from measured import measure
from numpy.typing import NDArray

import chainrule as cr
from chainrule import nn


def small(inputs: int) -> nn.Initializer:
    """First weights of units with so many inputs; a sixth of the variance that he_uniform gives them."""
    return nn.Uniform(-(inputs**-0.5), inputs**-0.5)


def network() -> nn.Sequential:
    """Images → 14 × 14 × 8 → 12 × 12 × 16 → 6 × 6 × 16 → 4 × 4 × 48 → 64 → 10 scores, with 58,130 parameters."""
    return nn.Sequential([
        nn.RandomShift(1),
        nn.Rescaling(1 / 255),
        nn.Conv2D(8, 4, strides=2, padding=1, activation="relu", kernel_initializer=small(4 * 4)),
        nn.Conv2D(16, 3, activation="relu", kernel_initializer=small(3 * 3 * 8)),
        nn.MaxPool2D(2),
        nn.Conv2D(48, 3, activation="relu", kernel_initializer=small(3 * 3 * 16)),
        nn.Flatten(),
        nn.Dense(64, "relu", kernel_initializer=small(4 * 4 * 48)),
        nn.Dense(10),
    ])  # fmt: skip


def trained(x: NDArray[np.uint8], y: NDArray[np.int64], seed: int, epochs: int) -> cr.Model:
    """The model after so many passes over the images."""
    model = cr.Model(network(), (28, 28, 1), seed=seed)
    model.fit(
        x, y,
        loss=nn.CategoricalCrossEntropy(label_smoothing=0.1), metrics=[],
        optimizer=cr.optim.Adam(cr.optim.OneCycle(0.012, rising=0.2), beta_1=0.85, beta_2=0.99),
        epochs=epochs, batch_size=64, verbose=0,
    )  # fmt: skip
    return model


if __name__ == "__main__":
    measure("mnist", trained, __doc__, epochs=1, seeds=5)
