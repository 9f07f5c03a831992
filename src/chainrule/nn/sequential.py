"""Layers one behind the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.layer import Layer
from chainrule.nn.names import refuse_class
from chainrule.nn.scope import Scope
from chainrule.nn.signatures import refuse_without_scope

__all__ = ["Sequential"]

_NO_LIST = Message(
    "sequential.no_list",
    en="Sequential takes its layers as a list. Give a list: Sequential([Dense(8, 'relu'), Dense(1)]).",
    zh="Sequential 的各层须以列表给出。请给出列表：Sequential([Dense(8, 'relu'), Dense(1)])。",
)
_NO_LAYER = Message(
    "sequential.no_layer",
    en="layer {place} of Sequential is {given}, which is neither a layer nor a function (x, scope) → y. Give a layer"
    " such as Dense(8) or ReLU().",
    zh="Sequential 的第 {place} 项是 {given}，它既不是层，也不是函数 (x, scope) → y。"
    "请给出层，例如 Dense(8) 或 ReLU()。",
)


@dataclass(frozen=True, eq=False)
class Sequential(Layer):
    """Layers, or functions (x, scope) → y, each applied to what the one before gives.

        y = fₙ(… f₂(f₁(x)))

    Without a name it leaves the paths of its layers as they are; with one they are under it: "block/dense".

    Example:
        >>> from chainrule.nn import Dense, Sequential, trace
        >>> list(trace(Sequential([Dense(4, "relu"), Dense(3)]), [(2,)]).parameters)
        ['dense/kernel', 'dense/bias', 'dense_1/kernel', 'dense_1/bias']
    """

    layers: Sequence[Callable[[Any, Scope], Any]]

    def __new__(cls, *layers: Any, **_: Any) -> Self:
        if len(layers) > 1:  # as PyTorch has it
            raise UsageError(_NO_LIST())
        return super().__new__(cls)

    def __post_init__(self) -> None:
        if not isinstance(self.layers, list | tuple):
            raise UsageError(_NO_LIST())
        for place, layer in enumerate(self.layers):
            refuse_class(f"layer {place} of Sequential", layer)
            if not callable(layer):
                raise UsageError(_NO_LAYER(place=place, given=repr(layer)))
            refuse_without_scope(f"layer {place} of Sequential", layer)

    def __call__(self, x: Any, scope: Scope | None = None) -> Tensor:
        return self.apply(x, self._checked(scope)) if self.name is None else super().__call__(x, scope)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        for layer in self.layers:
            x = layer(x, scope)
        return x
