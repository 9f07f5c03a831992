"""Lion: steps of one size, in the direction of a momentum's signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.extent import Shape
from chainrule.graph.tensor import Tensor
from chainrule.ops.elementwise import sign
from chainrule.ops.kinds.conversion import cast
from chainrule.optim.decay import decayed
from chainrule.optim.optimizer import GradientRule, Scalars, Slots
from chainrule.optim.rates import Rate
from chainrule.optim.running_mean import running_mean

__all__ = ["Lion"]


@dataclass(frozen=True)
class Lion(GradientRule):
    """Every parameter moves by η, to the side that the signs of a momentum say; found by search over programs.

        c = β₁ m + (1 − β₁) g
        θ ← θ − η (sign(c) + λ θ)
        m ← β₂ m + (1 − β₂) g,  m₀ = 0

    Good rates are 3 to 10 times smaller than Adam's, and decays λ as much larger. As with AdamW only arrays of two and
    more axes decay (in the paper, Keras and optax all of them do).

    Units:    learning_rate η: per step; weight_decay λ: per step, at a learning rate of 1
    Source:   Chen et al. 2023, Symbolic discovery of optimization algorithms, program 1 and algorithm 2
    """

    learning_rate: Rate = 0.0001
    beta_1: Rate = 0.9
    beta_2: Rate = 0.99
    weight_decay: Rate = 0.0

    rates: ClassVar[tuple[str, ...]] = ("learning_rate", "beta_1", "beta_2", "weight_decay")

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        return {"m": 0.0}

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta = cast(scalars["learning_rate"], parameter.dtype)
        direction = sign(running_mean(slots["m"], gradient, scalars["beta_1"]))
        m = running_mean(slots["m"], gradient, scalars["beta_2"])
        return decayed(parameter, scalars) - eta * direction, {"m": m}
