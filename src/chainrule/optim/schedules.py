"""Schedules: a rate as a function of the number of updates made so far, on the host."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule(ABC):
    """A number that changes while training: schedule(step, total), step from 0 to total - 1."""

    @abstractmethod
    def __call__(self, step: int, total: int) -> float:
        """The value at update `step` of `total`."""
