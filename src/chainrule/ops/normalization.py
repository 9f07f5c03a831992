"""Normalisation: numbers brought to one mean and spread, or to one length, over axes that each operation names.

All variances are biased (divided by k, the number of elements), as published.
"""

from __future__ import annotations

from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import is_extent, show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.axes import Axes, letters, normalized_axes
from chainrule.ops.contraction import mean, sum
from chainrule.ops.elementwise import maximum, power, sqrt, square
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import reshape
from chainrule.ops.parts import pad

__all__ = [
    "group_normalization", "instance_normalization", "l2_normalize", "layer_normalization",
    "local_response_normalization", "normalize", "rms_normalization",
]  # fmt: skip

_GROUPS = Message(
    "normalization.groups",
    en="group_normalization: the {channels} channels of x {x} cannot be put into groups={groups} groups of one size; "
    "give a divisor of {channels}.",
    zh="group_normalization：x {x} 的 {channels} 个通道无法分成 groups={groups} 个等大的组；请给出 {channels} 的约数。",
)
_CHANNELS = Message(
    "normalization.channels",
    en="{operation}: x {x} needs the axes {wanted}.",
    zh="{operation}：x {x} 需要轴 {wanted}。",
)
_WINDOW = Message(
    "normalization.window",
    en="local_response_normalization: size={size} is not a number of channels, 1 or more.",
    zh="local_response_normalization：size={size} 不是通道数，应不小于 1。",
)


# --------------------------------------------------------------------------------------- by statistics that are given
def _normalize(x: Tensor, center: Tensor, spread: Tensor, scale: Tensor, offset: Tensor, *, epsilon: float) -> Tensor:
    return (x - center) * (scale / sqrt(spread + epsilon)) + offset  # one quotient for all that share a spread


NORMALIZE = Composite("normalize", _normalize)


def normalize(
    x: Any, mean: Any, variance: Any, scale: Any = 1.0, offset: Any = 0.0, *, epsilon: float = 1e-5
) -> Tensor:
    """Batch normalisation with given statistics.

        y = γ (x - μ) / √(σ² + ε) + β

    Shapes:   everything broadcasts to x
    Source:   Ioffe and Szegedy 2015, algorithm 1
    Example:
        >>> normalize([1.0, 3.0], 2.0, 1.0, epsilon=0.0)
        Tensor([-1.  1.], shape=(2,), dtype=float32)
    """
    return NORMALIZE(as_floats(x), mean, variance, scale, offset, epsilon=epsilon)


# ------------------------------------------------------------------------------------------ by statistics of its own
def _standardized(x: Tensor, axes: tuple[int, ...], epsilon: float) -> Tensor:
    """x with mean 0 and variance 1 over some axes. One quotient serves all elements that share a variance."""
    deviation = x - mean(x, axes, keepdims=True)
    return deviation * (1.0 / sqrt(mean(square(deviation), axes, keepdims=True) + epsilon))


def _layer_normalization(x: Tensor, scale: Tensor, offset: Tensor, *, axes: tuple[int, ...], epsilon: float) -> Tensor:
    return _standardized(x, axes, epsilon) * scale + offset


def _group_normalization(x: Tensor, scale: Tensor, offset: Tensor, *, groups: int, epsilon: float) -> Tensor:
    *places, channels = x.shape
    assert isinstance(channels, int)
    grouped = reshape(x, (*places, groups, channels // groups))
    within = (*range(1, len(places)), grouped.ndim - 1)
    return reshape(_standardized(grouped, within, epsilon), x.shape) * scale + offset


def _rms_normalization(x: Tensor, scale: Tensor, *, axes: tuple[int, ...], epsilon: float) -> Tensor:
    return x * (1.0 / sqrt(mean(square(x), axes, keepdims=True) + epsilon)) * scale


LAYER_NORMALIZATION = Composite("layer_normalization", _layer_normalization)
GROUP_NORMALIZATION = Composite("group_normalization", _group_normalization)
RMS_NORMALIZATION = Composite("rms_normalization", _rms_normalization)


def layer_normalization(
    x: Any, scale: Any = 1.0, offset: Any = 0.0, *, axis: Axes = -1, epsilon: float = 1e-5
) -> Tensor:
    """Mean 0 and variance 1 over an axis, or several, of each sample by itself; then scaled and moved.

        y = γ (x - μ) / √(σ² + ε) + β, with μ and σ² over the axes

    ε is PyTorch's; Keras's layer has 0.001.

    Shapes:   x (…, a) → (…, a); scale γ and offset β broadcast to x
    Raises:   ShapeError if an axis does not exist.
    Source:   Ba, Kiros and Hinton 2016, equation 3
    Example:
        >>> layer_normalization([[1.0, 3.0], [10.0, 30.0]], epsilon=0.0)
        Tensor([[-1.  1.]
         [-1.  1.]], shape=(2, 2), dtype=float32)
    """
    x = as_floats(x)
    axes = normalized_axes("layer_normalization", axis, x)
    return LAYER_NORMALIZATION(x, scale, offset, axes=axes, epsilon=epsilon)


def group_normalization(x: Any, scale: Any = 1.0, offset: Any = 0.0, *, groups: int, epsilon: float = 1e-5) -> Tensor:
    """Mean 0 and variance 1 over the positions and a group of neighbouring channels of each sample.

        y = γ (x - μ) / √(σ² + ε) + β, with μ and σ² over positions and the group's channels

    One group is layer normalisation over everything that a sample has; a group for each channel is instance
    normalisation. ε is PyTorch's; Keras's layer has 0.001.

    Shapes:   x (n, …, channels) → (n, …, channels); scale γ and offset β broadcast to x, e.g. (channels,)
    Raises:   ShapeError if the channels are not a multiple of the groups.
    Source:   Wu and He 2018, equations 1, 2, 3 and 7
    Example:
        >>> group_normalization([[1.0, 3.0, 10.0, 30.0]], groups=2, epsilon=0.0)
        Tensor([[-1.  1. -1.  1.]], shape=(1, 4), dtype=float32)
    """
    x = as_floats(x)
    channels = _channels("group_normalization", x, "(batch, …, channels)", 2)
    if not is_extent(groups) or groups == 0 or channels % groups:
        raise ShapeError(_GROUPS(channels=channels, x=show_shape(x.shape), groups=groups))
    return GROUP_NORMALIZATION(x, scale, offset, groups=groups, epsilon=epsilon)


def instance_normalization(x: Any, scale: Any = 1.0, offset: Any = 0.0, *, epsilon: float = 1e-5) -> Tensor:
    """Mean 0 and variance 1 over the positions of each channel of each sample.

        y = γ (x - μ) / √(σ² + ε) + β, with μ and σ² over positions

    Shapes:   x (n, positions…, channels) → the same; scale γ and offset β broadcast to x, e.g. (channels,)
    Raises:   ShapeError if x has no positions.
    Source:   Ulyanov, Vedaldi and Lempitsky 2016, equation 8
    Example:
        >>> instance_normalization([[[1.0, 10.0], [3.0, 30.0]]], epsilon=0.0)
        Tensor([[[-1. -1.]
          [ 1.  1.]]], shape=(1, 2, 2), dtype=float32)
    """
    x = as_floats(x)
    _channels("instance_normalization", x, "(batch, positions…, channels)", 3)
    return LAYER_NORMALIZATION(x, scale, offset, axes=tuple(range(1, x.ndim - 1)), epsilon=epsilon)


def rms_normalization(x: Any, scale: Any = 1.0, *, axis: Axes = -1, epsilon: float = 1e-6) -> Tensor:
    """Root of the mean square brought to 1 over an axis, or several; the mean stays where it is.

        y = γ x / √(mean x² + ε)

    ε is Keras's; PyTorch takes the type's unit roundoff (1.2e-7 for float32).

    Shapes:   x (…, a) → (…, a); scale γ broadcasts to x
    Raises:   ShapeError if an axis does not exist.
    Source:   Zhang and Sennrich 2019, equation 4
    Example:
        >>> rms_normalization([3.0, 4.0], epsilon=0.0)
        Tensor([0.84852815 1.1313709 ], shape=(2,), dtype=float32)
    """
    x = as_floats(x)
    return RMS_NORMALIZATION(x, scale, axes=normalized_axes("rms_normalization", axis, x), epsilon=epsilon)


def _channels(operation: str, x: Tensor, wanted: str, least: int) -> int:
    channels = x.shape[-1] if x.ndim >= least else None
    if not isinstance(channels, int):
        raise ShapeError(_CHANNELS(operation=operation, x=show_shape(x.shape), wanted=wanted))
    return channels


# ---------------------------------------------------------------------------------------------------------- by length
def _l2_normalize(x: Tensor, *, axes: tuple[int, ...], epsilon: float) -> Tensor:
    # the bound inside of the root keeps the derivative at 0 finite
    return x * (1.0 / sqrt(maximum(sum(square(x), axes, keepdims=True), epsilon * epsilon)))


L2_NORMALIZE = Composite("l2_normalize", _l2_normalize)


def l2_normalize(x: Any, axis: Axes = -1, *, epsilon: float = 1e-12) -> Tensor:
    """Length 1 along an axis, or over several; a vector shorter than ε is divided by ε.

        y = x / max(√Σ x², ε)

    Raises:   ShapeError if an axis does not exist.
    Example:
        >>> l2_normalize([3.0, 4.0])
        Tensor([0.6 0.8], shape=(2,), dtype=float32)
    """
    x = as_floats(x)
    return L2_NORMALIZE(x, axes=normalized_axes("l2_normalize", axis, x), epsilon=epsilon)


def _local_response_normalization(x: Tensor, *, size: int, alpha: float, beta: float, k: float) -> Tensor:
    before = size // 2
    *places, channel = letters(x)
    padded = pad(square(x), [(0, 0)] * len(places) + [(before, size - 1 - before)])
    near = Indexed("window_sum", f"y[{','.join([*places, channel])}] += x[{','.join([*places, channel + '+p'])}]")
    return x * power(k + alpha / size * near(padded, p=size), -beta)


LOCAL_RESPONSE_NORMALIZATION = Composite("local_response_normalization", _local_response_normalization)


def local_response_normalization(
    x: Any, size: int = 5, *, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Each channel divided by what it and its neighbours give at the same position.

        y[c] = x[c] / (k + α/n Σ x[c']²)^β, c' the n = size channels around c

    Constants are PyTorch's, which divides the sum by n. The paper does not, and has k = 2; TensorFlow does not, and has
    a radius of (n - 1) / 2: both are this with α n for α. Of an even size, one channel more is before c than behind.

    Shapes:   x (n, …, channels) → (n, …, channels)
    Raises:   UsageError if size is no number of channels; ShapeError if x has no channels.
    Source:   Krizhevsky, Sutskever and Hinton 2012, section 3.3
    Example:
        >>> local_response_normalization([[1.0, 2.0, 3.0]], 3, alpha=3.0, beta=1.0)
        Tensor([[0.16666667 0.13333334 0.21428573]], shape=(1, 3), dtype=float32)
    """
    x = as_floats(x)
    if not is_extent(size) or size == 0:
        raise UsageError(_WINDOW(size=repr(size)))
    _channels("local_response_normalization", x, "(batch, …, channels)", 2)
    return LOCAL_RESPONSE_NORMALIZATION(x, size=size, alpha=float(alpha), beta=float(beta), k=float(k))
