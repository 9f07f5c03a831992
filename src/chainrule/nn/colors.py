"""Layers that vary the light and the colours of the training images.

They clip to `value_range`, the smallest and the largest value of the images: (0, 255) for bytes, as in Keras; where a
Rescaling stands before it, say (0, 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.augmentation import Variation
from chainrule.nn.ranges import HALF
from chainrule.nn.scope import Scope
from chainrule.ops.colors import random_brightness, random_contrast, random_hue, random_saturation

__all__ = ["RandomBrightness", "RandomContrast", "RandomHue", "RandomSaturation"]


@dataclass(frozen=True, eq=False)
class ColorVariation(Variation):
    """What varies light and colour, and clips to the smallest and the largest value of the images."""

    value_range: tuple[float, float] = (0, 255)


@dataclass(frozen=True, eq=False)
class RandomBrightness(ColorVariation):
    """In training each image is made lighter or darker, by up to `factor` of the range of values.

        y = clip(x + d (high - low), low, high), d uniform in [-factor, factor); in inference y = x

    Shapes:   x (batch, …) → (batch, …)
    Raises:   UsageError if the factor is not in [0, 1], or the range no pair.
    """

    def vary(self, x: Tensor, factor: Tensor, scope: Scope) -> Tensor:
        return random_brightness(x, factor, scope.seed, scope.step, value_range=self.value_range, stream=scope.stream())


@dataclass(frozen=True, eq=False)
class RandomContrast(ColorVariation):
    """In training each image's distances from its mean are stretched or shrunk, by up to `factor`.

        y = clip(m + f (x - m), low, high), f uniform in [1 - factor, 1 + factor); in inference y = x

    m is the mean of a channel over rows and columns.

    Shapes:   x (batch, height, width, c) → (batch, height, width, c)
    Raises:   UsageError if the factor is not in [0, 1], or the range no pair.
    """

    def vary(self, x: Tensor, factor: Tensor, scope: Scope) -> Tensor:
        return random_contrast(x, factor, scope.seed, scope.step, value_range=self.value_range, stream=scope.stream())


@dataclass(frozen=True, eq=False)
class RandomSaturation(ColorVariation):
    """In training each image's colours are made stronger or paler, by up to `factor`.

        y = clip(g + f (x - g), low, high), f uniform in [1 - factor, 1 + factor); in inference y = x

    g is the grey of a pixel; factor 1 goes from grey to twice as strong. (Keras scales the saturation of HSV instead.)

    Shapes:   x (batch, height, width, 3) → (batch, height, width, 3)
    Raises:   UsageError if the factor is not in [0, 1], or the range no pair; ShapeError without three channels.
    """

    def vary(self, x: Tensor, factor: Tensor, scope: Scope) -> Tensor:
        return random_saturation(x, factor, scope.seed, scope.step, value_range=self.value_range, stream=scope.stream())


@dataclass(frozen=True, eq=False)
class RandomHue(ColorVariation):
    """In training each image's colours are turned about grey, by up to `factor` of a full turn; in inference y = x.

    Shapes:   x (batch, height, width, 3) → (batch, height, width, 3)
    Raises:   UsageError if the factor is not in [0, 0.5], or the range no pair; ShapeError without three channels.
    """

    factors: ClassVar[Message] = HALF

    def vary(self, x: Tensor, factor: Tensor, scope: Scope) -> Tensor:
        return random_hue(x, factor, scope.seed, scope.step, value_range=self.value_range, stream=scope.stream())
