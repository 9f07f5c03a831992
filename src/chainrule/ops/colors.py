"""Random light and colours of samples, exact under a seed.

Every sample draws a number of its own from (seed, step, stream). Results are clipped to `value_range`, the smallest and
the largest value that the samples may have; images of bytes have (0, 255).
"""

from __future__ import annotations

import math
from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.augmentation import each, images, strength
from chainrule.ops.contraction import mean, sum
from chainrule.ops.elementwise import clip
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats
from chainrule.ops.parts import concatenate
from chainrule.ops.random import counters
from chainrule.ops.trigonometric import cos, sin

__all__ = ["random_brightness", "random_contrast", "random_hue", "random_saturation"]

_CHANNELS = Message(
    "augmentation.channels",
    en="{operation}: x {x} needs 3 channels, red, green and blue, along its last axis.",
    zh="{operation}：x {x} 的最后一轴需要 3 个通道：红、绿、蓝。",
)
_VALUE_RANGE = Message(
    "augmentation.value_range",
    en="{operation}: value_range={value_range} is not a pair of numbers, the smallest and the largest value of x, such "
    "as (0, 255).",
    zh="{operation}：value_range={value_range} 不是一对数（x 的最小值与最大值），例如 (0, 255)。",
)

ValueRange = tuple[float, float]


def _random_brightness(
    x: Tensor, most: Tensor, seed: Tensor, step: Tensor, *, value_range: ValueRange, stream: int
) -> Tensor:
    low, high = value_range
    return clip(x + (high - low) * most * each(x, seed, step, stream), low, high)


def _random_contrast(
    x: Tensor, most: Tensor, seed: Tensor, step: Tensor, *, value_range: ValueRange, stream: int
) -> Tensor:
    middle = mean(x, (1, 2), keepdims=True)
    return clip(middle + (1.0 + most * each(x, seed, step, stream)) * (x - middle), *value_range)


def _random_saturation(
    x: Tensor, most: Tensor, seed: Tensor, step: Tensor, *, value_range: ValueRange, stream: int
) -> Tensor:
    grey = 0.299 * x[..., 0:1] + 0.587 * x[..., 1:2] + 0.114 * x[..., 2:3]
    return clip(grey + (1.0 + most * each(x, seed, step, stream)) * (x - grey), *value_range)


def _random_hue(x: Tensor, most: Tensor, seed: Tensor, step: Tensor, *, value_range: ValueRange, stream: int) -> Tensor:
    angle = 2.0 * math.pi * most * each(x, seed, step, stream)
    grey = sum(x, -1, keepdims=True) / 3.0
    before = concatenate([x[..., 2:], x[..., :2]], -1)
    behind = concatenate([x[..., 1:], x[..., :1]], -1)
    turned = grey + cos(angle) * (x - grey) + sin(angle) * (before - behind) * (1.0 / math.sqrt(3.0))
    return clip(turned, *value_range)


RANDOM_BRIGHTNESS = Composite("random_brightness", _random_brightness)
RANDOM_CONTRAST = Composite("random_contrast", _random_contrast)
RANDOM_SATURATION = Composite("random_saturation", _random_saturation)
RANDOM_HUE = Composite("random_hue", _random_hue)


def random_brightness(
    x: Any, factor: Any, seed: Any, step: Any = 0, *, value_range: ValueRange = (0, 255), stream: int = 0
) -> Tensor:
    """Each sample made lighter or darker by one number, up to `factor` times the range of values.

        y = clip(x + d (high - low), low, high), d uniform in [-factor, factor)

    Shapes:   x (n, …) → (n, …)
    Raises:   UsageError if factor is a number outside 0 … 1, or value_range no pair low < high.
    Example:
        >>> random_brightness([[0.2, 0.5]], 0.5, seed=0, value_range=(0, 1))
        Tensor([[0.09904642 0.39904642]], shape=(1, 2), dtype=float32)
    """
    x = as_floats(x)
    given = strength("random_brightness", "factor", factor, x.dtype, 1), *counters(seed, step)
    return RANDOM_BRIGHTNESS(x, *given, value_range=_range("random_brightness", value_range), stream=stream)


def random_contrast(
    x: Any, factor: Any, seed: Any, step: Any = 0, *, value_range: ValueRange = (0, 255), stream: int = 0
) -> Tensor:
    """Each image's distances from its mean stretched or shrunk, the mean of each channel by itself.

        y = clip(m + f (x - m), low, high), m the mean over rows and columns, f uniform in [1 - factor, 1 + factor)

    Shapes:   x (n, height, width, c) → (n, height, width, c)
    Raises:   ShapeError if x has other axes; UsageError if factor is a number outside 0 … 1, or value_range no pair.
    Source:   as in Keras; PyTorch takes one mean, of the grey image
    Example:
        >>> random_contrast([[[[0.2], [0.6]]]], 0.5, seed=0, value_range=(0, 1))
        Tensor([[[[0.22019072]
           [0.5798093 ]]]], shape=(1, 1, 2, 1), dtype=float32)
    """
    x = as_floats(images("random_contrast", x))
    given = strength("random_contrast", "factor", factor, x.dtype, 1), *counters(seed, step)
    return RANDOM_CONTRAST(x, *given, value_range=_range("random_contrast", value_range), stream=stream)


def random_saturation(
    x: Any, factor: Any, seed: Any, step: Any = 0, *, value_range: ValueRange = (0, 255), stream: int = 0
) -> Tensor:
    """Each image's colours made stronger or paler: their distances from grey stretched or shrunk.

        y = clip(g + f (x - g), low, high), g = 0.299 red + 0.587 green + 0.114 blue, f in [1 - factor, 1 + factor)

    Shapes:   x (n, height, width, 3) → (n, height, width, 3)
    Raises:   ShapeError if x has other axes; UsageError if factor is a number outside 0 … 1, or value_range no pair.
    Source:   as in PyTorch's ColorJitter; Keras scales the saturation of HSV
    Example:
        >>> random_saturation([[[[1.0, 0.5, 0.0]]]], 0.5, seed=0, value_range=(0, 1))
        Tensor([[[[0.9588614  0.5093382  0.05981499]]]], shape=(1, 1, 1, 3), dtype=float32)
    """
    x = _colors("random_saturation", x)
    given = strength("random_saturation", "factor", factor, x.dtype, 1), *counters(seed, step)
    return RANDOM_SATURATION(x, *given, value_range=_range("random_saturation", value_range), stream=stream)


def random_hue(
    x: Any, factor: Any, seed: Any, step: Any = 0, *, value_range: ValueRange = (0, 255), stream: int = 0
) -> Tensor:
    """Each image's colours turned about the axis of greys, up to `factor` of a full turn: a third makes red green.

        y_c = clip(g + cos φ (x_c - g) + sin φ (x_{c-1} - x_{c+1}) / √3, low, high), g the mean of the three channels,
        φ uniform in 2π [-factor, factor)

    Shapes:   x (n, height, width, 3) → (n, height, width, 3)
    Raises:   ShapeError if x has other axes; UsageError if factor is a number outside 0 … 0.5, or value_range no pair.
    Source:   a rotation in RGB, which is smooth; Keras and PyTorch go through HSV, which has kinks
    Example:
        >>> random_hue([[[[1.0, 0.5, 0.0]]]], 0.0, seed=0, value_range=(0, 1))
        Tensor([[[[1.  0.5 0. ]]]], shape=(1, 1, 1, 3), dtype=float32)
    """
    x = _colors("random_hue", x)
    given = strength("random_hue", "factor", factor, x.dtype, 0.5), *counters(seed, step)
    return RANDOM_HUE(x, *given, value_range=_range("random_hue", value_range), stream=stream)


def _colors(operation: str, x: Any) -> Tensor:
    given = as_floats(images(operation, x))
    if given.shape[-1] != 3:
        raise ShapeError(_CHANNELS(operation=operation, x=show_shape(given.shape)))
    return given


def _range(operation: str, value_range: Any) -> ValueRange:
    try:
        low, high = map(float, value_range)
    except (TypeError, ValueError):
        low, high = 0.0, 0.0
    if not low < high:
        raise UsageError(_VALUE_RANGE(operation=operation, value_range=value_range))
    return low, high
