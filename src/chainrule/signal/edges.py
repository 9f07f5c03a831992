"""Edges of a picture: where its brightness changes, how fast, and in which direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import tensor
from chainrule.messages import Message
from chainrule.signal.convolution import correlate2d
from chainrule.signal.kernels import box_blur, gaussian, sobel
from chainrule.signal.window import Array

__all__ = ["Edges", "edges"]

_PICTURE = Message(
    "edges.picture",
    en="edges: a picture of shape {shape} has no place where a window of {size} × {size} pixels fits; give a larger "
    "one of shape (rows, columns), or less blur. Of a colored picture give one channel, or their mean.",
    zh="edges：形状为 {shape} 的图片放不下 {size} × {size} 像素的窗口；请给出更大的 (行, 列) 图片，或减小模糊。"
    "对于彩色图片，请给出一个通道或各通道的平均值。",
)


@dataclass(frozen=True, eq=False)
class Edges:
    """The slope of brightness at each place where the whole window lies in the picture.

    Fields:   x, the slope to the right; y, the slope downwards; border, the pixels at each side that have no slope
    """

    x: Array
    y: Array
    border: int

    @property
    def magnitude(self) -> Array:
        """√(x² + y²): how strong the edge is."""
        return np.hypot(self.x, self.y)

    @property
    def direction(self) -> Array:
        """The angle in which it becomes brighter, in radians: 0 to the right, π/2 downwards; across the edge itself."""
        return np.arctan2(self.y, self.x)

    def __repr__(self) -> str:
        return f"Edges({self.x.shape[0]} × {self.x.shape[1]} places, steepest slope {self.magnitude.max():.3g})"


def edges(picture: Any, *, sigma: float = 0.0) -> Edges:
    """The slopes of a picture's brightness by Sobel's kernels, in levels per pixel, after a blur of width σ.

        x = blurred ⋆ Sobel_x / 8,   y = blurred ⋆ Sobel_y / 8

    Nothing is made up beyond the border: the result is smaller by the kernels' reach, which the record says.

    Shapes:   picture (rows, columns)
    Units:    σ in pixels; slopes in levels of brightness per pixel
    Raises:   ShapeError if it is not one picture of one channel, or smaller than the kernels.
    Example:
        >>> steps = edges(np.tile([0.0, 0.0, 4.0, 4.0], (4, 1)))
        >>> steps.x[0], steps.y[0]
        (array([2., 2.]), array([0., 0.]))
    """
    seen = tensor(picture)
    blur = gaussian(sigma) if sigma else box_blur(1)
    reach = 1 + len(blur) // 2
    if seen.ndim != 2 or min(seen.numpy().shape) < 2 * reach + 1:
        raise ShapeError(_PICTURE(shape=show_shape(seen.shape), size=2 * reach + 1))
    blurred = correlate2d(seen, blur, "valid")
    x, y = (correlate2d(blurred, sobel(direction) / 8, "valid").numpy() for direction in "xy")
    return Edges(x, y, reach)
