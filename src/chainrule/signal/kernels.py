"""Kernels for pictures, made by hand: what each neighbor of a pixel counts.

They are written as correlate2d and Conv2D layers use them, unflipped: Sobel's for 'x' is positive on the right.
convolve2d flips them, which changes the sign of those for edges and nothing of the symmetric ones. Each is an
array (rows, columns) in float32; `as_conv_kernel` gives several the shape of a layer's kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.tensor import tensor
from chainrule.messages import Message
from chainrule.signal.window import Array

__all__ = [
    "as_conv_kernel", "box_blur", "emboss", "gaussian", "laplacian", "prewitt", "sharpen", "sobel",
]  # fmt: skip

_SIZE = Message(
    "kernels.size",
    en="{function}: size={size} has no middle; a kernel has an odd number of pixels on each side.",
    zh="{function}：size={size} 没有中心；卷积核每一边的像素数必须为奇数。",
)
_LARGE = Message(
    "kernels.large",
    en="{function}: a kernel of {size:,} × {size:,} pixels, {gigabytes:.1f} GB, is larger than pictures are; {most:,}"
    " on each side is the most.{remedy}",
    zh="{function}：{size:,} × {size:,} 像素的卷积核（{gigabytes:.1f} GB）比图片还大；每边最多 {most:,} 像素。{remedy}",
)
_OF_SIGMA = Message(
    "kernels.of_sigma",
    en=" It reaches three sigma to each side; give a smaller sigma, or a size.",
    zh="它向每一侧延伸三个 sigma；请给出更小的 sigma，或指定 size。",
)
_AMOUNT = Message(
    "kernels.amount",
    en="sharpen: amount={amount!r} is no finite number; 1 adds what stands out once.",
    zh="sharpen：amount={amount!r} 不是有限的数；1 表示把突出的部分加一次。",
)
_SIGMA = Message(
    "kernels.sigma",
    en="gaussian: sigma={sigma} is no width; give a positive number of pixels.",
    zh="gaussian：sigma={sigma} 不是宽度；请给出正的像素数。",
)
_DIRECTION = Message(
    "kernels.direction",
    en="{function}: direction={direction} is not known; 'x' finds what changes from left to right, "
    "'y' from top to bottom.",
    zh="{function}：未知的 direction={direction}；'x' 检测从左到右的变化，'y' 检测从上到下的变化。",
)
_SEVERAL = Message(
    "kernels.several",
    en="as_conv_kernel: kernels of shapes {shapes} do not fit together; give at least one, all of one shape "
    "(rows, columns).",
    zh="as_conv_kernel：形状为 {shapes} 的卷积核不能组合在一起；请至少给出一个，且形状都为相同的 (行, 列)。",
)

_MOST = 4095  # pixels on each side of a kernel: 67 MB


def sobel(direction: str) -> Array:
    """The slope of brightness along one direction, over a blur across it.

    Positive where it becomes brighter to the right ('x'), or downwards ('y'); 8 for one level per pixel.

    Raises:   UsageError if the direction is neither 'x' nor 'y'.
    Source:   Sobel and Feldman 1968
    Example:
        >>> sobel("x")
        array([[-1.,  0.,  1.],
               [-2.,  0.,  2.],
               [-1.,  0.,  1.]], dtype=float32)
    """
    return _slope("sobel", direction, [1, 2, 1])


def prewitt(direction: str) -> Array:
    """The slope of brightness along one direction, over a mean across it; 6 for one level per pixel.

    Raises:   UsageError if the direction is neither 'x' nor 'y'.
    Source:   Prewitt 1970
    Example:
        >>> prewitt("y")
        array([[-1., -1., -1.],
               [ 0.,  0.,  0.],
               [ 1.,  1.,  1.]], dtype=float32)
    """
    return _slope("prewitt", direction, [1, 1, 1])


def gaussian(sigma: float, size: int | None = None) -> Array:
    """A blur that counts neighbors by their distance; its weights sum to 1.

        g[i,j] = exp(−(i² + j²)/2σ²) / Σ exp(−(p² + q²)/2σ²)

    Without a size the kernel reaches three σ to each side.

    Units:    σ in pixels
    Raises:   UsageError if σ is not positive, the size is even, or the kernel has more than 4,095 pixels on a side.
    Example:
        >>> gaussian(0.8, 3).round(3)
        array([[0.057, 0.125, 0.057],
               [0.125, 0.272, 0.125],
               [0.057, 0.125, 0.057]], dtype=float32)
    """
    if not (isinstance(sigma, Real) and 0 < sigma < np.inf):
        raise UsageError(_SIGMA(sigma=sigma))
    if size is None:
        size = 2 * int(np.ceil(3 * sigma)) + 1
        _check_memory("gaussian", size, _OF_SIGMA())
    else:
        size = _odd("gaussian", size)
    with np.errstate(over="ignore"):  # so far from the middle that nothing is left
        bell = np.exp(-0.5 * (np.arange(-(size // 2), size // 2 + 1) / sigma) ** 2)
    return np.outer(bell, bell).astype(np.float32) / np.float32(bell.sum() ** 2)


def laplacian(*, diagonal: bool = False) -> Array:
    """How much darker a pixel is than its four neighbors, or eight: the sum of both second derivatives.

    Example:
        >>> laplacian()
        array([[ 0.,  1.,  0.],
               [ 1., -4.,  1.],
               [ 0.,  1.,  0.]], dtype=float32)
    """
    around = np.array([[diagonal, 1, diagonal], [1, 0, 1], [diagonal, 1, diagonal]], np.float32)
    around[1, 1] = -around.sum()
    return around


def sharpen(amount: float = 1.0) -> Array:
    """A picture less its Laplacian, `amount` times: what stands out does so more. Its weights sum to 1.

    Raises:   UsageError if the amount is no finite number.
    Example:
        >>> sharpen()
        array([[ 0., -1.,  0.],
               [-1.,  5., -1.],
               [ 0., -1.,  0.]], dtype=float32)
    """
    if not (isinstance(amount, Real) and -np.inf < amount < np.inf):
        raise UsageError(_AMOUNT(amount=amount))
    kernel = np.float32(-amount) * laplacian() + np.float32(0)  # no minus zero
    kernel[1, 1] += 1
    return kernel


def box_blur(size: int = 3) -> Array:
    """The mean of a square of pixels.

    Raises:   UsageError if the size is not a positive odd integer up to 4,095.
    Example:
        >>> box_blur(3)[0] * 9
        array([1., 1., 1.], dtype=float32)
    """
    return np.full((_odd("box_blur", size),) * 2, 1.0 / size**2, np.float32)


def emboss() -> Array:
    """A picture as a relief that is lit from below on the right, on top of the picture itself.

    Example:
        >>> emboss()
        array([[-2., -1.,  0.],
               [-1.,  1.,  1.],
               [ 0.,  1.,  2.]], dtype=float32)
    """
    return np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], np.float32)


def as_conv_kernel(kernels: Sequence[Any], channels: int = 1) -> Array:
    """Several kernels as the weights of one Conv2D layer, which has a map of each; all channels count alike.

    Shapes:   kernels (rows, columns) each → (rows, columns, channels, kernels)
    Raises:   ShapeError if there is none, or their shapes differ.
    Example:
        >>> as_conv_kernel([sobel("x"), sobel("y")]).shape
        (3, 3, 1, 2)
    """
    arrays = [tensor(kernel).numpy() for kernel in kernels]
    shapes = {array.shape for array in arrays}
    if len(shapes) != 1 or arrays[0].ndim != 2:
        raise ShapeError(_SEVERAL(shapes=", ".join(str(array.shape) for array in arrays) or "()"))
    return np.repeat(np.stack(arrays, axis=-1)[:, :, None, :], channels, axis=2)


def _slope(function: str, direction: str, across: Sequence[int]) -> Array:
    if direction not in ("x", "y"):
        raise UsageError(_DIRECTION(function=function, direction=repr(direction)))
    kernel = np.outer(across, [-1, 0, 1]).astype(np.float32)
    return kernel if direction == "x" else kernel.T.copy()


def _odd(function: str, size: Any) -> int:
    if not isinstance(size, Integral) or size < 1 or size % 2 == 0:
        raise UsageError(_SIZE(function=function, size=size))
    _check_memory(function, int(size))
    return int(size)


def _check_memory(function: str, size: int, remedy: str = "") -> None:
    if size > _MOST:
        gigabytes = 4 * size * size / 1e9
        raise UsageError(_LARGE(function=function, size=size, gigabytes=gigabytes, most=_MOST, remedy=remedy))
