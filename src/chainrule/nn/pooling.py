"""Pooling layers: less resolution, and less concern for where exactly a feature is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.tensor import Tensor
from chainrule.nn.layer import Layer
from chainrule.nn.scope import Scope
from chainrule.nn.spatial import spatial
from chainrule.ops.pooling import average_pool, max_pool
from chainrule.ops.windows import Padding, PerAxis

__all__ = [
    "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "MaxPool1D", "MaxPool2D", "MaxPool3D",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class MaxPooling(Layer):
    """What max pooling over any number of spatial axes has in common; its fields are described there."""

    pool_size: PerAxis = 2
    strides: PerAxis | None = None
    padding: Padding = "valid"
    dilation: PerAxis = 1
    ceil_mode: bool = False

    rank: ClassVar[int]

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return max_pool(
            spatial(x, self.rank), self.pool_size, strides=self.strides, padding=self.padding, dilation=self.dilation,
            ceil_mode=self.ceil_mode,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class MaxPool2D(MaxPooling):
    """The largest element of each window of each feature map; windows step by their own size unless strides say so.

        y[n,i,j,c] = max over p, q of x[n, i·s + p·d, j·s + q·d, c]

    What padding adds is never the largest. In ceil mode a last window that the border cuts off counts too.

    Shapes:   x (batch, height, width, c) → (batch, (height - pool + padding) / s + 1, …, c)
    Raises:   ShapeError if x is no batch of images, or smaller than a window, or a window sees nothing but padding.
    Example:
        >>> from chainrule.nn import MaxPool2D, trace
        >>> trace(MaxPool2D(2), [(28, 28, 6)]).inference.shape
        (batch, 14, 14, 6)
    """

    rank: ClassVar[int] = 2


@dataclass(frozen=True, eq=False)
class MaxPool1D(MaxPooling):
    """The largest element of each window of a sequence, channel by channel; MaxPool2D with one spatial axis.

        y[n,i,c] = max over p of x[n, i·s + p·d, c]

    Shapes:   x (batch, length, c) → (batch, (length - pool + padding) / s + 1, c)
    Raises:   as MaxPool2D.
    Example:
        >>> from chainrule.nn import MaxPool1D, trace
        >>> trace(MaxPool1D(3, strides=2), [(100, 6)]).inference.shape
        (batch, 49, 6)
    """

    rank: ClassVar[int] = 1


@dataclass(frozen=True, eq=False)
class MaxPool3D(MaxPooling):
    """The largest element of each window of a volume, channel by channel; MaxPool2D with three spatial axes.

        y[n,i,j,k,c] = max over p, q, r of x[n, i·s + p·d, j·s + q·d, k·s + r·d, c]

    Shapes:   x (batch, depth, height, width, c) → (batch, (depth - pool + padding) / s + 1, …, c)
    Raises:   as MaxPool2D.
    Example:
        >>> from chainrule.nn import MaxPool3D, trace
        >>> trace(MaxPool3D(), [(8, 8, 8, 1)]).inference.shape
        (batch, 4, 4, 4, 1)
    """

    rank: ClassVar[int] = 3


@dataclass(frozen=True, eq=False)
class AveragePooling(Layer):
    """What average pooling over any number of spatial axes has in common; its fields are described there."""

    pool_size: PerAxis = 2
    strides: PerAxis | None = None
    padding: Padding = "valid"
    ceil_mode: bool = False
    count_padding: bool = False

    rank: ClassVar[int]

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return average_pool(
            spatial(x, self.rank), self.pool_size, strides=self.strides, padding=self.padding,
            ceil_mode=self.ceil_mode, count_padding=self.count_padding,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class AveragePooling2D(AveragePooling):
    """The mean of each window of each feature map; windows step by their own size unless strides say so.

        y[n,i,j,c] = 1/count Σ x[n, i·s + p, j·s + q, c]

    What padding adds is not counted, as in Keras; with `count_padding` it is, as in PyTorch. In ceil mode a last window
    that the border cuts off counts too.

    Shapes:   x (batch, height, width, c) → (batch, (height - pool + padding) / s + 1, …, c)
    Raises:   ShapeError if x is no batch of images, or smaller than a window, or a window sees nothing but padding.
    Example:
        >>> from chainrule.nn import AveragePooling2D, trace
        >>> trace(AveragePooling2D(2), [(28, 28, 6)]).inference.shape
        (batch, 14, 14, 6)
    """

    rank: ClassVar[int] = 2


@dataclass(frozen=True, eq=False)
class AveragePooling1D(AveragePooling):
    """The mean of each window of a sequence, channel by channel; AveragePooling2D with one spatial axis.

        y[n,i,c] = 1/count Σ x[n, i·s + p, c]

    Shapes:   x (batch, length, c) → (batch, (length - pool + padding) / s + 1, c)
    Raises:   as AveragePooling2D.
    Example:
        >>> from chainrule.nn import AveragePooling1D, trace
        >>> trace(AveragePooling1D(4), [(100, 6)]).inference.shape
        (batch, 25, 6)
    """

    rank: ClassVar[int] = 1


@dataclass(frozen=True, eq=False)
class AveragePooling3D(AveragePooling):
    """The mean of each window of a volume, channel by channel; AveragePooling2D with three spatial axes.

        y[n,i,j,k,c] = 1/count Σ x[n, i·s + p, j·s + q, k·s + r, c]

    Shapes:   x (batch, depth, height, width, c) → (batch, (depth - pool + padding) / s + 1, …, c)
    Raises:   as AveragePooling2D.
    Example:
        >>> from chainrule.nn import AveragePooling3D, trace
        >>> trace(AveragePooling3D(), [(8, 8, 8, 1)]).inference.shape
        (batch, 4, 4, 4, 1)
    """

    rank: ClassVar[int] = 3
