"""Small models of each family for sequences and categories, trained natively: the loss really falls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.nn import LSTM, Dense, Embedding, Flatten, LayerNormalization, MultiHeadAttention, Scope, Sequential
from chainrule.ops.parts import concatenate
from chainrule.optim import Adam
from chainrule.train import Model

pytestmark = pytest.mark.usefixtures("compiled_quickly")

RANDOM = np.random.default_rng(0)


def losses(model: Model, x: Any, y: Any, loss: str, **more: Any) -> list[float]:
    found = model.fit(x, y, loss=loss, optimizer=Adam(0.02), batch_size=32, verbose=0, executor="native", **more)
    return found.history["loss"]


def categories_and_numbers() -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Whether a category, whose kind has to be learned, and a number agree."""
    things, numbers = RANDOM.integers(0, 20, (256, 2)), RANDOM.standard_normal((256, 3)).astype(np.float32)
    return (things, numbers), ((things[:, 0] % 3 == 0) == (numbers[:, 0] > 0)).astype(np.int64)


def table(x: Any, scope: Scope) -> Any:
    things, numbers = x
    embedded = Flatten(name="flat")(Embedding(20, 4, name="table")(things, scope), scope)
    hidden = Dense(16, "relu", name="hidden")(concatenate([embedded, numbers], 1), scope)
    return Dense(2, name="scores")(hidden, scope)


def test_a_table_of_integers_beside_numbers():
    x, y = categories_and_numbers()
    found = losses(Model(table), x, y, "cross_entropy", epochs=30)
    assert found[-1] < 0.2 * found[0]


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_numbers_that_no_row_has_are_refused(executor):
    (things, numbers), y = categories_and_numbers()
    model = Model(table)
    with pytest.raises(DataError, match=r"x\[0\] holds \d+\.5, but the network reads whole numbers there"):
        model.fit((things + 0.5, numbers), y, verbose=0, executor=executor)
    things[7, 1] = 20
    with pytest.raises(DataError, match=r"index 20 is out of range for 20 elements"):
        model.fit((things, numbers), y, verbose=0, executor=executor)


@pytest.mark.parametrize("loss", ["multi_margin", "categorical_hinge", "categorical_focal_cross_entropy"])
def test_a_label_that_is_no_class_is_refused(loss):
    with pytest.raises(DataError, match="3"):
        Model(Dense(3)).fit(np.ones((4, 2)), np.array([0, 1, 3, 2]), loss=loss, verbose=0)


def test_attention_finds_the_place_that_matters():
    """The target is the second feature at the place whose first feature is the largest."""
    x = RANDOM.standard_normal((256, 4, 2)).astype(np.float32)
    y = np.take_along_axis(x[:, :, 1], x[:, :, 0].argmax(1)[:, None], 1)
    layers = [Dense(8, "tanh"), MultiHeadAttention(2, 4), LayerNormalization(), Flatten(), Dense(1)]
    found = losses(Model(Sequential(layers)), x, y, "mean_squared_error", epochs=20)
    assert found[-1] < 0.3 * found[0]


def test_an_lstm_remembers_the_first_step():
    x = RANDOM.standard_normal((256, 3, 1)).astype(np.float32)
    y = (x[:, 0, 0] > 0).astype(np.float32)
    found = losses(Model(Sequential([LSTM(4), Dense(1)])), x, y, "binary_cross_entropy", epochs=20)
    assert found[-1] < 0.3 * found[0]
