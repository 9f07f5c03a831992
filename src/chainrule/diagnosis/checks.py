"""All checks, by the moment at which they can be made, and all kinds of findings, by their codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from chainrule.diagnosis.course import Course
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.task import Task
from chainrule.diagnosis.units import DEAD_UNITS, SATURATED_UNITS, units_without_gradient

__all__ = ["KINDS"]

BeforeTraining: TypeAlias = Callable[[Task], Iterable[Finding]]
OfCourse: TypeAlias = Callable[[Course], Iterable[Finding]]
AfterTraining: TypeAlias = Callable[[Task, Course], Iterable[Finding]]

BEFORE: tuple[BeforeTraining, ...] = ()  # cheap: at the beginning of each training that is watched
REHEARSALS: tuple[BeforeTraining, ...] = ()  # that train copies: in `preflight` only
DURING: tuple[OfCourse, ...] = (units_without_gradient,)  # after each epoch
ENDED: tuple[OfCourse, ...] = ()  # of what only a whole training shows
AFTER: tuple[AfterTraining, ...] = ()  # that look at the samples again, with the trained model

KINDS: dict[str, Kind] = {kind.code: kind for kind in (DEAD_UNITS, SATURATED_UNITS)}
