"""Batch normalisation: each feature with mean 0 and variance 1 over the batch, then scaled and moved as learned."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.errors import UsageError
from chainrule.graph.extent import product
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.layer import Layer, features
from chainrule.nn.ranges import POSITIVE, check_number, is_within
from chainrule.nn.scope import Scope
from chainrule.ops.composite import normalize
from chainrule.ops.contraction import mean, variance
from chainrule.ops.creation import size
from chainrule.ops.elementwise import where

__all__ = ["BatchNormalization"]

_MOMENTUM = Message(
    "batch_normalization.momentum",
    en="BatchNormalization(momentum={momentum}): the part of the running mean that a step keeps, from 0 to 1.",
    zh="BatchNormalization(momentum={momentum})：每一步保留的滑动平均比例，范围为 0 到 1。",
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
