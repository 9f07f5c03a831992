"""Optimizers around an optimizer: what they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.errors import UsageError
from chainrule.graph.extent import Shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.optim.optimizer import GradientOptimizer, Optimizer, Scalars
from chainrule.optim.rates import Rate

__all__ = ["Wrapper"]

_INSIDE = Message(
    "wrapper.inside",
    en="{wrapper} stands around an optimizer that is given gradients, such as {wrapper}(Adam(0.001), …), not around"
    " {given}.",
    zh="{wrapper} 应包裹一个接收梯度的优化器，例如 {wrapper}(Adam(0.001), …)，而不是 {given}。",
)


@dataclass(frozen=True)
class Wrapper(GradientOptimizer):
    """An optimizer that changes gradients on their way to another one, or the parameters that come back.

    Wrappers may stand around each other in any order: what the outermost does to gradients comes first, what it does to
    parameters last. Where the optimizer inside already has a rate or slot of the same name, the outer one's is
    numbered: "max_norm_1".

    Raises:   UsageError if what is inside does not work on gradients.
    """

    optimizer: GradientOptimizer

    rates: ClassVar[tuple[str, ...]] = ()
    kept: ClassVar[tuple[str, ...]] = ()  # slots of its own, 0 at first

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, GradientOptimizer):
            given: object = self.optimizer
            shown = type(given).__name__ if isinstance(given, Optimizer) else getattr(given, "__name__", repr(given))
            raise UsageError(_INSIDE(wrapper=type(self).__name__, given=shown))
        super().__post_init__()

    @property
    def skips_non_finite(self) -> bool:
        return self.optimizer.skips_non_finite

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        inside = self.optimizer.slots(name, shape)
        return {**inside, **{_numbered(slot, inside): 0.0 for slot in self.kept}}

    def scalars(self, step: int = 0, total: int = 1) -> dict[str, float]:
        inside, own = self.optimizer.scalars(step, total), super().scalars(step, total)
        return {**inside, **{_numbered(name, inside): value for name, value in own.items()}}

    def rate(self, name: str) -> Rate | None:
        inside = self.optimizer.scalars()
        own = {_numbered(rate, inside): rate for rate in self.rates}
        return super().rate(own[name]) if name in own else self.optimizer.rate(name)

    def scalar(self, name: str, scalars: Scalars) -> Tensor:
        """One of its own rates."""
        return scalars[_numbered(name, self.optimizer.scalars())]

    def slot(self, name: str, parameter: str, shape: Shape) -> str:
        """The name that one of its own slots has among a parameter's."""
        return _numbered(name, self.optimizer.slots(parameter, shape))


def _numbered(name: str, taken: dict[str, float]) -> str:
    number, found = 0, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found
