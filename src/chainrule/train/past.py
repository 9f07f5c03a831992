"""Steps that can be taken back: what lived at some moment, and the series of steps since, which give it again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from chainrule.train.state import TrainingState
from chainrule.train.step import Sums
from chainrule.train.stepper import Series, Stepper

SHARE = 25  # times longer than it takes to copy what lives, steps run before it is copied again


@dataclass
class _Moment:
    state: TrainingState
    memory: Any
    series: list[Series] = field(default_factory=list)


class Past:
    """The last moments of a training; steps are exact, so that running them again leads to the same arrays."""

    def __init__(self, stepper: Stepper) -> None:
        self._stepper = stepper
        self._moments: list[_Moment] = []
        self._copying = self._since = 0.0  # seconds

    def remember(self, state: TrainingState, others: bool) -> None:
        """Before a series: what lives now is this state's; `others` than what the last series left, or the same."""
        if self._moments and not others and self._since < SHARE * self._copying:
            return
        began = time.perf_counter()
        self._moments = [*self._moments[-1:], _Moment(state, self._stepper.memory())]
        self._copying, self._since = time.perf_counter() - began, 0.0

    def add(self, series: Series, seconds: float) -> None:
        """A series was completed, as far as it is given."""
        if series.places:
            self._moments[-1].series.append(series)
        self._since += seconds

    def rewind(self, steps: int) -> tuple[TrainingState, list[tuple[Series, list[Sums]]]]:
        """Go back to before the last completed steps: a state, and the series that lead on from it, run again."""
        moment = self._moments[-1]
        if steps and not moment.series and len(self._moments) > 1:
            moment = self._moments[0]
        left = sum(len(s.places) for s in moment.series) - steps
        self._stepper.restore(moment.memory)
        again: list[tuple[Series, list[Sums]]] = []
        for series in moment.series:
            part = series.first(max(0, left))
            left -= len(series.places)
            if part.places:
                again.append((part, self._stepper.run(part)))
        return moment.state, again
