"""Predictions after anything that changes a parameter, and how little a prediction does when nothing has."""

import copy
import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, ShapeError, UsageError
from chainrule.execute.native import NativeProgram
from chainrule.execute.reference import Program

pytestmark = pytest.mark.usefixtures("compiled_quickly")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(6, 4)).astype(np.float32)
Y = RANDOM.integers(0, 3, 6)

# One sample and several are different programs, and each is called the thorough way first.
each_way = pytest.mark.parametrize(("executor", "count"), [("native", 1), ("native", 6), ("reference", 6)])


def made():
    layers = [
        cr.nn.Dense(5, "tanh", name="hidden"),
        cr.nn.BatchNormalization(name="normal"),
        cr.nn.Dropout(0.5, name="drop"),
        cr.nn.Dense(3, name="scores"),
    ]
    return cr.Model(cr.nn.Sequential(layers), input_shape=(4,))


def wanted(model, x):
    """What the model's parameters say at this moment."""
    p, s = model.parameters, model.states
    hidden = np.tanh(x @ p["hidden/kernel"] + p["hidden/bias"])
    normal = (hidden - s["normal/moving_mean"]) / np.sqrt(
        s["normal/moving_variance"] + cr.nn.BatchNormalization().epsilon
    )
    normal = normal * p["normal/gamma"] + p["normal/beta"]
    return normal @ p["scores/kernel"] + p["scores/bias"]


def check(model, executor, count):
    for _ in range(3):
        np.testing.assert_allclose(
            model.predict(X[:count], executor=executor), wanted(model, X[:count]), rtol=1e-4, atol=1e-5
        )


@each_way
def test_every_change_is_seen_by_the_next_prediction(executor, count, tmp_path):
    model = made()
    check(model, executor, count)
    first = dict(model.parameters)
    model.parameters["hidden/bias"] = np.ones(5, np.float32)
    check(model, executor, count)
    model.parameters["hidden/bias"][2] = -3  # an array of one's own may be written into
    check(model, executor, count)
    model.parameters["hidden/bias"] *= 2
    check(model, executor, count)
    model.states["normal/moving_mean"] = RANDOM.normal(size=5).astype(np.float32)
    check(model, executor, count)
    model.fit(X, Y, batch_size=3, epochs=2, executor=executor, verbose=0)
    check(model, executor, count)
    trained = dict(model.parameters)
    model.parameters = first
    check(model, executor, count)
    model.parameters = dict(reversed(trained.items()))
    check(model, executor, count)
    model.parameters["scores/kernel"] = model.parameters["scores/kernel"].astype(np.float64)
    check(model, executor, count)
    model.parameters["scores/kernel"] = trained["scores/kernel"]
    check(model, executor, count)
    model.save(tmp_path / "m")
    check(cr.Model.load(tmp_path / "m"), executor, count)
    copied = copy.deepcopy(model)
    copied.parameters["hidden/kernel"] = first["hidden/kernel"]
    check(copied, executor, count)
    check(model, executor, count)


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_arrays_of_the_model_cannot_be_written_into(executor, tmp_path):
    model = made()

    def refuses(model):
        for array in (*model.parameters.values(), *model.states.values()):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.flags.writeable = True

    refuses(model)
    model.fit(X, Y, executor=executor, verbose=0)
    refuses(model)
    model.save(tmp_path / "m")
    refuses(cr.Model.load(tmp_path / "m"))
    refuses(copy.deepcopy(model))


@pytest.mark.parametrize("count", [1, 6])
def test_nothing_is_checked_or_written_again(monkeypatch, count):
    """A prediction that is like the last one is a call of C, however many parameters there are."""
    model = made()
    x = X[:count]
    model.predict(x, executor="native")
    happened = []
    for kind, name in ((NativeProgram, "run"), (NativeProgram, "_put"), (Program, "run")):
        method = getattr(kind, name)
        monkeypatch.setattr(
            kind, name, lambda *given, name=name, method=method, **more: happened.append(name) or method(*given, **more)
        )
    for _ in range(5):
        model.predict(x, executor="native")
    assert not happened
    model.parameters["hidden/bias"] = model.parameters["hidden/bias"] + 1  # one's own: written by C
    model.predict(x, executor="native")
    assert not happened
    model.fit(X, Y, executor="native", verbose=0)
    happened.clear()
    model.predict(x, executor="native")
    assert happened.count("run") == 1
    happened.clear()
    model.predict(x, executor="native")
    assert not happened


def test_many_samples_go_batch_by_batch():
    model = made()
    x = RANDOM.normal(size=(21, 4)).astype(np.float32)
    for _ in range(2):
        for size in (1, 4, 7, 20, 256):
            found = model.predict(x, batch_size=size)
            np.testing.assert_allclose(found, wanted(model, x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["uint8", "float64", "int64", "bool"])
def test_samples_of_any_type(dtype):
    model = made()
    x = np.abs(X * 3).astype(dtype)
    for k in (1, 6, 1, 6):
        np.testing.assert_allclose(model.predict(x[:k]), wanted(model, x[:k].astype(np.float32)), rtol=1e-4, atol=1e-5)


def test_what_is_refused_is_refused_each_time():
    model = made()
    for count in (1, 6):
        x = X[:count]
        for _ in range(2):
            model.predict(x)
            bad = x.copy()
            bad[0, 1] = np.nan
            with pytest.raises(DataError, match="NaN"):
                model.predict(bad)
            with pytest.raises(DataError, match="float32 ends at"):
                model.predict(np.where(x == x[0, 0], np.float64(3.5e38), x))
            with pytest.raises(DataError, match="shape"):
                model.predict(x[:, :3])
            with pytest.raises(DataError, match="masked"):
                model.predict(np.ma.masked_array(x))
            with pytest.raises(UsageError, match="batch_size"):
                model.predict(x, batch_size=0)
            with pytest.raises(UsageError, match="executor"):
                model.predict(x, executor="nativ")
        kernel = model.parameters.pop("hidden/kernel")
        with pytest.raises(UsageError, match="lack 'hidden/kernel'"):
            model.predict(x)
        model.parameters["hidden/kernel"] = kernel
        model.parameters["another"] = kernel
        with pytest.raises(UsageError, match="another"):
            model.predict(x)
        del model.parameters["another"]
        model.parameters["hidden/kernel"] = np.ones((4, 4), np.float32)
        with pytest.raises(ShapeError):
            model.predict(x)
        model.parameters["hidden/kernel"] = kernel
        rate = model.scalars.pop("drop/rate")
        with pytest.raises(UsageError, match="lack 'drop/rate'"):
            model.predict(x)
        model.scalars["drop/rate"] = rate
        check(model, "auto", count)


def test_several_outputs_stay_a_tuple():
    def two(x, scope):
        return cr.nn.Dense(2)(x[0], scope), cr.nn.Dense(3)(x[1], scope)

    model = cr.Model(two, input_shape=((4,), (4,)))
    for count in (1, 6, 1, 6):
        found = model.predict((X[:count], X[:count]))
        assert isinstance(found, tuple)
        assert [y.shape for y in found] == [(count, 2), (count, 3)]


def test_predictions_from_several_threads():
    model = made()
    sets = [RANDOM.normal(size=(count, 4)).astype(np.float32) for count in (1, 6, 1, 3)]
    right = [wanted(model, x) for x in sets]
    wrong = []

    def repeat(x, y):
        wrong.extend(len(x) for _ in range(200) if not np.allclose(model.predict(x), y, rtol=1e-4, atol=1e-5))

    threads = [threading.Thread(target=repeat, args=pair) for pair in zip(sets, right, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
