"""Functions of probabilities and of their logarithms, right also where one of them is 0."""

from __future__ import annotations

from chainrule.graph.tensor import Tensor
from chainrule.ops.activations import sigmoid
from chainrule.ops.comparison import equal, is_infinite, logical_and
from chainrule.ops.exponential import log
from chainrule.ops.kinds.conversion import lift_floats
from chainrule.ops.kinds.elementwise import POSITIVE, REAL, Elementwise, where

__all__ = ["logaddexp", "logit", "xlogy"]

logit = Elementwise(
    "logit", "log(x) - log1p(-x)",
    partials=lambda y, x: (1 / (x * (1 - x)),),
    lift=lift_floats, domain=((0.0, 1.0),), convention="infinite at 0 and 1",
    summary="Inverse of sigmoid, log(x / (1 - x)); infinite at 0 and 1, NaN beyond.",
    example=">>> logit([0.5, 0.75])\nTensor([0.        1.0986123], shape=(2,), dtype=float32)",
)  # fmt: skip


def _impossible(a: Tensor, b: Tensor) -> Tensor:
    """0 · log 0"""
    return logical_and(equal(a, 0), equal(b, 0))


xlogy = Elementwise(
    "xlogy", "where(a == 0, where(b == b, 0, b), a * log(b))",
    partials=lambda y, a, b: (
        where(_impossible(a, b), 0.0, log(where(_impossible(a, b), 1.0, b))),
        a / where(_impossible(a, b), 1.0, b),
    ),
    lift=lift_floats, domain=(REAL, POSITIVE), convention="the derivatives at (0, 0) are 0",
    summary="a log(b), and 0 where a is 0, whatever b is (but NaN for NaN).",
    example=">>> xlogy([0.0, 2.0], [0.0, 0.5])\nTensor([ 0.        -1.3862944], shape=(2,), dtype=float32)",
)  # fmt: skip


def _difference(a: Tensor, b: Tensor) -> Tensor:
    """a - b, and 0 for two equal infinities."""
    same = logical_and(equal(a, b), is_infinite(a))
    return where(same, 0.0, a - where(same, 0.0, b))


logaddexp = Elementwise(
    "logaddexp",
    "where(a == b, a + 0.6931471805599453, maximum(a, b) + log1p(exp(-absolute(a - b))))",
    partials=lambda y, a, b: (sigmoid(_difference(a, b)), sigmoid(_difference(b, a))),
    lift=lift_floats, convention="two equal infinities share it in halves",
    summary="log(exp(a) + exp(b)) without overflow: the sum of two numbers given by their logarithms.",
    example=">>> logaddexp([0.0, 1000.0], [0.0, 0.0])\nTensor([6.931472e-01 1.000000e+03], shape=(2,), dtype=float32)",
)  # fmt: skip
