"""Trainings with optimizers that wrap others, or have steps of their own: averages, resuming, what callbacks turn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.execute.choice import Executor
from chainrule.nn import L2, Dense, Sequential
from chainrule.optim import (
    LBFGS,
    SGD,
    AccumulateGradients,
    Adam,
    ClipByGlobalNorm,
    Cosine,
    ExponentialAverage,
    MaxNorm,
    RandomPerturbation,
    StochasticWeightAverage,
)
from chainrule.train import Callback, Checkpoint, Model, ReduceLearningRateOnPlateau
from tests.train.problems import BreakOff, clusters, everything, model, same
from tests.train.problems import fit as fitted

pytestmark = pytest.mark.usefixtures("compiled_quickly")

ALL = AccumulateGradients(ClipByGlobalNorm(MaxNorm(ExponentialAverage(Adam(Cosine(0.05)), 0.9), 2.0), 1.0), 3)


def fit(trained: Model, executor: Executor = "reference", **arguments: Any) -> dict[str, list[float]]:
    """In NumPy unless asked otherwise: tests/execute compares the same with native code."""
    return fitted(trained, executor=executor, **arguments)


class Parameters(Callback):
    """Keeps the parameters after each step."""

    def __init__(self):
        self.steps = []

    def on_train_batch_end(self, training):
        self.steps.append(training.state.parameters)


@pytest.mark.parametrize(
    ("optimizer", "step", "executor"),
    [
        (ALL, 4, "native"),
        (StochasticWeightAverage(SGD(0.05), 5, 2), 8, "reference"),
    ],
)
def test_resumed_from_a_file_bit_for_bit(tmp_path, optimizer, step, executor):
    """Also within a group of batches, and where the average has begun."""
    broken, straight = model(), model()
    saving = Checkpoint(tmp_path / "c", every_steps=step)
    with pytest.raises(KeyboardInterrupt):
        fit(broken, executor, optimizer=optimizer, callbacks=[saving, BreakOff(step + 1)])
    loaded = Model.load(tmp_path / "c")
    fit(loaded, executor, optimizer=optimizer, resume=True)
    fit(straight, executor, optimizer=optimizer)
    assert same(everything(loaded), everything(straight))
    assert same(loaded.averaged().parameters, straight.averaged().parameters)


@pytest.mark.parametrize(
    "optimizer", [LBFGS(history=2, trials=2), RandomPerturbation(0.05)], ids=lambda o: type(o).__name__
)
def test_steps_of_their_own_are_resumed_bit_for_bit(tmp_path, optimizer):
    broken, straight = model(), model()
    given = {"optimizer": optimizer, "batch_size": None, "epochs": 6}
    with pytest.raises(KeyboardInterrupt):
        fit(broken, callbacks=[Checkpoint(tmp_path / "c", every_steps=4), BreakOff(5)], **given)
    loaded = Model.load(tmp_path / "c")
    fit(loaded, resume=True, **given)
    fit(straight, **given)
    assert same(everything(loaded), everything(straight))


def test_another_optimizer_inside_is_refused():
    trained = model()
    fit(trained, optimizer=ExponentialAverage(Adam(0.01)), epochs=1)
    with pytest.raises(UsageError, match=r"kept other arrays \(average, m, v\) than ExponentialAverage\(optimizer=SGD"):
        fit(trained, optimizer=ExponentialAverage(SGD(0.01)), resume=True)


def test_the_averaged_model_predicts_evaluates_and_is_saved(tmp_path):
    trained, seen, (x, y) = model(), Parameters(), clusters()
    fit(trained, optimizer=StochasticWeightAverage(SGD(0.05), start=12, every=6), callbacks=[seen])
    last = {name: value.copy() for name, value in trained.parameters.items()}
    averaged = trained.averaged()
    for name, value in averaged.parameters.items():
        np.testing.assert_allclose(value, np.mean([seen.steps[k][name] for k in (17, 23)], 0), rtol=1e-5, atol=1e-7)
    assert same(averaged.states, trained.states)
    assert averaged.evaluate(x, y)["loss"] != trained.evaluate(x, y)["loss"]
    averaged.save(tmp_path / "a")
    loaded = Model.load(tmp_path / "a")
    assert loaded.predict(x).tobytes() == averaged.predict(x).tobytes() != trained.predict(x).tobytes()
    assert (loaded.training_state, averaged.training_state) == (None, None)
    fit(averaged, epochs=1)  # on its own
    assert same(trained.parameters, last)
    fit(trained, optimizer=StochasticWeightAverage(SGD(0.05), start=12, every=6), epochs=5, resume=True)


def test_without_averages_there_is_nothing_to_take():
    trained = model()
    with pytest.raises(UsageError, match=r"no averages of the weights.*Train it with an optimizer that keeps them"):
        trained.averaged()
    fit(trained, epochs=1)
    with pytest.raises(UsageError, match="no averages of the weights"):
        trained.averaged()
    fit(trained, epochs=1, optimizer=AccumulateGradients(ExponentialAverage(Adam()), 100))
    with pytest.raises(UsageError, match="has made no update yet"):
        trained.averaged()


def test_small_batches_together_train_as_large_ones():
    """40 samples in order: 10 groups of 2 batches of 2, or 10 batches of 4; nothing in the network sees the batch."""

    def trained(size, optimizer):
        x, y = clusters(40)
        made = Model(Sequential([Dense(8, "relu", kernel_penalty=L2(1e-2)), Dense(3)]))
        made.fit(x, y, optimizer=optimizer, batch_size=size, epochs=3, shuffle=False, verbose=0, executor="reference")
        return made.parameters

    small, large = trained(2, AccumulateGradients(Adam(0.01), 2)), trained(4, Adam(0.01))
    for name, value in large.items():
        np.testing.assert_allclose(small[name], value, rtol=1e-3, atol=1e-5)


def test_the_weights_stay_within_the_bound():
    trained, seen = model(), Parameters()
    fit(trained, optimizer=MaxNorm(Adam(0.1), 0.5), callbacks=[seen])
    norms = [np.linalg.norm(p["dense/kernel"], axis=0).max() for p in seen.steps]
    assert max(norms) == pytest.approx(0.5, rel=1e-5)


def test_callbacks_turn_the_rates_inside():
    class Loosen(Callback):
        def on_epoch_end(self, training):
            training.set_scalar("global_clip_norm", 2.0)
            self.scalars = training.scalars

    watch, reduce = Loosen(), ReduceLearningRateOnPlateau("loss", patience=0, factor=0.5, min_delta=1e9)
    fit(model(), optimizer=ClipByGlobalNorm(SGD(0.1), 1.0), epochs=2, callbacks=[reduce, watch])
    assert (watch.scalars["global_clip_norm"], watch.scalars["learning_rate"]) == (2.0, 0.05)
    with pytest.raises(UsageError, match=r"'learning_rate' follows Cosine\(initial=0.1"):
        fit(model(), optimizer=ClipByGlobalNorm(SGD(Cosine(0.1)), 1.0), callbacks=[reduce])
