"""A training that is broken off and taken up again gives the bits that it would have given without a break."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.nn import CategoricalCrossEntropy, Huber, SquaredDistance
from chainrule.optim import Adam, ConstantRate, Cosine, Momentum
from chainrule.train import Callback, Checkpoint, EarlyStopping, Model, ReduceLearningRateOnPlateau
from tests.train.problems import BreakOff, clusters, everything, fit, model, same

pytestmark = pytest.mark.usefixtures("compiled_quickly")

STEPS = 6  # of an epoch


def watchers() -> list[Callback]:
    """Callbacks with a memory; with these, the training stops early and ends with the weights of an earlier epoch."""
    return [
        EarlyStopping("val_loss", patience=3, min_delta=0.02),
        ReduceLearningRateOnPlateau("val_accuracy", patience=1, factor=0.5, cooldown=1),
    ]


def whole(**arguments) -> Model:
    trained = model()
    fit(trained, validation_split=0.2, epochs=12, callbacks=watchers(), **arguments)
    return trained


@cache
def uninterrupted() -> Model:
    return whole()


def test_the_training_has_what_is_to_be_resumed():
    """It ends early, after the rate was reduced, with the weights of an epoch after which it can be broken off."""
    state = uninterrupted().training_state
    assert state is not None
    assert (state.stopped, state.epoch) == (True, 8)
    assert state.turned
    assert dict(state.callbacks)["EarlyStopping"]["best_epoch"] == 4


# The first step, mid-epoch, the last whole batch, after the small last batch (validation still to come), later epochs.
@pytest.mark.parametrize("step", [1, 3, 4, 5, 6, 12, 17])
def test_resumed_from_a_file_after_any_step(tmp_path, step):
    begun = model()
    arguments = {"validation_split": 0.2, "epochs": 12}
    saving = Checkpoint(tmp_path / "c", every_steps=step)
    with pytest.raises(KeyboardInterrupt):
        fit(begun, callbacks=[saving, BreakOff(step + 1), *watchers()], **arguments)
    loaded = Model.load(tmp_path / "c")
    assert loaded.training_state is not None
    assert loaded.training_state.step == step
    history = fit(loaded, callbacks=watchers(), resume=True, **arguments)
    assert same(everything(loaded), everything(uninterrupted()))
    assert history == uninterrupted().training_state.history.history


@pytest.mark.parametrize("epoch", [1, 2, 3, 4, 5, 6, 7])
def test_resumed_from_a_file_after_any_epoch(tmp_path, epoch):
    """The checkpoint holds what every callback knew at the end of the epoch, whatever their order."""
    begun = model()
    arguments = {"validation_split": 0.2, "epochs": 12}
    watching = watchers()
    callbacks = [watching[0], Checkpoint(tmp_path / "c"), watching[1]]
    with pytest.raises(KeyboardInterrupt):
        fit(begun, callbacks=[*callbacks, BreakOff(step=5 * epoch + 1)], **arguments)
    loaded = Model.load(tmp_path / "c")
    assert loaded.training_state is not None
    assert (loaded.training_state.epoch, loaded.training_state.position) == (epoch, 0)
    fit(loaded, callbacks=watchers(), resume=True, **arguments)
    assert same(everything(loaded), everything(uninterrupted()))


@pytest.mark.parametrize("step", [1, 7, 13])
def test_resumed_in_the_same_process(step):
    broken, straight = model(), model()
    with pytest.raises(KeyboardInterrupt):
        fit(broken, callbacks=[BreakOff(step)])
    fit(broken, resume=True)
    fit(straight)
    assert same(everything(broken), everything(straight))


@pytest.mark.parametrize("optimizer", [Adam(Cosine(0.05)), Momentum(0.05, momentum=Cosine(0.9))])
def test_schedules_go_on_where_they_were(tmp_path, optimizer):
    broken, straight = model(), model()
    with pytest.raises(KeyboardInterrupt):
        fit(broken, optimizer=optimizer, callbacks=[Checkpoint(tmp_path / "c", every_steps=5), BreakOff(11)])
    loaded = Model.load(tmp_path / "c")
    fit(loaded, optimizer=optimizer, resume=True)
    fit(straight, optimizer=optimizer)
    assert same(everything(loaded), everything(straight))


def test_without_shuffling_and_with_weights(tmp_path):
    arguments = {"shuffle": False, "class_weight": {0: 3.0}, "sample_weight": np.linspace(0, 2, 43)}
    broken, straight = model(), model()
    with pytest.raises(KeyboardInterrupt):
        fit(broken, callbacks=[Checkpoint(tmp_path / "c", every_steps=4), BreakOff(5)], **arguments)
    loaded = Model.load(tmp_path / "c")
    fit(loaded, resume=True, **arguments)
    fit(straight, **arguments)
    assert same(everything(loaded), everything(straight))


def test_more_epochs_go_on_with_the_same_training():
    parts, straight = model(), model()
    fit(parts, epochs=2)
    history = fit(parts, epochs=4, resume=True)
    fit(straight, epochs=4)
    assert same(everything(parts), everything(straight))
    assert len(history["loss"]) == 4


def test_it_goes_on_from_the_parameters_that_the_model_has():
    trained = model()
    fit(trained, epochs=1)
    zeros = {name: np.zeros_like(value) for name, value in trained.parameters.items()}
    trained.parameters = zeros
    fit(trained, epochs=2, resume=True, optimizer=Adam(ConstantRate(0.0)))
    assert same(trained.parameters, zeros)


def test_nothing_is_left_to_do_when_all_epochs_are_done():
    trained = model()
    fit(trained)
    before = everything(trained)
    fit(trained, resume=True)
    assert same(everything(trained), before)


def test_a_new_training_sees_other_orders_and_masks():
    """Otherwise a loop of fits of one epoch each would show every epoch alike."""
    trained = model()
    orders = []

    class Watch(Callback):
        def on_train_begin(self, training):
            orders.append((training.state.order, training.state.step, training.state.update))

    for _ in range(3):
        fit(trained, epochs=1, callbacks=[Watch()])
    assert orders == [(0, 0, 0), (1, STEPS, 0), (2, 2 * STEPS, 0)]


def test_what_does_not_fit_the_training_is_refused():
    trained = model()
    x, y = clusters()
    with pytest.raises(UsageError, match="no training to resume"):
        fit(trained, resume=True)
    with pytest.raises(KeyboardInterrupt):
        fit(trained, callbacks=[BreakOff(2)])
    with pytest.raises(UsageError, match="has 43 samples, but 40 are given"):
        trained.fit(x[:40], y[:40], resume=True, verbose=0)
    with pytest.raises(UsageError, match=r"kept other arrays \(m, v\) than Momentum"):
        fit(trained, optimizer="momentum", resume=True)
    with pytest.raises(UsageError, match="counted other metrics than -"):
        fit(trained, metrics=(), resume=True)


def mine(outputs, targets):
    return SquaredDistance()(outputs, targets)


@pytest.mark.parametrize("loss", ["squared_distance", Huber(0.5), mine])
def test_loss_and_metrics_are_those_it_was_begun_with(loss):
    _, y = clusters()
    targets = np.eye(3, dtype=np.float32)[y]
    broken, straight = model(), model()
    x, _ = clusters()
    given = {"optimizer": Adam(0.01), "batch_size": 8, "epochs": 3, "verbose": 0}
    begun = {"loss": loss, "metrics": ["mean_absolute_error"]}
    with pytest.raises(KeyboardInterrupt):
        broken.fit(x, targets, callbacks=[BreakOff(8)], **begun, **given)
    broken.fit(x, targets, resume=True, **given)
    straight.fit(x, targets, **begun, **given)
    assert same(everything(broken), everything(straight))


def test_another_loss_or_other_metrics_are_refused():
    trained = model()
    fit(trained, epochs=1)
    with pytest.raises(UsageError, match=r"'cross_entropy', not 'squared_distance'.*Leave loss= out"):
        fit(trained, loss="squared_distance", resume=True)
    with pytest.raises(UsageError, match="counted other metrics than squared_distance"):
        fit(trained, metrics=["squared_distance"], resume=True)
    fit(trained, loss=CategoricalCrossEntropy(), metrics=["accuracy"], resume=True)


def test_a_loss_of_ones_own_must_be_passed_again_after_loading(tmp_path):
    trained = model()
    fit(trained, loss=mine, epochs=1)
    trained.save(tmp_path / "m")
    loaded = Model.load(tmp_path / "m")
    with pytest.raises(UsageError, match="Pass it again"):
        fit(loaded, resume=True)
    fit(loaded, loss=mine, resume=True)
    assert len(loaded.training_state.history.history["loss"]) == 4
