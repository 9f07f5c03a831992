"""First values of parameters: from an explicit seed, the same bits on every machine (orthogonal ones to rounding)."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.messages import Message, suggestion
from chainrule.nn.names import named, refuse_class
from chainrule.nn.normals import standard_normal
from chainrule.nn.ranges import POSITIVE, check_number
from chainrule.ops.random import uniform

__all__ = [
    "Constant", "Glorot", "He", "Initializer", "LeCun", "Normal", "Orthogonal", "Uniform", "VarianceScaling",
    "as_initializer",
]  # fmt: skip

_UNKNOWN = Message(
    "initializer.unknown",
    en="Initializer '{name}' is not known; choose one of: {known}.{suggestion}",
    zh="未知的初始化方法“{name}”；可选：{known}。{suggestion}",
)
_NOT_ONE = Message(
    "initializer.not_one",
    en="the initializer is {given}; give a name such as 'glorot_uniform', an object such as He(), or a function of a "
    "shape, a seed and a stream.",
    zh="初始化方法是 {given}；请给出名称（如 'glorot_uniform'）、对象（如 He()）或接受形状、种子和随机流的函数。",
)
_DISTRIBUTION = Message(
    "initializer.distribution",
    en="{initializer}(distribution={distribution!r}): choose 'uniform' or 'normal'.",
    zh="{initializer}(distribution={distribution!r})：可选 'uniform' 或 'normal'。",
)
_MODE = Message(
    "initializer.mode",
    en="VarianceScaling(mode={mode!r}): choose 'fan_in', 'fan_out' or 'fan_avg'.{suggestion}",
    zh="VarianceScaling(mode={mode!r})：可选 'fan_in'、'fan_out' 或 'fan_avg'。{suggestion}",
)
_ORTHOGONAL_RANK = Message(
    "initializer.orthogonal_rank",
    en="an array of shape {shape} cannot be orthogonal: it needs at least two axes. Use another initializer for it.",
    zh="形状为 {shape} 的数组不能是正交的：至少需要两个轴。请为其使用其他初始化方法。",
)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Initializer(ABC):
    """A recipe for an array's first values."""

    @abstractmethod
    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> Floats:
        """The values; what is random in them depends on seed and stream only."""


@dataclass(frozen=True)
class Constant(Initializer):
    """One value everywhere: units that start equal receive equal updates and stay equal, so not for kernels.

    Example:
        >>> Constant(0.5)((2,), seed=0, stream=0)
        array([0.5, 0.5], dtype=float32)
    """

    value: float = 0.0

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> Floats:
        return np.full(shape, self.value, np.float32)


@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform numbers in [low, high).

    Example:
        >>> Uniform(-1, 1)((2,), seed=0, stream=0)
        array([-0.20190716,  0.76104033], dtype=float32)
    """

    low: float = -0.05
    high: float = 0.05

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> Floats:
        u = uniform(shape, seed, stream=stream).numpy().astype(np.float64)
        return (self.low + (self.high - self.low) * u).astype(np.float32)


@dataclass(frozen=True)
class Normal(Initializer):
    """Normal numbers; standard normal by default, which is not small: a unit with many inputs saturates.

    (Keras's "normal" has the standard deviation 0.05.)

    Example:
        >>> Normal()((2,), seed=0, stream=0)
        array([ 0.73792565, -1.2860192 ], dtype=float32)
    """

    mean: float = 0.0
    deviation: float = 1.0

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> Floats:
        return (self.mean + self.deviation * standard_normal(shape, seed, stream)).astype(np.float32)


@dataclass(frozen=True)
class Scaled(Initializer):
    """Numbers with mean 0 whose variance follows from the number of inputs and outputs of a unit.

    Uniform ones lie in ±√(3·variance). Normal ones are not truncated (Keras truncates them at two deviations).
    """

    distribution: str = "uniform"

    def __post_init__(self) -> None:
        _check_distribution(self, self.distribution)

    @abstractmethod
    def variance(self, fan_in: int, fan_out: int) -> float:
        """The variance for a unit with so many inputs, of an input that goes to so many units."""

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> Floats:
        return _centered(self.distribution, self.variance(*fans(shape)))(shape, seed, stream)


def _check_distribution(initializer: Initializer, distribution: Any) -> None:
    if distribution not in ("uniform", "normal"):
        raise UsageError(_DISTRIBUTION(initializer=type(initializer).__name__, distribution=distribution))


def _centered(distribution: str, variance: float) -> Initializer:
    """What draws numbers of mean 0 with this variance."""
    deviation = math.sqrt(variance)
    if distribution == "normal":
        return Normal(0.0, deviation)
    return Uniform(-math.sqrt(3.0) * deviation, math.sqrt(3.0) * deviation)


@dataclass(frozen=True)
class Glorot(Scaled):
    """For activations that are linear around 0, such as tanh: keeps the variance of values and of gradients.

        variance = 2 / (fan_in + fan_out)

    Source:   Glorot and Bengio 2010, equations 12 and 16
    Example:
        >>> Glorot()((100, 100), seed=0, stream=0).std().round(3), round((2 / 200) ** 0.5, 3)
        (np.float32(0.1), 0.1)
    """

    def variance(self, fan_in: int, fan_out: int) -> float:
        return 2 / (fan_in + fan_out)


@dataclass(frozen=True)
class He(Scaled):
    """For ReLU, which passes half of its inputs.

        variance = 2 / fan_in

    Source:   He, Zhang, Ren and Sun 2015, equation 10
    Example:
        >>> He()((100, 100), seed=0, stream=0).std().round(2), round((2 / 100) ** 0.5, 2)
        (np.float32(0.14), 0.14)
    """

    def variance(self, fan_in: int, fan_out: int) -> float:
        return 2 / fan_in


@dataclass(frozen=True)
class LeCun(Scaled):
    """Keeps the variance of values through a linear layer.

        variance = 1 / fan_in

    Source:   LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, equation 16
    Example:
        >>> LeCun()((100, 100), seed=0, stream=0).std().round(1), (1 / 100) ** 0.5
        (np.float32(0.1), 0.1)
    """

    def variance(self, fan_in: int, fan_out: int) -> float:
        return 1 / fan_in


@dataclass(frozen=True)
class VarianceScaling(Initializer):
    """Numbers with mean 0 and a variance of one's own choice, in proportion to 1 / fan: the family of the others.

        variance = scale / fan_in,   scale / fan_out,   or  scale / ((fan_in + fan_out) / 2)  with "fan_avg"

    `VarianceScaling(1 / 3, "fan_in", "uniform")`, numbers in ±1/√fan_in, is PyTorch's default for kernels of Linear and
    Conv layers; it is called "torch_uniform" here. (PyTorch draws biases from the same range, and has another fan_in
    for transposed convolutions; here biases are 0 by default.) Scale 2 with "fan_in" is He, 1 with "fan_avg" Glorot, 1
    with "fan_in" LeCun. Normal numbers are not truncated (Keras truncates them at two deviations by default).

    Raises:   UsageError if the scale is not above 0, or the mode or distribution is not known.
    Example:
        >>> VarianceScaling(1 / 3, "fan_in", "uniform")((100, 100), seed=0, stream=0).max().round(2), 1 / 100 ** 0.5
        (np.float32(0.1), 0.1)
    """

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "normal"

    def __post_init__(self) -> None:
        check_number(self, POSITIVE, scale=self.scale)
        if self.mode not in _FANS:
            raise UsageError(_MODE(mode=self.mode, suggestion=suggestion(str(self.mode), _FANS)))
        _check_distribution(self, self.distribution)

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> Floats:
        return _centered(self.distribution, self.scale / _FANS[self.mode](*fans(shape)))(shape, seed, stream)


_FANS: dict[str, Callable[[int, int], float]] = {
    "fan_in": lambda fan_in, fan_out: fan_in,
    "fan_out": lambda fan_in, fan_out: fan_out,
    "fan_avg": lambda fan_in, fan_out: (fan_in + fan_out) / 2,
}


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """A matrix with orthonormal columns, or rows if there are fewer, times a gain; a kernel is (inputs, outputs).

        W Wᵀ = gain² I or Wᵀ W = gain² I, W = Q sign(diag R) of a standard normal matrix Q R

    Raises:   ShapeError if the array has less than two axes.
    Source:   Saxe, McClelland and Ganguli 2014; the sign makes W uniform over all such matrices (Mezzadri 2007)
    Example:
        >>> W = Orthogonal()((3, 2), seed=0, stream=0)
        >>> bool(np.allclose(W.T @ W, np.eye(2), atol=1e-6))
        True
    """

    gain: float = 1.0

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> Floats:
        if len(shape) < 2:
            raise ShapeError(_ORTHOGONAL_RANK(shape=show_shape(shape)))
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = standard_normal((max(rows, columns), min(rows, columns)), seed, stream)
        q, r = np.linalg.qr(tall)
        q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
        matrix = q if rows >= columns else q.T
        return (self.gain * matrix).reshape(shape).astype(np.float32)


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """The number of inputs of a unit, and of units that an input goes to, for a kernel (…window, inputs, outputs).

        fan_in = |window| · inputs, fan_out = |window| · outputs

    With groups, inputs are those of one group, as the kernel's shape has them, and outputs those of all groups (as in
    Keras and PyTorch). A vector counts as a column of one input; a single number as 1, 1.

    Example:
        >>> fans((784, 10)), fans((5, 5, 6, 16))
        ((784, 10), (150, 400))
    """
    if len(shape) < 2:
        return 1, math.prod(shape)
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


INITIALIZERS: dict[str, Initializer] = {
    "zeros": Constant(0.0),
    "ones": Constant(1.0),
    "normal": Normal(),
    "uniform": Uniform(),
    "glorot_uniform": Glorot("uniform"),
    "glorot_normal": Glorot("normal"),
    "he_uniform": He("uniform"),
    "he_normal": He("normal"),
    "lecun_uniform": LeCun("uniform"),
    "lecun_normal": LeCun("normal"),
    "torch_uniform": VarianceScaling(1 / 3, "fan_in", "uniform"),
    "orthogonal": Orthogonal(),
}

_ELSEWHERE = {  # PyTorch's names
    "xavier": "glorot_uniform",
    "xavier_uniform": "glorot_uniform",
    "xavier_normal": "glorot_normal",
    "kaiming": "he_normal",
    "kaiming_uniform": "he_uniform",
    "kaiming_normal": "he_normal",
    "random_normal": "normal",
    "random_uniform": "uniform",
    "zero": "zeros",
    "one": "ones",
}


def as_initializer(initializer: str | Initializer) -> Initializer:
    """The initializer itself, or the one of this name.

    Raises:   UsageError if the name is not known, or what is given is no initializer.
    """
    if isinstance(initializer, str):
        return named(initializer, INITIALIZERS, _UNKNOWN, _ELSEWHERE)
    refuse_class("the initializer", initializer)
    if not callable(initializer):
        raise UsageError(_NOT_ONE(given=type(initializer).__name__))
    return initializer
