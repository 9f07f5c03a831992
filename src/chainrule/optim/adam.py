"""Adam and those that came of it: a rate of its own for each parameter, from running moments of its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.extent import Shape
from chainrule.graph.tensor import Tensor
from chainrule.ops.elementwise import absolute, maximum, sqrt, square
from chainrule.ops.kinds.conversion import cast
from chainrule.optim.decay import decayed
from chainrule.optim.optimizer import GradientRule, Scalars, Slots
from chainrule.optim.rates import Rate, check_positive
from chainrule.optim.running_mean import corrected, running_mean

__all__ = ["AMSGrad", "Adam", "AdamW", "Adamax", "Nadam"]


@dataclass(frozen=True)
class _Moments(GradientRule):
    """Running means, 0 at first: m of the gradient, and v of its square or another measure of its size."""

    learning_rate: Rate = 0.001
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: float = 1e-8

    rates: ClassVar[tuple[str, ...]] = ("learning_rate", "beta_1", "beta_2")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(type(self).__name__, "epsilon", self.epsilon)

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        return {"m": 0.0, "v": 0.0}


@dataclass(frozen=True)
class Adam(_Moments):
    """Adaptive moments: steps of about η, whatever the size of the gradient.

        m ← β₁ m + (1 − β₁) g,       m̂ = m / (1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²,      v̂ = v / (1 − β₂ᵗ)
        θ ← θ − η m̂ / (√v̂ + ε),      m₀ = v₀ = 0, t from 1 on

    ε is added to √v̂ after the correction, as published and in PyTorch. (Keras adds its 1e-7 to √v before it.)

    Units:    learning_rate η: per step
    Source:   Kingma and Ba 2015, algorithm 1
    """

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta, beta_1, beta_2, t = (scalars[name] for name in ("learning_rate", "beta_1", "beta_2", "t"))
        m = running_mean(slots["m"], gradient, beta_1)
        v = running_mean(slots["v"], square(gradient), beta_2)
        m_hat, v_hat = corrected(m, beta_1, t), corrected(v, beta_2, t)
        return parameter - cast(eta, parameter.dtype) * m_hat / (sqrt(v_hat) + self.epsilon), {"m": m, "v": v}


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam whose weight decay stays out of the moments, so that it pulls on all weights alike.

        θ ← θ − η λ θ, then as Adam, with the gradient from before

    Only arrays of two and more axes decay, the kernels of layers; biases, and scales of normalisations, do not. (In
    PyTorch and Keras these do, too, unless they are set apart.) The decay is in proportion to η, as in both; in the
    paper it follows η's schedule only. An L2 penalty under Adam is another thing: its gradient is divided by √v̂, too.

    Units:    learning_rate η: per step; weight_decay λ: per step, at a learning rate of 1
    Source:   Loshchilov and Hutter 2019, Decoupled weight decay regularization, algorithm 2
    """

    weight_decay: Rate = 0.01

    rates: ClassVar[tuple[str, ...]] = ("learning_rate", "beta_1", "beta_2", "weight_decay")

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        return super().update(decayed(parameter, scalars), gradient, slots, scalars)


@dataclass(frozen=True)
class AMSGrad(_Moments):
    """Adam that divides by the largest second moment so far: the rate of a parameter never rises again.

        m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  u ← max(u, v)
        θ ← θ − η m̂ / (√û + ε),  m̂ = m / (1 − β₁ᵗ),  û = u / (1 − β₂ᵗ)

    With Adam's corrections, as in PyTorch and Keras; the paper has neither them nor ε.

    Units:    learning_rate η: per step
    Source:   Reddi, Kale and Kumar 2018, On the convergence of Adam and beyond, algorithm 2
    """

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        return {**super().slots(name, shape), "largest_v": 0.0}

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta, beta_1, beta_2, t = (scalars[name] for name in ("learning_rate", "beta_1", "beta_2", "t"))
        m = running_mean(slots["m"], gradient, beta_1)
        v = running_mean(slots["v"], square(gradient), beta_2)
        largest = maximum(slots["largest_v"], v)
        m_hat, v_hat = corrected(m, beta_1, t), corrected(largest, beta_2, t)
        step = cast(eta, parameter.dtype) * m_hat / (sqrt(v_hat) + self.epsilon)
        return parameter - step, {"m": m, "v": v, "largest_v": largest}


@dataclass(frozen=True)
class Nadam(_Moments):
    """Adam that looks ahead as Nesterov's momentum does: the gradient at hand counts before the moment has it.

        m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  v̂ = v / (1 − β₂ᵗ)
        m̂ = β₁ m / (1 − β₁ᵗ⁺¹) + (1 − β₁) g / (1 − β₁ᵗ)
        θ ← θ − η m̂ / (√v̂ + ε)

    β₁ is the same in every step unless it is given a schedule, which the products β₁ᵗ then do not know of. (PyTorch and
    Keras let it rise from β₁/2 to β₁ over some hundred updates, after section 3 of the thesis of Sutskever.)

    Units:    learning_rate η: per step
    Source:   Dozat 2016, Incorporating Nesterov momentum into Adam, algorithm 2, β₁ constant
    """

    learning_rate: Rate = 0.002

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta, beta_1, beta_2, t = (scalars[name] for name in ("learning_rate", "beta_1", "beta_2", "t"))
        m = running_mean(slots["m"], gradient, beta_1)
        v = running_mean(slots["v"], square(gradient), beta_2)
        ahead, now = beta_1 / (1.0 - beta_1 ** (t + 1)), (1.0 - beta_1) / (1.0 - beta_1**t)
        m_hat = cast(ahead, parameter.dtype) * m + cast(now, parameter.dtype) * gradient
        v_hat = corrected(v, beta_2, t)
        return parameter - cast(eta, parameter.dtype) * m_hat / (sqrt(v_hat) + self.epsilon), {"m": m, "v": v}


@dataclass(frozen=True)
class Adamax(_Moments):
    """Adam that measures gradients by their largest size, which fades, in place of a mean square.

        m ← β₁ m + (1 − β₁) g,  u ← max(β₂ u, |g| + ε)
        θ ← θ − η / (1 − β₁ᵗ) · m / u,  m₀ = u₀ = 0

    ε keeps u above 0 where a gradient has always been 0, as in PyTorch; the paper has none, Keras adds it to u.

    Units:    learning_rate η: per step
    Source:   Kingma and Ba 2015, algorithm 2
    """

    learning_rate: Rate = 0.002

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        return {"m": 0.0, "u": 0.0}

    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        eta, beta_1, beta_2, t = (scalars[name] for name in ("learning_rate", "beta_1", "beta_2", "t"))
        m = running_mean(slots["m"], gradient, beta_1)
        u = maximum(cast(beta_2, parameter.dtype) * slots["u"], absolute(gradient) + self.epsilon)
        return parameter - cast(eta / (1.0 - beta_1**t), parameter.dtype) * m / u, {"m": m, "u": u}
