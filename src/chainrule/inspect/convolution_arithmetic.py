"""One number of a convolution: which window it sees, what is multiplied with what, and what is summed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.tensor import tensor
from chainrule.inspect.filters import write_numbers
from chainrule.inspect.style import GREEN, Picture, as_image, draw_grid
from chainrule.messages import Message
from chainrule.ops.axes import is_several
from chainrule.ops.convolution import conv2d
from chainrule.ops.windows import Padding, PerAxis, windows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ConvolutionArithmetic", "convolution_arithmetic", "plot_convolution_arithmetic"]

Array = NDArray[Any]

_RANK = Message(
    "convolution_arithmetic.rank",
    en="convolution_arithmetic: x {x} must be one volume (height, width, depth), and the kernels {kernels} must have "
    "the axes (rows, columns, depth, kernels).",
    zh="convolution_arithmetic：x {x} 必须是一个体 (高, 宽, 深)，卷积核 {kernels} 必须有轴 (行, 列, 深, 核)。",
)
_PLACE = Message(
    "convolution_arithmetic.place",
    en="convolution_arithmetic: there is no place {place} with kernel={kernel} in an output of shape {shape}; its "
    "rows, columns and kernels count from 0.",
    zh="convolution_arithmetic：形状为 {shape} 的输出中没有位置 {place}、kernel={kernel}；行、列和核都从 0 开始计数。",
)

MOST_DEPTHS = 4  # that are drawn; the sum is that of all


@dataclass(frozen=True, eq=False)
class ConvolutionArithmetic:
    """How one number of a convolution came about.

        y[i,j,o] = Σ_c Σ_p Σ_q x[i·s₀ + p·d₀, j·s₁ + q·d₁, c]·w[p,q,c,o]

    Fields:   x (height, width, depth), what this kernel sees; place (i, j) in the output; kernel (rows, columns,
              depth); window, the numbers of x under it, zero in the padding; products of both; rows and columns, where
              in x the window lies, outside of it in the padding; depth_sums (depth,); total, their sum, which is
              y[i,j,o]; output (height, width), this kernel's whole map; shape (height, width, kernels) of the output of
              all kernels; sizes, the arithmetic of its height and width
    """

    x: Array
    place: tuple[int, int]
    kernel: Array
    window: Array
    products: Array
    rows: Array
    columns: Array
    depth_sums: Array
    total: float
    output: Array
    shape: tuple[int, int, int]
    sizes: tuple[str, str]

    def __repr__(self) -> str:
        i, j = self.place
        height, width = self.sizes
        return (
            f"ConvolutionArithmetic(y[{i}, {j}] = {_sum(self)}; height {height}, width {width}, depth {self.shape[2]})"
        )


def convolution_arithmetic(
    x: Any,
    kernels: Any,
    place: Sequence[int],
    *,
    kernel: int = 0,
    strides: PerAxis = 1,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    groups: int = 1,
) -> ConvolutionArithmetic:
    """Take one number of a two-dimensional convolution apart, as conv2d and Conv2D layers compute it.

    Shapes:   x (height, width, depth), kernels (rows, columns, depth / groups, kernels); a layer's are its parameters
    Raises:   ShapeError if x is not one volume, depths differ, or a kernel does not fit (the message has the
              arithmetic); UsageError if there is no such place or kernel.
    Example:
        >>> x = np.arange(18.0).reshape(3, 3, 2)
        >>> convolution_arithmetic(x, np.ones((2, 2, 2, 5)), (1, 0))
        ConvolutionArithmetic(y[1, 0] = 40 + 44 = 84; height (3 − 2 + 0)/1 + 1 = 2, width ... = 2, depth 5)
    """
    volume, weights = (_exact(tensor(given).numpy()) for given in (x, kernels))
    if volume.ndim != 3 or weights.ndim != 4:
        raise ShapeError(_RANK(x=volume.shape, kernels=weights.shape))
    output = conv2d(volume[None], weights, strides=strides, padding=padding, dilation=dilation, groups=groups).numpy()[
        0
    ]
    index: tuple[Any, ...] = (*place, kernel) if is_several(place) else ()
    whole = len(index) == 3 and all(isinstance(k, Integral) for k in index)
    if not (whole and all(0 <= k < size for k, size in zip(index, output.shape, strict=True))):
        raise UsageError(_PLACE(place=place, kernel=kernel, shape=output.shape))
    moved = windows("conv2d", 2, weights.shape[:2], strides, dilation)
    borders = moved.padding((1, *volume.shape), padding)
    first = kernel // (weights.shape[3] // groups) * weights.shape[2]
    seen = volume[:, :, first : first + weights.shape[2]]
    rows, columns = (
        k * stride - before + step * np.arange(size)
        for k, stride, (before, _), step, size in zip(
            place, moved.strides, borders, moved.dilation, moved.sizes, strict=True
        )
    )
    window = _window(seen, rows, columns)
    products = window * weights[..., kernel]
    return ConvolutionArithmetic(
        x=seen,
        place=index[:2],
        kernel=weights[..., kernel],
        window=window,
        products=products,
        rows=rows,
        columns=columns,
        depth_sums=products.sum(axis=(0, 1)),
        total=float(products.sum()),
        output=output[..., kernel],
        shape=output.shape,
        sizes=(
            _size(volume.shape[0], moved.spans[0], borders[0], moved.strides[0]),
            _size(volume.shape[1], moved.spans[1], borders[1], moved.strides[1]),
        ),
    )


def plot_convolution_arithmetic(record: ConvolutionArithmetic) -> Picture:
    """One row for each depth: the input with the window, its numbers, the kernel's, the products; then the output.

    Example:
        >>> record = convolution_arithmetic(np.ones((4, 4, 2)), np.ones((3, 3, 2, 1)), (0, 1))
        >>> plot_convolution_arithmetic(record)
        Picture(9.5 × 4.6 inches)
    """
    depths = min(record.kernel.shape[2], MOST_DEPTHS)

    def drawing(grid: list[list[Axes]]) -> None:
        scales = [float(np.abs(a).max(initial=0.0)) or 1.0 for a in (record.x, record.kernel, record.products)]
        for c, (whole, window, kernel, product, result) in enumerate(grid):
            _input(whole, record, c, scales[0])
            for axes, values, scale in (
                (window, record.window[..., c], scales[0]),
                (kernel, record.kernel[..., c], scales[1]),
                (product, record.products[..., c], scales[2]),
            ):
                as_image(axes, values, signed=True)
                axes.images[0].set_clim(-scale, scale)
                if values.size <= 36:
                    write_numbers(axes, values, size=6.5, reach=scale)
            product.set_xlabel(f"sum: {_text(record.depth_sums[c])}", fontsize=9)
            if c:
                result.set_axis_off()
        for axes, title in zip(grid[0], ("The input", "The window", "× the kernel", "= the products"), strict=False):
            axes.set_title(title)
        _output(grid[0][4], record)

    return draw_grid(depths, 5, drawing, size=(9.5, 0.8 + 1.9 * depths))


def _input(axes: Axes, record: ConvolutionArithmetic, depth: int, scale: float) -> None:
    as_image(axes, record.x[..., depth], signed=True)
    axes.images[0].set_clim(-scale, scale)
    rows, columns = record.x.shape[:2]
    axes.set_xlim(min(-0.5, record.columns[0] - 0.6), max(columns - 0.5, record.columns[-1] + 0.6))
    axes.set_ylim(max(rows - 0.5, record.rows[-1] + 0.6), min(-0.5, record.rows[0] - 0.6))
    for i in record.rows:
        for j in record.columns:
            _frame(axes, i, j, "-" if 0 <= i < rows and 0 <= j < columns else ":")
    axes.set_ylabel(f"depth {depth}" if record.x.shape[2] > 1 else "")


def _frame(axes: Axes, row: float, column: float, line: str) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(
        Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=GREEN, linewidth=1.8, linestyle=line)
    )


def _output(axes: Axes, record: ConvolutionArithmetic) -> None:
    as_image(axes, record.output, "The output", signed=True)
    _frame(axes, *record.place, "-")
    (i, j), (height, width) = record.place, record.sizes
    result = _sum(record).replace(" = ", "\n= ")
    axes.set_xlabel(f"y[{i}, {j}] = {result}\nheight {height}\nwidth {width}\ndepth {record.shape[2]}", fontsize=8)


def _sum(record: ConvolutionArithmetic) -> str:
    sums, total = record.depth_sums, _text(record.total)
    if len(sums) == 1:
        return total
    if len(sums) > MOST_DEPTHS:
        return f"{total}, the sum of {len(sums)} depths"
    return " + ".join(f"({_text(s)})" if s < 0 and k else _text(s) for k, s in enumerate(sums)) + f" = {total}"


def _exact(values: Array) -> Array:
    """Whole numbers without a limit that products of pixels would reach: 200 · 2 is 144 in uint8."""
    return values if values.dtype.kind == "f" else values.astype(np.int64)


def _window(x: Array, rows: Array, columns: Array) -> Array:
    """The numbers of x at these rows and columns, zero outside of it."""
    inside = ((rows >= 0) & (rows < x.shape[0]))[:, None] & ((columns >= 0) & (columns < x.shape[1]))
    taken = x[np.clip(rows, 0, x.shape[0] - 1)[:, None], np.clip(columns, 0, x.shape[1] - 1)]
    return np.where(inside[..., None], taken, 0)


def _size(extent: int, span: int, borders: Sequence[int], stride: int) -> str:
    """(W − k + p)/s + 1, with its result: what is left over by the stride is not seen."""
    padding = sum(borders)
    count = (extent - span + padding) // stride + 1
    floor = "⌊{}⌋" if (extent - span + padding) % stride else "{}"
    return f"{floor.format(f'({extent} − {span} + {padding})/{stride}')} + 1 = {count}"


def _text(number: float) -> str:
    return f"{number:.4g}".replace("-", "−")
