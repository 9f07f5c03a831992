"""Random numbers as operations on explicit numbers: the same seed, step and stream give the same bits everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from chainrule.errors import DTypeError, GraphError, ShapeError, UsageError
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import DType, as_dtype, float32, float64, int64
from chainrule.graph.expression import Buffer, Constant, Coordinate, Expression, Read, Size, call
from chainrule.graph.extent import Shape, concrete_shape, product, show_shape
from chainrule.graph.loopnest import LoopNest, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.philox import KEY_STEPS, MULTIPLIERS, ROUNDS, philox4x32
from chainrule.graph.scalar import (
    ADD,
    EQUAL,
    LOW_WORD,
    MULTIPLY_HIGH,
    MULTIPLY_LOW,
    REMAINDER,
    SHIFT_RIGHT,
    WHERE,
    XOR,
)  # fmt: skip
from chainrule.graph.tensor import Tensor, apply
from chainrule.messages import Message
from chainrule.ops.axes import Sizes, as_shape
from chainrule.ops.bits import shift_right
from chainrule.ops.comparison import less
from chainrule.ops.elementwise import sqrt
from chainrule.ops.exponential import log
from chainrule.ops.kinds.conversion import as_tensor, cast
from chainrule.ops.movement import reshape, row_major
from chainrule.ops.trigonometric import cos

__all__ = ["bernoulli", "normal", "random_bits", "stream_of", "uniform"]

_BATCHED_SEED = Message(
    "random.batched_seed",
    en="vmap: random numbers cannot be drawn under a seed or step that is itself batched; draw them outside, for all "
    "samples at once, and pass them in.",
    zh="vmap：种子或步数本身被批量化时不能抽取随机数；请在外部一次为所有样本抽取并传入。",
)
_SEED = Message(
    "random.seed",
    en="a seed and a step are integers, but one of them is {dtype}. Give e.g. seed=0.",
    zh="种子和步数应为整数，但其中之一为 {dtype}。请给出例如 seed=0。",
)
_ONE_SEED = Message(
    "random.one_seed",
    en="random numbers are drawn under one seed and one step, but these have the shapes {seed} and {step}. "
    "Give a single number for each; other numbers of one shape come from another stream=.",
    zh="随机数由一个种子和一个步数产生，但给出的形状为 {seed} 和 {step}。请各给一个数；"
    "同一形状的其他随机数来自另一个 stream=。",
)
_STREAM = Message(
    "random.stream",
    en="stream {stream} is out of range: streams are numbered from 0 to 2³² - 1; cr.stream_of(name) gives one.",
    zh="流 {stream} 超出范围：流的编号为 0 到 2³² - 1；cr.stream_of(name) 可给出编号。",
)
_FLOATS = Message(
    "random.floats",
    en="uniform and normal numbers are float32 or float64, not {dtype}; cr.random_bits gives random integers.",
    zh="均匀与正态随机数的类型为 float32 或 float64，而非 {dtype}；cr.random_bits 给出随机整数。",
)

_WORD = 1 << 32


class _RandomBits(Primitive):
    """Element e is word e mod 4 of the Philox block with counter (e div 4, step, stream) and the seed as its key."""

    name = "random_bits"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        product(attributes["shape"])
        if any(x.shape for x in inputs):
            raise ShapeError(_ONE_SEED(seed=show_shape(inputs[0].shape), step=show_shape(inputs[1].shape)))
        if not 0 <= attributes["stream"] < _WORD:
            raise UsageError(_STREAM(stream=attributes["stream"]))
        return Type(attributes["shape"], int64)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        seed, step = (np.asarray(x).astype(np.uint64) for x in inputs)
        shape = concrete_shape(y.shape, batch)
        blocks = np.arange(-(-math.prod(shape) // 4), dtype=np.uint64)
        low = np.uint64(_WORD - 1)
        counter = (blocks & low, blocks >> np.uint64(32), step & low, np.uint64(y.attributes["stream"]))
        key = (seed & low, seed >> np.uint64(32))
        words = philox4x32(tuple(c.astype(np.uint32) for c in counter), tuple(k.astype(np.uint32) for k in key))  # type: ignore[arg-type]
        return np.stack(words, -1).reshape(-1)[: math.prod(shape)].reshape(shape).astype(np.int64)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        seed, step = (Read(x, ()) for x in inputs)
        axes, index, block, word = _blocks(output)
        stream = Constant(y.attributes["stream"], int64)
        counter = (call(LOW_WORD, block), call(SHIFT_RIGHT, block, Size(32)), call(LOW_WORD, step), stream)
        words = _philox(counter, (call(LOW_WORD, seed), call(LOW_WORD, call(SHIFT_RIGHT, seed, Size(32)))))
        chosen = words[3]
        for k in range(3):
            chosen = call(WHERE, call(EQUAL, word, Size(k)), words[k], chosen)
        return (nest(axes, output, chosen, index),)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [None, None]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        raise GraphError(_BATCHED_SEED())


def _blocks(output: Buffer) -> tuple[list[Axis], list[Affine], Expression, Expression]:
    """The axes of the nest, the output's index, and each element's block and which of its four words it is.

    Where the last axis holds whole blocks, their words have an axis of their own, so that a block is computed once.
    """
    axes = list(axes_of(output))
    index = list(map(Affine.of, axes))
    last = next((k for k in reversed(range(len(axes))) if axes[k].extent != 1), None)
    if last is not None and isinstance(extent := axes[last].extent, int) and extent % 4 == 0:
        block, word = Axis("block", extent // 4), Axis("word", 4)
        blocks = [*axes[:last], block]
        index[last] = Affine.of(block, 4) + Affine.of(word)
        return [*blocks, word, *axes[last + 1 :]], index, Coordinate(row_major(blocks)), Coordinate(Affine.of(word))
    element = Coordinate(row_major(axes))
    return axes, index, call(SHIFT_RIGHT, element, Size(2)), call(REMAINDER, element, Size(4))


def _philox(counter: Sequence[Expression], key: Sequence[Expression]) -> tuple[Expression, ...]:
    """The rounds of graph/philox.py, as expressions."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    first, second = (Constant(m, int64) for m in MULTIPLIERS)
    for _ in range(ROUNDS):
        c0, c1, c2, c3 = (
            call(XOR, call(XOR, call(MULTIPLY_HIGH, second, c2), c1), k0),
            call(MULTIPLY_LOW, second, c2),
            call(XOR, call(XOR, call(MULTIPLY_HIGH, first, c0), c3), k1),
            call(MULTIPLY_LOW, first, c0),
        )
        k0, k1 = (call(LOW_WORD, call(ADD, k, Constant(s, int64))) for k, s in zip((k0, k1), KEY_STEPS, strict=True))
    return c0, c1, c2, c3


RANDOM_BITS = _RandomBits()


def stream_of(name: str) -> int:
    """The number of the stream of randomness with this name, such as a layer's path: a stable hash of 32 bits.

    Example:
        >>> stream_of("dropout")
        688540699
    """
    return int.from_bytes(sha256(name.encode()).digest()[:4], "little")


def counters(*numbers: Any) -> list[Tensor]:
    """A seed and a step, as int64."""
    given = [as_tensor(x) for x in numbers]
    for x in given:
        if x.dtype.floating:
            raise DTypeError(_SEED(dtype=x.dtype))
    return [cast(x, int64) for x in given]


def random_bits(shape: Sizes, seed: Any, step: Any = 0, *, stream: int = 0) -> Tensor:
    """Random 32-bit words, held in int64.

        word e = Philox4x32-10(counter (e div 4, step, stream), key seed)[e mod 4]

    Shapes:   → shape
    Source:   Salmon, Moraes, Dror and Shaw 2011, Parallel random numbers: as easy as 1, 2, 3
    Example:
        >>> random_bits(2, seed=0)
        Tensor([1713891541 3781805453], shape=(2,), dtype=int64)
    """
    target = as_shape("random_bits", shape)
    return reshape(apply(RANDOM_BITS, *counters(seed, step), shape=_in_blocks(target), stream=stream), target)


def _in_blocks(shape: Shape) -> Shape:
    """The same number of words, each sample's in one row where these are whole blocks: see _blocks."""
    of_sample = product(shape[1:])
    return (shape[0], of_sample) if len(shape) > 2 and isinstance(of_sample, int) and of_sample % 4 == 0 else shape


def uniform(shape: Sizes, seed: Any, step: Any = 0, *, stream: int = 0, dtype: DType | DTypeLike = float32) -> Tensor:
    """Uniform random numbers in [0, 1), multiples of 2⁻²⁴ (float32) or 2⁻⁵³ (float64).

    Shapes:   → shape
    Example:
        >>> uniform(2, seed=0)
        Tensor([0.39904642 0.88052016], shape=(2,), dtype=float32)
    """
    target = as_shape("uniform", shape)
    if not as_dtype(dtype).floating:
        raise DTypeError(_FLOATS(dtype=as_dtype(dtype)))
    if as_dtype(dtype) is float64:
        bits = random_bits((*target, 2), seed, step, stream=stream)
        high, low = shift_right(bits[..., 0], 5), shift_right(bits[..., 1], 6)
        return (cast(high, float64) * 2.0**26 + cast(low, float64)) * 2.0**-53
    return cast(shift_right(random_bits(target, seed, step, stream=stream), 8), float32) * 2.0**-24


def normal(shape: Sizes, seed: Any, step: Any = 0, *, stream: int = 0, dtype: DType | DTypeLike = float32) -> Tensor:
    """Standard normal random numbers.

        √(-2 log(1 - u₁)) cos(2π u₂), with u₁, u₂ uniform

    Shapes:   → shape
    Source:   Box and Muller 1958
    Example:
        >>> normal(2, seed=0)
        Tensor([ 0.7379259 -1.2860192], shape=(2,), dtype=float32)
    """
    target = as_shape("normal", shape)
    u = uniform((*target, 2), seed, step, stream=stream, dtype=dtype)
    return sqrt(-2.0 * log(1.0 - u[..., 0])) * cos(2.0 * math.pi * u[..., 1])


def bernoulli(shape: Sizes, probability: Any, seed: Any, step: Any = 0, *, stream: int = 0) -> Tensor:
    """True with a probability, for each element by itself.

        uniform < probability

    Shapes:   probability broadcasts to shape → shape, bool
    Example:
        >>> bernoulli(4, 0.5, seed=0)
        Tensor([ True False False False], shape=(4,), dtype=bool)
    """
    return less(uniform(shape, seed, step, stream=stream), probability)
