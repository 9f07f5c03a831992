"""Trainings of several networks side by side: how fast the loss falls, and how much it fluctuates on its way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import DivergedError, UsageError
from chainrule.execute.choice import Executor
from chainrule.graph.operation import Array
from chainrule.inspect.style import LINES, Picture, draw_grid
from chainrule.messages import Message
from chainrule.nn.losses.loss import LossFunction
from chainrule.nn.network import Architecture
from chainrule.nn.ranges import is_within
from chainrule.optim import SGD
from chainrule.train.callback import Callback
from chainrule.train.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chainrule.train.loop import Training

__all__ = ["TrainingComparison", "compare_trainings", "plot_training_comparison"]

_ARCHITECTURES = Message(
    "training_comparison.architectures",
    en="architectures is {given}; give a dict of architectures by name: {{'with normalisation': Sequential([...])}}.",
    zh="architectures 为 {given}；请给出以名称为键的架构字典：{{'有归一化': Sequential([...])}}。",
)
_RATES = Message(
    "training_comparison.rates",
    en="learning_rates is {given}; give a list of one or more numbers above 0.",
    zh="learning_rates 为 {given}；请给出由一个或多个大于 0 的数组成的列表。",
)
_FEW = Message(
    "training_comparison.few",
    en="There are {samples} samples, fewer than the {batch} of a batch.",
    zh="只有 {samples} 个样本，少于一个批的 {batch} 个。",
)

_AROUND = 10  # steps in the mean that fluctuation is measured from


@dataclass(frozen=True, eq=False, repr=False)
class TrainingComparison:
    """The loss of every step of trainings that differ in the network and in the learning rate.

    learning_rates   (R,)
    losses           by network: of the batch of each step (R, steps); NaN after a training has diverged
    """

    learning_rates: Array
    losses: dict[str, Array]

    def smoothed(self, name: str) -> Array:
        """The mean loss of the last ten steps (R, steps); of fewer at the beginning."""
        losses = self.losses[name]
        sums = np.cumsum(losses, axis=1)
        before = np.concatenate([np.zeros((len(losses), _AROUND)), sums], 1)[:, : losses.shape[1]]
        return np.asarray((sums - before) / np.minimum(np.arange(1, losses.shape[1] + 1), _AROUND))

    def fluctuation(self, name: str) -> Array:
        """How much the loss changes from step to step in the second half (R,): root mean square; NaN if it diverged."""
        losses = self.losses[name]
        return np.asarray(np.sqrt(np.square(np.diff(losses[:, losses.shape[1] // 2 :], axis=1)).mean(1)))

    def steps_to(self, name: str, loss: float) -> Array:
        """After how many steps the smoothed loss is at most this (R,); NaN where it never is."""
        below = self.smoothed(name) <= loss
        return np.where(below.any(1), below.argmax(1) + 1.0, np.nan)

    def final(self, name: str) -> Array:
        """The smoothed loss at the end (R,)."""
        return np.asarray(self.smoothed(name)[:, -1])

    def __repr__(self) -> str:
        ends = ", ".join(f"{name}: {'/'.join(f'{v:.2g}' for v in self.final(name))}" for name in self.losses)
        rates = "/".join(f"{rate:g}" for rate in self.learning_rates)
        return f"TrainingComparison(final loss at rates {rates}: {ends})"


class _Steps(Callback):
    """The loss of each step, from the means of the epoch so far."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self._before, self._steps = 0.0, 0

    def on_epoch_end(self, training: Training) -> None:
        self._before, self._steps = 0.0, 0

    def on_train_batch_end(self, training: Training) -> None:
        self._steps += 1
        total = training.logs["loss"] * self._steps  # batches are equally large
        self.losses.append(total - self._before)
        self._before = total


def _is_rate(rate: Any) -> bool:
    return is_within(rate, 0, math.inf) and rate > 0


def compare_trainings(
    architectures: Mapping[str, Architecture],
    x: Any,
    y: Any,
    learning_rates: Sequence[float] = (0.01, 0.1, 1.0),
    *,
    loss: str | LossFunction = "cross_entropy",
    epochs: int = 3,
    batch_size: int = 32,
    seed: int = 0,
    executor: Executor = "auto",
) -> TrainingComparison:
    """Train networks on the same batches by gradient descent at several learning rates, and keep the loss of each step.

        θ ← θ - η ∂L_batch/∂θ

    The loss of a step is that of its batch, in training mode, before the update. Samples that do not fill a batch are
    left out. All trainings see the same batches in the same order.

    architectures   by the names that they shall have in the picture

    Raises:   UsageError for architectures or rates that are none; as `fit` for samples and loss.
    Example:
        >>> from chainrule.nn import Dense
        >>> x = np.random.default_rng(0).standard_normal((64, 2))
        >>> found = compare_trainings({"line": Dense(1)}, x, x[:, 0], (0.01, 0.1), loss="mean_squared_error")
        >>> found.losses["line"].shape, bool(found.final("line")[1] < found.final("line")[0])
        ((2, 6), True)
    """
    if not hasattr(architectures, "items") or not architectures:
        raise UsageError(_ARCHITECTURES(given=repr(architectures)))
    if np.ndim(learning_rates) != 1 or not len(learning_rates) or not all(map(_is_rate, learning_rates)):
        raise UsageError(_RATES(given=repr(learning_rates)))
    inputs, targets = np.asarray(x), np.asarray(y)
    steps = len(targets) // batch_size
    if not steps:
        raise UsageError(_FEW(samples=len(targets), batch=batch_size))
    whole = steps * batch_size
    losses = {}
    for name, architecture in architectures.items():
        found = np.full((len(learning_rates), epochs * steps), np.nan)
        for row, rate in zip(found, learning_rates, strict=True):
            watched, model = _Steps(), Model(architecture, inputs.shape[1:], seed=seed)
            with suppress(DivergedError):  # the row ends there
                model.fit(
                    inputs[:whole],
                    targets[:whole],
                    loss=loss,
                    metrics=[],
                    optimizer=SGD(rate),
                    epochs=epochs,
                    batch_size=batch_size,
                    callbacks=[watched],
                    verbose=0,
                    executor=executor,
                )
            row[: len(watched.losses)] = watched.losses
        losses[name] = found
    return TrainingComparison(np.array(learning_rates, float), losses)


def plot_training_comparison(record: TrainingComparison) -> Picture:
    """A panel for each learning rate: the loss of every step, pale, and its mean over ten steps; powers of ten.

    A curve that ends early belongs to a training that diverged.
    """
    rates = record.learning_rates
    values = np.concatenate([losses.ravel() for losses in record.losses.values()])
    values = values[np.isfinite(values) & (values > 0)]

    def drawing(grid: list[list[Axes]]) -> None:
        for k, axes in enumerate(grid[0]):
            for color, (name, losses) in zip(LINES, record.losses.items(), strict=False):
                steps = np.arange(1, losses.shape[1] + 1)
                axes.plot(steps, losses[k], color=color, linewidth=0.6, alpha=0.35)
                axes.plot(steps, record.smoothed(name)[k], color=color, label=name if not k else None)
            axes.set_yscale("log")
            axes.set_ylim(0.8 * values.min(), 1.2 * min(values.max(), 10.0))
            axes.set_title(f"learning rate {rates[k]:g}")
            axes.set_xlabel("step")
            if k:
                axes.tick_params(labelleft=False)
        grid[0][0].set_ylabel("loss of the batch")
        grid[0][0].figure.legend(loc="outside lower center", ncols=len(record.losses))

    return draw_grid(1, len(rates), drawing, size=(0.6 + 2.5 * len(rates), 3.2))
