"""Pooling layers whose output has a size of its own, whatever that of the input is: one number for a map, or a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.tensor import Tensor
from chainrule.nn.layer import Layer
from chainrule.nn.scope import Scope
from chainrule.nn.spatial import spatial
from chainrule.ops.adaptive_pooling import adaptive_average_pool, adaptive_max_pool
from chainrule.ops.contraction import mean
from chainrule.ops.selection import max
from chainrule.ops.windows import PerAxis, sizes

__all__ = [
    "AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveMaxPool1D", "AdaptiveMaxPool2D",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPool1D", "GlobalMaxPool2D",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class GlobalPooling(Layer):
    """What global pooling has in common: `keepdims` leaves axes of size 1 where the map was."""

    keepdims: bool = False

    rank: ClassVar[int]

    def axes(self, x: Tensor) -> range:
        """The spatial axes, once it is certain that x has them."""
        return range(1, spatial(x, self.rank).ndim - 1)


@dataclass(frozen=True, eq=False)
class GlobalAveragePooling(GlobalPooling):
    """The means of maps, over any number of spatial axes."""

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return mean(x, self.axes(x), keepdims=self.keepdims)


@dataclass(frozen=True, eq=False)
class GlobalAveragePooling2D(GlobalAveragePooling):
    """The mean of each feature map: how much of a feature is in the image, wherever it is.

        y[n,c] = 1/(height·width) Σ x[n,i,j,c]

    Shapes:   x (batch, height, width, c) → (batch, c)
    Raises:   ShapeError if x is no batch of images.
    Source:   Lin, Chen and Yan 2014, Network in network, section 3.2
    Example:
        >>> from chainrule.nn import GlobalAveragePooling2D, trace
        >>> trace(GlobalAveragePooling2D(), [(7, 7, 64)]).inference.shape
        (batch, 64)
    """

    rank: ClassVar[int] = 2


@dataclass(frozen=True, eq=False)
class GlobalAveragePooling1D(GlobalAveragePooling):
    """The mean over a sequence, channel by channel.

        y[n,c] = 1/length Σ x[n,i,c]

    Shapes:   x (batch, length, c) → (batch, c)
    Raises:   ShapeError if x is no batch of sequences.
    Example:
        >>> from chainrule.nn import GlobalAveragePooling1D, trace
        >>> trace(GlobalAveragePooling1D(keepdims=True), [(100, 6)]).inference.shape
        (batch, 1, 6)
    """

    rank: ClassVar[int] = 1


@dataclass(frozen=True, eq=False)
class GlobalMaxPooling(GlobalPooling):
    """The largest elements of maps, over any number of spatial axes."""

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return max(x, self.axes(x), keepdims=self.keepdims)


@dataclass(frozen=True, eq=False)
class GlobalMaxPool2D(GlobalMaxPooling):
    """The largest element of each feature map: whether a feature is in the image, wherever it is.

        y[n,c] = max over i, j of x[n,i,j,c]

    Shapes:   x (batch, height, width, c) → (batch, c)
    Raises:   ShapeError if x is no batch of images, or has no pixels.
    Example:
        >>> from chainrule.nn import GlobalMaxPool2D, trace
        >>> trace(GlobalMaxPool2D(), [(7, 7, 64)]).inference.shape
        (batch, 64)
    """

    rank: ClassVar[int] = 2


@dataclass(frozen=True, eq=False)
class GlobalMaxPool1D(GlobalMaxPooling):
    """The largest element of a sequence, channel by channel.

        y[n,c] = max over i of x[n,i,c]

    Shapes:   x (batch, length, c) → (batch, c)
    Raises:   ShapeError if x is no batch of sequences, or they are empty.
    Example:
        >>> from chainrule.nn import GlobalMaxPool1D, trace
        >>> trace(GlobalMaxPool1D(), [(100, 6)]).inference.shape
        (batch, 6)
    """

    rank: ClassVar[int] = 1


@dataclass(frozen=True, eq=False)
class AdaptivePooling(Layer):
    """What adaptive pooling has in common: the size of its output, a number or one for each spatial axis."""

    output_size: PerAxis

    rank: ClassVar[int]

    def __post_init__(self) -> None:
        sizes(type(self).__name__, "output_size", self.output_size, self.rank)


@dataclass(frozen=True, eq=False)
class AdaptiveAveragePooling(AdaptivePooling):
    """The means of windows that cover a map, along any number of spatial axes."""

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return adaptive_average_pool(spatial(x, self.rank), self.output_size)


@dataclass(frozen=True, eq=False)
class AdaptiveAveragePooling2D(AdaptiveAveragePooling):
    """Means of as many windows as are wanted, which cover the image whatever its size; PyTorch's rule for where.

        y[n,k,l,c] = mean x[n, ⌊k·height / size⌋ … ⌈(k + 1)·height / size⌉ - 1, …, c]

    Shapes:   x (batch, height, width, c) → (batch, size₀, size₁, c)
    Raises:   ShapeError if x is no batch of images; UsageError for sizes below 1.
    Example:
        >>> from chainrule.nn import AdaptiveAveragePooling2D, trace
        >>> trace(AdaptiveAveragePooling2D(7), [(10, 12, 64)]).inference.shape
        (batch, 7, 7, 64)
    """

    rank: ClassVar[int] = 2


@dataclass(frozen=True, eq=False)
class AdaptiveAveragePooling1D(AdaptiveAveragePooling):
    """Means of as many windows as are wanted, which cover the sequence whatever its length.

    Shapes:   x (batch, length, c) → (batch, size, c)
    Raises:   ShapeError if x is no batch of sequences; UsageError for sizes below 1.
    Example:
        >>> from chainrule.nn import AdaptiveAveragePooling1D, trace
        >>> trace(AdaptiveAveragePooling1D(8), [(100, 6)]).inference.shape
        (batch, 8, 6)
    """

    rank: ClassVar[int] = 1


@dataclass(frozen=True, eq=False)
class AdaptiveMaxPooling(AdaptivePooling):
    """The largest elements of windows that cover a map, along any number of spatial axes."""

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return adaptive_max_pool(spatial(x, self.rank), self.output_size)


@dataclass(frozen=True, eq=False)
class AdaptiveMaxPool2D(AdaptiveMaxPooling):
    """The largest elements of as many windows as are wanted, which cover the image whatever its size.

        y[n,k,l,c] = max x[n, ⌊k·height / size⌋ … ⌈(k + 1)·height / size⌉ - 1, …, c]

    Shapes:   x (batch, height, width, c) → (batch, size₀, size₁, c)
    Raises:   ShapeError if x is no batch of images; UsageError for sizes below 1.
    Example:
        >>> from chainrule.nn import AdaptiveMaxPool2D, trace
        >>> trace(AdaptiveMaxPool2D((7, 5)), [(10, 12, 64)]).inference.shape
        (batch, 7, 5, 64)
    """

    rank: ClassVar[int] = 2


@dataclass(frozen=True, eq=False)
class AdaptiveMaxPool1D(AdaptiveMaxPooling):
    """The largest elements of as many windows as are wanted, which cover the sequence whatever its length.

    Shapes:   x (batch, length, c) → (batch, size, c)
    Raises:   ShapeError if x is no batch of sequences; UsageError for sizes below 1.
    Example:
        >>> from chainrule.nn import AdaptiveMaxPool1D, trace
        >>> trace(AdaptiveMaxPool1D(8), [(100, 6)]).inference.shape
        (batch, 8, 6)
    """

    rank: ClassVar[int] = 1
