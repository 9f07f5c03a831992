"""Online training: samples arrive over the model's life, and each is learned from when it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.autodiff.arguments import leaves
from chainrule.errors import DivergedError, UsageError
from chainrule.execute import Program
from chainrule.execute.choice import Executor, check_executor, program
from chainrule.execute.immutable import all_immutable
from chainrule.execute.native import NativeProgram
from chainrule.messages import Message
from chainrule.nn.losses.loss import LossFunction
from chainrule.optim import Optimizer, as_optimizer
from chainrule.train.means import added, means, no_totals
from chainrule.train.metrics import MetricFunction, objective
from chainrule.train.model import Model, check_model
from chainrule.train.precision import check_instructions
from chainrule.train.samples import as_samples
from chainrule.train.step import TrainingStep

__all__ = ["OnlineTraining"]

_DIVERGED = Message(
    "online.diverged",
    en="The loss of update {update} is {loss}. The model keeps the parameters from before it. Look at these samples, or"
    " lower the learning rate.",
    zh="第 {update} 次更新的损失为 {loss}。模型保留此前的参数。请检查这些样本，或降低学习率。",
)
_ENDS = Message(
    "online.ends",
    en="{name}={schedule!r} depends on where the training ends, but a stream has no end. Give a number, or a schedule"
    " that counts steps alone, such as ExponentialDecay(0.1, steps=1000, factor=0.5).",
    zh="{name}={schedule!r} 取决于训练何时结束，而数据流没有终点。请给出一个数，或只按步数变化的调度，"
    "例如 ExponentialDecay(0.1, steps=1000, factor=0.5)。",
)
_LOOKED_AT = (0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)  # steps at which a schedule is asked for its end


class OnlineTraining:
    """A training without an end: one update for whatever arrives, a sample or a batch of any size.

        θ ← the optimizer's step from the mean loss of these samples alone

    model        changes with each update; use it at any time
    updates      how many there were
    samples      how many samples were learned from

    Nothing of the samples is kept; the optimizer's running means live on from update to update. A schedule sees the
    number of the update and no end: one that depends on it, such as Cosine, is refused.

    Raises:   UsageError for names that are not known, and schedules with an end.
    Example:
        >>> from chainrule.nn import Dense
        >>> from chainrule.optim import SGD
        >>> online = OnlineTraining(Model(Dense(1)), loss="mean_squared_error", optimizer=SGD(0.1))
        >>> random = np.random.default_rng(0)
        >>> for _ in range(200):  # a stream: y = 3 x − 1
        ...     x = random.uniform(-1, 1, (1, 1))
        ...     before = online.update(x, 3 * x - 1)
        >>> online, online.model.predict([[0.5]]).round(2)
        (OnlineTraining(200 samples in 200 updates), array([[0.5]], dtype=float32))
    """

    def __init__(
        self,
        model: Model,
        *,
        loss: str | LossFunction = "cross_entropy",
        optimizer: str | Optimizer = "sgd",
        metrics: Sequence[str | MetricFunction] | None = None,
        executor: Executor = "auto",
    ) -> None:
        check_model(model)
        check_executor(executor)
        check_instructions(model.precision, executor)
        self.model, self.updates, self.samples = model, 0, 0
        self._goal, self._optimizer, self._executor = objective(loss, metrics), as_optimizer(optimizer), executor
        self._step: TrainingStep | None = None
        self._program: NativeProgram | Program | None = None
        _refuse_an_end(self._optimizer)

    def update(self, x: Any, y: Any, sample_weight: Any = None) -> dict[str, float]:
        """One step on these samples; their loss and metrics as the model was *before* it, so that a stream of them
        tells honestly how well the model does on samples that it has not seen.

        Shapes:   x (k, …) and y (k, …) with any k from 1 on
        Raises:   as `fit`; DivergedError if the loss is not finite: then nothing changes.
        """
        samples = as_samples(x, y, sample_weight)
        model = self.model
        model.check(samples, self._goal)
        if self._step is None:
            self._step = TrainingStep(model.network, self._goal, self._optimizer, samples, model.precision)
            self._slots = self._step.initial_slots()
        step = self._step
        if self._program is None:
            self._program = program(leaves(step.outputs), self._executor)
        scalars = {**self._optimizer.scalars(self.updates, self.updates + 1), **model.scalars}
        bindings = step.bindings(
            samples, model.parameters, model.states, self._slots, scalars,
            seed=model.seed, step=self.updates, update=self.updates + 1,
        )  # fmt: skip
        values = step.values(self._program.run(bindings))
        if not np.isfinite(values.sums.loss):
            raise DivergedError(_DIVERGED(update=self.updates + 1, loss=float(values.sums.loss)))
        model.parameters, model.states = all_immutable(values.parameters), all_immutable(values.states)
        self._slots = values.slots
        self.updates += 1
        self.samples += len(samples)
        return means(added(no_totals(step.metrics), values.sums, len(samples)), step.metrics)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy needs: everything but the program, which it makes again."""
        return {**vars(self), "_program": None}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.samples} samples in {self.updates} updates)"


def _refuse_an_end(optimizer: Optimizer) -> None:
    """Refuse rates that depend on the number of all steps."""
    for step in _LOOKED_AT:
        soon, late = (optimizer.scalars(step, step + further) for further in (1, 1_000_000_000))
        for name, value in soon.items():
            if value != late[name]:
                raise UsageError(_ENDS(name=name, schedule=optimizer.rate(name)))
