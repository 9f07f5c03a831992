"""Pixels of images, from bytes to the range that an activation likes, and back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.checks import check_finite
from chainrule.errors import DataError, UsageError
from chainrule.messages import Message

_RANGE = Message(
    "data.range",
    en="Pixels cannot be scaled to [{low}, {high}]: the upper end must be above the lower. Use [0, 1] or [-1, 1].",
    zh="无法把像素缩放到 [{low}, {high}]：上限必须大于下限。请使用 [0, 1] 或 [-1, 1]。",
)
_PIXELS = Message(
    "data.pixels",
    en="Pixels go from 0 to 255, but these go from {lowest} to {highest}. Images that are scaled already need no second"
    " scaling.",
    zh="像素应在 0 到 255 之间，但这里是 {lowest} 到 {highest}。已经缩放过的图像不需要再次缩放。",
)


def scale_images(x: NDArray[Any], low: float = 0.0, high: float = 1.0) -> NDArray[np.floating[Any]]:
    """Bring pixels from [0, 255] to [low, high]: [0, 1], or [-1, 1], the range of tanh; float32, or float64 if x is.

        y = low + x / 255 · (high − low)

    Raises:   DataError if a pixel is outside of [0, 255]; UsageError if high is not above low.
    Example:
        >>> scale_images(np.array([0, 51, 255], np.uint8), -1, 1)
        array([-1. , -0.6,  1. ], dtype=float32)
    """
    _check_range(low, high)
    check_finite("x", x)
    if x.dtype != np.uint8 and x.size and not (x.min() >= 0 and x.max() <= 255):
        raise DataError(_PIXELS(lowest=x.min(), highest=x.max()))
    scaled: NDArray[np.floating[Any]] = x.astype(np.float64 if x.dtype == np.float64 else np.float32)
    scaled /= 255
    scaled *= high - low
    scaled += low
    return scaled


def unscale_images(x: NDArray[Any], low: float = 0.0, high: float = 1.0) -> NDArray[np.uint8]:
    """Bring values from [low, high] back to whole pixels; what lies outside becomes 0 or 255.

        y = round((x − low) / (high − low) · 255)

    Raises:   DataError if a value is NaN or infinite; UsageError if high is not above low.
    Example:
        >>> unscale_images(np.array([-1.0, -0.6, 1.0, 1.5]), -1, 1)
        array([  0,  51, 255, 255], dtype=uint8)
    """
    _check_range(low, high)
    check_finite("x", x)
    return np.clip(np.rint((x - low) * (255 / (high - low))), 0, 255).astype(np.uint8)


def _check_range(low: float, high: float) -> None:
    if not low < high:
        raise UsageError(_RANGE(low=low, high=high))
