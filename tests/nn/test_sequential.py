"""What is put together wrongly is refused in words."""

from __future__ import annotations

from functools import partial

import pytest

from chainrule.errors import UsageError
from chainrule.nn import Conv2D, Dense, ReLU, Sequential, trace
from chainrule.ops import gelu, softmax
from chainrule.train import Model


@pytest.mark.parametrize(
    ("layers", "match"),
    [
        ([Dense(2), ReLU], r"layer 1 of Sequential is the class ReLU.*write ReLU\(\)"),
        (["relu"], "layer 0 of Sequential is 'relu', which is neither a layer nor a function"),
        ([None], "layer 0 of Sequential is None"),
        (Dense(2), "Give a list"),
        ([Dense(2), gelu], r"layer 1 of Sequential is gelu\(x\), a function of tensors.*Write Activation\(gelu\)"),
        ([softmax], r"layer 0 of Sequential is softmax\(x, axis\).*Write Activation\(softmax\)"),
        ([lambda x: 2 * x], r"layer 0 of Sequential is lambda x: …,.*Write Activation\(lambda x: …\)"),
    ],
)
def test_what_is_no_layer(layers, match):
    with pytest.raises(UsageError, match=match):
        Sequential(layers)


def test_functions_with_a_scope_are_layers():
    functions = [lambda x, scope: 2 * x, lambda x, scope=None: x, lambda *both: both[0], partial(lambda k, x, s: x, 3)]
    assert trace(Sequential(functions), [(2,)]).inference.shape[1:] == (2,)


def test_layers_come_in_a_list():
    for layers in ([Dense(2), Dense(3)], [Dense(2), Dense(3), Dense(4)]):
        with pytest.raises(UsageError, match="Give a list"):
            Sequential(*layers)
    assert Sequential(layers=(Dense(2),), name="block").name == "block"


def test_the_line_that_built_it_is_still_known():
    assert "test_sequential.py" in Sequential([], name="block").where


@pytest.mark.parametrize(
    ("architecture", "match"),
    [
        ([Dense(2)], "the architecture is list, which is neither"),
        ("lenet5", "the architecture is 'lenet5', which is neither"),
        (Dense, r"the architecture is the class Dense.*write Dense\(\)"),
        (gelu, r"the architecture is gelu\(x\), a function of tensors alone"),
    ],
)
def test_what_is_no_architecture(architecture, match):
    with pytest.raises(UsageError, match=match):
        Model(architecture)


def test_one_number_is_the_shape_of_a_vector():
    assert Model(Dense(2), 4).network.inputs[0].shape[1:] == (4,)


@pytest.mark.parametrize(("kind", "arguments"), [(Dense, [4]), (Conv2D, [4, 3])])
def test_penalties_and_activations_of_a_wrong_kind(kind, arguments):
    with pytest.raises(UsageError, match=r"kernel_penalty=0.01\): .*Write L2\(0.01\)"):
        kind(*arguments, kernel_penalty=0.01)
    with pytest.raises(UsageError, match="the activation is 8; give a name such as 'relu'"):
        trace(kind(*arguments, activation=8), [(8, 8, 1)])
    with pytest.raises(UsageError, match=r"the activation is the class ReLU.*write ReLU\(\)"):
        trace(kind(*arguments, activation=ReLU), [(8, 8, 1)])
