"""A model as a layer of another: features that were learned elsewhere, kept or trained further."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.substitution import substituted
from chainrule.graph.tensor import Tensor, tensor
from chainrule.messages import Message
from chainrule.nn.initializers import Initializer
from chainrule.nn.layer import Layer
from chainrule.nn.scope import Scope
from chainrule.surgery.assembling import as_tuple
from chainrule.train.model import Model

__all__ = ["Pretrained"]

_MODEL = Message(
    "pretrained.model",
    en="Pretrained({given}): give a model with one output whose input is known, such as features(model, 'dense1').",
    zh="Pretrained({given})：请给出输入已知且只有一个输出的模型，例如 features(model, 'dense1')。",
)
_INPUTS = Message(
    "pretrained.inputs",
    en="x has shape {given}, but the model was built for {built}. Bring x into that shape, or convert the model for it:"
    " surgery.to_fully_convolutional(model, input_shape).",
    zh="x 的形状为 {given}，但模型是为 {built} 构建的。请把 x 变为该形状，或将模型转换为适用的形状："
    "surgery.to_fully_convolutional(model, input_shape)。",
)


@dataclass(frozen=True)
class _Given(Initializer):
    """Numbers that are there already."""

    value: NDArray[np.float32]

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> NDArray[np.float32]:
        return self.value


@dataclass(frozen=True, eq=False)
class Pretrained(Layer):
    """A trained model as a layer of another network, so that this learns on its features.

    model       with one output; of several inputs it takes a tuple
    trainable   whether its parameters are learned further, from where they are; without it they are constants

    It does what the model does in inference, in both modes: dropout is silent, batch normalisation has the statistics
    that the model learned. With `trainable`, the parameters are called as in the model, with dots:
    "pretrained/conv1.kernel". The model itself stays as it is.

    Shapes:   x (batch, *those of the model's input) → those of its output
    Raises:   UsageError if it is no such model; ShapeError if x has another shape.
    Example:
        >>> from chainrule.nn import Dense, Sequential, lenet5
        >>> from chainrule.surgery.inner_outputs import features
        >>> inner = features(Model(lenet5(), (28, 28, 1)), "dense2")
        >>> Model(Sequential([Pretrained(inner), Dense(3)]), (28, 28, 1))  # learns 84·3 + 3 numbers
        Model(2 layers, 255 parameters)
        >>> Model(Sequential([Pretrained(inner, trainable=True), Dense(3)]), (28, 28, 1))
        Model(2 layers, 61,111 parameters)
    """

    model: Model
    trainable: bool = False

    def __post_init__(self) -> None:
        given: Any = self.model
        if not isinstance(given, Model) or not isinstance(given.network.inference, Tensor):
            raise UsageError(_MODEL(given=repr(given)))

    def apply(self, x: Any, scope: Scope) -> Tensor:
        model, network = self.model, self.model.network
        given = x if isinstance(x, tuple) else (x,)
        if [y.shape for y in given] != [y.shape for y in network.inputs]:
            shapes = {"given": given, "built": network.inputs}
            shown = {name: ", ".join(show_shape(y.shape) for y in some) for name, some in shapes.items()}
            raise ShapeError(_INPUTS(**shown))
        replacements = dict(zip(network.inputs, given, strict=True))
        for name, parameter in network.parameters.items():
            value = np.asarray(model.parameters[name], np.float32)
            learned = parameter.tensor
            replacements[learned] = (
                scope.parameter(name.replace("/", "."), value.shape, _Given(value))
                if self.trainable
                else tensor(value, learned.dtype)
            )
        for name, state in network.states.items():
            replacements[state.tensor] = tensor(model.states[name], state.tensor.dtype)
        for name, scalar in network.scalars.items():
            replacements[scalar.tensor] = tensor(model.scalars[name], scalar.tensor.dtype)
        return substituted(as_tuple(network.inference), replacements)[0]
