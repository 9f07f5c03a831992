"""Layers that bring data into another form: scale and shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.graph.tensor import Tensor
from chainrule.nn.layer import Layer
from chainrule.nn.ranges import ANY, check_number
from chainrule.nn.scope import Scope
from chainrule.ops.movement import flatten, reshape, transpose

__all__ = ["Flatten", "Permute", "Rescaling", "Reshape"]


@dataclass(frozen=True, eq=False)
class Flatten(Layer):
    """Each sample's numbers in one row, as a dense layer wants them.

        y[n, (i·width + j)·channels + c] = x[n,i,j,c]

    Shapes:   x (batch, …) → (batch, product of the others)
    Example:
        >>> from chainrule.nn import Flatten, trace
        >>> trace(Flatten(), [(5, 5, 16)]).inference.shape
        (batch, 400)
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return flatten(x)


@dataclass(frozen=True, eq=False)
class Reshape(Layer):
    """Each sample's numbers, in the same row-major order, with other sizes.

    `target_shape` is that of a sample, without the batch; one size may be -1, to be worked out.

    Shapes:   x (batch, …) → (batch, *target_shape)
    Raises:   ShapeError if the numbers of elements differ.
    Example:
        >>> from chainrule.nn import Reshape, trace
        >>> trace(Reshape((7, 7, -1)), [(392,)]).inference.shape
        (batch, 7, 7, 8)
    """

    target_shape: Sequence[int]

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return reshape(x, (x.shape[0], *self.target_shape))


@dataclass(frozen=True, eq=False)
class Permute(Layer):
    """Each sample's axes in another order.

    `axes` counts as in x, which has the batch in front as axis 0: (2, 1) swaps the two axes of a matrix, as in Keras.

    Shapes:   x (batch, …) → (batch, …)
    Raises:   ShapeError if axes is not an order of x's axes from 1 on.
    Example:
        >>> from chainrule.nn import Permute, trace
        >>> trace(Permute((3, 1, 2)), [(28, 20, 3)]).inference.shape
        (batch, 3, 28, 20)
    """

    axes: Sequence[int]

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return transpose(x, (0, *self.axes))


@dataclass(frozen=True, eq=False)
class Rescaling(Layer):
    """Numbers brought to the range that activations like; as a layer it is part of the model, so nobody forgets it.

        y = scale · x + offset

    Rescaling(1/255) maps pixels from [0, 255] to [0, 1], Rescaling(2/255, -1) to [-1, 1], the range of tanh.
    Rescaling(127.5, 127.5) maps [-1, 1] back.

    Shapes:   x (batch, …) → (batch, …)
    Example:
        >>> from chainrule.nn import Rescaling, trace
        >>> from chainrule.execute import evaluate
        >>> network = trace(Rescaling(2 / 255, -1), [(3,)])
        >>> evaluate([network.inference], {network.inputs[0]: [[0, 127.5, 255]]})
        [array([[-1.,  0.,  1.]], dtype=float32)]
    """

    scale: float
    offset: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, ANY, scale=self.scale, offset=self.offset)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return x * self.scale + self.offset if self.offset else x * self.scale
