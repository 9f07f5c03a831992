"""Layers that keep what is large and weaken what is not: ReLU and its relatives, and shrinking."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.tensor import Tensor
from chainrule.nn.activations import ALPHA, SLOPE, THRESHOLD
from chainrule.nn.initializers import Constant
from chainrule.nn.layer import Layer, features
from chainrule.nn.scope import Scope
from chainrule.ops.activations import (
    celu,
    elu,
    hard_shrink,
    leaky_relu,
    relu,
    relu6,
    selu,
    soft_shrink,
    softplus,
    tanh_shrink,
    threshold,
)

__all__ = [
    "CELU", "ELU", "SELU", "HardShrink", "LeakyReLU", "PReLU", "ReLU", "ReLU6", "SoftShrink", "Softplus", "TanhShrink",
    "Threshold",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class ReLU(Layer):
    """Rectified linear unit.

        y = max(x, 0)

    Source:   Nair and Hinton 2010
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return relu(x)


@dataclass(frozen=True, eq=False)
class ReLU6(Layer):
    """Rectified linear unit that ends at 6.

        y = min(max(x, 0), 6)

    Source:   Krizhevsky 2010
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return relu6(x)


@dataclass(frozen=True, eq=False)
class LeakyReLU(Layer):
    """Rectified linear unit with a small slope below 0 (0.01 as published and in PyTorch; Keras has 0.3).

        y = x if x > 0 else slope · x

    Source:   Maas, Hannun and Ng 2013
    """

    slope: float = SLOPE

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return leaky_relu(x, self.slope)


@dataclass(frozen=True, eq=False)
class PReLU(Layer):
    """Rectified linear unit that learns its slope below 0, one for each feature.

        y = x if x > 0 else a · x

    Channels are features: their places in an image share a slope, as published.

    Parameters: slope a (features,).

    Shapes:   x (batch, …, features) → (batch, …, features)
    Raises:   ShapeError if x has no axis of features.
    Source:   He, Zhang, Ren and Sun 2015, equation 1
    """

    first_slope: float = 0.25

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return leaky_relu(x, scope.parameter("slope", (features(x),), Constant(self.first_slope)))


@dataclass(frozen=True, eq=False)
class ELU(Layer):
    """Exponential linear unit.

        y = x if x > 0 else α (exp(x) - 1)

    Source:   Clevert, Unterthiner and Hochreiter 2016
    """

    alpha: float = ALPHA

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return elu(x, self.alpha)


@dataclass(frozen=True, eq=False)
class CELU(Layer):
    """Exponential linear unit whose slope is continuous for every α.

        y = x if x > 0 else α (exp(x / α) - 1)

    Source:   Barron 2017
    """

    alpha: float = ALPHA

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return celu(x, self.alpha)


@dataclass(frozen=True, eq=False)
class SELU(Layer):
    """Exponential linear unit that keeps mean 0 and variance 1, given weights of variance 1 / fan_in ("lecun_normal").

        y = λ x if x > 0 else λ α (exp(x) - 1),  λ = 1.0507…, α = 1.6733…

    Source:   Klambauer, Unterthiner, Mayr and Hochreiter 2017, equation 2
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return selu(x)


@dataclass(frozen=True, eq=False)
class Softplus(Layer):
    """A smooth ReLU.

    y = log(1 + exp(x))
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return softplus(x)


@dataclass(frozen=True, eq=False)
class Threshold(Layer):
    """x where it is above a threshold, and a value of its own elsewhere.

    y = x if x > threshold else value
    """

    threshold: float
    value: float

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return threshold(x, self.threshold, self.value)


@dataclass(frozen=True, eq=False)
class SoftShrink(Layer):
    """Everything moved towards 0 by a threshold; what is nearer becomes 0.

        y = sign(x) max(|x| - threshold, 0)

    Source:   Donoho 1995, equation 3
    """

    threshold: float = THRESHOLD

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return soft_shrink(x, self.threshold)


@dataclass(frozen=True, eq=False)
class HardShrink(Layer):
    """0 where x is as near to 0 as a threshold; all else stays.

    y = x if |x| > threshold else 0
    """

    threshold: float = THRESHOLD

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return hard_shrink(x, self.threshold)


@dataclass(frozen=True, eq=False)
class TanhShrink(Layer):
    """What tanh takes away.

    y = x - tanh(x)
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return tanh_shrink(x)
