"""A small training that has all that must survive a save: slots, running means, dropout, penalties; and a break."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.nn import L2, BatchNormalization, Dense, Dropout, Sequential
from chainrule.optim import Adam
from chainrule.train import Callback, Model

SAMPLES, FEATURES, CLASSES = 43, 5, 3


def clusters(samples: int = SAMPLES, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three overlapping clusters and their labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, samples)
    return (2.0 * np.eye(FEATURES)[labels] + random.standard_normal((samples, FEATURES))).astype(np.float32), labels


def network() -> Sequential:
    return Sequential(
        [Dense(8, "relu", kernel_penalty=L2(1e-3)), BatchNormalization(momentum=0.9), Dropout(0.3), Dense(CLASSES)]
    )


def model(seed: int = 0) -> Model:
    return Model(network(), seed=seed)


def fit(trained: Model, **arguments: Any) -> dict[str, list[float]]:
    """43 samples in batches of 8: five whole batches and one of 3."""
    x, y = clusters()
    given: dict[str, Any] = {"optimizer": Adam(0.01), "batch_size": 8, "epochs": 4, "verbose": 0}
    return trained.fit(x, y, **{**given, **arguments}).history


class BreakOff(Callback):
    """What Ctrl-C does, at a given step or at the end of a given epoch."""

    def __init__(self, step: int = 0, epoch: int = 0) -> None:
        self.step, self.epoch = step, epoch

    def on_train_batch_end(self, training):
        if training.state.step == self.step:
            raise KeyboardInterrupt

    def on_epoch_end(self, training):
        if training.epochs_done == self.epoch:
            raise KeyboardInterrupt


def same(a: Any, b: Any) -> bool:
    """Whether nested dicts and lists of arrays and numbers are the same, to the bit."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
    return type(a) is type(b) and bool(a == b or a != a)


def everything(trained: Model) -> list[Any]:
    """All that a training leaves in a model."""
    state = trained.training_state
    assert state is not None
    counters = [state.step, state.order, state.update, state.epoch, state.position, state.stopped]
    kept = [dict(state.logs), dict(state.turned), [list(entry) for entry in state.callbacks]]
    return [trained.parameters, trained.states, trained.scalars, state.slots, state.totals, counters, kept]
