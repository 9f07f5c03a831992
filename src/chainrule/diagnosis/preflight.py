"""Checks before a training: of the data, the network and the settings."""

from __future__ import annotations

from typing import Any

from chainrule.diagnosis.checks import BEFORE, REHEARSALS
from chainrule.diagnosis.finding import Findings
from chainrule.diagnosis.task import Task
from chainrule.nn.losses.loss import LossFunction
from chainrule.optim import Optimizer, as_optimizer
from chainrule.train import Model
from chainrule.train.arguments import checked_batch, checked_epochs, divided
from chainrule.train.metrics import objective
from chainrule.train.model import check_model
from chainrule.train.samples import as_samples

__all__ = ["preflight"]


def preflight(
    model: Model,
    x: Any,
    y: Any,
    *,
    loss: str | LossFunction = "cross_entropy",
    optimizer: str | Optimizer = "adam",
    epochs: int = 1,
    batch_size: int | None = None,
    validation_data: tuple[Any, ...] | None = None,
    validation_split: float = 0.0,
    sample_weight: Any = None,
    rehearse: bool = True,
) -> Findings:
    """What would go wrong if the model were trained like this; it stays as it is.

    rehearse   also train copies for a moment: to see whether they can learn a few samples by heart, and whether labels
               survive the network's augmentation

    The other arguments are those of `Model.fit`.

    Raises:   as `Model.fit` does, for what it refuses.
    """
    check_model(model)
    goal, rule = objective(loss, None), as_optimizer(optimizer)
    samples = as_samples(x, y, sample_weight)
    samples, validation = divided(model, goal, samples, validation_data, validation_split)
    size = checked_batch(batch_size, rule, len(samples))
    steps = checked_epochs(epochs) * -(-len(samples) // size)
    task = Task(model, samples, validation, goal, rule, rule.scalars(0, steps), size, epochs)
    return Findings(f for check in (*BEFORE, *(REHEARSALS if rehearse else ())) for f in check(task))
