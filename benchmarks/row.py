"""What a row of the table is: who does the same work, how it is timed, and what chainrule should reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.machine import installed

__all__ = ["OURS", "Contestant", "Limit", "Measure", "Row", "Sample", "Times", "Unit", "WorkFailedError"]

OURS = "chainrule"


class WorkFailedError(RuntimeError):
    """A contestant's process ended, or did what it must not do; the message says which and why."""


@dataclass(frozen=True)
class Contestant:
    """One column: a function "module:name" of benchmarks.work, what it is called with, and which packages it needs."""

    name: str
    work: str
    options: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """The packages that are needed and not installed here."""
        return [name for name in self.needs if installed(name) is None]


@dataclass(frozen=True)
class Sample:
    """What was measured of one contestant: a number for each round, how many cores it kept busy, its peak memory."""

    values: list[float]  # seconds per unit of work, or bytes
    cores: float | None = None
    peak_bytes: int | None = None


@dataclass(frozen=True)
class Unit:
    """How measured seconds or bytes are shown, and whether more of it is better."""

    name: str
    shown: Callable[[float], float]
    more_is_better: bool = False


@dataclass(frozen=True)
class Times:
    """The target: at least so many times better (faster, smaller) than a peer, and what it is stretched to.

    Without a peer's name it is the one that does best.
    """

    against: str | None
    at_least: float
    stretch: float


@dataclass(frozen=True)
class Limit:
    """The target: at most so much, in the row's unit, whatever others take."""

    at_most: float
    stretch: float


Measure = Callable[[Sequence[Contestant], float], "tuple[dict[str, Sample], dict[str, str]]"]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    sentence       what is measured, for --list and the report
    contestants    chainrule first; in a row with an axis all are chainrule, named by their place on it
    measure        how: in blocks by turns, or as whole processes
    axis           what grows from contestant to contestant, for a row without peers
    takes_data     whether --data replaces the synthetic images
    """

    name: str
    sentence: str
    contestants: tuple[Contestant, ...]
    measure: Measure
    unit: Unit
    target: Times | Limit | None = None
    axis: str | None = None
    takes_data: bool = False

    def with_data(self, folder: str | None) -> Row:
        """The same row on the images in this folder, where it takes any."""
        if folder is None or not self.takes_data:
            return self
        told = tuple(replace(c, options={**c.options, "data": folder}) for c in self.contestants)
        return replace(self, contestants=told)
