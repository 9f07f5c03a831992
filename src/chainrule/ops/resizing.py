"""Images of another size: the nearest pixel, or linear interpolation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, tensor
from chainrule.messages import Message, suggestion
from chainrule.ops.arrangement import repeat
from chainrule.ops.axes import letters
from chainrule.ops.gathering import gather
from chainrule.ops.indexing import index
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, as_tensor
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.parts import pad
from chainrule.ops.windows import PerAxis, sizes, spatial_extents, spatial_rank

__all__ = ["resize"]

_METHOD = Message(
    "resize.method",
    en="resize: method={method} is not known; use 'nearest' or 'bilinear'.{suggestion}",
    zh="resize：未知的 method={method}；请使用 'nearest' 或 'bilinear'。{suggestion}",
)
_CORNERS = Message(
    "resize.corners",
    en="resize: align_corners is about where pixels are interpolated between; the nearest one needs no such choice. "
    "Leave it out, or use method='bilinear'.",
    zh="resize：align_corners 只与插值位置有关，最近邻方法不需要此选项。请去掉它，或使用 method='bilinear'。",
)
_EMPTY = Message(
    "resize.empty",
    en="resize: x {x} has an empty spatial axis, so there is nothing to take pixels from.",
    zh="resize：x {x} 有空的空间轴，没有可取的像素。",
)


def resize(x: Any, size: PerAxis, *, method: str = "nearest", align_corners: bool = False) -> Tensor:
    """Images of another size.

        nearest:    y[n,i,c] = x[n, ⌊(i + ½)·W / W'⌋, c]
        bilinear:   y[n,i,c] = (1 - t)·x[n,l,c] + t·x[n,l+1,c] with l + t = (i + ½)·W / W' - ½, likewise along each axis

    Pixels are squares whose centers are compared, as in Keras and in PyTorch's 'bilinear' and 'nearest-exact'; beyond
    the outermost centers, 'bilinear' repeats the border. With `align_corners` the centers of the corners stay where
    they are, l + t = i·(W - 1) / (W' - 1), as PyTorch's option of this name has it. There is no smoothing before pixels
    are left out (PyTorch's antialias=False).

    Shapes:   x (n, height, width, c), size (height', width') → (n, height', width', c); one or three spatial axes
              likewise
    Raises:   UsageError if the method is not known; ShapeError if x has no pixels.
    Example:
        >>> resize([[[1.0], [2.0]]], 4)
        Tensor([[[1.]
          [1.]
          [2.]
          [2.]]], shape=(1, 4, 1), dtype=float32)
        >>> resize([[[1.0], [2.0]]], 4, method="bilinear")
        Tensor([[[1.  ]
          [1.25]
          [1.75]
          [2.  ]]], shape=(1, 4, 1), dtype=float32)
    """
    if method not in ("nearest", "bilinear"):
        near = suggestion(str(method), ("nearest", "bilinear"))
        raise UsageError(_METHOD(method=repr(method), suggestion=near))
    if align_corners and method == "nearest":
        raise UsageError(_CORNERS())
    image = as_tensor(x) if method == "nearest" else as_floats(x)
    outputs = sizes("resize", "size", size, spatial_rank("resize", image))
    extents = spatial_extents(image.shape)
    if 0 in extents:
        raise ShapeError(_EMPTY(x=show_shape(image.shape)))
    if outputs == extents:
        return image
    return RESIZE(image, size=outputs, method=method, align_corners=align_corners)


def _resize(x: Tensor, *, size: tuple[int, ...], method: str, align_corners: bool) -> Tensor:
    for axis, (extent, outputs) in enumerate(zip(spatial_extents(x.shape), size, strict=True), 1):
        if extent != outputs and method == "nearest":
            x = _nearest(x, axis, extent, outputs)
        elif extent != outputs:
            x = _combined(x, axis, _linear(extent, outputs, align_corners))
    return x


RESIZE = Composite("resize", _resize)


def _nearest(x: Tensor, axis: int, extent: int, outputs: int) -> Tensor:
    """One element of x for each output: repeated, every k-th of them, or where a list of places says."""
    if outputs % extent == 0:
        return repeat(x, outputs // extent, axis)
    if extent % outputs == 0:
        step = extent // outputs
        return index(x, (*[slice(None)] * axis, slice(step // 2, None, step)))
    places = (2 * np.arange(outputs, dtype=np.int64) + 1) * extent // (2 * outputs)
    return gather(x, tensor(places), axis)


def _linear(extent: int, outputs: int, align_corners: bool) -> Array:
    """The matrix (outputs, extent) whose rows have the weights of the two elements next to an output's place."""
    k = np.arange(outputs)
    if align_corners:
        place = k * ((extent - 1) / (outputs - 1) if outputs > 1 else 0.0)
    else:
        place = np.clip((k + 0.5) * extent / outputs - 0.5, 0.0, extent - 1.0)
    left = np.minimum(place.astype(int), max(extent - 2, 0))
    matrix = np.zeros((outputs, extent))
    matrix[k, left] = 1 - (place - left)
    matrix[k, np.minimum(left + 1, extent - 1)] += place - left
    return matrix


def _combined(x: Tensor, axis: int, matrix: Array) -> Tensor:
    """The matrix times x along an axis, without what is zero in it because it is far from the diagonal.

    Of g·b rows and g·a columns (a and b without common divisor), every b rows have their numbers a columns further on
    than those before; so y[t·b + r] = Σ x[t·a + p]·band[t,r,p], with few p where a is small.
    """
    common = math.gcd(*matrix.shape)
    rows, columns = (e // common for e in matrix.shape)
    row, column = np.nonzero(matrix)
    places = column - row // rows * columns  # of what is not zero, from where its period begins
    first, last = int(min(places.min(), 0)), int(places.max())
    reach = (common - 1) * columns + last + 1
    widths = [(-first, max(0, reach - matrix.shape[1])) if k == axis else (0, 0) for k in range(x.ndim)]
    band = np.zeros((common, rows, last + 1 - first))
    band[row // rows, row % rows, places - first] = matrix[row, column]
    names = letters(x)
    read = [f"t*{columns}+p" if k == axis else name for k, name in enumerate(names)]
    written = [f"t*{rows}+r" if k == axis else name for k, name in enumerate(names)]
    formula = f"y[{','.join(written)}] += x[{','.join(read)}] * band[t,r,p]"
    return Indexed("interpolate", formula)(pad(x, widths), tensor(band, x.dtype))
