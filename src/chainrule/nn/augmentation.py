"""Layers that vary the training images and leave all others as they are.

Strengths are inputs of the training step and may be turned meanwhile; sizes and ranges of values belong to the graph.
What varies light and colour clips to `value_range`, the smallest and the largest value of the images: (0, 255) for
bytes, as in Keras; where a Rescaling stands before it, say (0, 1).
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message, suggestion
from chainrule.nn.layer import Layer, check_positive
from chainrule.nn.ranges import HALF, NOT_NEGATIVE, PROBABILITY, check_number
from chainrule.nn.scope import Scope
from chainrule.ops.augmentation import (
    center_crop,
    cutout,
    random_brightness,
    random_contrast,
    random_crop,
    random_flip,
    random_hue,
    random_saturation,
    random_shift,
)
from chainrule.ops.warping import elastic_distortion, random_rotation, random_zoom

__all__ = [
    "Cutout", "ElasticDistortion", "RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip", "RandomHue",
    "RandomRotation", "RandomSaturation", "RandomShift", "RandomZoom",
]  # fmt: skip

_MODE = Message(
    "random_flip.mode",
    en="RandomFlip(mode={mode!r}): choose one of: {known}.{suggestion}",
    zh="RandomFlip(mode={mode!r})：可选：{known}。{suggestion}",
)

_AXES = {"horizontal_and_vertical": (2, 1), "horizontal": (2,), "vertical": (1,)}


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
class RandomBrightness(Layer):
    """In training each image is made lighter or darker, by up to `factor` of the range of values.

        y = clip(x + d (high - low), low, high), d uniform in [-factor, factor); in inference y = x

    Shapes:   x (batch, …) → (batch, …)
    Raises:   UsageError if the factor is not in [0, 1], or the range no pair.
    """

    factor: float
    value_range: tuple[float, float] = (0, 255)

    def __post_init__(self) -> None:
        check_number(self, PROBABILITY, factor=self.factor)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        factor = scope.scalar("factor", self.factor)
        if not scope.training:
            return x
        return random_brightness(x, factor, scope.seed, scope.step, value_range=self.value_range, stream=scope.stream())


@dataclass(frozen=True, eq=False)
class RandomContrast(Layer):
    """In training each image's distances from its mean are stretched or shrunk, by up to `factor`.

        y = clip(m + f (x - m), low, high), f uniform in [1 - factor, 1 + factor); in inference y = x

    m is the mean of a channel over rows and columns.

    Shapes:   x (batch, height, width, c) → (batch, height, width, c)
    Raises:   UsageError if the factor is not in [0, 1], or the range no pair.
    """

    factor: float
    value_range: tuple[float, float] = (0, 255)

    def __post_init__(self) -> None:
        check_number(self, PROBABILITY, factor=self.factor)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        factor = scope.scalar("factor", self.factor)
        if not scope.training:
            return x
        return random_contrast(x, factor, scope.seed, scope.step, value_range=self.value_range, stream=scope.stream())


@dataclass(frozen=True, eq=False)
class RandomSaturation(Layer):
    """In training each image's colours are made stronger or paler, by up to `factor`.

        y = clip(g + f (x - g), low, high), f uniform in [1 - factor, 1 + factor); in inference y = x

    g is the grey of a pixel; factor 1 goes from grey to twice as strong. (Keras scales the saturation of HSV instead.)

    Shapes:   x (batch, height, width, 3) → (batch, height, width, 3)
    Raises:   UsageError if the factor is not in [0, 1], or the range no pair; ShapeError without three channels.
    """

    factor: float
    value_range: tuple[float, float] = (0, 255)

    def __post_init__(self) -> None:
        check_number(self, PROBABILITY, factor=self.factor)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        factor = scope.scalar("factor", self.factor)
        if not scope.training:
            return x
        return random_saturation(x, factor, scope.seed, scope.step, value_range=self.value_range, stream=scope.stream())


@dataclass(frozen=True, eq=False)
class RandomHue(Layer):
    """In training each image's colours are turned about grey, by up to `factor` of a full turn; in inference y = x.

    Shapes:   x (batch, height, width, 3) → (batch, height, width, 3)
    Raises:   UsageError if the factor is not in [0, 0.5], or the range no pair; ShapeError without three channels.
    """

    factor: float
    value_range: tuple[float, float] = (0, 255)

    def __post_init__(self) -> None:
        check_number(self, HALF, factor=self.factor)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        factor = scope.scalar("factor", self.factor)
        if not scope.training:
            return x
        return random_hue(x, factor, scope.seed, scope.step, value_range=self.value_range, stream=scope.stream())


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


# --------------------------------------------------------------------------------------------------------- warping
@dataclass(frozen=True, eq=False)
class RandomRotation(Layer):
    """In training each image is turned about its middle, by up to `factor` of a full turn either way; bilinear.

    Inference turns nothing. Corners are lost, and what enters is `fill`.

    Shapes:   x (batch, height, width, c) → (batch, height, width, c)
    Raises:   UsageError if the factor is not in [0, 0.5].
    Example:
        >>> from chainrule.nn import RandomRotation, trace
        >>> trace(RandomRotation(15 / 360), [(28, 28, 1)]).training.operation.name
        'random_rotation'
    """

    factor: float
    fill: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, HALF, factor=self.factor)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        factor = scope.scalar("factor", self.factor)
        if not scope.training:
            return x
        return random_rotation(x, factor, scope.seed, scope.step, fill=self.fill, stream=scope.stream())


@dataclass(frozen=True, eq=False)
class RandomZoom(Layer):
    """In training each image is made smaller or larger about its middle, by up to `factor`; in inference y = x.

    Shapes:   x (batch, height, width, c) → (batch, height, width, c)
    Raises:   UsageError if the factor is not in [0, 1].
    """

    factor: float
    fill: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, PROBABILITY, factor=self.factor)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        factor = scope.scalar("factor", self.factor)
        if not scope.training:
            return x
        return random_zoom(x, factor, scope.seed, scope.step, fill=self.fill, stream=scope.stream())


@dataclass(frozen=True, eq=False)
class ElasticDistortion(Layer):
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

    def __post_init__(self) -> None:
        check_number(self, NOT_NEGATIVE, factor=self.factor, smoothness=self.smoothness)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        factor = scope.scalar("factor", self.factor)
        if not scope.training:
            return x
        return elastic_distortion(
            x, factor, scope.seed, scope.step, smoothness=self.smoothness, fill=self.fill, stream=scope.stream()
        )
