"""Where a training stands: everything that an exact resume needs, as one value that each step replaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.optim import AVERAGE
from chainrule.train.history import History
from chainrule.train.means import Totals, added
from chainrule.train.step import Arrays, Slots, Sums

__all__ = ["TrainingState"]


@dataclass(frozen=True, eq=False)
class TrainingState:
    """The state of a training after some step; a value, so that it is always whole.

    samples     number of samples that are trained on: the position is one among them
    slots       the optimizer's arrays, by parameter
    step        steps of the model's life: what randomness in layers depends on
    order       epochs of the model's life: what the order of the samples depends on
    update      updates of this training, Adam's t
    epoch       complete epochs of this training
    position    samples of the current epoch that were visited
    skipped     batches of the current epoch that were no step, since loss or gradients were not finite
    totals      of the current epoch, which its means will be made of
    logs        the means of each complete epoch, by name
    turned      the optimizer's scalars that were turned while training
    stopped     whether a callback has ended the training
    callbacks   what the callbacks remember, each beside the name of its class
    """

    samples: int
    parameters: Arrays
    states: Arrays
    slots: Slots
    totals: Totals
    step: int = 0
    order: int = 0
    update: int = 0
    epoch: int = 0
    position: int = 0
    skipped: int = 0
    logs: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    turned: Mapping[str, float] = field(default_factory=dict)
    stopped: bool = False
    callbacks: tuple[tuple[str, Any], ...] = ()

    @property
    def history(self) -> History:
        """The epochs so far."""
        return History({name: list(values) for name, values in self.logs.items()})

    @property
    def averages(self) -> Arrays | None:
        """The averages of the weights, which are to be used, where the optimizer keeps them and has made an update."""
        found = {name: own[AVERAGE] for name, own in self.slots.items() if AVERAGE in own}
        return found if any(average.any() for average in found.values()) else None  # they are 0 before the first one

    def after_steps(self, sums: Sequence[Sums], places: Sequence[NDArray[np.int64]]) -> TrainingState:
        """The state after steps with these sums, on samples at these places; its arrays are as they were."""
        totals = self.totals
        for k, one in enumerate(sums):
            totals = added(totals, one, len(places[k]))
        return replace(
            self,
            totals=totals,
            step=self.step + len(sums),
            update=self.update + len(sums),
            position=self.position + sum(len(p) for p in places[: len(sums)]),
        )

    def after_skip(self, samples: int) -> TrainingState:
        """The state after a batch of so many samples that was no step."""
        return replace(self, position=self.position + samples, skipped=self.skipped + 1)

    def after_epoch(self, means: Mapping[str, float]) -> TrainingState:
        """The state at the end of an epoch with these means; the next one begins."""
        return replace(
            self,
            logs={name: (*self.logs.get(name, ()), value) for name, value in means.items()},
            epoch=self.epoch + 1,
            order=self.order + 1,
            position=0,
            skipped=0,
            totals=np.zeros_like(self.totals),
        )
