"""Dropout: in training, a random part of a layer's neurons, or of its maps, is silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.layer import Layer
from chainrule.nn.ranges import PROBABILITY, check_number, is_within
from chainrule.nn.scope import Scope
from chainrule.ops.dropout import dropout, inverted_dropout

__all__ = ["Dropout", "SpatialDropout1D", "SpatialDropout2D"]

_RATE = Message(
    "dropout.rate",
    en="Dropout(rate={rate}): the rate is the probability to drop a neuron, from 0 to 1.",
    zh="Dropout(rate={rate})：rate 是丢弃一个神经元的概率，范围为 0 到 1。",
)
_AXES = Message(
    "dropout.axes",
    en="x {x} has other axes than {wanted}, whose maps could be dropped. Use Dropout for single neurons.",
    zh="x {x} 的轴不是 {wanted}，无法丢弃整个特征图。若要丢弃单个神经元，请使用 Dropout。",
)
_METHOD = Message(
    "dropout.method",
    en="Dropout(method={method!r}): choose 'inverted' (scales in training) or 'direct' (scales in inference).",
    zh="Dropout(method={method!r})：可选 'inverted'（训练时缩放）或 'direct'（推理时缩放）。",
)


@dataclass(frozen=True, eq=False)
class Dropout(Layer):
    """Each neuron is dropped with probability p = rate in training, kept with q = 1 - p; inference uses them all.

        inverted: y = D ⊙ x / q in training, y = x in inference
        direct:   y = D ⊙ x in training, y = q·x in inference;  D ~ Bernoulli(q)

    Either way the mean of y over D in training is what inference gives. With whole_maps, one decision serves all
    positions of a feature map, since neighbouring elements tell nearly the same. The rate is an input of the training
    step and may be turned meanwhile.

    Shapes:   x (batch, …) → (batch, …)
    Raises:   UsageError if the rate is not in [0, 1], or the method is not known.
    Source:   Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, sections 4 and 10; whole maps: Tompson,
              Goroshin, Jain, LeCun and Bregler 2015
    Example:
        >>> from chainrule.nn import Dropout, trace
        >>> trace(Dropout(0.5), [(4,)]).training
        Tensor(inverted_dropout, shape=(batch, 4), dtype=float32)
    """

    rate: float
    method: str = "inverted"
    whole_maps: bool = False

    def __post_init__(self) -> None:
        if not is_within(self.rate, 0, 1):
            raise UsageError(_RATE(rate=self.rate))
        if self.method not in ("inverted", "direct"):
            raise UsageError(_METHOD(method=self.method))

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        rate = scope.scalar("rate", self.rate)
        if not scope.training:
            return x * (1.0 - rate) if self.method == "direct" else x
        drop = dropout if self.method == "direct" else inverted_dropout
        positions = range(1, x.ndim - 1) if self.whole_maps else ()
        return drop(x, rate, scope.seed, scope.step, stream=scope.stream(), shared_axes=tuple(positions))


@dataclass(frozen=True, eq=False)
class SpatialDropout(Layer):
    """What dropout of whole maps has in common for samples with any axes between the batch and the features."""

    rate: float

    axes: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        check_number(self, PROBABILITY, rate=self.rate)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        if x.ndim != len(self.axes):
            raise ShapeError(_AXES(x=show_shape(x.shape), wanted=f"({', '.join(self.axes)})"))
        rate = scope.scalar("rate", self.rate)
        if not scope.training:
            return x
        positions = tuple(range(1, x.ndim - 1))
        return inverted_dropout(x, rate, scope.seed, scope.step, stream=scope.stream(), shared_axes=positions)


@dataclass(frozen=True, eq=False)
class SpatialDropout1D(SpatialDropout):
    """Dropout of whole features of a series: one decision serves all of its places.

        y = D ⊙ x / q in training, y = x in inference;  D ~ Bernoulli(q),  q = 1 - rate

    The rate is an input of the training step and may be turned meanwhile. Dropout(whole_maps=True) is the same for any
    number of axes.

    Shapes:   x (batch, places, features) → the same
    Raises:   ShapeError if x has other axes; UsageError if the rate is not in [0, 1].
    Source:   Tompson, Goroshin, Jain, LeCun and Bregler 2015
    Example:
        >>> from chainrule.nn import SpatialDropout1D, trace
        >>> trace(SpatialDropout1D(0.5), [(5, 4)]).training
        Tensor(inverted_dropout, shape=(batch, 5, 4), dtype=float32)
    """

    axes: ClassVar[tuple[str, ...]] = ("batch", "places", "features")


@dataclass(frozen=True, eq=False)
class SpatialDropout2D(SpatialDropout):
    """Dropout of whole maps of an image: one decision serves all of its positions.

        y = D ⊙ x / q in training, y = x in inference;  D ~ Bernoulli(q),  q = 1 - rate

    The rate is an input of the training step and may be turned meanwhile. Dropout(whole_maps=True) is the same for any
    number of axes.

    Shapes:   x (batch, height, width, channels) → the same
    Raises:   ShapeError if x has other axes; UsageError if the rate is not in [0, 1].
    Source:   Tompson, Goroshin, Jain, LeCun and Bregler 2015
    Example:
        >>> from chainrule.nn import SpatialDropout2D, trace
        >>> trace(SpatialDropout2D(0.5), [(5, 5, 4)]).training
        Tensor(inverted_dropout, shape=(batch, 5, 5, 4), dtype=float32)
    """

    axes: ClassVar[tuple[str, ...]] = ("batch", "height", "width", "channels")
