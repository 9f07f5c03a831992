"""How much a result depends on which samples happened to be tested with."""

from __future__ import annotations

from chainrule.data import fold_indices
from chainrule.runs.arrangement import arranged
from chainrule.runs.configuration import Configuration
from chainrule.runs.division import read, strata, with_validation
from chainrule.runs.scores import Scores


def cross_validate(configuration: Configuration, folds: int = 5) -> list[Scores]:
    """Train as often as there are folds, each time without one of them, and judge by that one.

    Each class is in proportion in every fold, and groups stay together. Samples that the data themselves set aside for
    testing are not looked at; all else is as the configuration says, and prepared anew for each fold.

    Raises:   as `arrange`; UsageError for less than 2 folds.
    Source:   Stone 1974, Cross-validatory choice and assessment of statistical predictions
    """
    source = read(configuration.data)
    data = source.training
    labels = strata(data, source, configuration.data)
    found = []
    for fold in fold_indices(len(data), folds, seed=configuration.train.seed, labels=labels, groups=data.groups):
        division = with_validation(data.take(fold.train), data.take(fold.validation), source, configuration)
        arrangement = arranged(configuration, source, division)
        arrangement.model.fit(**arrangement.fit_arguments(), callbacks=arrangement.stopping())
        found.append(arrangement.tested(arrangement.outputs(arrangement.used(arrangement.model))))
    return found
