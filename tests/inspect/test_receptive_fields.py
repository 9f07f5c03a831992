"""Fields of layers by the known recursion, counts by hand, and pictures that draw what the records hold."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import UsageError
from chainrule.inspect import (
    compare_with_dense,
    plot_parameter_comparison,
    plot_receptive_fields,
    receptive_fields,
)  # fmt: skip
from chainrule.train.model import Model


def test_fields_grow_by_the_recursion():
    """RF ← RF + (k - 1)·d·S, S ← S·s, layer by layer."""
    layers = [(3, 1, 2), (5, 2, 1), (2, 2, 1), (3, 1, 1)]  # window, step, dilation
    stack = nn.Sequential([nn.Conv2D(2, k, s, dilation=d) for k, s, d in layers])
    found = receptive_fields(Model(stack, (40, 40, 1)))
    size, stride = 1, 1
    for layer, (k, s, d) in zip(found.layers, layers, strict=True):
        size, stride = size + (k - 1) * d * stride, stride * s
        assert layer.field.size == (size, size)
        assert layer.field.stride == (stride, stride)


def test_branches_and_what_has_no_positions():
    found = receptive_fields(Model(nn.resnet(depth=8, width=2), (16, 16, 3)))
    fields = {layer.path: layer.field.size[0] for layer in found.layers}
    assert (fields["conv"], fields["block1_1"], fields["block1_1/conv1"]) == (3, 7, 5)
    assert "scores" not in fields
    with pytest.raises(UsageError, match="No layer of the model gives a map"):
        receptive_fields(Model(nn.Dense(2), (3,)))


def test_a_picture_of_fields():
    found = receptive_fields(Model(nn.lenet5(), (28, 28, 1)))
    picture = plot_receptive_fields(found, np.zeros((28, 28, 1)))
    image, bars = picture.figure.axes
    sides = sorted({layer.field.size[0] for layer in found.layers})
    assert sorted(patch.get_width() for patch in image.patches) == sides
    assert [bar.get_width() for bar in bars.patches] == sides
    with pytest.raises(UsageError, match="the input has 1 spatial axes"):
        plot_receptive_fields(receptive_fields(Model(nn.Conv1D(2, 3), (9, 1))))


def test_parameters_of_a_convolution_and_of_a_dense_layer():
    """Counts by hand, and by building the dense layer."""
    layers = [nn.Conv2D(3, 3, padding="same", name="a"), nn.Conv2D(4, 2, 2, groups=1, name="b"), nn.Flatten()]
    found = compare_with_dense(Model(nn.Sequential(layers), (6, 8, 2)))
    assert found.layers == ("a", "b")
    assert found.convolution == (3 * 3 * 2 * 3 + 3, 2 * 2 * 3 * 4 + 4)
    dense = [nn.trace(nn.Dense(units), [(inputs,)]) for inputs, units in ((96, 144), (144, 48))]
    assert found.dense == tuple(network.parameter_count for network in dense)
    bars = plot_parameter_comparison(found).figure.axes[0].patches
    assert [bar.get_width() for bar in bars] == [*found.convolution, *found.dense]
    with pytest.raises(UsageError, match="no convolutional layer"):
        compare_with_dense(Model(nn.mlp(), (4, 4, 1)))


def test_groups_and_separable_layers_are_counted_whole():
    layers = [nn.Conv2D(4, 3, groups=2, name="g"), nn.SeparableConv2D(3, 3, name="s")]
    found = compare_with_dense(Model(nn.Sequential(layers), (8, 8, 2)))
    assert found.convolution == (3 * 3 * 1 * 4 + 4, 3 * 3 * 4 + 4 * 3 + 3)
    assert found.dense == (128 * 144 + 144, 144 * 48 + 48)
