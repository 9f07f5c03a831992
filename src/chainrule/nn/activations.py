"""Activations: by name, as functions, and as layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.layer import Layer
from chainrule.nn.names import named, refuse_class
from chainrule.nn.scope import Scope
from chainrule.ops.activations import elu, leaky_relu, relu, sigmoid, softplus
from chainrule.ops.composite import softmax
from chainrule.ops.elementwise import where
from chainrule.ops.trigonometric import tanh

__all__ = [
    "ELU", "Activation", "Identity", "LeakyReLU", "ReLU", "Sigmoid", "Softmax", "Softplus", "Step", "Tanh",
    "as_activation",
]  # fmt: skip

_UNKNOWN = Message(
    "activation.unknown",
    en="Activation '{name}' is not known; choose one of: {known}, or give a function.{suggestion}",
    zh="未知的激活函数“{name}”；可选：{known}，或直接给出一个函数。{suggestion}",
)
_KIND = Message(
    "activation.kind",
    en="the activation is {given}; give a name such as 'relu', a function, or None for none. A second number of units"
    " is a second layer.",
    zh="激活函数为 {given}；请给出名称（如 'relu'）、函数，或 None 表示没有。第二个单元数应写成第二个层。",
)

Activate = Callable[[Tensor], Tensor]

_SLOPE = 0.01
_ALPHA = 1.0


def step(x: Tensor) -> Tensor:
    """1 where x is above 0: the neuron fires; otherwise 0. No gradient passes.

    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> step(tensor([-1.0, 0.0, 2.0]))
        Tensor([0. 0. 1.], shape=(3,), dtype=float32)
    """
    return where(x > 0, 1.0, 0.0)


def linear(x: Tensor) -> Tensor:
    """x itself."""
    return x


ACTIVATIONS: dict[str, Activate] = {
    "linear": linear,
    "identity": linear,
    "relu": relu,
    "leaky_relu": lambda x: leaky_relu(x, _SLOPE),
    "elu": lambda x: elu(x, _ALPHA),
    "softplus": softplus,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softmax": softmax,
    "step": step,
}


def as_activation(activation: str | Activate | None) -> Activate:
    """The function itself, or the one of this name; None is the identity.

    Raises:   UsageError if the name is not known.
    """
    if isinstance(activation, str):
        return named(activation, ACTIVATIONS, _UNKNOWN)
    if activation is None:
        return linear
    refuse_class("the activation", activation)
    if not callable(activation):
        raise UsageError(_KIND(given=repr(activation)))
    return activation


@dataclass(frozen=True, eq=False)
class Activation(Layer):
    """A function of one tensor, by name or as it is.

        y = f(x)

    Raises:   UsageError if the name is not known.
    Example:
        >>> from chainrule.nn import Activation, trace
        >>> trace(Activation("relu"), [(2,)]).inference
        Tensor(relu, shape=(batch, 2), dtype=float32)
    """

    function: str | Activate

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return as_activation(self.function)(x)


@dataclass(frozen=True, eq=False)
class Identity(Layer):
    """The input itself: a linear reading of what comes before.

    y = x
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return x


@dataclass(frozen=True, eq=False)
class ReLU(Layer):
    """Rectified linear unit.

        y = max(x, 0)

    Source:   Nair and Hinton 2010
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return relu(x)


@dataclass(frozen=True, eq=False)
class LeakyReLU(Layer):
    """Rectified linear unit with a small slope below 0 (0.01 as published and in PyTorch; Keras has 0.3).

        y = x if x > 0 else slope · x

    Source:   Maas, Hannun and Ng 2013
    """

    slope: float = _SLOPE

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return leaky_relu(x, self.slope)


@dataclass(frozen=True, eq=False)
class ELU(Layer):
    """Exponential linear unit.

        y = x if x > 0 else α (exp(x) - 1)

    Source:   Clevert, Unterthiner and Hochreiter 2016
    """

    alpha: float = _ALPHA

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return elu(x, self.alpha)


@dataclass(frozen=True, eq=False)
class Softplus(Layer):
    """A smooth ReLU.

    y = log(1 + exp(x))
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return softplus(x)


@dataclass(frozen=True, eq=False)
class Sigmoid(Layer):
    """Each output by itself in (0, 1): probabilities of classes that may hold together; they need not sum to 1.

    y = 1 / (1 + exp(-x))
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return sigmoid(x)


@dataclass(frozen=True, eq=False)
class Tanh(Layer):
    """Hyperbolic tangent, in (-1, 1).

    y = tanh(x)
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return tanh(x)


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
