"""Activations: the functions between the layers of a network."""

from __future__ import annotations

from chainrule.graph.tensor import Tensor, number
from chainrule.ops.elementwise import minimum
from chainrule.ops.exponential import exp, expm1
from chainrule.ops.kinds.conversion import lift_floats
from chainrule.ops.kinds.elementwise import Elementwise, where

__all__ = ["elu", "leaky_relu", "relu", "sigmoid", "softplus"]

sigmoid = Elementwise(
    "sigmoid", "1 / (1 + exp(-x))", partials=lambda y, x: (y * (1 - y),), lift=lift_floats,
    summary="Logistic function; in (0, 1), saturates for large |x|.",
    example=">>> sigmoid([0.0, 1.0])\nTensor([0.5       0.7310586], shape=(2,), dtype=float32)",
)  # fmt: skip
relu = Elementwise(
    "relu", "maximum(x, 0)", partials=lambda y, x: (y > 0,),
    kinks=(0.0,), convention="the derivative at 0 is 0",
    summary="Rectified linear unit.",
    source="Nair and Hinton 2010",
    example=">>> relu([-1.0, 2.0])\nTensor([0. 2.], shape=(2,), dtype=float32)",
)  # fmt: skip
leaky_relu = Elementwise(
    "leaky_relu", "where(x > 0, x, slope * x)",
    partials=lambda y, x, slope: (where(x > 0, ones(y), slope), where(x > 0, zeros(y), x)),
    lift=lift_floats, kinks=(0.0,), convention="the derivative at 0 is the slope",
    summary="Rectified linear unit with a small slope below 0.",
    source="Maas, Hannun and Ng 2013",
    example=">>> leaky_relu([-1.0, 2.0], 0.1)\nTensor([-0.1  2. ], shape=(2,), dtype=float32)",
)  # fmt: skip
elu = Elementwise(
    "elu", "where(x > 0, x, alpha * expm1(minimum(x, 0)))",
    partials=lambda y, x, alpha: (
        where(x > 0, ones(y), alpha * exp(minimum(x, 0.0))),
        where(x > 0, zeros(y), expm1(minimum(x, 0.0))),
    ),
    lift=lift_floats, kinks=(0.0,), convention="the derivative at 0 is alpha",
    summary="Exponential linear unit: alpha (exp(x) - 1) below 0.",
    source="Clevert, Unterthiner and Hochreiter 2016, equation 15",
    example=">>> elu([-1.0, 2.0], 1.0)\nTensor([-0.63212055  2.        ], shape=(2,), dtype=float32)",
)  # fmt: skip
softplus = Elementwise(
    "softplus", "maximum(x, 0) + log1p(exp(-absolute(x)))", partials=lambda y, x: (sigmoid(x),), lift=lift_floats,
    summary="log(1 + exp(x)), a smooth ReLU, without overflow.",
    example=">>> softplus([0.0, 1000.0])\nTensor([6.931472e-01 1.000000e+03], shape=(2,), dtype=float32)",
)  # fmt: skip


def ones(like: Tensor) -> Tensor:
    """The number 1 in the type of a tensor."""
    return number(1, like.dtype)


def zeros(like: Tensor) -> Tensor:
    """The number 0 in the type of a tensor."""
    return number(0, like.dtype)
