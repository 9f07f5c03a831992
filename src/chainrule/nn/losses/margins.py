"""Losses of margins: nothing more is asked once the right answer is far enough ahead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.losses.cross_entropies import check_class_weights
from chainrule.nn.losses.loss import BinaryLoss, CategoricalLoss, Loss, aligned, as_one_hot, inner, label_weights
from chainrule.nn.ranges import NOT_NEGATIVE, check_number
from chainrule.ops.activations import relu
from chainrule.ops.comparison import logical_xor
from chainrule.ops.contraction import mean, sum
from chainrule.ops.elementwise import maximum, sqrt, square, where
from chainrule.ops.selection import max

__all__ = ["CategoricalHinge", "Hinge", "MultiMargin", "PerceptronCriterion", "SquaredHinge", "TripletMargin"]

_POWER = Message(
    "loss.power",
    en="MultiMargin(power={power!r}): choose 1 or 2.",
    zh="MultiMargin(power={power!r})：可选 1 或 2。",
)
_TRIPLET = Message(
    "loss.triplet",
    en="TripletMargin compares three outputs of one shape (batch, …, D), those of an anchor, of a sample of its kind "
    "and of one of another kind, but was given {given}. Let the network give a tuple of three.",
    zh="TripletMargin 比较三个形状同为 (batch, …, D) 的输出，即锚点、同类样本与异类样本的输出，"
    "但得到的是 {given}。请让网络给出由三者组成的元组。",
)

_CLOSEST = 1e-6  # distances are kept from 0, where their derivative is infinite


def _lacking(loss: Loss, outputs: Tensor, targets: Tensor) -> Tensor:
    """How much each output lacks to be 1 on its target's side."""
    sides = where(aligned(loss, outputs, targets) > 0.0, 1.0, -1.0)
    return relu(1.0 - sides * outputs)


@dataclass(frozen=True)
class Hinge(BinaryLoss):
    """What outputs lack to be on the right side of 0 by 1, each by itself: the loss of a support vector machine.

        ℓ = 1/M Σᵢ max(0, 1 - yᵢ ŷᵢ),  yᵢ = 1 or -1

    A target of 0 counts as -1, as in Keras. The class of an output is its sign.

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Source:   Cortes and Vapnik 1995
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> Hinge()(tensor([[0.5], [2.0], [0.5]]), tensor([1, 1, -1]))
        Tensor([0.5 0.  1.5], shape=(3,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return mean(_lacking(self, outputs, targets), inner(outputs))


@dataclass(frozen=True)
class PerceptronCriterion(BinaryLoss):
    """How far outputs are on the wrong side of 0: its gradient step, sample by sample, is Rosenblatt's learning rule.

        ℓ = 1/M Σᵢ |ŷᵢ| where [ŷᵢ > 0] ≠ [yᵢ > 0], else 0;   w ← w + η y x for each mistake, y = 1 or -1

    A target of 0 counts as -1. An output of exactly 0 does not fire, so it is a mistake for a target of 1, and its
    gradient is that of the wrong side: a neuron that starts at zero learns.

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Source:   Rosenblatt 1958; as a criterion: Duda and Hart 1973
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> PerceptronCriterion()(tensor([[0.5], [2.0], [-0.5]]), tensor([1, 0, 1]))
        Tensor([0.  2.  0.5], shape=(3,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        should = aligned(self, outputs, targets) > 0.0
        fires = outputs > 0.0
        lacking = where(should, -1.0 * outputs, outputs)
        return mean(where(logical_xor(fires, should), lacking, 0.0), inner(outputs))


@dataclass(frozen=True)
class SquaredHinge(BinaryLoss):
    """The square of what outputs lack to be on the right side of 0 by 1; smooth, and harder on what is far off.

        ℓ = 1/M Σᵢ max(0, 1 - yᵢ ŷᵢ)²,  yᵢ = 1 or -1

    A target of 0 counts as -1, as in Keras. The class of an output is its sign.

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> SquaredHinge()(tensor([[0.5], [2.0], [0.5]]), tensor([1, 1, -1]))
        Tensor([0.25 0.   2.25], shape=(3,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return mean(square(_lacking(self, outputs, targets)), inner(outputs))


@dataclass(frozen=True)
class CategoricalHinge(CategoricalLoss):
    """What the score of the right class lacks to be ahead of the best other one by 1.

        ℓ = max(0, 1 + max_{c≠y} z_c - z_y)

    Keras's takes 0 for the right class into its maximum over the others, so that it also asks for a score of 1 or more.

    Shapes:   outputs (batch, …, C), targets (batch, …) integers or one-hot → (batch,), the mean over other axes
    Raises:   ShapeError if labels fit neither way.
    Source:   Crammer and Singer 2001, equation 3
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> CategoricalHinge()(tensor([[0.5, 1.0, 0.0], [0.0, 5.0, 0.0]]), tensor([0, 1]))
        Tensor([1.5 0. ], shape=(2,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        right = as_one_hot(self, outputs, targets) > 0.5
        other = max(where(right, -math.inf, outputs), -1)
        lacking = relu(1.0 + other - sum(where(right, outputs, 0.0), -1))
        return mean(lacking, inner(lacking))


@dataclass(frozen=True)
class MultiMargin(CategoricalLoss):
    """What the score of the right class lacks to be ahead of each other one by a margin, over the number of classes.

        ℓ = w · 1/C Σ_{c≠y} max(0, m - z_y + z_c)^p,  w = Σ_c y_c w_c

    Shapes:   outputs (batch, …, C), targets (batch, …) integers or one-hot → (batch,), the mean over other axes
    Raises:   ShapeError if labels fit neither way; UsageError if p is not 1 or 2, or a number is negative.
    Source:   Weston and Watkins 1999; PyTorch's MultiMarginLoss
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> MultiMargin()(tensor([[0.5, 1.0, 0.0], [0.0, 5.0, 0.0]]), tensor([0, 1]))
        Tensor([0.6666667 0.       ], shape=(2,), dtype=float32)
    """

    power: int = 1
    margin: float = 1.0
    class_weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if self.power not in (1, 2):
            raise UsageError(_POWER(power=self.power))
        check_number(self, NOT_NEGATIVE, margin=self.margin)
        check_class_weights(self, self.class_weights)

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        right = as_one_hot(self, outputs, targets) > 0.5
        score = sum(where(right, outputs, 0.0), -1, keepdims=True)
        lacking = where(right, 0.0, relu(self.margin - score + outputs))
        loss = mean(lacking if self.power == 1 else square(lacking), -1)
        if self.class_weights is not None:
            loss = loss * label_weights(self.class_weights, outputs, targets)
        return mean(loss, inner(loss))


@dataclass(frozen=True)
class TripletMargin(Loss):
    """What an anchor lacks to be closer to a sample of its kind than to one of another kind, by a margin.

        ℓ = max(0, ‖a - p‖ - ‖a - n‖ + m)

    The network gives a, p and n as a tuple, commonly by one encoder used three times. There is nothing to compare them
    with: targets are of no effect, and may be zeros. Distances below 1e-6 have no gradient; PyTorch adds 1e-6 to each
    difference instead.

    Shapes:   outputs three times (batch, …, D), any targets → (batch,), the mean over other axes
    Raises:   ShapeError if there are not three outputs of one shape; UsageError if the margin is negative.
    Source:   Balntas, Riba, Ponsa and Mikolajczyk 2016; Schroff, Kalenichenko and Philbin 2015 (squared distances)
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> embedded = tensor([[0.0, 0.0]]), tensor([[3.0, 4.0]]), tensor([[0.0, 2.0]])
        >>> TripletMargin()(embedded, tensor([0]))
        Tensor([4.], shape=(1,), dtype=float32)
    """

    margin: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, NOT_NEGATIVE, margin=self.margin)

    def __call__(self, outputs: Any, targets: Any) -> Tensor:
        given = outputs if isinstance(outputs, tuple) else (outputs,)
        if len(given) != 3 or len({x.shape for x in given}) > 1 or given[0].ndim < 2:
            raise ShapeError(_TRIPLET(given=" ".join(show_shape(x.shape) for x in given)))
        anchor, positive, negative = given
        lacking = relu(_distance(anchor, positive) - _distance(anchor, negative) + self.margin)
        return mean(lacking, inner(lacking))


def _distance(x: Tensor, y: Tensor) -> Tensor:
    return sqrt(maximum(sum(square(x - y), -1), _CLOSEST**2))
