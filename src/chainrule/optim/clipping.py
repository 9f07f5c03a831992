"""Gradients that are too large, made smaller before an optimizer sees them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.tensor import Tensor
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import add, clip, maximum, sqrt, square
from chainrule.ops.kinds.conversion import cast
from chainrule.optim.optimizer import Applied, Parameters, Scalars, Slots
from chainrule.optim.rates import Rate
from chainrule.optim.wrapper import Wrapper

__all__ = ["ClipByGlobalNorm", "ClipByNorm", "ClipByValue"]


@dataclass(frozen=True)
class ClipByValue(Wrapper):
    """Each number of a gradient is at most so large; directions change.

        g ← min(max(g, −c), c)

    Example:
        >>> from chainrule.optim import SGD
        >>> ClipByValue(SGD(0.1), 0.5)
        ClipByValue(optimizer=SGD(learning_rate=0.1), clip_value=0.5)
    """

    clip_value: Rate = 1.0

    rates: ClassVar[tuple[str, ...]] = ("clip_value",)

    def apply(
        self, parameters: Parameters, gradients: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> Applied:
        most = self.scalar("clip_value", scalars)
        clipped = {n: clip(g, -cast(most, g.dtype), cast(most, g.dtype)) for n, g in gradients.items()}
        return self.optimizer.apply(parameters, clipped, slots, scalars)


@dataclass(frozen=True)
class ClipByNorm(Wrapper):
    """The gradient of each parameter is at most so long.

        g ← g · c / max(‖g‖, c), for each parameter's array by itself

    Source:   as in Keras (clipnorm)
    """

    clip_norm: Rate = 1.0

    rates: ClassVar[tuple[str, ...]] = ("clip_norm",)

    def apply(
        self, parameters: Parameters, gradients: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> Applied:
        most = self.scalar("clip_norm", scalars)
        clipped = {name: _shortened(g, sqrt(sum(square(g))), most) for name, g in gradients.items()}
        return self.optimizer.apply(parameters, clipped, slots, scalars)


@dataclass(frozen=True)
class ClipByGlobalNorm(Wrapper):
    """The gradients of all parameters, taken as one vector, are at most so long: the direction of the step stays.

        g ← g · c / max(‖g‖, c),  ‖g‖² = Σ over all numbers of all parameters' gradients

    As tf.clip_by_global_norm and Keras's global_clipnorm; PyTorch's clip_grad_norm_ adds 10⁻⁶ to the norm.

    Source:   Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks, algorithm 1
    """

    global_clip_norm: Rate = 1.0

    rates: ClassVar[tuple[str, ...]] = ("global_clip_norm",)

    def apply(
        self, parameters: Parameters, gradients: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> Applied:
        most = self.scalar("global_clip_norm", scalars)
        norm = sqrt(functools.reduce(add, [sum(square(g)) for g in gradients.values()]))
        clipped = {name: _shortened(g, norm, most) for name, g in gradients.items()}
        return self.optimizer.apply(parameters, clipped, slots, scalars)


def _shortened(gradient: Tensor, norm: Tensor, most: Tensor) -> Tensor:
    """gradient · most / max(norm, most): as it is where the norm is no larger."""
    limit = cast(most, gradient.dtype)
    return gradient * (limit / maximum(norm, limit))
