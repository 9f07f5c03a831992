"""Convolutional layers: the same small kernels at every place."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.activations import Activate, as_activation
from chainrule.nn.initializers import Initializer
from chainrule.nn.layer import Layer, check_positive, features
from chainrule.nn.penalties import Penalty, check_penalties
from chainrule.nn.scope import Scope
from chainrule.nn.spatial import spatial
from chainrule.ops.convolution import conv1d, conv2d, conv3d
from chainrule.ops.windows import Padding, PerAxis, sizes

__all__ = ["Conv1D", "Conv2D", "Conv3D"]

_GROUPS = Message(
    "convolution.groups",
    en="x {x} has {channels} channels, which {groups} groups do not divide evenly. Use a number of groups that does.",
    zh="x {x} 有 {channels} 个通道，不能被 {groups} 个分组整除。请使用能整除的分组数。",
)
_FILTERS = Message(
    "convolution.filters",
    en="{layer}(filters={filters}, groups={groups}): each group gives as many of the filters, so groups must divide "
    "them.",
    zh="{layer}(filters={filters}, groups={groups})：每组给出同样多的滤波器，因此分组数必须整除滤波器数。",
)


@dataclass(frozen=True, eq=False)
class Convolution(Layer):
    """What convolutional layers of any number of spatial axes have in common; its fields are described there."""

    filters: int
    kernel_size: PerAxis
    strides: PerAxis = 1
    padding: Padding = "valid"
    dilation: PerAxis = 1
    groups: int = 1
    activation: str | Activate | None = None
    use_bias: bool = True
    kernel_initializer: str | Initializer = "glorot_uniform"
    bias_initializer: str | Initializer = "zeros"
    kernel_penalty: Penalty | None = None
    bias_penalty: Penalty | None = None

    rank: ClassVar[int]

    def __post_init__(self) -> None:
        check_positive(self, filters=self.filters, groups=self.groups)
        check_penalties(self, kernel_penalty=self.kernel_penalty, bias_penalty=self.bias_penalty)
        if self.filters % self.groups:
            raise UsageError(_FILTERS(layer=type(self).__name__, filters=self.filters, groups=self.groups))

    def kernel_depths(self, channels: int) -> tuple[int, int]:
        """The last two axes of the kernel."""
        return channels // self.groups, self.filters

    @abstractmethod
    def convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        """The convolution without bias and activation."""

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        channels = features(spatial(x, self.rank))
        if channels % self.groups:
            raise ShapeError(_GROUPS(x=show_shape(x.shape), channels=channels, groups=self.groups))
        window = sizes(type(self).__name__, "kernel_size", self.kernel_size, self.rank)
        shape = (*window, *self.kernel_depths(channels))
        y = self.convolve(x, scope.parameter("kernel", shape, self.kernel_initializer, self.kernel_penalty))
        if self.use_bias:
            y = y + scope.parameter("bias", (self.filters,), self.bias_initializer, self.bias_penalty)
        return as_activation(self.activation)(y)


@dataclass(frozen=True, eq=False)
class Conv2D(Convolution):
    """M kernels moved over images; each looks at a small window, in all channels, and gives one feature map.

        y[n,i,j,o] = f(Σ x[n, i·s + p·d, j·s + q·d, c]·w[p,q,c,o] + b[o])

    The kernel is not flipped: this is cross-correlation, as in every framework. `padding`: "valid" adds nothing, "same"
    gives ceil(size / stride) positions (the odd element behind, as in Keras), a number is added on both sides, and
    (vertical, horizontal) or ((top, bottom), (left, right)) say it for each axis or side by itself. `groups` divide
    channels and kernels, each group seeing its own only.

    Parameters: kernel w (kh, kw, c / groups, M), bias b (M,): kh·kw·c/groups·M + M numbers, whatever the size of the
    image; a dense layer with as many outputs would have height·width·c numbers for each of them.

    Shapes:   x (batch, height, width, c) → (batch, (height - kh + padding) / s + 1, …, M)
    Raises:   ShapeError if x is no batch of images, or smaller than the kernel; UsageError for sizes below 1.
    Source:   LeCun et al. 1989, Backpropagation applied to handwritten zip code recognition
    Example:
        >>> from chainrule.nn import Conv2D, trace
        >>> network = trace(Conv2D(6, 5), [(28, 28, 1)])
        >>> network.inference.shape, network.parameter_count
        ((batch, 24, 24, 6), 156)
    """

    rank: ClassVar[int] = 2

    def convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        return conv2d(x, kernel, strides=self.strides, padding=self.padding, dilation=self.dilation, groups=self.groups)


@dataclass(frozen=True, eq=False)
class Conv1D(Convolution):
    """M kernels moved along a sequence; Conv2D with one spatial axis.

        y[n,i,o] = f(Σ x[n, i·s + p·d, c]·w[p,c,o] + b[o])

    Parameters: kernel w (window, c / groups, M), bias b (M,): window·c/groups·M + M numbers.

    Shapes:   x (batch, length, c) → (batch, (length - window + padding) / s + 1, M)
    Raises:   as Conv2D.
    Example:
        >>> from chainrule.nn import Conv1D, trace
        >>> trace(Conv1D(4, 3, padding="same"), [(10, 2)]).inference.shape
        (batch, 10, 4)
    """

    rank: ClassVar[int] = 1

    def convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        return conv1d(x, kernel, strides=self.strides, padding=self.padding, dilation=self.dilation, groups=self.groups)


@dataclass(frozen=True, eq=False)
class Conv3D(Convolution):
    """M kernels moved through volumes; Conv2D with three spatial axes.

        y[n,i,j,k,o] = f(Σ x[n, i·s + p·d, j·s + q·d, k·s + r·d, c]·w[p,q,r,c,o] + b[o])

    Parameters: kernel w (kd, kh, kw, c / groups, M), bias b (M,): kd·kh·kw·c/groups·M + M numbers.

    Shapes:   x (batch, depth, height, width, c) → (batch, (depth - kd + padding) / s + 1, …, M)
    Raises:   as Conv2D.
    Example:
        >>> from chainrule.nn import Conv3D, trace
        >>> trace(Conv3D(4, 3, padding="same"), [(8, 10, 10, 2)]).inference.shape
        (batch, 8, 10, 10, 4)
    """

    rank: ClassVar[int] = 3

    def convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        return conv3d(x, kernel, strides=self.strides, padding=self.padding, dilation=self.dilation, groups=self.groups)
