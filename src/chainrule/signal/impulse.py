"""Impulse responses: all that is to be known of a linear system that does the same everywhere.

Any signal is a sum of impulses, shifted and weighted. A linear system answers a sum with the sum of its answers, and a
shift-invariant one answers a shifted impulse with its shifted impulse response. So its response to anything is the
convolution of the signal with the impulse response.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor, tensor
from chainrule.messages import Message
from chainrule.ops.kinds.conversion import lift_numbers
from chainrule.signal.convolution import window_of_convolution
from chainrule.signal.window import Array, System, response_of, window_shape

__all__ = ["ImpulseResponse", "impulse_response", "kronecker_delta"]

_AXES = Message(
    "impulse.axes",
    en="ImpulseResponse: values of shape {shape} starting at {start} are no response: it has one or "
    "two axes, an integer to start at for each, and at least one value.",
    zh="ImpulseResponse：形状为 {shape}、起点为 {start} 的 values 不是响应：响应应有一个或两个轴，"
    "每个轴有一个整数起点，且至少有一个值。",
)
_SIGNAL = Message(
    "impulse.signal",
    en="ImpulseResponse: the signal {shape} and the impulse response {response} differ in their number of axes; give a "
    "signal of known size, not 0, with as many axes.",
    zh="ImpulseResponse：信号 {shape} 与冲激响应 {response} 的轴数不同；请给出大小已知、不为 0 且轴数相同的信号。",
)
_PLACE = Message(
    "impulse.place",
    en="kronecker_delta: there is no place {place} in a window of shape {shape}; give an integer from 0 on "
    "for each axis.",
    zh="kronecker_delta：形状为 {shape} 的窗口中没有位置 {place}；请为每个轴给出一个非负整数。",
)


@dataclass(frozen=True, eq=False)
class ImpulseResponse:
    """The response to an impulse at place 0, and so the linear shift-invariant system that has it.

        y[n] = Σₖ h[k]·x[n − k]

    Called on a signal in a window it gives the response there, with zeros outside of the window on all sides. It
    consists of tensor operations: it is differentiated and compiled like them.

    Fields:   values, of one axis or two; start, the place of the first value, one integer for each axis: negative where
              the system answers what has not come yet; cut, whether a measured response went on beyond its window
    Raises:   ShapeError if values and start do not have one or two axes, or a signal has not as many.
    Example:
        >>> echo = ImpulseResponse([1.0, 0.0, 0.5])
        >>> echo([1.0, 2.0, 0.0, 0.0])
        Tensor([1.  2.  0.5 1. ], shape=(4,), dtype=float32)
        >>> ImpulseResponse([0.5, 0.5], start=-1).causal
        False
    """

    values: Array
    start: int | Sequence[int] = 0
    cut: bool = False

    def __post_init__(self) -> None:
        values = tensor(self.values).numpy()
        start = tuple(self.start) if isinstance(self.start, Sequence) else (self.start,) * values.ndim
        whole = len(start) == values.ndim and all(isinstance(k, Integral) for k in start)
        if values.ndim not in (1, 2) or not values.size or not whole:
            raise ShapeError(_AXES(shape=values.shape, start=self.start))
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "start", start)

    @property
    def places(self) -> tuple[Array, ...]:
        """The places of the values along each axis; the impulse is at 0."""
        starts = self.start if isinstance(self.start, Sequence) else (self.start,)
        return tuple(np.arange(k, k + size) for k, size in zip(starts, self.values.shape, strict=True))

    @property
    def causal(self) -> bool:
        """Whether nothing is answered before it has come."""
        return all(places[0] >= 0 for places in self.places)

    def __call__(self, x: Any) -> Tensor:
        signal, values = lift_numbers([x, self.values])
        sizes = [size for size in signal.shape if isinstance(size, int)]
        if not signal.ndim == values.ndim == len(sizes) or not all(sizes):
            raise ShapeError(_SIGNAL(shape=show_shape(signal.shape), response=self.values.shape))
        return window_of_convolution(signal, values, [-int(places[0]) for places in self.places], sizes)

    def __repr__(self) -> str:
        extent = " × ".join(f"{places[0]} … {places[-1]}" for places in self.places)
        return f"ImpulseResponse(places {extent}, {'causal' if self.causal else 'not causal'}{', cut' * self.cut})"


def impulse_response(
    system: System, shape: int | Sequence[int] = 32, *, at: int | Sequence[int] | None = None
) -> ImpulseResponse:
    """What a system answers to δ, the impulse: one at a place of the window, by default the middle, and zero elsewhere.

    Zeros around the response are taken away, up to rounding. A response that touches the window's border may go on
    beyond it, as one that never ends does: it is marked as cut.

    Raises:   ShapeError if the response has another shape; DataError if it is not finite; UsageError if
              there is no such place.
    Example:
        >>> h = impulse_response(lambda x: x - np.roll(x, 1))
        >>> h, h.values
        (ImpulseResponse(places 0 … 1, causal), array([ 1., -1.]))
        >>> impulse_response(np.cumsum)  # its response never ends
        ImpulseResponse(places 0 … 15, causal, cut)
    """
    sizes = window_shape("impulse_response", shape)
    middle = tuple(size // 2 for size in sizes)
    delta = kronecker_delta(sizes, middle if at is None else at)
    response = response_of("impulse_response", system, delta)
    significant = np.abs(response) > np.finfo(response.dtype).eps * np.abs(response).max()
    (place,) = np.argwhere(delta)
    held = np.argwhere(significant) if significant.any() else place[None]
    first, last = held.min(axis=0), held.max(axis=0)
    return ImpulseResponse(
        np.where(significant, response, 0)[tuple(slice(f, e + 1) for f, e in zip(first, last, strict=True))],
        [int(k) for k in first - place],
        cut=bool(significant.any() and ((first == 0).any() or (last == np.array(sizes) - 1).any())),
    )


def kronecker_delta(shape: int | Sequence[int], at: int | Sequence[int] = 0) -> Array:
    """One at one place of a window, zero everywhere else.

        δ[n − at] = 1 if n = at, else 0

    Raises:   UsageError if there is no such place.
    Example:
        >>> kronecker_delta((2, 3), (1, 0))
        array([[0., 0., 0.],
               [1., 0., 0.]])
    """
    sizes = window_shape("kronecker_delta", shape)
    place = tuple(at) if isinstance(at, Sequence) else (at,) * len(sizes)
    whole = len(place) == len(sizes) and all(isinstance(k, Integral) for k in place)
    if not (whole and all(0 <= k < size for k, size in zip(place, sizes, strict=True))):
        raise UsageError(_PLACE(place=at, shape=sizes))
    delta = np.zeros(sizes)
    delta[place] = 1.0
    return delta
