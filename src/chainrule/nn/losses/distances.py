"""Losses of numbers: how far outputs are from their targets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.losses.loss import Loss, aligned, as_one_hot, inner
from chainrule.nn.ranges import POSITIVE, check_number, is_within
from chainrule.ops.activations import softplus
from chainrule.ops.contraction import mean, sum
from chainrule.ops.elementwise import absolute, maximum, square, where
from chainrule.ops.normalization import l2_normalize

__all__ = [
    "CosineSimilarity", "Huber", "LogCosh", "MeanAbsoluteError", "MeanSquaredError", "Quantile", "SquaredDistance",
]  # fmt: skip

_QUANTILE = Message(
    "loss.quantile",
    en="Quantile(quantile={quantile}): the share of targets that lie below the output, above 0 and below 1.",
    zh="Quantile(quantile={quantile})：低于输出的目标所占的比例，应大于 0 且小于 1。",
)


@dataclass(frozen=True)
class SquaredDistance(Loss):
    """Squared L2 distance to the target, or to the one-hot vector of an integer label.

        ℓ = Σᵢ (ŷᵢ - yᵢ)²

    Shapes:   outputs (batch, …), targets alike, or integer labels (batch,) → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> SquaredDistance()(tensor([[0.5, 0.5]]), tensor([1]))
        Tensor([0.5], shape=(1,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return sum(square(outputs - as_one_hot(self, outputs, targets)), inner(outputs))


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """Mean of the squared errors of a sample's M outputs.

        ℓ = 1/M Σᵢ (ŷᵢ - yᵢ)²

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> MeanSquaredError()(tensor([[1.0, 4.0]]), tensor([[0.0, 2.0]]))
        Tensor([2.5], shape=(1,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return mean(square(outputs - aligned(self, outputs, targets)), inner(outputs))


@dataclass(frozen=True)
class MeanAbsoluteError(Loss):
    """Mean of the absolute errors of a sample's M outputs; less moved by outliers.

        ℓ = 1/M Σᵢ |ŷᵢ - yᵢ|

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> MeanAbsoluteError()(tensor([[1.0, 4.0]]), tensor([[0.0, 2.0]]))
        Tensor([1.5], shape=(1,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return mean(absolute(outputs - aligned(self, outputs, targets)), inner(outputs))


@dataclass(frozen=True)
class Huber(Loss):
    """Squared for small errors, linear beyond delta.

        ℓ = 1/M Σᵢ h(ŷᵢ - yᵢ),  h(e) = e²/2 if |e| ≤ δ else δ(|e| - δ/2)

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Source:   Huber 1964
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> Huber()(tensor([[0.5], [3.0]]), tensor([[0.0], [0.0]]))
        Tensor([0.125 2.5  ], shape=(2,), dtype=float32)
    """

    delta: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, POSITIVE, delta=self.delta)

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        error = absolute(outputs - aligned(self, outputs, targets))
        large = error > self.delta
        return mean(where(large, self.delta * (error - 0.5 * self.delta), 0.5 * square(error)), inner(outputs))


@dataclass(frozen=True)
class LogCosh(Loss):
    """Half the square of small errors, the absolute value of large ones, and smooth between.

        ℓ = 1/M Σᵢ log cosh(ŷᵢ - yᵢ) = 1/M Σᵢ e + softplus(-2e) - log 2,  e = ŷᵢ - yᵢ

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Source:   Keras's LogCosh; Chen, Chen, Wang and others 2019, Log hyperbolic cosine loss improves variational
              auto-encoder
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> LogCosh()(tensor([[1.0], [1e4]]), tensor([[0.0], [0.0]]))
        Tensor([4.337808e-01 9.999307e+03], shape=(2,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        error = outputs - aligned(self, outputs, targets)
        return mean(error + softplus(-2.0 * error) - math.log(2.0), inner(outputs))


@dataclass(frozen=True)
class Quantile(Loss):
    """Lowest where a share q of the targets is below the output: the median for q = 0.5. Also called pinball loss.

        ℓ = 1/M Σᵢ max(q e, (q - 1) e),  e = yᵢ - ŷᵢ

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit; UsageError if q is not above 0 and below 1.
    Source:   Koenker and Bassett 1978
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> Quantile(0.9)(tensor([[0.0], [2.0]]), tensor([[1.0], [1.0]]))
        Tensor([0.9 0.1], shape=(2,), dtype=float32)
    """

    quantile: float = 0.5

    def __post_init__(self) -> None:
        if not is_within(self.quantile, 0, 1) or self.quantile in (0, 1):
            raise UsageError(_QUANTILE(quantile=self.quantile))

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        error = aligned(self, outputs, targets) - outputs
        return mean(maximum(self.quantile * error, (self.quantile - 1.0) * error), inner(outputs))


@dataclass(frozen=True)
class CosineSimilarity(Loss):
    """The cosine of the angle to the target, with its sign turned: -1 in the same direction, 1 in the opposite one.

        ℓ = -Σᵢ ŷᵢ yᵢ / (‖ŷ‖ ‖y‖)

    A vector of zeros has no direction: there it is 0. The sign is Keras's; PyTorch's CosineEmbeddingLoss is 1 more.

    Shapes:   outputs (batch, …, M), targets alike → (batch,), the mean over other axes
    Raises:   ShapeError if outputs and targets do not fit.
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> CosineSimilarity()(tensor([[3.0, 4.0]]), tensor([[6.0, 8.0]]))
        Tensor([-1.], shape=(1,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        targets = aligned(self, outputs, targets)
        cosine = sum(l2_normalize(outputs) * l2_normalize(targets), -1)
        return mean(-cosine, inner(cosine))
