"""Layers whose outputs stay between bounds: sigmoids, tanh, softmax, the step."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.tensor import Tensor
from chainrule.nn.activations import step
from chainrule.nn.layer import Layer
from chainrule.nn.scope import Scope
from chainrule.ops.activations import hard_sigmoid, hard_tanh, log_sigmoid, sigmoid, softsign
from chainrule.ops.softmax import softmax
from chainrule.ops.trigonometric import tanh

__all__ = ["HardSigmoid", "HardTanh", "LogSigmoid", "Sigmoid", "Softmax", "Softsign", "Step", "Tanh"]


@dataclass(frozen=True, eq=False)
class Sigmoid(Layer):
    """Each output by itself in (0, 1): probabilities of classes that may hold together; they need not sum to 1.

    y = 1 / (1 + exp(-x))
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return sigmoid(x)


@dataclass(frozen=True, eq=False)
class HardSigmoid(Layer):
    """A sigmoid of three straight pieces (PyTorch's and Keras 3's; older ones rise by 1/5).

    y = min(max(x / 6 + 1 / 2, 0), 1)
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return hard_sigmoid(x)


@dataclass(frozen=True, eq=False)
class LogSigmoid(Layer):
    """Logarithm of the sigmoid, without underflow.

    y = -log(1 + exp(-x))
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return log_sigmoid(x)


@dataclass(frozen=True, eq=False)
class Tanh(Layer):
    """Hyperbolic tangent, in (-1, 1).

    y = tanh(x)
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return tanh(x)


@dataclass(frozen=True, eq=False)
class HardTanh(Layer):
    """A tanh of three straight pieces.

    y = min(max(x, -1), 1)
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return hard_tanh(x)


@dataclass(frozen=True, eq=False)
class Softsign(Layer):
    """A tanh without an exponential, which saturates slowly.

        y = x / (1 + |x|)

    Source:   Turian, Bergstra and Bengio 2009
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return softsign(x)


@dataclass(frozen=True, eq=False)
class Softmax(Layer):
    """Probabilities of exclusive classes along the last axis; they sum to 1.

    y = exp(x) / Σ exp(x)
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return softmax(x)


@dataclass(frozen=True, eq=False)
class Step(Layer):
    """A threshold: 1 where x is above 0 (the neuron fires), otherwise 0. No gradient passes, so it cannot be trained.

        y = 1 if x > 0 else 0

    Source:   McCulloch and Pitts 1943
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return step(x)
