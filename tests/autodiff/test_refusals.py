"""What has no derivative says so, or has none in every transformation alike."""

import copy
import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import GradientError, GraphError, ShapeError, UsageError
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


TAKING = [  # of a function of two numbers, the first of which leaves the graph
    lambda x: float(x[0]) * x[1],
    lambda x: math.sin(x[0]) * x[1],
    lambda x: (x * x)[0].item() * x[1],
    lambda x: (x * x).numpy()[0] * x[1],
    lambda x: np.asarray(x)[0] * x[1],
    lambda x: cr.tensor(x)[0] * x[1],
    lambda x: cr.evaluate([x])[0][0] * x[1],
    lambda x: cr.grad(lambda y: y * float(x[0]))(x[1]),
]


@pytest.mark.parametrize("function", TAKING)
@pytest.mark.parametrize(
    "differentiate",
    [cr.grad, cr.value_and_grad, lambda f: lambda x: cr.vjp(f, x), lambda f: lambda x: cr.jvp(f, [x], [[1.0, 0.0]])],
)
def test_numbers_that_a_derivative_goes_through_do_not_leave_the_graph(differentiate, function):
    with pytest.raises(GradientError, match=r"takes the numbers out of .* \((2,)?\)"):
        differentiate(function)([2.0, 3.0])
    assert float(cr.tensor([2.0, 3.0])[0]) == 2  # and may again, after it


def test_looking_at_numbers_loses_no_derivative(capsys):
    def function(x):
        print(x, f"{x[0]:.1f}", x[0])
        assert x[0] > 0
        assert x[0]
        assert np.where(x > 0, 1, 0).tolist() == [1, 1]
        return cr.sum(x[: int(x[0])] ** 2) * float(cr.stop_gradient(x[1])) * float(cr.tensor(1.0))

    np.testing.assert_array_equal(cr.grad(function)([2.0, 3.0]).numpy(), [12, 18])
    assert capsys.readouterr().out.startswith("Tensor([2. 3.], shape=(2,), dtype=float32) 2.0 Tensor(2.0")
    value, slope = cr.value_and_grad(lambda x, k: x * float(k))(3.0, cr.tensor(4.0))  # k is no part of it
    assert (float(value), float(slope)) == (12, 4)


@pytest.mark.parametrize(
    ("function", "ours"),
    [
        (lambda x: np.clip(x, 0, 1), "np.clip use cr.clip"),
        (lambda x: np.where(x > 2, x, 0), "np.where use cr.where"),
        (np.cumsum, "np.cumsum use cr.cumulative_sum"),
        (np.std, "np.std use cr.standard_deviation"),
        (lambda x: np.stack([x, x]), "np.stack use cr.stack"),
        (np.linalg.norm, "np.linalg.norm use cr.norm"),
        (np.exp, "np.exp use cr.exp"),
        (np.arcsin, "np.arcsin use cr.asin"),
    ],
)
def test_functions_of_numpy_name_ours(function, ours):
    with pytest.raises((GradientError, UsageError), match=f"In place of {ours}."):
        cr.grad(lambda x: cr.sum(cr.tensor(function(x))))([2.0, 3.0])


def test_functions_of_numpy_take_the_numbers_where_nothing_is_differentiated():
    x = cr.tensor([[1.0, 4.0], [3.0, 2.0]])
    np.testing.assert_array_equal(np.clip(x, 2, 3), [[2, 3], [3, 2]])
    np.testing.assert_array_equal(np.vstack([x, np.zeros((1, 2))]), [[1, 4], [3, 2], [0, 0]])
    assert np.median(x) == 2.5
    assert np.shape(x) == (2, 2)
    with pytest.raises(GradientError, match=r"constant.* float\(cr.stop_gradient\(x\)\)\.$"):
        cr.grad(np.median)(x)
    with pytest.raises(GraphError, match=r"no value yet.*In place of np.clip use cr.clip."):
        np.clip(cr.input_tensor("x", (2,)), 0, 1)


@pytest.mark.parametrize(
    "transform",
    [cr.grad, cr.value_and_grad, cr.vjp, cr.vmap, cr.jacobian, cr.hessian, lambda y: cr.jvp(y, [1.0], [1.0])],
)
def test_what_is_no_function_is_not_transformed(transform):
    with pytest.raises(UsageError, match=r"takes a function .* but this is Tensor.* cr.grad\(f\)\(x\), not"):
        transform(cr.sin(2.0))


def test_arguments_of_transformations_that_are_none():
    with pytest.raises(UsageError, match=r"cr.jvp\(f, \[x\], \[v\]\); it was given float and list"):
        cr.jvp(cr.sin, 1.0, [1.0])
    for argnums in ("a", 1.5, [0, None], 1):
        with pytest.raises(UsageError, match=r"argnums=.* names an argument that is not there"):
            cr.grad(cr.sin, argnums)(2.0)
    assert float(cr.grad(cr.multiply, np.int64(1))(2.0, 3.0)) == 2


def test_a_constant_has_gradient_zero():
    assert float(cr.grad(lambda x: x * x if x > 0 else -x)(3.0)) == 6
    assert float(cr.grad(lambda x: 2.0)(3.0)) == 0
    assert float(cr.grad(lambda x: 2.0 if x else 3.0)(3.0)) == 0
    assert float(cr.grad(lambda x, k: x * k)(3.0, k=4.0)) == 4


def test_a_batch_inside_a_sample_stays_in_front():
    x = cr.input_tensor("x", (cr.batch, 2, 2))
    y = cr.vmap(lambda w: cr.flatten(x * w))(np.array([1, 2], np.float32))
    given = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    (found,) = cr.evaluate([y], {x: given})
    np.testing.assert_array_equal(found, np.stack([given.reshape(3, 4), 2 * given.reshape(3, 4)]))
