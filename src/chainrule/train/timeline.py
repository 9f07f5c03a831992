"""Where a training stands, from step to step: ahead by series of steps, and back again."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from chainrule.train.past import Past
from chainrule.train.state import TrainingState
from chainrule.train.step import Sums
from chainrule.train.stepper import Kept, Series, Stepper


class Timeline:
    """The state of a training, which steps move ahead, and which can go back to before the last ones.

    The arrays of the newest state live in the stepper, and are read when somebody looks at them.

    numbers   the state, for who looks at its numbers alone: its arrays may be those of an earlier one
    """

    def __init__(self, stepper: Stepper, state: TrainingState) -> None:
        self.numbers = state
        self._stepper, self._past = stepper, Past(stepper)
        self._arrays_are_behind = False  # the stepper has made steps that the arrays of the state do not show yet

    @property
    def state(self) -> TrainingState:
        """Where the training stands, as one value; another one may be put in its place."""
        if self._arrays_are_behind:
            kept = self._stepper.read()
            arrays = replace(self.numbers, parameters=kept.parameters, slots=kept.slots, states=kept.states)
            self.numbers, self._arrays_are_behind = arrays, False
        return self.numbers

    @state.setter
    def state(self, state: TrainingState) -> None:
        self.numbers, self._arrays_are_behind = state, False

    def run(self, series: Series) -> list[Sums]:
        """Move ahead by a series, up to a step whose loss is not finite, which changes nothing: the sums of each step,
        with those of that one. Whoever interrupts it finds the state as it was.
        """
        now = self.numbers
        if not self._arrays_are_behind:  # else the stepper knows them, and nobody else has seen them
            self._stepper.write(Kept(now.parameters, now.slots, now.states))
        self._past.remember(now, others=not self._arrays_are_behind)
        began = time.perf_counter()
        try:
            sums = self._stepper.run(series)
            completed = len(sums) if np.isfinite(sums[-1].loss) else len(sums) - 1
            self.numbers, self._arrays_are_behind = now.after_steps(sums[:completed], series.places), True
        except BaseException:  # Ctrl-C between two lines of this, or a wrong index: the arrays belong to the state
            if self.numbers is now:
                self.rewind(0)
            raise
        self._past.add(series.first(completed), time.perf_counter() - began)
        return sums

    def rewind(self, steps: int) -> None:
        """Take completed steps back."""
        state, again = self._past.rewind(steps)
        for series, sums in again:
            state = state.after_steps(sums, series.places)
        self.numbers, self._arrays_are_behind = state, True
