"""Layers that vary the training images and leave all others as they are."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.tensor import Tensor
from chainrule.nn.layer import Layer, check_positive
from chainrule.nn.scope import Scope
from chainrule.ops.augmentation import random_shift

__all__ = ["RandomShift"]


@dataclass(frozen=True, eq=False)
class RandomShift(Layer):
    """In training each image moves by a random whole number of pixels, up to `pixels` either way; what enters is zero.

        y[n,i,j,c] = x[n, i + a, j + b, c], a and b uniform in {-pixels, …, pixels}; in inference y = x

    Shapes:   x (batch, height, width, c) → (batch, height, width, c)
    Units:    pixels
    Raises:   UsageError if pixels is not above 0; ShapeError if x has other axes.
    Example:
        >>> from chainrule.nn import RandomShift, trace
        >>> network = trace(RandomShift(1), [(28, 28, 1)])
        >>> network.training.operation.name, network.inference.operation.name
        ('random_shift', 'source')
    """

    pixels: int = 1

    def __post_init__(self) -> None:
        check_positive(self, pixels=self.pixels)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        if not scope.training:
            return x
        return random_shift(x, scope.seed, scope.step, pixels=self.pixels, stream=scope.stream())
