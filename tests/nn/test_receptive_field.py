"""The receptive field, against the known recursion and against what really moves an output."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from chainrule.autodiff import gradients
from chainrule.errors import GraphError
from chainrule.execute import Program
from chainrule.graph.tensor import input_tensor
from chainrule.nn import (
    AdaptiveAveragePooling2D,
    AveragePooling2D,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Cropping2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    ReceptiveField,
    Reshape,
    SeparableConv2D,
    Sequential,
    Tanh,
    UpSampling2D,
    ZeroPadding2D,
    lenet5,
    lenet5_1998,
    receptive_field,
    trace,
)  # fmt: skip
from chainrule.ops.contraction import sum
from tests.nn.harness import bindings, run, samples

SIDE = 24
STACKS = [
    [Conv2D(2, 3)],
    [Conv2D(2, (3, 2), strides=(1, 2)), Conv2D(2, 2, dilation=(3, 1))],
    [Conv2D(2, 5, padding="same"), Tanh(), MaxPool2D(2), Conv2D(4, 3, strides=2, groups=2), AveragePooling2D(3, 1)],
    [ZeroPadding2D(3), Conv2D(2, 1), BatchNormalization(), MaxPool2D(3, 2, "same"), Dropout(0.5), Dense(3)],
    [lambda x, scope: Conv2D(1, 3, padding=1, name="a")(x, scope) + Conv2D(1, 7, padding=3, name="b")(x, scope)],
]


def windows(layers: Sequence[object]) -> ReceptiveField:
    """The published recursion, for layers that have windows."""
    size, stride = np.array([1, 1]), np.array([1, 1])
    for layer in layers:
        window = np.broadcast_to(getattr(layer, "kernel_size", getattr(layer, "pool_size", 1)), 2)
        own = getattr(layer, "strides", 1)
        size = size + (window - 1) * np.broadcast_to(getattr(layer, "dilation", 1), 2) * stride
        stride = stride * np.broadcast_to(window if own is None else own, 2)
    return ReceptiveField(tuple(map(int, size)), tuple(map(int, stride)), (0, 0))


@pytest.mark.parametrize("layers", STACKS[:-1], ids=range(len(STACKS) - 1))
def test_the_known_recursion(layers):
    network = trace(Sequential(layers), [(SIDE, SIDE, 2)])
    found = receptive_field(network.inference, network.inputs[0])
    assert (found.size, found.stride) == (windows(layers).size, windows(layers).stride)


@pytest.mark.parametrize("layers", STACKS, ids=range(len(STACKS)))
def test_what_moves_an_output(layers):
    """Pixels outside of the field change nothing; its corners and borders are in use."""
    network = trace(Sequential(layers), [(SIDE, SIDE, 2)])
    field = receptive_field(network.inference, network.inputs[0])
    x = np.random.default_rng(0).standard_normal((1, SIDE, SIDE, 2))
    base = run(network, x)
    i, j = base.shape[1] // 2, base.shape[2] // 2
    pushed = np.repeat(x, 2 * SIDE * SIDE, 0).reshape(2, SIDE, SIDE, *x.shape[1:])
    for row in range(SIDE):
        for column in range(SIDE):
            pushed[:, row, column, row, column] += np.array([[10.0], [-10.0]])
    after = run(network, pushed.reshape(-1, *x.shape[1:]))[:, i, j].reshape(2, SIDE, SIDE, -1)
    moved = (np.abs(after - base[0, i, j]) > 1e-5).any((0, 3))
    rows, columns = np.nonzero(moved.any(1))[0], np.nonzero(moved.any(0))[0]
    first = [start + k * step for start, k, step in zip(field.start, (i, j), field.stride, strict=True)]
    assert [rows[0], columns[0]] == first
    assert [rows[-1], columns[-1]] == [a + size - 1 for a, size in zip(first, field.size, strict=True)]


def test_known_networks():
    convolutions = Sequential(list(lenet5().layers)[:5])
    network = trace(convolutions, [(28, 28, 1)])
    assert receptive_field(network.inference, network.inputs[0]) == ReceptiveField((16, 16), (4, 4), (-2, -2))
    network = trace(Sequential(list(lenet5_1998().layers)[:7]), [(28, 28, 1)])
    assert receptive_field(network.inference, network.inputs[0]) == ReceptiveField((32, 32), (4, 4), (-2, -2))


def test_in_training_batch_normalisation_sees_everything():
    network = trace(Sequential([Conv2D(2, 3), BatchNormalization()]), [(8, 6, 1)])
    assert receptive_field(network.training, network.inputs[0]).size == (8, 6)
    assert receptive_field(network.inference, network.inputs[0]).size == (3, 3)


def test_a_score_sees_the_whole_image():
    network = trace(Sequential([Conv2D(2, 3), Flatten(), Dense(3)]), [(8, 6, 1)])
    assert receptive_field(network.inference, network.inputs[0]) == ReceptiveField((8, 6), (0, 0), (0, 0))


def test_along_one_axis():
    network = trace(Sequential([Conv1D(2, 3, strides=2), Conv1D(2, 3, dilation=4)]), [(40, 1)])
    assert receptive_field(network.inference, network.inputs[0]) == ReceptiveField((19,), (2,), (0,))


HALF, SIXTH = Fraction(1, 2), Fraction(1, 6)
OTHER_SIZES = [
    ([UpSampling2D(2), Conv2D(1, 3)], ((2, 2), (HALF, HALF), (0, 0))),
    ([Conv2DTranspose(1, (3, 4), (2, 1), "same")], ((2, 4), (HALF, 1), (-1, -2))),
    ([UpSampling2D(2), UpSampling2D(3), Conv2D(1, 5)], ((2, 2), (SIXTH, SIXTH), (0, 0))),
    ([AveragePooling2D(2), Conv2D(1, 3), UpSampling2D(2)], ((6, 6), (1, 1), (0, 0))),
    ([AdaptiveAveragePooling2D((12, 24)), Conv2D(1, (1, 3), padding="same")], ((2, 3), (2, 1), (0, -1))),
    ([Flatten(), Reshape((SIDE, SIDE, 2))], ((1, 1), (1, 1), (0, 0))),
    ([SeparableConv2D(2, 3), Cropping2D(2)], ((3, 3), (1, 1), (2, 2))),
]


@pytest.mark.parametrize(("layers", "field"), OTHER_SIZES, ids=range(len(OTHER_SIZES)))
def test_where_maps_get_another_size(layers, field):
    """By hand, and as far as the gradients of outputs of every kind reach: six kinds at most."""
    network = trace(Sequential(layers), [(SIDE, SIDE, 2)])
    found = receptive_field(network.inference, network.inputs[0])
    assert found == ReceptiveField(*field)
    outputs = [sum(network.inference[:, k : k + 1, k : k + 1]) for k in range(6, 12)]
    slopes = Program([g for y in outputs for g in gradients(y, [network.inputs[0]])]).run(
        bindings(network, samples((1, SIDE, SIDE, 2)))
    )
    for axis in (0, 1):
        places = [np.nonzero(slope.any((0, 2 - axis, 3)))[0] for slope in slopes]
        assert places[0][0] == found.start[axis] + 6 * found.stride[axis]
        assert max(p[-1] - p[0] + 1 for p in places) == found.size[axis]


def test_what_is_not_there_has_no_field():
    network = trace(Conv2D(2, 3), [(8, 8, 1)])
    with pytest.raises(GraphError, match="does not depend on 'other'"):
        receptive_field(network.inference, input_tensor("other", (1, 8, 8, 1)))
