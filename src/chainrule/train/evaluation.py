"""The means of loss and metrics over samples that nothing is learned from."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import numpy as np

from chainrule.execute.choice import Executor, program
from chainrule.execute.native import NativeProgram
from chainrule.train.means import added, means, no_totals
from chainrule.train.samples import Samples
from chainrule.train.step import Arrays, EvaluationStep, Sums, network_bindings
from chainrule.train.stepper import loadable_arrays, more_steps

EVALUATION_BATCH = 256  # samples at a time where nothing but memory depends on it


class Evaluator:
    """Runs an evaluation step on all batches of some samples."""

    def __init__(self, step: EvaluationStep, executor: Executor) -> None:
        self._step = step
        made = program(step.outputs.values, executor)
        self._native = made if isinstance(made, NativeProgram) else None

    @property
    def metrics(self) -> list[str]:
        return list(self._step.outputs.metrics)

    def means(
        self, samples: Samples, batch_size: int, parameters: Arrays, states: Arrays, scalars: Mapping[str, float]
    ) -> dict[str, float]:
        """The means of loss and metrics over all samples, in inference mode."""
        totals = no_totals(self.metrics)
        for sums, count in self.run(samples, batch_size, parameters, states, scalars):
            totals = added(totals, sums, count)
        return means(totals, self.metrics)

    def run(
        self, samples: Samples, batch_size: int, parameters: Arrays, states: Arrays, scalars: Mapping[str, float]
    ) -> Iterator[tuple[Sums, int]]:
        """The sums of each batch, and how many samples it has."""
        places = np.arange(len(samples))
        batches = [places[start : start + batch_size] for start in range(0, len(samples), batch_size)]
        if self._native is None:
            for batch in batches:
                yield self._step.run(samples.batch(batch), parameters, states, scalars), len(batch)
            return
        bindings = network_bindings(self._step.network, parameters, states, scalars)
        for tensor, value in bindings.items():
            self._native.write(tensor, value)
        numbers = {t: v for t, v in bindings.items() if not t.shape}
        arrays = loadable_arrays(self._step.data, samples)
        at_once = 1
        while batches:
            alike = [b for b in batches[:at_once] if len(b) == len(batches[0])]
            part = np.concatenate(alike)
            chosen = part if samples.chosen is None else samples.chosen[part]
            began = time.perf_counter()
            try:
                done = self._native.steps(arrays, chosen, numbers, len(alike[0]))
            except IndexError:
                for batch in alike:  # one of them says what index it was
                    self._step.run(samples.batch(batch), parameters, states, scalars)
                raise
            at_once = more_steps(at_once, (time.perf_counter() - began) / len(alike))
            del batches[: len(alike)]
            for values in done.each(range(len(done.outputs))):
                yield Sums.of(values, self.metrics), len(alike[0])
