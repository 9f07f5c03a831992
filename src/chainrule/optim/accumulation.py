"""Updates from the gradients of several batches: as with one that is larger than memory allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.dtype import float64, int64
from chainrule.ops.elementwise import maximum, where
from chainrule.ops.kinds.conversion import cast
from chainrule.ops.rounding import floor
from chainrule.optim.optimizer import Applied, Parameters, Scalars, Slots
from chainrule.optim.rates import check_count
from chainrule.optim.wrapper import Wrapper

__all__ = ["AccumulateGradients"]


@dataclass(frozen=True)
class AccumulateGradients(Wrapper):
    """One update of the optimizer inside for every k steps, from the mean of their gradients.

        G ← G + g;  every k-th step: θ, slots ← update(θ, G / k), G ← 0

    Up to rounding k equal batches give the update of one k times as large, if the loss is a mean over samples without
    weights; layers that look at a whole batch, as batch normalisation does, see the small ones. The optimizer inside
    counts its own updates, and so do its schedules. A group of k may span epochs; what is left after the last of them
    changes nothing.

    Units:    steps k: batches
    Raises:   UsageError if steps is below 1.
    Example:
        >>> from chainrule.optim import Adam
        >>> optimizer = AccumulateGradients(Adam(0.01), steps=4)
        >>> optimizer.slots("dense/kernel", (3, 2))
        {'m': 0.0, 'v': 0.0, 'gradients': 0.0}
    """

    steps: int = 2

    kept: ClassVar[tuple[str, ...]] = ("gradients",)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(type(self).__name__, "steps", self.steps)

    def scalars(self, step: int = 0, total: int = 1) -> dict[str, float]:
        return super().scalars(step // self.steps, max(total // self.steps, 1))

    def apply(
        self, parameters: Parameters, gradients: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> Applied:
        groups = cast(scalars["t"], float64) / self.steps
        whole = floor(groups)
        last = groups == whole
        own = {name: self.slot("gradients", name, g.shape) for name, g in gradients.items()}
        sums = {name: slots[name][own[name]] + g for name, g in gradients.items()}
        means = {name: total / self.steps for name, total in sums.items()}
        inside = {**scalars, "t": cast(maximum(whole, 1.0), int64)}  # before the first update nothing of it is used
        updated, kept = self.optimizer.apply(parameters, means, slots, inside)

        def chosen(name: str) -> Slots:
            of_inside = {slot: where(last, new, slots[name][slot]) for slot, new in kept[name].items()}
            return {**of_inside, own[name]: where(last, 0.0, sums[name])}

        return (
            {name: where(last, new, parameters[name]) for name, new in updated.items()},
            {name: chosen(name) for name in parameters},
        )
