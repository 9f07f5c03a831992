"""Connections that go past other layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.layer import Layer
from chainrule.nn.names import refuse_class
from chainrule.nn.scope import Scope
from chainrule.nn.signatures import refuse_without_scope
from chainrule.ops.elementwise import add

__all__ = ["SkipConnection"]

_NO_LAYER = Message(
    "skip_connection.no_layer",
    en="SkipConnection is given {given}, which is neither a layer nor a function (x, scope) → y. Put several layers"
    " into one: SkipConnection(Sequential([Dense(8, 'relu'), Dense(8)])).",
    zh="SkipConnection 得到的是 {given}，它既不是层，也不是函数 (x, scope) → y。"
    "请把多个层合为一个：SkipConnection(Sequential([Dense(8, 'relu'), Dense(8)]))。",
)


@dataclass(frozen=True, eq=False)
class SkipConnection(Layer):
    """A layer, and a way past it: what it makes of x is joined with x itself.

        y = join(x, layer(x));  without another join  y = x + layer(x)

    The sum lets a layer learn how its output differs from its input (residual learning); a join such as
    `lambda x, y: concatenate([x, y], -1)` keeps both for the layers behind. The layer's parameters are under the path
    of the connection: "skip_connection/dense/kernel".

    Shapes:   what join takes; of the sum: layer(x) has the shape of x, or one that broadcasts to it
    Raises:   UsageError if it is given no layer; what join raises where shapes do not fit.
    Source:   He, Zhang, Ren and Sun 2016, Deep residual learning for image recognition, figure 2
    Example:
        >>> from chainrule.nn import Dense, SkipConnection, trace
        >>> network = trace(SkipConnection(Dense(4)), [(4,)])
        >>> network.inference.shape, network.parameter_count
        ((batch, 4), 20)
    """

    layer: Callable[[Any, Scope], Any]
    join: Callable[[Tensor, Tensor], Tensor] = add

    def __post_init__(self) -> None:
        refuse_class("the layer of SkipConnection", self.layer)
        if not callable(self.layer):
            raise UsageError(_NO_LAYER(given=type(self.layer).__name__))
        refuse_without_scope("the layer of SkipConnection", self.layer)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return self.join(x, self.layer(x, scope))
