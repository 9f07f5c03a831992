"""Random variations of samples, exact under a seed: flips, shifts and crops, cut-out.

Every sample draws numbers of its own from (seed, step, stream).
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
from chainrule.ops.creation import arange
from chainrule.ops.elementwise import where
from chainrule.ops.gathering import gather
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, as_tensor, cast
from chainrule.ops.movement import reshape
from chainrule.ops.parts import pad
from chainrule.ops.random import bernoulli, counters, random_bits, uniform
from chainrule.ops.rounding import floor

__all__ = ["center_crop", "cutout", "random_crop", "random_flip", "random_shift"]

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
_SIZE = Message(
    "augmentation.size",
    en="{operation}: size={size} does not fit x {x}: give a height and a width of at least 1, no more than the images "
    "have.",
    zh="{operation}：size={size} 与 x {x} 不符：请给出至少为 1 且不超过图像的高和宽。",
)


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
