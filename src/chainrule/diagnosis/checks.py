"""All checks, by the moment at which they can be made, and all kinds of findings, by their codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from chainrule.diagnosis.course import Course
from chainrule.diagnosis.depth import EXPLODING_GRADIENTS, VANISHING_GRADIENTS, gradients_through_layers
from chainrule.diagnosis.duplicates import LEAK, leaks
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.first_loss import FAR_START, far_from_guessing
from chainrule.diagnosis.initialization import SYMMETRIC_UNITS, ZERO_INITIALIZATION, units_that_start_alike
from chainrule.diagnosis.label_noise import NOISY_LABELS, noisy_labels
from chainrule.diagnosis.labels import IMBALANCE, LABELS, imbalance, labels_and_outputs
from chainrule.diagnosis.modes import BROKEN_MODE, modes_that_differ
from chainrule.diagnosis.nonfinite import NON_FINITE, non_finite_entries, non_finite_values
from chainrule.diagnosis.overfitting import OVERFITTING, overfitting
from chainrule.diagnosis.plateau import PLATEAU, plateau
from chainrule.diagnosis.probabilities import PROBABILITIES_TWICE, probabilities_twice
from chainrule.diagnosis.rates import RATE_TOO_HIGH, RATE_TOO_LOW, rate_too_high, rate_too_low
from chainrule.diagnosis.rehearsals import BROKEN_LABELS, CANNOT_MEMORIZE, memorizes_a_batch, transforms_keep_labels
from chainrule.diagnosis.scaling import UNSCALED, unscaled_inputs
from chainrule.diagnosis.small_batches import SMALL_BATCH, too_small_batches
from chainrule.diagnosis.task import Task
from chainrule.diagnosis.underfitting import UNDERFITTING, underfitting
from chainrule.diagnosis.units import DEAD_UNITS, SATURATED_UNITS, units_without_gradient

__all__ = ["KINDS"]

BeforeTraining: TypeAlias = Callable[[Task], Iterable[Finding]]
OfCourse: TypeAlias = Callable[[Course], Iterable[Finding]]
OfBoth: TypeAlias = Callable[[Task, Course], Iterable[Finding]]

# Cheap ones, at the beginning of each training that is watched.
BEFORE: tuple[BeforeTraining, ...] = (
    labels_and_outputs,
    unscaled_inputs,
    imbalance,
    leaks,
    far_from_guessing,
    probabilities_twice,
    units_that_start_alike,
    too_small_batches,
)
# Those that train copies: in `preflight` only.
REHEARSALS: tuple[BeforeTraining, ...] = (
    memorizes_a_batch,
    transforms_keep_labels,
)
# After each epoch, and at the end.
DURING: tuple[OfCourse, ...] = (
    units_without_gradient,
    gradients_through_layers,
)  # fmt: skip
# Then too, but while it goes on they must hold for some epochs in a row: in a few, losses go up or stay by chance.
LASTING: tuple[OfCourse, ...] = (
    rate_too_low,
    rate_too_high,
    overfitting,
)
LASTING_OF_BOTH: tuple[OfBoth, ...] = (plateau,)
# Of what ended it.
ENDED: tuple[OfCourse, ...] = (non_finite_values,)
# Those that look at the samples again, with the trained model.
AFTER: tuple[OfBoth, ...] = (
    non_finite_entries,
    underfitting,
    noisy_labels,
    modes_that_differ,
)

KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        NON_FINITE,
        FAR_START,
        LABELS,
        UNSCALED,
        PROBABILITIES_TWICE,
        ZERO_INITIALIZATION,
        SYMMETRIC_UNITS,
        CANNOT_MEMORIZE,
        BROKEN_LABELS,
        RATE_TOO_LOW,
        PLATEAU,
        RATE_TOO_HIGH,
        DEAD_UNITS,
        SATURATED_UNITS,
        VANISHING_GRADIENTS,
        EXPLODING_GRADIENTS,
        OVERFITTING,
        UNDERFITTING,
        NOISY_LABELS,
        IMBALANCE,
        LEAK,
        BROKEN_MODE,
        SMALL_BATCH,
    )
}
