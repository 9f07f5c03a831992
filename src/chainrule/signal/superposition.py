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

_SIGNAL = Message(
    "superposition.signal",
    en="{function}: a signal of shape {shape} has nothing to take apart; give one with at least one axis and a number "
    "that is not zero.",
    zh="{function}：形状为 {shape} 的信号没有可分解的内容；请给出至少有一个轴且含非零数的信号。",
)
_RANK = Message(
    "superposition.rank",
    en="superposition: a signal of shape {shape} has not the {rank} axes of the impulse response {response}.",
    zh="superposition：形状为 {shape} 的信号没有冲激响应 {response} 所需的 {rank} 个轴。",
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

    Raises:   ShapeError if it has no axis, or only zeros.
    Example:
        >>> decompose([0.0, 3.0, -1.0]).impulses
        array([[ 0.,  3.,  0.],
               [ 0.,  0., -1.]], dtype=float32)
    """
    signal = tensor(x).numpy()
    places = np.argwhere(signal)
    if not signal.ndim or not len(places):
        raise ShapeError(_SIGNAL(function="decompose", shape=signal.shape))
    weights = signal[tuple(places.T)]
    impulses = np.zeros((len(places), *signal.shape), signal.dtype)
    impulses[(np.arange(len(places)), *places.T)] = weights
    return Decomposition(signal, places, weights, impulses)


def superposition(system: ImpulseResponse | Sequence[float] | Array, x: Any) -> Superposition:
    """The response of a system to each impulse of a signal, and their sum.

    A system given as numbers is the impulse response that starts at 0.

    Raises:   ShapeError if the signal has other axes than the impulse response, or only zeros.
    Example:
        >>> superposition([1.0, 0.5], [2.0, 0.0, -4.0]).responses
        array([[ 2.,  1.,  0.,  0.],
               [ 0.,  0., -4., -2.]], dtype=float32)
    """
    h = system if isinstance(system, ImpulseResponse) else ImpulseResponse(tensor(system).numpy())
    parts = decompose(x)
    if parts.signal.ndim != h.values.ndim:
        raise ShapeError(_RANK(shape=parts.signal.shape, rank=h.values.ndim, response=h.values.shape))
    sizes = tuple(n + m - 1 for n, m in zip(parts.signal.shape, h.values.shape, strict=True))
    responses = np.zeros((len(parts.weights), *sizes), np.result_type(parts.signal, h.values))
    for response, place, weight in zip(responses, parts.places, parts.weights, strict=True):
        response[tuple(slice(k, k + m) for k, m in zip(place, h.values.shape, strict=True))] = weight * h.values
    return Superposition(parts, h, tuple(int(p[0]) for p in h.places), responses, responses.sum(axis=0))
