"""Random classifiers of images without padding: windows of every kind, functions of channels, heads of every kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule import nn


def classifier(random: np.random.Generator) -> nn.Sequential:
    """For images of 14 × 14 pixels and an even number of channels, at most eight of them in a map."""

    def number(least: int, most: int) -> int:
        return int(random.integers(least, most, endpoint=True))

    def convolution() -> nn.Layer:
        filters, window, strides = 2 * number(1, 3), number(1, 3), number(1, 2)
        return nn.Conv2D(filters, window, strides, dilation=number(1, 2), groups=number(1, 2))

    layers: list[Callable[[], nn.Layer]] = [
        convolution,
        lambda: nn.MaxPool2D(number(1, 3), number(1, 2)),
        lambda: nn.AveragePooling2D(2, number(1, 2)),
        nn.BatchNormalization,
        lambda: nn.DepthwiseConv2D(2, depth_multiplier=number(1, 2)),
        lambda: nn.SeparableConv2D(4, 2),
        nn.ReLU,
        nn.LayerNormalization,
        lambda: nn.LocalResponseNormalization(3),
        lambda: nn.SkipConnection(nn.GELU()),
        lambda: nn.Dense(4),
    ]
    heads: list[Callable[[], list[nn.Layer]]] = [
        lambda: [nn.Flatten(), nn.Dense(5, "relu"), nn.Dropout(0.5), nn.Dense(3)],
        lambda: [nn.GlobalAveragePooling2D(), nn.Dense(3, "softmax")],
        lambda: [nn.GlobalMaxPool2D(), nn.Dense(4), nn.BatchNormalization(), nn.UnitNormalization()],
        lambda: [nn.Flatten(), nn.Dense(6), nn.Reshape((3, 2)), nn.LSTM(2)],
    ]
    body = [layers[int(k)]() for k in random.integers(0, len(layers), number(1, 4))]
    return nn.Sequential([*body, *heads[number(0, 3)]()])
