"""What a loss is: a function of outputs and targets that gives one number per sample."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor, tensor
from chainrule.messages import Message
from chainrule.ops.contraction import sum
from chainrule.ops.gathering import gather, one_hot
from chainrule.ops.kinds.conversion import cast
from chainrule.ops.movement import reshape

__all__ = ["Loss"]

_SHAPES = Message(
    "loss.shapes",
    en="{loss}: the outputs have shape {outputs}, but the targets {targets}. Give one target for each output{also}.",
    zh="{loss}：输出的形状为 {outputs}，而目标为 {targets}。请为每个输出给出一个目标{also}。",
)
_NUMBER = Message(
    "loss.number",
    en="{loss}: the outputs are a single number, without samples. Give it their axis, such as reshape(x, (1,)).",
    zh="{loss}：输出是没有样本轴的单个数。请加上样本轴，例如 reshape(x, (1,))。",
)
_SEVERAL = Message(
    "loss.several",
    en="{loss} compares one output with one target, but was given a tuple of {count}. Give a function of the tuples, "
    "such as lambda outputs, targets: {loss}()(outputs[0], targets[0]) + ….",
    zh="{loss} 将一个输出与一个目标比较，但给出的是 {count} 个的元组。请给出以元组为参数的函数，例如 "
    "lambda outputs, targets: {loss}()(outputs[0], targets[0]) + …。",
)
OR_LABELS = Message("loss.or_labels", en=", or an integer label for each sample", zh="，或为每个样本给出一个整数标签")
_CLASS_WEIGHTS = Message(
    "loss.class_weights",
    en="there are {given} class weights but {classes} classes. Give one for each class.",
    zh="类别权重有 {given} 个，而类别有 {classes} 个。请为每个类别给出一个权重。",
)

SMALLEST = 1e-7  # probabilities are kept this far from 0 and 1, as in Keras


@dataclass(frozen=True)
class Loss(ABC):
    """A function of the outputs (batch, …) and targets that gives one number per sample, (batch,).

    A loss of several outputs is given them as a tuple.
    """

    @abstractmethod
    def __call__(self, outputs: Any, targets: Any) -> Tensor:
        """The loss of each sample."""


class BinaryLoss(Loss):
    """A loss of outputs that hold or not, each by itself."""

    @property
    def threshold(self) -> float:
        """The output above which something is said to hold: 0 for logits and margins, 0.5 for probabilities."""
        return 0.0


class CategoricalLoss(Loss):
    """A loss of one score for each of several exclusive classes, against the label of the right one."""


LossFunction: TypeAlias = Callable[[Any, Any], Tensor]


# --------------------------------------------------------------------------------------------------- shapes and labels
def inner(x: Tensor) -> tuple[int, ...]:
    """The axes of one sample."""
    return tuple(range(1, x.ndim))


def refuse_several(loss: Loss, *given: Any) -> None:
    """Refuse the tuples that there are where a network gives several outputs."""
    for x in given:
        if isinstance(x, tuple):
            raise UsageError(_SEVERAL(loss=type(loss).__name__, count=len(x)))


def aligned(loss: Loss, outputs: Tensor, targets: Tensor, also: str = "") -> Tensor:
    """The targets in the outputs' shape and type. Broadcasting would silently compare every sample with every other."""
    refuse_several(loss, outputs, targets)
    if not outputs.ndim:
        raise ShapeError(_NUMBER(loss=type(loss).__name__))
    if targets.shape == outputs.shape[:-1] and outputs.shape[-1] == 1:
        targets = reshape(targets, outputs.shape)
    if targets.shape != outputs.shape:
        shapes = {"outputs": show_shape(outputs.shape), "targets": show_shape(targets.shape)}
        raise ShapeError(_SHAPES(loss=type(loss).__name__, also=also, **shapes))
    return cast(targets, outputs.dtype)


def as_one_hot(loss: Loss, outputs: Tensor, targets: Tensor) -> Tensor:
    """A vector for each label: that of its class where it is an integer, itself where it is one."""
    refuse_several(loss, outputs, targets)
    classes = outputs.shape[-1] if outputs.ndim > 1 else None
    if isinstance(classes, int) and not targets.dtype.floating and targets.shape == outputs.shape[:-1]:
        return one_hot(targets, classes, outputs.dtype)
    return aligned(loss, outputs, targets, OR_LABELS())


def label_weights(class_weights: Sequence[float], outputs: Tensor, targets: Tensor) -> Tensor:
    """The weight of each label's class."""
    weights = tensor(list(class_weights), outputs.dtype)
    if weights.shape != outputs.shape[-1:]:
        raise UsageError(_CLASS_WEIGHTS(given=len(class_weights), classes=outputs.shape[-1]))
    if targets.shape == outputs.shape:
        return sum(cast(targets, outputs.dtype) * weights, -1)
    return gather(weights, targets)
