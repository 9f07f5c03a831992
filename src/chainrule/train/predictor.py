"""A network's inference, made into programs when they are first needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.execute import Program
from chainrule.execute.choice import Executor, program
from chainrule.execute.direct import DirectCall, direct
from chainrule.execute.native import NativeProgram
from chainrule.graph.operation import Array
from chainrule.nn.network import Network
from chainrule.train.precision import Precision, in_precision
from chainrule.train.samples import Samples
from chainrule.train.step import Arrays, network_bindings


class Predictor:
    """The outputs of a network in inference mode, for inputs and parameters that are given anew with each call.

    Whether a parameter has changed since the last call is never guessed: one that cannot change and is the same object
    has not, and all others are written again (NativeProgram). Models hold such as cannot change.
    """

    def __init__(self, network: Network, precision: Precision = "float32") -> None:
        self._network = network
        made = network.inference
        self._outputs = in_precision(made if isinstance(made, tuple) else (made,), precision)
        self._parameters, self._states = list(network.parameters), list(network.states)
        self._own = [*(p.tensor for p in network.parameters.values()), *(s.tensor for s in network.states.values())]
        self._programs: dict[tuple[Executor, bool], NativeProgram | Program] = {}
        self._direct: dict[tuple[Executor, bool], DirectCall | None] = {}

    def formed(self, outputs: Sequence[Array]) -> Any:
        """The outputs as the network gives them: one array, or a tuple where it has several."""
        return tuple(outputs) if isinstance(self._network.inference, tuple) else outputs[0]

    def directly(
        self,
        x: Any,
        most: Any,
        parameters: Arrays,
        states: Arrays,
        scalars: Mapping[str, float],
        executor: Executor,
    ) -> tuple[Array, ...] | None:
        """The outputs for at most so many samples in arrays that fit; None where they need a closer look."""
        inputs = x if type(x) is tuple else (x,)
        network = self._network
        try:
            count = len(inputs[0])
            call = self._direct[executor, count == 1]
            own = *map(parameters.__getitem__, self._parameters), *map(states.__getitem__, self._states)
        except (IndexError, KeyError, TypeError):
            return None
        if call is None or type(most) is not int or count > most or len(own) != len(parameters) + len(states):
            return None
        if network.scalars and not scalars.keys() >= network.scalars.keys():
            return None
        return call(*inputs, *own)

    def in_batches(
        self,
        samples: Samples,
        size: int,
        parameters: Arrays,
        states: Arrays,
        scalars: Mapping[str, float],
        executor: Executor,
    ) -> Sequence[Array]:
        """The outputs for all samples, so many at a time.

        Raises:   as `run`.
        """
        starts = range(0, len(samples), size)
        batches = (samples.batch(slice(start, start + size)).inputs for start in starts)
        parts = [self.run(inputs, parameters, states, scalars, executor) for inputs in batches]
        return [part[0] if len(part) == 1 else np.concatenate(part) for part in zip(*parts, strict=True)]

    def run(
        self,
        inputs: tuple[Array, ...],
        parameters: Arrays,
        states: Arrays,
        scalars: Mapping[str, float],
        executor: Executor,
    ) -> Sequence[Array]:
        """The outputs for inputs that have been checked.

        Raises:   UsageError where names are missing, or too many; ShapeError where an array does not fit.
        """
        count = len(inputs[0])
        if (found := self.directly(inputs, count, parameters, states, scalars, executor)) is not None:
            return found
        key = executor, count == 1  # one sample has no others beside it to fill vectors with: its channels do
        if key not in self._programs:
            self._programs[key] = program(self._outputs, executor, batch=1 if count == 1 else None)
        made, own = self._programs[key], network_bindings(self._network, parameters, states, scalars)
        results = made.run({**own, **dict(zip(self._network.inputs, inputs, strict=True))})
        if key not in self._direct:  # only now: it is compiled too, and many processes predict nothing
            order = [*self._network.inputs, *self._own]
            self._direct[key] = (
                direct(made, order, finite=True, convert=True) if isinstance(made, NativeProgram) else None
            )
        return results
