"""Batch normalisation as part of the layer before it: the same outputs, fewer operations."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from chainrule import nn
from chainrule.graph.traversal import topological
from chainrule.surgery import fold_batch_normalization
from chainrule.surgery.assembling import as_tuple
from chainrule.train.model import Model
from tests.surgery.models import assert_same_outputs, filled

BN = nn.BatchNormalization
LAYERS = {
    "dense": (nn.Dense(3), (4,)),
    "dense at positions": (nn.Dense(3), (5, 4)),
    "conv1d": (nn.Conv1D(4, 3, padding="same"), (9, 2)),
    "conv2d": (nn.Conv2D(4, 3, 2, "same"), (9, 8, 2)),
    "groups": (nn.Conv2D(6, 3, groups=2), (9, 8, 4)),
    "conv3d": (nn.Conv3D(4, 2), (4, 5, 3, 2)),
    "depthwise": (nn.DepthwiseConv2D(3, depth_multiplier=3), (6, 6, 2)),
    "depthwise of a series": (nn.DepthwiseConv1D(3), (6, 4)),
    "separable": (nn.SeparableConv2D(5, 3), (6, 6, 2)),
    "transposed": (nn.Conv2DTranspose(4, 3, 2, "same"), (4, 5, 3)),
    "transposed in groups": (nn.Conv2DTranspose(6, 3, 2, groups=2), (4, 5, 4)),
    "transposed, larger": (nn.Conv1DTranspose(4, 3, 3, output_padding=2), (4, 3)),
}


def names(model):
    return [node.operation.name for node in topological(as_tuple(model.network.inference))]


@pytest.mark.parametrize("use_bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("name", LAYERS)
def test_every_affine_layer(name, use_bias):
    layer, shape = LAYERS[name]
    layer = replace(layer, use_bias=use_bias)
    model = filled([layer, BN(), nn.Tanh()], shape)
    told: list[str] = []
    folded = fold_batch_normalization(model, report=told.append)
    assert told == [f"batch_normalization folded into {model.network.layers[0].path}"]
    assert "normalize" not in names(folded)
    assert not folded.states
    assert [record.kind for record in folded.network.layers] == [type(layer).__name__, "Tanh"]
    assert_same_outputs(model, folded, shape)


def test_the_formula():
    model = filled([nn.Dense(2, name="d"), BN(name="n")], (3,))
    p, s = model.parameters, model.states
    scale = p["n/gamma"] / np.sqrt(s["n/moving_variance"] + 1e-3)
    folded = fold_batch_normalization(model, report=None)
    np.testing.assert_allclose(folded.parameters["d/kernel"], p["d/kernel"] * scale, rtol=1e-5)
    expected = (p["d/bias"] - s["n/moving_mean"]) * scale + p["n/beta"]
    np.testing.assert_allclose(folded.parameters["d/bias"], expected, rtol=1e-5)


def test_a_residual_network_and_its_file(tmp_path):
    model = filled(nn.resnet(depth=8, width=4), (12, 12, 3))
    folded = fold_batch_normalization(model, report=None)
    assert "normalize" not in names(folded)
    assert_same_outputs(model, folded, (12, 12, 3))
    folded.save(tmp_path / "m")
    assert_same_outputs(model, Model.load(tmp_path / "m"), (12, 12, 3))


def test_natively_too():
    model = filled([nn.Conv2D(4, 3, use_bias=False), BN(), nn.ReLU()], (8, 8, 2))
    folded = fold_batch_normalization(model, report=None)
    x = np.random.default_rng(0).standard_normal((5, 8, 8, 2)).astype(np.float32)
    np.testing.assert_allclose(folded.predict(x), model.predict(x), rtol=1e-4, atol=1e-5)


def shared_layer(x, scope, layer=nn.Dense(4, name="shared"), norm=BN(name="norm")):  # noqa: B008
    return norm(layer(layer(x, scope), scope), scope)


def used_elsewhere(x, scope, layer=nn.Dense(4, name="d"), norm=BN(name="norm")):  # noqa: B008
    y = layer(x, scope)
    return norm(y, scope) + y


@pytest.mark.parametrize(
    ("architecture", "reason"),
    [
        (
            [BN(name="norm"), nn.Dense(2)],
            r"norm stays: what it normalises comes from 'x' \(batch, 4\).*, not from a dense",
        ),
        ([nn.Dense(4, "relu"), BN(name="norm")], r"norm stays: what it normalises comes from relu"),
        (shared_layer, "norm stays: the parameters of shared are used more than once"),
        (used_elsewhere, "norm stays: what d gives is also used elsewhere, as it is"),
        ([nn.Dense(2)], "there is no batch normalisation"),
    ],
)
def test_what_stays_and_why(architecture, reason):
    model = filled(architecture, (4,))
    told: list[str] = []
    assert fold_batch_normalization(model, report=told.append) is model
    assert len(told) == 1
    assert re.match(reason, told[0]), told[0]


def test_the_rest_is_folded_where_one_stays():
    model = filled([BN(name="first"), nn.Dense(3, name="d"), BN(name="second"), nn.Dense(2)], (4,))
    told: list[str] = []
    folded = fold_batch_normalization(model, report=told.append)
    assert told[0].startswith("first stays")
    assert told[1] == "second folded into d"
    assert names(folded).count("normalize") == 1
    assert list(folded.states) == ["first/moving_mean", "first/moving_variance"]
    assert_same_outputs(model, folded, (4,))
