"""Operations against NumPy, for everything that NumPy has."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import ops
from chainrule.errors import ShapeError
from chainrule.graph.dtype import bool_, float32, float64, int32, int64, uint8
from chainrule.graph.operation import Array
from chainrule.graph.tensor import tensor
from tests.counts import scaled
from tests.ops.attention_cases import ATTENTION
from tests.ops.augmentation_cases import AUGMENTATION
from tests.ops.cases import CASES
from tests.ops.normalization_cases import NORMALIZATION
from tests.ops.shaping_cases import filled_in
from tests.ops.window_cases import WINDOWS


def _taken(x: Array, indices: Array, axis: int, batch_dims: int) -> Array:
    if not batch_dims:
        return np.asarray(np.take(x, indices, axis))
    return np.stack([_taken(a, b, axis, batch_dims - 1) for a, b in zip(x, indices, strict=True)])


def _scattered(updates: Array, indices: Array, extent: int) -> Array:
    y = np.zeros((extent, *updates.shape[indices.ndim :]))
    np.add.at(y, indices, updates)
    return y


def _one_hot(labels: Array, classes: int, dtype: str) -> Array:
    return np.asarray(labels[..., None] == np.arange(classes), dtype)


def _accumulated(function: np.ufunc) -> Callable[..., Array]:
    def running(x: Array, axis: int, reverse: bool) -> Array:
        return np.flip(function.accumulate(np.flip(x, axis), axis), axis) if reverse else function.accumulate(x, axis)

    return running


def _padded(x: Array, widths: list[tuple[int, int]], mode: str = "constant", value: float = 0) -> Array:
    if not widths:
        return x
    if mode == "constant":
        return np.pad(x, widths, constant_values=value)
    return np.asarray(np.pad(x, widths, mode={"circular": "wrap"}.get(mode, mode)))  # type: ignore[call-overload]


def _recurred(a: Array, b: Array, axis: int, reverse: bool) -> Array:
    a, b = (np.moveaxis(x, axis, 0)[:: -1 if reverse else 1] for x in np.broadcast_arrays(a, b))
    y: list[Array] = []
    for k in range(len(b)):
        y.append(a[k] * y[-1] + b[k] if y else b[k])
    return np.moveaxis(np.array(y).reshape(b.shape)[:: -1 if reverse else 1], 0, axis)


def _to_eight_digits(x):
    fraction, exponent = np.frexp(x.astype(np.float32))
    return np.ldexp(np.rint(np.ldexp(fraction, 8)), exponent - 8)


def _maxout(x: Array, pieces: int, axis: int) -> Array:
    return np.asarray(np.max([np.take(x, range(k, x.shape[axis], pieces), axis) for k in range(pieces)], 0))


def _in_order(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda x, axis, descending: function(-x if descending else x, axis, kind="stable")


def _vector_norm(x: Array, order: float, axis: Any, keepdims: bool) -> Array:
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    size = np.abs(x)
    if np.isinf(order):
        return np.asarray((np.max if order > 0 else np.min)(size, axes, keepdims=keepdims))
    return np.asarray(np.sum(size**order, axes, keepdims=keepdims) ** (1 / order))


def _grid(*vectors: Array, indexing: Any) -> Array:
    return np.stack(np.meshgrid(*vectors, indexing=indexing))


_SAME_NAME = [
    "absolute", "acos", "acosh", "add", "all", "any", "argmax", "argmin", "asin", "asinh", "atan", "atan2", "atanh",
    "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "broadcast_to", "ceil", "clip", "copysign", "cos",
    "cosh", "count_nonzero", "diagonal", "divide", "equal", "exp", "exp2", "expand_dims", "expm1", "flip", "floor",
    "floor_divide", "greater", "greater_equal", "heaviside", "hypot", "inner", "less", "less_equal", "log", "log10",
    "log1p", "log2", "logaddexp", "logical_and", "logical_not", "logical_or", "logical_xor", "matmul", "max",
    "maximum", "mean", "min", "minimum", "moveaxis", "multiply", "negative", "not_equal", "ones", "outer", "power",
    "prod", "ravel", "reciprocal", "remainder", "repeat", "reshape", "roll", "sign", "sin", "sinh", "sqrt", "square",
    "squeeze", "subtract", "sum", "swapaxes", "take", "take_along_axis", "tan", "tanh", "tensordot", "trace",
    "transpose", "trunc", "where", "zeros",
]  # fmt: skip

NUMPY: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in _SAME_NAME},
    "arange": lambda extent: np.arange(extent),
    "argsort": _in_order(np.argsort),
    "bilinear": lambda x, z, w: np.einsum("...i,ijo,...j->...o", x, w, z),
    "brackets": lambda x, *indices, key: x[filled_in(key, indices)],
    "cast": lambda x, dtype: x.astype(dtype),
    "concatenate": lambda *x, axis: np.concatenate(x, axis),
    "cumulative_max": _accumulated(np.maximum),
    "cumulative_prod": _accumulated(np.multiply),
    "cumulative_sum": _accumulated(np.add),
    "diag": lambda x, offset: np.diag(x, offset),
    "einsum": lambda *x, subscripts: np.einsum(subscripts, *x),
    "flatten": lambda x: x.reshape(len(x), -1) if x.size else x.reshape(len(x), math.prod(x.shape[1:])),
    "full": lambda x, shape: np.full(shape, x),
    "gather": _taken,
    "identity": np.positive,
    "hard_shrink": lambda x, t: x * (np.abs(x) > t),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "is_close": lambda a, b, rtol, atol: np.isclose(a, b, rtol, atol),
    "is_finite": np.isfinite,
    "is_infinite": np.isinf,
    "is_nan": np.isnan,
    "lerp": lambda a, b, weight: (1 - weight) * a + weight * b,
    "leaky_relu": lambda x, slope: np.where(x > 0, x, slope * x),
    "linear_recurrence": _recurred,
    "meshgrid": _grid,
    "norm": _vector_norm,
    "one_hot": _one_hot,
    "pad": _padded,
    "ranks": lambda x, descending: np.argsort(np.argsort(-x if descending else x, -1), -1),
    "maxout": _maxout,
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "round": np.rint,
    "round_to_bfloat16": _to_eight_digits,
    "rsqrt": lambda x: x**-0.5,
    "scatter_add": _scattered,
    "shift_right": np.right_shift,
    "size": lambda x: x * len(x),
    "slice": lambda x, key: x[key],
    "sort": lambda x, axis, descending: (-1) ** descending * np.sort(-x if descending else x, axis),
    "split": lambda x, sections, axis: np.concatenate(np.split(x, sections, axis)[::-1], axis),
    "soft_shrink": lambda x, t: np.sign(x) * np.maximum(np.abs(x) - t, 0),
    "softplus": lambda x: np.logaddexp(x, 0),
    "softsign": lambda x: 1 / (1 / x + np.sign(x)),
    "stop_gradient": np.positive,
    "stack": lambda *x, axis: np.stack(x, axis),
    "standard_deviation": np.std,
    "tile": lambda x, repetitions: np.tile(x, repetitions),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "threshold": lambda x, threshold, value: np.where(x > threshold, x, value),
    "top_k": lambda x, k: -np.sort(-x, -1)[..., :k],
    "top_places": lambda x, k: np.argsort(-x, -1, kind="stable")[..., :k],
    "tril": lambda x, offset: np.tril(x, offset),
    "triu": lambda x, offset: np.triu(x, offset),
    "unstack": np.flip,
    "variance": np.var,
}  # fmt: skip

# What NumPy lacks, and what stands for it.
ELSEWHERE = {
    **dict.fromkeys(("cross_entropy", "elu", "erf", "erfc", "log_softmax"), "test_against_scipy"),
    **dict.fromkeys(("log_sum_exp", "sigmoid", "softmax"), "test_against_scipy"),
    **dict.fromkeys(("celu", "gelu", "gelu_tanh", "glu", "hard_sigmoid", "hard_swish"), "test_against_scipy"),
    **dict.fromkeys(("log_sigmoid", "logit", "mish", "selu", "silu", "xlogy"), "test_against_scipy"),
    **dict.fromkeys(("bernoulli", "dropout", "inverted_dropout", "normal"), "test_random"),
    **dict.fromkeys(("random_bits", "uniform"), "test_random"),
    **dict.fromkeys(AUGMENTATION, "test_augmentation"),
    **dict.fromkeys(NORMALIZATION, "test_normalization"),
    **dict.fromkeys(WINDOWS, "test_windows, test_against_scipy"),
    **dict.fromkeys(ATTENTION, "test_attention"),
}


def test_every_operation_has_an_authority():
    assert {*NUMPY, *ELSEWHERE} == set(CASES)


@pytest.mark.parametrize("name", NUMPY)
@given(data=st.data())
@settings(max_examples=scaled(100))
def test_values_are_those_of_numpy(name, data):
    case = data.draw(CASES[name])
    actual = case(*map(tensor, case.inputs)).numpy()
    wanted = np.asarray(NUMPY[name](*case.inputs, **case.attributes))
    assert actual.shape == wanted.shape
    np.testing.assert_allclose(actual, wanted, rtol=1e-13, atol=1e-12)


_INTEGERS_STAY = [
    "absolute", "add", "bilinear", "brackets", "clip", "cumulative_prod", "cumulative_sum", "einsum", "equal", "less",
    "linear_recurrence", "matmul", "max", "maximum", "min", "multiply", "negative", "outer", "pad", "prod", "sign",
    "slice", "sort", "square", "subtract", "sum", "tensordot", "trace", "tril", "where",
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("name", _INTEGERS_STAY)
@given(data=st.data())
@settings(max_examples=scaled(50))
def test_integers_stay_integers(name, dtype, data):
    case = data.draw(CASES[name]).converted(dtype)
    if case.attributes.get("value"):
        return  # padding with a fraction makes floats
    actual = case(*map(tensor, case.inputs)).numpy()
    with np.errstate(invalid="ignore"):
        wanted = np.asarray(NUMPY[name](*case.inputs, **case.attributes))
    assert actual.dtype == (bool if wanted.dtype == bool else dtype)
    np.testing.assert_array_equal(actual, wanted)


# --------------------------------------------------------------------------------------------------------- brackets
_KEYS = (
    0, -1, slice(None), slice(1, 3), slice(None, None, -1), slice(-2, None), slice(3, 0, -2), slice(5, 9), None, ...,
    np.int64(1),
)  # fmt: skip


def test_brackets_mean_what_they_mean_in_numpy():
    """One and two entries of every kind, and three where they fit."""
    x = np.arange(60.0).reshape(4, 3, 5)
    count = 0
    for key in itertools.chain(((k,) for k in _KEYS), itertools.product(_KEYS, _KEYS)):
        if sum(k is ... for k in key) < 2:
            np.testing.assert_array_equal(tensor(x)[key].numpy(), x[key])
            count += 1
    assert count > 100
    np.testing.assert_array_equal(tensor(x)[2].numpy(), x[2])
    np.testing.assert_array_equal(tensor(x)[1, 2, 3].numpy(), x[1, 2, 3])
    np.testing.assert_array_equal(tensor(x)[tensor([3, 0, 3])].numpy(), x[[3, 0, 3]])
    np.testing.assert_array_equal(tensor(x)[tensor(2)].numpy(), x[2])


def test_iteration_goes_along_the_first_axis():
    rows = [row.numpy() for row in tensor(np.eye(3))]
    np.testing.assert_array_equal(rows, np.eye(3))


# ---------------------------------------------------------------------------------------------------- types, and mixed
@pytest.mark.parametrize(
    ("operation", "operands", "dtype"),
    [
        (ops.add, (tensor([1], int32), tensor([1.0], float32)), float32),
        (ops.add, (tensor([1], int64), tensor([1.0], float32)), float32),
        (ops.add, (tensor([1], uint8), tensor([1], int32)), int32),
        (ops.add, (tensor([1.0], float32), tensor([1.0], float64)), float64),
        (ops.add, (tensor([1.0], float32), 2.5), float32),
        (ops.add, (tensor([1.0], float64), 2.5), float64),
        (ops.add, (tensor([1], int32), 2), int32),
        (ops.add, (tensor([1], int32), 2.5), float32),
        (ops.add, (tensor([250], uint8), 10), uint8),
        (ops.add, (tensor([True]), tensor([True])), int32),
        (ops.add, (tensor([1.0], float32), np.float64(2.5)), float32),  # np.float64 is a Python float
        (ops.divide, (tensor([1], int32), tensor([2], int32)), float32),
        (ops.exp, (tensor([1], int64),), float32),
        (ops.sqrt, (tensor([4.0], float64),), float64),
        (ops.power, (tensor([2], int32), 3), float32),
        (ops.sum, (tensor([True, True]),), int32),
        (ops.sum, (tensor([200, 100], uint8),), int32),
        (ops.mean, (tensor([1, 2], int32),), float32),
        (ops.cumulative_sum, (tensor([True, True]),), int32),
        (ops.conv1d, (tensor([[[True]]]), tensor([[[True]]])), int32),
        (ops.argmax, (tensor([1.0]),), int32),
        (ops.equal, (tensor([1]), 1.0), bool_),
        (ops.where, (tensor([1]), tensor([1], int32), 2.0), float32),
        (ops.maximum, (tensor([1], uint8), tensor([2], int64)), int64),
        (ops.matmul, (tensor([[True]]), tensor([[True]])), int32),
        (ops.relu, (tensor([1], int32),), int32),
        (ops.relu, (tensor([True]),), int32),
    ],
)
def test_types_that_meet(operation, operands, dtype):
    y = operation(*operands)
    assert y.dtype is dtype
    assert y.numpy().dtype == dtype.numpy


def test_small_integers_wrap_around_as_in_numpy():
    assert (tensor([250], uint8) + 10).numpy() == 4
    assert (tensor([2**31 - 1], int32) + 1).numpy() == -(2**31)
    assert (-tensor([1], uint8)).numpy() == 255


# ----------------------------------------------------------------------------------------- ties, NaN, nothing at all
@pytest.mark.parametrize("wide", [1, 40])  # short axes are gone through element by element, long ones by NumPy
def test_largest_elements_with_ties_and_nan(wide):
    rows = np.array([[1.0, 3.0, 3.0], [np.nan, 1.0, np.nan], [2.0, np.nan, 5.0], [-np.inf, -np.inf, -np.inf]])
    rows = np.tile(rows, (1, wide))
    np.testing.assert_array_equal(ops.argmax(rows).numpy(), np.argmax(rows, -1))
    np.testing.assert_array_equal(ops.max(rows, -1).numpy(), np.max(rows, -1))
    np.testing.assert_array_equal(ops.argmax(rows.T, 0).numpy(), np.argmax(rows.T, 0))
    whole = np.nan_to_num(rows, neginf=-7.0).astype(np.int64)
    np.testing.assert_array_equal(ops.argmax(whole).numpy(), np.argmax(whole, -1))


def test_top_k_puts_nan_first_and_keeps_the_order_of_equals():
    values, places = ops.top_k([2.0, np.nan, 3.0, 3.0, np.nan], 4)
    np.testing.assert_array_equal(places.numpy(), [1, 4, 2, 3])
    np.testing.assert_array_equal(values.numpy(), [np.nan, np.nan, 3.0, 3.0])


@pytest.mark.parametrize(
    "function",
    [ops.relu, ops.exp, ops.sqrt, ops.absolute, ops.sign, ops.tanh, ops.sigmoid, ops.softplus, ops.elu, ops.erf,
     ops.erfc, ops.floor, ops.max, ops.sum, ops.mean, ops.softmax, ops.log_sum_exp, ops.cumulative_sum, ops.leaky_relu,
     ops.relu6, ops.selu, ops.gelu, ops.gelu_tanh, ops.silu, ops.mish, ops.softsign, ops.hard_sigmoid, ops.hard_swish,
     ops.hard_tanh, ops.log_sigmoid, ops.tanh_shrink, ops.soft_shrink, ops.hard_shrink, ops.celu, ops.round, ops.trunc],
    ids=lambda function: getattr(function, "name", None) or function.__name__,
)  # fmt: skip
def test_nan_passes_through(function):
    more = (0.1,) * (len(getattr(function, "arguments", "x")) - 1)
    assert np.isnan(function(tensor([np.nan]), *more).numpy()).all()


def test_nan_passes_through_bounds_and_windows():
    assert np.isnan(ops.clip(np.nan, 0.0, 1.0).numpy())
    assert np.isnan(ops.maximum(1.0, np.nan).numpy())
    assert np.isnan(ops.minimum(np.nan, 1.0).numpy())
    image = np.zeros((1, 2, 2, 1))
    image[0, 1, 1, 0] = np.nan
    assert np.isnan(ops.max_pool(image, 2).numpy()).all()
    assert np.isnan(ops.max_pool(image, 2, padding=1).numpy()).sum() == 1


def test_nothing_sums_to_zero_and_has_no_largest_element():
    assert ops.sum(np.zeros((0, 3))).numpy() == 0.0
    np.testing.assert_array_equal(ops.sum(np.zeros((0, 3)), 0).numpy(), np.zeros(3))
    np.testing.assert_array_equal(ops.matmul(np.zeros((2, 0)), np.zeros((0, 3))).numpy(), np.zeros((2, 3)))
    assert ops.max(np.zeros((0, 3)), 1).shape == (0,)
    for function in (ops.max, ops.argmax, ops.log_sum_exp, ops.softmax):
        with pytest.raises(ShapeError, match="no largest element"):
            function(np.zeros((3, 0)), -1)


def test_sizes_and_axes_may_be_numpys_integers():
    """What np.prod, x.shape arithmetic and np.argmin give."""
    x = np.arange(6.0).reshape(2, 3)
    one = np.int64(1)
    np.testing.assert_array_equal(ops.sum(x, axis=one).numpy(), x.sum(1))
    np.testing.assert_array_equal(ops.sum(x, axis=range(2)).numpy(), x.sum())
    np.testing.assert_allclose(ops.softmax(x, np.array([0])).numpy().sum(0), np.ones(3))
    np.testing.assert_array_equal(ops.reshape(x, np.array([3, 2])).numpy(), x.reshape(3, 2))
    np.testing.assert_array_equal(ops.reshape(x, np.int64(6)).numpy(), x.ravel())
    np.testing.assert_array_equal(ops.zeros((np.int64(2), np.int64(3))).numpy(), np.zeros((2, 3)))
    np.testing.assert_array_equal(ops.broadcast_to(1.0, np.array([2, 2])).numpy(), np.ones((2, 2)))
    np.testing.assert_array_equal(ops.transpose(x, np.array([1, 0])).numpy(), x.T)
    np.testing.assert_array_equal(ops.pad(x, np.array([[1, 0], [0, 1]])).numpy(), np.pad(x, [(1, 0), (0, 1)]))
    assert ops.max_pool(x[None, :, :, None], np.int64(2), strides=one).shape == (1, 1, 2, 1)
    assert ops.uniform((np.int64(2), 3), seed=0).shape == (2, 3)
    one_tensor, image = ops.argmax([0, 1]), x[None, :, :, None]
    np.testing.assert_array_equal(ops.sum(x, one_tensor).numpy(), x.sum(1))
    np.testing.assert_array_equal(ops.sum(x, np.array(1)).numpy(), x.sum(1))
    assert ops.max_pool(image, 2, strides=one_tensor, padding=one_tensor).shape == (1, 3, 4, 1)
    assert ops.one_hot([1], np.int64(3)).shape == (1, 3)
    assert ops.arange(np.int64(3)).shape == (3,)
    assert ops.scatter_add([1.0], [0], np.int64(3)).shape == (3,)
    assert ops.top_k([1.0, 2.0], one)[0].shape == (1,)
    assert ops.cumulative_sum(x, one).shape == (2, 3)
    assert ops.conv1d(x[:, :, None], np.ones((2, 1, 1)), strides=one, padding=one, dilation=one, groups=one).shape == (
        2,
        4,
        1,
    )


def test_full_of_several_numbers():
    for value in ([1, 2], np.arange(2), np.float32(3), np.int64(4), True, [[1.5], [2.5], [3.5]]):
        np.testing.assert_array_equal(ops.full((3, 2), value).numpy(), np.full((3, 2), value, "f4"))
    assert ops.full(2, 1.5, "int32").numpy().tolist() == [1, 1]
    assert ops.full(2, tensor(1.5), "int32").numpy().tolist() == [1, 1]
    assert ops.full(2, tensor(3), "float64").dtype.name == "float64"
    assert ops.full(2, tensor(3)).dtype.name == "int64"
    assert ops.concatenate(np.ones((3, 2))).shape == ops.concatenate(ops.ones((3, 2))).shape == (6,)


def test_a_variance_too_large_is_infinite_not_nan():
    """The square of a deviation overflows; nothing infinite is taken from it that would make it NaN."""
    assert ops.variance(np.float32([3e38, -1e38, 2.0])).numpy() == np.inf
