"""A training as it is asked for, once it is certain what is meant: `fit` runs it, rehearsals and checks look at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.data import Blocks
from chainrule.execute.choice import Executor, check_executor
from chainrule.optim import Optimizer, as_optimizer
from chainrule.train.arguments import checked_batch, checked_callbacks, checked_epochs, divided, epoch_lines
from chainrule.train.callback import Callback
from chainrule.train.goal import Goal
from chainrule.train.metrics import Objective
from chainrule.train.precision import check_instructions
from chainrule.train.samples import Samples, as_samples

if TYPE_CHECKING:
    from chainrule.train.model import Model


@dataclass(frozen=True, eq=False)
class Plan:
    """What a training is given.

    goal, objective       loss and metrics, as they were named and as functions
    samples, validation   those to learn from, and those to validate with, if there are any
    """

    goal: Goal
    objective: Objective
    optimizer: Optimizer
    samples: Samples
    validation: Samples | None
    epochs: int
    batch_size: int
    shuffle: bool | Blocks
    callbacks: Sequence[Callback]
    executor: Executor

    @property
    def steps(self) -> int:
        """How many there are in all epochs."""
        return self.epochs * -(-len(self.samples) // self.batch_size)


def planned(
    model: Model,
    goal: Goal,
    x: Any,
    y: Any,
    *,
    optimizer: str | Optimizer = "adam",
    epochs: int = 1,
    batch_size: int | None = None,
    validation_data: tuple[Any, ...] | None = None,
    validation_split: float = 0.0,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    callbacks: Sequence[Callback] = (),
    shuffle: bool | Blocks = True,
    verbose: int = 1,
    executor: Executor = "auto",
) -> Plan:
    """What `Model.fit` means by these arguments; a model that is not built yet takes its shape from the samples.

    Raises:   as `Model.fit`, for everything that can be told before the step is made.
    """
    check_executor(executor)
    check_instructions(model.precision, executor)
    objective = goal.objective()
    samples = as_samples(x, y, sample_weight, class_weight)
    samples, validation = divided(model, objective, samples, validation_data, validation_split)
    if isinstance(shuffle, Blocks) and samples.chosen is not None:
        samples = replace(samples, chosen=np.sort(samples.chosen))  # near in the order, near on the disk
    rule = as_optimizer(optimizer)
    return Plan(
        goal=goal,
        objective=objective,
        optimizer=rule,
        samples=samples,
        validation=validation,
        epochs=checked_epochs(epochs),
        batch_size=checked_batch(batch_size, rule, len(samples)),
        shuffle=shuffle,
        callbacks=[*epoch_lines(verbose), *checked_callbacks(callbacks)],
        executor=executor,
    )
