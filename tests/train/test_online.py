"""Learning from a stream: the updates of an epoch of fit, batches of any size; what is refused changes nothing."""

import copy

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, DivergedError, UsageError
from chainrule.nn import BatchNormalization, Dense, Sequential
from chainrule.train import OnlineTraining

pytestmark = pytest.mark.usefixtures("compiled_quickly")


def _model():
    return cr.Model(Sequential([Dense(8, "tanh"), BatchNormalization(), Dense(3)]), (4,), seed=3)


def _samples(count):
    random = np.random.default_rng(0)
    return random.standard_normal((count, 4)).astype(np.float32), random.integers(0, 3, count)


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_batches_one_by_one_are_an_epoch_of_fit(executor):
    x, y = _samples(40)
    fitted, streamed = _model(), _model()
    history = fitted.fit(
        x, y, optimizer=cr.optim.Adam(0.01), epochs=1, batch_size=8, shuffle=False, verbose=0, executor=executor
    )
    online = OnlineTraining(streamed, optimizer=cr.optim.Adam(0.01), executor=executor)
    losses = [online.update(x[k : k + 8], y[k : k + 8])["loss"] for k in range(0, 40, 8)]
    assert np.mean(losses) == pytest.approx(history.history["loss"][0], rel=1e-5)
    for name, value in fitted.parameters.items():
        np.testing.assert_allclose(streamed.parameters[name], value, rtol=1e-4, atol=1e-6)
    for name, value in fitted.states.items():
        np.testing.assert_allclose(streamed.states[name], value, rtol=1e-4, atol=1e-6)
    assert (online.samples, online.updates) == (40, 5)


def test_it_tells_how_well_the_model_did_before_it_saw_the_samples():
    x, y = _samples(6)
    model = _model()
    online = OnlineTraining(model, optimizer=cr.optim.SGD(0.5))
    first, second = online.update(x, y), online.update(x, y)
    assert first.keys() == {"loss", "accuracy"}
    assert second["loss"] < first["loss"]


def test_samples_come_one_at_a_time_or_many():
    x, y = _samples(30)
    online = OnlineTraining(cr.Model(Dense(3)), optimizer="adam")
    for start, stop in ((0, 1), (1, 2), (2, 30)):
        online.update(x[start:stop], y[start:stop])
    assert repr(online) == "OnlineTraining(30 samples in 3 updates)"


def test_a_stream_that_drifts_is_followed():
    random = np.random.default_rng(2)
    online = OnlineTraining(cr.Model(Dense(1)), loss="mean_squared_error", optimizer=cr.optim.SGD(0.2))
    for slope in (2.0, -1.0):
        for _ in range(300):
            x = random.uniform(-1, 1, (4, 1)).astype(np.float32)
            online.update(x, slope * x)
        assert online.model.parameters["dense/kernel"][0, 0] == pytest.approx(slope, abs=1e-3)


def test_what_is_refused_changes_nothing():
    x, y = _samples(4)
    model = _model()
    online = OnlineTraining(model, optimizer=cr.optim.SGD(0.1))
    online.update(x, y)
    before = dict(model.parameters)
    for samples, labels, error in (
        (x * np.nan, y, DataError),
        (x[:, :2], y, DataError),
        (x, y + 3, DataError),
    ):
        with pytest.raises(error):
            online.update(samples, labels)
        assert all(model.parameters[name] is value for name, value in before.items())
    assert online.updates == 1
    model = cr.Model(Dense(1), (1,))
    before, online = model.parameters, OnlineTraining(model, loss="mean_squared_error")
    with pytest.raises(DivergedError, match="The loss of update 1 is inf"):
        online.update([[1.0]], [3e38])
    assert model.parameters is before
    with pytest.raises(UsageError, match="not known"):
        OnlineTraining(model, optimizer="adamm")
    with pytest.raises(UsageError, match="executor='gpu' is not known"):
        OnlineTraining(model, executor="gpu")


@pytest.mark.parametrize(
    "rate",
    [
        cr.optim.Cosine(0.1),
        cr.optim.OneCycle(0.1),
        cr.optim.WarmUp(cr.optim.Cosine(0.1), steps=20),
    ],
)
def test_a_schedule_that_needs_an_end_is_refused(rate):
    with pytest.raises(UsageError, match=r"learning_rate=.* depends on where the training ends"):
        OnlineTraining(_model(), optimizer=cr.optim.ClipByNorm(cr.optim.Adam(rate), 1.0))


def test_a_schedule_that_counts_steps_counts_updates():
    x, y = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
    model = cr.Model(Dense(1, use_bias=False, kernel_initializer="ones"), (1,))
    rule = cr.optim.SGD(cr.optim.WarmUp(cr.optim.StepDecay(0.1, steps=1, factor=0.5), steps=2))
    online = OnlineTraining(model, loss="mean_squared_error", optimizer=rule)
    expected = 1.0
    for rate in (0.05, 0.1, 0.1, 0.05):
        online.update(x, y)
        expected *= 1 - 2 * rate
        assert model.parameters["dense/kernel"][0, 0] == pytest.approx(expected, rel=1e-6)


def test_a_copy_goes_on_by_itself():
    x, y = _samples(6)
    online = OnlineTraining(_model(), optimizer="adam")
    online.update(x, y)
    other = copy.deepcopy(online)
    assert other.update(x, y) == online.update(x, y)
    other.update(x, y)
    assert (other.updates, online.updates) == (3, 2)
    assert other.model is not online.model
