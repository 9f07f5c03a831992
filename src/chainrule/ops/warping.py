"""Images looked at through a distorted grid: rotation, zoom, elastic distortion, each by bilinear sampling."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.dtype import int32
from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.augmentation import each, images, sizes_of, strength
from chainrule.ops.contraction import einsum
from chainrule.ops.creation import arange
from chainrule.ops.elementwise import clip, minimum
from chainrule.ops.gathering import gather
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, as_tensor, cast
from chainrule.ops.movement import broadcast_to, reshape
from chainrule.ops.parts import pad
from chainrule.ops.random import counters, uniform
from chainrule.ops.rounding import floor
from chainrule.ops.trigonometric import cos, sin

__all__ = ["elastic_distortion", "random_rotation", "random_zoom", "rotate", "sample_images"]

_GRID = Message(
    "sample_images.grid",
    en="sample_images: rows {rows} and columns {columns} need the shape (batch, height, width) of the result, with the "
    "samples of x {x}.",
    zh="sample_images：rows {rows} 与 columns {columns} 需要结果的形状 (batch, height, width)，且样本数与 x {x} 相同。",
)
_ANGLES = Message(
    "rotate.angles",
    en="rotate: angles {angles} need one number for each sample of x {x}.",
    zh="rotate：angles {angles} 需要为 x {x} 的每个样本给出一个数。",
)
_SMOOTHNESS = Message(
    "elastic_distortion.smoothness",
    en="elastic_distortion: smoothness={smoothness} is out of range; it is a number of pixels, at least 1.",
    zh="elastic_distortion：smoothness={smoothness} 超出范围；它是像素数，至少为 1。",
)

_REACH = 3.0  # of a Gaussian, in standard deviations


# -------------------------------------------------------------------------------------------------------- sampling
def _sample_images(x: Tensor, rows: Tensor, columns: Tensor, *, fill: float) -> Tensor:
    height, width = sizes_of(x)
    framed = pad(
        x, [(0, 0), (1, 1), (1, 1), (0, 0)], value=fill
    )  # so that what is outside is an element like any other
    row, column = clip(rows, -1.0, height), clip(columns, -1.0, width)
    top, left = minimum(floor(row), height - 1.0), minimum(floor(column), width - 1.0)
    down, across = (reshape(d, (*d.shape, 1)) for d in (row - top, column - left))
    pixels = reshape(framed, (x.shape[0], (height + 2) * (width + 2), x.shape[-1]))
    corner = cast((top + 1.0) * (width + 2.0) + (left + 1.0), int32)
    a, b, c, d = (gather(pixels, corner + k, 0, batch_dims=1) for k in (0, 1, width + 2, width + 3))
    upper, lower = a + across * (b - a), c + across * (d - c)
    return upper + down * (lower - upper)


SAMPLE_IMAGES = Composite("sample_images", _sample_images)


def sample_images(x: Any, rows: Any, columns: Any, *, fill: float = 0.0) -> Tensor:
    """Each image's values at places between its pixels, bilinear; around the image everything is `fill`.

        y[n,i,j,c] = x[n, rows[n,i,j], columns[n,i,j], c], linear in either direction between pixels

    Shapes:   x (n, height, width, c), rows and columns (n, h, w) → (n, h, w, c)
    Units:    pixels; (0, 0) is the middle of the first
    Raises:   ShapeError if they do not fit.
    Example:
        >>> sample_images([[[[1.0], [2.0]]]], [[[0.0]]], [[[0.25]]])
        Tensor([[[[1.25]]]], shape=(1, 1, 1, 1), dtype=float32)
    """
    x, rows, columns = as_floats(images("sample_images", x)), as_tensor(rows), as_tensor(columns)
    if rows.ndim != 3 or rows.shape != columns.shape or rows.shape[0] != x.shape[0]:
        shapes = {"rows": show_shape(rows.shape), "columns": show_shape(columns.shape)}
        raise ShapeError(_GRID(**shapes, x=show_shape(x.shape)))
    return SAMPLE_IMAGES(x, cast(rows, x.dtype), cast(columns, x.dtype), fill=float(fill))


def _grid(x: Tensor) -> tuple[Tensor, Tensor]:
    """The rows, (height, 1), and the columns, (width,), of x as numbers."""
    height, width = sizes_of(x)
    return cast(reshape(arange(height), (height, 1)), x.dtype), cast(arange(width), x.dtype)


def _middle(x: Tensor) -> tuple[float, float]:
    height, width = sizes_of(x)
    return (height - 1) / 2, (width - 1) / 2


# ------------------------------------------------------------------------------------------------ rotation and zoom
def _rotate(x: Tensor, angles: Tensor, *, fill: float) -> Tensor:
    (rows, columns), (row, column) = _grid(x), _middle(x)
    down, across = rows - row, columns - column
    angles = reshape(angles, (x.shape[0], 1, 1))
    sine, cosine = sin(angles), cos(angles)
    rows, columns = cosine * down + sine * across + row, cosine * across - sine * down + column
    return SAMPLE_IMAGES(x, rows, columns, fill=fill)


def _random_rotation(x: Tensor, factor: Tensor, seed: Tensor, step: Tensor, *, fill: float, stream: int) -> Tensor:
    return ROTATE(x, reshape(2.0 * math.pi * factor * each(x, seed, step, stream), (x.shape[0],)), fill=fill)


def _random_zoom(x: Tensor, factor: Tensor, seed: Tensor, step: Tensor, *, fill: float, stream: int) -> Tensor:
    (rows, columns), (row, column) = _grid(x), _middle(x)
    scale = 1.0 + factor * reshape(each(x, seed, step, stream), (x.shape[0], 1, 1))
    rows, columns = scale * (rows - row) + row, scale * (columns - column) + column
    return SAMPLE_IMAGES(x, broadcast_to(rows, x.shape[:3]), broadcast_to(columns, x.shape[:3]), fill=fill)


ROTATE = Composite("rotate", _rotate)
RANDOM_ROTATION = Composite("random_rotation", _random_rotation)
RANDOM_ZOOM = Composite("random_zoom", _random_zoom)


def rotate(x: Any, angles: Any, *, fill: float = 0.0) -> Tensor:
    """Each image turned about its middle by its own angle, counter-clockwise as np.rot90; corners are lost.

        y[n,i,j,c] = x[n, cos φ u + sin φ v, cos φ v - sin φ u, c], u and v the distances of i and j from the middle

    Shapes:   x (n, height, width, c), angles (n,) → (n, height, width, c)
    Units:    radians
    Raises:   ShapeError if they do not fit.
    Example:
        >>> rotate([[[[1.0], [2.0]], [[3.0], [4.0]]]], [0.0])[0, :, :, 0]
        Tensor([[1. 2.]
         [3. 4.]], shape=(2, 2), dtype=float32)
    """
    x, angles = as_floats(images("rotate", x)), as_tensor(angles)
    if angles.shape != x.shape[:1]:
        raise ShapeError(_ANGLES(angles=show_shape(angles.shape), x=show_shape(x.shape)))
    return ROTATE(x, cast(angles, x.dtype), fill=float(fill))


def random_rotation(x: Any, factor: Any, seed: Any, step: Any = 0, *, fill: float = 0.0, stream: int = 0) -> Tensor:
    """Each image turned about its middle by a random angle, up to `factor` of a full turn either way.

        y = rotate(x, φ), φ uniform in 2π [-factor, factor)

    Shapes:   x (n, height, width, c) → (n, height, width, c)
    Raises:   ShapeError if x has other axes; UsageError if factor is a number outside 0 … 0.5.
    Example:
        >>> random_rotation([[[[1.0], [1.0], [1.0]]]], 0.1, seed=0)[0, :, :, 0]
        Tensor([[0.873478 1.       0.873478]], shape=(1, 3), dtype=float32)
    """
    x = as_floats(images("random_rotation", x))
    given = strength("random_rotation", "factor", factor, x.dtype, 0.5), *counters(seed, step)
    return RANDOM_ROTATION(x, *given, fill=float(fill), stream=stream)


def random_zoom(x: Any, factor: Any, seed: Any, step: Any = 0, *, fill: float = 0.0, stream: int = 0) -> Tensor:
    """Each image made smaller or larger about its middle, by up to `factor`, rows and columns alike.

        y[n,i,j,c] = x[n, s u + middle, s v + middle, c], s uniform in [1 - factor, 1 + factor)

    s above 1 shows more than the image: it shrinks, and `fill` is around it.

    Shapes:   x (n, height, width, c) → (n, height, width, c)
    Raises:   ShapeError if x has other axes; UsageError if factor is a number outside 0 … 1.
    Example:
        >>> random_zoom([[[[1.0], [2.0], [3.0]]]], 0.5, seed=0)[0, :, :, 0]
        Tensor([[1.1009536 2.        2.8990464]], shape=(1, 3), dtype=float32)
    """
    x = as_floats(images("random_zoom", x))
    given = strength("random_zoom", "factor", factor, x.dtype, 1), *counters(seed, step)
    return RANDOM_ZOOM(x, *given, fill=float(fill), stream=stream)


# ---------------------------------------------------------------------------------------------- elastic distortion
def _bumps(extent: int, smoothness: float) -> Array:
    """The Gaussians of one axis, one for each number that is drawn: (pixels, numbers)."""
    numbers = np.arange(-math.ceil(_REACH), math.ceil((extent - 1) / smoothness + _REACH) + 1)
    distances = np.arange(extent)[:, None] / smoothness - numbers
    return np.exp(-0.5 * distances**2) / math.sqrt(2.0 * math.pi)


def _elastic_distortion(
    x: Tensor, strength: Tensor, seed: Tensor, step: Tensor, *, smoothness: float, fill: float, stream: int
) -> Tensor:
    down, across = (_bumps(e, smoothness).astype(x.dtype.numpy) for e in sizes_of(x))
    p, q = down.shape[1], across.shape[1]
    drawn = 2.0 * uniform((x.shape[0], 2 * p * q), seed, step, stream=stream) - 1.0
    noise = reshape(cast(drawn, x.dtype), (x.shape[0], 2, p, q))
    moved = einsum("ip,ndpj->ndij", down, einsum("jq,ndpq->ndpj", across, noise)) * (strength / smoothness)
    rows, columns = _grid(x)
    return SAMPLE_IMAGES(x, moved[:, 0] + rows, moved[:, 1] + columns, fill=fill)


ELASTIC_DISTORTION = Composite("elastic_distortion", _elastic_distortion)


def elastic_distortion(
    x: Any, factor: Any, seed: Any, step: Any = 0, *, smoothness: float = 4.0, fill: float = 0.0, stream: int = 0
) -> Tensor:
    """Each image distorted as if drawn on rubber: its pixels move by random amounts, neighbours by nearly the same.

        y[n,i,j,c] = x[n, i + a, j + b, c], a and b: factor · noise in [-1, 1), smoothed by a Gaussian of width σ

    σ is `smoothness`. No pixel moves by more than factor / σ; the root of the mean square is 0.16 factor / σ.

    Shapes:   x (n, height, width, c) → (n, height, width, c)
    Units:    smoothness: pixels
    Raises:   ShapeError if x has other axes; UsageError if factor is a number below 0, or smoothness below 1.
    Source:   Simard, Steinkraus and Platt 2003, with σ = 4 and factor 34 for digits. They draw a number for each pixel;
              here there is one for each σ pixels either way, weighted by σ: a σ²th of the numbers make a field whose
              variance and correlations are the same to 0.02 %.
    Example:
        >>> elastic_distortion([[[[1.0], [1.0], [1.0]]]], 4.0, seed=0).shape
        (1, 1, 3, 1)
    """
    x = as_floats(images("elastic_distortion", x))
    if not 1 <= smoothness < math.inf:
        raise UsageError(_SMOOTHNESS(smoothness=repr(smoothness)))
    given = strength("elastic_distortion", "factor", factor, x.dtype), *counters(seed, step)
    return ELASTIC_DISTORTION(x, *given, smoothness=float(smoothness), fill=float(fill), stream=stream)
