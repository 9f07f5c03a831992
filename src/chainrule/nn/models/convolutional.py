"""LeNet-5 as it is built today."""

from __future__ import annotations

from chainrule.nn.convolution import Conv2D
from chainrule.nn.dense import Dense
from chainrule.nn.pooling import MaxPool2D
from chainrule.nn.reshaping import Flatten, Rescaling
from chainrule.nn.sequential import Sequential

__all__ = ["lenet5"]


def lenet5(classes: int = 10, *, padding: int = 2) -> Sequential:
    """LeNet-5 as it is built today: ReLU, max-pooling, a dense connection of all maps, scores from a dense layer.

        conv1 5×5, 6 maps 156 · pool1 · conv2 5×5, 16 maps 2,416 · pool2 ·
        dense1 120 48,120 · dense2 84 10,164 · scores 850

    61,706 parameters with 10 classes. It takes pixels from 0 to 255, which it scales to [0, 1] itself, and gives
    logits, for cross_entropy. `padding` brings images to 32 × 32: 2 for 28 × 28, 0 for 32 × 32.

    Shapes:   x (batch, 28, 28, c) → (batch, classes)
    Source:   after LeCun, Bottou, Bengio and Haffner 1998; lenet5_1998 is the original
    Example:
        >>> from chainrule.nn import lenet5, trace
        >>> trace(lenet5(), [(28, 28, 1)]).parameter_count
        61706
    """
    return Sequential([
        Rescaling(1 / 255, name="rescaling"),
        Conv2D(6, 5, padding=padding, activation="relu", kernel_initializer="he_uniform", name="conv1"),
        MaxPool2D(2, name="pool1"),
        Conv2D(16, 5, activation="relu", kernel_initializer="he_uniform", name="conv2"),
        MaxPool2D(2, name="pool2"),
        Flatten(name="flatten"),
        Dense(120, "relu", kernel_initializer="he_uniform", name="dense1"),
        Dense(84, "relu", kernel_initializer="he_uniform", name="dense2"),
        Dense(classes, name="scores"),
    ])  # fmt: skip
