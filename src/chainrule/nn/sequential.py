"""Layers one behind the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.graph.tensor import Tensor
from chainrule.nn.layer import Layer
from chainrule.nn.scope import Scope

__all__ = ["Sequential"]


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

    def __call__(self, x: Any, scope: Scope) -> Tensor:
        return self.apply(x, scope) if self.name is None else super().__call__(x, scope)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        for layer in self.layers:
            x = layer(x, scope)
        return x
