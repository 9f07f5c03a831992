"""Mix-up: each sample blended with another one of its batch, and how its loss is blended alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import DataError, DTypeError, ShapeError
from chainrule.graph.affine import Affine
from chainrule.graph.dtype import bool_, float32, int64
from chainrule.graph.expression import Buffer, Constant, Coordinate, Read, Size, call
from chainrule.graph.extent import Extent, show_shape
from chainrule.graph.loopnest import LoopNest, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.scalar import ADD, LESS, SUBTRACT, WHERE, convert
from chainrule.graph.tensor import Tensor, apply, built_at
from chainrule.messages import Message
from chainrule.ops.augmentation import strength
from chainrule.ops.axes import as_shape, normalized_axis
from chainrule.ops.creation import size
from chainrule.ops.elementwise import maximum, sqrt
from chainrule.ops.exponential import exp, log
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, as_tensor, cast
from chainrule.ops.movement import all_batched, reshape
from chainrule.ops.random import counters, uniform
from chainrule.ops.trigonometric import cos

__all__ = ["mix_up", "mixing_shares", "mixing_turn", "roll_samples"]

_TURN = Message(
    "roll_samples.turn",
    en="roll_samples: the turn is {turn}, but must be one integer, from 0 to the number of samples.",
    zh="roll_samples：turn 为 {turn}，但必须是一个整数，范围为 0 到样本数。",
)
_OUT_OF_RANGE = Message(
    "roll_samples.out_of_range",
    en="roll_samples: turn {turn} is out of range for {samples} samples{built_at}; it goes from 0 to their number.",
    zh="roll_samples：turn {turn} 超出 {samples} 个样本的范围{built_at}；应在 0 到样本数之间。",
)
_SHARES = Message(
    "mix_up.shares",
    en="mix_up: shares {shares} need one number for each sample of x {x}.",
    zh="mix_up：shares {shares} 需要为 x {x} 的每个样本给出一个数。",
)

_SMALL = 1e-30


# ------------------------------------------------------------------------------------------------------------ turns
class _RollSamples(Primitive):
    """y[b…, …, n, …] = x[b…, …, (n - turn[b…]) mod size, …] along an axis behind those of the turns."""

    name = "roll_samples"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        x, turn = inputs
        if turn.dtype.floating or turn.dtype is bool_ or turn.shape != x.shape[: turn.ndim]:
            raise DTypeError(_TURN(turn=turn.type))
        return x.type

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        (x, turn), axis = inputs, y.attributes["axis"]
        count = x.shape[axis]
        if ((turn < 0) | (turn > count)).any():
            raise DataError(_OUT_OF_RANGE(turn=int(turn.ravel()[0]), samples=count, built_at=built_at(y.where)))
        places = (np.arange(count) - turn[..., None]) % max(count, 1)
        lead: tuple[Array, ...] = tuple(np.indices(turn.shape, sparse=True))
        moved = np.moveaxis(x, axis, turn.ndim)[(*(k[..., None] for k in lead), places)]
        return np.moveaxis(moved, turn.ndim, axis)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        (x, turn), axis = inputs, y.attributes["axis"]
        axes = axes_of(output)
        at = tuple(map(Affine.of, axes))
        place = call(SUBTRACT, Coordinate(at[axis]), call(convert(int64), Read(turn, at[: len(turn.shape)])))
        count = Size(output.shape[axis])
        place = call(WHERE, call(LESS, place, Constant(0, int64)), call(ADD, place, count), place)
        return (nest(axes, output, Read(x, (*at[:axis], place, *at[axis + 1 :]))),)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None if tangents[0] is None else apply(self, tangents[0], y.inputs[1], **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        back = size(y.shape[y.attributes["axis"]], int64) - y.inputs[1]
        return [apply(self, cotangent, back, **y.attributes), None]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        axis = y.attributes["axis"] + 1
        if y.inputs[1].ndim or batched[1]:
            return apply(self, *all_batched(inputs, batched), axis=axis)
        return apply(self, *inputs, axis=axis)  # one turn for all


ROLL_SAMPLES = _RollSamples()


def roll_samples(x: Any, turn: Any) -> Tensor:
    """The samples of a batch turned by a number that is known only when it runs, as np.roll along the first axis does.

        y_n = x[(n - turn) mod samples]

    Shapes:   x (n, …), turn () → (n, …)
    Raises:   DTypeError if the turn is not one integer; DataError if it is below 0 or above the number of samples.
    Example:
        >>> roll_samples([1.0, 2.0, 3.0], 1)
        Tensor([3. 1. 2.], shape=(3,), dtype=float32)
    """
    x, turn = as_tensor(x), as_tensor(turn)
    normalized_axis("roll_samples", 0, x)
    if turn.ndim:
        raise DTypeError(_TURN(turn=turn.type))
    return apply(ROLL_SAMPLES, x, turn, axis=0)


def _mixing_turn(seed: Tensor, step: Tensor, *, samples: Extent, stream: int) -> Tensor:
    others = size(samples, float32) - 1.0
    return 1 + cast(uniform((), seed, step, stream=stream) * others, int64)


# ----------------------------------------------------------------------------------------------------------- shares
def _mixing_shares(alpha: Tensor, seed: Tensor, step: Tensor, *, samples: Extent, stream: int) -> Tensor:
    drawn = cast(uniform((samples, 2), seed, step, stream=stream), alpha.dtype)
    q = exp(log(1.0 - drawn[:, 0]) / maximum(alpha, _SMALL))
    c = cos(2.0 * math.pi * drawn[:, 1])
    return 0.5 + 0.5 * sqrt(c * c * (1.0 - q) / maximum(q + c * c * (1.0 - q), _SMALL))


def _mix_up(x: Tensor, shares: Tensor, turn: Tensor) -> Tensor:
    own = reshape(shares, (*shares.shape, *(1,) * (x.ndim - 1)))
    return own * x + (1.0 - own) * roll_samples(x, turn)


MIXING_TURN = Composite("mixing_turn", _mixing_turn)
MIXING_SHARES = Composite("mixing_shares", _mixing_shares)
MIX_UP = Composite("mix_up", _mix_up)


def mixing_turn(samples: Extent, seed: Any, step: Any = 0, *, stream: int = 0) -> Tensor:
    """By how many places a batch is turned, so that each sample meets another one.

        uniform in {1, …, samples - 1}; 1 for a single sample, which meets itself

    One random number does for all pairs: where samples come in random order, any two are as likely to meet.

    Shapes:   → (), int64
    Example:
        >>> mixing_turn(4, seed=0)
        Tensor(2, shape=(), dtype=int64)
    """
    (count,) = as_shape("mixing_turn", samples)
    return MIXING_TURN(*counters(seed, step), samples=count, stream=stream)


def mixing_shares(samples: Extent, alpha: Any, seed: Any, step: Any = 0, *, stream: int = 0) -> Tensor:
    """How much of each sample is its own when it is mixed with its partner: at least half.

        λ = max(b, 1 - b), b ~ Beta(alpha, alpha)

    alpha 0 mixes nothing, 1 takes every share alike. That the own share is the larger one changes no pair's
    distribution, since either of two samples is the other's partner as often; and metrics, which ask for the own label
    only, still mean something.

    Shapes:   → (samples,), in alpha's type
    Raises:   UsageError if alpha is a number below 0.
    Source:   Zhang, Cissé, Dauphin and Lopez-Paz 2018; a symmetric Beta number from two uniform ones without
              rejection, from Student's t: Bailey 1994 and Devroye 1996
    Example:
        >>> mixing_shares(2, 0.2, seed=0)
        Tensor([0.9644253  0.99948144], shape=(2,), dtype=float32)
    """
    (count,) = as_shape("mixing_shares", samples)
    given = strength("mixing_shares", "alpha", alpha, as_floats(alpha).dtype), *counters(seed, step)
    return MIXING_SHARES(*given, samples=count, stream=stream)


def mix_up(x: Any, shares: Any, turn: Any) -> Tensor:
    """Each sample blended with another one of its batch.

        y_n = λ_n x_n + (1 - λ_n) x[(n - turn) mod samples]

    A loss that fits is blended alike, λ ℓ(ŷ, t_n) + (1 - λ) ℓ(ŷ, t[(n - turn) mod samples]): the layer MixUp sees to
    that.

    Shapes:   x (n, …), shares (n,), turn () → (n, …)
    Raises:   ShapeError if they do not fit; DTypeError if the turn is not one integer.
    Source:   Zhang, Cissé, Dauphin and Lopez-Paz 2018
    Example:
        >>> mix_up([[1.0], [5.0]], [1.0, 0.75], 1)
        Tensor([[1.]
         [4.]], shape=(2, 1), dtype=float32)
    """
    x, shares, turn = as_floats(x), as_tensor(shares), as_tensor(turn)
    if not x.ndim or shares.shape != x.shape[:1]:
        raise ShapeError(_SHARES(shares=show_shape(shares.shape), x=show_shape(x.shape)))
    if turn.ndim:
        raise DTypeError(_TURN(turn=turn.type))
    return MIX_UP(x, cast(shares, x.dtype), turn)
