"""Rates divided by the size that a parameter's gradients had: Adagrad, and those that forget old ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.extent import Shape
from chainrule.graph.tensor import Tensor
from chainrule.ops.elementwise import maximum, sqrt, square
from chainrule.ops.kinds.conversion import cast
from chainrule.optim.optimizer import GradientRule, Scalars, Slots
from chainrule.optim.rates import Rate, check_positive
from chainrule.optim.running_mean import running_mean

__all__ = ["Adadelta", "Adagrad", "CenteredRMSProp", "RMSProp"]


@dataclass(frozen=True)
class Adagrad(GradientRule):
    """Each parameter's rate falls with all that its gradients were so far: rare features keep large steps.

        G ← G + g²
        θ ← θ − η g / (√G + ε),  G₀ = 0

    As in PyTorch. (Keras has ε = 1e-7 inside of the root, and begins with G₀ = 0.1, at a rate of 0.001.)

    Units:    learning_rate η: the first step, and in all √t times as much after t of them
    Source:   Duchi, Hazan and Singer 2011, Adaptive subgradient methods, figure 1, diagonal
    """

    learning_rate: Rate = 0.01
    epsilon: float = 1e-10

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(type(self).__name__, "epsilon", self.epsilon)

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        return {"squares": 0.0}

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta = cast(scalars["learning_rate"], parameter.dtype)
        squares = slots["squares"] + square(gradient)
        return parameter - eta * gradient / (sqrt(squares) + self.epsilon), {"squares": squares}


@dataclass(frozen=True)
class Adadelta(GradientRule):
    """Steps as large as recent steps were, for gradients as large as recent gradients: no rate has to be chosen.

        v ← ρ v + (1 − ρ) g²
        Δ = √(u + ε) / √(v + ε) · g
        u ← ρ u + (1 − ρ) Δ²
        θ ← θ − η Δ,  v₀ = u₀ = 0

    As in PyTorch, whose η = 1 is the paper's; Keras has ρ = 0.95, as the paper, ε = 1e-7 and η = 0.001, which slows it
    down a thousand times.

    Units:    learning_rate η: a factor
    Source:   Zeiler 2012, ADADELTA, algorithm 1
    """

    learning_rate: Rate = 1.0
    rho: Rate = 0.9
    epsilon: float = 1e-6

    rates: ClassVar[tuple[str, ...]] = ("learning_rate", "rho")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(type(self).__name__, "epsilon", self.epsilon)

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        return {"v": 0.0, "u": 0.0}

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta, rho = cast(scalars["learning_rate"], parameter.dtype), scalars["rho"]
        v = running_mean(slots["v"], square(gradient), rho)
        delta = sqrt(slots["u"] + self.epsilon) / sqrt(v + self.epsilon) * gradient
        u = running_mean(slots["u"], square(delta), rho)
        return parameter - eta * delta, {"v": v, "u": u}


@dataclass(frozen=True)
class RMSProp(GradientRule):
    """Steps of about η: the gradient divided by its recent root mean square.

        v ← ρ v + (1 − ρ) g²
        θ ← θ − η g / (√v + ε),  v₀ = 0

    As in PyTorch, whose η is 0.01 and ρ 0.99 by default. (Keras adds its ε = 1e-7 inside of the root.)

    Units:    learning_rate η: per step
    Source:   Tieleman and Hinton 2012, Neural networks for machine learning, lecture 6e
    """

    learning_rate: Rate = 0.001
    rho: Rate = 0.9
    epsilon: float = 1e-8

    rates: ClassVar[tuple[str, ...]] = ("learning_rate", "rho")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(type(self).__name__, "epsilon", self.epsilon)

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        return {"v": 0.0}

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta = cast(scalars["learning_rate"], parameter.dtype)
        v = running_mean(slots["v"], square(gradient), scalars["rho"])
        return parameter - eta * gradient / (sqrt(v) + self.epsilon), {"v": v}


@dataclass(frozen=True)
class CenteredRMSProp(RMSProp):
    """The gradient divided by its recent standard deviation: larger steps where it stays the same.

        v ← ρ v + (1 − ρ) g²,  m ← ρ m + (1 − ρ) g
        θ ← θ − η g / (√(v − m²) + ε),  v₀ = m₀ = 0

    As PyTorch's RMSprop(centered=True), but that a difference below 0, which rounding can make, is taken as 0. ε is in
    the paper inside of the root, 1e-4, which a gradient that hardly changes needs: then give it a larger one here, too.

    Units:    learning_rate η: per step
    Source:   Graves 2013, Generating sequences with recurrent neural networks, equations 38 to 45
    """

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        return {"v": 0.0, "m": 0.0}

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta, rho = cast(scalars["learning_rate"], parameter.dtype), scalars["rho"]
        v = running_mean(slots["v"], square(gradient), rho)
        m = running_mean(slots["m"], gradient, rho)
        deviation = sqrt(maximum(v - square(m), 0.0))
        return parameter - eta * gradient / (deviation + self.epsilon), {"v": v, "m": m}
