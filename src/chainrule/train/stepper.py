"""Training steps one after the other, on arrays that live from step to step: in NumPy, or in native code."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.autodiff.arguments import leaves
from chainrule.execute.choice import Executor, program
from chainrule.execute.immutable import all_immutable
from chainrule.execute.native import NativeProgram, accepted
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.train.samples import Samples
from chainrule.train.step import Arrays, Data, Slots, Sums, TrainingStep, network_bindings

SLICE = 0.04  # seconds that steps may run before Python is asked again: for Ctrl-C, progress and callbacks


@dataclass(frozen=True, eq=False)
class Kept:
    """The arrays that live from step to step."""

    parameters: Arrays
    slots: Slots
    states: Arrays


@dataclass(frozen=True, eq=False)
class Series:
    """Steps on batches of one size: where their samples are, the numbers of each, and where they stand in the whole.

    scalars    the optimizer's and the network's numbers, by name, for each step
    step       the first one's number in the model's life; update, in this training, from 1 on
    """

    places: Sequence[NDArray[np.int64]]
    scalars: Sequence[Mapping[str, float]]
    seed: int
    step: int
    update: int

    def first(self, count: int) -> Series:
        return Series(self.places[:count], self.scalars[:count], self.seed, self.step, self.update)


class Stepper(ABC):
    """Runs steps; `limit` is how many of them it is worth to run in one series."""

    limit = 1
    executor: Executor

    @abstractmethod
    def write(self, kept: Kept) -> None:
        """Go on from these arrays."""

    @abstractmethod
    def read(self) -> Kept:
        """What lives now, as arrays that cannot change."""

    @abstractmethod
    def memory(self) -> Any:
        """What lives now, to be given to `restore`."""

    @abstractmethod
    def restore(self, memory: Any) -> None:
        """Go back to what lived then."""

    @abstractmethod
    def run(self, series: Series) -> list[Sums]:
        """The sums of each step; the last are the first ones whose loss is not finite, a step that changed nothing."""


class ReferenceStepper(Stepper):
    """Steps of the reference executor."""

    executor: Executor = "reference"

    def __init__(self, step: TrainingStep, samples: Samples) -> None:
        self._step, self._samples = step, samples
        self._kept = Kept({}, {}, {})

    def write(self, kept: Kept) -> None:
        self._kept = kept

    def read(self) -> Kept:
        kept = self._kept
        slots = {name: all_immutable(own) for name, own in kept.slots.items()}
        self._kept = Kept(all_immutable(kept.parameters), slots, all_immutable(kept.states))
        return self._kept

    def memory(self) -> Kept:
        return self._kept

    def restore(self, memory: Kept) -> None:
        self._kept = memory

    def run(self, series: Series) -> list[Sums]:
        found: list[Sums] = []
        for k, (places, scalars) in enumerate(zip(series.places, series.scalars, strict=True)):
            kept = self._kept
            bindings = self._step.bindings(
                self._samples.batch(places),
                kept.parameters,
                kept.states,
                kept.slots,
                scalars,
                seed=series.seed,
                step=series.step + k,
                update=series.update + k,
            )
            values = self._step.run(bindings)
            found.append(values.sums)
            if not np.isfinite(values.sums.loss):
                break
            self._kept = Kept(values.parameters, values.slots, values.states)
        return found


class NativeStepper(Stepper):
    """Steps of a compiled program, as many in one call as fit a slice of time."""

    executor: Executor = "native"

    def __init__(self, step: TrainingStep, samples: Samples, program: NativeProgram) -> None:
        self._step, self._samples, self._program = step, samples, program
        self._arrays = loadable_arrays(step.data, samples)
        self._written = Kept({}, {}, {})

    def write(self, kept: Kept) -> None:
        self._written = kept
        for name, tensor in self._step.parameters.items():
            if name in kept.parameters:
                self._program.write(tensor, kept.parameters[name])
        for name, tensor in self._step.states.items():
            if name in kept.states:
                self._program.write(tensor, kept.states[name])
        for name, own in self._step.slots.items():
            for slot, tensor in own.items():
                self._program.write(tensor, kept.slots[name][slot])

    def read(self) -> Kept:
        program, step, unused = self._program, self._step, self._written
        return Kept(
            {
                n: program.read_input(t) if program.holds(t) else unused.parameters[n]
                for n, t in step.parameters.items()
            },
            {
                n: {s: program.read_input(t) if program.holds(t) else unused.slots[n][s] for s, t in own.items()}
                for n, own in step.slots.items()
            },
            {n: program.read_input(t) if program.holds(t) else unused.states[n] for n, t in step.states.items()},
        )

    def memory(self) -> NDArray[np.uint8]:
        return self._program.memory()

    def restore(self, memory: NDArray[np.uint8]) -> None:
        self._program.restore(memory)

    def run(self, series: Series) -> list[Sums]:
        step, count = self._step, len(series.places)
        network_bindings(step.network, self._written.parameters, self._written.states, series.scalars[0])  # all named?
        chosen = self._samples.chosen
        places = np.concatenate(series.places)
        numbers: dict[Tensor, Any] = {
            step.network.seed: series.seed,
            step.network.step: np.arange(series.step, series.step + count),
            step.update: np.arange(series.update, series.update + count),
        }
        tensors = {**step.scalars, **{name: s.tensor for name, s in step.network.scalars.items()}}
        numbers |= {tensor: [scalars[name] for scalars in series.scalars] for name, tensor in tensors.items()}
        began = time.perf_counter()
        try:
            done = self._program.steps(
                self._arrays, places if chosen is None else chosen[places], numbers, len(series.places[0])
            )
        except IndexError:
            self._say_what_index(series)
            raise
        self.limit = more_steps(self.limit, (time.perf_counter() - began) / count)
        return [Sums.of(values, step.metrics) for values in done.each(step.sum_numbers)]

    def _say_what_index(self, series: Series) -> None:
        """Raise the reference executor's DataError about an index that leaves its array."""
        reference = ReferenceStepper(self._step, self._samples)
        reference.write(self._written)
        reference.run(series)


def make_stepper(step: TrainingStep, samples: Samples, executor: Executor) -> Stepper:
    """What runs the steps of a training.

    Raises:   UsageError for an unknown executor; CompilerError where native code is asked for and cannot be made.
    """
    made = program(leaves(step.outputs), executor, step.carried, step.sum_numbers[0])
    return NativeStepper(step, samples, made) if isinstance(made, NativeProgram) else ReferenceStepper(step, samples)


def loadable_arrays(data: Data, samples: Samples) -> dict[Tensor, Array]:
    """All samples' arrays as native code can load them: contiguous, and of types that it converts."""
    given = [*zip(data.inputs, samples.inputs, strict=True), *zip(data.targets, samples.targets, strict=True)]
    weight = np.ones(len(samples.inputs[0]), np.float32) if samples.weight is None else samples.weight
    return {
        tensor: np.ascontiguousarray(array, None if accepted(array.dtype, tensor) else tensor.dtype.numpy)
        for tensor, array in [*given, (data.weight, weight)]
    }


def more_steps(before: int, seconds: float) -> int:
    """How many steps of this length to run in one call, after a call of so many: as fit a slice, growing by and by."""
    return max(1, min(4 * before, int(SLICE / max(seconds, 1e-9))))
