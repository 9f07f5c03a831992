"""Dropout as a mean over thinned networks: enumerated, drawn, by closed formulas, and drawn as pictures (R1, R2)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from chainrule import inspect, nn
from chainrule.errors import UsageError
from chainrule.graph.operation import Array
from chainrule.train.model import Model
from tests.surgery.models import filled, predicted

X = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)


def network(method: str, rate: float = 0.4, last: str | None = None) -> Model:
    layers = [
        nn.Dense(4, "tanh", name="first"),
        nn.Dropout(rate, method, name="drop"),
        nn.Dense(3, "relu", name="second"),
        nn.Dropout(0.5, method, name="again"),
        nn.Dense(2, last, name="out"),
    ]
    return filled(layers, (3,))


def thinned_by_hand(model: Model, masks: tuple[Array, Array], method: str) -> Array:
    own = model.parameters
    factors = (1 / 0.6, 1 / 0.5) if method == "inverted" else (1.0, 1.0)
    first = np.tanh(X @ own["first/kernel"] + own["first/bias"]) * masks[0] * factors[0]
    second = np.maximum(first @ own["second/kernel"] + own["second/bias"], 0) * masks[1] * factors[1]
    found: Array = second @ own["out/kernel"] + own["out/bias"]
    return found


@pytest.mark.parametrize("method", ["direct", "inverted"])
def test_all_thinned_networks_by_hand(method):
    """Each of the 2^7, with its probability; and their mean."""
    model = network(method)
    record = inspect.thinned_networks(model, X)
    assert record.exact
    assert len(record.weights) == 2**7
    assert record.weights.sum() == pytest.approx(1.0)
    assert {tuple(row) for row in np.hstack(list(record.masks.values()))} == set(
        itertools.product((False, True), repeat=7)
    )
    for k in (0, 37, 127):
        masks = record.masks["drop"][k], record.masks["again"][k]
        np.testing.assert_allclose(record.outputs[k], thinned_by_hand(model, masks, method), rtol=1e-4, atol=1e-5)
        kept = masks[0].sum()
        assert record.weights[k] == pytest.approx(0.6**kept * 0.4 ** (4 - kept) * 0.5**3)
    np.testing.assert_allclose(record.mean, np.einsum("s,sno->no", record.weights, record.outputs))
    np.testing.assert_allclose(record.test, predicted(model, X), rtol=1e-5)


@pytest.mark.parametrize("method", ["direct", "inverted"])
def test_the_drawn_mean_agrees_with_that_of_all(method):
    """Within five standard errors, and the error falls as the number of networks grows."""
    model = network(method)
    exact, drawn = inspect.thinned_networks(model, X), inspect.thinned_networks(model, X, 4000, seed=1)
    spread = drawn.outputs.std(0) / np.sqrt(4000)
    assert (np.abs(drawn.mean - exact.mean) < 5 * spread).all()
    from_exact = [np.abs(drawn.outputs[:n].mean(0) - exact.mean).mean() for n in (4, 4000)]
    assert from_exact[1] < from_exact[0] / 5
    assert drawn.error_of_first(4000) == pytest.approx(drawn.error)


@pytest.mark.parametrize("method", ["direct", "inverted"])
def test_each_layer_s_expected_output_is_that_of_the_test_network_up_to_the_first_curve(method):
    """Exactly so of the dropout itself and of what is linear behind it (R2); behind a curve no longer."""
    layers = [
        nn.Dense(6, "relu"),
        nn.Dropout(0.3, method),
        nn.Dense(4, name="linear"),
        nn.Dense(2, "tanh", name="curve"),
    ]
    record = inspect.thinned_networks(filled(layers, (3,)), X)
    assert record.deviations["dropout"] < 1e-6
    assert record.deviations["linear"] < 1e-6
    assert record.deviations["curve"] > 1e-3


def test_the_geometric_mean_of_softmax_classifiers_is_the_test_network_exactly():
    """Hinton et al. 2012: for one layer of dropout at ½, renormalised, over all 2^n networks."""
    model = filled([nn.Dropout(0.5, "direct"), nn.Dense(4), nn.Softmax()], (6,))
    x = np.random.default_rng(2).standard_normal((3, 6))
    record = inspect.thinned_networks(model, x)
    mean = np.exp(np.einsum("s,sno->no", record.weights, np.log(record.outputs)))
    np.testing.assert_allclose(mean / mean.sum(-1, keepdims=True), record.test, rtol=1e-4)


def test_whole_maps_are_thinned_by_map():
    model = filled([nn.Conv2D(3, 2), nn.SpatialDropout2D(0.5, name="maps"), nn.Flatten(), nn.Dense(2)], (4, 4, 1))
    record = inspect.thinned_networks(model, np.ones((2, 4, 4, 1)))
    assert record.masks["maps"].shape == (8, 3)
    assert record.error < 1e-5  # linear behind it


def test_pictures_hold_the_record():
    record = inspect.thinned_networks(network("inverted"), X, 300)
    axes = inspect.plot_thinned_networks(record, which=[0, 5]).figure.axes
    assert len(axes) == 3
    hollow = sum(len(line.get_xdata()) for line in axes[2].lines if line.get_markerfacecolor() == "white")
    assert hollow == sum((~mask[5]).sum() for mask in record.masks.values())
    exact = inspect.thinned_networks(network("inverted"), X)
    (mean,) = inspect.plot_thinned_mean({"drawn": record, "all": exact}).figure.axes
    assert mean.lines[0].get_ydata()[-1] == pytest.approx(record.error)
    assert mean.lines[1].get_ydata()[0] == pytest.approx(exact.error)
    (bars,) = inspect.plot_layer_deviations({"inverted": exact}).figure.axes
    np.testing.assert_allclose([bar.get_width() / 100 for bar in bars.patches], list(exact.deviations.values()))


def test_refusals():
    with pytest.raises(UsageError, match=r"40 neurons may be dropped.*networks=1000"):
        inspect.thinned_networks(Model(nn.Sequential([nn.Dropout(0.5), nn.Dense(1)]), (40,)), np.ones((1, 40)))
    with pytest.raises(UsageError, match="has no dropout"):
        inspect.thinned_networks(Model(nn.Dense(1), (3,)), X)
    with pytest.raises(UsageError, match="networks=1: give how many"):
        inspect.thinned_networks(network("direct"), X, 1)
    wide = Model(nn.Sequential([nn.Dense(40), nn.Dropout(0.5), nn.Dense(1)]), (3,))
    with pytest.raises(UsageError, match="up to 16 neurons in a layer; this one has layers of 3, 40, 1"):
        inspect.plot_thinned_networks(inspect.thinned_networks(wide, X, 2))
