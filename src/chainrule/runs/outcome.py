"""What a run reached, and what it cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.json_values import json_values
from chainrule.runs.arrangement import Arrangement
from chainrule.runs.scores import Scores
from chainrule.train import Model


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run reached on the samples to test with.

    guess               the scores of who always says the largest class, or the mean
    best_epoch          from 1 on: the one whose weights were kept, or with the lowest loss, of validation where there
                        is one
    skipped             steps that were left out, since their loss or gradients were not finite
    seconds             compiling included
    samples_per_second  of the steps alone
    """

    test: Scores
    guess: Scores
    epochs: int
    best_epoch: int
    best_loss: float
    validated: bool
    skipped: int
    seconds: float
    samples_per_second: float
    executor: str
    seed: int

    @classmethod
    def of(
        cls,
        arrangement: Arrangement,
        model: Model,
        outputs: NDArray[Any],
        *,
        kept: int | None,
        seconds: float,
        stepping: float,
        executor: str,
    ) -> Outcome:
        """That of a model that was trained as arranged, whose steps took `stepping` of the seconds.

        outputs   what it gives for the samples to test with
        kept      the epoch, from 0 on, whose weights were taken back in the end; None: the last one's are used
        """
        logs = model.training_state.logs if model.training_state else {}
        validated = "val_loss" in logs
        losses = logs["val_loss" if validated else "loss"]
        best = int(np.argmin(losses)) if kept is None else kept
        return cls(
            test=arrangement.tested(outputs),
            guess=arrangement.guessed(),
            epochs=len(losses),
            best_epoch=1 + best,
            best_loss=losses[best],
            validated=validated,
            skipped=int(sum(logs.get("skipped", ()))),
            seconds=seconds,
            samples_per_second=len(losses) * len(arrangement.training) / stepping if stepping else math.nan,
            executor=executor,
            seed=model.seed,
        )

    def as_data(self) -> dict[str, Any]:
        """All but the confusion, as JSON has it: numbers that are none become null."""
        scores = {f"test_{name}": value for name, value in self.test.values.items()}
        guesses = {f"guess_{name}": value for name, value in self.guess.values.items()}
        others = {
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "best_loss": self.best_loss,
            "skipped": self.skipped,
            "seconds": self.seconds,
            "samples_per_second": self.samples_per_second,
            "executor": self.executor,
            "seed": self.seed,
        }
        told: dict[str, Any] = json_values(scores | guesses | others)
        return told
