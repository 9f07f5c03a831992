"""A network of convolutions and nothing else."""

from __future__ import annotations

from chainrule.nn.convolution import Conv2D
from chainrule.nn.dropout import Dropout
from chainrule.nn.reshaping import Rescaling
from chainrule.nn.sequential import Sequential
from chainrule.nn.whole_pooling import GlobalAveragePooling2D

__all__ = ["all_cnn"]


def all_cnn(classes: int = 10, *, width: int = 96, scale: float = 1 / 255) -> Sequential:
    """The all-convolutional network: strides in the place of pooling, and at the end the mean of a map for each class.

        two conv 3×3, width maps, a third with stride 2 · two conv 3×3, 2·width, a third with stride 2 ·
        conv 3×3 without padding, 2·width · conv 1×1, 2·width · conv 1×1, classes · global average

    Dropout of the input (0.2) and behind each stride (0.5). With width 96 it is the paper's All-CNN-C, 1,369,738
    parameters for images with 3 channels and 10 classes, of any size from 9 × 9 on. ReLU follows every convolution but
    the last, which has it in the paper too: so scores may be negative.

    It takes pixels from 0 to 255, which it multiplies by `scale`, and gives logits, for cross_entropy.

    Shapes:   x (batch, height, width, c) → (batch, classes)
    Source:   Springenberg, Dosovitskiy, Brox and Riedmiller 2015, Striving for simplicity, tables 1 and 2
    Example:
        >>> from chainrule.nn import all_cnn, trace
        >>> trace(all_cnn(), [(32, 32, 3)]).parameter_count
        1369738
    """

    def stage(number: int, maps: int) -> list[Conv2D]:
        return [_convolution(f"conv{number}_{k}", maps, 3, strides, 1) for k, strides in ((1, 1), (2, 1), (3, 2))]

    return Sequential([
        Rescaling(scale, name="rescaling"),
        Dropout(0.2, name="dropout1"),
        *stage(1, width),
        Dropout(0.5, name="dropout2"),
        *stage(2, 2 * width),
        Dropout(0.5, name="dropout3"),
        _convolution("conv3_1", 2 * width, 3),
        _convolution("conv3_2", 2 * width, 1),
        Conv2D(classes, 1, kernel_initializer="he_normal", name="maps"),
        GlobalAveragePooling2D(name="scores"),
    ])  # fmt: skip


def _convolution(name: str, maps: int, window: int, strides: int = 1, padding: int = 0) -> Conv2D:
    return Conv2D(maps, window, strides, padding, activation="relu", kernel_initializer="he_normal", name=name)
