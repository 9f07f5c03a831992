"""A rehearsal: one batch through all that a training will do, to find in seconds what would fail after an hour."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.data import epoch_order
from chainrule.errors import UsageError
from chainrule.execute.choice import Executor, check_executor
from chainrule.messages import Message
from chainrule.nn.losses.loss import LossFunction
from chainrule.optim import Optimizer, as_optimizer
from chainrule.optim.schedules import is_finite
from chainrule.train import checkpoints
from chainrule.train.arguments import (
    checked_batch,
    checked_callbacks,
    checked_epochs,
    divided,
    epoch_lines,
)
from chainrule.train.callback import Callback
from chainrule.train.callbacks import Checkpoint
from chainrule.train.evaluation import EVALUATION_BATCH, Evaluator, evaluate
from chainrule.train.goal import Goal
from chainrule.train.loop import Training
from chainrule.train.metrics import MetricFunction, Objective
from chainrule.train.model import Model, check_model
from chainrule.train.precision import check_instructions
from chainrule.train.rehearsal import Rehearsal, Stages, noted
from chainrule.train.samples import Samples, as_samples
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
    optimizer: str | Optimizer = "adam",
    metrics: Sequence[str | MetricFunction] | None = None,
    epochs: int = 1,
    batch_size: int | None = None,
    validation_data: tuple[Any, ...] | None = None,
    validation_split: float = 0.0,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    callbacks: Sequence[Callback] = (),
    shuffle: bool = True,
    verbose: int = 0,
    executor: Executor = "auto",
) -> Rehearsal:
    """One batch through everything that `fit` will do with these arguments; model and callbacks stay as they are.

    All samples are checked, and all schedules up to the last update. Then a copy of the model is trained on one batch,
    and on the smaller one that ends an epoch, where there is one; evaluated on the validation data likewise; saved in a
    temporary folder, loaded, trained on from there, and asked for predictions. Copies of the callbacks are called at
    all of their moments, also those that come only after many steps. What `Checkpoint` would save goes into the
    temporary folder, once it is certain that its own place can be written to. What a callback does by itself, such as
    writing a file, it does; callbacks that cannot be copied are called themselves, and `fit` begins them afresh.

    The arguments are those of `fit`: fast_dev_run(model, x, y, **arguments), then model.fit(x, y, **arguments). What it
    compiles, `fit` finds compiled.

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
    check_executor(executor)
    check_instructions(model.precision, executor)
    stage = Stages()
    with stage("data"):
        given = Goal.begun(loss, metrics)
        goal = given.objective()
        rule, times = as_optimizer(optimizer), checked_epochs(epochs)
        samples = as_samples(x, y, sample_weight, class_weight)
        double = stand_in(model)
        samples, validation = divided(double, goal, samples, validation_data, validation_split)
        size = checked_batch(batch_size, rule, len(samples))
        called = _copies([*epoch_lines(verbose), *checked_callbacks(callbacks)])
        double = double.of(
            double.network, double.parameters, double.states, double.scalars,
            seed=model.seed, precision=model.precision, loss=given.loss, metrics=given.metrics,
        )  # fmt: skip
    with stage("schedules"):
        _check_schedules(rule, times * -(-len(samples) // size))
    few = _few(samples, size, model.seed, shuffle=shuffle)
    held = None if validation is None else _few(validation, min(EVALUATION_BATCH, len(validation)), 0, shuffle=False)
    with tempfile.TemporaryDirectory() as folder:

        def training(of: Model, passes: int, resume: TrainingState | None = None) -> _Rehearsed:
            return _Rehearsed(
                of, goal, rule, few, held, epochs=passes, batch_size=size, shuffle=shuffle, callbacks=called,
                resume=resume, executor=executor, folder=folder,
            )  # fmt: skip

        with stage("build"):
            first = training(double, 1)
        if held is not None:
            with stage("validation"):
                _evaluate(double, goal, held, executor)
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
            training(double, 2, replace(state, stopped=False)).run()
        with stage("predict"):
            inputs = few.batch(np.arange(min(size, len(few)))).inputs
            for trained, by in ((double, executor), (loaded, "reference")):
                trained.predict(inputs[0] if len(inputs) == 1 else inputs, executor=by)
    return Rehearsal(stage.seconds, logs)


class _Rehearsed(Training):
    """A training whose checkpoints go into a temporary folder, once it is certain that their own can be written."""

    def __init__(self, *given: Any, folder: str, **named: Any) -> None:
        super().__init__(*given, **named)
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


def _copies(callbacks: list[Callback]) -> list[Callback]:
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


def _evaluate(model: Model, goal: Objective, samples: Samples, executor: Executor) -> None:
    evaluator = Evaluator(EvaluationStep(model.network, goal, samples, model.precision), executor)
    evaluate(model, evaluator, samples, min(EVALUATION_BATCH, len(samples)))
