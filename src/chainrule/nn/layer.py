"""A layer: a frozen dataclass of hyper-parameters, called as `layer(x, scope)`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar, Self

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor, caller
from chainrule.messages import Message
from chainrule.nn.scope import Scope

__all__ = ["Layer"]

_NO_FEATURES = Message(
    "layer.no_features",
    en="x {x} has no axis of features. Give it shape (batch, ..., features), e.g. with x[:, None].",
    zh="x {x} 没有特征轴。请给出形状 (batch, ..., features)，例如使用 x[:, None]。",
)
_NO_SCOPE = Message(
    "layer.no_scope",
    en="{layer} is called with {given} as its scope, which holds a layer's parameters. Make a model, e.g."
    " cr.Model({layer}(...)).predict(x); in a function (x, scope) → y pass the scope on, layer(x, scope).",
    zh="调用 {layer} 时给出的 scope 为 {given}，而 scope 保存层的参数。请创建模型，例如"
    " cr.Model({layer}(...)).predict(x)；在函数 (x, scope) → y 中请把 scope 传下去：layer(x, scope)。",
)
_NOT_POSITIVE = Message(
    "layer.not_positive",
    en="{layer}({name}={value!r}): {name} must be a whole number above 0.",
    zh="{layer}({name}={value!r})：{name} 必须是大于 0 的整数。",
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Layer(ABC):
    """A function with parameters. Its fields are its hyper-parameters; its parameters are declared while it is traced.

    A layer is told apart by identity: one object used twice shares its parameters, two equal ones do not.

    `name` is its part of the path in names such as "conv1/kernel"; without one it is called after its class: "dense",
    "dense_1", in order of first use.
    """

    name: str | None = None

    where: ClassVar[str] = ""  # the line that built the layer, for messages

    def __new__(cls, *_: Any, **__: Any) -> Self:
        layer = super().__new__(cls)
        object.__setattr__(layer, "where", caller())
        return layer

    def __call__(self, x: Any, scope: Scope | None = None) -> Tensor:
        """The layer applied to x, under its own path.

        Raises:   UsageError without a scope.
        """
        y: Tensor = self._checked(scope).call(self, x)
        return y

    def _checked(self, scope: Any) -> Scope:
        if not isinstance(scope, Scope):
            given = "None" if scope is None else type(scope).__name__
            raise UsageError(_NO_SCOPE(layer=type(self).__name__, given=given))
        return scope

    @abstractmethod
    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        """The layer's function of x, with what it asks of the scope."""


def features(x: Tensor) -> int:
    """The size of the last axis, which a layer's parameters depend on."""
    size = x.shape[-1] if x.ndim > 1 else None
    if not isinstance(size, int):
        raise ShapeError(_NO_FEATURES(x=show_shape(x.shape)))
    return size


def check_positive(layer: Layer, **sizes: Any) -> None:
    """Refuse sizes that no array can have; NumPy's integers, as in `y.max() + 1`, become Python's."""
    for name, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise UsageError(_NOT_POSITIVE(layer=type(layer).__name__, name=name, value=value))
        object.__setattr__(layer, name, int(value))
