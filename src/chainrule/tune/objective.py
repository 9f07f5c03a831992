"""One trial: a training with the settings that it suggests, judged by its validation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.data.records import Source
from chainrule.errors import DataError, DivergedError, ShapeError, UsageError
from chainrule.runs.arrangement import arranged
from chainrule.runs.configuration import Configuration
from chainrule.runs.division import Division
from chainrule.runs.scores import Scores
from chainrule.train import Callback, Training
from chainrule.tune.interrupts import Interrupts
from chainrule.tune.space import Space

if TYPE_CHECKING:
    from optuna import Trial

# What trials keep beside their settings.
AS_CONFIGURED, SCORES, EPOCHS, REFUSED = "as_configured", "scores", "epochs", "refused"

_MOST_REPORTS = 20  # of a training: each takes a write to the storage


@dataclass(frozen=True, eq=False)
class Objective:
    """What is made as small as possible: the loss of a classifier for the samples to validate with, or the root of the
    mean square error of a quantity. There are no samples to test with here.
    """

    configuration: Configuration
    space: Space
    source: Source
    division: Division
    interrupts: Interrupts

    def __call__(self, trial: Trial) -> float:
        from optuna import TrialPruned

        as_configured = trial.user_attrs.get(AS_CONFIGURED, False)
        values = {} if as_configured else self.space.suggested(trial)
        try:
            arrangement = arranged(self.space.applied(self.configuration, values), self.source, self.division)
            pruning = Pruning(trial, arrangement.epochs)
            callbacks = [*arrangement.stopping(), pruning, self.interrupts]
            arrangement.model.fit(**arrangement.fit_arguments(), callbacks=callbacks)
        except DivergedError:
            raise TrialPruned from None  # which tells those who suggest settings that these are bad
        except (UsageError, DataError, ShapeError) as reason:  # such as a batch size beyond the number of samples
            if as_configured:
                raise
            trial.set_user_attr(REFUSED, str(reason))
            raise TrialPruned from None
        scores = arrangement.tested(arrangement.outputs(arrangement.used(arrangement.model)))
        trial.set_user_attr(EPOCHS, pruning.epochs)
        value = objective_of(scores)
        if not math.isfinite(value):
            raise TrialPruned
        trial.set_user_attr(SCORES, scores.values)
        return value


def objective_of(scores: Scores) -> float:
    """The number among scores that is made small."""
    return scores.values["loss" if "loss" in scores.values else "rmse"]


class Pruning(Callback):
    """Breaks off a training whose validation loss is worse than that of most trials after as large a part of it.

    epochs   how many there were
    """

    epochs = 0

    def __init__(self, trial: Trial, epochs: int) -> None:
        self._trial, self._all, self._every = trial, epochs, math.ceil(epochs / _MOST_REPORTS)

    def on_epoch_end(self, training: Training) -> None:
        from optuna import TrialPruned

        self.epochs = training.epochs_done
        loss: Any = training.logs.get("val_loss")
        if self.epochs % self._every == 0 and loss is not None:
            self._trial.report(float(loss), 100 * self.epochs // self._all)
            if self._trial.should_prune():
                self._trial.set_user_attr(EPOCHS, self.epochs)
                raise TrialPruned
