"""The training loop."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from chainrule.data import Blocks, batches, epoch_order
from chainrule.errors import DivergedError, UsageError
from chainrule.execute.choice import Executor
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message, suggestion
from chainrule.optim import AVERAGE, Schedule
from chainrule.train.ahead import Ahead
from chainrule.train.callback import Callback, memories, remind
from chainrule.train.evaluation import EVALUATION_BATCH, Evaluator
from chainrule.train.history import History
from chainrule.train.means import means, no_totals
from chainrule.train.plan import Plan
from chainrule.train.resuming import check_resumable
from chainrule.train.state import TrainingState
from chainrule.train.step import Arrays, EvaluationStep, TrainingStep
from chainrule.train.stepper import Series, make_stepper
from chainrule.train.timeline import Timeline

if TYPE_CHECKING:
    from chainrule.train.model import Model

__all__ = ["Training"]

_DIVERGED = Message(
    "loop.diverged",
    en="the training diverged: {what} in epoch {epoch}, step {step} of {steps}, at learning rate {rate:g}. The model"
    " has the parameters with which the loss was last finite. Try a learning rate ten times smaller, inputs scaled to"
    " about [-1, 1] (images divided by 255), or another initializer.",
    zh="训练发散：第 {epoch} 轮第 {step} 步（共 {steps} 步）时{what}，学习率为 {rate:g}。"
    "模型保留了损失最后一次有限时的参数。请尝试把学习率缩小到十分之一、把输入缩放到约 [-1, 1]（图像除以 255），"
    "或更换初始化方法。",
)
_LOSS = Message("loop.diverged_loss", en="the loss became {loss}", zh="损失变为 {loss}")
_PARAMETER = Message(
    "loop.diverged_parameter",
    en="the parameter '{name}' became infinite or NaN",
    zh="参数“{name}”变为无穷或 NaN",
)
_ALL_SKIPPED = Message(
    "loop.all_skipped",
    en="the training diverged: none of the {steps} steps of epoch {epoch} had a loss and gradients that are finite, at"
    " learning rate {rate:g}, so that all were skipped. The model has the parameters from before them. Try a"
    " learning rate ten times smaller, inputs scaled to about [-1, 1] (images divided by 255), or another initializer.",
    zh="训练发散：第 {epoch} 轮的 {steps} 步中没有一步的损失和梯度为有限值，学习率为 {rate:g}，因此全部被跳过。"
    "模型保留了此前最后一步的参数。请尝试把学习率缩小到十分之一、把输入缩放到约 [-1, 1]（图像除以 255），"
    "或更换初始化方法。",
)
_UNKNOWN_SCALAR = Message(
    "loop.unknown_scalar",
    en="There is no scalar '{name}' to turn; there are: {known}.{suggestion}",
    zh="没有可调节的标量“{name}”；现有：{known}。{suggestion}",
)
_SCHEDULED = Message(
    "loop.scheduled",
    en="'{name}' follows {schedule}, which would overwrite what it is set to. Give the optimizer a number instead.",
    zh="“{name}”由 {schedule} 决定，设置的值会被覆盖。请改为给优化器一个固定的数。",
)
_UNKNOWN_MONITOR = Message(
    "loop.unknown_monitor",
    en="{callback} monitors '{monitor}', which this training does not report; it reports: {known}.{suggestion}",
    zh="{callback} 监测“{monitor}”，但本次训练不报告它；报告的有：{known}。{suggestion}",
)
_NO_VALIDATION = Message(
    "loop.no_validation",
    en="{callback} monitors '{monitor}', but there are no validation data. Give validation_data or validation_split, or"
    " monitor '{instead}'.",
    zh="{callback} 监测“{monitor}”，但没有验证数据。请给出 validation_data 或 validation_split，或监测“{instead}”。",
)


class Training:
    """A training while it runs: what callbacks see and may turn.

    model, epochs, batch_size    as given to fit
    step                         the graph of a step
    logs                         means of the epoch so far, or at its end the entries of the history
    losses, rates                of the steps since the last time that callbacks were told of progress; rates are those
                                 of learning, NaN where there are none
    seconds                      since this fit began its steps: without what it compiled
    saving                       seconds that the last checkpoint took; 0 before the first
    """

    def __init__(self, plan: Plan, model: Model, resume: TrainingState | None = None) -> None:
        self.model, self.objective, self.optimizer = model, plan.objective, plan.optimizer
        self.epochs, self.batch_size, self.shuffle = plan.epochs, plan.batch_size, plan.shuffle
        self.samples, self.validation = plan.samples, plan.validation
        self.callbacks = list(plan.callbacks)
        self.logs: dict[str, float] = {}
        self.losses: list[float] = []
        self.rates: list[float] = []
        self.saving = 0.0
        self.step = TrainingStep(model.network, plan.objective, plan.optimizer, plan.samples, model.precision)
        self._stepper = make_stepper(self.step, plan.samples, plan.executor)
        self._blocks = plan.shuffle if isinstance(plan.shuffle, Blocks) else None
        self._ahead = Ahead(plan.samples, self._blocks.span if self._blocks else None)
        self._evaluation: Evaluator | None = None
        if plan.validation is not None:
            evaluation = EvaluationStep(model.network, plan.objective, plan.validation, model.precision)
            self._evaluation = Evaluator(evaluation, plan.executor)
        self._metrics = list(plan.objective.metrics)
        self._checkpoints: list[str | os.PathLike[str]] = []
        self._started = time.perf_counter()
        self._timeline = Timeline(self._stepper, resume or self._beginning())
        self._orders: dict[int, NDArray[np.int64]] = {}  # the last one that was asked for
        if resume:
            check_resumable(resume, len(plan.samples), self.step, self._metrics)
        remind(self.callbacks, self.state.callbacks)

    # -------------------------------------------------------------------------------------------- what it tells
    @property
    def state(self) -> TrainingState:
        """Where the training stands, as one value."""
        return self._timeline.state

    @state.setter
    def state(self, state: TrainingState) -> None:
        self._timeline.state = state

    @property
    def epochs_done(self) -> int:
        """How many epochs are complete, of this training and what it resumes; at an epoch's end, with this one."""
        return self._timeline.numbers.epoch

    @property
    def executor(self) -> Executor:
        """What runs the steps: "native" or "reference"."""
        return self._stepper.executor

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(len(self.samples) / self.batch_size)

    @property
    def steps_done(self) -> int:
        """How many steps of the current epoch are complete; none at an epoch's end."""
        return math.ceil(self._timeline.numbers.position / self.batch_size)

    @property
    def history(self) -> History:
        """The complete epochs."""
        return self._timeline.numbers.history

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started

    def next_bindings(self) -> dict[Tensor, Any]:
        """What the inputs of the step's graph will be in the next step; in an epoch's last, its last whole batch."""
        now = self.state
        start = min(now.position, max(0, len(self.samples) - self.batch_size))
        return self._bindings(now, self._order(now.order)[start : start + self.batch_size])

    def bindings_after(self, state: TrainingState) -> dict[Tensor, Any]:
        """What they are in the step that follows a state, exactly: an epoch's last batch may be smaller."""
        return self._bindings(state, self._order(state.order)[state.position : state.position + self.batch_size])

    def _bindings(self, state: TrainingState, places: NDArray[np.int64]) -> dict[Tensor, Any]:
        return self.step.bindings(
            self.samples.batch(places),
            state.parameters,
            state.states,
            state.slots,
            self._scalars_of(state.update),
            seed=self.model.seed,
            step=state.step,
            update=state.update + 1,
        )

    def _order(self, order: int) -> NDArray[np.int64]:
        """The places of the samples in the order of an epoch of the model's life."""
        samples = len(self.samples)
        if not self.shuffle:
            return np.arange(samples)
        if order not in self._orders:
            self._orders = {order: epoch_order(samples, self.model.seed, order, self._blocks)}
        return self._orders[order]

    @property
    def monitors(self) -> list[str]:
        """The names that the history will have."""
        names = ["loss", *self._metrics]
        return names + [f"val_{name}" for name in names] if self.validation is not None else names

    def check_monitor(self, callback: Callback, monitor: str) -> None:
        """Refuse, before the first step, to monitor what is not reported.

        Raises:   UsageError with what is.
        """
        known, name = self.monitors, type(callback).__name__
        if monitor in known:
            return
        plain = monitor.removeprefix("val_")
        if plain in known:
            raise UsageError(_NO_VALIDATION(callback=name, monitor=monitor, instead=plain))
        hint = suggestion(monitor, known)
        raise UsageError(_UNKNOWN_MONITOR(callback=name, monitor=monitor, known=", ".join(known), suggestion=hint))

    # ------------------------------------------------------------------------------------------ what may be turned
    @property
    def scalars(self) -> dict[str, float]:
        """The numbers that the next step will use: learning rate, momenta, and those of layers, as dropout rates."""
        return self._scalars_of(self._timeline.numbers.update)

    def _scalars_of(self, update: int) -> dict[str, float]:
        """The numbers that an update uses, counted from 0 on."""
        total = self.epochs * self.steps_per_epoch
        step = min(update, total - 1)  # after the last update there is no next one
        return {**self.optimizer.scalars(step, total), **self._timeline.numbers.turned, **self.model.scalars}

    def set_scalar(self, name: str, value: float) -> None:
        """Turn a number from the next step on.

        Raises:   UsageError if there is no such scalar, or a schedule governs it.
        """
        if name in self.model.scalars:
            self.model.scalars[name] = float(value)
            return
        if name not in self.scalars:
            known = self.scalars
            raise UsageError(_UNKNOWN_SCALAR(name=name, known=", ".join(known), suggestion=suggestion(name, known)))
        self.refuse_scheduled(name)
        self.state = replace(self.state, turned={**self.state.turned, name: float(value)})

    def refuse_scheduled(self, name: str) -> None:
        """Refuse to turn what a schedule governs."""
        schedule = self.optimizer.rate(name)
        if isinstance(schedule, Schedule):
            raise UsageError(_SCHEDULED(name=name, schedule=schedule))

    def set_parameters(self, parameters: Arrays, states: Arrays, averages: Arrays | None = None) -> None:
        """Put others in the place of the model's parameters and states, and of the averages that there are of them."""
        slots = self.state.slots
        if averages:
            slots = {name: {**own, AVERAGE: averages[name]} for name, own in slots.items()}
        self.state = replace(self.state, parameters=parameters, states=states, slots=slots)
        self._hand_over()

    def stop(self) -> None:
        """End the training after this step or epoch, for good."""
        self.state = replace(self.state, stopped=True)

    def request_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Save the model and its training here, once every callback has seen this step or epoch."""
        self._checkpoints.append(path)

    # ----------------------------------------------------------------------------------------------------- the loop
    def run(self) -> History:
        """Train until all epochs are done or a callback stops it; the model always holds the last whole step."""
        try:
            self._call("on_train_begin")
            self._started = time.perf_counter()  # callbacks too have compiled what they look with
            while self.state.epoch < self.epochs and not self.state.stopped:
                self._run_epoch()
            self._call("on_train_end")
        finally:
            self._ahead.end()
            self._hand_over()
            self.model.training_state = self._resumable()
        return self.history

    def _beginning(self) -> TrainingState:
        """A new training of the model as it is; orders and dropout go on where its last training left them."""
        before = self.model.training_state
        return TrainingState(
            samples=len(self.samples),
            parameters=self.model.parameters,
            states=self.model.states,
            slots=self.step.initial_slots(),
            totals=no_totals(self._metrics),
            step=before.step if before else 0,
            order=before.order if before else 0,
        )

    def _run_epoch(self) -> None:
        now = self._timeline.numbers
        order = self._order(now.order)
        self._ahead.begin(order, now.position)
        waiting = list(batches(order, self.batch_size, position=now.position))
        while waiting:
            count = self._series_length(waiting)
            del waiting[: self._run_series(waiting[:count])]
            if self._timeline.numbers.stopped:
                return
        if self._timeline.numbers.skipped == self.steps_per_epoch:
            self._give_up()
        self._check_parameters()
        self.logs = means(self.state.totals, self._metrics)
        if self._evaluation is not None and self.validation is not None:
            self._hand_over()
            used = self.state.averages or self.state.parameters
            states, scalars = self.state.states, self.model.scalars
            found = self._evaluation.means(self.validation, EVALUATION_BATCH, used, states, scalars)
            self.logs |= {f"val_{name}": value for name, value in found.items()}
        if self.optimizer.skips_non_finite:
            self.logs["skipped"] = self.state.skipped
        self.state = self.state.after_epoch(self.logs)
        self._call("on_epoch_end")

    def _series_length(self, waiting: Sequence[NDArray[np.int64]]) -> int:
        """How many steps to run in one go: on batches of one size, up to one that a callback wants."""
        most = min(self._stepper.limit, len(waiting))
        alike = next((k for k, places in enumerate(waiting[:most]) if len(places) != len(waiting[0])), most)
        step = self._timeline.numbers.step
        wanted = (k for k in range(1, alike) if any(c.wants_step(step + k) for c in self.callbacks))
        return next(wanted, alike)

    def _run_series(self, places: Sequence[NDArray[np.int64]]) -> int:
        """Make steps on these batches, and say on how many: a step that is not finite is the last one."""
        now = self._timeline.numbers
        self._ahead.reach(now.position)
        scalars = [self._scalars_of(now.update + k) for k in range(len(places))]
        sums = self._timeline.run(Series(places, scalars, self.model.seed, now.step, now.update + 1))
        finite, skips = bool(np.isfinite(sums[-1].loss)), self.optimizer.skips_non_finite
        made = sums if finite or not skips else sums[:-1]
        self.losses = [float(one.loss) for one in made]
        self.rates = [own.get("learning_rate", math.nan) for own in scalars[: len(made)]]
        if not finite and not skips:
            self._diverge(_LOSS(loss=sums[-1].loss))
        if made:
            self._tell_of_steps()
        if not finite:
            self._check_parameters()  # which may be to blame
            self.state = self.state.after_skip(len(places[len(made)]))
        return len(sums)

    def _tell_of_steps(self) -> None:
        now = self._timeline.numbers
        self.logs = means(now.totals, self._metrics)
        if any(c.wants_step(now.step) for c in self.callbacks):
            self._hand_over()
            self._tell("on_train_batch_end", "on_train_progress")
        else:
            self._tell("on_train_progress")
        self._save_requested()

    def _check_parameters(self) -> None:
        """Go back, and end the training, where a parameter is not finite."""
        for name, value in self.state.parameters.items():
            if not np.isfinite(value).all():
                self._diverge(_PARAMETER(name=name))

    def _diverge(self, what: str) -> NoReturn:
        """Go back to the parameters whose loss is known to be finite, and say what happened."""
        steps = self.steps_per_epoch
        step = min(self.steps_done + 1, steps)  # a parameter is looked at after an epoch's last step
        place = {"epoch": self.epochs_done + 1, "step": step, "steps": steps}
        rate = self.scalars.get("learning_rate", math.nan)
        self._timeline.rewind(1)
        self._call("on_train_diverged")
        raise DivergedError(_DIVERGED(what=what, rate=rate, **place))

    def _give_up(self) -> NoReturn:
        """Say that every step of an epoch was skipped: nothing is learned any more."""
        rate = self.scalars.get("learning_rate", math.nan)
        place = {"epoch": self.epochs_done + 1, "steps": self.steps_per_epoch}
        self.state = replace(self.state, position=0, skipped=0)  # where one can see why its first step failed
        self._call("on_train_diverged")
        raise DivergedError(_ALL_SKIPPED(rate=rate, **place))

    def _call(self, moment: str) -> None:
        self._hand_over()
        self._tell(moment)
        self._save_requested()

    def _tell(self, *moments: str) -> None:
        """Tell every callback, also those behind one that Ctrl-C came upon: what each of them remembers must be of the
        same steps when the training goes on.
        """
        interruption = None
        for moment in moments:
            for callback in self.callbacks:
                try:
                    getattr(callback, moment)(self)
                except KeyboardInterrupt as reason:
                    interruption = reason
        if interruption is not None:
            raise interruption

    def _save_requested(self) -> None:
        if self._checkpoints:
            began = time.perf_counter()
            self._hand_over()
            self.model.training_state = self._resumable()
            while self._checkpoints:
                self.model.save(self._checkpoints.pop())
            self.saving = time.perf_counter() - began

    def _hand_over(self) -> None:
        self.model.parameters, self.model.states = self.state.parameters, self.state.states

    def _resumable(self) -> TrainingState:
        return replace(self.state, callbacks=memories(self.callbacks))
