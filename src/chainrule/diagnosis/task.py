"""What a training is about, before its first step: what checks of data, network and settings look at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.targets import Classes
from chainrule.graph.operation import Array
from chainrule.graph.seeds import random_generator
from chainrule.graph.tensor import Tensor
from chainrule.nn.losses.loss import BinaryLoss
from chainrule.nn.network import Network
from chainrule.optim import Optimizer
from chainrule.train import Model
from chainrule.train.guessing import loss_range
from chainrule.train.loop import Training
from chainrule.train.metrics import Objective, classifies
from chainrule.train.samples import Samples
from chainrule.train.statistics import layer_outputs
from chainrule.train.step import Data, network_bindings


@dataclass(frozen=True, eq=False)
class Task:
    """A model, the samples it is to learn, and how.

    scalars   the numbers of the first step: learning rate, momenta
    """

    model: Model
    samples: Samples
    validation: Samples | None
    objective: Objective
    optimizer: Optimizer
    scalars: Mapping[str, float]
    batch_size: int
    epochs: int

    @classmethod
    def of(cls, training: Training) -> Task:
        """That of a training."""
        return cls(
            model=training.model,
            samples=training.samples,
            validation=training.validation,
            objective=training.objective,
            optimizer=training.optimizer,
            scalars=training.scalars,
            batch_size=training.batch_size,
            epochs=training.epochs,
        )

    @property
    def network(self) -> Network:
        return self.model.network

    @property
    def is_fresh(self) -> bool:
        """Whether the model has not been trained yet."""
        return self.model.training_state is None

    @cached_property
    def labels(self) -> NDArray[np.int64] | None:
        """The class of each sample, where it has one; of a one-hot target that of its 1."""
        return labels_of(self.samples, self.objective)

    @cached_property
    def classes(self) -> int | None:
        """How many classes the network tells apart; None where it does not classify."""
        outputs = self.network.inference
        if not classifies(self.objective.loss) or not isinstance(outputs, Tensor):
            return None
        last = outputs.shape[-1]
        return 2 if last == 1 else last if isinstance(last, int) else None

    def label(self, number: int) -> int | str:
        """What a class is called where data were prepared by their labels; else its number."""
        prepared = self.model.preparation
        if prepared is None or not isinstance(prepared.target, Classes):
            return int(number)
        return prepared.target.labels[number]

    @cached_property
    def has_constant_inputs(self) -> bool:
        """Whether the inputs are the same for all samples."""
        if len(self.samples) < 2 or not all(map(_is_constant, self.some(500).inputs)):  # which is quick
            return False
        return all(map(_is_constant, self.samples.batch(slice(None)).inputs))

    def some(self, count: int, *, seed: int = 0) -> Samples:
        """So many training samples at random, or all if there are fewer."""
        size = len(self.samples)
        if size <= count:
            return self.samples.batch(slice(None))
        return self.samples.batch(np.sort(random_generator(seed).choice(size, count, replace=False)))

    def few(self, most: int, *, numbers: int = 500_000) -> Samples:
        """Training samples at random for which the layers together give about so many numbers, at least 4 samples."""
        each = sum(numbers_of_each(y) for record in self.network.layers if isinstance(y := record.output, Tensor))
        return self.some(max(4, min(most, numbers // max(each, 1))))

    @cached_property
    def data(self) -> Data:
        """The inputs of a graph of the loss, beside those of the network: targets and weights."""
        return Data(self.network, self.samples)

    @cached_property
    def constant_loss(self) -> float | None:
        """The mean loss of the best answer that does not look at the inputs; None where it is not known."""
        known = loss_range(self.objective.loss, self.network, self.some(2000))
        return None if known is None else known.constant

    def bindings(self, samples: Samples) -> dict[Tensor, Any]:
        """What the inputs of network and loss, as they stand, are for these samples."""
        model, network = self.model, self.network
        step = model.training_state.step if model.training_state else 0
        bindings = network_bindings(network, model.parameters, model.states, model.scalars)
        return {**bindings, **self.data.bindings(samples), network.seed: model.seed, network.step: step}


def _is_constant(x: Array) -> bool:
    return x.size > 0 and bool((x == x[:1]).all())


def labels_of(samples: Samples, objective: Objective) -> NDArray[np.int64] | None:
    """The class of each sample, one number or one for each of its places; None where targets are no classes."""
    if len(samples.targets) != 1 or not classifies(objective.loss):
        return None
    y = samples.targets[0] if samples.chosen is None else samples.targets[0][samples.chosen]
    if isinstance(objective.loss, BinaryLoss):
        column = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        return column.astype(np.int64) if column.ndim == 1 and np.isin(column, (0, 1)).all() else None
    if y.dtype.kind in "bui":
        return y.astype(np.int64)
    return y.argmax(-1).astype(np.int64) if y.ndim > 1 else y.astype(np.int64)


def numbers_of_each(y: Tensor) -> int:
    """How many numbers there are for each sample."""
    return math.prod(extent for extent in y.shape[1:] if isinstance(extent, int))


def output_layers(network: Network) -> list[str]:
    """The paths of the layers that give the network's outputs, the innermost of those that give the same."""
    ends = network.training if isinstance(network.training, tuple) else (network.training,)
    return [path for path, y in layer_outputs(network).items() if any(y is end for end in ends)]


def output_layer(task: Task) -> str:
    """The path of the layer that gives the network's outputs, or of the last one there is."""
    own = output_layers(task.network)
    return own[-1] if own else task.network.layers[-1].path if task.network.layers else ""
