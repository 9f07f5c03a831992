"""A rehearsal: one batch through all that a training will do, to find in seconds what would fail after an hour."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.data import epoch_order
from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.nn.losses.loss import LossFunction
from chainrule.optim import Optimizer
from chainrule.optim.schedules import is_finite
from chainrule.train import checkpoints
from chainrule.train.callback import Callback
from chainrule.train.callbacks import Checkpoint
from chainrule.train.evaluation import EVALUATION_BATCH, Evaluator
from chainrule.train.goal import Goal
from chainrule.train.loop import Training
from chainrule.train.metrics import MetricFunction
from chainrule.train.model import Model, check_model
from chainrule.train.plan import Plan, planned
from chainrule.train.rehearsal import Rehearsal, Stages, noted
from chainrule.train.samples import Samples
from chainrule.train.stand_in import stand_in
from chainrule.train.state import TrainingState
from chainrule.train.step import EvaluationStep

__all__ = ["fast_dev_run"]

_SCHEDULE = Message(
    "rehearsal.schedule",
    en="{optimizer}: {name} is {value} at update {update} of {total}. A schedule gives finite numbers for all of them.",
    zh="{optimizer}：第 {update} 次更新（共 {total} 次）时 {name} 为 {value}。调度必须为每次更新给出有限的数。",
)
_IN_CALLBACK = Message("rehearsal.in_callback", en="in {callback}.{moment}", zh="发生在 {callback}.{moment}")

_LOOKS = 100  # updates at which schedules are asked, of all that there will be


def fast_dev_run(
    model: Model,
    x: Any,
    y: Any,
    *,
    loss: str | LossFunction | None = None,
    metrics: Sequence[str | MetricFunction] | None = None,
    verbose: int = 0,
    **arguments: Any,
) -> Rehearsal:
    """One batch through everything that `fit` will do with these arguments; model and callbacks stay as they are.

    All samples are checked, and all schedules up to the last update. Then a copy of the model is trained on one batch,
    and on the smaller one that ends an epoch, where there is one; evaluated on the validation data likewise; saved in a
    temporary folder, loaded, trained on from there, and asked for predictions. Copies of the callbacks are called at
    all of their moments, also those that come only after many steps. What `Checkpoint` would save goes into the
    temporary folder, once it is certain that its own place can be written to. What a callback does by itself, such as
    writing a file, it does; callbacks that cannot be copied are called themselves, and `fit` begins them afresh.

    The arguments are those of `Model.fit`, except `resume`: fast_dev_run(model, x, y, **arguments), then
    model.fit(x, y, **arguments). What it compiles, `fit` finds compiled.

    Raises:   whatever fails, as it is, with a note that names the stage, and the callback if it was one; UsageError for
              a schedule that gives no number.
    Source:   the name is PyTorch Lightning's
    Example:
        >>> from chainrule.nn import Dense
        >>> from chainrule.train import EarlyStopping
        >>> x, y = np.eye(4, dtype=np.float32), np.array([0, 1, 0, 1])
        >>> found = fast_dev_run(Model(Dense(2, kernel_initializer="zeros")), x, y, validation_data=(x, y),
        ...                      callbacks=[EarlyStopping("val_loss")], optimizer="sgd", executor="reference")
        >>> found
        Rehearsal(9 stages went through: loss 0.6931, accuracy 0.5, val_loss 0.6919, val_accuracy 1)
        >>> ", ".join(found.seconds)
        'data, schedules, build, validation, training, save, load, resume, predict'
    """
    check_model(model)
    stage, double = Stages(), stand_in(model)
    with stage("data"):
        plan = planned(double, Goal.begun(loss, metrics), x, y, verbose=verbose, **arguments)
        double = double.of(
            double.network, double.parameters, double.states, double.scalars,
            seed=model.seed, precision=model.precision, loss=plan.goal.loss, metrics=plan.goal.metrics,
        )  # fmt: skip
    with stage("schedules"):
        _check_schedules(plan.optimizer, plan.steps)
    held = plan.validation
    few = replace(
        plan,
        samples=_few(plan.samples, plan.batch_size, model.seed, shuffle=bool(plan.shuffle)),
        validation=None if held is None else _few(held, min(EVALUATION_BATCH, len(held)), 0, shuffle=False),
        callbacks=_copies(plan.callbacks),
    )
    with tempfile.TemporaryDirectory() as folder:
        with stage("build"):
            first = _Rehearsed(replace(few, epochs=1), double, folder)
        if few.validation is not None:
            with stage("validation"):
                _evaluate(double, few, few.validation)
        with stage("training"):
            first.run()
            logs = dict(first.logs)
        with stage("save"):
            double.save(os.path.join(folder, "model"))
        with stage("load"):
            loaded = type(model).load(os.path.join(folder, "model"))
        with stage("resume"):  # of the loaded training, but in the first one's network, whose program there is already
            state = loaded.training_state
            assert state is not None
            _Rehearsed(replace(few, epochs=2), double, folder, replace(state, stopped=False)).run()
        with stage("predict"):
            inputs = few.samples.batch(np.arange(min(few.batch_size, len(few.samples)))).inputs
            given = inputs[0] if len(inputs) == 1 else inputs
            double.predict(given, executor=few.executor)
            loaded.predict(given, executor="reference")
    return Rehearsal(stage.seconds, logs)


class _Rehearsed(Training):
    """A training whose checkpoints go into a temporary folder, once it is certain that their own can be written."""

    def __init__(self, plan: Plan, model: Model, folder: str, resume: TrainingState | None = None) -> None:
        super().__init__(plan, model, resume)
        self._folder = folder
        for callback in self.callbacks:
            if isinstance(callback, _AtAllMoments) and isinstance(callback.inner, Checkpoint):
                checkpoints.check_place(callback.inner.path)

    def request_checkpoint(self, path: str | os.PathLike[str]) -> None:
        checkpoints.check_place(path)
        super().request_checkpoint(os.path.join(self._folder, "checkpoint"))


class _AtAllMoments(Callback):
    """A callback that is called after every step if it may be after any, and whose errors say that they are its own."""

    def __init__(self, inner: Callback) -> None:
        self.inner = inner

    def on_train_begin(self, training: Training) -> None:
        self._call("on_train_begin", training)

    def wants_step(self, step: int) -> bool:
        wanted: bool = self._call("wants_step", step)
        return wanted or type(self.inner).on_train_batch_end is not Callback.on_train_batch_end

    def on_train_batch_end(self, training: Training) -> None:
        self._call("on_train_batch_end", training)

    def on_train_progress(self, training: Training) -> None:
        self._call("on_train_progress", training)

    def on_epoch_end(self, training: Training) -> None:
        self._call("on_epoch_end", training)

    def on_train_end(self, training: Training) -> None:
        self._call("on_train_end", training)

    def memory(self) -> dict[str, Any]:
        return {"of": self._call("memory")}  # never empty: memories of one class are told apart by their order

    def recall(self, memory: dict[str, Any]) -> None:
        self._call("recall", memory.get("of", {}))

    def _call(self, moment: str, *given: Any) -> Any:
        with noted(_IN_CALLBACK(callback=type(self.inner).__name__, moment=moment)):
            return getattr(self.inner, moment)(*given)


def _copies(callbacks: Sequence[Callback]) -> list[Callback]:
    """The callbacks as they are called here: copies, so that nothing of the rehearsal stays in them."""
    with suppress(Exception):  # of a callback that holds a file, a lock, a window: only its author knows what
        callbacks = deepcopy(callbacks)
    return [_AtAllMoments(callback) for callback in callbacks]


def _check_schedules(rule: Optimizer, total: int) -> None:
    """Ask for the rates of the first, the last, and many updates between."""
    for update in np.unique(np.linspace(0, total - 1, _LOOKS).astype(int)).tolist():
        for name, value in rule.scalars(update, total).items():
            if not is_finite(value):
                place = {"update": update + 1, "total": total}
                raise UsageError(_SCHEDULE(optimizer=type(rule).__name__, name=name, value=value, **place))


def _few(samples: Samples, size: int, seed: int, *, shuffle: bool) -> Samples:
    """The samples of a whole batch, and of the smaller one that would end an epoch."""
    order = epoch_order(len(samples), seed, 0) if shuffle else np.arange(len(samples))
    places = order[: size + len(samples) % size]
    return replace(samples, chosen=places if samples.chosen is None else samples.chosen[places])


def _evaluate(model: Model, plan: Plan, samples: Samples) -> None:
    evaluator = Evaluator(EvaluationStep(model.network, plan.objective, samples, model.precision), plan.executor)
    evaluator.means(samples, min(EVALUATION_BATCH, len(samples)), model.parameters, model.states, model.scalars)
