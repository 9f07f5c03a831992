"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.extent import Shape
from chainrule.graph.tensor import Tensor
from chainrule.ops.kinds.conversion import cast
from chainrule.optim.optimizer import GradientRule, Scalars, Slots
from chainrule.optim.rates import Rate

__all__ = ["SGD", "Momentum", "Nesterov"]


@dataclass(frozen=True)
class SGD(GradientRule):
    """Gradient descent.

        θ ← θ − η g

    g is the gradient of the mean loss over the samples of a step: with all samples this is batch gradient descent, with
    one stochastic, with some mini-batch; one formula.

    Units:    learning_rate η: per step
    Source:   Robbins and Monro 1951; Cauchy 1847
    """

    learning_rate: Rate = 0.01

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta = cast(scalars["learning_rate"], parameter.dtype)
        return parameter - eta * gradient, {}


@dataclass(frozen=True)
class Momentum(GradientRule):
    """Gradient descent with a velocity: steps along a direction that persists grow, those that alternate cancel.

        v ← μ v − η g,  θ ← θ + v,  v₀ = 0

    (As in Keras. PyTorch keeps v without η, which differs while η changes.)

    Units:    learning_rate η: per step
    Source:   Polyak 1964
    """

    learning_rate: Rate = 0.01
    momentum: Rate = 0.9

    rates: ClassVar[tuple[str, ...]] = ("learning_rate", "momentum")

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        return {"velocity": 0.0}

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta = cast(scalars["learning_rate"], parameter.dtype)
        mu = cast(scalars["momentum"], parameter.dtype)
        v = mu * slots["velocity"] - eta * gradient
        return parameter + v, {"velocity": v}


@dataclass(frozen=True)
class Nesterov(GradientRule):
    """Momentum whose gradient is taken where the velocity will have carried the parameters.

        v ← μ v − η g(θ + μ v),  θ ← θ + v,  v₀ = 0

    The point φ = θ + μ v is what is kept as the parameter, so that one gradient per step is enough:

        v ← μ v − η g(φ),  φ ← φ + μ v − η g(φ)

    the same sequence while μ stays the same (as in Keras).

    Units:    learning_rate η: per step
    Source:   Nesterov 1983; Sutskever, Martens, Dahl and Hinton 2013, equations 3 and 4; Bengio,
              Boulanger-Lewandowski and Pascanu 2013, equations 6 and 7, for the change of variable
    """

    learning_rate: Rate = 0.01
    momentum: Rate = 0.9

    rates: ClassVar[tuple[str, ...]] = ("learning_rate", "momentum")

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        return {"velocity": 0.0}

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta = cast(scalars["learning_rate"], parameter.dtype)
        mu = cast(scalars["momentum"], parameter.dtype)
        v = mu * slots["velocity"] - eta * gradient
        return parameter + mu * v - eta * gradient, {"velocity": v}
