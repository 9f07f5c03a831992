"""Layers that vary images: in training only, anew in each step, and by strengths that may be turned."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import ShapeError, UsageError
from chainrule.execute.reference import Program
from chainrule.nn import (
    Cutout,
    ElasticDistortion,
    MixUp,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomFlip,
    RandomHue,
    RandomRotation,
    RandomSaturation,
    RandomShift,
    RandomZoom,
    trace,
)  # fmt: skip
from tests.nn.harness import bindings, run


def test_images_move_in_training_only():
    network = trace(RandomShift(2), [(9, 9, 1)])
    x = np.zeros((400, 9, 9, 1))
    x[:, 4, 4] = 1
    np.testing.assert_array_equal(run(network, x), x)
    _, rows, columns, _ = np.nonzero(run(network, x, training=True))
    assert len(rows) == 400
    places = {(int(i) - 4, int(j) - 4) for i, j in zip(rows, columns, strict=True)}
    assert places == {(i, j) for i in range(-2, 3) for j in range(-2, 3)}


def test_each_step_moves_them_anew_and_again_the_same():
    network = trace(RandomShift(1), [(5, 5, 1)])
    x = np.random.default_rng(0).standard_normal((20, 5, 5, 1))
    first, again, next_ = (run(network, x, training=True, step=step) for step in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != next_).any()


STRENGTHS = [
    (RandomFlip("horizontal"), "rate"),
    (RandomFlip(), "rate"),
    (RandomBrightness(0.2), "factor"),
    (RandomContrast(0.2), "factor"),
    (RandomSaturation(0.2), "factor"),
    (RandomHue(0.2), "factor"),
    (Cutout(3), "size"),
    (Cutout(3), "rate"),
    (RandomRotation(0.1), "factor"),
    (RandomZoom(0.3), "factor"),
    (ElasticDistortion(20.0), "factor"),
    (MixUp(0.5), "alpha"),
]


@pytest.mark.parametrize(("layer", "scalar"), STRENGTHS)
def test_strengths_are_turned_without_a_new_graph_down_to_nothing(layer, scalar):
    network = trace(layer, [(6, 6, 3)])
    program, (path, *_) = Program([network.training]), (record.path for record in network.layers)
    x = np.random.default_rng(0).uniform(20, 200, (30, 6, 6, 3)).astype(np.float32)
    turned = network.scalars[f"{path}/{scalar}"].tensor
    values = bindings(network, x)
    varied, still, other = (
        program.run(values | v)[0]
        for v in ({}, {turned: np.asarray(0.0)}, {network.step: np.asarray(1)})
    )  # fmt: skip
    np.testing.assert_allclose(still, x, rtol=1e-5)
    changed = np.abs(varied - x).max((1, 2, 3)) > 0.5
    assert changed.sum() > 5
    assert (other != varied).any()
    assert network.inference is network.inputs[0]


def test_crops_are_of_the_middle_in_inference():
    network = trace(RandomCrop(3, 2), [(7, 6, 1)])
    x = np.random.default_rng(0).standard_normal((40, 7, 6, 1)).astype(np.float32)
    np.testing.assert_array_equal(run(network, x), x[:, 2:5, 2:4])
    assert run(network, x, training=True).shape == (40, 3, 2, 1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: RandomFlip("horisontal"), "Did you mean 'horizontal'"),
        (lambda: RandomFlip(rate=2), "a number from 0 to 1"),
        (lambda: RandomRotation(45), "a number from 0 to 0.5"),
        (lambda: RandomCrop(0, 3), "a whole number above 0"),
        (lambda: Cutout(-1), "0 or more"),
        (lambda: MixUp(-0.1), "0 or more"),
        (lambda: trace(RandomCrop(9, 9), [(8, 8, 1)]), "does not fit"),
        (lambda: trace(RandomSaturation(0.1), [(8, 8, 1)]), "needs 3 channels"),
        (lambda: trace(RandomContrast(0.1), [(8,)]), "needs the axes"),
        (lambda: trace(ElasticDistortion(smoothness=0.5), [(8, 8, 1)]), "at least 1"),
    ],
)
def test_what_cannot_be_is_refused(wrong, said):
    with pytest.raises((UsageError, ShapeError), match=said):
        wrong()
