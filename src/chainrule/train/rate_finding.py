"""The range test: which learning rates a training comes down with, before it is begun."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data import epoch_order
from chainrule.errors import DivergedError, UsageError
from chainrule.execute.choice import Executor
from chainrule.messages import Message
from chainrule.nn.losses.loss import LossFunction
from chainrule.optim import ConstantRate, Optimizer, Schedule, Wrapper, as_optimizer
from chainrule.optim.schedules import is_finite
from chainrule.train.callback import Callback
from chainrule.train.goal import Goal
from chainrule.train.learning_rate_range import LearningRateRange
from chainrule.train.loop import Training
from chainrule.train.model import Model, check_model
from chainrule.train.plan import planned
from chainrule.train.stand_in import stand_in

__all__ = ["lr_find"]

_RANGE = Message(
    "lr_find.range",
    en="lr_find(lowest={lowest!r}, highest={highest!r}): the learning rate rises from lowest to highest, finite numbers"
    " above 0, the second one larger.",
    zh="lr_find(lowest={lowest!r}, highest={highest!r})：学习率从 lowest 升到 highest，两者都应为大于 0 的有限数，"
    "且后者更大。",
)
_STEPS = Message(
    "lr_find.steps",
    en="lr_find(steps={steps!r}): a curve that can be judged needs a whole number of steps, {least} or more.",
    zh="lr_find(steps={steps!r})：要得到可以判断的曲线，步数必须是不小于 {least} 的整数。",
)
_MULTIPLE = Message(
    "lr_find.multiple",
    en="lr_find(multiple={multiple!r}): the test ends at this multiple of the smallest loss, a number above 1.",
    zh="lr_find(multiple={multiple!r})：损失达到最小值的这个倍数时测试结束，它必须是大于 1 的数。",
)
_NO_RATE = Message(
    "lr_find.no_rate",
    en="{optimizer} has no learning_rate among its rates, so there is none to find. Choose an optimizer that has one,"
    " such as SGD or Adam.",
    zh="{optimizer} 的各个率中没有 learning_rate，因此没有可寻找的学习率。请选择有学习率的优化器，例如 SGD 或 Adam。",
)
_SEARCHES = Message(
    "lr_find.searches",
    en="{optimizer} looks for the length of every step by itself, so that the loss rises at no learning rate and the"
    " test would show nothing. Its own default is the rate to take.",
    zh="{optimizer} 自行搜索每一步的步长，任何学习率下损失都不会上升，因此测试不会有结果。请直接使用它的默认值。",
)
_NOT_FINITE = Message(
    "lr_find.not_finite",
    en="The loss is infinite or NaN before any update. Scale the inputs to about [-1, 1] (images divided by 255), or"
    " choose another initializer.",
    zh="在任何更新之前，损失就是无穷或 NaN。请把输入缩放到约 [-1, 1]（图像除以 255），或更换初始化方法。",
)

_MEMORY = 0.1  # of the steps, of the running mean: a longer one lags behind the rates, a shorter one shows every batch
_LEAST = 20  # steps, below which a curve tells nothing
_BELOW = 10  # how many times the suggestion is at least below the rate of the lowest loss
_FALLS = 0.01  # of the first loss: what falls by less has not fallen


@dataclass(frozen=True)
class _Rise(Schedule):
    """A rate that rises by the same factor from step to step."""

    lowest: float
    highest: float

    def __call__(self, step: int, total: int) -> float:
        share = min(step, total - 1) / max(total - 1, 1)
        return self.lowest * math.pow(self.highest / self.lowest, share)


def lr_find(
    model: Model,
    x: Any,
    y: Any,
    *,
    loss: str | LossFunction = "cross_entropy",
    optimizer: str | Optimizer = "adam",
    batch_size: int | None = None,
    lowest: float = 1e-6,
    highest: float = 10.0,
    steps: int = 100,
    multiple: float = 4.0,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    executor: Executor = "auto",
) -> LearningRateRange:
    """Train a copy of a model while the learning rate rises, and suggest one; the model stays as it is.

        ηₖ = lowest · (highest / lowest) ^ (k / (steps - 1))
        Dₖ = Lₖ - cₖ (Lₖ(θ₀) - L̄(θ₀)),  sₖ = β sₖ₋₁ + (1 - β) Dₖ,  s̄ₖ = sₖ / (1 - βᵏ⁺¹),  β = 1 - 10 / steps
        suggestion = min(η where s̄ falls steepest over log η,  η where s̄ is lowest / 10)

    L(θ₀) are the losses of the same batches with the first parameters, measured at a rate of 0. They tell how much
    harder a batch is than the others, which is taken away, by cₖ = s̄ₖ₋₁ / L̄(θ₀), the share of the loss that is left,
    from 0 to 1: the noise of small batches would hide where the loss begins to fall.

    The test ends where the loss is not finite, or s̄ is above `multiple` times its smallest value (for losses near 0 or
    below: above it by multiple - 1 times its size, or a tenth of what it has fallen, whichever is more).

    optimizer    its learning rate, number or schedule, is replaced by the rising one; everything else of it stays, and
                 other schedules run through in the test
    batch_size   the one that will be trained with, as larger batches bear larger rates; None as in `fit`
    steps        the samples are visited again where there are fewer; every batch is a full one

    Raises:   as `fit`, but a training that diverges ends the test; UsageError for a range that is none, and optimizers
              that have no learning rate to find.
    Source:   Smith 2017, Cyclical learning rates, section 3.3; the tenth of the lowest: Howard and Gugger 2020, fastai.
              fastai also has the steepest point ("steep") and by default one within the longest fall ("valley");
              PyTorch Lightning takes the steepest one. It alone may lie at the end of a plateau, just before the loss
              rises, where a tenth of the lowest is safe; of a loss that falls for long it is the smaller one.
    Example:
        >>> from chainrule.nn import Dense
        >>> from chainrule.optim import SGD
        >>> x = np.random.default_rng(0).standard_normal((256, 4)).astype(np.float32)
        >>> found = lr_find(Model(Dense(1)), x, x.sum(1), loss="mean_squared_error", optimizer=SGD(), lowest=1e-4)
        >>> print(found.verdict())
        Try learning_rate=0.038, the smaller one of where the loss fell steepest, 0.038, and a tenth of where it was
        lowest, 3.5; at 5 the training diverged.
    """
    check_model(model)
    _check_range(lowest, highest, steps, multiple)
    rule, double = as_optimizer(optimizer), stand_in(model)
    rising = _with_rate(rule, _Rise(float(lowest), float(highest)))
    plan = planned(
        double, Goal.begun(loss, None), x, y,  # metrics as fit has them: one program serves both
        optimizer=rising, batch_size=batch_size, sample_weight=sample_weight, class_weight=class_weight,
        shuffle=False, verbose=0, executor=executor,
    )  # fmt: skip
    passes = range(math.ceil(steps * plan.batch_size / len(plan.samples)))
    orders = [epoch_order(len(plan.samples), model.seed, k) for k in passes]
    samples = replace(plan.samples, chosen=np.concatenate(orders)[: steps * plan.batch_size])

    def trained(optimizer: Optimizer, watched: Callback) -> None:
        tested = replace(plan, optimizer=optimizer, samples=samples, callbacks=[watched])
        with suppress(DivergedError):
            Training(tested, stand_in(double)).run()

    first = _Losses()
    trained(_with_rate(rule, ConstantRate(0.0)), first)
    if len(first.losses) < steps:
        raise DivergedError(_NOT_FINITE())
    found = _Smoothed(first.losses, multiple)
    trained(rising, found)
    rates = np.array([rising.scalars(k, steps)["learning_rate"] for k in range(steps)])
    return _judged(rates, found, float(np.mean(first.losses)))


def _check_range(lowest: Any, highest: Any, steps: Any, multiple: Any) -> None:
    if not (is_finite(lowest) and is_finite(highest) and 0 < lowest < highest):
        raise UsageError(_RANGE(lowest=lowest, highest=highest))
    if not isinstance(steps, Integral) or int(steps) < _LEAST:
        raise UsageError(_STEPS(steps=steps, least=_LEAST))
    if not (is_finite(multiple) and multiple > 1):
        raise UsageError(_MULTIPLE(multiple=multiple))


def _with_rate(optimizer: Optimizer, rate: Schedule) -> Optimizer:
    """The optimizer with another learning rate, wherever in its wrappers it is."""
    if optimizer.full_batch:
        raise UsageError(_SEARCHES(optimizer=type(optimizer).__name__))
    if "learning_rate" in optimizer.rates:
        changed: dict[str, Any] = {"learning_rate": rate}
        return replace(optimizer, **changed)
    if isinstance(optimizer, Wrapper):
        changed = {"optimizer": _with_rate(optimizer.optimizer, rate)}
        return replace(optimizer, **changed)
    raise UsageError(_NO_RATE(optimizer=type(optimizer).__name__))


class _Losses(Callback):
    """The loss of each step."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self._before = np.zeros(2)

    def on_train_batch_end(self, training: Training) -> None:
        now = training.state.totals[:2]  # Σ loss · weight, Σ weight
        total, weight = now - self._before
        self._before = now
        self.losses.append(float(total / weight) if weight else 0.0)


class _Smoothed(_Losses):
    """Their running mean as well, without what is due to the batches alone; ends the training when it rises too far."""

    def __init__(self, first: Sequence[float], multiple: float) -> None:
        super().__init__()
        self._decay = 1 - 1 / (_MEMORY * len(first))
        self.smoothed: list[float] = []
        self.rose = False
        self._first, self._start, self._multiple, self._mean = first, float(np.mean(first)), multiple, 0.0

    def on_train_batch_end(self, training: Training) -> None:
        super().on_train_batch_end(training)
        done, loss = len(self.losses), self.losses[-1]
        left = self.smoothed[-1] / self._start if self.smoothed and self._start > 0 else 1.0
        harder = self._first[done - 1] - self._start
        loss -= min(max(left, 0.0), 1.0) * harder
        self._mean = self._decay * self._mean + (1 - self._decay) * loss
        self.smoothed.append(self._mean / (1 - self._decay**done))
        lowest = min([self._start, *self.smoothed])
        if self.smoothed[-1] > lowest + (self._multiple - 1) * max(abs(lowest), (self._start - lowest) / 10):
            self.rose = True
            training.stop()


def _judged(rates: NDArray[np.float64], found: _Smoothed, start: float) -> LearningRateRange:
    """The record of these losses, which end early where the training diverged."""
    curve, done = np.array(found.smoothed), len(found.smoothed)
    seen = rates[:done]
    steepest = seen[np.gradient(curve).argmin()] if done > 1 else rates[0]
    lowest = seen[curve.argmin()] if done else rates[0]
    fell = done > 1 and start - curve.min() > _FALLS * abs(start)
    return LearningRateRange(
        rates=seen,
        losses=np.array(found.losses),
        smoothed=curve,
        start=start,
        suggestion=float(f"{min(steepest, lowest / _BELOW):.2g}") if fell else None,
        steepest=float(steepest),
        lowest=float(lowest),
        diverged=float(rates[min(done, len(rates) - 1)]) if done < len(rates) or found.rose else None,
    )
