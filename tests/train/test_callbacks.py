"""Callbacks, on trainings whose monitored numbers are given."""

from __future__ import annotations

import math
import time

import pytest

from chainrule.errors import UsageError
from chainrule.optim import SGD, Adam, Cosine, ExponentialAverage, StochasticWeightAverage
from chainrule.train import Callback, Checkpoint, EarlyStopping, Model, ReduceLearningRateOnPlateau
from tests.train.problems import clusters, fit, model

pytestmark = pytest.mark.usefixtures("compiled_quickly")


class Script(Callback):
    """Puts the numbers of a script into the logs, and records what the other callbacks did then."""

    def __init__(self, name, values):
        self.name, self.values = name, values
        self.parameters, self.rates = [], []

    def on_epoch_end(self, training):
        training.logs[self.name] = self.values[training.epochs_done - 1]
        self.parameters.append(training.state.parameters)
        self.rates.append(training.scalars.get("learning_rate"))


def run(callback, values, name="loss", **arguments):
    trained, script = model(), Script(name, values)
    history = fit(trained, callbacks=[script, callback], epochs=len(values), **arguments)
    return trained, script, len(history["loss"])


@pytest.mark.parametrize(
    ("patience", "values", "epochs", "best"),
    [
        (0, [3, 2, 2, 1], 3, 1),
        (1, [3, 2, 2, 1], 3, 1),
        (2, [3, 2, 2, 1], 4, 3),
        (2, [3, 4, 5, 1], 3, 0),
        (2, [math.nan, 4, math.nan, math.nan], 4, 1),
        (1, [math.inf, 4, 5, 1], 3, 1),
        (3, [4, 3, 2, 1], 4, 3),
        (3, [4, 1, 2, 3], 4, 1),
    ],
)
def test_early_stopping_ends_with_the_best_weights(patience, values, epochs, best):
    callback = EarlyStopping("loss", patience=patience)
    trained, script, done = run(callback, values)
    assert (done, callback.best_epoch) == (epochs, best)
    assert trained.parameters is script.parameters[best]
    assert trained.training_state is not None
    assert trained.training_state.stopped == (done < len(values) or callback.wait >= max(patience, 1))


def test_the_restored_weights_are_those_of_the_best_validation():
    x, y = clusters(60)
    trained = model()
    stopping = EarlyStopping("val_loss", patience=4)
    history = trained.fit(
        x[:20],
        y[:20],
        validation_data=(x[20:], y[20:]),
        optimizer=Adam(0.05),
        epochs=60,
        verbose=0,
        callbacks=[stopping],
    ).history
    assert len(history["val_loss"]) < 60
    assert trained.evaluate(x[20:], y[20:])["loss"] == min(history["val_loss"]) == stopping.best


@pytest.mark.parametrize("average", [ExponentialAverage, StochasticWeightAverage])
def test_averages_are_what_validation_judges_and_what_comes_back(average):
    x, y = clusters(60)
    trained = model()
    stopping = EarlyStopping("val_loss", patience=3)
    held = {"validation_data": (x[20:], y[20:]), "epochs": 60, "verbose": 0}
    history = trained.fit(x[:20], y[:20], optimizer=average(Adam(0.1)), callbacks=[stopping], **held).history
    assert 4 < len(history["val_loss"]) < 60
    assert trained.averaged().evaluate(x[20:], y[20:])["loss"] == min(history["val_loss"]) == stopping.best
    assert trained.evaluate(x[20:], y[20:])["loss"] != stopping.best


def test_without_restoring_the_last_weights_stay():
    trained, script, _ = run(EarlyStopping("loss", restore_best_weights=False), [1, 2, 3])
    assert trained.parameters is script.parameters[1]


def test_a_small_improvement_is_none():
    assert run(EarlyStopping("loss", min_delta=0.5), [3, 2.6, 1])[2] == 2
    assert run(EarlyStopping("loss", min_delta=0.5), [3, 2.4, 1])[2] == 3


@pytest.mark.parametrize(("mode", "epochs"), [("auto", 4), ("max", 4), ("min", 2)])
def test_accuracy_should_rise(mode, epochs):
    assert run(EarlyStopping("accuracy", mode=mode), [0.1, 0.2, 0.3, 0.4], "accuracy")[2] == epochs


def test_one_object_watches_two_trainings():
    callback = EarlyStopping("loss", patience=1)
    assert run(callback, [1, 2, 3])[2] == 2
    trained, script, done = run(callback, [9, 8, 9])
    assert done == 3
    assert trained.parameters is script.parameters[1]


def test_the_learning_rate_falls_on_a_plateau():
    values = [5, 4, 4, 4, 4, 4, 3, 3]
    callback = ReduceLearningRateOnPlateau("loss", factor=0.5, patience=2, cooldown=1, min_learning_rate=0.03)
    _, script, _ = run(callback, values, optimizer=SGD(0.1))
    # Seen before the callback acts: after epochs 2 and 3 without improvement, one of rest, two more.
    assert script.rates == [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.03, 0.03]


@pytest.mark.parametrize("epochs", range(1, 8))
def test_a_rest_goes_on_after_a_break(epochs):
    values = [5, 5, 4, 4, 4, 4, 4, 4]
    reduce = {"factor": 0.5, "patience": 1, "cooldown": 3}
    straight, broken = Script("loss", values), Script("loss", values)
    arguments = {"optimizer": SGD(0.1), "epochs": 8}
    fit(model(), callbacks=[straight, ReduceLearningRateOnPlateau("loss", **reduce)], **arguments)
    trained = model()
    fit(trained, callbacks=[broken, ReduceLearningRateOnPlateau("loss", **reduce)], **{**arguments, "epochs": epochs})
    fit(trained, callbacks=[broken, ReduceLearningRateOnPlateau("loss", **reduce)], **arguments, resume=True)
    assert broken.rates == straight.rates


def test_a_scheduled_rate_is_not_turned():
    with pytest.raises(UsageError, match=r"'learning_rate' follows Cosine.*Give the optimizer a number"):
        run(ReduceLearningRateOnPlateau("loss"), [1], optimizer=SGD(Cosine(0.1)))


def test_scalars_are_turned_and_stay_turned():
    trained = model()
    seen = []

    class Turn(Callback):
        def on_train_batch_end(self, training):
            seen.append((training.scalars["dropout/rate"], training.scalars["beta_1"]))
            if training.state.step == 2:
                training.set_scalar("dropout/rate", 0.5)
                training.set_scalar("beta_1", 0.8)

    fit(trained, callbacks=[Turn()], epochs=1)
    assert seen == [(0.3, 0.9)] * 2 + [(0.5, 0.8)] * 4
    assert trained.scalars["dropout/rate"] == 0.5
    assert trained.scalars.keys() == {"dropout/rate", "batch_normalization/momentum", "dense/kernel_penalty"}


def test_unknown_scalars_are_refused():
    class Turn(Callback):
        def on_train_begin(self, training):
            training.set_scalar("dropout/rat", 0.5)

    with pytest.raises(UsageError, match=r"no scalar 'dropout/rat'.*Did you mean 'dropout/rate'"):
        fit(model(), callbacks=[Turn()])


@pytest.mark.parametrize("callback", [EarlyStopping, ReduceLearningRateOnPlateau])
def test_unknown_monitors_are_refused_before_the_first_step(callback):
    trained = model()
    with pytest.raises(UsageError, match=r"monitors 'val_los', .*reports: loss, accuracy, val_loss, val_accuracy"):
        fit(trained, callbacks=[callback("val_los")], validation_split=0.2)
    with pytest.raises(UsageError, match=r"no validation data.*monitor 'loss'"):
        fit(trained, callbacks=[callback("val_loss")])
    assert trained.training_state is None or trained.training_state.step == 0


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: EarlyStopping(mode="maximum"), r"EarlyStopping\(mode='maximum'\): choose 'min'"),
        (lambda: EarlyStopping(patience=-1), r"patience=-1\): patience must be a number, 0 or more"),
        (lambda: EarlyStopping(min_delta=math.nan), r"min_delta=nan\): min_delta must be a number, 0 or more"),
        (lambda: ReduceLearningRateOnPlateau(factor=2.0), r"factor=2.0\).*below 1"),
        (lambda: Checkpoint("c", every_epochs=0), r"every_epochs=0\): every_epochs must be a number, 1 or more"),
        (lambda: Checkpoint("c", every_steps=-5), r"every_steps=-5\)"),
    ],
)
def test_arguments_out_of_range_are_refused(make, match):
    with pytest.raises(UsageError, match=match):
        make()


def test_checkpoints_every_few_epochs_or_only_the_best(tmp_path):
    run(Checkpoint(tmp_path / "second", every_epochs=2), [1, 1, 1])
    saved = Model.load(tmp_path / "second").training_state
    assert saved is not None
    assert saved.epoch == 2
    run(Checkpoint(tmp_path / "best", save_best_only=True, monitor="loss"), [3, 1, 2])
    saved = Model.load(tmp_path / "best").training_state
    assert saved is not None
    assert saved.epoch == 2


def test_callbacks_see_the_model_as_it_is():
    x, _ = clusters()
    predictions = []

    class Look(Callback):
        def on_train_batch_end(self, training):
            assert training.model.parameters is training.state.parameters
            assert training.model.states is training.state.states
            predictions.append(training.model.predict(x[:1]))

    fit(model(), callbacks=[Look()], epochs=1)
    assert len({p.tobytes() for p in predictions}) == len(predictions)


def test_what_callbacks_prepare_is_no_part_of_the_seconds_of_the_steps():
    class Slow(Callback):
        def on_train_begin(self, training):
            self.began = time.perf_counter()
            time.sleep(0.05)

        def on_train_end(self, training):
            assert time.perf_counter() - self.began - training.seconds >= 0.05

    fit(model(), callbacks=[Slow()], epochs=1)
