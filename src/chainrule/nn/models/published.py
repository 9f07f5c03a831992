"""LeNet-5 as it was published, layer by layer: LeCun, Bottou, Bengio and Haffner 1998, section II.B."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.tensor import Tensor, tensor
from chainrule.nn.borders import ZeroPadding2D
from chainrule.nn.convolution import Conv2D
from chainrule.nn.dense import Dense
from chainrule.nn.initializers import Floats, Initializer, Uniform
from chainrule.nn.layer import Layer, features
from chainrule.nn.reshaping import Flatten, Rescaling
from chainrule.nn.scope import Scope
from chainrule.nn.sequential import Sequential
from chainrule.ops.contraction import matmul, sum
from chainrule.ops.convolution import conv2d
from chainrule.ops.elementwise import square
from chainrule.ops.kinds.conversion import cast
from chainrule.ops.movement import reshape
from chainrule.ops.pooling import average_pool
from chainrule.ops.random import random_bits, stream_of
from chainrule.ops.trigonometric import tanh

__all__ = ["lenet5_1998"]

# Table I: the maps of S2 that each map of C3 looks at: three or four neighbours, in a circle, some others, and all.
_C3_INPUTS = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip
_CODE_LENGTH = 84  # a picture of 7 × 12


def squash(x: Tensor) -> Tensor:
    """The published sigmoid, 1.7159 tanh(2/3 x): ±1 maps to ±1, where its curvature is greatest (appendix A)."""
    return 1.7159 * tanh(x * (2 / 3))


def _within(fan_in: int) -> Uniform:
    """Weights start uniform in ±2.4 / fan_in (appendix A)."""
    return Uniform(-2.4 / fan_in, 2.4 / fan_in)


@dataclass(frozen=True, eq=False)
class _Subsampling(Layer):
    """The sum of each 2 × 2 window, times a learned coefficient, plus a learned bias: two numbers per map."""

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        maps = (features(x),)
        coefficient, bias = scope.parameter("coefficient", maps, _within(4)), scope.parameter("bias", maps, "zeros")
        return squash(4.0 * average_pool(x, 2) * coefficient + bias)


@dataclass(frozen=True)
class _ByConnection(Initializer):
    """±2.4 / fan_in for weights (window, window, connection), where each unit has as many inputs as the table gives."""

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> Floats:
        fan_in = [25 * len(inputs) for inputs in _C3_INPUTS for _ in inputs]
        values = Uniform(-2.4, 2.4)(shape, seed, stream)
        values /= np.array(fan_in, np.float32)
        return values


@dataclass(frozen=True, eq=False)
class _TableConvolution(Layer):
    """C3: 5 × 5 kernels on the 60 connections of the table only, which breaks the symmetry between the maps."""

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        connections = [(i, o) for o, inputs in enumerate(_C3_INPUTS) for i in inputs]
        channels, maps = features(x), len(_C3_INPUTS)
        places = np.zeros((len(connections), channels, maps), np.float32)
        for k, (i, o) in enumerate(connections):
            places[k, i, o] = 1.0
        w = scope.parameter("kernel", (5, 5, len(connections)), _ByConnection())
        kernel = matmul(w, cast(tensor(places.reshape(len(connections), -1)), w.dtype))
        bias = scope.parameter("bias", (maps,), "zeros")
        return squash(conv2d(x, reshape(kernel, (5, 5, channels, maps))) + bias)


@dataclass(frozen=True, eq=False)
class _RadialBasis(Layer):
    """How far the code of each class is, squared and negative, so that the nearest class scores highest."""

    classes: int

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        codes = cast(tensor(_codes(self.classes)), x.dtype)
        return -sum(square(x[:, None, :] - codes), -1)


def _codes(classes: int) -> NDArray[np.float32]:
    bits = random_bits((classes, _CODE_LENGTH), seed=0, stream=stream_of("lenet5_1998")).numpy()
    return np.where(bits < 2**31, -1, 1).astype(np.float32)


def lenet5_1998(classes: int = 10, *, padding: int = 2) -> Sequential:
    """LeNet-5 as published: squashed tanh, learned subsampling, the connection table of C3, Euclidean outputs.

        C1 conv 5×5, 6 maps 156 · S2 subsampling 12 · C3 conv 5×5 by table, 16 maps 1,516 · S4 subsampling 32 ·
        C5 conv 5×5, 120 maps 48,120 · F6 dense 84 10,164 · output: distance to a code of ±1 for each class

    It takes pixels from 0 (background) to 255, scales them to [-0.1, 1.175] and gives scores for cross_entropy, which
    is then the published criterion (equation 9) but for its constant. `padding` makes images 32 × 32: 2 for 28 × 28.
    C1 to F6 have 60,000 parameters, the published number; the codes are fixed, as published, but random (the
    alternative that the paper names) where the original has pictures of the characters.

    Shapes:   x (batch, 28, 28, 1) → (batch, classes)
    Source:   LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to document recognition,
              section II.B, figure 2, table I and appendix A
    Example:
        >>> from chainrule.nn import lenet5_1998, trace
        >>> trace(lenet5_1998(), [(28, 28, 1)]).parameter_count
        60000
    """
    return Sequential([
        ZeroPadding2D(padding, name="padding"),
        Rescaling(1.275 / 255, -0.1, name="rescaling"),
        Conv2D(6, 5, activation=squash, kernel_initializer=_within(25), name="c1"),
        _Subsampling(name="s2"),
        _TableConvolution(name="c3"),
        _Subsampling(name="s4"),
        Conv2D(120, 5, activation=squash, kernel_initializer=_within(400), name="c5"),
        Flatten(name="flatten"),
        Dense(84, squash, kernel_initializer=_within(120), name="f6"),
        _RadialBasis(classes, name="output"),
    ])  # fmt: skip
