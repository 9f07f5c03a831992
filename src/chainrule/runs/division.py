"""What a configuration says is learned from, and which of it is trained on, validated and tested with."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule.data import digits, split_indices
from chainrule.data.reading import read_source
from chainrule.data.records import Labeled, Source
from chainrule.data.targets import are_classes
from chainrule.errors import DataError, UsageError
from chainrule.messages import Message
from chainrule.runs.configuration import DIGITS, Configuration, DataSettings

_OWN_VALIDATION = Message(
    "division.own_validation",
    en="data.validation is {share:g}, but {source} sets {count:,} samples aside for validation itself. Leave it out to"
    " validate with those, or set data.validation = 0 to validate with none.",
    zh="data.validation 为 {share:g}，但 {source} 自身已划分出 {count:,} 个验证样本。请省略它以使用这些样本验证，"
    "或设置 data.validation = 0 表示不验证。",
)

_TOO_FEW = Message(
    "division.too_few",
    en="{source}: with {setting} = {share:g}, one of the parts of {count} samples would have none; it takes {needed} or"
    " more. Give more samples, or set {setting} to another share.",
    zh="{source}：按 {setting} = {share:g} 划分 {count} 个样本会有一部分为空；至少需要 {needed} 个。"
    "请提供更多样本，或将 {setting} 设为其他比例。",
)
_VALIDATION = 0.1  # of the training samples, where somebody must know when to stop


@dataclass(frozen=True, eq=False)
class Division:
    """Labeled records in parts; validation is None where nothing is to be validated.

    Example:
        >>> configuration = Configuration(DataSettings(validation=0.1))
        >>> division = divided(read(configuration.data), configuration)
        >>> len(division.training), len(division.validation), len(division.test)
        (9000, 1000, 2000)
    """

    training: Labeled
    validation: Labeled | None
    test: Labeled


def read(settings: DataSettings) -> Source:
    """What there is to learn from.

    Raises:   FileFormatError and DataError for what cannot be read; UsageError for columns that there are not.
    """
    if settings.source == DIGITS:
        return Source.of(digits())
    return read_source(
        settings.source,
        target=settings.target,
        exclude=settings.exclude,
        categories=settings.categories,
        numbers=settings.numbers,
        group=settings.group,
        weight=settings.weight,
        encoding=settings.encoding,
    )


def divided(source: Source, configuration: Configuration) -> Division:
    """The parts: what the source itself does not set aside for testing is set aside here, always the same.

    Raises:   UsageError as `with_validation`.
    """
    settings, seed = configuration.data, configuration.train.seed
    training, test = source.training, source.test
    if test is None:
        training, test = _two_parts("test", training, settings.test, seed, source, settings)
    return with_validation(training, test, source, configuration)


def with_validation(training: Labeled, test: Labeled, source: Source, configuration: Configuration) -> Division:
    """The parts, with as much for validation as the configuration says, or what the source itself sets aside for that.

    Raises:   UsageError where they disagree.
    """
    share = validation_share(source, configuration)
    if share is None:
        return Division(training, source.validation, test)
    if not share:
        return Division(training, None, test)
    seed, settings = configuration.train.seed + 1, configuration.data
    training, validation = _two_parts("validation", training, share, seed, source, settings)
    return Division(training, validation, test)


def validation_share(source: Source, configuration: Configuration) -> float | None:
    """The share of the training samples to validate with; None where those count that the source itself sets aside.

    Raises:   UsageError where both are asked for.
    """
    share, own = configuration.data.validation, source.validation
    if own is not None and share:
        raise UsageError(_OWN_VALIDATION(share=share, source=source.name, count=len(own)))
    if share is not None or own is not None:
        return share
    return _VALIDATION if configuration.train.patience or source.test is None else 0.0


def names_classes(source: Source, settings: DataSettings) -> bool:
    """Whether what is predicted are classes: as it was told, or as the answers look."""
    if settings.task is not None:
        return settings.task == "classification"
    return bool(source.classes) or are_classes(source.training.answers)


def strata(data: Labeled, source: Source, settings: DataSettings) -> NDArray[np.int64] | None:
    """The class of each record as a number, so that each class can be kept in proportion; None for a quantity."""
    return np.unique(data.answers, return_inverse=True)[1] if names_classes(source, settings) else None


def _two_parts(
    setting: str, data: Labeled, share: float, seed: int, source: Source, settings: DataSettings
) -> tuple[Labeled, Labeled]:
    """What is left, and a share that is set aside: of every class alike, and groups as a whole.

    Raises:   DataError if there are too few for both.
    """
    needed = max(2, math.floor(0.5 / share) + 1, math.ceil(0.5 / (1 - share)))  # halves are rounded up to what is left
    if len(data) < needed:
        told = {"setting": f"data.{setting}", "share": share, "needed": needed}
        raise DataError(_TOO_FEW(source=source.name, count=len(data), **told))
    labels = strata(data, source, settings)
    left, aside = split_indices(len(data), (1 - share, share), seed=seed, labels=labels, groups=data.groups)
    return data.take(np.sort(left)), data.take(np.sort(aside))
