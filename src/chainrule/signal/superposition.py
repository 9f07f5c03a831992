"""A signal as a sum of shifted, weighted impulses, and a response as the sum of the responses to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.tensor import tensor
from chainrule.messages import Message
from chainrule.signal.impulse import ImpulseResponse
from chainrule.signal.window import Array

__all__ = ["Decomposition", "Superposition", "decompose", "superposition"]

_NUMBER = Message(
    "decompose.number",
    en="decompose: one number is no signal; give an array of at least one axis.",
    zh="decompose：单个数不是信号；请给出至少有一个轴的数组。",
)
_RANK = Message(
    "superposition.rank",
    en="superposition: the signal {shape} and the impulse response {response} differ in their number of axes.",
    zh="superposition：信号 {shape} 与冲激响应 {response} 的轴数不同。",
)


@dataclass(frozen=True, eq=False)
class Decomposition:
    """A signal and the impulses it is the sum of: one for each number in it that is not zero.

        x[n] = Σₖ x[k]·δ[n − k]

    Fields:   signal; places (impulses, axes); weights (impulses,); impulses (impulses, …signal), each weighted
    """

    signal: Array
    places: Array
    weights: Array
    impulses: Array

    def __repr__(self) -> str:
        return f"Decomposition({len(self.weights)} impulses of a signal of shape {self.signal.shape})"


@dataclass(frozen=True, eq=False)
class Superposition:
    """A response as the sum of the responses to the impulses of its signal: this is convolution.

        y[n] = Σₖ x[k]·h[n − k]

    Fields:   decomposition of the signal; system, its impulse response; start, the place of the first of the response,
              for each axis; responses (impulses, …response), each weighted and shifted; response, their sum, complete:
              it is zero outside
    """

    decomposition: Decomposition
    system: ImpulseResponse
    start: tuple[int, ...]
    responses: Array
    response: Array

    def __repr__(self) -> str:
        return f"Superposition(a response of shape {self.response.shape}, the sum of {len(self.responses)})"


def decompose(x: Any) -> Decomposition:
    """Take a signal apart into impulses, each at one place and as high as the signal there.

    Raises:   ShapeError if it is one number.
    Example:
        >>> decompose([0.0, 3.0, -1.0]).impulses
        array([[ 0.,  3.,  0.],
               [ 0.,  0., -1.]], dtype=float32)
    """
    signal = tensor(x).numpy()
    if not signal.ndim:
        raise ShapeError(_NUMBER())
    places = np.argwhere(signal)
    weights = signal[tuple(places.T)]
    impulses = np.zeros((len(places), *signal.shape), signal.dtype)
    impulses[(np.arange(len(places)), *places.T)] = weights
    return Decomposition(signal, places, weights, impulses)


def superposition(system: ImpulseResponse | Sequence[float] | Array, x: Any) -> Superposition:
    """The response of a system to each impulse of a signal, and their sum.

    A system given as numbers is the impulse response that starts at 0.

    Raises:   ShapeError if the signal has another number of axes than the impulse response.
    Example:
        >>> superposition([1.0, 0.5], [2.0, 0.0, -4.0]).responses
        array([[ 2.,  1.,  0.,  0.],
               [ 0.,  0., -4., -2.]], dtype=float32)
    """
    h = system if isinstance(system, ImpulseResponse) else ImpulseResponse(tensor(system).numpy())
    parts = decompose(x)
    if parts.signal.ndim != h.values.ndim:
        raise ShapeError(_RANK(shape=parts.signal.shape, response=h.values.shape))
    sizes = tuple(n + m - 1 for n, m in zip(parts.signal.shape, h.values.shape, strict=True))
    responses = np.zeros((len(parts.weights), *sizes), np.result_type(parts.signal, h.values))
    for response, place, weight in zip(responses, parts.places, parts.weights, strict=True):
        response[tuple(slice(k, k + m) for k, m in zip(place, h.values.shape, strict=True))] = weight * h.values
    return Superposition(parts, h, tuple(int(p[0]) for p in h.places), responses, responses.sum(axis=0))
