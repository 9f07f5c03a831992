"""Transformations in any order and any combination."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff import check_gradients, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp, vmap
from chainrule.autodiff.batching import batched
from chainrule.autodiff.forward import pushforward
from chainrule.errors import GradientError, ShapeError, UsageError
from chainrule.execute import Program
from chainrule.graph.tensor import Tensor, input_tensor, tensor
from chainrule.ops.kinds.elementwise import Elementwise

_generator = np.random.default_rng(0)
X = _generator.standard_normal(4)
V = _generator.standard_normal(4)
ROWS = _generator.standard_normal((3, 4))
W = _generator.standard_normal((4, 4))


def smooth(x: Tensor) -> Tensor:
    """A number that depends on all elements of x together, through all kinds of operations."""
    y = ops.tanh(ops.matmul(tensor(W), x)) * ops.sigmoid(x)
    return ops.sum(ops.softmax(y) * ops.cumulative_sum(y)) + ops.log_sum_exp(x * x) + ops.max(y * 3.0)


def vectorial(x: Tensor) -> Tensor:
    return ops.concatenate([ops.tanh(ops.matmul(tensor(W), x)), x[1:3] * x[0]])


def slope(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, v: np.ndarray) -> np.ndarray:
    h = 1e-5
    return np.asarray((function(x + h * v) - function(x - h * v)) / (2 * h))


def close(actual: Tensor, wanted: Any, tolerance: float = 1e-12) -> None:
    wanted = wanted.numpy() if isinstance(wanted, Tensor) else wanted
    np.testing.assert_allclose(actual.numpy(), wanted, rtol=tolerance, atol=tolerance)


# ------------------------------------------------------------------------------------------------------ any order
def test_derivatives_of_a_number_to_the_fifth_order():
    function, wanted = (lambda x: x**5), [1.0, 5.0, 20.0, 60.0, 120.0, 120.0]
    for order, value in enumerate(wanted):
        assert float(function(tensor(1.0))) == pytest.approx(value), order
        function = grad(function)


def test_forward_mode_to_the_fifth_order():
    function = ops.sin
    for wanted in (np.sin, np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin, np.cos):
        assert float(function(tensor(0.7, "float64"))) == pytest.approx(wanted(0.7))
        function = lambda x, f=function: jvp(f, [x], [np.ones(())])[1]  # noqa: E731


def test_gradients_of_gradients():
    """Reverse over reverse, forward over reverse, reverse over forward and forward over forward."""
    wanted = slope(lambda x: grad(smooth)(x).numpy(), X, V)
    close(grad(lambda x: ops.sum(grad(smooth)(x) * V))(X), wanted, 1e-8)
    close(jvp(grad(smooth), [X], [V])[1], wanted, 1e-8)
    close(grad(lambda x: jvp(smooth, [x], [V])[1])(X), wanted, 1e-8)
    twice = jvp(lambda x: jvp(smooth, [x], [V])[1], [X], [V])[1]
    assert float(twice) == pytest.approx(wanted @ V, rel=1e-8)


def test_jacobians_agree_in_both_modes_and_with_differences():
    reverse, forward = jacobian(vectorial)(X), jacobian(vectorial, mode="forward")(X)
    assert reverse.shape == (6, 4)
    close(reverse, forward)
    numeric = np.stack([slope(lambda x: vectorial(tensor(x)).numpy(), X, e) for e in np.eye(4)], -1)
    close(reverse, numeric, 1e-8)


def test_jacobians_of_matrices_have_the_axes_of_both():
    x = ROWS
    function = lambda x: ops.matmul(x, tensor(W))[:, :2]  # noqa: E731
    for mode in ("reverse", "forward"):
        found = jacobian(function, mode)(x)
        assert found.shape == (3, 2, 3, 4)
        close(found, np.einsum("ik,lj->ijkl", np.eye(3), W[:, :2]))


def test_hessian_is_symmetric_and_the_jacobian_of_the_gradient():
    found = hessian(smooth)(X)
    close(found, found.numpy().T)
    close(found, jacobian(grad(smooth))(X))
    close(found, jacobian(grad(smooth), "forward")(X))
    close(hvp(smooth, X, V), found.numpy() @ V)


def test_hessian_of_what_has_none_is_zero():
    close(hessian(lambda x: ops.sum(ops.relu(x)))(X), np.zeros((4, 4)))
    close(hessian(lambda x: ops.max(x))(X), np.zeros((4, 4)))
    close(hvp(lambda x: ops.sum(x), X, V), np.zeros(4))


# ------------------------------------------------------------------------------------------------- with many samples
def test_batching_and_differentiating_commute():
    close(vmap(grad(smooth))(ROWS), np.stack([grad(smooth)(row).numpy() for row in ROWS]))
    close(grad(lambda rows: ops.sum(vmap(smooth)(rows)))(ROWS), vmap(grad(smooth))(ROWS))
    close(vmap(hessian(smooth))(ROWS), np.stack([hessian(smooth)(row).numpy() for row in ROWS]))
    close(hessian(lambda w: ops.sum(vmap(lambda x: smooth(x * w))(ROWS)))(X), sum(
        hessian(lambda w, row=row: smooth(tensor(row) * w))(X).numpy() for row in ROWS
    ))  # fmt: skip
    _, tangent = jvp(vmap(smooth), [ROWS], [ROWS[::-1].copy()])
    close(tangent, vmap(lambda x, v: jvp(smooth, [x], [v])[1])(ROWS, ROWS[::-1].copy()))


def test_gradients_for_each_sample_by_shared_parameters():
    """What batching over the gradient is for."""
    loss = lambda w, x: ops.sum(ops.tanh(ops.matmul(x, w)))  # noqa: E731
    each = vmap(grad(loss), in_axes=(None, 0))(W, ROWS)
    assert each.shape == (3, 4, 4)
    close(each, np.stack([grad(loss)(W, row).numpy() for row in ROWS]))
    close(ops.sum(each, 0), grad(lambda w: loss(w, tensor(ROWS)))(W))


def test_vmap_over_any_axes_of_structures():
    function = lambda pair, z: {"sum": pair[0] + pair[1] * z, "one": ops.ones(2, "float64")}  # noqa: E731
    found = vmap(function, in_axes=(1, None))((ROWS, 2 * ROWS), 10.0)
    close(found["sum"], (ROWS + 20 * ROWS).T)
    close(found["one"], np.ones((4, 2)))


def test_vmap_three_deep():
    x = _generator.standard_normal((2, 3, 4, 5))
    triple = vmap(vmap(vmap(lambda x: ops.log_softmax(x))))
    close(triple(x), ops.log_softmax(x))
    close(vmap(vmap(lambda x: ops.max(x, 0)), in_axes=1)(x), x.max(2).transpose(1, 0, 2))


def test_vmap_of_nobody():
    assert vmap(grad(smooth))(np.zeros((0, 4))).shape == (0, 4)


# --------------------------------------------------------------------------------------------- whose derivative it is
def test_perturbations_are_not_confused():
    """Derivatives inside derivatives, by variables that the inner function closes over."""
    assert float(grad(lambda x: x * grad(lambda y: x + y)(x))(1.0)) == 1.0
    assert float(grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0)) == 6.0
    assert float(jvp(lambda x: x * jvp(lambda y: x + y, [1.0], [1.0])[1], [1.0], [1.0])[1]) == 1.0
    assert float(grad(lambda x: jvp(lambda y: x * y * y, [x], [1.0])[1])(3.0)) == 12.0
    assert float(jvp(lambda x: grad(lambda y: x * y * y)(x), [3.0], [1.0])[1]) == 12.0
    # the same tensor as variable and as constant
    t = tensor(3.0)
    assert float(grad(lambda x: x * t)(t)) == 3.0
    assert [float(g) for g in grad(lambda x, y: x * x * y, argnums=(0, 1))(t, t)] == [18.0, 9.0]


def test_a_function_that_returns_its_argument_or_a_constant():
    assert float(grad(lambda x: x)(2.0)) == 1.0
    assert float(grad(lambda x: tensor(5.0))(2.0)) == 0.0
    assert float(jvp(lambda x: tensor(5.0), [2.0], [1.0])[1]) == 0.0
    x = tensor([1.0, 2.0])
    y, pull = vjp(lambda x: (x, x * 2, tensor(1.0)), x)
    assert [t.shape for t in y] == [(2,), (2,), ()]
    close(pull((np.ones(2), np.ones(2), 1.0))[0], [3.0, 3.0])


def test_paths_add_up():
    def diamond(x: Tensor) -> Tensor:
        for _ in range(20):
            x = x * 0.5 + ops.identity(x) * 0.5
        return x

    assert float(grad(diamond)(1.0)) == pytest.approx(1.0)


def test_stopped_gradients_are_constants():
    assert float(grad(lambda x: x * ops.stop_gradient(x))(3.0)) == 3.0
    assert float(jvp(lambda x: x * ops.stop_gradient(x), [3.0], [1.0])[1]) == 3.0
    assert float(grad(grad(lambda x: x * x * ops.stop_gradient(x)))(3.0)) == 6.0
    close(vmap(grad(lambda x: x * ops.stop_gradient(x)))([3.0, 4.0]), [3.0, 4.0])


# --------------------------------------------------------------------------------------------------- forms of arguments
def test_gradients_have_the_form_of_the_arguments():
    parameters = {"layer": [np.ones(2), 2.0], "scale": (3.0,)}
    loss = lambda p, x: ops.sum(p["layer"][0] * x) * p["layer"][1] * p["scale"][0]  # noqa: E731
    value, found = value_and_grad(loss)(parameters, [1.0, 2.0])
    assert float(value) == 18.0
    close(found["layer"][0], [6.0, 12.0])
    assert float(found["layer"][1]) == 9.0
    assert isinstance(found["scale"], tuple)
    assert float(found["scale"][0]) == 6.0
    first, second = grad(loss, argnums=(0, 1))(parameters, [1.0, 2.0])
    assert set(first) == {"layer", "scale"}
    close(second, [6.0, 6.0])


class Pair(NamedTuple):
    left: Any
    right: Any


def test_tangents_and_cotangents_are_matched_by_name():
    """Not by the order in which a dict was filled."""
    point, direction = {"a": 2.0, "b": 3.0}, {"b": 10.0, "a": 1.0}
    assert float(jvp(lambda p: p["a"] * p["b"], [point], [direction])[1]) == 23.0
    _, pull = vjp(lambda x: {"once": x, "twice": 2.0 * x}, 1.0)
    assert float(pull({"twice": 1.0, "once": 100.0})[0]) == 102.0
    found = grad(lambda pair: pair.left * pair.right)(Pair(2.0, 3.0))
    assert isinstance(found, Pair)
    assert (float(found.left), float(found.right)) == (3.0, 2.0)
    with pytest.raises(UsageError, match="the keys a, b"):
        jvp(lambda p: p["a"] * p["b"], [point], [{"a": 1.0}])
    with pytest.raises(UsageError, match="a tuple of 2"):
        vjp(lambda x: (x, x), 1.0)[1](1.0)
    with pytest.raises(UsageError, match="a list of 1"):
        jvp(ops.exp, [X], [])


def test_arguments_are_counted_from_either_end():
    f = lambda x, y: x * y * y  # noqa: E731
    assert float(grad(f, argnums=-1)(2.0, 3.0)) == 12.0
    assert [float(g) for g in grad(f, argnums=(1, 0))(2.0, 3.0)] == [12.0, 9.0]
    with pytest.raises(UsageError, match="argnums=2"):
        grad(f, argnums=2)(2.0, 3.0)


def test_derivatives_have_the_type_of_their_variable():
    x32, x64 = tensor([1.0, 2.0]), tensor([1.0, 2.0], "float64")
    first, second = grad(lambda x, y: ops.sum(x * y), argnums=(0, 1))(x32, x64)
    assert (first.dtype.name, second.dtype.name) == ("float32", "float64")
    _, pull = vjp(ops.exp, x32)
    assert pull(np.ones(2))[0].dtype.name == "float32"
    assert jvp(ops.exp, [x32], [np.ones(2)])[1].dtype.name == "float32"
    assert grad(lambda x: ops.sum(ops.cast(x, "float32")))(x64).dtype.name == "float64"


def test_whole_numbers_may_stand_beside_the_variables():
    loss = lambda w, labels: ops.sum(ops.cross_entropy(w, labels))  # noqa: E731
    assert grad(loss)(ROWS, np.array([0, 1, 3])).shape == (3, 4)
    _, pull = vjp(loss, ROWS, np.array([0, 1, 3]))
    by_w, by_labels = pull(1.0)
    assert by_w.shape == (3, 4)
    assert not by_labels.numpy().any()


# ---------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("argmax", lambda x: ops.mean(ops.argmax(x))),
        ("greater", lambda x: ops.sum(ops.cast(x > 0.5, "float32"))),
        ("cast", lambda x: ops.sum(ops.cast(ops.cast(x, "int32"), "float32"))),
        ("argmax", lambda x: ops.sum(ops.one_hot(ops.argmax(x), 4) * 2.0)),
        ("sign", lambda x: ops.sum(ops.sign(x))),
        ("floor", lambda x: ops.sum(ops.floor(x) * 2.0)),
        ("stop_gradient", lambda x: ops.sum(ops.stop_gradient(x))),
        ("argmax", lambda x: ops.mean(ops.equal(ops.argmax(x), 2))),
        ("less", lambda p: ops.sum(ops.where(ops.bernoulli(4, p[0], seed=0), 1.0, 0.0))),
        ("argmax", lambda x: ops.softmax(ops.cast(ops.argmax(ops.reshape(x, (2, 2))), "float32"))[0]),
    ],
)
def test_a_loss_that_nothing_can_influence_is_refused_by_the_name_of_what_stops_it(name, loss):
    with pytest.raises(GradientError, match=f"only through .*{name}.*built at test_transformations.py"):
        grad(loss)(X)


def test_one_open_path_is_enough():
    close(grad(lambda x: ops.sum(ops.sign(x) * x))(X), np.sign(X))
    first, second = grad(lambda a, b: ops.sum(a) + ops.sum(ops.sign(b)), argnums=(0, 1))(X, V)
    close(first, np.ones(4))
    close(second, np.zeros(4))


def test_refusals_of_arguments():
    with pytest.raises(GradientError, match="floating"):
        grad(lambda x: x * 2.0)(3)
    with pytest.raises(ShapeError, match="one number"):
        grad(lambda x: x * 2.0)(X)
    with pytest.raises(ShapeError, match="cotangent"):
        vjp(ops.exp, X)[1](np.ones(3))
    with pytest.raises(ShapeError, match="tangents"):
        jvp(ops.exp, [X], [np.ones(3)])
    with pytest.raises(ShapeError, match="different sizes"):
        vmap(ops.add)(X, np.ones(3))
    with pytest.raises(UsageError, match="in_axes"):
        vmap(ops.add, in_axes=(0,))(X, X)
    with pytest.raises(UsageError, match="in_axes"):
        vmap(ops.add, in_axes=(None, None))(X, X)
    with pytest.raises(UsageError, match="'forward'"):
        jacobian(ops.exp, mode="foward")


# --------------------------------------------------------------------------------------------------- checking gradients
WRONG = Elementwise("wrong", "x * x * x", partials=lambda y, x: (2 * x * x,))
WRONG_BY_SECOND = Elementwise("wrong_by_second", "a * b", partials=lambda y, a, b: (b, b))


def test_check_gradients_passes_what_is_right():
    check_gradients(smooth, X)
    check_gradients(lambda x, labels: ops.cross_entropy(x, labels), ROWS, np.array([0, 1, 2]))
    check_gradients(lambda x: x * 1e6, X)


def test_check_gradients_catches_a_wrong_derivative():
    with pytest.raises(GradientError, match="argument 0"):
        check_gradients(WRONG, X)
    with pytest.raises(GradientError, match="argument 1"):
        check_gradients(WRONG_BY_SECOND, X, V)
    with pytest.raises(GradientError, match="central differences"):
        check_gradients(lambda x: x * ops.stop_gradient(x), X)


# --------------------------------------------------------------------------------------------------------- large graphs
def test_long_graphs_in_forward_mode_and_for_many_samples():
    x = y = input_tensor("x", ())
    for _ in range(5_000):
        y = y * 0.5 + 0.5
    (tangent,), (rows,) = pushforward([y], {x: tensor(1.0)}), batched([y], {x: tensor([1.0, 3.0])})
    assert tangent is not None
    assert rows is not None
    found = Program([tangent, rows]).run({x: 1.0})
    assert found[0] == 0.0
    np.testing.assert_array_equal(found[1], [1.0, 1.0])
