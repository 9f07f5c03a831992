"""Overfitting on purpose: whether a network can learn a few batches by heart. If it cannot, more data will not help."""

from __future__ import annotations

import math
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data import check_batch_size, epoch_order
from chainrule.errors import DivergedError, UsageError
from chainrule.execute.choice import Executor
from chainrule.messages import Message
from chainrule.nn.losses import CategoricalCrossEntropy
from chainrule.nn.losses.loss import LossFunction
from chainrule.nn.losses.names import as_loss
from chainrule.optim import Optimizer, Schedule
from chainrule.train.arguments import checked_batch
from chainrule.train.callback import Callback
from chainrule.train.goal import Goal
from chainrule.train.guessing import LossRange, are_hard, loss_range
from chainrule.train.loop import Training
from chainrule.train.memorization import Memorization, Outcome
from chainrule.train.model import Model, check_model
from chainrule.train.plan import planned
from chainrule.train.samples import Samples
from chainrule.train.stand_in import first_random_layer, regularizing_scalars, stand_in

__all__ = ["overfit_batches"]

_COUNT = Message(
    "memorization.count",
    en="overfit_batches({name}={value!r}): {name} must be a whole number, 1 or more.",
    zh="overfit_batches({name}={value!r})：{name} 必须是不小于 1 的整数。",
)
_TARGET = Message(
    "memorization.target",
    en="overfit_batches cannot tell what loss would be a small one: the network's outputs cannot be compared with the"
    " targets, and at the start the loss is {loss:.4g}. Say it, e.g. target_loss={example:.4g}.",
    zh="overfit_batches 无法判断多小的损失才算小：网络的输出与目标不可比较，而开始时的损失为 {loss:.4g}。"
    "请指明，例如 target_loss={example:.4g}。",
)
_SHARE = 0.05  # of the way from guessing to the best loss, that may be left
_FALLS = 0.95  # of what was left one fifth of the steps ago: below that it still falls
_GUESSES = 0.9  # of the way from guessing to the best: above that nothing of the inputs was learned
_ROSE = 1.1  # times the start and guessing: above that it rose
_ALL = 1 - 1e-6  # of the samples, up to the rounding of means over their places
_BATCH = 32


def overfit_batches(
    model: Model,
    x: Any,
    y: Any,
    *,
    batches: int = 1,
    batch_size: int | None = None,
    steps: int = 500,
    loss: str | LossFunction = "cross_entropy",
    optimizer: str | Optimizer = "adam",
    target_loss: float | None = None,
    executor: Executor = "auto",
) -> Memorization:
    """Train a copy of a model on a few batches only, until it knows them by heart; the model stays as it is.

        target = best + 0.05 (guessing - best), and an accuracy of 100 % where targets are labels or zeros and ones

    A network that cannot learn 32 samples by heart will not learn thousands: something is wrong with it, its loss, its
    optimizer or the labels. `guessing` is the loss of one guess for every sample: ln C for C classes, the variance of
    the targets for the squared error. `best` is 0, or what is uncertain in targets that are themselves probabilities.
    Where outputs and targets cannot be compared, the loss at the start stands for guessing.

    batches       how many, the first ones that `fit` would draw
    batch_size    None: 32, or all samples if there are fewer
    steps         at most; it ends when the target is reached
    target_loss   instead of the one above

    What hinders on purpose is turned off in the copy, and named in the record: dropout, noise, penalties and the
    strengths of augmentation (their scalars), weight decay, and label smoothing of the loss. Classes and samples weigh
    alike.

    Raises:   as `fit`, but a training that diverges is an outcome; UsageError for counts below 1, or if no target is
              known.
    Source:   Karpathy 2019, A Recipe for Training Neural Networks, "overfit one batch"
    Example:
        >>> from chainrule.nn import Dense, Dropout, Sequential
        >>> from chainrule.optim import Adam
        >>> model = Model(Sequential([Dense(16, "tanh"), Dropout(0.5), Dense(1)]))
        >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
        >>> found = overfit_batches(model, x, y, loss="binary_cross_entropy", optimizer=Adam(0.05))
        >>> found, found.turned_off
        (Memorization(memorized after 41 steps, 0.72 → 0.0344), {'dropout/rate': 0.5})
        >>> print(overfit_batches(model, [[1, 0], [1, 0]], [0, 1], loss="binary_cross_entropy", steps=50).verdict())
        The network did not learn 2 samples by heart in 50 steps: loss 0.703 → 0.693 (target 0.0347), accuracy 50%. It
        is impossible: samples 1 and 0 are the same, but their targets differ (1 such). Correct or remove them, or give
        the network the input that tells them apart.
    """
    check_model(model)
    for name, value in (("batches", batches), ("steps", steps)):
        if not isinstance(value, Integral) or value < 1:
            raise UsageError(_COUNT(name=name, value=value))
    double, function = stand_in(model), as_loss(loss)
    turned_off: dict[str, float] = {}
    if isinstance(function, CategoricalCrossEntropy) and function.label_smoothing:
        turned_off["label_smoothing"] = function.label_smoothing
        function = replace(function, label_smoothing=0.0)
    plan = planned(double, Goal(function), x, y, optimizer=optimizer, verbose=0, executor=executor)
    samples, rule = plan.samples, plan.optimizer
    size = min(_BATCH, len(samples)) if batch_size is None else check_batch_size(batch_size, len(samples))
    places = epoch_order(len(samples), model.seed, 0)[: batches * size]
    for name in regularizing_scalars(double.network):
        if double.scalars[name]:
            turned_off[name], double.scalars[name] = double.scalars[name], 0.0
    chosen = samples.batch(places)
    known = loss_range(function, double.network, chosen)
    hard = "accuracy" in plan.objective.metrics and are_hard(chosen.targets[0])
    passes = _Passes(known, hard, target_loss)
    few = replace(
        plan,
        samples=replace(samples, chosen=places),
        epochs=math.ceil(steps / math.ceil(len(places) / size)),
        batch_size=checked_batch(size, rule, len(places)),
        shuffle=False,
        callbacks=[passes],
    )
    training = Training(few, double)
    decay = training.scalars.get("weight_decay", 0.0)
    if decay and not isinstance(rule.rate("weight_decay"), Schedule):
        turned_off["weight_decay"] = decay
        training.set_scalar("weight_decay", 0.0)
    diverged = False
    try:
        training.run()
    except DivergedError:
        diverged = True
    groups = _groups(chosen)
    pairs = _contradictions(chosen, groups)
    impossible = bool(pairs) and (hard or not _reachable(function, double, chosen, groups, passes.target))
    outcome: Outcome = (
        "memorized" if passes.reached
        else "diverged" if diverged
        else "contradictory" if impossible
        else passes.outcome()
    )  # fmt: skip
    return Memorization(
        outcome=outcome,
        losses=np.array(passes.losses),
        accuracies=np.array(passes.accuracies) if "accuracy" in plan.objective.metrics else None,
        target=passes.target,
        guessing=passes.range.guessing,
        places=places,
        steps=training.state.update,
        turned_off=turned_off,
        contradictions=[(int(places[i]), int(places[j])) for i, j in pairs],
        random_layer=None if outcome == "memorized" else first_random_layer(double, chosen),
    )


class _Passes(Callback):
    """Watches loss and accuracy of each pass over the batches, and ends the training when they reach their targets."""

    def __init__(self, known: LossRange | None, hard: bool, target: float | None) -> None:
        self.losses: list[float] = []
        self.accuracies: list[float] = []
        self.reached = False
        self._known, self._hard, self._target = known, hard, target

    @property
    def range(self) -> LossRange:
        """What the loss is for guessing and at best; where nobody knows, guessing is as good as the start."""
        known, first = self._known, self.losses[0] if self.losses else math.nan
        if known and known.guessing > known.best:  # of one constant target, guessing is perfect
            return known
        best = known.best if known else 0.0
        return LossRange(max(first, best), max(first, best), best)

    @property
    def target(self) -> float:
        """The loss to reach."""
        if self._target is not None:
            return self._target
        known = self.range
        if self._known is None and known.guessing <= 0:
            raise UsageError(_TARGET(loss=self.losses[0], example=self.losses[0] - 1.0))
        return known.best + _SHARE * (known.guessing - known.best)

    def on_epoch_end(self, training: Training) -> None:
        self.losses.append(training.logs["loss"])
        self.accuracies.append(training.logs.get("accuracy", math.nan))
        if self.losses[-1] <= self.target and (not self._hard or self.accuracies[-1] >= _ALL):
            self.reached = True
            training.stop()

    def outcome(self) -> Outcome:
        """What a training that neither reached its target nor diverged came to."""
        left = np.array(self.losses) - self.range.best
        fifth = max(1, len(left) // 5)
        now, before = left[-fifth:].mean(), left[-2 * fifth : -fifth].mean() if len(left) > fifth else math.inf
        guessing = self.range.guessing - self.range.best
        if now > _ROSE * max(left[0], guessing):
            return "rose"
        if now < _FALLS * before:
            return "falling"
        return "stuck" if now > _GUESSES * guessing else "plateau"


def _groups(samples: Samples) -> NDArray[np.int64]:
    """For each sample the first one with the same inputs."""
    first: dict[tuple[bytes, ...], int] = {}
    own = zip(*([part.tobytes() for part in array] for array in samples.inputs), strict=True)
    return np.array([first.setdefault(key, k) for k, key in enumerate(own)])


def _contradictions(samples: Samples, groups: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Pairs of samples with the same inputs and different targets: the first of its group, and the one that differs."""
    pairs = [(int(first), k) for k, first in enumerate(groups) if first != k]
    return [(i, k) for i, k in pairs if any((y[i] != y[k]).any() for y in samples.targets)]


def _reachable(loss: LossFunction, model: Model, samples: Samples, groups: NDArray[np.int64], target: float) -> bool:
    """Whether the mean of the targets of equal samples, the best that can be said of them, is good enough."""
    found = loss_range(loss, model.network, samples, groups)
    return found is not None and found.guessing <= target
