"""Reductions, order, brackets, padding and products where their meaning is a matter of convention, or at an edge."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff import grad, vmap
from chainrule.errors import DataError, ShapeError, UsageError
from chainrule.execute import Program
from chainrule.execute.native import NativeProgram
from chainrule.graph.dtype import bool_, float32, float64, int32, int64, uint8
from chainrule.graph.extent import batch
from chainrule.graph.tensor import Tensor, input_tensor, tensor
from tests.execute.agreement import quick_target


def gradient(function: Any, x: Any) -> Any:
    return grad(lambda x: ops.sum(function(x)))(tensor(np.asarray(x, float))).numpy()


# ------------------------------------------------------------------------------------------------------- reductions
def test_smallest_elements_with_ties_nan_and_the_ends_of_every_type():
    rows = np.array([[1.0, 3.0, 1.0], [np.nan, 1.0, np.nan], [2.0, np.nan, -np.inf], [np.inf, np.inf, np.inf]])
    np.testing.assert_array_equal(ops.argmin(rows).numpy(), np.argmin(rows, -1))
    np.testing.assert_array_equal(ops.min(rows, -1).numpy(), np.min(rows, -1))
    np.testing.assert_array_equal(gradient(lambda x: ops.min(x, 1), rows[:1]), [[1.0, 0.0, 0.0]])
    for ends in (
        np.array([-(2**31), 2**31 - 1, 0], np.int32),
        np.array([-(2**63), 2**63 - 1]),
        np.array([255, 0, 7], np.uint8),
        np.array([True, False]),
    ):
        y = ops.min(tensor(ends))
        assert y.numpy() == ends.min()
        assert y.dtype.numpy == ends.dtype
        assert ops.argmin(tensor(ends)).numpy() == ends.argmin()


@pytest.mark.parametrize(
    ("factors", "wanted"),
    [
        ([2.0, 3.0, 5.0], [15.0, 10.0, 6.0]),
        ([2.0, 0.0, 5.0], [0.0, 10.0, 0.0]),
        ([0.0, 3.0, 0.0], [0.0, 0.0, 0.0]),
        ([7.0], [1.0]),
    ],
)
def test_a_product_has_a_gradient_where_factors_are_zero(factors, wanted):
    np.testing.assert_array_equal(gradient(ops.prod, factors), wanted)
    running = gradient(lambda x: ops.cumulative_prod(x)[-1], factors)
    np.testing.assert_array_equal(running, wanted)


def test_of_nothing():
    nothing = np.zeros((2, 0))
    np.testing.assert_array_equal(ops.prod(nothing, 1).numpy(), [1.0, 1.0])
    np.testing.assert_array_equal(ops.any(nothing, 1).numpy(), [False, False])
    np.testing.assert_array_equal(ops.all(nothing, 1).numpy(), [True, True])
    np.testing.assert_array_equal(ops.norm(nothing, axis=1).numpy(), [0.0, 0.0])
    assert ops.sort(nothing).shape == ops.cumulative_prod(nothing).shape == (2, 0)
    assert ops.roll(nothing, 1).shape == ops.flip(nothing).shape == (2, 0)


@pytest.mark.parametrize("order", [1, 2, 3, 0.5, math.inf, -math.inf])
def test_a_norm_has_a_finite_gradient_at_zero(order):
    np.testing.assert_array_equal(gradient(lambda x: ops.norm(x, order, 1), np.zeros((2, 3))), np.zeros((2, 3)))
    beside = gradient(lambda x: ops.norm(x, order, 1), [[0.0, 2.0, 3.0]])
    assert np.isfinite(beside).all()
    assert beside[0, 0] == 0.0
    assert np.isnan(ops.norm([0.0, np.nan], order).numpy())


def test_norms_are_those_of_vectors_in_numpy():
    x = np.random.default_rng(0).standard_normal(5)
    for order in (1, 2, 3, -1, 0.5, np.inf, -np.inf):
        np.testing.assert_allclose(ops.norm(x, order).numpy(), np.linalg.norm(x, order), rtol=1e-14)
    assert ops.norm([1.0, 0.0], -1).numpy() == 0.0  # 1 / (1 + ∞), where NumPy warns of a division


def test_a_standard_deviation_has_no_slope_where_all_are_equal():
    np.testing.assert_array_equal(gradient(ops.standard_deviation, [3.0, 3.0]), [0.0, 0.0])
    np.testing.assert_allclose(gradient(ops.standard_deviation, [1.0, 3.0]), [-0.5, 0.5])


@pytest.mark.parametrize(
    ("y", "dtype"),
    [
        (ops.prod(tensor([200, 2], uint8)), int32),
        (ops.prod(tensor([2, 3], int64)), int64),
        (ops.any(tensor([0.0, np.nan])), bool_),
        (ops.count_nonzero(tensor([1.0, 0.0])), int32),
        (ops.norm(tensor([3, 4], int32)), float32),
        (ops.standard_deviation(tensor([3, 4], int32)), float32),
        (ops.cumulative_prod(tensor([True, True])), int32),
        (ops.sort(tensor([True, False])), bool_),
        (ops.argsort(tensor([2.0, 1.0], float64)), int32),
        (ops.linear_recurrence(0.5, tensor([1, 2], int32)), float32),
        (ops.tril(tensor([[True, True]])), bool_),
        (ops.stack([tensor([1], int32), tensor([1.0], float32)]), float32),
        (ops.trace(tensor([[True]])), int32),
        (ops.pad(tensor([1], uint8), [(1, 1)], "edge"), uint8),
    ],
)
def test_types(y, dtype):
    assert y.dtype is dtype
    assert y.numpy().dtype == dtype.numpy


# ------------------------------------------------------------------------------------------------------------- order
def test_sorting_puts_nan_last_and_keeps_the_order_of_equals():
    x = np.array([2.0, np.nan, 1.0, 2.0, -np.inf, np.nan, 1.0])
    np.testing.assert_array_equal(ops.argsort(x).numpy(), np.argsort(x, kind="stable"))
    np.testing.assert_array_equal(ops.sort(x).numpy(), np.sort(x))
    np.testing.assert_array_equal(ops.argsort(x, descending=True).numpy(), [1, 5, 0, 3, 2, 6, 4])
    given = input_tensor("x", x.shape, float64)
    for places in NativeProgram([ops.argsort(given)], target=quick_target()).run({given: x}):
        np.testing.assert_array_equal(places, np.argsort(x, kind="stable"))


def test_the_gradient_of_sorting_goes_back_to_each_place():
    np.testing.assert_array_equal(gradient(lambda x: ops.sort(x) * [1.0, 2.0, 3.0], [5.0, 1.0, 3.0]), [3.0, 1.0, 2.0])


def test_the_largest_so_far_with_ties_and_nan():
    x = np.array([1.0, 3.0, 3.0, np.nan, 4.0])
    np.testing.assert_array_equal(ops.cumulative_max(x).numpy(), np.maximum.accumulate(x))
    np.testing.assert_array_equal(gradient(ops.cumulative_max, [1.0, 3.0, 3.0, 2.0]), [1.0, 3.0, 0.0, 0.0])
    np.testing.assert_array_equal(
        gradient(lambda x: ops.cumulative_max(x, reverse=True), [1.0, 3.0, 3.0, 2.0]), [0.0, 0.0, 3.0, 1.0]
    )


def test_a_recurrence_starts_with_its_first_term():
    """Whatever the first factor is: there is nothing before it to be multiplied."""
    factors, terms = [np.inf, 2.0, 0.5], [1.0, 1.0, 1.0]
    np.testing.assert_array_equal(ops.linear_recurrence(factors, terms).numpy(), [1.0, 3.0, 2.5])
    np.testing.assert_array_equal(ops.linear_recurrence(factors, terms, reverse=True).numpy(), [np.inf, 3.0, 1.0])


# ---------------------------------------------------------------------------------------------------------- brackets
_KEYS: tuple[Any, ...] = (
    1, slice(None), slice(None, None, -2), None, ..., [2, 0], np.array([[0], [-1]]), np.array([1, 0], np.int32),
    np.array([True, False, True]), np.eye(3, dtype=bool), [],
)  # fmt: skip


def test_brackets_with_indices_mean_what_they_mean_in_numpy():
    """Two and three entries of every kind, refused where NumPy refuses them."""
    x = np.arange(81.0).reshape(3, 3, 3, 3)
    t = tensor(x)
    counts = {True: 0, False: 0}
    three = itertools.product((slice(None), 1, None, [2, 0], np.array([[0], [-1]]), ...), repeat=3)
    for key in itertools.chain(itertools.product(_KEYS, repeat=2), three):
        given = tuple(np.array(k, int) if isinstance(k, list) else k for k in key)
        try:
            wanted = x[given]
        except IndexError:
            with pytest.raises(ShapeError):
                t[key]
            counts[False] += 1
        else:
            np.testing.assert_array_equal(t[key].numpy(), wanted, str(key))
            counts[True] += 1
    assert min(counts.values()) > 20


def test_a_mask_whose_values_are_known_selects():
    x = tensor(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(x[x > 2.5].numpy(), [3.0, 4.0, 5.0])
    np.testing.assert_array_equal(x[:, tensor([True, False, True])].numpy(), [[0.0, 2.0], [3.0, 5.0]])
    np.testing.assert_array_equal(gradient(lambda x: x[np.array([True, False])] ** 2, [3.0, 4.0]), [6.0, 0.0])
    with pytest.raises(UsageError, match="not known yet"):
        vmap(lambda row: row[row > 0.0])(x)


def test_an_index_without_axes_may_be_bound_later():
    x = tensor(np.arange(12.0).reshape(3, 4))
    rows = vmap(lambda i: x[i, 1])(tensor([2, 0]))
    np.testing.assert_array_equal(rows.numpy(), [9.0, 1.0])
    assert x[tensor(2), tensor(-1)].numpy() == 11.0


@pytest.mark.parametrize("program", [Program, NativeProgram])
def test_an_index_bound_later_that_is_out_of_range_is_found(program):
    """Also where another index would make up for it in the place that they have together."""
    x, i = tensor(np.arange(6.0).reshape(2, 3)), input_tensor("i", (1,), int64)
    for y in (x[i, [-1]], ops.take(x, i, 0), x[i]):
        run = program([y]).run
        np.testing.assert_array_equal(run({i: np.array([-2])})[0], program([y]).run({i: np.array([0])})[0])
        for outside in (2, -3):
            with pytest.raises(DataError, match="out of range"):
                run({i: np.array([outside])})


def test_each_samples_elements_are_taken_along_an_axis():
    scores, labels = input_tensor("scores", (batch, 3)), input_tensor("labels", (batch,), int32)
    y = ops.take_along_axis(scores, ops.expand_dims(labels, 1), 1)[:, 0]
    values = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    for program in (Program, NativeProgram):
        np.testing.assert_array_equal(program([y]).run({scores: values, labels: np.array([2, 0], np.int32)})[0], [2, 3])


# ---------------------------------------------------------------------------------------------------- other edges
def test_padding_wider_than_x_goes_on_as_in_numpy():
    x = np.arange(3.0)
    for mode, name in (("reflect", "reflect"), ("symmetric", "symmetric"), ("circular", "wrap"), ("edge", "edge")):
        for size in (1, 2, 3):
            padded = ops.pad(x[:size], [(7, 8)], mode).numpy()
            np.testing.assert_array_equal(padded, np.pad(x[:size], (7, 8), mode=name))


def test_parts_are_cut_as_in_numpy():
    x = np.arange(12.0).reshape(6, 2)
    for sections in (1, 2, 3, 6, [2, 3], [4, 2], [0, 9], [-1], []):
        parts = ops.split(x, sections)
        wanted = np.split(x, sections)
        assert len(parts) == len(wanted)
        for part, other in zip(parts, wanted, strict=True):
            np.testing.assert_array_equal(part.numpy(), other)
    first, second = ops.unstack(x, 1)
    np.testing.assert_array_equal(first.numpy() + 1, second.numpy())


def test_the_batch_may_be_repeated_and_passed_by_but_not_turned():
    x = input_tensor("x", (batch, 3))
    assert ops.repeat(x, 2, 0).shape == (batch * 2, 3)
    assert ops.any(x, 0).shape == (3,)
    assert ops.stack([x, x], 1).shape == (batch, 2, 3)
    assert ops.expand_dims(x, 0).shape == (1, batch, 3)
    assert ops.norm(x, axis=0).shape == (3,)
    assert ops.tril(x).shape == (batch, 3)


def test_the_methods_of_tensors_are_the_functions():
    x = np.arange(6.0).reshape(2, 3)
    t = tensor(x)
    for name, given in itertools.product(("sum", "mean", "max", "min"), ((), (1,), ((0, 1),))):
        np.testing.assert_array_equal(getattr(t, name)(*given).numpy(), getattr(x, name)(*given))
    assert t.sum(0, keepdims=True).shape == (1, 3)
    assert t.reshape(3, -1).shape == t.reshape((3, 2)).shape == (3, 2)
    assert t.reshape(-1).shape == (6,)
    np.testing.assert_array_equal(t.transpose().numpy(), x.T)
    np.testing.assert_array_equal(t.transpose(1, 0).numpy(), t.transpose((1, 0)).numpy())
    assert t.astype("int32").dtype is int32
    assert isinstance(t.sum(), Tensor)
