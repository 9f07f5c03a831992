"""Adam: a rate of its own for each parameter, from running moments of its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.extent import Shape
from chainrule.graph.tensor import Tensor
from chainrule.ops.elementwise import sqrt, square
from chainrule.ops.kinds.conversion import cast
from chainrule.optim.optimizer import GradientRule, Rate, Scalars, Slots
from chainrule.optim.schedules import check_positive

__all__ = ["Adam"]


@dataclass(frozen=True)
class Adam(GradientRule):
    """Adaptive moments: steps of about η, whatever the size of the gradient.

        m ← β₁ m + (1 − β₁) g,       m̂ = m / (1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²,      v̂ = v / (1 − β₂ᵗ)
        θ ← θ − η m̂ / (√v̂ + ε),      m₀ = v₀ = 0, t from 1 on

    ε is added to √v̂ after the correction, as published and in PyTorch. (Keras adds its 1e-7 to √v before it.)

    Units:    learning_rate η: per step
    Source:   Kingma and Ba 2015, algorithm 1
    """

    learning_rate: Rate = 0.001
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: float = 1e-8

    rates: ClassVar = ("learning_rate", "beta_1", "beta_2")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(type(self).__name__, "epsilon", self.epsilon)

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        return {"m": 0.0, "v": 0.0}

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta, beta_1, beta_2, t = (scalars[name] for name in ("learning_rate", "beta_1", "beta_2", "t"))

        def rounded(x: Tensor) -> Tensor:
            """1 − β and 1 − βᵗ lose their digits in float32, so numbers are made in float64 and rounded once."""
            return cast(x, parameter.dtype)

        m = rounded(beta_1) * slots["m"] + rounded(1.0 - beta_1) * gradient
        v = rounded(beta_2) * slots["v"] + rounded(1.0 - beta_2) * square(gradient)
        m_hat = m / rounded(1.0 - beta_1**t)
        v_hat = v / rounded(1.0 - beta_2**t)
        return parameter - rounded(eta) * m_hat / (sqrt(v_hat) + self.epsilon), {"m": m, "v": v}
