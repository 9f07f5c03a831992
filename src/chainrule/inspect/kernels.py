"""The kernels that a convolutional layer has learned, channel by channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import UsageError
from chainrule.graph.operation import Array
from chainrule.inspect.style import Picture, as_image, check_most, draw, label_tiles, tiled, without_frame
from chainrule.messages import Message
from chainrule.surgery.inner_outputs import record_of
from chainrule.train.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LayerKernels", "layer_kernels", "plot_kernels"]

_NO_KERNELS = Message(
    "kernels.no_kernels",
    en="{layer} has no kernels (rows, columns, channels, maps) to look at. Layers that have: {layers}.",
    zh="{layer} 没有可供观察的卷积核 (行, 列, 通道, 特征图)。有卷积核的层：{layers}。",
)
_NONE = Message("kernels.none", en="none", zh="无")


@dataclass(frozen=True, eq=False, repr=False)
class LayerKernels:
    """The kernels of a layer, as they were when they were looked at.

    kernels   (rows, columns, channels, maps): kernels[..., m] makes map m, a slice for each channel of its input
    reach     the largest |weight| of each kernel (maps,)
    """

    layer: str
    kernels: Array

    @property
    def reach(self) -> Array:
        """The largest |weight| of each kernel."""
        return np.asarray(np.abs(self.kernels).max((0, 1, 2)))

    def normalized(self) -> Array:
        """Each kernel divided by its own reach, all channels by the same number: in [-1, 1]; 0 stays 0."""
        return np.asarray(self.kernels / np.where(self.reach > 0, self.reach, 1.0))

    def __repr__(self) -> str:
        rows, columns, channels, maps = self.kernels.shape
        return f"LayerKernels({self.layer}: {maps} kernels {rows} × {columns} × {channels})"


def layer_kernels(model: Model, layer: str) -> LayerKernels:
    """The kernels of a convolutional layer.

    layer   its path, as summary() lists them

    Raises:   UsageError if there is no such layer, or it has no kernels with rows and columns.
    Example:
        >>> from chainrule.nn import lenet5
        >>> layer_kernels(Model(lenet5(), (28, 28, 1)), "conv2")
        LayerKernels(conv2: 16 kernels 5 × 5 × 6)
    """
    found = _kernel_names(model, record_of(model, layer).parameters)
    if not found:
        layers = [record.path for record in model.network.layers if _kernel_names(model, record.parameters)]
        raise UsageError(_NO_KERNELS(layer=layer, layers=", ".join(layers) or _NONE()))
    return LayerKernels(layer, np.asarray(model.parameters[found[0]]))


def _kernel_names(model: Model, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if model.parameters[name].ndim == 4]


def plot_kernels(record: LayerKernels, *, most: int = 16) -> Picture:
    """A column for each kernel, a row for each channel that it sees; violet is positive, orange negative, white zero.

    A kernel is divided by its largest weight, in all channels by the same, so that rows of a column can be compared and
    columns cannot. At most so many columns, and half as many rows, are drawn; what is left out is said.

    Example:
        >>> plot_kernels(LayerKernels("conv", np.ones((3, 3, 2, 4))))
        Picture(2.9 × 1.6 inches)
    """
    check_most(most)
    rows, columns, channels, maps = record.kernels.shape
    shown, seen = min(maps, most), min(channels, max(most // 2, 1))
    tiles = record.normalized()[:, :, :seen, :shown].transpose(2, 3, 0, 1).reshape(-1, rows, columns)

    def drawing(axes: Axes) -> None:
        as_image(axes, tiled(tiles, shown), signed=True)
        axes.images[0].set_clim(-1, 1)
        without_frame(axes)
        names = [f"channel {k}" for k in range(seen)] if channels > 1 else []
        label_tiles(axes, (rows, columns), rows=names, columns=[str(k) for k in range(shown)])
        parts = [f"{shown} of {maps} kernels" if shown < maps else f"{maps} kernels {rows} × {columns}"]
        parts += [f"{seen} of {channels} channels"] if seen < channels else []
        axes.set_title(f"{record.layer}: {', '.join(parts)}")

    return draw(drawing, size=((0.9 if channels > 1 else 0.1) + 0.5 * shown, 0.55 + 0.5 * seen))
