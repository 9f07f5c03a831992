"""Search by trial: no gradient is needed, so any loss can be lowered, however slowly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chainrule.ops.elementwise import where
from chainrule.ops.kinds.conversion import cast
from chainrule.ops.random import normal, stream_of
from chainrule.optim.optimizer import LossFunction, Optimizer, Parameters, Scalars, Slots, StepResult
from chainrule.optim.rates import Rate

__all__ = ["RandomPerturbation"]


@dataclass(frozen=True)
class RandomPerturbation(Optimizer):
    """Perturb the parameters; keep the new ones if the loss fell, otherwise try again in the next step.

        θ' = θ + η ε, each εᵢ normal
        θ ← θ' if L(θ') < L(θ), else θ

    Both losses are those of the step's batch, with the same dropout. Losses, activations and networks need not be
    differentiable. The share of trials that succeed falls with the number of parameters, and near a minimum: this shows
    what gradients are worth.

    Units:    learning_rate η: standard deviation of a perturbation, in units of the parameter
    Source:   Matyas 1965, Random optimization; Solis and Wets 1981
    """

    learning_rate: Rate = 0.01

    needs_gradient: ClassVar[bool] = False

    def step(
        self, loss_fn: LossFunction, parameters: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> StepResult:
        eta, seed, number = (scalars[name] for name in ("learning_rate", "seed", "step"))
        perturbed = {}
        for name, p in parameters.items():
            noise = normal(p.shape, seed, number, stream=stream_of(f"perturbation of {name}"), dtype=p.dtype)
            perturbed[name] = p + cast(eta, p.dtype) * noise
        loss, aux = loss_fn(parameters)
        other, _ = loss_fn(perturbed)
        kept = {name: where(other < loss, perturbed[name], p) for name, p in parameters.items()}
        return StepResult(loss, aux, kept, {name: {} for name in parameters})
