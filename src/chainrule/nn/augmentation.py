"""Layers that vary the training images and leave all others as they are: flips, shifts, crops, cut-out.

What varies light and colour stands in colors, what looks through a distorted grid in warping. Strengths are inputs of
the training step and may be turned meanwhile; sizes and ranges of values belong to the graph.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message, suggestion
from chainrule.nn.layer import Layer, check_positive
from chainrule.nn.ranges import NOT_NEGATIVE, PROBABILITY, check_number
from chainrule.nn.scope import Scope
from chainrule.ops.augmentation import center_crop, cutout, random_crop, random_flip, random_shift

__all__ = ["Cutout", "RandomCrop", "RandomFlip", "RandomShift"]

_MODE = Message(
    "random_flip.mode",
    en="RandomFlip(mode={mode!r}): choose one of: {known}.{suggestion}",
    zh="RandomFlip(mode={mode!r})：可选：{known}。{suggestion}",
)

_AXES = {"horizontal_and_vertical": (2, 1), "horizontal": (2,), "vertical": (1,)}


@dataclass(frozen=True, eq=False)
class Variation(Layer):
    """What layers have in common that vary training images by up to `factor`; in inference y = x."""

    factor: float

    factors: ClassVar[Message] = PROBABILITY  # which numbers the factor can be

    def __post_init__(self) -> None:
        check_number(self, self.factors, factor=self.factor)

    @abstractmethod
    def vary(self, x: Tensor, factor: Tensor, scope: Scope) -> Tensor:
        """The images as they are in training."""

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        factor = scope.scalar("factor", self.factor)
        return self.vary(x, factor, scope) if scope.training else x


@dataclass(frozen=True, eq=False)
class RandomFlip(Layer):
    """In training each image is mirrored with probability `rate`: left-right, up-down, or by chance either or both.

        horizontal: y[n,i,j,c] = x[n, i, width - 1 - j, c] if D_n else x[n,i,j,c], D_n ~ Bernoulli(rate)

    Inference mirrors nothing.

    Shapes:   x (batch, height, width, c) → (batch, height, width, c)
    Raises:   UsageError if the mode is not known, or the rate not in [0, 1].
    Example:
        >>> from chainrule.nn import RandomFlip, trace
        >>> trace(RandomFlip("horizontal"), [(28, 28, 1)]).training.operation.name
        'random_flip'
    """

    mode: str = "horizontal_and_vertical"
    rate: float = 0.5

    def __post_init__(self) -> None:
        if self.mode not in _AXES:
            raise UsageError(_MODE(mode=self.mode, known=", ".join(_AXES), suggestion=suggestion(self.mode, _AXES)))
        check_number(self, PROBABILITY, rate=self.rate)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        rate = scope.scalar("rate", self.rate)
        for axis in _AXES[self.mode] if scope.training else ():
            x = random_flip(x, rate, scope.seed, scope.step, axis=axis, stream=scope.stream())
        return x


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


@dataclass(frozen=True, eq=False)
class RandomCrop(Layer):
    """In training a random part of each image, in inference its middle, of one height and width.

        y[n,i,j,c] = x[n, i + a, j + b, c], a and b such that it fits

    Shapes:   x (batch, height, width, c) → (batch, *size, c)
    Raises:   UsageError if the size is not above 0, or larger than the images.
    Example:
        >>> from chainrule.nn import RandomCrop, trace
        >>> trace(RandomCrop(24, 20), [(28, 28, 1)]).training.shape
        (batch, 24, 20, 1)
    """

    height: int
    width: int

    def __post_init__(self) -> None:
        check_positive(self, height=self.height, width=self.width)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        size = self.height, self.width
        if not scope.training:
            return center_crop(x, size)
        return random_crop(x, size, scope.seed, scope.step, stream=scope.stream())


@dataclass(frozen=True, eq=False)
class Cutout(Layer):
    """In training a square of each image is painted over, with probability `rate`; in inference y = x.

        y[n,i,j,c] = fill where -size ≤ 2 (i - a_n) < size and -size ≤ 2 (j - b_n) < size, (a_n, b_n) any pixel

    Shapes:   x (batch, height, width, c) → (batch, height, width, c)
    Units:    size: pixels
    Raises:   UsageError if the size is negative, or the rate not in [0, 1].
    Source:   DeVries and Taylor 2017; with a rate below 1, random erasing: Zhong, Zheng, Kang, Li and Yang 2020
    """

    size: float
    rate: float = 1.0
    fill: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, NOT_NEGATIVE, size=self.size)
        check_number(self, PROBABILITY, rate=self.rate)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        size, rate = scope.scalar("size", self.size), scope.scalar("rate", self.rate)
        if not scope.training:
            return x
        return cutout(x, size, scope.seed, scope.step, rate=rate, fill=self.fill, stream=scope.stream())
