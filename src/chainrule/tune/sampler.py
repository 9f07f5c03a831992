"""What suggests the settings of the next trial. Only a search imports this file: it needs Optuna."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

_RANDOM = 5  # trials, before there are enough to learn from


class Sampler(BaseSampler):
    """The tree-structured Parzen estimator, with a seed for each trial: its place among those that did not fail.

    So a study that is gone on with goes on as it would have, and processes that share one do not suggest the same.

    Source:   Bergstra et al. 2011, Algorithms for hyper-parameter optimization
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._own = TPESampler(n_startup_trials=_RANDOM)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        earlier = [t for t in study.get_trials(deepcopy=False) if t.number < trial.number]
        place = sum(t.state != TrialState.FAIL for t in earlier)
        self._own = TPESampler(n_startup_trials=_RANDOM, seed=(self._seed * 1_000_003 + place) % 2**32)
        self._own.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._own.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._own.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._own.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        self._own.after_trial(study, trial, state, values)
