"""Noise in training: on the numbers themselves, or as dropout of another kind."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.tensor import Tensor
from chainrule.nn.layer import Layer
from chainrule.nn.ranges import FRACTION, NOT_NEGATIVE, check_number
from chainrule.nn.scope import Scope
from chainrule.ops.elementwise import sqrt, where
from chainrule.ops.kinds.conversion import cast
from chainrule.ops.random import bernoulli, normal

__all__ = ["AlphaDropout", "GaussianDropout", "GaussianNoise"]


@dataclass(frozen=True, eq=False)
class GaussianNoise(Layer):
    """Normal noise added in training; inference adds none.

        y = x + σ ε,  ε ~ N(0, 1)

    The standard deviation σ is an input of the training step and may be turned meanwhile.

    Shapes:   x (batch, …) → (batch, …)
    Raises:   UsageError if σ is negative.
    Example:
        >>> from chainrule.nn import GaussianNoise, trace
        >>> trace(GaussianNoise(0.1), [(4,)]).training
        Tensor(add, shape=(batch, 4), dtype=float32)
    """

    stddev: float

    def __post_init__(self) -> None:
        check_number(self, NOT_NEGATIVE, stddev=self.stddev)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        stddev = scope.scalar("stddev", self.stddev)
        return x + stddev * _normal(x, scope) if scope.training else x


@dataclass(frozen=True, eq=False)
class GaussianDropout(Layer):
    """Each number multiplied by a normal one of mean 1 in training, which varies as much as what dropout does.

        y = x (1 + √(p / (1 - p)) ε),  ε ~ N(0, 1),  p = rate

    The rate is an input of the training step and may be turned meanwhile.

    Shapes:   x (batch, …) → (batch, …)
    Raises:   UsageError if the rate is not from 0 to below 1.
    Source:   Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, section 10
    Example:
        >>> from chainrule.nn import GaussianDropout, trace
        >>> trace(GaussianDropout(0.5), [(4,)]).training
        Tensor(multiply, shape=(batch, 4), dtype=float32)
    """

    rate: float

    def __post_init__(self) -> None:
        check_number(self, FRACTION, rate=self.rate)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        rate = scope.scalar("rate", self.rate)
        return x * (1.0 + sqrt(rate / (1.0 - rate)) * _normal(x, scope)) if scope.training else x


_LOWEST = -1.0507009873554805 * 1.6732632423543772  # what SELU gives far below 0: -λα


@dataclass(frozen=True, eq=False)
class AlphaDropout(Layer):
    """Dropout for SELU: what is dropped becomes SELU's lowest value, and mean 0 and variance 1 stay as they are.

        y = a (x if D = 1 else α') + b,  D ~ Bernoulli(1 - p),  α' = -λα = -1.758
        a = 1 / √((1 - p)(1 + p α'²)),  b = -a p α'

    The rate p is an input of the training step and may be turned meanwhile.

    Shapes:   x (batch, …) → (batch, …)
    Raises:   UsageError if the rate is not from 0 to below 1.
    Source:   Klambauer, Unterthiner, Mayr and Hochreiter 2017, section 2
    Example:
        >>> from chainrule.nn import AlphaDropout, trace
        >>> trace(AlphaDropout(0.1), [(4,)]).training
        Tensor(subtract, shape=(batch, 4), dtype=float32)
    """

    rate: float

    def __post_init__(self) -> None:
        check_number(self, FRACTION, rate=self.rate)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        rate = scope.scalar("rate", self.rate)
        if not scope.training:
            return x
        kept = bernoulli(x.shape, 1.0 - cast(rate, "float32"), scope.seed, scope.step, stream=scope.stream())
        a = 1.0 / sqrt((1.0 - rate) * (1.0 + rate * _LOWEST**2))
        return where(kept, x, _LOWEST) * a - a * rate * _LOWEST


def _normal(x: Tensor, scope: Scope) -> Tensor:
    return normal(x.shape, scope.seed, scope.step, stream=scope.stream(), dtype=x.dtype)
