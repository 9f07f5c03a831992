"""Callbacks that watch an entry of the history: stop early, save, turn the learning rate down."""

from __future__ import annotations

import math
import os
from abc import ABC
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.train.callback import Callback

if TYPE_CHECKING:
    from chainrule.train.loop import Training

__all__ = ["Checkpoint", "EarlyStopping", "ReduceLearningRateOnPlateau"]

_MODE = Message(
    "callbacks.mode",
    en="{callback}(mode={mode!r}): choose 'min' (smaller is better), 'max' (larger is better) or 'auto' (which of them"
    " the metric says).",
    zh="{callback}(mode={mode!r})：可选 'min'（越小越好）、'max'（越大越好）或 'auto'（由指标决定）。",
)
_NEGATIVE = Message(
    "callbacks.negative",
    en="{callback}({name}={value!r}): {name} must be a number, {lowest} or more.",
    zh="{callback}({name}={value!r})：{name} 必须是不小于 {lowest} 的数。",
)
_FACTOR = Message(
    "callbacks.factor",
    en="ReduceLearningRateOnPlateau(factor={factor!r}): the learning rate is multiplied by the factor, which must be"
    " above 0 and below 1.",
    zh="ReduceLearningRateOnPlateau(factor={factor!r})：学习率将乘以该因子，它必须大于 0 且小于 1。",
)
_NO_RATE = Message(
    "callbacks.no_rate",
    en="{optimizer} has no learning rate to reduce. Leave ReduceLearningRateOnPlateau out.",
    zh="{optimizer} 没有可降低的学习率。请去掉 ReduceLearningRateOnPlateau。",
)


@dataclass(eq=False)
class _Monitor(Callback, ABC):
    """What callbacks share that wait for an entry of the history to improve.

    monitor     the entry, such as 'val_loss' or 'accuracy'
    min_delta   a smaller change is no improvement
    mode        'min', 'max', or 'auto': accuracies should rise, anything else fall
    best        its best value so far; NaN never is
    wait        epochs since it improved
    """

    monitor: str = "val_loss"
    min_delta: float = field(default=0.0, kw_only=True)
    mode: str = field(default="auto", kw_only=True)

    best: float = field(default=math.nan, init=False)
    best_epoch: int = field(default=-1, init=False)
    wait: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.mode not in ("auto", "min", "max"):
            raise UsageError(_MODE(callback=type(self).__name__, mode=self.mode))
        self._at_least(0, min_delta=self.min_delta)

    def _at_least(self, lowest: int, **values: float) -> None:
        for name, value in values.items():
            if not (isinstance(value, Real) and value >= lowest):
                raise UsageError(_NEGATIVE(callback=type(self).__name__, name=name, value=value, lowest=lowest))

    def on_train_begin(self, training: Training) -> None:
        training.check_monitor(self, self.monitor)

    def improved(self, training: Training) -> bool:
        """Whether the epoch that ended is the best so far; keeps count."""
        value = training.logs[self.monitor]
        larger = training.objective.larger_is_better(self.monitor) if self.mode == "auto" else self.mode == "max"
        gain = (value - self.best) * (1 if larger else -1)
        better = gain > self.min_delta if self.best_epoch >= 0 else not math.isnan(value)
        if better:
            self.best, self.best_epoch, self.wait = value, training.epochs_done - 1, 0
        else:
            self.wait += 1
        return better

    def memory(self) -> dict[str, Any]:
        return {"best": self.best, "best_epoch": self.best_epoch, "wait": self.wait}

    def recall(self, memory: dict[str, Any]) -> None:
        self.best, self.best_epoch = memory.get("best", math.nan), memory.get("best_epoch", -1)
        self.wait = memory.get("wait", 0)


@dataclass(eq=False)
class EarlyStopping(_Monitor):
    """Stop when the monitored entry has not improved for `patience` epochs; the model ends with its best weights.

    patience               epochs without improvement that are borne; as in Keras, 0 and 1 both stop at the first
    restore_best_weights   whether the model, when the training ends, stopped or not, gets the best epoch's parameters
                           and states back (as in Keras 3, but by default), and the averages that the optimizer keeps of
                           them, by which validation judges

    Units:    patience: epochs
    Raises:   UsageError if the training does not report what is monitored.
    Source:   Prechelt 1998, Early Stopping - But When?
    Example:
        >>> EarlyStopping("val_accuracy", patience=5).mode
        'auto'
    """

    patience: int = 0
    restore_best_weights: bool = field(default=True, kw_only=True)

    _weights: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(0, patience=self.patience)

    def on_epoch_end(self, training: Training) -> None:
        if self.improved(training):
            if self.restore_best_weights:
                now = training.state
                self._weights = {"parameters": now.parameters, "states": now.states, "averages": now.averages}
        elif self.wait >= self.patience:
            training.stop()

    def on_train_end(self, training: Training) -> None:
        if self._weights:
            training.set_parameters(**self._weights)

    def memory(self) -> dict[str, Any]:
        return {**super().memory(), "weights": self._weights}

    def recall(self, memory: dict[str, Any]) -> None:
        super().recall(memory)
        self._weights = memory.get("weights", {})


@dataclass(eq=False)
class ReduceLearningRateOnPlateau(_Monitor):
    """Multiply the learning rate by a factor when the monitored entry has not improved for `patience` epochs.

        η ← max(factor · η, min_learning_rate)

    cooldown   epochs after a reduction that are not counted

    Units:    patience, cooldown: epochs
    Raises:   UsageError if the training does not report what is monitored, or a schedule governs the learning rate.
    Source:   as in Keras (ReduceLROnPlateau), whose min_delta is 0.0001
    """

    factor: float = 0.1
    patience: int = 10
    cooldown: int = field(default=0, kw_only=True)
    min_learning_rate: float = field(default=0.0, kw_only=True)

    resting: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(0, patience=self.patience, cooldown=self.cooldown, min_learning_rate=self.min_learning_rate)
        if not (isinstance(self.factor, Real) and 0 < self.factor < 1):
            raise UsageError(_FACTOR(factor=self.factor))

    def on_train_begin(self, training: Training) -> None:
        super().on_train_begin(training)
        training.refuse_scheduled("learning_rate")
        if "learning_rate" not in training.scalars:
            raise UsageError(_NO_RATE(optimizer=training.optimizer))

    def on_epoch_end(self, training: Training) -> None:
        if self.resting > 0:
            self.resting -= 1
            self.wait = 0
        if self.improved(training):
            return
        if self.resting > 0:
            self.wait = 0
        elif self.wait >= self.patience:
            rate = training.scalars["learning_rate"]
            training.set_scalar("learning_rate", max(self.factor * rate, self.min_learning_rate))
            self.resting, self.wait = self.cooldown, 0

    def memory(self) -> dict[str, Any]:
        return {**super().memory(), "resting": self.resting}

    def recall(self, memory: dict[str, Any]) -> None:
        super().recall(memory)
        self.resting = memory.get("resting", 0)


@dataclass(eq=False)
class Checkpoint(_Monitor):
    """Save the model and its training, so that `Model.load(path)` and `fit(..., resume=True)` go on from there.

    path             the folder; a save that fails leaves what it held
    every_epochs     how often, in epochs
    every_steps      how often, in steps of the model's life; instead of every_epochs
    save_best_only   save only after epochs in which the monitored entry is the best so far

    Raises:   SaveError if the folder cannot be written; UsageError if what is to be monitored is not reported.
    """

    monitor: str = field(default="val_loss", kw_only=True)
    path: str | os.PathLike[str] = field(kw_only=False)
    every_epochs: int = field(default=1, kw_only=True)
    every_steps: int | None = field(default=None, kw_only=True)
    save_best_only: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(1, every_epochs=self.every_epochs, every_steps=self.every_steps or 1)

    def on_train_begin(self, training: Training) -> None:
        if self.save_best_only:
            super().on_train_begin(training)

    def wants_step(self, step: int) -> bool:
        return bool(self.every_steps) and not self.save_best_only and step % (self.every_steps or 1) == 0

    def on_train_batch_end(self, training: Training) -> None:
        training.request_checkpoint(self.path)

    def on_epoch_end(self, training: Training) -> None:
        if self.save_best_only:
            if self.improved(training):
                training.request_checkpoint(self.path)
        elif not self.every_steps and training.epochs_done % self.every_epochs == 0:
            training.request_checkpoint(self.path)

    def memory(self) -> dict[str, Any]:
        return super().memory() if self.save_best_only else {}
