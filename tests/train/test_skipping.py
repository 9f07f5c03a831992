"""Steps that are left out, since their loss or gradients are not finite: as if their batches were not there."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.diagnosis import Diagnosis
from chainrule.errors import DivergedError
from chainrule.nn import BatchNormalization, Dense, Sequential
from chainrule.optim import SGD, Adam, ClipByGlobalNorm, ExponentialAverage, SkipNonFinite
from chainrule.train import Callback, Model

pytestmark = pytest.mark.usefixtures("compiled_quickly")

X = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)
Y = X.sum(1, keepdims=True)
BAD = np.insert(X, [0, 8, 8, 24], np.float32(1e30), 0)  # the squares of what becomes of them are infinite
Y_BAD = np.insert(Y, [0, 8, 8, 24], 0.0, 0)


def unbounded(**more):
    """A model without anything that keeps large inputs small."""
    model = Model(Sequential([Dense(4, "relu"), BatchNormalization(), Dense(1)]), 3)
    return model, {"loss": "mean_squared_error", "batch_size": 1, "verbose": 0, **more}


def numbers(model):
    state = model.training_state
    slots = {(name, slot): value.tobytes() for name, own in state.slots.items() for slot, value in own.items()}
    arrays = {name: value.tobytes() for name, value in {**model.parameters, **model.states}.items()}
    return arrays, slots, state.update, state.step


@pytest.mark.parametrize("executor", ["native", "reference"])
@pytest.mark.parametrize(
    "optimizer", [SkipNonFinite(Adam(0.01)), ClipByGlobalNorm(SkipNonFinite(ExponentialAverage(SGD(0.01))), 1.0)]
)
def test_it_is_as_if_their_batches_were_not_there(optimizer, executor):
    model, how = unbounded(optimizer=optimizer, executor=executor, shuffle=False)
    other, _ = unbounded()
    history = model.fit(BAD, Y_BAD, **how).history
    expected = other.fit(X, Y, **how).history
    assert (history.pop("skipped"), expected.pop("skipped")) == ([4], [0])
    assert numbers(model) == numbers(other)
    assert history == expected


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_gradients_that_are_not_finite_are_enough(executor):
    """The slope of a root at 0, where the loss itself is 0: of the sample x = 0, y = 1."""

    def root(outputs, targets):
        return cr.sqrt(cr.mean(cr.square(outputs - targets + 1.0), axis=1))

    x = np.linspace(1, 2, 48)[:, None]
    y = np.full_like(x, 5.0)
    x[20], y[20] = 0.0, 1.0
    fine = np.r_[:16, 32:48]
    how = {"loss": root, "batch_size": 16, "shuffle": False, "verbose": 0, "executor": executor}
    model, other = (Model(Dense(1, use_bias=False), 1) for _ in range(2))
    assert model.fit(x, y, optimizer=SkipNonFinite(SGD(0.1)), **how).history["skipped"] == [1]
    other.fit(x[fine], y[fine], optimizer=SGD(0.1), **how)
    assert numbers(model) == numbers(other)
    with pytest.raises(DivergedError):
        Model(Dense(1, use_bias=False), 1).fit(x, y, optimizer=SGD(0.1), **how)


class BreakOff(Callback):
    """Ctrl-C after some batches."""

    def __init__(self, batches):
        self.batches = batches

    def wants_step(self, step):
        return True

    def on_train_batch_end(self, training):
        if training.state.position + len(training.samples) * training.epochs_done >= self.batches:
            raise KeyboardInterrupt


@pytest.mark.parametrize("batches", [1, 9, 11, 28, 40])
def test_it_goes_on_after_a_break_to_the_same_bits(tmp_path, batches):
    model, how = unbounded(optimizer=SkipNonFinite(Adam(0.01)), epochs=2)
    whole, _ = unbounded()
    expected = whole.fit(BAD, Y_BAD, **how).history
    with pytest.raises(KeyboardInterrupt):
        model.fit(BAD, Y_BAD, callbacks=[BreakOff(batches)], **how)
    model.save(tmp_path / "broken")
    loaded = Model.load(tmp_path / "broken")
    assert loaded.fit(BAD, Y_BAD, resume=True, **how).history == expected
    assert expected["skipped"] == [4, 4]
    assert numbers(loaded) == numbers(whole)


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_parameters_that_are_not_finite_end_the_training(executor):
    """All that follows would be skipped; what is kept is what was there before."""
    model, how = unbounded(optimizer=SkipNonFinite(SGD(3e38)), executor=executor)
    with pytest.raises(DivergedError, match=r"the parameter .* became infinite or NaN"):
        model.fit(X, 3.0 + Y, **how)
    assert all(np.isfinite(value).all() for value in model.parameters.values())


def test_an_epoch_of_nothing_else_is_a_divergence():
    model, how = unbounded(optimizer=SkipNonFinite(SGD(0.1)), epochs=2)
    before = {name: value.tobytes() for name, value in model.parameters.items()}
    diagnosis = Diagnosis(verbose=0)
    with pytest.raises(DivergedError, match=r"none of the 4 steps of epoch 1 had a loss and gradients that are finite"):
        model.fit(BAD[[0, 9, 10, 27]], Y_BAD[:4], callbacks=[diagnosis], **how)
    assert {name: value.tobytes() for name, value in model.parameters.items()} == before
    assert "CR001" in diagnosis.findings.codes
