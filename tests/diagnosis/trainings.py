"""Data, models and trainings for the tests of findings: healthy ones to start from, into which faults are planted."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

import chainrule.optim
from chainrule.data import digits
from chainrule.diagnosis import Diagnosis, Finding
from chainrule.errors import DivergedError
from chainrule.nn import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPool2D, Rescaling, Sequential
from chainrule.optim import Adam, Optimizer
from chainrule.train import Model, Training


def images(count: int = 1000, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Bundled digits, uint8 (n, 28, 28, 1), and their labels."""
    data = digits()
    return data.x_train[start : start + count], data.y_train[start : start + count]


def table(count: int = 1000, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping clusters of classes in 8 dimensions, about 5 % of which nobody can tell apart."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, count)
    centers = np.random.default_rng(1000).normal(size=(classes, 8))
    return (1.2 * centers[y] + 0.7 * rng.normal(size=(count, 8))).astype(np.float32), y


def dense(activation: str = "relu", *, width: int = 64, classes: int = 10, seed: int = 0, **arguments: Any) -> Model:
    """Images or rows into two hidden layers."""
    hidden = [Dense(width, activation, name=f"hidden{k}", **arguments) for k in (1, 2)]
    return Model(Sequential([Rescaling(1 / 255), Flatten(), *hidden, Dense(classes, name="scores")]), seed=seed)


def rows(activation: str = "relu", *, width: int = 32, classes: int = 3, seed: int = 0, **arguments: Any) -> Model:
    """Rows of a table into two hidden layers."""
    hidden = [Dense(width, activation, name=f"hidden{k}", **arguments) for k in (1, 2)]
    return Model(Sequential([*hidden, Dense(classes, name="scores")]), seed=seed)


def convolutional(activation: str = "relu", *, classes: int = 10, seed: int = 0, **arguments: Any) -> Model:
    """A small convolutional network with batch normalisation and dropout."""
    layers = [
        Rescaling(1 / 255),
        Conv2D(8, 3, activation=activation, name="conv1", **arguments),
        MaxPool2D(2),
        Conv2D(16, 3, name="conv2", activation=activation, **arguments),
        BatchNormalization(),
        MaxPool2D(2),
        Flatten(),
        Dropout(0.2),
        Dense(classes, name="scores"),
    ]
    return Model(Sequential(layers), seed=seed)


class Noted(Diagnosis):
    """One that notes what it found on the way, by code, and at the end of which epoch it first did."""

    def __init__(self) -> None:
        super().__init__(verbose=0)
        self.on_the_way: dict[str, tuple[int, Finding]] = {}

    def on_epoch_end(self, training: Training) -> None:
        super().on_epoch_end(training)
        if training.epochs_done < training.epochs:
            for found in self.findings:
                self.on_the_way.setdefault(found.code, (training.epochs_done, found))


def diagnosed(model: Model, x: Any, y: Any, *, callbacks: Any = (), **arguments: Any) -> Noted:
    """A training of the model, watched; a divergence ends it."""
    diagnosis = Noted()
    settings: dict[str, Any] = {
        "optimizer": Adam(0.001),
        "epochs": 5,
        "batch_size": 32,
        "validation_split": 0.2,
    } | arguments
    with suppress(DivergedError):
        model.fit(x, y, verbose=0, callbacks=[diagnosis, *callbacks], **settings)
    return diagnosis


def finding(diagnosis: Diagnosis, code: str) -> Finding:
    """The first finding of this code; that there is one."""
    assert code in diagnosis.findings.codes, diagnosis.findings
    return next(f for f in diagnosis.findings if f.code == code)


def remedied(found: Finding) -> Optimizer:
    """The optimizer that a finding advises, as its reader would write it."""
    optimizer = eval(found.values["optimizer"], vars(chainrule.optim))
    assert isinstance(optimizer, Optimizer)
    return optimizer


def numbers(count: int = 400, noise: float = 0.3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Six numbers, and one that is a bent function of them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 6)).astype(np.float32)
    y = np.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.5 * x[:, 3:4] + noise * rng.normal(size=(count, 1))
    return x, y.astype(np.float32)
