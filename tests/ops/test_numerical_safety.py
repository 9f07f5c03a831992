"""Values and gradients at ±10,000 in float32, where a careless formula overflows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import special

from chainrule import ops
from chainrule.autodiff import grad, jvp
from chainrule.autodiff.reverse import gradients
from chainrule.execute import Program
from chainrule.execute.native import NativeProgram
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, input_tensor, tensor

_POINTS = np.array([-1e4, -300.0, -90.0, -20.0, -1.0, 0.5, 1.0, 20.0, 90.0, 300.0, 1e4], np.float32)


def _bent(x: Array) -> Array:
    return np.asarray(2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))


def _gate_slope(x: Array, z: Array) -> Array:
    return np.asarray(special.expit(z) * (1 + x * special.expit(-z) * _inner_slope(x)))


def _inner_slope(x: Array) -> Array:
    return np.asarray(2 * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2))


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
    "selu": (
        ops.selu,
        lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
        lambda x: 1.0507009873554805 * np.where(x > 0, 1, 1.6732632423543772 * np.exp(np.minimum(x, 0))),
    ),
    "celu": (
        lambda x: ops.celu(x, 2.0),
        lambda x: np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0) / 2)),
        lambda x: np.exp(np.minimum(x, 0) / 2),
    ),
    "gelu": (
        ops.gelu,
        lambda x: x * special.ndtr(x),
        lambda x: special.ndtr(x) + x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
    ),
    "silu": (ops.silu, lambda x: x * special.expit(x), lambda x: special.expit(x) * (1 + x * special.expit(-x))),
    "gelu_tanh": (ops.gelu_tanh, lambda x: x * special.expit(_bent(x)), lambda x: _gate_slope(x, _bent(x))),
    "mish": (
        ops.mish,
        lambda x: x * np.tanh(np.logaddexp(x, 0)),
        lambda x: (lambda t: t + x * special.expit(x) * (1 - t * t))(np.tanh(np.logaddexp(x, 0))),
    ),
    "softsign": (ops.softsign, lambda x: x / (1 + np.abs(x)), lambda x: (1 + np.abs(x)) ** -2),
    "log_sigmoid": (ops.log_sigmoid, special.log_expit, lambda x: special.expit(-x)),
    "hard_swish": (
        ops.hard_swish,
        lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
        lambda x: np.where(x > 3, 1, np.where(x < -3, 0, x / 3 + 0.5)),
    ),
    "tanh_shrink": (ops.tanh_shrink, lambda x: x - np.tanh(x), lambda x: np.tanh(x) ** 2),
    "atan": (ops.atan, np.arctan, lambda x: 1 / (1 + x * x)),
    "asinh": (ops.asinh, np.arcsinh, lambda x: 1 / np.hypot(1, x)),
    "hypot": (lambda x: ops.hypot(x, 3e38), lambda x: np.hypot(x, 3e38), lambda x: x / np.hypot(x, 3e38)),
    "logaddexp": (lambda x: ops.logaddexp(x, 1.0), lambda x: np.logaddexp(x, 1.0), lambda x: special.expit(x - 1)),
    "erfc": (ops.erfc, special.erfc, lambda x: -2 / np.sqrt(np.pi) * np.exp(-x * x)),
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


@pytest.mark.parametrize("program", [Program, NativeProgram])
def test_gelu_keeps_its_digits_where_it_is_small(program):
    """1 + erf cancels: with it, float32 is off by 4 % at -5 and gives 0 at -6."""
    points = np.linspace(-12, -1, 300).astype(np.float32)
    x, wide = input_tensor("x", points.shape), points.astype(np.float64)
    y = ops.gelu(x)
    slope = gradients(ops.sum(y), [x])[0]
    values, slopes = program([y, slope]).run({x: points})
    density = np.exp(-0.5 * wide * wide) / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(values, wide * special.ndtr(wide), rtol=2e-5)
    np.testing.assert_allclose(slopes, special.ndtr(wide) + wide * density, rtol=2e-5)


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
        (lambda x: ops.celu(x, 0.5), 0.0, 1.0),
        (ops.selu, 0.0, 1.0507009873554805 * 1.6732632423543772),
        (ops.relu6, 6.0, 0.0),
        (ops.hard_tanh, -1.0, 0.0),
        (ops.hard_sigmoid, 3.0, 0.0),
        (ops.hard_swish, -3.0, 0.0),
        (ops.hard_swish, 3.0, 1.0),
        (lambda x: ops.threshold(x, 1.0, -7.0), 1.0, 0.0),
        (lambda x: ops.soft_shrink(x, 0.5), 0.5, 0.0),
        (lambda x: ops.hard_shrink(x, 0.5), -0.5, 0.0),
        (lambda x: ops.copysign(x, -1.0), 0.0, 0.0),
        (lambda x: ops.copysign(x, -0.0), 2.0, -1.0),
        (lambda x: ops.heaviside(0.0, x), 0.5, 1.0),
        (lambda x: ops.hypot(x, 0.0), 0.0, 0.0),
        (lambda x: ops.atan2(x, 0.0), 0.0, 0.0),
        (lambda x: ops.remainder(x, 2.0), 4.0, 1.0),
        (lambda x: ops.remainder(7.0, x), 2.0, -3.0),
        (lambda x: ops.xlogy(0.0, x), 0.0, 0.0),
        (lambda x: ops.xlogy(0.0, x), 3.0, 0.0),
        (lambda x: ops.xlogy(x, 0.0), 0.0, 0.0),
        (lambda x: ops.xlogy(x, 3.0), 0.0, np.log(3)),
        (lambda x: ops.logaddexp(x, np.inf), np.inf, 0.5),
        (lambda x: ops.logaddexp(x, -np.inf), -np.inf, 0.5),
        (lambda x: ops.logaddexp(x, -np.inf), 2.0, 1.0),
        (lambda x: ops.logaddexp(x, 2.0), 2.0, 0.5),
    ],
)
def test_slopes_at_kinks_and_corners_of_the_domain(function, x, slope):
    """As the conventions of the declarations say, in both modes."""
    assert float(grad(function)(x)) == pytest.approx(slope)
    assert float(jvp(function, [x], [1.0])[1]) == pytest.approx(slope)


@pytest.mark.parametrize("name", ALONE)
def test_second_slopes_stay_finite(name):
    """Where the first has long become constant, a careless formula has ∞ - ∞ or 0 · ∞."""
    x = tensor(np.array([-3e38, -1e20, *_POINTS, 1e20, 3e38], np.float32))
    first = grad(lambda x: ops.sum(ALONE[name][0](x)))
    assert np.isfinite(first(x).numpy()).all()
    assert np.isfinite(grad(lambda x: ops.sum(x + first(x)))(x).numpy()).all()  # 1 + f'': never without a gradient


def test_second_slopes_where_two_arguments_meet():
    """The guards of special cases leave the neighbourhood of ordinary ones alone."""
    second = grad(grad(lambda x: ops.logaddexp(x, 2.0)))
    assert float(second(2.0)) == pytest.approx(0.25)
    mixed = grad(lambda b: grad(lambda a: ops.xlogy(a, b))(0.0))
    assert float(mixed(4.0)) == pytest.approx(0.25)


def test_hyperbolic_functions_end_where_their_values_do():
    """exp overflows from 88.7 on, half of it only from 89.4 on; the inverse of the largest number is small."""
    x = np.array([89.0, -89.0], np.float32)
    np.testing.assert_allclose(ops.sinh(x).numpy(), np.sinh(x.astype(float)), rtol=1e-6)
    np.testing.assert_allclose(ops.cosh(x).numpy(), np.cosh(x.astype(float)), rtol=1e-6)
    big = np.array([3e38], np.float32)
    np.testing.assert_allclose(ops.acosh(big).numpy(), np.arccosh(big.astype(float)), rtol=1e-6)
    near = np.array([1.0, 1 + 2.0**-23, 1 - 2.0**-24], np.float32)
    np.testing.assert_allclose(ops.acosh(near[:2]).numpy(), np.arccosh(near[:2].astype(float)), rtol=1e-6)
    for function, true in ((ops.asin, np.arcsin), (ops.acos, np.arccos), (ops.atanh, np.arctanh)):
        y = np.array([near[2], -near[2], 0.6, -1e-20], np.float32)
        np.testing.assert_allclose(function(y).numpy(), true(y.astype(float)), rtol=1e-6)
