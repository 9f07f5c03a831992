"""Layers that add to the borders of images, or take away from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.errors import ShapeError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.layer import Layer
from chainrule.nn.scope import Scope
from chainrule.nn.spatial import spatial
from chainrule.ops.indexing import index
from chainrule.ops.windows import Pair, border_widths, pad_spatial, spatial_extents

__all__ = ["Cropping2D", "ZeroPadding2D"]

_NOTHING_LEFT = Message(
    "cropping.nothing_left",
    en="nothing is left of axis {axis} of x {x}: W - before - after = {extent} - {before} - {after} = {count}. Take "
    "less away.",
    zh="x {x} 的轴 {axis} 没有剩余元素：W - 前 - 后 = {extent} - {before} - {after} = {count}。请减少裁剪。",
)

Borders = int | Sequence[int | Pair]


@dataclass(frozen=True, eq=False)
class ZeroPadding2D(Layer):
    """Images with rows and columns of zeros around them.

        y[n, i + top, j + left, c] = x[n,i,j,c], zero elsewhere

    `padding` is a number for all sides, or (vertical, horizontal), or ((top, bottom), (left, right)).

    Shapes:   x (batch, height, width, c) → (batch, height + top + bottom, width + left + right, c)
    Raises:   ShapeError if x is no batch of images; UsageError for numbers below 0.
    Example:
        >>> from chainrule.nn import ZeroPadding2D, trace
        >>> trace(ZeroPadding2D(2), [(28, 28, 1)]).inference.shape
        (batch, 32, 32, 1)
    """

    padding: Borders = 1

    def __post_init__(self) -> None:
        border_widths(type(self).__name__, "padding", self.padding, 2)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return pad_spatial(spatial(x, 2), border_widths(type(self).__name__, "padding", self.padding, 2))


@dataclass(frozen=True, eq=False)
class Cropping2D(Layer):
    """Images without their outer rows and columns.

        y[n,i,j,c] = x[n, i + top, j + left, c]

    `cropping` is a number for all sides, or (vertical, horizontal), or ((top, bottom), (left, right)).

    Shapes:   x (batch, height, width, c) → (batch, height - top - bottom, width - left - right, c)
    Raises:   ShapeError if x is no batch of images, or nothing is left; UsageError for numbers below 0.
    Example:
        >>> from chainrule.nn import Cropping2D, trace
        >>> trace(Cropping2D(((0, 2), (1, 1))), [(28, 28, 1)]).inference.shape
        (batch, 26, 26, 1)
    """

    cropping: Borders = 1

    def __post_init__(self) -> None:
        border_widths(type(self).__name__, "cropping", self.cropping, 2)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        widths = border_widths(type(self).__name__, "cropping", self.cropping, 2)
        extents = spatial_extents(spatial(x, 2).shape)
        for axis, (extent, (before, after)) in enumerate(zip(extents, widths, strict=True), 1):
            if extent - before - after < 1:
                numbers = {"extent": extent, "before": before, "after": after, "count": extent - before - after}
                raise ShapeError(_NOTHING_LEFT(axis=axis, x=show_shape(x.shape), **numbers))
        kept = [slice(before, e - after) for e, (before, after) in zip(extents, widths, strict=True)]
        return index(x, (slice(None), *kept))
