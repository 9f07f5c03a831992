"""Without a non-linearity, a stack of dense layers is one."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.surgery import collapse
from tests.surgery.models import assert_same_outputs, filled, predicted, samples


def quietly(model):
    told: list[str] = []
    return collapse(model, report=told.append), told


def test_the_formula():
    model = filled([nn.Dense(6), nn.Dense(3)], (4,))
    w1, b1, w2, b2 = (
        model.parameters[f"{name}/{part}"] for name in ("dense", "dense_1") for part in ("kernel", "bias")
    )
    merged, told = quietly(model)
    np.testing.assert_allclose(merged.parameters["dense_1/kernel"], w1 @ w2, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(merged.parameters["dense_1/bias"], b1 @ w2 + b2, rtol=1e-5, atol=1e-6)
    assert told == ["dense merged into dense_1: kernels (4, 6) and (6, 3) became (4, 3)"]
    assert [record.path for record in merged.network.layers] == ["dense_1"]


STACKS = {
    "ten layers": ([nn.Dense(7, name=f"d{k}") for k in range(10)], 1),
    "identity activations": ([nn.Dense(3, "linear"), nn.Dense(5, "identity"), nn.Dense(2)], 1),
    "without biases": ([nn.Dense(3, use_bias=False), nn.Dense(5, use_bias=False)], 1),
    "the first bias only": ([nn.Dense(3), nn.Dense(5, use_bias=False)], 1),
    "the last bias only": ([nn.Dense(3, use_bias=False), nn.Dense(5)], 1),
    "dropout between": ([nn.Dense(3), nn.Dropout(0.5), nn.Dense(5)], 1),
    "a non-linearity between": ([nn.Dense(3), nn.Dense(5), nn.Tanh(), nn.Dense(4), nn.Dense(2, "softmax")], 2),
    "up to a non-linearity": ([nn.Dense(5, "relu"), nn.Dense(4, "relu")], 2),
}


@pytest.mark.parametrize("name", STACKS)
def test_what_follows_each_other_is_one_layer(name):
    layers, left = STACKS[name]
    model = filled(layers, (6,))
    merged, _ = quietly(model)
    assert sum(len(value.shape) == 2 for value in merged.parameters.values()) == left
    assert_same_outputs(model, merged, (6,))


@pytest.mark.parametrize(
    ("layers", "shape", "kernel"),
    [
        ([nn.Flatten(), nn.Dense(5), nn.Dense(2)], (4, 3, 2), (24, 2)),
        ([nn.Dense(5), nn.Flatten(), nn.Dense(2)], (4, 3, 2), (24, 2)),
        ([nn.Dense(5), nn.Dense(2)], (4, 3, 2), (2, 2)),
    ],
)
def test_flattened_maps(layers, shape, kernel):
    """Dense layers at each position, then one on all of them: one dense layer on all."""
    model = filled(layers, shape)
    merged, _ = quietly(model)
    assert [value.shape for value in merged.parameters.values() if value.ndim == 2] == [kernel]
    assert_same_outputs(model, merged, shape)


def test_what_stays_and_why():
    shared = nn.Dense(3, name="shared")
    merged, told = quietly(filled([shared, shared], (3,)))
    assert told == ["shared stays before shared: the parameters of shared are used more than once"]
    inner, outer = nn.Dense(3, name="inner"), nn.Dense(3, name="outer")

    def around(x, scope):
        h = inner(x, scope)
        return outer(h, scope) + h

    _, told = quietly(filled(around, (3,)))
    assert told == ["inner stays before outer: what inner gives is also used elsewhere, as it is"]
    model = filled([nn.Dense(3, "relu"), nn.Dense(2)], (4,))
    merged, told = quietly(model)
    assert merged is model
    assert told[0].startswith("nothing to merge")


def test_the_model_itself_stays_as_it_is(capsys):
    model = filled([nn.Dense(6), nn.Dense(3)], (4,))
    before = predicted(model, samples((4,)))
    collapse(model)
    assert capsys.readouterr().out.startswith("dense merged into dense_1")
    np.testing.assert_array_equal(predicted(model, samples((4,))), before)
    assert len(model.parameters) == 4
