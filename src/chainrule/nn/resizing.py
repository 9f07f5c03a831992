"""Layers that make maps larger without parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message, suggestion
from chainrule.nn.layer import Layer
from chainrule.nn.scope import Scope
from chainrule.nn.spatial import spatial
from chainrule.ops.resizing import resize
from chainrule.ops.windows import PerAxis, sizes, spatial_extents

__all__ = ["UpSampling1D", "UpSampling2D"]

_INTERPOLATION = Message(
    "up_sampling.interpolation",
    en="{layer}(interpolation={interpolation}): use 'nearest' or 'bilinear'.{suggestion}",
    zh="{layer}(interpolation={interpolation})：请使用 'nearest' 或 'bilinear'。{suggestion}",
)


@dataclass(frozen=True, eq=False)
class UpSampling(Layer):
    """What upsampling along any number of spatial axes has in common: whole factors, and what stands between pixels."""

    size: PerAxis = 2
    interpolation: str = "nearest"

    rank: ClassVar[int]

    def __post_init__(self) -> None:
        sizes(type(self).__name__, "size", self.size, self.rank)
        if self.interpolation not in ("nearest", "bilinear"):
            near = suggestion(str(self.interpolation), ("nearest", "bilinear"))
            values = {"interpolation": repr(self.interpolation), "suggestion": near}
            raise UsageError(_INTERPOLATION(layer=type(self).__name__, **values))

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        factors = sizes(type(self).__name__, "size", self.size, self.rank)
        extents = spatial_extents(spatial(x, self.rank).shape)
        return resize(x, [e * f for e, f in zip(extents, factors, strict=True)], method=self.interpolation)


@dataclass(frozen=True, eq=False)
class UpSampling2D(UpSampling):
    """Larger images: each pixel repeated, or linear interpolation between the centers of pixels.

        nearest:   y[n,i,j,c] = x[n, ⌊i / f₀⌋, ⌊j / f₁⌋, c]

    Shapes:   x (batch, height, width, c) → (batch, height·f₀, width·f₁, c)
    Raises:   ShapeError if x is no batch of images; UsageError for factors below 1, and other interpolations.
    Example:
        >>> from chainrule.nn import UpSampling2D, trace
        >>> trace(UpSampling2D((2, 3)), [(7, 7, 8)]).inference.shape
        (batch, 14, 21, 8)
    """

    rank: ClassVar[int] = 2


@dataclass(frozen=True, eq=False)
class UpSampling1D(UpSampling):
    """Longer sequences: each element repeated, or linear interpolation between them ("bilinear", along one axis).

        nearest:   y[n,i,c] = x[n, ⌊i / f⌋, c]

    Shapes:   x (batch, length, c) → (batch, length·f, c)
    Raises:   as UpSampling2D.
    Example:
        >>> from chainrule.nn import UpSampling1D, trace
        >>> trace(UpSampling1D(4), [(25, 6)]).inference.shape
        (batch, 100, 6)
    """

    rank: ClassVar[int] = 1
