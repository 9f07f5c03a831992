"""Layers through which the training images are seen as if turned, from nearer or farther, or drawn on rubber."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.augmentation import Variation
from chainrule.nn.ranges import HALF, NOT_NEGATIVE, check_number
from chainrule.nn.scope import Scope
from chainrule.ops.warping import elastic_distortion, random_rotation, random_zoom

__all__ = ["ElasticDistortion", "RandomRotation", "RandomZoom"]


@dataclass(frozen=True, eq=False)
class RandomRotation(Variation):
    """In training each image is turned about its middle, by up to `factor` of a full turn either way; bilinear.

    Inference turns nothing. Corners are lost, and what enters is `fill`.

    Shapes:   x (batch, height, width, c) → (batch, height, width, c)
    Raises:   UsageError if the factor is not in [0, 0.5].
    Example:
        >>> from chainrule.nn import RandomRotation, trace
        >>> trace(RandomRotation(15 / 360), [(28, 28, 1)]).training.operation.name
        'random_rotation'
    """

    fill: float = 0.0

    factors: ClassVar[Message] = HALF

    def vary(self, x: Tensor, factor: Tensor, scope: Scope) -> Tensor:
        return random_rotation(x, factor, scope.seed, scope.step, fill=self.fill, stream=scope.stream())


@dataclass(frozen=True, eq=False)
class RandomZoom(Variation):
    """In training each image is made smaller or larger about its middle, by up to `factor`; in inference y = x.

    Shapes:   x (batch, height, width, c) → (batch, height, width, c)
    Raises:   UsageError if the factor is not in [0, 1].
    """

    fill: float = 0.0

    def vary(self, x: Tensor, factor: Tensor, scope: Scope) -> Tensor:
        return random_zoom(x, factor, scope.seed, scope.step, fill=self.fill, stream=scope.stream())


@dataclass(frozen=True, eq=False)
class ElasticDistortion(Variation):
    """In training each image is distorted as if drawn on rubber; in inference y = x.

    Pixels move by up to factor / smoothness, on average (root of the mean square) by 0.16 of that, and over a distance
    of `smoothness` by nearly the same.

    Shapes:   x (batch, height, width, c) → (batch, height, width, c)
    Units:    smoothness: pixels
    Raises:   UsageError if the factor is negative, or smoothness below 1.
    Source:   Simard, Steinkraus and Platt 2003: factor 34 and smoothness 4 for handwritten digits
    """

    factor: float = 34.0
    smoothness: float = 4.0
    fill: float = 0.0

    factors: ClassVar[Message] = NOT_NEGATIVE

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number(self, NOT_NEGATIVE, smoothness=self.smoothness)

    def vary(self, x: Tensor, factor: Tensor, scope: Scope) -> Tensor:
        return elastic_distortion(
            x, factor, scope.seed, scope.step, smoothness=self.smoothness, fill=self.fill, stream=scope.stream()
        )
