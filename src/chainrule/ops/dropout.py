"""Dropout: by chance some elements are kept and the others are zero."""

from __future__ import annotations

from typing import Any

from chainrule.errors import UsageError
from chainrule.graph.dtype import DType, float32
from chainrule.graph.extent import Shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.axes import Axes, normalized_axes
from chainrule.ops.elementwise import where
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, cast
from chainrule.ops.random import bernoulli, counters

__all__ = ["dropout", "inverted_dropout"]

_RATE = Message(
    "dropout.probability",
    en="dropout: rate={rate} is not a probability; it is the share that is dropped, between 0 and 1.",
    zh="dropout：rate={rate} 不是概率；它是被丢弃的比例，应在 0 与 1 之间。",
)


def _dropout(x: Tensor, rate: Tensor, seed: Tensor, step: Tensor, *, stream: int, shape: Shape) -> Tensor:
    kept = bernoulli(shape, 1.0 - cast(rate, float32), seed, step, stream=stream)
    return where(kept, x, 0.0)


def _inverted_dropout(x: Tensor, rate: Tensor, seed: Tensor, step: Tensor, *, stream: int, shape: Shape) -> Tensor:
    kept = DROPOUT(x, rate, seed, step, stream=stream, shape=shape)
    return kept / where(rate < 1.0, 1.0 - rate, 1.0)  # at rate 1 nothing is kept, and 0 / 1 is left


DROPOUT = Composite("dropout", _dropout)
INVERTED_DROPOUT = Composite("inverted_dropout", _inverted_dropout)


def _mask_shape(x: Tensor, shared_axes: Axes) -> Shape:
    shared = normalized_axes("dropout", shared_axes, x) if shared_axes is not None else ()
    return tuple(1 if k in shared else e for k, e in enumerate(x.shape))


def _rate(rate: Any, dtype: DType) -> Tensor:
    if isinstance(rate, int | float) and not 0 <= rate <= 1:
        raise UsageError(_RATE(rate=rate))
    return cast(rate, dtype)


def dropout(x: Any, rate: Any, seed: Any, step: Any = 0, *, stream: int = 0, shared_axes: Axes = None) -> Tensor:
    """Direct dropout: each element is kept with probability q = 1 - rate, otherwise set to zero; test time scales by q.

        y = D ⊙ x, D ~ Bernoulli(q)

    Along `shared_axes` one decision serves all elements: (1, 2) drops whole maps of images.

    Raises:   UsageError if the rate is a number but no probability.
    Source:   Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, section 4
    Example:
        >>> dropout([1.0, 1.0, 1.0, 1.0], 0.5, seed=0)
        Tensor([1. 0. 0. 0.], shape=(4,), dtype=float32)
    """
    x = as_floats(x)
    numbers = _rate(rate, x.dtype), *counters(seed, step)
    return DROPOUT(x, *numbers, stream=stream, shape=_mask_shape(x, shared_axes))


def inverted_dropout(
    x: Any, rate: Any, seed: Any, step: Any = 0, *, stream: int = 0, shared_axes: Axes = None
) -> Tensor:
    """Inverted dropout: what is kept is divided by q = 1 - rate, so that test time needs no scaling.

        y = D ⊙ x / q, D ~ Bernoulli(q)

    Raises:   UsageError if the rate is a number but no probability.
    Source:   Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, section 10
    Example:
        >>> inverted_dropout([1.0, 1.0, 1.0, 1.0], 0.5, seed=0)
        Tensor([2. 0. 0. 0.], shape=(4,), dtype=float32)
    """
    x = as_floats(x)
    numbers = _rate(rate, x.dtype), *counters(seed, step)
    return INVERTED_DROPOUT(x, *numbers, stream=stream, shape=_mask_shape(x, shared_axes))
