"""chainrule's work, through its public interface only."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from benchmarks.turns import Turns
from benchmarks.work import task

LARGEST_EPOCH = 4096  # samples of an epoch in the growth rows


class Timed(cr.train.Callback):
    """Tells after each epoch how many units of work it had: the training goes on in one call of fit."""

    def __init__(self, turns: Turns, units: float) -> None:
        self.turns, self.units = turns, units

    def on_epoch_end(self, training: cr.train.Training) -> None:
        self.turns.done(self.units)


def fit(
    model: cr.Model,
    x: Any,
    y: Any,
    batch: int,
    *callbacks: cr.train.Callback,
    rate: float = task.RATE,
    loss: str = "cross_entropy",
) -> None:
    """Train until the conversation ends."""
    endless = 1_000_000
    model.fit(
        x,
        y,
        loss=loss,
        optimizer=cr.optim.Adam(rate),
        metrics=[],
        epochs=endless,
        batch_size=batch,
        callbacks=callbacks,
        verbose=0,
    )


def lenet5_steps(turns: Turns, batch: int, samples: int = task.POOL) -> None:
    """Complete training steps of LeNet-5, samples gathered in a new order each epoch."""
    x, y = task.step_images(flat=False)
    model = checked(cr.Model(cr.nn.lenet5(), (28, 28, 1)), task.LENET5)
    fit(model, x[:samples] * np.float32(255), y[:samples], batch, Timed(turns, samples // batch))


def lenet5_flops(turns: Turns, batch: int) -> None:
    """The same, counted in floating-point operations."""
    x, y = task.step_images(flat=False)
    fit(cr.Model(cr.nn.lenet5()), x * np.float32(255), y, batch, Timed(turns, task.lenet5_flops(task.POOL)))


def mlp_steps(turns: Turns, batch: int) -> None:
    """Complete training steps of 784-512-256-10."""
    x, y = task.step_images(flat=True)
    model = checked(cr.Model(cr.nn.mlp((512, 256)), (784,)), task.MLP)
    fit(model, x, y, batch, Timed(turns, task.POOL // batch))


def cnn() -> cr.nn.Sequential:
    """Three times two 3 × 3 convolutions, batch-normalised, and a pool; then dropout and scores."""
    nn = cr.nn

    def block(channels: int) -> list[Any]:
        return [nn.Conv2D(channels, 3, padding="same", use_bias=False), nn.BatchNormalization(), nn.ReLU()]

    parts = [[*block(channels), *block(channels), nn.MaxPool2D(2)] for channels in (32, 64, 128)]
    return nn.Sequential([*parts[0], *parts[1], *parts[2], nn.Flatten(), nn.Dropout(0.5), nn.Dense(10)])


def cnn_steps(turns: Turns, batch: int, precision: Any = "float32") -> None:
    """Complete training steps of the network of 3 × 3 convolutions."""
    x, y = task.color_images()
    model = checked(cr.Model(cnn(), (32, 32, 3), precision=precision), task.CNN)
    fit(model, x, y, batch, Timed(turns, task.CNN_POOL // batch))


def mnist_epochs(turns: Turns, data: str | None = None, watched: bool = False) -> None:
    """Epochs of LeNet-5 over 60,000 images of bytes, with a diagnosis or without."""
    x, y = task.images(task.MNIST, data)
    diagnosis = [cr.diagnosis.Diagnosis(verbose=0)] if watched else []
    fit(cr.Model(cr.nn.lenet5()), x, y, 64, *diagnosis, Timed(turns, 1), rate=0.001)


def mnist_once(data: str | None = None) -> None:
    """One epoch, for the peak memory of the whole process."""
    x, y = task.images(task.MNIST, data)
    cr.Model(cr.nn.lenet5()).fit(x, y, metrics=[], epochs=1, batch_size=64, verbose=0)


def first_step() -> None:
    """The first training step of LeNet-5, from nothing."""
    x, y = task.images(64)
    cr.Model(cr.nn.lenet5()).fit(x, y, metrics=[], epochs=1, batch_size=64, verbose=0)


def growing_mlp(turns: Turns, batch: int = 128, width: int = 256, depth: int = 2) -> None:
    """Steps of a dense network of some width and depth."""
    _grow(turns, cr.nn.mlp((width,) * depth, scale=1 / 255), batch)


def growing_cnn(turns: Turns, batch: int = 128, width: int = 16, depth: int = 2) -> None:
    """Steps of a network of 3 × 3 convolutions on 14 × 14 maps, of some width and depth."""
    nn = cr.nn
    convolutions = [nn.Conv2D(width, 3, padding="same", activation="relu") for _ in range(depth)]
    _grow(
        turns, nn.Sequential([nn.Rescaling(1 / 255), nn.MaxPool2D(2), *convolutions, nn.Flatten(), nn.Dense(10)]), batch
    )


def _grow(turns: Turns, architecture: Any, batch: int) -> None:
    steps = max(1, LARGEST_EPOCH // batch)
    x, y = task.images(steps * batch)
    fit(cr.Model(architecture), x, y, batch, Timed(turns, steps))


def lenet5_predictions(turns: Turns, batch: int) -> None:
    """Calls of predict with NumPy in and out, batch by batch through the pool."""
    x, _ = task.images(task.POOL)
    pixels = x.astype(np.float32)
    model = cr.Model(cr.nn.lenet5(), (28, 28, 1))
    while True:
        for start in range(0, task.POOL, batch):
            model.predict(pixels[start : start + batch])
            if start % (16 * batch) == 15 * batch:
                turns.done(16)


def checked(model: cr.Model, parameters: int) -> cr.Model:
    assert model.network.parameter_count == parameters
    return model
