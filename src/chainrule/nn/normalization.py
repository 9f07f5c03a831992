"""Normalisation, over the batch or within each sample, then scaled and moved as learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import Extent, product, show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.layer import Layer, check_positive, features
from chainrule.nn.ranges import ANY, NOT_NEGATIVE, POSITIVE, check_number, is_within
from chainrule.nn.scope import Scope
from chainrule.ops.axes import normalized_axes
from chainrule.ops.contraction import mean, variance
from chainrule.ops.creation import size
from chainrule.ops.elementwise import where
from chainrule.ops.movement import reshape
from chainrule.ops.normalization import (
    group_normalization,
    l2_normalize,
    layer_normalization,
    local_response_normalization,
    normalize,
    rms_normalization,
)  # fmt: skip

__all__ = [
    "BatchNormalization", "GroupNormalization", "LayerNormalization", "LocalResponseNormalization", "RMSNormalization",
    "UnitNormalization",
]  # fmt: skip

_MOMENTUM = Message(
    "batch_normalization.momentum",
    en="BatchNormalization(momentum={momentum}): the part of the running mean that a step keeps, from 0 to 1.",
    zh="BatchNormalization(momentum={momentum})：每一步保留的滑动平均比例，范围为 0 到 1。",
)
_BATCH_AXIS = Message(
    "layer_normalization.batch_axis",
    en="axis={axis} of x {x} is the batch, whose samples are normalised each by itself; choose axes from 1 on. "
    "BatchNormalization normalises over the batch.",
    zh="x {x} 的轴 axis={axis} 是批量轴，而各样本应分别归一化；请选择从 1 开始的轴。"
    "BatchNormalization 在批量上归一化。",
)


@dataclass(frozen=True, eq=False)
class BatchNormalization(Layer):
    """Each feature (for images each channel, over rows and columns too) normalised over the batch.

        x̂ = (x - μ) / √(σ² + ε),  y = γ x̂ + β
        training:   μ, σ² are those of the batch, σ² biased (divided by k, the number of values of a feature)
        inference:  μ, σ² are running means, in training  μ ← m μ + (1 - m) μ_B,  σ² ← m σ² + (1 - m) σ²_B

    A batch with one value per feature has no spread (x̂ would be 0 whatever x is): there the running means are used, and
    left as they are. The momentum m is an input of the training step and may be turned meanwhile.

    Conventions are Keras's: m = 0.99 is the part that is kept, ε = 0.001, and the running variance is biased. PyTorch's
    momentum is 1 - m (0.1), its ε 0.00001, its running variance unbiased, and it refuses a batch of one.

    Parameters: gamma γ, beta β (features,): 2·features numbers; state: moving_mean (0), moving_variance (1).

    Shapes:   x (batch, …, features) → (batch, …, features)
    Raises:   ShapeError if x has no axis of features; UsageError if the momentum is not in [0, 1] or ε not above 0.
    Source:   Ioffe and Szegedy 2015, algorithms 1 and 2
    Example:
        >>> from chainrule.nn import BatchNormalization, trace
        >>> network = trace(BatchNormalization(), [(28, 28, 6)])
        >>> network.parameter_count, list(network.updates)
        (12, ['batch_normalization/moving_mean', 'batch_normalization/moving_variance'])
    """

    momentum: float = 0.99
    epsilon: float = 1e-3

    def __post_init__(self) -> None:
        if not is_within(self.momentum, 0, 1):
            raise UsageError(_MOMENTUM(momentum=self.momentum))
        check_number(self, POSITIVE, epsilon=self.epsilon)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        shape = (features(x),)
        gamma, beta = scope.parameter("gamma", shape, "ones"), scope.parameter("beta", shape, "zeros")
        mu, sigma2 = scope.state("moving_mean", shape, 0.0), scope.state("moving_variance", shape, 1.0)
        momentum = scope.scalar("momentum", self.momentum)
        if scope.training:
            axes = tuple(range(x.ndim - 1))
            spread = size(product(x.shape[:-1])) > 1
            mu_batch, sigma2_batch = where(spread, mean(x, axes), mu), where(spread, variance(x, axes), sigma2)
            # m μ + (1 - m) μ_B in the form that leaves μ as it is, to the bit, where μ_B is μ.
            scope.update("moving_mean", mu + (1.0 - momentum) * (mu_batch - mu))
            scope.update("moving_variance", sigma2 + (1.0 - momentum) * (sigma2_batch - sigma2))
            mu, sigma2 = mu_batch, sigma2_batch
        return normalize(x, mu, sigma2, gamma, beta, epsilon=self.epsilon)


@dataclass(frozen=True, eq=False)
class LayerNormalization(Layer):
    """Each sample, at each position by itself, with mean 0 and variance 1 over its features.

        y = γ (x - μ) / √(σ² + ε) + β, with μ and σ² (biased) over the axes

    Training and inference are the same. ε = 0.001 is Keras's; PyTorch's is 0.00001. Several axes may be normalised over
    together; γ and β then have their sizes. center=False leaves β out, scale=False γ.

    Parameters: gamma γ, beta β, of the sizes of the axes.

    Shapes:   x (batch, …, features) → (batch, …, features)
    Raises:   ShapeError if an axis does not exist, or is the batch; UsageError if ε is not above 0.
    Source:   Ba, Kiros and Hinton 2016, equation 3
    Example:
        >>> from chainrule.nn import LayerNormalization, trace
        >>> network = trace(LayerNormalization(), [(20, 8)])
        >>> {name: p.tensor.shape for name, p in network.parameters.items()}
        {'layer_normalization/gamma': (8,), 'layer_normalization/beta': (8,)}
    """

    axis: int | Sequence[int] = -1
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True

    def __post_init__(self) -> None:
        check_number(self, POSITIVE, epsilon=self.epsilon)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        axes = _within_samples(self, self.axis, x)
        sizes = tuple(x.shape[a] for a in axes)
        gamma = scope.parameter("gamma", sizes, "ones") if self.scale else 1.0
        beta = scope.parameter("beta", sizes, "zeros") if self.center else 0.0
        gamma, beta = (reshape(p, _beside(x, axes)) if isinstance(p, Tensor) else p for p in (gamma, beta))
        return layer_normalization(x, gamma, beta, axis=axes, epsilon=self.epsilon)


@dataclass(frozen=True, eq=False)
class GroupNormalization(Layer):
    """Each sample with mean 0 and variance 1 over its positions and a group of neighbouring channels.

        y = γ (x - μ) / √(σ² + ε) + β, with μ and σ² (biased) over positions and the group's channels

    Training and inference are the same, and samples do not see each other, so that it suits small batches. groups=-1
    makes a group of each channel: instance normalisation. Defaults are Keras's; PyTorch's ε is 0.00001.

    Parameters: gamma γ, beta β (channels,): 2·channels numbers.

    Shapes:   x (batch, …, channels) → (batch, …, channels)
    Raises:   ShapeError if the channels are not a multiple of the groups; UsageError if ε is not above 0.
    Source:   Wu and He 2018; instances: Ulyanov, Vedaldi and Lempitsky 2016
    Example:
        >>> from chainrule.nn import GroupNormalization, trace
        >>> trace(GroupNormalization(4), [(8, 8, 16)]).parameter_count
        32
    """

    groups: int = 32
    epsilon: float = 1e-3

    def __post_init__(self) -> None:
        if self.groups != -1:
            check_positive(self, groups=self.groups)
        check_number(self, POSITIVE, epsilon=self.epsilon)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        channels = features(x)
        gamma, beta = scope.parameter("gamma", (channels,), "ones"), scope.parameter("beta", (channels,), "zeros")
        groups = channels if self.groups == -1 else self.groups
        return group_normalization(x, gamma, beta, groups=groups, epsilon=self.epsilon)


@dataclass(frozen=True, eq=False)
class RMSNormalization(Layer):
    """Each sample, at each position by itself, with a mean square of 1 over its features.

        y = γ x / √(mean x² + ε)

    Cheaper than layer normalisation, for nothing is centred. ε = 0.000001 is Keras's; PyTorch takes the type's unit
    roundoff.

    Parameters: gamma γ, of the sizes of the axes.

    Shapes:   x (batch, …, features) → (batch, …, features)
    Raises:   ShapeError if an axis does not exist, or is the batch; UsageError if ε is not above 0.
    Source:   Zhang and Sennrich 2019, equation 4
    Example:
        >>> from chainrule.nn import RMSNormalization, trace
        >>> list(trace(RMSNormalization(), [(8,)]).parameters)
        ['rms_normalization/gamma']
    """

    axis: int | Sequence[int] = -1
    epsilon: float = 1e-6

    def __post_init__(self) -> None:
        check_number(self, POSITIVE, epsilon=self.epsilon)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        axes = _within_samples(self, self.axis, x)
        gamma = scope.parameter("gamma", tuple(x.shape[a] for a in axes), "ones")
        return rms_normalization(x, reshape(gamma, _beside(x, axes)), axis=axes, epsilon=self.epsilon)


@dataclass(frozen=True, eq=False)
class LocalResponseNormalization(Layer):
    """Each channel divided by what it and its neighbours give at the same position.

        y[c] = x[c] / (k + α/n Σ x[c']²)^β, c' the n = size channels around c

    Defaults are PyTorch's; the paper has k = 2, and does not divide the sum by n: it is alpha=5e-4, k=2 here.

    Shapes:   x (batch, …, channels) → (batch, …, channels)
    Raises:   UsageError if a number is out of range; ShapeError if x has no channels.
    Source:   Krizhevsky, Sutskever and Hinton 2012, section 3.3
    Example:
        >>> from chainrule.nn import LocalResponseNormalization, trace
        >>> trace(LocalResponseNormalization(), [(4, 4, 8)]).inference
        Tensor(local_response_normalization, shape=(batch, 4, 4, 8), dtype=float32)
    """

    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def __post_init__(self) -> None:
        check_positive(self, size=self.size)
        check_number(self, NOT_NEGATIVE, alpha=self.alpha)
        check_number(self, ANY, beta=self.beta)
        check_number(self, POSITIVE, k=self.k)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return local_response_normalization(x, self.size, alpha=self.alpha, beta=self.beta, k=self.k)


@dataclass(frozen=True, eq=False)
class UnitNormalization(Layer):
    """Each sample, at each position by itself, brought to length 1.

        y = x / √Σ x²

    Shapes:   x (batch, …, features) → (batch, …, features)
    Raises:   ShapeError if an axis does not exist, or is the batch.
    Example:
        >>> from chainrule.nn import UnitNormalization, trace
        >>> trace(UnitNormalization(), [(8,)]).inference
        Tensor(l2_normalize, shape=(batch, 8), dtype=float32)
    """

    axis: int | Sequence[int] = -1

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return l2_normalize(x, _within_samples(self, self.axis, x))


def _within_samples(layer: Layer, axis: int | Sequence[int], x: Tensor) -> tuple[int, ...]:
    """The axes, none of which may be that of the samples."""
    axes = normalized_axes(type(layer).__name__, axis, x)
    if 0 in axes:
        raise ShapeError(_BATCH_AXIS(axis=axis, x=show_shape(x.shape)))
    return axes


def _beside(x: Tensor, axes: tuple[int, ...]) -> tuple[Extent, ...]:
    """The shape of a parameter with the sizes of some axes that broadcasts to x."""
    return tuple(e if k in axes else 1 for k, e in enumerate(x.shape))[min(axes) :]
