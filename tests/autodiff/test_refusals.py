"""What has no derivative says so, or has none in every transformation alike."""

import copy
import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import GradientError, ShapeError
from chainrule.ops.kinds.composite import Composite


@pytest.mark.parametrize("transformation", [cr.hessian, lambda f: lambda x: cr.hvp(f, x, [1.0, 1.0])])
def test_second_derivatives_are_those_of_one_number(transformation):
    with pytest.raises(ShapeError, match="one number"):
        transformation(lambda x: x * x)([1.0, 2.0])


@pytest.mark.parametrize("function", [cr.square, cr.sum, cr.max, lambda x: x @ x, lambda x: cr.cast(x, "int32")])
def test_whole_numbers_have_no_derivative_in_either_mode(function):
    y, pull = cr.vjp(function, [3, 4])
    assert not np.any(pull(cr.ones(y.shape, y.dtype))[0].numpy())
    assert not np.any(cr.jvp(function, [[3, 4]], [[1, 1]])[1].numpy())


def test_a_copied_dtype_is_the_dtype():
    assert copy.deepcopy(cr.bool_) is cr.bool_


def test_attributes_that_are_equal_but_of_other_types_are_told_apart():
    plus = Composite("plus", lambda x, *, k: x + k)
    whole = cr.tensor([1, 2])
    assert plus(whole, k=1).dtype is cr.int64
    y = plus(whole, k=1.0)
    assert y.dtype is cr.float32
    assert y.numpy().dtype == np.float32


@pytest.mark.parametrize("function", [math.sin, lambda x: x.item() ** 2, lambda x: cr.tensor(float(x)) ** 2])
def test_a_value_taken_out_of_the_graph_is_no_zero_gradient(function):
    with pytest.raises(GradientError, match="took the value out"):
        cr.grad(function)(2.0)


def test_looking_without_taking_out_is_allowed_and_a_constant_has_gradient_zero():
    assert float(cr.grad(lambda x: x * x if x > 0 else -x)(3.0)) == 6
    assert float(cr.grad(lambda x: 2.0)(3.0)) == 0
    assert float(cr.grad(lambda x, k: x * k)(3.0, k=4.0)) == 4


def test_a_batch_inside_a_sample_stays_in_front():
    x = cr.input_tensor("x", (cr.batch, 2, 2))
    y = cr.vmap(lambda w: cr.flatten(x * w))(np.array([1, 2], np.float32))
    given = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    (found,) = cr.evaluate([y], {x: given})
    np.testing.assert_array_equal(found, np.stack([given.reshape(3, 4), 2 * given.reshape(3, 4)]))
