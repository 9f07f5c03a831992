"""A network for series of measurements."""

from __future__ import annotations

from chainrule.nn.convolution import Conv1D
from chainrule.nn.dense import Dense
from chainrule.nn.layer import Layer
from chainrule.nn.normalization import BatchNormalization
from chainrule.nn.rectifiers import ReLU
from chainrule.nn.sequential import Sequential
from chainrule.nn.whole_pooling import GlobalAveragePooling1D

__all__ = ["sensor_cnn"]


def sensor_cnn(classes: int, *, width: int = 128) -> Sequential:
    """Kernels along time, of all sensors together, and how much of each pattern there is in the whole series.

        conv 8, width maps · conv 5, 2·width · conv 3, width · mean over time · scores

    Batch normalisation (momentum 0.9) and ReLU follow each convolution. With the paper's width of 128, 9 sensors and
    6 classes it has 273,670 parameters, whatever the length of the series. Bring each sensor to mean 0 and variance 1
    first. It gives logits, for cross_entropy.

    Shapes:   x (batch, time, sensors) → (batch, classes)
    Source:   Wang, Yan and Oates 2017, Time series classification from scratch: the fully convolutional network (FCN)
    Example:
        >>> from chainrule.nn import sensor_cnn, trace
        >>> trace(sensor_cnn(6), [(128, 9)]).parameter_count
        273670
    """
    windows = ((8, width), (5, 2 * width), (3, width))
    stages = [layer for k, (window, maps) in enumerate(windows, 1) for layer in _stage(k, window, maps)]
    return Sequential([*stages, GlobalAveragePooling1D(name="average"), Dense(classes, name="scores")])


def _stage(number: int, window: int, maps: int) -> list[Layer]:
    return [
        Conv1D(maps, window, padding="same", kernel_initializer="he_normal", name=f"conv{number}"),
        BatchNormalization(0.9, name=f"norm{number}"),
        ReLU(name=f"relu{number}"),
    ]
