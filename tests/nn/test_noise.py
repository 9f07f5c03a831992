"""Noise: its mean and spread are those of its formula."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import ShapeError, UsageError
from chainrule.execute.reference import Program
from chainrule.nn import AlphaDropout, GaussianDropout, GaussianNoise, SpatialDropout1D, SpatialDropout2D, trace
from tests.counts import scaled
from tests.nn.harness import bindings, run

COUNT = scaled(200_000)
LOWEST = -1.7580993408473766


def within(found: np.ndarray, mean: float, variance: float) -> None:
    """Five standard errors for the mean, five percent and more for the variance of few."""
    assert abs(found.mean() - mean) <= 5 * np.sqrt(variance / found.size)
    assert abs(found.var() - variance) <= (0.05 + 20 / np.sqrt(found.size)) * variance


@pytest.mark.parametrize(
    ("layer", "mean", "variance"),
    [(GaussianNoise(0.5), 3.0, 0.25), (GaussianDropout(0.2), 3.0, 9 * 0.25), (GaussianDropout(0.0), 3.0, 0.0)],
    ids=str,
)  # fmt: skip
def test_noise_has_the_mean_and_variance_of_its_formula(layer, mean, variance):
    network = trace(layer, [(4,)])
    x = np.full((COUNT // 4, 4), 3.0)
    within(run(network, x, training=True).astype(np.float64), mean, variance)
    np.testing.assert_array_equal(run(network, x), x)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(rate):
    network = trace(AlphaDropout(rate), [(4,)])
    x = np.random.default_rng(0).standard_normal((COUNT // 4, 4))
    x = (x - x.mean()) / x.std()
    found = run(network, x, training=True).astype(np.float64)
    within(found, 0.0, 1.0)
    a = 1 / np.sqrt((1 - rate) * (1 + rate * LOWEST**2))
    kept = np.isclose(found, a * x - a * rate * LOWEST, atol=1e-5)
    np.testing.assert_allclose(found[~kept], a * LOWEST * (1 - rate), rtol=1e-5)
    assert abs(kept.mean() - (1 - rate)) <= 5 * np.sqrt(0.25 / found.size) + 1e-3


def test_each_step_and_layer_has_its_own_noise_and_keeps_it():
    first, second = GaussianNoise(1.0), GaussianNoise(1.0)
    network = trace(lambda x, scope: second(first(x, scope), scope) - first(x, scope), [(50,)])
    x = np.zeros((2, 50))
    step, again, next_ = (run(network, x, training=True, step=k) for k in (1, 1, 2))
    np.testing.assert_array_equal(step, again)
    assert (step != next_).all()
    assert (step != 0).all()


@pytest.mark.parametrize(("layer", "shape"), [(SpatialDropout1D(0.5), (6, 16)), (SpatialDropout2D(0.5), (3, 2, 16))])
def test_whole_maps_are_dropped(layer, shape):
    network = trace(layer, [shape])
    found = run(network, np.ones((50, *shape)), training=True).reshape(50, 6, 16)
    assert ((found == 0).all(1) | (found == 2).all(1)).all()
    assert abs((found[:, 0] == 0).mean() - 0.5) < 5 * 0.5 / np.sqrt(50 * 16)


@pytest.mark.parametrize(("layer", "name"), [(GaussianNoise(0.5), "stddev"), (SpatialDropout1D(0.5), "rate")])
def test_it_is_turned_off_without_a_new_graph(layer, name):
    network = trace(layer, [(3, 4)])
    (scalar,) = network.scalars.values()
    x = np.ones((2, 3, 4))
    values = bindings(network, x) | {scalar.tensor: np.asarray(0.0)}
    np.testing.assert_array_equal(Program([network.training]).run(values)[0], x)
    assert next(iter(network.scalars)).endswith(f"/{name}")


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match=r"has other axes than \(batch, height, width, channels\)"):
        trace(SpatialDropout2D(0.5), [(3, 4)])
    for wrong in (lambda: GaussianNoise(-1.0), lambda: GaussianDropout(1.0), lambda: AlphaDropout(1.0)):
        with pytest.raises(UsageError, match="must be a"):
            wrong()
