"""Random variations of samples, exact under a seed: flips, shifts and crops, light and colour, cut-out.

Every sample draws numbers of its own from (seed, step, stream). What varies brightness or colour takes `value_range`,
the smallest and the largest value that the samples may have, and clips to it; images of bytes have (0, 255).
"""

from __future__ import annotations

import math
from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.dtype import DType, float32, float64, int32, int64
from chainrule.graph.extent import is_extent, show_shape
from chainrule.graph.tensor import Tensor, number
from chainrule.messages import Message
from chainrule.ops.axes import normalized_axis
from chainrule.ops.comparison import logical_and
from chainrule.ops.contraction import mean, sum
from chainrule.ops.creation import arange
from chainrule.ops.elementwise import clip, where
from chainrule.ops.gathering import gather
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, as_tensor, cast
from chainrule.ops.movement import reshape
from chainrule.ops.parts import concatenate, pad
from chainrule.ops.random import bernoulli, counters, random_bits, uniform
from chainrule.ops.rounding import floor
from chainrule.ops.trigonometric import cos, sin

__all__ = [
    "center_crop", "cutout", "random_brightness", "random_contrast", "random_crop", "random_flip", "random_hue",
    "random_saturation", "random_shift",
]  # fmt: skip

_PIXELS = Message(
    "random_shift.pixels",
    en="random_shift: pixels={pixels} is not a number of pixels, 0 or more.",
    zh="random_shift：pixels={pixels} 不是非负的像素数。",
)
_IMAGES = Message(
    "augmentation.images",
    en="{operation}: x {x} needs the axes (batch, height, width, channels), all but the first of known size.",
    zh="{operation}：x {x} 需要轴 (batch, height, width, channels)，且除第一个外大小均已知。",
)
_CHANNELS = Message(
    "augmentation.channels",
    en="{operation}: x {x} needs 3 channels, red, green and blue, along its last axis.",
    zh="{operation}：x {x} 的最后一轴需要 3 个通道：红、绿、蓝。",
)
_FLIPPED_BATCH = Message(
    "random_flip.batch",
    en="random_flip: axis {axis} of x {x} counts samples; flip another, such as 1 (rows) or 2 (columns) of images.",
    zh="random_flip：x {x} 的轴 {axis} 是样本轴；请翻转其他轴，例如图像的 1（行）或 2（列）。",
)
_STRENGTH = Message(
    "augmentation.strength",
    en="{operation}: {name}={value} is out of range; it goes from 0 to {most}.",
    zh="{operation}：{name}={value} 超出范围；应在 0 到 {most} 之间。",
)
_ANY_SIZE = Message("augmentation.any_size", en="any finite number", zh="任意有限数")
_VALUE_RANGE = Message(
    "augmentation.value_range",
    en="{operation}: value_range={value_range} is not a pair of numbers, the smallest and the largest value of x, such "
    "as (0, 255).",
    zh="{operation}：value_range={value_range} 不是一对数（x 的最小值与最大值），例如 (0, 255)。",
)
_SIZE = Message(
    "augmentation.size",
    en="{operation}: size={size} does not fit x {x}: give a height and a width of at least 1, no more than the images "
    "have.",
    zh="{operation}：size={size} 与 x {x} 不符：请给出至少为 1 且不超过图像的高和宽。",
)

ValueRange = tuple[float, float]


# ------------------------------------------------------------------------------------------------------- arguments
def images(operation: str, x: Any) -> Tensor:
    """x as a tensor (batch, height, width, channels)."""
    given = as_tensor(x)
    if given.ndim != 4 or not all(isinstance(e, int) for e in given.shape[1:]):
        raise ShapeError(_IMAGES(operation=operation, x=show_shape(given.shape)))
    return given


def sizes_of(x: Tensor) -> tuple[int, int]:
    """The height and the width of images."""
    _, height, width, _ = x.shape
    assert isinstance(height, int)
    assert isinstance(width, int)
    return height, width


def strength(operation: str, name: str, value: Any, dtype: DType, most: float = math.inf) -> Tensor:
    """A strength as a tensor; numbers are known, and must be from 0 to the most."""
    if isinstance(value, int | float) and not (0 <= value <= most and math.isfinite(value)):
        shown = _ANY_SIZE() if most == math.inf else f"{most:g}"
        raise UsageError(_STRENGTH(operation=operation, name=name, value=value, most=shown))
    return number(value, dtype) if isinstance(value, int | float) else cast(value, dtype)


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


def _size(operation: str, size: Any, x: Tensor) -> tuple[int, int]:
    given = tuple(size) if isinstance(size, tuple | list) else (size, size)
    fits = len(given) == 2 and all(
        is_extent(e) and 1 <= e <= whole for e, whole in zip(given, sizes_of(x), strict=True)
    )
    if not fits:
        raise UsageError(_SIZE(operation=operation, size=size, x=show_shape(x.shape)))
    height, width = given
    return height, width


def each(x: Tensor, seed: Tensor, step: Tensor, stream: int) -> Tensor:
    """A number in [-1, 1) for each sample, with as many axes as x."""
    shape = (x.shape[0], *(1,) * (x.ndim - 1))
    return cast(2.0 * uniform(shape, seed, step, stream=stream) - 1.0, x.dtype)


# ----------------------------------------------------------------------------------------------------------- flips
def _random_flip(x: Tensor, rate: Tensor, seed: Tensor, step: Tensor, *, axis: int, stream: int) -> Tensor:
    flipped = bernoulli((x.shape[0], *(1,) * (x.ndim - 1)), rate, seed, step, stream=stream)
    backwards = [slice(None)] * axis + [slice(None, None, -1)]
    return where(flipped, x[tuple(backwards)], x)


RANDOM_FLIP = Composite("random_flip", _random_flip)


def random_flip(x: Any, rate: Any, seed: Any, step: Any = 0, *, axis: int = 2, stream: int = 0) -> Tensor:
    """Each sample reversed along an axis with probability `rate`: axis 2 of images flips left-right, 1 up-down.

        y[n,i,j] = x[n, i, width - 1 - j] if D_n else x[n,i,j], D_n ~ Bernoulli(rate)

    Shapes:   x (n, …) → (n, …)
    Raises:   UsageError if the rate is a number but no probability, or the axis is that of the samples.
    Example:
        >>> random_flip([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 0.5, seed=0, axis=1)
        Tensor([[3. 2. 1.]
         [4. 5. 6.]], shape=(2, 3), dtype=float32)
    """
    x = as_tensor(x)
    place = normalized_axis("random_flip", axis, x)
    if place == 0:
        raise UsageError(_FLIPPED_BATCH(axis=axis, x=show_shape(x.shape)))
    rate = strength("random_flip", "rate", rate, float32, 1)
    return RANDOM_FLIP(x, rate, *counters(seed, step), axis=place, stream=stream)


# ------------------------------------------------------------------------------------------------ shifts and crops
def _window(x: Tensor, tops: Tensor, lefts: Tensor, height: int, width: int) -> Tensor:
    """The part of each image that begins at its own row and column, (n,)."""
    rows, columns = sizes_of(x)
    first = cast(tops * columns + lefts, int32)  # one index for each pixel, where rows and columns would be two
    inside = cast(reshape(arange(height), (height, 1)) * columns + arange(width), int32)
    pixels = reshape(x, (x.shape[0], rows * columns, x.shape[-1]))
    return gather(pixels, reshape(first, (x.shape[0], 1, 1)) + inside, 0, batch_dims=1)


def _random_shift(x: Tensor, seed: Tensor, step: Tensor, *, pixels: int, stream: int) -> Tensor:
    bits = cast(random_bits((x.shape[0], 2), seed, step, stream=stream), float64)
    starts = cast(bits * ((2 * pixels + 1) / 2.0**32), int64)
    padded = pad(x, [(0, 0), (pixels, pixels), (pixels, pixels), (0, 0)])
    return _window(padded, starts[:, 0], starts[:, 1], *sizes_of(x))


def _random_crop(x: Tensor, seed: Tensor, step: Tensor, *, size: tuple[int, int], stream: int) -> Tensor:
    (rows, columns), (height, width) = sizes_of(x), size
    drawn = uniform((x.shape[0], 2), seed, step, stream=stream)
    top, left = drawn[:, 0] * float(rows - height + 1), drawn[:, 1] * float(columns - width + 1)
    return _window(x, cast(top, int64), cast(left, int64), height, width)


RANDOM_SHIFT = Composite("random_shift", _random_shift)
RANDOM_CROP = Composite("random_crop", _random_crop)


def random_shift(x: Any, seed: Any, step: Any = 0, *, pixels: int = 1, stream: int = 0) -> Tensor:
    """Each image moved by a random whole number of pixels, up to `pixels` either way; what enters is zero.

        y[n,i,j,c] = x[n, i + a, j + b, c], a and b uniform in {-pixels, …, pixels}

    Shapes:   x (n, height, width, c) → (n, height, width, c)
    Raises:   ShapeError if x has other axes.
    Example:
        >>> random_shift([[[[1.0]]]], seed=0, pixels=0)
        Tensor([[[[1.]]]], shape=(1, 1, 1, 1), dtype=float32)
    """
    if not is_extent(pixels):
        raise UsageError(_PIXELS(pixels=repr(pixels)))
    return RANDOM_SHIFT(images("random_shift", x), *counters(seed, step), pixels=pixels, stream=stream)


def random_crop(x: Any, size: int | tuple[int, int], seed: Any, step: Any = 0, *, stream: int = 0) -> Tensor:
    """A random part of each image, of one size, every place alike.

        y[n,i,j,c] = x[n, i + a, j + b, c], a uniform in {0, …, height - h}, b in {0, …, width - w}

    Shapes:   x (n, height, width, c), size (h, w), or one number for both → (n, h, w, c)
    Raises:   ShapeError if x has other axes; UsageError if the size does not fit them.
    Example:
        >>> random_crop([[[[1.0], [2.0], [3.0]]]], (1, 2), seed=0)
        Tensor([[[[2.]
           [3.]]]], shape=(1, 1, 2, 1), dtype=float32)
    """
    x = images("random_crop", x)
    return RANDOM_CROP(x, *counters(seed, step), size=_size("random_crop", size, x), stream=stream)


def center_crop(x: Any, size: int | tuple[int, int]) -> Tensor:
    """The middle of each image; what random_crop gives on average, for inference.

        y[n,i,j,c] = x[n, i + ⌊(height - h) / 2⌋, j + ⌊(width - w) / 2⌋, c]

    Shapes:   x (n, height, width, c), size (h, w), or one number for both → (n, h, w, c)
    Raises:   ShapeError if x has other axes; UsageError if the size does not fit them.
    Example:
        >>> center_crop([[[[1.0], [2.0], [3.0]]]], 1)
        Tensor([[[[2.]]]], shape=(1, 1, 1, 1), dtype=float32)
    """
    given = images("center_crop", x)
    (rows, columns), (height, width) = sizes_of(given), _size("center_crop", size, given)
    top, left = (rows - height) // 2, (columns - width) // 2
    return given[:, top : top + height, left : left + width]


# ------------------------------------------------------------------------------------------------- light and colour
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


# --------------------------------------------------------------------------------------------------------- cut-out
def _cutout(x: Tensor, size: Tensor, rate: Tensor, seed: Tensor, step: Tensor, *, fill: float, stream: int) -> Tensor:
    samples, (height, width) = x.shape[0], sizes_of(x)
    drawn = uniform((samples, 3), seed, step, stream=stream)
    row, column = floor(drawn[:, 0] * float(height)), floor(drawn[:, 1] * float(width))
    rows = cast(reshape(arange(height), (height, 1, 1)), float32) - reshape(row, (samples, 1, 1, 1))
    columns = cast(reshape(arange(width), (width, 1)), float32) - reshape(column, (samples, 1, 1, 1))
    covered = logical_and(_covers(rows, size), _covers(columns, size))
    return where(logical_and(reshape(drawn[:, 2] < rate, (samples, 1, 1, 1)), covered), fill, x)


def _covers(distance: Tensor, size: Tensor) -> Tensor:
    """Whether `size` pixels around 0 reach this one."""
    return logical_and(distance * 2.0 >= -size, distance * 2.0 < size)


CUTOUT = Composite("cutout", _cutout)


def cutout(
    x: Any, size: Any, seed: Any, step: Any = 0, *, rate: Any = 1.0, fill: float = 0.0, stream: int = 0
) -> Tensor:
    """A square of each image painted over, with probability `rate`: its middle is anywhere, and may be at the edge.

        y[n,i,j,c] = fill where -size ≤ 2 (i - a) < size and -size ≤ 2 (j - b) < size, x[n,i,j,c] elsewhere,
        a uniform in {0, …, height - 1}, b in {0, …, width - 1}

    Shapes:   x (n, height, width, c) → (n, height, width, c)
    Units:    size: pixels
    Raises:   ShapeError if x has other axes; UsageError if the rate is a number but no probability, or size below 0.
    Source:   DeVries and Taylor 2017; as a share of the images: random erasing, Zhong, Zheng, Kang, Li and Yang 2020
    Example:
        >>> cutout([[[[1.0], [2.0], [3.0]]]], 1, seed=0)
        Tensor([[[[1.]
           [2.]
           [0.]]]], shape=(1, 1, 3, 1), dtype=float32)
    """
    x = as_floats(images("cutout", x))
    numbers = strength("cutout", "size", size, float32), strength("cutout", "rate", rate, float32, 1)
    return CUTOUT(x, *numbers, *counters(seed, step), fill=float(fill), stream=stream)
