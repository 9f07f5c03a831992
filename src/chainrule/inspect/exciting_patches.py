"""The parts of images that excite a unit most: what it looks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from chainrule.data import check_batch_size
from chainrule.errors import UsageError
from chainrule.execute.choice import Executor
from chainrule.graph.operation import Array
from chainrule.inspect.images import as_picture, checked_images
from chainrule.inspect.style import BEYOND, Picture, as_image, check_most, draw_grid, label_tiles, tiled, without_frame
from chainrule.messages import Message
from chainrule.nn.receptive_field import receptive_field
from chainrule.surgery import features
from chainrule.train.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ExcitingPatches", "exciting_patches", "plot_exciting_patches"]

_UNITS = Message(
    "patches.units",
    en="units={units!r}: {layer} has units 0 to {last}.",
    zh="units={units!r}：{layer} 的单元编号为 0 到 {last}。",
)
_COUNT = Message(
    "patches.count",
    en="count={count!r}: give how many patches there shall be for a unit, from 1 to the number of images, {images}.",
    zh="count={count!r}：请给出每个单元的图块数，从 1 到图像数 {images}。",
)
_NO_UNITS = Message(
    "patches.no_units",
    en="{layer} gives {output}. Units are maps of (batch, height, width, maps) or numbers of (batch, units).",
    zh="{layer} 的输出为 {output}。单元是 (batch, 高, 宽, 特征图) 中的图或 (batch, 单元) 中的数。",
)


@dataclass(frozen=True, eq=False, repr=False)
class ExcitingPatches:
    """For each unit, the parts of images that excited it most, the strongest first; at most one of each image.

    layer         its path
    units         which of its maps, or units (U,)
    patches       (U, count, height, width, channels); NaN where a field reaches beyond the image
    activations   (U, count)
    images        which image each patch is from (U, count)
    positions     row and column of the map at which it was (U, count, 2); 0 for units without positions
    """

    layer: str
    units: Array
    patches: Array
    activations: Array
    images: Array
    positions: Array

    def __repr__(self) -> str:
        units, count, height, width, _ = self.patches.shape
        return f"ExcitingPatches({self.layer}: {count} of {height} × {width} for each of {units} units)"


def exciting_patches(
    model: Model,
    images: ArrayLike,
    layer: str,
    units: Sequence[int] | None = None,
    *,
    count: int = 9,
    batch_size: int = 256,
    executor: Executor = "auto",
) -> ExcitingPatches:
    """The parts of a set of images that excite units of a layer most, cut out by what the units can see.

        for each unit u the images n with the largest  max over i, j of h_u(x_n)[i, j]

    layer      its path, as summary() lists them
    units      some of its maps, or of its units where it has no positions; None: all
    executor   as in Model.predict

    Shapes:   images (n, height, width, channels)
    Raises:   UsageError if there is no such layer or unit, or the model is none of images; DataError if images do not
              fit it.
    Source:   Zeiler and Fergus 2014, section 4
    Example:
        >>> from chainrule.nn import Conv2D
        >>> model = Model(Conv2D(1, 2, use_bias=False, kernel_initializer="ones"), (4, 4, 1))
        >>> images = np.zeros((3, 4, 4, 1))
        >>> images[1, 1:3, 2:4] = 1.0
        >>> found = exciting_patches(model, images, "conv2d", count=1, executor="reference")
        >>> int(found.images[0, 0]), found.positions[0, 0], found.activations[0]
        (1, array([1, 2]), array([4.], dtype=float32))
    """
    pixels = checked_images(model, images)
    check_batch_size(min(batch_size, len(pixels)), len(pixels))
    if not isinstance(count, Integral) or not 1 <= count <= len(pixels):
        raise UsageError(_COUNT(count=count, images=len(pixels)))
    inner = features(model, layer)
    y, x = inner.network.inference, inner.network.inputs[0]
    if isinstance(y, tuple) or y.ndim not in (2, 4):
        raise UsageError(_NO_UNITS(layer=layer, output=[part.shape for part in y] if isinstance(y, tuple) else y.shape))
    chosen = _checked_units(units, y.shape[-1], layer)
    strengths, places = _strongest(inner, pixels, chosen, batch_size, executor)
    order = np.argsort(-strengths, axis=1, kind="stable")[:, :count]
    activations = np.take_along_axis(strengths, order, 1)
    positions = np.take_along_axis(places, order[..., None], 1)
    field = receptive_field(y, x)
    starts = np.stack(
        [start + np.floor(float(step) * positions[..., k]).astype(int)
         for k, (start, step) in enumerate(zip(field.start, field.stride, strict=True))], -1
    )  # fmt: skip
    return ExcitingPatches(layer, chosen, cut_out(pixels, order, starts, field.size), activations, order, positions)


def _checked_units(units: Sequence[int] | None, among: object, layer: str) -> Array:
    assert isinstance(among, int)
    chosen = np.arange(among) if units is None else np.atleast_1d(np.asarray(units))
    if chosen.dtype.kind not in "iu" or not chosen.size or not ((chosen >= 0) & (chosen < among)).all():
        raise UsageError(_UNITS(units=units, layer=layer, last=among - 1))
    return chosen


def _strongest(
    inner: Model, images: Array, units: Array, batch_size: int, executor: Executor
) -> tuple[Array, Array]:  # fmt: skip
    """How strong each unit is where it is strongest in each image (U, n), and where that is (U, n, 2)."""
    strengths, places = [], []
    for start in range(0, len(images), batch_size):
        maps = inner.predict(images[start : start + batch_size], executor=executor)[..., units]
        width = maps.shape[2] if maps.ndim == 4 else 1
        flat = maps.reshape(len(maps), -1, len(units))
        best = flat.argmax(1)
        strengths.append(np.take_along_axis(flat, best[:, None], 1)[:, 0])
        places.append(np.stack([best // width, best % width], -1))
    return np.concatenate(strengths).T, np.concatenate(places).swapaxes(0, 1)


def cut_out(images: Array, which: Array, corners: Array, size: Sequence[int]) -> Array:
    """Windows of images: (…, height, width, channels), NaN beyond the image.

    Shapes:   which (…), corners (…, 2)
    """
    height, width = images.shape[1:3]
    before = np.maximum(-corners.reshape(-1, 2).min(0), 0)
    after = np.maximum(corners.reshape(-1, 2).max(0) + size - (height, width), 0)
    flat = images[which.ravel()]
    edges = [(0, 0), *zip(before.tolist(), after.tolist(), strict=True), (0, 0)]
    padded = np.pad(flat, edges, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, tuple(size), axis=(1, 2))
    top, left = (corners.reshape(-1, 2) + before).T
    cut = windows[np.arange(len(flat)), top, left]  # (…, channels, height, width)
    return np.asarray(np.moveaxis(cut, 1, -1).reshape(*which.shape, *size, images.shape[-1]))


def plot_exciting_patches(record: ExcitingPatches, *, most: int = 8) -> Picture:
    """A row for each unit, up to so many: its patches, the strongest at the left; blue is beyond the image."""
    check_most(most)
    shown = record.patches[:most]
    units, count, height, width, _ = shown.shape
    tiles = np.stack([as_picture(patch) for patch in shown.reshape(-1, *shown.shape[2:])])

    def drawing(axes: list[list[Axes]]) -> None:
        gap = max(round(width / 12), 1)
        one = axes[0][0]
        as_image(one, tiled(tiles, count, gap=gap))
        one.images[0].set_cmap("gray")
        one.set_facecolor(BEYOND)
        without_frame(one)
        names = [f"unit {u}" for u in record.units[:most]]
        label_tiles(one, (height, width), rows=names, gap=gap)
        one.set_title(f"{record.layer}: what excites {'its units' if units > 1 else 'it'} most")

    tile = min(0.62, 6.4 / count)
    return draw_grid(1, 1, drawing, size=(0.9 + tile * count, 0.5 + tile * units * height / width))
