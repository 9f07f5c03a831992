"""Python's operators on tensors, and special values of elementwise operations, against NumPy and SciPy."""

from __future__ import annotations

import operator

import numpy as np
import pytest
from scipy import special

from chainrule import ops
from chainrule.autodiff import grad
from chainrule.graph.dtype import bool_, float32, float64, int32, int64, uint8
from chainrule.graph.tensor import Tensor, tensor

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 1e-300, 1e300, np.inf, -np.inf, np.nan])
FIRST, SECOND = (grid.ravel() for grid in np.meshgrid(SPECIAL, SPECIAL))

ARITHMETIC = (operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod)
BITS = (operator.and_, operator.or_, operator.xor)


@pytest.mark.parametrize("apply", [*ARITHMETIC, operator.truediv, operator.pow])
def test_operators_on_floats(apply):
    a, b = np.array([7.5, -7.5, 2.0]), np.array([2.0, 2.0, -0.75])
    with np.errstate(invalid="ignore"):  # a fraction as a power of a negative number
        for left, right in ((a, b), (a, 2), (3, b), (a, -1.5), (2.5, a)):
            found = apply(*(tensor(x) if isinstance(x, np.ndarray) else x for x in (left, right)))
            np.testing.assert_allclose(found.numpy(), apply(left, right), rtol=1e-14)


@pytest.mark.parametrize("apply", [*ARITHMETIC, *BITS])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_operators_on_integers(apply, dtype):
    a, b = np.array([7, -7, 12, 0, 5], dtype), np.array([2, 2, -5, 3, -3], dtype)
    for left, right in ((a, b), (a, 3), (9, b), (a, -4)):
        found = apply(*(tensor(x) if isinstance(x, np.ndarray) else x for x in (left, right)))
        assert found.dtype.name == dtype
        np.testing.assert_array_equal(found.numpy(), apply(left, right))


@pytest.mark.parametrize("apply", [*ARITHMETIC, operator.truediv, operator.pow, operator.matmul, operator.lt])
def test_operators_beside_an_array(apply):
    a, b = np.array([7.5, 7.5, 2.0]), np.array([2.0, 3.0, 0.75])
    for left, right in ((a, tensor(b)), (tensor(a), b), (np.float64(2.5), tensor([2.0])), (a[0], tensor([2.0]))):
        if apply is operator.matmul and np.ndim(left) == 0:
            continue
        found = apply(left, right)
        assert isinstance(found, Tensor)
        np.testing.assert_allclose(found.numpy(), apply(np.asarray(left), np.asarray(right)), rtol=1e-14)


@pytest.mark.parametrize("function", [np.isnan, np.isfinite, np.isinf])
def test_what_numpy_asks_of_numbers_is_asked_of_tensors(function):
    np.testing.assert_array_equal(function(tensor(SPECIAL)).numpy(), function(SPECIAL))


@pytest.mark.parametrize("function", [np.sum, np.mean, np.max, np.min])
def test_numpys_names_of_methods(function):
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    np.testing.assert_allclose(function(tensor(x)).numpy(), function(x))
    np.testing.assert_allclose(function(tensor(x), axis=0, keepdims=True).numpy(), function(x, axis=0, keepdims=True))
    slope = grad(lambda x: function(x * x))(x)  # how it was computed is not lost
    np.testing.assert_allclose(slope.numpy(), grad(lambda x: getattr(ops, function.__name__)(x * x))(x).numpy())


@pytest.mark.parametrize("apply", BITS)
def test_operators_on_conditions(apply):
    a, b = np.array([False, False, True, True]), np.array([False, True, False, True])
    for left, right in ((a, b), (a, True), (False, b)):
        found = apply(*(tensor(x) if isinstance(x, np.ndarray) else x for x in (left, right)))
        assert found.dtype is bool_
        np.testing.assert_array_equal(found.numpy(), apply(left, right))


def test_not():
    np.testing.assert_array_equal((~tensor([True, False])).numpy(), [False, True])
    for dtype in ("int32", "int64", "uint8"):
        x = np.array([0, 1, 200], dtype)
        np.testing.assert_array_equal((~tensor(x)).numpy(), ~x)


@pytest.mark.parametrize(
    ("operation", "operands", "dtype"),
    [
        (ops.floor_divide, (tensor([7], int32), 2), int32),
        (ops.floor_divide, (tensor([7], int64), 2.5), float32),
        (ops.remainder, (tensor([7], uint8), 4), uint8),
        (ops.remainder, (tensor([True]), tensor([True])), int32),
        (ops.bitwise_or, (tensor([True]), tensor([4], uint8)), uint8),
        (ops.bitwise_and, (tensor([1], int32), tensor([4], int64)), int64),
        (ops.bitwise_not, (tensor([True]),), bool_),
        (ops.logical_xor, (tensor([2.0]), tensor([0], int32)), bool_),
        (ops.is_close, (tensor([1], int32), 1), bool_),
        (ops.round, (tensor([1], int32),), float32),
        (ops.reciprocal, (tensor([2], int32),), float32),
        (ops.atan2, (tensor([1], int32), tensor([1.0], float64)), float64),
        (ops.relu6, (tensor([1], int32),), int32),
        (ops.relu6, (tensor([True]),), int32),  # as clip(x, 0, 6)
        (ops.gelu, (tensor([1], int64),), float32),
    ],
)
def test_types(operation, operands, dtype):
    assert operation(*operands).dtype is dtype


@pytest.mark.parametrize(
    ("operation", "authority"),
    [
        (ops.floor_divide, np.floor_divide),
        (ops.remainder, np.remainder),
        (ops.copysign, np.copysign),
        (ops.hypot, np.hypot),
        (ops.atan2, np.arctan2),
        (ops.heaviside, np.heaviside),
        (ops.logaddexp, np.logaddexp),
        (ops.xlogy, special.xlogy),
        (ops.is_close, np.isclose),
        (lambda a, b: ops.is_close(a, b, equal_nan=True), lambda a, b: np.isclose(a, b, equal_nan=True)),
    ],
)
def test_special_values_of_two(operation, authority):
    """Zeros of both signs, infinities and NaN, each with each."""
    with np.errstate(all="ignore"):
        wanted = authority(FIRST, SECOND)
    found = operation(tensor(FIRST), tensor(SECOND)).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-14)
    known = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.signbit(found)[known], np.signbit(wanted)[known])


@pytest.mark.parametrize(
    "name",
    [
        "ceil", "trunc", "exp2", "log2", "log10", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh",
        "atanh", "reciprocal",
    ],
)  # fmt: skip
def test_special_values_of_one(name):
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(SPECIAL)
    found = getattr(ops, name)(tensor(SPECIAL)).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-14)
    known = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.signbit(found)[known], np.signbit(wanted)[known])


def test_finite_infinite_and_rounded():
    np.testing.assert_array_equal(ops.is_finite(SPECIAL).numpy(), np.isfinite(SPECIAL))
    np.testing.assert_array_equal(ops.is_infinite(SPECIAL).numpy(), np.isinf(SPECIAL))
    halves = np.arange(-5, 6) / 2
    np.testing.assert_array_equal(ops.round(halves).numpy(), [-2, -2, -2, -1, 0, 0, 0, 1, 2, 2, 2])
    assert np.isinf(ops.logit([0.0, 1.0]).numpy()).all()
    assert np.isnan(ops.logit([-0.1, 1.1]).numpy()).all()


def test_a_line_ends_where_it_should():
    """Also where one end is lost beside the other."""
    a, b = np.array([1e20, 1.0, np.inf], np.float32), np.array([1.0, 1e20, np.inf], np.float32)
    np.testing.assert_array_equal(ops.lerp(a, b, 0.0).numpy(), a)
    np.testing.assert_array_equal(ops.lerp(a, b, 1.0).numpy(), b)


def test_whole_numbers_divided_by_zero():
    x = tensor([7, 0, -7])
    np.testing.assert_array_equal((x // 0).numpy(), 0)
    np.testing.assert_array_equal((x % 0).numpy(), 0)
