"""Names and arrays that somebody took from a model or gave to it, and copies of models."""

import copy

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError, UsageError


@pytest.fixture
def model():
    return cr.Model(cr.nn.Sequential([cr.nn.Dropout(0.5, name="drop"), cr.nn.Dense(2)]), input_shape=(4,))


def test_a_parameter_that_is_not_there_is_named(model):
    del model.parameters["dense/kernel"]
    with pytest.raises(UsageError, match="lack 'dense/kernel'"):
        model.predict(np.ones((1, 4)))


def test_a_parameter_that_nobody_declared_is_named(model):
    model.parameters["dense/kernle"] = np.ones((4, 2), np.float32)
    with pytest.raises(UsageError, match="Did you mean 'dense/kernel'"):
        model.fit(np.ones((4, 4)), [0, 1, 0, 1], verbose=0)


def test_a_scalar_that_is_not_there_is_named(model):
    del model.scalars["drop/rate"]
    with pytest.raises(UsageError, match="lack 'drop/rate'"):
        model.fit(np.ones((4, 4)), [0, 1, 0, 1], verbose=0)


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_a_copy_is_a_model_of_its_own(model, executor):
    x = np.ones((4, 4), np.float32)
    before = model.predict(x, executor=executor)
    copied = copy.deepcopy(model)
    assert np.array_equal(copied.predict(x, executor=executor), before)
    copied.fit(x, [0, 1, 0, 1], executor=executor, verbose=0)
    assert not np.array_equal(copied.predict(x, executor=executor), before)
    assert np.array_equal(model.predict(x, executor=executor), before)


def test_an_array_of_another_shape_is_refused(model):
    model.parameters["dense/bias"] = np.zeros(1, np.float32)
    with pytest.raises(ShapeError, match=r"'dense/bias' .* was given an array of shape \(1,\)"):
        model.predict(np.ones((2, 4)), executor="native")
