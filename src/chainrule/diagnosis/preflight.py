"""Checks before a training: of the data, the network and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.diagnosis.checks import BEFORE, REHEARSALS
from chainrule.diagnosis.finding import Findings
from chainrule.diagnosis.task import Task
from chainrule.nn.losses.loss import LossFunction
from chainrule.train import Model
from chainrule.train.goal import Goal
from chainrule.train.metrics import MetricFunction
from chainrule.train.model import check_model
from chainrule.train.plan import planned

__all__ = ["preflight"]


def preflight(
    model: Model,
    x: Any,
    y: Any,
    *,
    loss: str | LossFunction | None = None,
    metrics: Sequence[str | MetricFunction] | None = None,
    rehearse: bool = True,
    **arguments: Any,
) -> Findings:
    """What would go wrong if the model were trained like this; it stays as it is.

    rehearse   also train copies for a moment: to see whether they can learn a few samples by heart, and whether labels
               survive the network's augmentation

    The other arguments are those of `Model.fit`, except `resume`.

    Raises:   as `Model.fit` does, for what it refuses.
    """
    check_model(model)
    plan = planned(model, Goal.begun(loss, metrics), x, y, **arguments)
    task = Task(
        model=model,
        samples=plan.samples,
        validation=plan.validation,
        objective=plan.objective,
        optimizer=plan.optimizer,
        scalars=plan.optimizer.scalars(0, plan.steps),
        batch_size=plan.batch_size,
        epochs=plan.epochs,
    )
    return Findings(f for check in (*BEFORE, *(REHEARSALS if rehearse else ())) for f in check(task))
