"""Values and gradients at ±10,000 in float32, where a careless formula overflows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import special

from chainrule import ops
from chainrule.autodiff import grad, jvp
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, tensor

_POINTS = np.array([-1e4, -300.0, -90.0, -20.0, -1.0, 0.5, 1.0, 20.0, 90.0, 300.0, 1e4], np.float32)

# operation: its value and its slope in float64, from SciPy where it has them
ALONE: dict[str, tuple[Callable[..., Tensor], Callable[[Array], Array], Callable[[Array], Array]]] = {
    "sigmoid": (ops.sigmoid, special.expit, lambda x: special.expit(x) * special.expit(-x)),
    "tanh": (ops.tanh, np.tanh, lambda x: 4 * special.expit(2 * x) * special.expit(-2 * x)),
    "softplus": (ops.softplus, lambda x: np.logaddexp(x, 0), special.expit),
    "elu": (
        lambda x: ops.elu(x, 1.0),
        lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        lambda x: np.where(x > 0, 1, np.exp(np.minimum(x, 0))),
    ),
    "relu": (ops.relu, lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "leaky_relu": (
        lambda x: ops.leaky_relu(x, 0.01),
        lambda x: np.where(x > 0, x, 0.01 * x),
        lambda x: np.where(x > 0, 1, 0.01),
    ),
    "erf": (ops.erf, special.erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-x * x)),
}


@pytest.mark.parametrize("name", ALONE)
def test_elementwise_values_and_slopes(name):
    function, value, slope = ALONE[name]
    x, wide = tensor(_POINTS), _POINTS.astype(np.float64)
    y, forward = jvp(function, [x], [np.ones_like(_POINTS)])
    reverse = grad(lambda x: ops.sum(function(x)))(x)
    for actual, wanted in ((y, value(wide)), (forward, slope(wide)), (reverse, slope(wide))):
        assert actual.numpy().dtype == np.float32
        # a slope y·(1 - y) near saturation is known to an ulp of y
        np.testing.assert_allclose(actual.numpy(), wanted, rtol=2e-6, atol=2e-7)


_ROWS = np.array(
    [[1e4, -1e4, 0.0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4 + 1], [300.0, 0.0, -300.0], [0.1, 0.2, 0.3]], np.float32
)


@pytest.mark.parametrize("name", ["log_softmax", "softmax", "log_sum_exp"])
def test_rows_of_large_numbers(name):
    wide = _ROWS.astype(np.float64)
    probabilities = special.softmax(wide, -1)
    function = {
        "log_softmax": ops.log_softmax,
        "softmax": ops.softmax,
        "log_sum_exp": lambda x: ops.log_sum_exp(x, -1),
    }[name]
    value = {"log_softmax": special.log_softmax, "softmax": special.softmax, "log_sum_exp": special.logsumexp}[name]
    np.testing.assert_allclose(function(_ROWS).numpy(), value(wide, axis=-1), rtol=1e-6, atol=1e-6)
    gradient = grad(lambda x: ops.sum(function(x)[..., 0]))(_ROWS).numpy()
    first = np.eye(3)[0]
    wanted = {
        "log_softmax": first - probabilities,
        "softmax": probabilities[:, :1] * (first - probabilities),
        "log_sum_exp": np.where(np.arange(5)[:, None] == 0, probabilities, 0),
    }[name]
    np.testing.assert_allclose(gradient, wanted, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_of_certain_and_wrong_answers(smoothing):
    labels = np.array([1, 0, 2, 2, 1])
    wide = _ROWS.astype(np.float64)
    targets = np.eye(3)[labels] * (1 - smoothing) + smoothing / 3
    loss = ops.cross_entropy(_ROWS, labels, label_smoothing=smoothing)
    np.testing.assert_allclose(loss.numpy(), -(targets * special.log_softmax(wide, -1)).sum(-1), rtol=1e-6)
    gradient = grad(lambda x: ops.sum(ops.cross_entropy(x, labels, label_smoothing=smoothing)))(_ROWS)
    np.testing.assert_allclose(gradient.numpy(), special.softmax(wide, -1) - targets, atol=1e-6)


def test_cross_entropy_of_an_impossible_class_is_infinite_and_of_a_certain_one_zero():
    logits = np.array([[0.0, -np.inf], [0.0, -np.inf]], np.float32)
    np.testing.assert_array_equal(ops.cross_entropy(logits, [0, 1]).numpy(), [0.0, np.inf])
    assert np.isfinite(grad(lambda x: ops.cross_entropy(x, 0))(logits[0]).numpy()).all()


def test_nothing_but_minus_infinity():
    assert ops.log_sum_exp([-np.inf, -np.inf]).numpy() == -np.inf
    assert ops.log_sum_exp([np.inf, 0.0]).numpy() == np.inf


def test_small_numbers_keep_their_digits():
    x = np.array([1e-10, -1e-10, 1e-20], np.float32)
    np.testing.assert_allclose(ops.expm1(x).numpy(), x, rtol=1e-6)
    np.testing.assert_allclose(ops.log1p(x).numpy(), x, rtol=1e-6)
    np.testing.assert_allclose(ops.elu(x, 1.0).numpy(), x, rtol=1e-6)


@pytest.mark.parametrize(
    ("function", "x", "slope"),
    [
        (lambda x: x**2, 0.0, 0.0),
        (lambda x: x**3, -2.0, 12.0),
        (lambda x: x**1, 0.0, 1.0),
        (lambda x: x**0, 0.0, 0.0),
        (lambda x: 2.0**x, 0.0, np.log(2)),
        (lambda x: ops.where(x > 0, ops.log(ops.where(x > 0, x, 1.0)), 0.0), -1.0, 0.0),
        (ops.relu, 0.0, 0.0),
        (ops.absolute, 0.0, 0.0),
        (lambda x: ops.maximum(x, 0.0), 0.0, 1.0),
        (lambda x: ops.clip(x, 0.0, 1.0), 1.0, 1.0),
        (lambda x: ops.leaky_relu(x, 0.1), 0.0, 0.1),
        (lambda x: ops.elu(x, 0.5), 0.0, 0.5),
    ],
)
def test_slopes_at_kinks_and_corners_of_the_domain(function, x, slope):
    """As the conventions of the declarations say, in both modes."""
    assert float(grad(function)(x)) == pytest.approx(slope)
    assert float(jvp(function, [x], [1.0])[1]) == pytest.approx(slope)
