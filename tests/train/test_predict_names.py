"""Names that somebody took from a model, or gave to it."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UsageError


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
