"""Convolution as theory has it, with a flipped kernel, and cross-correlation, which networks call convolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.dtype import int64, uint8
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message, suggestion
from chainrule.ops.arrangement import flip
from chainrule.ops.convolution import conv1d, conv2d
from chainrule.ops.kinds.conversion import cast, lift_numbers
from chainrule.ops.movement import reshape
from chainrule.ops.parts import pad

__all__ = ["convolve", "convolve2d", "correlate", "correlate2d"]

_RANK = Message(
    "signal.rank",
    en="{function}: x {x} and the kernel {kernel} need {axes} each, none of size 0. Many signals at once: cr.vmap.",
    zh="{function}：x {x} 和卷积核 {kernel} 都必须有{axes}，且大小均不为 0。同时处理多个信号请用 cr.vmap。",
)
_ONE_AXIS = Message("signal.one_axis", en="one axis", zh="一个轴")
_TWO_AXES = Message("signal.two_axes", en="two axes (rows, columns)", zh="两个轴 (行, 列)")
_MODE = Message(
    "signal.mode",
    en="{function}: mode={mode} is not known; use 'full', 'same' or 'valid'.{suggestion}",
    zh="{function}：未知的 mode={mode}；请使用 'full'、'same' 或 'valid'。{suggestion}",
)
_VALID = Message(
    "signal.valid",
    en="{function}: mode='valid' keeps the places where one lies wholly in the other, but x {x} is longer on one axis "
    "and the kernel {kernel} on another. Use 'full' or 'same'.",
    zh="{function}：mode='valid' 只保留一方完全位于另一方之内的位置，但 x {x} 在一个轴上更长，"
    "而卷积核 {kernel} 在另一个轴上更长。请使用 'full' 或 'same'。",
)
_MODES = ("full", "same", "valid")


def convolve(x: Any, h: Any, mode: str = "full") -> Tensor:
    """Discrete convolution of two signals: h is flipped, and moved along x.

        y[n] = Σₖ x[k]·h[n − k]

    'full' gives every n with a term in the sum; 'valid' those where one signal lies wholly in the other, so that none
    of the zeros around them counts; 'same' the middle of 'full', as long as the longer one. x and h may be exchanged.
    It consists of the project's operations: it is differentiated and compiled like them. Bytes (uint8), as pictures
    have them, are added up in int64; NumPy's sums begin again at 256.

    Shapes:   x (N,), h (M,) → 'full' (N + M − 1,), 'same' (max(N, M),), 'valid' (max(N, M) − min(N, M) + 1,)
    Raises:   ShapeError if one has not one axis, or is empty; UsageError if the mode is not known.
    Source:   numpy.convolve, whose modes these are
    Example:
        >>> convolve([1.0, 2.0, 3.0], [1.0, 10.0])
        Tensor([ 1. 12. 23. 30.], shape=(4,), dtype=float32)
        >>> convolve([1.0, 2.0, 3.0], [1.0, 10.0], "valid")
        Tensor([12. 23.], shape=(2,), dtype=float32)
    """
    x, h = _operands("convolve", 1, x, h)
    return window_of_convolution(x, h, *_numpy_mode("convolve", x, h, mode, flipped=True))


def correlate(x: Any, h: Any, mode: str = "valid") -> Tensor:
    """Cross-correlation of two signals: h moves along x as it is. This is what convolutional layers compute.

        y[n] = Σₖ x[n + k]·h[k] = (x ∗ flipped h)

    Shapes:   as those of `convolve`
    Raises:   as `convolve`.
    Source:   numpy.correlate, whose modes these are; 'full' begins with the last of h over the first of x
    Example:
        >>> correlate([1.0, 2.0, 3.0], [1.0, 10.0])
        Tensor([21. 32.], shape=(2,), dtype=float32)
        >>> convolve([1.0, 2.0, 3.0], [10.0, 1.0], "valid")
        Tensor([21. 32.], shape=(2,), dtype=float32)
    """
    x, h = _operands("correlate", 1, x, h)
    return window_of_convolution(x, flip(h), *_numpy_mode("correlate", x, h, mode, flipped=False))


def convolve2d(x: Any, h: Any, mode: str = "full") -> Tensor:
    """Convolution of a picture with a kernel, which is flipped in both directions: a point becomes the kernel itself.

        y[i,j] = Σₚ Σ_q x[p,q]·h[i − p, j − q]

    Outside of both everything is zero. 'same' gives as many places as x has.

    Shapes:   x (H, W), h (K, L) → 'full' (H + K − 1, W + L − 1), 'same' (H, W), 'valid' (H − K + 1, W − L + 1)
    Raises:   ShapeError if one has not two axes, or is empty; UsageError if the mode is not known.
    Source:   scipy.signal.convolve2d, whose modes these are
    Example:
        >>> convolve2d([[0.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [3.0, 4.0]], "full")
        Tensor([[0. 0. 0.]
         [0. 1. 2.]
         [0. 3. 4.]], shape=(3, 3), dtype=float32)
    """
    x, h = _operands("convolve2d", 2, x, h)
    return window_of_convolution(x, h, *_scipy_mode("convolve2d", x, h, mode, flipped=True))


def correlate2d(x: Any, h: Any, mode: str = "full") -> Tensor:
    """Cross-correlation of a picture with a kernel, which is not flipped: what conv2d and Conv2D layers compute.

        y[i,j] = Σₚ Σ_q x[i + p, j + q]·h[p,q]

    With 'valid' and 'same' it is the layer of that padding with one channel and one kernel.

    Shapes:   as those of `convolve2d`
    Raises:   as `convolve2d`.
    Source:   scipy.signal.correlate2d, whose modes these are
    Example:
        >>> correlate2d([[0.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [3.0, 4.0]], "full")
        Tensor([[0. 0. 0.]
         [0. 4. 3.]
         [0. 2. 1.]], shape=(3, 3), dtype=float32)
    """
    x, h = _operands("correlate2d", 2, x, h)
    return window_of_convolution(x, flip(h), *_scipy_mode("correlate2d", x, h, mode, flipped=False))


def window_of_convolution(x: Tensor, h: Tensor, first: Sequence[int], counts: Sequence[int]) -> Tensor:
    """x ∗ h from place `first` on, `counts` places along each of one or two axes; place 0 is the first of 'full'.

    The kernel is flipped, so that the operation, which flips nothing, multiplies x[k] by h[n − k].
    """
    widths = [(m - 1 - f, f + c - n) for n, m, f, c in zip(_sizes(x), _sizes(h), first, counts, strict=True)]
    padded = pad(x, [(max(0, before), max(0, after)) for before, after in widths])
    ends = zip(widths, _sizes(padded), strict=True)
    seen = padded[tuple(slice(max(0, -before), size - max(0, -after)) for (before, after), size in ends)]
    operation = conv1d if x.ndim == 1 else conv2d
    return reshape(operation(reshape(seen, (1, *seen.shape, 1)), reshape(flip(h), (*h.shape, 1, 1))), tuple(counts))


def _sizes(x: Tensor) -> tuple[int, ...]:
    return tuple(e for e in x.shape if isinstance(e, int))


def _operands(function: str, rank: int, x: Any, h: Any) -> tuple[Tensor, Tensor]:
    x, h = lift_numbers([x, h])
    if x.dtype is uint8 and h.dtype is uint8:
        x = cast(x, int64)
    if not all(t.ndim == rank == len(_sizes(t)) and all(_sizes(t)) for t in (x, h)):
        axes = _ONE_AXIS() if rank == 1 else _TWO_AXES()
        raise ShapeError(_RANK(function=function, x=show_shape(x.shape), kernel=show_shape(h.shape), axes=axes))
    return x, h


def _numpy_mode(function: str, x: Tensor, h: Tensor, mode: str, *, flipped: bool) -> tuple[list[int], list[int]]:
    """The place in 'full' where the result begins, and its size: 'same' is as long as the longer of the two."""
    _check_mode(function, mode)
    (n,), (m,) = _sizes(x), _sizes(h)
    shorter, longer = min(n, m), max(n, m)
    middle = (shorter - 1) // 2 if flipped or n >= m else shorter // 2
    first, count = {
        "full": (0, n + m - 1),
        "same": (middle, longer),
        "valid": (shorter - 1, longer - shorter + 1),
    }[mode]
    return [first], [count]


def _scipy_mode(function: str, x: Tensor, h: Tensor, mode: str, *, flipped: bool) -> tuple[list[int], list[int]]:
    """The same in two dimensions: 'same' is as large as x, and its odd place lies where SciPy and Keras have it."""
    _check_mode(function, mode)
    sizes = list(zip(_sizes(x), _sizes(h), strict=True))
    if mode == "full":
        return [0, 0], [n + m - 1 for n, m in sizes]
    if mode == "same":
        return [(m - 1) // 2 if flipped else m // 2 for _, m in sizes], [n for n, _ in sizes]
    if not (all(n >= m for n, m in sizes) or all(n <= m for n, m in sizes)):
        raise ShapeError(_VALID(function=function, x=show_shape(x.shape), kernel=show_shape(h.shape)))
    return [min(n, m) - 1 for n, m in sizes], [abs(n - m) + 1 for n, m in sizes]


def _check_mode(function: str, mode: Any) -> None:
    if mode not in _MODES:
        near = suggestion(mode, _MODES) if isinstance(mode, str) else ""
        raise UsageError(_MODE(function=function, mode=repr(mode), suggestion=near))
