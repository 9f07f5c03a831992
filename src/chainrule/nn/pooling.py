"""Pooling layers: less resolution, and less concern for where exactly a feature is."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.tensor import Tensor
from chainrule.nn.convolution import images
from chainrule.nn.layer import Layer
from chainrule.nn.scope import Scope
from chainrule.ops.pooling import average_pool, max_pool
from chainrule.ops.windows import Padding, PerAxis

__all__ = ["AveragePooling2D", "MaxPool2D"]


@dataclass(frozen=True, eq=False)
class MaxPool2D(Layer):
    """The largest element of each window of each feature map; windows step by their own size unless strides say so.

        y[n,i,j,c] = max over p, q of x[n, i·s + p, j·s + q, c]

    What padding adds is never the largest.

    Shapes:   x (batch, height, width, c) → (batch, (height - pool + padding) / s + 1, …, c)
    Raises:   ShapeError if x is no batch of images, or smaller than a window.
    Example:
        >>> from chainrule.nn import MaxPool2D, trace
        >>> trace(MaxPool2D(2), [(28, 28, 6)]).inference.shape
        (batch, 14, 14, 6)
    """

    pool_size: PerAxis = 2
    strides: PerAxis | None = None
    padding: Padding = "valid"

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return max_pool(images(x), self.pool_size, strides=self.strides, padding=self.padding)


@dataclass(frozen=True, eq=False)
class AveragePooling2D(Layer):
    """The mean of each window of each feature map; windows step by their own size unless strides say so.

        y[n,i,j,c] = 1/|window| Σ x[n, i·s + p, j·s + q, c]

    There is no padding: what it adds would have to be counted or left out, and frameworks differ.

    Shapes:   x (batch, height, width, c) → (batch, (height - pool) / s + 1, …, c)
    Raises:   ShapeError if x is no batch of images, or smaller than a window.
    Example:
        >>> from chainrule.nn import AveragePooling2D, trace
        >>> trace(AveragePooling2D(2), [(28, 28, 6)]).inference.shape
        (batch, 14, 14, 6)
    """

    pool_size: PerAxis = 2
    strides: PerAxis | None = None

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return average_pool(images(x), self.pool_size, strides=self.strides)
