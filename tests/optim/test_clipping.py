"""Bounds on gradients and weights, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.ops.contraction import sum
from chainrule.optim import (
    LBFGS,
    SGD,
    AccumulateGradients,
    Adam,
    ClipByGlobalNorm,
    ClipByNorm,
    ClipByValue,
    Cosine,
    ExponentialAverage,
    MaxNorm,
    Momentum,
    RandomPerturbation,
    StochasticWeightAverage,
)
from tests.optim.sequence import Arrays, sequence, sequences

START = {"a/kernel": np.zeros((2, 2)), "a/bias": np.zeros(2), "b": np.zeros(())}
SLOPES = {"a/kernel": np.array([[3.0, -0.5], [0.0, 4.0]]), "a/bias": np.array([0.3, -0.4]), "b": np.array(12.0)}
GLOBAL = np.sqrt(np.sum([np.sum(slope**2) for slope in SLOPES.values()]))


def loss(parameters: dict[str, Tensor]) -> Tensor:
    first, *others = [sum(slope * parameters[name]) for name, slope in SLOPES.items()]
    return first + others[0] + others[1]


def gradients(wrapper) -> Arrays:
    """What arrives at gradient descent of rate 1."""
    ((_, parameters, _),) = sequences(wrapper, loss, START, 1)
    return {name: -value for name, value in parameters.items()}


def test_by_value():
    for name, found in gradients(ClipByValue(SGD(1.0), 0.5)).items():
        np.testing.assert_array_equal(found, np.clip(SLOPES[name], -0.5, 0.5))


def test_by_norm_of_each_parameter():
    """As tf.clip_by_norm: the short one, and one of exactly this length, stay to the bit."""
    found = gradients(ClipByNorm(SGD(1.0), 0.5))
    np.testing.assert_array_equal(found["a/bias"], SLOPES["a/bias"])
    assert found["b"] == 0.5
    np.testing.assert_allclose(found["a/kernel"], SLOPES["a/kernel"] * 0.5 / np.linalg.norm(SLOPES["a/kernel"]))


@pytest.mark.parametrize("most", [1.0, 13.0])
def test_by_the_norm_of_all(most):
    for name, found in gradients(ClipByGlobalNorm(SGD(1.0), most)).items():
        np.testing.assert_allclose(found, SLOPES[name] * min(1.0, most / GLOBAL), rtol=1e-14)


@pytest.mark.parametrize("wrapper", [ClipByValue, ClipByNorm, ClipByGlobalNorm])
def test_gradients_that_are_zero_or_small_stay(wrapper):
    found = sequence(wrapper(SGD(1.0), 1e3), lambda theta: sum(0.0 * theta), np.ones(3), 1)[0]
    np.testing.assert_array_equal(found["theta"], np.ones(3))
    for name, value in gradients(wrapper(SGD(1.0), 1e3)).items():
        np.testing.assert_array_equal(value, SLOPES[name])


def test_the_outermost_comes_first():
    """By value to (0.5, 0.1), then to the length 0.1; or to the length 0.1, where values are small enough."""

    def moved(wrapper) -> np.ndarray:
        return -sequence(wrapper, lambda t: sum(t * np.array([4.0, 0.1])), np.zeros(2), 1)[0]["theta"]

    values_first = moved(ClipByValue(ClipByNorm(SGD(1.0), 0.1), 0.5))
    np.testing.assert_allclose(values_first, np.array([0.5, 0.1]) * 0.1 / np.hypot(0.5, 0.1))
    norm_first = moved(ClipByNorm(ClipByValue(SGD(1.0), 0.5), 0.1))
    np.testing.assert_allclose(norm_first, np.array([4.0, 0.1]) * 0.1 / np.hypot(4.0, 0.1))


def test_the_optimizer_inside_keeps_its_slots_and_sees_the_clipped_gradient():
    found = sequence(ClipByValue(Momentum(1.0, 0.5), 0.5), lambda theta: sum(3.0 * theta), np.zeros(1), 3)
    assert [values["velocity"].item() for values in found] == [-0.5, -0.75, -0.875]


def test_limits_are_scalars_that_may_be_scheduled():
    optimizer = ClipByGlobalNorm(MaxNorm(Adam(0.01), 2.0), Cosine(4.0))
    assert optimizer.scalars(1, 2) == {
        "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "max_norm": 2.0, "global_clip_norm": 2.0,
    }  # fmt: skip
    assert optimizer.rate("global_clip_norm") == Cosine(4.0)
    assert (optimizer.rate("max_norm"), optimizer.rate("beta_1"), optimizer.rate("momentum")) == (2.0, 0.9, None)


# ---------------------------------------------------------------------------------------------------------- max-norm
KERNELS = {"a/kernel": np.arange(12.0).reshape(2, 3, 2), "b/kernel": np.arange(6.0).reshape(3, 2), "b/bias": np.ones(2)}


def bounded(w: Array, most: float) -> Array:
    norm: Array = np.sqrt((w**2).sum(tuple(range(w.ndim - 1)), keepdims=True))
    return w * np.minimum(1.0, most / norm)


def still(parameters: dict[str, Tensor]) -> Tensor:
    return sum(0.0 * parameters["b/bias"])


def test_weights_into_a_unit_are_at_most_so_long():
    ((_, found, _),) = sequences(MaxNorm(SGD(), 3.0), still, KERNELS, 1)
    for name in ("a/kernel", "b/kernel"):
        np.testing.assert_allclose(found[name], bounded(KERNELS[name], 3.0), rtol=1e-14)
        np.testing.assert_allclose(np.sqrt((found[name] ** 2).sum(tuple(range(found[name].ndim - 1)))), 3.0)
    np.testing.assert_array_equal(found["b/bias"], KERNELS["b/bias"])


def test_each_layer_may_have_its_own():
    optimizer = MaxNorm(MaxNorm(SGD(), 5.0, ("a/*",)), 1.0, ("b/kernel", "*bias"))
    assert optimizer.scalars() == {"learning_rate": 0.01, "max_norm": 5.0, "max_norm_1": 1.0}
    assert (optimizer.rate("max_norm"), optimizer.rate("max_norm_1")) == (5.0, 1.0)
    ((_, found, _),) = sequences(optimizer, still, KERNELS, 1)
    np.testing.assert_allclose(found["a/kernel"], bounded(KERNELS["a/kernel"], 5.0), rtol=1e-14)
    np.testing.assert_allclose(found["b/kernel"], bounded(KERNELS["b/kernel"], 1.0), rtol=1e-14)
    np.testing.assert_allclose(found["b/bias"], np.ones(2) / np.sqrt(2), rtol=1e-14)


def test_short_and_zero_weights_stay():
    ((_, found, _),) = sequences(MaxNorm(SGD(), 100.0), still, {**KERNELS, "c/kernel": np.zeros((2, 2))}, 1)
    assert all((found[name] == value).all() for name, value in KERNELS.items())
    assert not found["c/kernel"].any()


WRONG: list[tuple[Any, list[Any], str]] = [
    (MaxNorm, [SGD(), 3.0, "kernel"], r"parameters='kernel'\): give the names of parameters.*as a tuple"),
    (MaxNorm, [SGD(), 3.0, ()], r"parameters=\(\)"),
    (MaxNorm, [SGD(), 0.0], r"MaxNorm\(max_norm=0.0\): max_norm must be a finite number above 0"),
    (ClipByNorm, [SGD(), -1.0], r"ClipByNorm\(clip_norm=-1.0\)"),
    (ClipByNorm, ["adam"], r"ClipByNorm\(Adam\(0.001\), …\), not around 'adam'"),
    (ClipByValue, [Adam], r"not around Adam"),
    (MaxNorm, [RandomPerturbation()], r"not around RandomPerturbation"),
    (ExponentialAverage, [LBFGS()], r"not around LBFGS"),
    (StochasticWeightAverage, [SGD(), -1], r"start must be a whole number, 0 or more"),
    (StochasticWeightAverage, [SGD(), 0, 0.5], r"every must be a whole number, 1 or more"),
    (ExponentialAverage, [SGD(), 1.0], r"decay must be a number from 0 to below 1"),
    (AccumulateGradients, [SGD(), 0], r"steps must be a whole number, 1 or more"),
]


@pytest.mark.parametrize(("kind", "arguments", "message"), WRONG)
def test_wrong_uses(kind, arguments, message):
    with pytest.raises(UsageError, match=message):
        kind(*arguments)


def test_a_name_that_fits_no_parameter():
    with pytest.raises(UsageError, match=r"no parameter has the name 'c/\*'; there are: a/kernel, b/kernel, b/bias"):
        sequences(MaxNorm(SGD(), 3.0, ("a/*", "c/*")), still, KERNELS, 1)
