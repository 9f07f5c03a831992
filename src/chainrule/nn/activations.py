"""Activations by name, and as functions; as layers they stand in rectifiers, saturating and gates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.layer import Layer
from chainrule.nn.names import named, refuse_class
from chainrule.nn.scope import Scope
from chainrule.ops.activations import (
    celu,
    elu,
    gelu,
    gelu_tanh,
    hard_shrink,
    hard_sigmoid,
    hard_swish,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softplus,
    softsign,
    tanh_shrink,
)
from chainrule.ops.elementwise import where
from chainrule.ops.exponential import exp
from chainrule.ops.gating import glu
from chainrule.ops.softmax import log_softmax, softmax
from chainrule.ops.trigonometric import tanh

__all__ = ["Activation", "Identity", "as_activation"]

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

SLOPE = 0.01  # of LeakyReLU, as published and in PyTorch; Keras has 0.3
ALPHA = 1.0  # of ELU and CELU
THRESHOLD = 0.5  # of SoftShrink and HardShrink


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
    "exponential": exp,
    # rectifiers
    "relu": relu,
    "relu6": relu6,
    "leaky_relu": lambda x: leaky_relu(x, SLOPE),
    "elu": lambda x: elu(x, ALPHA),
    "celu": lambda x: celu(x, ALPHA),
    "selu": selu,
    "softplus": softplus,
    "soft_shrink": lambda x: soft_shrink(x, THRESHOLD),
    "hard_shrink": lambda x: hard_shrink(x, THRESHOLD),
    "tanh_shrink": tanh_shrink,
    # gates
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "silu": silu,
    "swish": silu,
    "mish": mish,
    "hard_swish": hard_swish,
    "glu": glu,
    # saturating
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid,
    "log_sigmoid": log_sigmoid,
    "tanh": tanh,
    "hard_tanh": hard_tanh,
    "softsign": softsign,
    "softmax": softmax,
    "log_softmax": log_softmax,
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
