"""What kernels do to a picture, side by side, and its edges with their strength and direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ShapeError
from chainrule.graph.tensor import tensor
from chainrule.inspect.style import ORANGE, Picture, as_image, draw_grid
from chainrule.messages import Message
from chainrule.signal import Edges, correlate2d

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FilteredPicture", "filter_picture", "plot_edges", "plot_filters"]

Array = NDArray[Any]

_PICTURE = Message(
    "filters.picture",
    en="filter_picture: a picture of shape {picture} and a kernel of shape {kernel} do not fit: both have two axes "
    "(rows, columns), and the kernel is not larger than the picture. Of a colored picture give one channel, or the "
    "mean of all.",
    zh="filter_picture：形状为 {picture} 的图片与形状为 {kernel} 的卷积核不匹配：两者都应有两个轴 (行, 列)，"
    "且卷积核不大于图片。对于彩色图片，请给出一个通道或各通道的平均值。",
)


@dataclass(frozen=True, eq=False)
class FilteredPicture:
    """A picture, kernels by name, and what each makes of it, where the whole kernel lies in the picture."""

    picture: Array
    kernels: dict[str, Array]
    results: dict[str, Array]

    def __repr__(self) -> str:
        return f"FilteredPicture({self.picture.shape[0]} × {self.picture.shape[1]}, by {', '.join(self.kernels)})"


def filter_picture(picture: Any, kernels: Mapping[str, Any]) -> FilteredPicture:
    """Move each kernel over a picture, without flipping it: what a convolutional layer with these kernels computes.

    Shapes:   picture (rows, columns), kernels (rows, columns) each
    Raises:   ShapeError if one of them has other axes, or a kernel is larger than the picture.
    Example:
        >>> from chainrule.signal import sobel
        >>> filter_picture(np.tile([0.0, 1.0, 1.0], (3, 1)), {"Sobel x": sobel("x")}).results
        {'Sobel x': array([[4.]])}
    """
    values = tensor(picture).numpy()
    arrays = {name: tensor(kernel).numpy() for name, kernel in kernels.items()}
    for kernel in arrays.values():
        fits = zip(kernel.shape, values.shape, strict=False)
        if not (values.ndim == kernel.ndim == 2 and all(0 < k <= size for k, size in fits)):
            raise ShapeError(_PICTURE(picture=values.shape, kernel=kernel.shape))
    results = {name: correlate2d(values, kernel, "valid").numpy() for name, kernel in arrays.items()}
    return FilteredPicture(values, arrays, results)


def plot_filters(record: FilteredPicture) -> Picture:
    """Above the kernels, below what they make of the picture: violet is positive, orange negative, white zero.

    Results of kernels whose weights sum to zero are drawn as the kernels are, others, divided by that sum, in the grays
    of the picture. All stand where the picture has them: the border, where no kernel fits, is left out.

    Example:
        >>> from chainrule.signal import gaussian, sobel
        >>> kernels = {"Gaussian, σ = 1": gaussian(1.0), "Sobel x": sobel("x")}
        >>> plot_filters(filter_picture(np.eye(9), kernels))
        Picture(5.4 × 3.6 inches)
    """

    def drawing(grid: list[list[Axes]]) -> None:
        grid[0][0].set_axis_off()
        _gray(grid[1][0], record.picture, title="The picture")
        for column, (name, kernel) in enumerate(record.kernels.items(), start=1):
            above, below = grid[0][column], grid[1][column]
            as_image(above, kernel, name, signed=True)
            if kernel.size <= 25:
                write_numbers(above, kernel)
            result = record.results[name]
            weight = float(kernel.sum())
            if abs(weight) < 1e-3 * np.abs(kernel).sum():  # nothing of an even picture is left: slopes, of both signs
                _signed(below, result, _reach(result))
            else:
                _gray(below, result / weight, like=record.picture)
            _in_place(below, record.picture.shape, kernel.shape)

    columns = len(record.kernels) + 1
    return draw_grid(2, columns, drawing, size=(1.8 * columns, 3.6))


def plot_edges(picture: Any, edges: Edges) -> Picture:
    """A picture's two slopes, how strong its edges are, and arrows that point to where it becomes brighter.

    Example:
        >>> from chainrule.signal import edges
        >>> plot_edges(np.eye(9), edges(np.eye(9)))
        Picture(10.0 × 2.4 inches)
    """
    values = tensor(picture).numpy()

    def drawing(grid: list[list[Axes]]) -> None:
        shown, right, down, strength, direction = grid[0]
        reach = _reach(np.stack([edges.x, edges.y]))
        _gray(shown, values, title="The picture")
        for axes, slope, title in ((right, edges.x, "Slope to the right"), (down, edges.y, "Slope downwards")):
            _signed(axes, slope, reach, title)
        _gray(strength, edges.magnitude, title="Magnitude")
        _gray(direction, edges.magnitude, title="Towards brighter")
        _arrows(direction, edges)
        for axes in grid[0][1:]:
            _in_place(axes, values.shape, (2 * edges.border + 1,) * 2)

    return draw_grid(1, 5, drawing, size=(10.0, 2.4))


def _gray(axes: Axes, values: Array, *, like: Array | None = None, title: str = "") -> None:
    as_image(axes, values, title)
    axes.images[0].set_cmap("gray")
    if like is not None:
        axes.images[0].set_clim(float(like.min()), float(like.max()))


def _signed(axes: Axes, values: Array, reach: float, title: str = "") -> None:
    as_image(axes, values, title, signed=True)
    axes.images[0].set_clim(-reach, reach)


def _reach(values: Array) -> float:
    """Where colours are full: at the size that all but one number in two hundred have, or else few would hide many."""
    return float(np.quantile(np.abs(values), 0.995)) or float(np.abs(values).max()) or 1.0


def _in_place(axes: Axes, picture: tuple[int, ...], kernel: tuple[int, ...]) -> None:
    """Put the map of a kernel's places where their middles are in the picture."""
    top, left = (size // 2 - 0.5 for size in kernel)
    rows, columns = (size - k + 1 for size, k in zip(picture, kernel, strict=True))
    axes.images[0].set_extent((left, left + columns, top + rows, top))
    axes.set_xlim(-0.5, picture[1] - 0.5)
    axes.set_ylim(picture[0] - 0.5, -0.5)


def _arrows(axes: Axes, edges: Edges) -> None:
    """One arrow where an edge is strongest in each of at most 16 × 16 fields, if it is strong at all."""
    strength = edges.magnitude
    side = max(1, -(-max(strength.shape) // 16))
    places = []
    for top, left in np.ndindex(*(-(-size // side) for size in strength.shape)):
        field = strength[top * side : (top + 1) * side, left * side : (left + 1) * side]
        if field.max() > 0.3 * strength.max():
            places.append(np.add(np.unravel_index(field.argmax(), field.shape), (top * side, left * side)))
    i, j = np.array(places, int).reshape(-1, 2).T
    length = 1.5 * side / strength[i, j]
    x, y = j + edges.border, i + edges.border
    steps = edges.x[i, j] * length, edges.y[i, j] * length
    axes.quiver(x, y, *steps, color=ORANGE, angles="xy", scale_units="xy", scale=1, width=0.008)
    axes.images[0].set_clim(0, 2 * float(strength.max()) or 1.0)  # darker, so that the arrows are seen


def write_numbers(axes: Axes, values: Array, *, reach: float | None = None, size: float = 7) -> None:
    """The numbers of a small signed map on its cells, white where it is dark: near its largest number, or `reach`."""
    reach = reach or float(np.abs(values).max(initial=0.0)) or 1.0
    for (i, j), value in np.ndenumerate(values):
        color = "white" if abs(value) > 0.6 * reach else "black"
        axes.text(j, i, f"{value + 0.0:.2g}".replace("-", "−"), ha="center", va="center", color=color, fontsize=size)
