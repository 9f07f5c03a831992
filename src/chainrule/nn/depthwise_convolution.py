"""Depthwise and separable convolutional layers: far fewer numbers than a convolution of the same size has."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.tensor import Tensor
from chainrule.nn.activations import Activate, as_activation
from chainrule.nn.initializers import Floats, Initializer, as_initializer
from chainrule.nn.layer import Layer, check_positive, features
from chainrule.nn.penalties import Penalty, check_penalties
from chainrule.nn.scope import Scope
from chainrule.nn.spatial import spatial
from chainrule.ops.depthwise_convolution import depthwise_conv1d, depthwise_conv2d, separable_conv2d
from chainrule.ops.windows import Padding, PerAxis, sizes

__all__ = ["DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv2D"]


@dataclass(frozen=True)
class OneChannelEach(Initializer):
    """First values of kernels (…window, channels, multiplier) that see one channel each.

    They are those of a convolution with as many groups as channels: a unit has |window| inputs, not |window|·channels.
    """

    initializer: Initializer

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> Floats:
        *window, channels, multiplier = shape
        return self.initializer((*window, 1, channels * multiplier), seed, stream).reshape(shape)


@dataclass(frozen=True, eq=False)
class DepthwiseConvolution(Layer):
    """What depthwise convolutions have in common; the fields are those of Conv2D."""

    # Keras's order, in which `filters` and `groups` are missing: fields that are inherited would stand in front.
    kernel_size: PerAxis
    strides: PerAxis = 1
    padding: Padding = "valid"
    dilation: PerAxis = 1
    depth_multiplier: int = 1
    activation: str | Activate | None = None
    use_bias: bool = True
    kernel_initializer: str | Initializer = "glorot_uniform"
    bias_initializer: str | Initializer = "zeros"
    kernel_penalty: Penalty | None = None
    bias_penalty: Penalty | None = None

    rank: ClassVar[int]

    def __post_init__(self) -> None:
        check_positive(self, depth_multiplier=self.depth_multiplier)
        check_penalties(self, kernel_penalty=self.kernel_penalty, bias_penalty=self.bias_penalty)

    @abstractmethod
    def convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        """The convolution without bias and activation."""

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        channels = features(spatial(x, self.rank))
        window = sizes(type(self).__name__, "kernel_size", self.kernel_size, self.rank)
        initializer = OneChannelEach(as_initializer(self.kernel_initializer))
        shape = (*window, channels, self.depth_multiplier)
        y = self.convolve(x, scope.parameter("kernel", shape, initializer, self.kernel_penalty))
        if self.use_bias:
            maps = channels * self.depth_multiplier
            y = y + scope.parameter("bias", (maps,), self.bias_initializer, self.bias_penalty)
        return as_activation(self.activation)(y)


@dataclass(frozen=True, eq=False)
class DepthwiseConv2D(DepthwiseConvolution):
    """M kernels for each channel (`depth_multiplier`), which see nothing of the other channels.

        y[n, i, j, c·M + m] = f(Σ x[n, i·s + p·d, j·s + q·d, c]·w[p,q,c,m] + b[c·M + m])

    Parameters: kernel w (kh, kw, c, M), bias b (c·M,): kh·kw·c·M + c·M numbers.

    Shapes:   x (batch, height, width, c) → (batch, (height - kh + padding) / s + 1, …, c·M)
    Raises:   ShapeError if x is no batch of images, or smaller than the kernel; UsageError for sizes below 1.
    Example:
        >>> from chainrule.nn import DepthwiseConv2D, trace
        >>> network = trace(DepthwiseConv2D(3), [(28, 28, 8)])
        >>> network.inference.shape, network.parameter_count
        ((batch, 26, 26, 8), 80)
    """

    rank: ClassVar[int] = 2

    def convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        return depthwise_conv2d(x, kernel, strides=self.strides, padding=self.padding, dilation=self.dilation)


@dataclass(frozen=True, eq=False)
class DepthwiseConv1D(DepthwiseConvolution):
    """DepthwiseConv2D with one spatial axis: a filter for each channel of a sequence.

        y[n, i, c·M + m] = f(Σ x[n, i·s + p·d, c]·w[p,c,m] + b[c·M + m])

    Parameters: kernel w (window, c, M), bias b (c·M,): window·c·M + c·M numbers.

    Shapes:   x (batch, length, c) → (batch, (length - window + padding) / s + 1, c·M)
    Raises:   as DepthwiseConv2D.
    Example:
        >>> from chainrule.nn import DepthwiseConv1D, trace
        >>> trace(DepthwiseConv1D(5, depth_multiplier=2), [(100, 3)]).inference.shape
        (batch, 96, 6)
    """

    rank: ClassVar[int] = 1

    def convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        return depthwise_conv1d(x, kernel, strides=self.strides, padding=self.padding, dilation=self.dilation)


@dataclass(frozen=True, eq=False)
class SeparableConv2D(Layer):
    """A DepthwiseConv2D without bias, and a Conv2D of one pixel behind it that mixes the channels.

        y[n,i,j,o] = f(Σ x[n, i·s + p·d, j·s + q·d, c]·w[p,q,c,m]·v[c·M + m, o] + b[o])

    Parameters: depthwise_kernel w (kh, kw, c, M), pointwise_kernel v (1, 1, c·M, filters), bias b (filters,):
    kh·kw·c·M + c·M·filters + filters numbers, where a Conv2D has kh·kw·c·filters + filters.

    Shapes:   x (batch, height, width, c) → (batch, (height - kh + padding) / s + 1, …, filters)
    Raises:   as DepthwiseConv2D.
    Source:   Chollet 2017, Xception: deep learning with depthwise separable convolutions
    Example:
        >>> from chainrule.nn import Conv2D, SeparableConv2D, trace
        >>> [trace(layer, [(28, 28, 8)]).parameter_count for layer in (SeparableConv2D(16, 3), Conv2D(16, 3))]
        [216, 1168]
    """

    filters: int
    kernel_size: PerAxis
    strides: PerAxis = 1
    padding: Padding = "valid"
    dilation: PerAxis = 1
    depth_multiplier: int = 1
    activation: str | Activate | None = None
    use_bias: bool = True
    depthwise_initializer: str | Initializer = "glorot_uniform"
    pointwise_initializer: str | Initializer = "glorot_uniform"
    bias_initializer: str | Initializer = "zeros"
    depthwise_penalty: Penalty | None = None
    pointwise_penalty: Penalty | None = None
    bias_penalty: Penalty | None = None

    def __post_init__(self) -> None:
        check_positive(self, filters=self.filters, depth_multiplier=self.depth_multiplier)
        check_penalties(
            self,
            depthwise_penalty=self.depthwise_penalty,
            pointwise_penalty=self.pointwise_penalty,
            bias_penalty=self.bias_penalty,
        )

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        channels = features(spatial(x, 2))
        window = sizes(type(self).__name__, "kernel_size", self.kernel_size, 2)
        maps = channels * self.depth_multiplier
        depthwise = scope.parameter(
            "depthwise_kernel",
            (*window, channels, self.depth_multiplier),
            OneChannelEach(as_initializer(self.depthwise_initializer)),
            self.depthwise_penalty,
        )
        pointwise = scope.parameter(
            "pointwise_kernel", (1, 1, maps, self.filters), self.pointwise_initializer, self.pointwise_penalty
        )
        y = separable_conv2d(
            x, depthwise, pointwise, strides=self.strides, padding=self.padding, dilation=self.dilation
        )
        if self.use_bias:
            y = y + scope.parameter("bias", (self.filters,), self.bias_initializer, self.bias_penalty)
        return as_activation(self.activation)(y)
