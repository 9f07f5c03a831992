"""Activations against PyTorch, which named most of them: values and slopes, computed there once, in float64."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff import grad
from chainrule.graph.tensor import Tensor, tensor

POINTS = [-4.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.5]  # with kinks among them

PYTORCH: dict[str, tuple[list[float], list[float]]] = {
    "relu6": (
        [0, 0, 0, 0, 0, 0.5, 1, 3, 6],
        [0, 0, 0, 0, 0, 1, 1, 1, 0],
    ),
    "selu": (
        [-1.72589863, -1.67056873, -1.11133074, -0.691758188, 0, 0.525350494, 1.05070099, 3.15210296, 6.82955642],
        [0.0322007127, 0.0875306121, 0.646768603, 1.06634115, 1.75809934, *[1.05070099] * 4],
    ),
    "celu": (
        [-0.499832269, -0.498760624, -0.432332358, -0.316060279, 0, 0.5, 1, 3, 6.5],
        [0.000335462628, 0.00247875218, 0.135335283, 0.367879441, 1, 1, 1, 1, 1],
    ),
    "gelu": (
        [-0.000126684967, -0.00404969409, -0.158655254, -0.154268769, 0, 0.345731231, 0.841344746, 2.99595031, 6.5],
        [-0.000503649661, -0.0119456472, -0.0833154706, 0.132504875, 0.5, 0.867495125, 1.08331547, 1.01194565, 1],
    ),
    "gelu_tanh": (
        [-7.02459482e-05, -0.00363739208, -0.158808009, -0.15428599, 0, 0.34571401, 0.841191991, 2.99636261, 6.5],
        [-0.000335123197, -0.0115841666, -0.0829640838, 0.132630096, 0.5, 0.867369904, 1.08296408, 1.01158417, 1],
    ),
    "silu": (
        [-0.0719448398, -0.14227762, -0.268941421, -0.188770334, 0, 0.311229666, 0.731058579, 2.85772238, 6.49024232],
        [-0.0526646149, -0.088104106, 0.0723294881, 0.260038813, 0.5, 0.739961187, 0.927670512, 1.08810411, 1.00824185],
    ),
    "mish": (
        [-0.0725917408, -0.145647461, -0.303401461, -0.220743775, 0, 0.375245211, 0.865098388, 2.986535, 6.4999707],
        [-0.0537732098, -0.0933931145, 0.0592167559, 0.289510678, 0.6, 0.886424375, 1.04903622, 1.02110691, 1.000054],
    ),
    "softsign": (
        [-0.8, -0.75, -0.5, -0.333333333, 0, 0.333333333, 0.5, 0.75, 0.866666667],
        [0.04, 0.0625, 0.25, 0.444444444, 1, 0.444444444, 0.25, 0.0625, 0.0177777778],
    ),
    "hard_sigmoid": (
        [0, 0, 0.333333333, 0.416666667, 0.5, 0.583333333, 0.666666667, 1, 1],
        [0, 0, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 0, 0],
    ),
    "hard_swish": (
        [0, 0, -0.333333333, -0.208333333, 0, 0.291666667, 0.666666667, 3, 6.5],
        [0, 0, 0.166666667, 0.333333333, 0.5, 0.666666667, 0.833333333, 1, 1],
    ),
    "hard_tanh": (
        [-1, -1, -1, -0.5, 0, 0.5, 1, 1, 1],
        [0, 0, 0, 1, 1, 1, 0, 0, 0],
    ),
    "soft_shrink": (
        [-3.5, -2.5, -0.5, 0, 0, 0, 0.5, 2.5, 6],
        [1, 1, 1, 0, 0, 0, 1, 1, 1],
    ),
    "hard_shrink": (
        [-4, -3, -1, 0, 0, 0, 1, 3, 6.5],
        [1, 1, 1, 0, 0, 0, 1, 1, 1],
    ),
    "tanh_shrink": (
        [-3.0006707, -2.00494525, -0.238405844, -0.0378828427, 0, 0.0378828427, 0.238405844, 2.00494525, 5.50000452],
        [0.998659049, 0.990133963, 0.580025658, 0.213552267, 0, 0.213552267, 0.580025658, 0.990133963, 0.999990959],
    ),
    "threshold": (
        [-7, -7, -7, -7, -7, -7, 1, 3, 6.5],
        [0, 0, 0, 0, 0, 0, 1, 1, 1],
    ),
    "log_sigmoid": (
        [-4.01814993, -3.04858735, -1.31326169, -0.974076984, -0.693147181, -0.474076984, -0.313261688, -0.0485873516,
         -0.00150231016],
        [0.98201379, 0.952574127, 0.731058579, 0.622459331, 0.5, 0.377540669, 0.268941421, 0.0474258732, 0.00150118226],
    ),
}  # fmt: skip
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    **{name: getattr(ops, name) for name in PYTORCH},
    "celu": lambda x: ops.celu(x, 0.5),
    "soft_shrink": lambda x: ops.soft_shrink(x, 0.5),
    "hard_shrink": lambda x: ops.hard_shrink(x, 0.5),
    "threshold": lambda x: ops.threshold(x, 0.5, -7.0),
}


@pytest.mark.parametrize("name", PYTORCH)
def test_values_and_slopes_are_those_of_pytorch(name):
    values, slopes = PYTORCH[name]
    x = tensor(POINTS, "float64")
    np.testing.assert_allclose(FUNCTIONS[name](x).numpy(), values, rtol=1e-8, atol=1e-15)
    found = grad(lambda x: ops.sum(FUNCTIONS[name](x)))(x).numpy()
    np.testing.assert_allclose(found, slopes, rtol=1e-8, atol=1e-15)


def test_gates_and_maxima_count_features_from_either_end():
    x = tensor(np.arange(12.0).reshape(2, 6))
    np.testing.assert_array_equal(ops.maxout(x, 3).numpy(), [[2, 5], [8, 11]])
    np.testing.assert_array_equal(ops.maxout(x, np.int64(2), 0).numpy(), [[6, 7, 8, 9, 10, 11]])
    gated = ops.glu(ops.concatenate([x, np.zeros((2, 6))], 1), 1).numpy()
    np.testing.assert_array_equal(gated, x.numpy() / 2)
    assert ops.maxout(tensor([1, 2]), 2).dtype.name == "int64"


def test_a_slope_for_each_feature():
    """PReLU: the slope is an operand like any other."""
    x, slope = tensor([[-1.0, -2.0, 3.0], [4.0, -6.0, -1.0]]), tensor([0.1, 0.5, 2.0])
    np.testing.assert_allclose(ops.leaky_relu(x, slope).numpy(), [[-0.1, -1.0, 3.0], [4.0, -3.0, -2.0]], rtol=1e-6)
    found = grad(lambda a: ops.sum(ops.leaky_relu(x, a)))(slope).numpy()
    np.testing.assert_array_equal(found, [-1.0, -8.0, -1.0])
