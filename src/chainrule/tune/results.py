"""What came of a search: its best trials, which settings mattered, and the configuration to train with."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.runs.configuration import DIGITS, Configuration
from chainrule.runs.settings import example
from chainrule.tune.objective import AS_CONFIGURED, EPOCHS, REFUSED, SCORES
from chainrule.tune.space import Space

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

    from chainrule.tune.search import Search

COMPLETE, PRUNED = "complete", "pruned"

_ENOUGH, _BEST = 12, 0.25  # complete trials, from which on it can be said what matters; the share of good ones


@dataclass(frozen=True)
class Trial:
    """One trial.

    number          from 0 on
    state           complete, or pruned: broken off because others were better, because it diverged, or not begun
    value           what is made small: validation loss, or root of the mean square error; None if it was pruned
    scores          all that the validation said, by name
    settings        those that it tried, by "section.key"; none for the configuration as it is
    epochs          how many it trained for
    as_configured   whether it is the configuration as it is
    refused         why its settings do not go with each other or the data, where they do not
    """

    number: int
    state: str
    value: float | None
    scores: Mapping[str, float]
    settings: Mapping[str, Any]
    epochs: int
    as_configured: bool
    refused: str | None = None

    @classmethod
    def of(cls, trial: FrozenTrial, space: Space) -> Trial:
        """That which Optuna keeps as this."""
        attributes, complete = trial.user_attrs, trial.state.name == "COMPLETE"
        return cls(
            number=trial.number,
            state=COMPLETE if complete else PRUNED,
            value=trial.value if complete else None,
            scores=dict(attributes.get(SCORES, {})),
            settings=space.values(trial.params),
            epochs=int(attributes.get(EPOCHS, 0)),
            as_configured=bool(attributes.get(AS_CONFIGURED)),
            refused=attributes.get(REFUSED),
        )

    def as_data(self) -> dict[str, Any]:
        """This as JSON has it."""
        return {
            "trial": self.number,
            "state": self.state,
            "scores": dict(self.scores),
            "epochs": self.epochs,
            "settings": dict(self.settings),
            **({} if self.refused is None else {"refused": self.refused}),
        }


@dataclass(frozen=True)
class Found:
    """What came of a search so far.

    trials        those that ended, in order
    configuration that of the best trial; as it was told where none is complete yet
    importance    how much of what makes trials good each setting explains, from 0 to 1; empty where that is not known
    """

    trials: Sequence[Trial]
    configuration: Configuration
    importance: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study, wanted: Search) -> Found:
        """That of a study."""
        trials = [Trial.of(trial, wanted.space) for trial in ended(study)]
        best = best_of(trials)
        settings = best[0].settings if best else {}
        return cls(trials, wanted.space.applied(wanted.told, settings))

    @property
    def best(self) -> Trial | None:
        """The best trial; None while none is complete."""
        best = best_of(self.trials)
        return best[0] if best else None

    def write(self, path: Path) -> None:
        """Write the best configuration as a file for `chainrule train`.

        Raises:   SaveError if it cannot be written.
        """
        from chainrule.runs.folder import RunFolder

        RunFolder(path.parent).write_content(path.name, example(path.name, self._seen_from(path.parent)).encode())

    def _seen_from(self, folder: Path) -> Configuration:
        """The configuration with its data as they are found from a folder, so that both can be moved together."""
        data = self.configuration.data
        if data.source == DIGITS:
            return self.configuration
        try:
            source = os.path.relpath(data.source, folder)
        except ValueError:  # on another drive
            source = data.source
        return replace(self.configuration, data=replace(data, source=source))


def ended(study: Study) -> list[FrozenTrial]:
    """The trials that came to an end: those that were killed, interrupted or failed did not."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def best_of(trials: Sequence[Trial]) -> list[Trial]:
    """The complete ones, the best first."""
    complete = [trial for trial in trials if trial.value is not None]
    return sorted(complete, key=lambda trial: (trial.value, trial.number))


def importance(study: Study, space: Space) -> dict[str, float]:
    """How much each setting matters for being among the best quarter of trials; empty where these are too few.

    Source:   Watanabe et al. 2023, PED-ANOVA: efficiently quantifying hyperparameter importance in arbitrary subspaces
    """
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    complete = [trial for trial in ended(study) if trial.state.name == "COMPLETE" and trial.params]
    if len(complete) < _ENOUGH:
        return {}
    evaluator = PedAnovaImportanceEvaluator(target_quantile=_BEST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that some value was tried once only
        return dict(get_param_importances(study, evaluator=evaluator, params=list(space.domains)))
