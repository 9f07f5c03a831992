"""What an optimizer is: one training step as a function of graphs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from chainrule.autodiff.reverse import gradients
from chainrule.graph.extent import Shape
from chainrule.graph.tensor import Tensor
from chainrule.optim.schedules import Schedule, check_rate, value_of

__all__ = ["GradientRule", "Optimizer", "StepResult"]

Parameters: TypeAlias = dict[str, Tensor]
Slots: TypeAlias = dict[str, Tensor]
Scalars: TypeAlias = Mapping[str, Tensor]
LossFunction: TypeAlias = Callable[[Parameters], tuple[Tensor, Any]]
Rate: TypeAlias = float | Schedule


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
    part of the graph.
    """

    rates: ClassVar[tuple[str, ...]] = ("learning_rate",)

    def __post_init__(self) -> None:
        for name in self.rates:
            check_rate(type(self).__name__, name, getattr(self, name))

    @abstractmethod
    def step(
        self, loss_fn: LossFunction, parameters: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> StepResult:
        """One training step, as a graph.

        loss_fn(parameters) gives the loss, one number, and anything else that was computed with it. `scalars` are
        float64 numbers by the names of `self.scalars()`, and "t", the int64 number of this update, from 1 on.
        """

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        """The arrays, alike in shape, that are kept for a parameter from step to step, and their first values."""
        return {}

    def scalars(self, step: int = 0, total: int = 1) -> dict[str, float]:
        """The numbers that are inputs of the step, at update `step` (from 0 on) of `total`."""
        return {name: value_of(getattr(self, name), step, total) for name in self.rates}


@dataclass(frozen=True)
class GradientRule(Optimizer):
    """An optimizer that treats each parameter by itself, given its gradient."""

    @abstractmethod
    def update(self, parameter: Tensor, gradient: Tensor, slots: Slots, scalars: Scalars) -> tuple[Tensor, Slots]:
        """The new parameter and slots."""

    def step(
        self, loss_fn: LossFunction, parameters: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> StepResult:
        loss, aux = loss_fn(parameters)
        found = gradients(loss, list(parameters.values()))
        updated = {
            name: self.update(parameter, gradient, slots.get(name, {}), scalars)
            for (name, parameter), gradient in zip(parameters.items(), found, strict=True)
        }
        return StepResult(loss, aux, {n: p for n, (p, _) in updated.items()}, {n: s for n, (_, s) in updated.items()})
