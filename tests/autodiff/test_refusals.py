"""What has no derivative says so, or has none in every transformation alike."""

import copy

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError
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
