"""Transposed convolutional layers: from small maps to large ones, with learned kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.tensor import Tensor
from chainrule.nn.convolution import Convolution
from chainrule.ops.transposed_convolution import conv1d_transpose, conv2d_transpose, conv3d_transpose
from chainrule.ops.windows import PerAxis

__all__ = ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"]


@dataclass(frozen=True, eq=False)
class TransposedConvolution(Convolution):
    """What transposed convolutions of any number of spatial axes have in common."""

    output_padding: PerAxis = 0

    def kernel_depths(self, channels: int) -> tuple[int, int]:
        return self.filters // self.groups, channels


@dataclass(frozen=True, eq=False)
class Conv2DTranspose(TransposedConvolution):
    """Each pixel puts a window of its own, times M kernels, into larger maps; windows that overlap are added up.

        y[n, i·s + p·d, j·s + q·d, o] = f(Σ x[n,i,j,c]·w[p,q,o,c] + b[o])

    It goes the way of a Conv2D with the same fields backwards: `padding` is taken away, "same" gives size · stride
    positions, and `output_padding` makes maps larger at their end, where several sizes would have given x. The kernel
    has Keras's axes (kh, kw, out, in), and its first values are scaled as in Keras and PyTorch, for the Conv2D.

    A window that the stride does not divide leaves a checkerboard (Odena, Dumoulin and Olah 2016): prefer those that it
    divides, or UpSampling2D and a Conv2D.

    Parameters: kernel w (kh, kw, M / groups, c), bias b (M,): kh·kw·M/groups·c + M numbers.

    Shapes:   x (batch, height, width, c) → (batch, (height - 1)·s + kh - padding + output_padding, …, M)
    Raises:   as Conv2D; UsageError if output_padding is no smaller than the stride and the dilation.
    Source:   Zeiler, Krishnan, Taylor and Fergus 2010, Deconvolutional networks
    Example:
        >>> from chainrule.nn import Conv2DTranspose, trace
        >>> network = trace(Conv2DTranspose(3, 4, strides=2, padding="same"), [(14, 14, 8)])
        >>> network.inference.shape, network.parameter_count
        ((batch, 28, 28, 3), 387)
    """

    rank: ClassVar[int] = 2

    def convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        return conv2d_transpose(
            x, kernel, strides=self.strides, padding=self.padding, output_padding=self.output_padding,
            dilation=self.dilation, groups=self.groups,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Conv1DTranspose(TransposedConvolution):
    """Conv2DTranspose with one spatial axis: from short sequences to long ones.

        y[n, i·s + p·d, o] = f(Σ x[n,i,c]·w[p,o,c] + b[o])

    Parameters: kernel w (window, M / groups, c), bias b (M,): window·M/groups·c + M numbers.

    Shapes:   x (batch, length, c) → (batch, (length - 1)·s + window - padding + output_padding, M)
    Raises:   as Conv2DTranspose.
    Example:
        >>> from chainrule.nn import Conv1DTranspose, trace
        >>> trace(Conv1DTranspose(4, 3, strides=2), [(10, 2)]).inference.shape
        (batch, 21, 4)
    """

    rank: ClassVar[int] = 1

    def convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        return conv1d_transpose(
            x, kernel, strides=self.strides, padding=self.padding, output_padding=self.output_padding,
            dilation=self.dilation, groups=self.groups,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Conv3DTranspose(TransposedConvolution):
    """Conv2DTranspose with three spatial axes.

        y[n, i·s + p·d, j·s + q·d, k·s + r·d, o] = f(Σ x[n,i,j,k,c]·w[p,q,r,o,c] + b[o])

    Parameters: kernel w (kd, kh, kw, M / groups, c), bias b (M,): kd·kh·kw·M/groups·c + M numbers.

    Shapes:   x (batch, depth, height, width, c) → (batch, (depth - 1)·s + kd - padding + output_padding, …, M)
    Raises:   as Conv2DTranspose.
    Example:
        >>> from chainrule.nn import Conv3DTranspose, trace
        >>> trace(Conv3DTranspose(4, 2, strides=2), [(2, 3, 3, 8)]).inference.shape
        (batch, 4, 6, 6, 4)
    """

    rank: ClassVar[int] = 3

    def convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        return conv3d_transpose(
            x, kernel, strides=self.strides, padding=self.padding, output_padding=self.output_padding,
            dilation=self.dilation, groups=self.groups,
        )  # fmt: skip
