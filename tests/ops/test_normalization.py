"""Normalisation against the formulas in NumPy, and against numbers from PyTorch 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import ops
from chainrule.autodiff import grad
from chainrule.graph.operation import Array
from chainrule.graph.tensor import tensor
from tests.counts import scaled
from tests.ops.normalization_cases import NORMALIZATION


def _layer(x: Array, scale: Any, offset: Any, axis: Any, epsilon: float) -> Array:
    mean, variance = x.mean(axis, keepdims=True), x.var(axis, keepdims=True)
    return np.asarray((x - mean) / np.sqrt(variance + epsilon) * scale + offset)


def _group(x: Array, scale: Array, offset: Array, groups: int, epsilon: float) -> Array:
    parts = [_layer(p, 1, 0, tuple(range(1, x.ndim)), epsilon) for p in np.split(x, groups, -1)]
    return np.concatenate(parts, -1) * scale + offset


def _local_response(x: Array, size: int, alpha: float, beta: float, k: float) -> Array:
    result = np.empty_like(x)
    for c in range(x.shape[-1]):
        near = x[..., max(0, c - size // 2) : c + (size - 1) // 2 + 1]
        result[..., c] = x[..., c] / (k + alpha * (near**2).sum(-1) / size) ** beta
    return result


NUMPY: dict[str, Callable[..., Any]] = {
    "normalize": lambda x, m, v, scale, offset, epsilon: scale * (x - m) / np.sqrt(v + epsilon) + offset,
    "layer_normalization": _layer,
    "group_normalization": _group,
    "instance_normalization": lambda x, scale, offset, epsilon: _group(x, scale, offset, x.shape[-1], epsilon),
    "rms_normalization": lambda x, scale, axis, epsilon: (
        x / np.sqrt((x**2).mean(axis, keepdims=True) + epsilon) * scale
    ),
    "local_response_normalization": _local_response,
    "l2_normalize": lambda x, axis: x / np.sqrt((x**2).sum(axis, keepdims=True)),
}


@pytest.mark.parametrize("name", NUMPY)
@given(data=st.data())
@settings(max_examples=scaled(100))
def test_values_are_those_of_the_formula(name, data):
    case = data.draw(NORMALIZATION[name])
    actual = case(*map(tensor, case.inputs)).numpy()
    np.testing.assert_allclose(actual, NUMPY[name](*case.inputs, **case.attributes), rtol=1e-12, atol=1e-12)


def test_every_operation_has_its_formula():
    assert set(NUMPY) == set(NORMALIZATION)


X = np.array([[[1.0, -2, 3, 0.5], [0, 4, -1, 2]], [[2, 2, -3, 1], [1, 0, 0, 5]]])  # samples, positions, channels
SCALE, OFFSET = np.array([1.0, 2, 0.5, -1]), np.array([0.0, 0.1, -0.2, 0.3])

PYTORCH = {  # the first position of each sample; torch.nn.functional has its channels in front
    "layer_norm": (
        lambda: ops.layer_normalization(X, SCALE, OFFSET),
        [
            [0.2105583900, -2.8478174598, 0.4667682350, 0.3701861300],
            [0.7276060191, 1.5552120382, -1.0488736890, 0.0574646603],
        ],
    ),
    "group_norm of 2 groups": (
        lambda: ops.group_normalization(X, SCALE, OFFSET, groups=2),
        [
            [0.1154699307, -2.4403384747, 0.4185882275, 0.7123921517],
            [0.9045274554, 1.9090549108, -0.8552776423, 0.2126296477],
        ],
    ),
    "instance_norm": (
        lambda: ops.instance_normalization(X, SCALE, OFFSET),
        [
            [0.9999800006, -1.8999988889, 0.2999993750, 1.2999911112],
            [0.9999800006, 2.0999900001, -0.6999988889, 1.2999987500],
        ],
    ),
    "rms_norm with 1e-6": (
        lambda: ops.rms_normalization(X, SCALE),
        [
            [0.5298128685, -2.1192514739, 0.7947193027, -0.2649064342],
            [0.9428089368, 1.8856178737, -0.7071067026, -0.4714044684],
        ],
    ),
    "local_response_norm": (
        lambda: ops.local_response_normalization(X, 3, alpha=0.5, k=2.0),
        [
            [0.4579064350, -0.6659067581, 1.0210303595, 0.1936708423],
            [0.8107200929, 0.6135429004, -0.9988601372, 0.3773952478],
        ],
    ),
    "local_response_norm of an even size": (
        lambda: ops.local_response_normalization(X, 4, alpha=0.5, k=2.0),
        [
            [0.4849009324, -0.7421753823, 1.1063555294, 0.1891006805],
            [0.8773826753, 0.6909745170, -1.0135135450, 0.3710876912],
        ],
    ),
    "normalize": (
        lambda: ops.l2_normalize(X),
        [
            [0.2649064713, -0.5298129428, 0.7947194142, 0.1324532357],
            [0.4714045208, 0.4714045208, -0.7071067812, 0.2357022604],
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PYTORCH)
def test_values_are_those_of_pytorch(name):
    function, wanted = PYTORCH[name]
    np.testing.assert_allclose(function()[:, 0].numpy(), wanted, atol=1e-10)


@pytest.mark.parametrize("function", [ops.layer_normalization, ops.rms_normalization, ops.l2_normalize])
def test_zeros_stay_zeros_and_have_a_finite_derivative(function):
    """Equal features have no spread: ε alone is under the root."""
    zeros = tensor(np.zeros((2, 3), np.float32))
    np.testing.assert_array_equal(function(zeros).numpy(), 0)
    assert np.isfinite(grad(lambda x: ops.sum(function(x) * tensor([1.0, 2.0, 4.0])))(zeros).numpy()).all()


def test_far_from_zero_the_spread_is_not_lost():
    """The variance is that of the deviations; a mean of squares minus the square of the mean would be 0 in float32."""
    x = np.float32(1e4) + np.float32([[-1.0, 1.0, -1.0, 1.0]])
    np.testing.assert_allclose(ops.layer_normalization(x).numpy(), [[-1, 1, -1, 1]], rtol=1e-4)


def test_integers_become_floats():
    assert ops.layer_normalization(np.array([[1, 3]])).dtype.name == "float32"
