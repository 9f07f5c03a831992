"""What an optimizer is: one training step as a function of graphs."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from chainrule.autodiff.reverse import gradients
from chainrule.graph.extent import Shape
from chainrule.graph.tensor import Tensor
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import add
from chainrule.optim.rates import Rate, check_rate
from chainrule.optim.schedules import value_of

__all__ = ["GradientOptimizer", "GradientRule", "Optimizer", "StepResult"]

Parameters: TypeAlias = dict[str, Tensor]
Slots: TypeAlias = dict[str, Tensor]
Scalars: TypeAlias = Mapping[str, Tensor]
Applied: TypeAlias = tuple[Parameters, dict[str, Slots]]
LossFunction: TypeAlias = Callable[[Parameters], tuple[Tensor, Any]]


@dataclass(frozen=True, eq=False)
class StepResult:
    """What a training step gives: the loss and what was computed with it, new parameters, and new slots of each."""

    loss: Tensor
    aux: Any
    parameters: Parameters
    slots: dict[str, Slots]


@dataclass(frozen=True)
class Optimizer(ABC):
    """A rule that gives new parameters.

    `rates` names the fields that are inputs of the step, so that a schedule or a callback may turn them; the others are
    part of the graph. `needs_gradient`: whether the loss must be differentiable; `full_batch`: whether every step must
    see all samples.
    """

    rates: ClassVar[tuple[str, ...]] = ("learning_rate",)
    needs_gradient: ClassVar[bool] = True
    full_batch: ClassVar[bool] = False

    @property
    def skips_non_finite(self) -> bool:
        """Whether a step whose loss or gradients are not finite is left out, instead of ending the training."""
        return False

    def __post_init__(self) -> None:
        for name in self.rates:
            check_rate(type(self).__name__, name, getattr(self, name))

    @abstractmethod
    def step(
        self, loss_fn: LossFunction, parameters: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> StepResult:
        """One training step, as a graph.

        loss_fn(parameters) gives the loss, one number, and anything else that was computed with it. `scalars` are
        float64 numbers by the names of `self.scalars()`, and int64 numbers: "t", that of this update, from 1 on;
        "seed" and "step", what randomness depends on: `step` counts in all trainings of a model.
        """

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        """The arrays, alike in shape, that are kept for a parameter from step to step, and their first values."""
        return {}

    def scalars(self, step: int = 0, total: int = 1) -> dict[str, float]:
        """The numbers that are inputs of the step, at update `step` (from 0 on) of `total`."""
        return {name: value_of(getattr(self, name), step, total) for name in self.rates}

    def rate(self, name: str) -> Rate | None:
        """The number or schedule behind a scalar; None where there is none of this name."""
        found: Rate | None = getattr(self, name) if name in self.rates else None
        return found


@dataclass(frozen=True)
class GradientOptimizer(Optimizer):
    """An optimizer that needs the gradient at the parameters and no more, so that others may change it on its way."""

    @abstractmethod
    def apply(
        self, parameters: Parameters, gradients: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> Applied:
        """The new parameters and the slots of each, from the gradients of all."""

    def step(
        self, loss_fn: LossFunction, parameters: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> StepResult:
        loss, aux = loss_fn(parameters)
        found = dict(zip(parameters, gradients(loss, list(parameters.values())), strict=True))
        if self.skips_non_finite:  # a loss that is not finite changes nothing; g - g is 0, unless g is not finite
            loss = functools.reduce(add, (sum(gradient - gradient) for gradient in found.values()), loss)
        return StepResult(loss, aux, *self.apply(parameters, found, slots, scalars))


@dataclass(frozen=True)
class GradientRule(GradientOptimizer):
    """An optimizer that treats each parameter by itself, given its gradient."""

    @abstractmethod
    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        """The new parameter and slots."""

    def apply(
        self, parameters: Parameters, gradients: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> Applied:
        updated = {
            name: self.update(parameter, gradients[name], slots.get(name, {}), scalars)
            for name, parameter in parameters.items()
        }
        return {name: p for name, (p, _) in updated.items()}, {name: s for name, (_, s) in updated.items()}
