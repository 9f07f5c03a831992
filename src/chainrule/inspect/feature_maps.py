"""What every layer makes of an image: its feature maps, down to the scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.inspect.images import as_picture, checked_image, values_of
from chainrule.inspect.style import Picture, as_image, check_most, draw_grid, tiled, without_frame
from chainrule.train.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FeatureMaps", "feature_maps", "plot_feature_maps"]


@dataclass(frozen=True, eq=False, repr=False)
class FeatureMaps:
    """One image, and what each layer gives for it.

    image    (height, width, channels)
    layers   by path, in the order of the layers: (rows, columns, maps), or (units,) where there are no positions
    """

    image: Array
    layers: dict[str, Array]

    def __repr__(self) -> str:
        return f"FeatureMaps({', '.join(f'{path} {value.shape}' for path, value in self.layers.items())})"


def feature_maps(model: Model, image: ArrayLike) -> FeatureMaps:
    """What each layer of a network gives for one image, in inference.

    Layers that hand on what they are given, as dropout does in inference, are left out, and so are those that only
    contain others.

    Shapes:   image (height, width, channels)
    Raises:   UsageError if the model is none of images; DataError if the image does not fit it.
    Example:
        >>> import numpy as np
        >>> from chainrule.nn import Conv2D, Dense, Flatten, Sequential
        >>> model = Model(Sequential([Conv2D(4, 3), Flatten(), Dense(2)]), (6, 6, 1))
        >>> feature_maps(model, np.ones((6, 6, 1)))
        FeatureMaps(conv2d (4, 4, 4), flatten (64,), dense (2,))
    """
    pixels = checked_image(model, image)
    paths: dict[Tensor, str] = {}
    for record in model.network.layers:
        y = record.output
        if not isinstance(y, Tensor) or y is model.network.inputs[0] or y.ndim not in (2, 4):
            continue
        if y not in paths or record.path.startswith(f"{paths[y]}/"):  # made inside of the layer that was listed
            paths[y] = record.path
    outputs = [y for y in topological(paths) if y in paths]
    values = values_of(model, outputs, pixels)
    return FeatureMaps(pixels[0], {paths[y]: value[0] for y, value in zip(outputs, values, strict=True)})


def plot_feature_maps(record: FeatureMaps, *, most: int = 16) -> Picture:
    """The image, and a row for each layer: its first maps, or its units as one strip; a scale for each layer.

    Maps that are nowhere negative go from dark (0) to bright, others are violet above zero and orange below.
    """
    check_most(most)
    names = list(record.layers)

    def drawing(axes: list[list[Axes]]) -> None:
        _image(axes[0][0], record.image)
        for row, name in zip(axes[1:], names, strict=True):
            _layer(row[0], name, record.layers[name], most)

    return draw_grid(len(names) + 1, 1, drawing, size=(7.6, 0.2 + 0.8 * (len(names) + 1)))


def _image(axes: Axes, image: Array) -> None:
    as_image(axes, as_picture(image))
    axes.images[0].set_cmap("gray")
    axes.set_anchor("W")
    axes.set_title("image")


def _layer(axes: Axes, name: str, value: Array, most: int) -> None:
    count = value.shape[-1]
    signed = bool((value < 0).any())
    if value.ndim == 1:
        as_image(axes, value[None], f"{name}: {count} units", signed=signed)
        axes.set_aspect("auto")
        axes.set_box_aspect(0.035)
    else:
        shown = min(count, most)
        tiles = value[..., :shown].transpose(2, 0, 1)
        height, width = value.shape[:2]
        maps = f"{shown} of {count} maps" if shown < count else f"{count} maps" if count > 1 else "1 map"
        title = f"{name}: {maps} {height} × {width}"
        gap = max(round(width / 12), 1)
        as_image(axes, tiled(tiles, shown, gap=gap), title, signed=signed)
        without_frame(axes)
    if not signed:
        axes.images[0].set_clim(0, value.max() or 1.0)
    axes.set_anchor("W")
