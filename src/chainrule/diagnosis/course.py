"""What a training did so far, as numbers: what checks of its course look at, and what is kept with a saved model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.task import Task
from chainrule.train import Recording


@dataclass(frozen=True)
class Facts:
    """What does not change while a training runs.

    samples, validation_samples   how many there are; validation_samples is 0 where there are none
    optimizer, loss               by the names of their classes
    constant_loss                 the loss of the best answer that does not look at the inputs; None: not known
    classes                       how many classes are told apart; None where there are none
    """

    samples: int
    validation_samples: int
    batch_size: int
    epochs: int
    optimizer: str
    loss: str
    constant_loss: float | None
    classes: int | None

    @classmethod
    def of(cls, task: Task) -> Facts:
        """Those of a task."""
        loss = task.objective.loss
        return cls(
            samples=len(task.samples),
            validation_samples=len(task.validation or ()),
            batch_size=task.batch_size,
            epochs=task.epochs,
            optimizer=type(task.optimizer).__name__,
            loss=getattr(loss, "__name__", type(loss).__name__),
            constant_loss=task.constant_loss,
            classes=task.classes,
        )

    @property
    def steps_per_epoch(self) -> int:
        return -(-self.samples // self.batch_size)


@dataclass(frozen=True, eq=False)
class Course:
    """A training so far.

    losses      of each step (T,), as they were computed: penalties included, before the step's update
    rates       the learning rate at each step (T,); NaN where the optimizer has none
    logs        means of each complete epoch, by the history's names
    recording   numbers of layers and parameters
    ended       whether it is over: all epochs are done, a callback has stopped it, or it diverged
    diverged    whether a loss or a parameter became infinite or NaN
    """

    facts: Facts
    losses: NDArray[np.float64]
    rates: NDArray[np.float64]
    logs: Mapping[str, tuple[float, ...]]
    recording: Recording
    ended: bool = False
    diverged: bool = False

    @property
    def epochs_done(self) -> int:
        return len(self.logs.get("loss", ()))

    def as_dict(self) -> dict[str, Any]:
        """As plain data and arrays."""
        return {
            "facts": asdict(self.facts),
            "losses": self.losses,
            "rates": self.rates,
            "logs": {name: list(values) for name, values in self.logs.items()},
            "recording": self.recording.memory(),
            "ended": self.ended,
            "diverged": self.diverged,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Course:
        """What `as_dict` gave."""
        recording = Recording()
        recording.recall(data["recording"])
        return cls(
            facts=Facts(**data["facts"]),
            losses=np.asarray(data["losses"], np.float64),
            rates=np.asarray(data["rates"], np.float64),
            logs={name: tuple(values) for name, values in data["logs"].items()},
            recording=recording,
            ended=data["ended"],
            diverged=data["diverged"],
        )
