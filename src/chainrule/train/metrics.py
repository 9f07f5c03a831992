"""Metrics: what is reported beside the loss. Like a loss, a metric is one number per sample; its mean is reported."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.dtype import float32
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.losses import SquaredDistance
from chainrule.nn.losses.loss import BinaryLoss, CategoricalLoss, LossFunction
from chainrule.nn.losses.names import ELSEWHERE, LOSSES, as_loss
from chainrule.nn.names import named, refuse_class
from chainrule.nn.ranges import ANY, check_number
from chainrule.nn.scope import snake_case
from chainrule.nn.signatures import refuse_other_than_two
from chainrule.ops.comparison import equal
from chainrule.ops.contraction import mean, sum
from chainrule.ops.kinds.conversion import cast
from chainrule.ops.movement import reshape
from chainrule.ops.ordering import top_k
from chainrule.ops.selection import argmax

__all__ = ["Accuracy", "BinaryAccuracy", "Metric", "Objective", "TopKAccuracy"]

_UNKNOWN = Message(
    "metric.unknown",
    en="Metric '{name}' is not known; choose one of: {known}, or give a function of outputs and targets.{suggestion}",
    zh="未知的指标“{name}”；可选：{known}，或直接给出一个关于输出与目标的函数。{suggestion}",
)
_KIND = Message(
    "metric.kind",
    en="metrics has the entry {given}; give names such as 'accuracy', metrics such as TopKAccuracy(3), or functions of"
    " outputs and targets.",
    zh="metrics 中有 {given}；请给出名称（如 'accuracy'）、指标（如 TopKAccuracy(3)）或关于输出与目标的函数。",
)
_TWICE = Message(
    "metric.twice",
    en="Two of the metrics are called '{name}'. Leave one out, or give it as a function with another name.",
    zh="有两个指标都叫“{name}”。请去掉其中一个，或以另一个名字的函数给出。",
)
_SHAPES = Message(
    "metric.shapes",
    en="{metric}: the outputs have shape {outputs}, but the targets {targets}. Give an integer label for each sample,"
    " or targets of the outputs' shape.",
    zh="{metric}：输出的形状为 {outputs}，而目标为 {targets}。"
    "请为每个样本给出一个整数标签，或给出与输出形状相同的目标。",
)

MetricFunction: TypeAlias = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Metric(ABC):
    """A function of the outputs (batch, …) and targets that gives one number per sample, (batch,).

    `name` is what the history calls it; `larger_is_better` says what an improvement is to whoever monitors it.
    """

    name: ClassVar[str]
    larger_is_better: ClassVar[bool] = True

    @abstractmethod
    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The metric of each sample."""


@dataclass(frozen=True)
class Accuracy(Metric):
    """Whether the largest output is that of the sample's class.

        argmaxᵢ ŷᵢ = y

    Shapes:   outputs (batch, …, C), targets (batch, …) integers or one-hot (batch, …, C) → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> Accuracy()(tensor([[0.1, 0.9], [0.8, 0.2]]), tensor([1, 1]))
        Tensor([1. 0.], shape=(2,), dtype=float32)
    """

    name: ClassVar[str] = "accuracy"

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return _per_sample(equal(argmax(outputs), _labels(self.name, outputs, targets)))


@dataclass(frozen=True)
class TopKAccuracy(Metric):
    """Whether the sample's class is among those of the k largest outputs.

    Shapes:   outputs (batch, …, C), targets (batch, …) integers or one-hot (batch, …, C) → (batch,)
    Raises:   ShapeError if outputs and targets do not fit, or there are fewer than k outputs.
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> TopKAccuracy(2)(tensor([[0.1, 0.2, 0.7], [0.3, 0.1, 0.6]]), tensor([1, 1]))
        Tensor([1. 0.], shape=(2,), dtype=float32)
    """

    k: int = 5

    name: ClassVar[str] = "top_k_accuracy"

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        labels = _labels(self.name, outputs, targets)
        places = top_k(outputs, self.k)[1]
        return _per_sample(sum(cast(equal(places, reshape(labels, (*labels.shape, 1))), float32), -1))


@dataclass(frozen=True)
class BinaryAccuracy(Metric):
    """The share of a sample's outputs that are on their target's side of the threshold.

        [ŷᵢ > threshold] = [yᵢ > 1/2]

    The threshold is 0 for logits, 0.5 for probabilities.

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> BinaryAccuracy()(tensor([[-2.0], [3.0]]), tensor([1, 1]))
        Tensor([0. 1.], shape=(2,), dtype=float32)
    """

    threshold: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, ANY, threshold=self.threshold)

    name: ClassVar[str] = "binary_accuracy"

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if targets.shape == outputs.shape[:-1] and outputs.shape[-1:] == (1,):
            targets = reshape(targets, outputs.shape)
        if targets.shape != outputs.shape:
            raise _misfit(self.name, outputs, targets)
        return _per_sample(equal(outputs > self.threshold, cast(targets, float32) > 0.5))


def _labels(metric: str, outputs: Tensor, targets: Tensor) -> Tensor:
    if targets.shape == outputs.shape[:-1] and outputs.ndim > 1:
        return targets
    if targets.shape == outputs.shape:
        return argmax(targets)
    raise _misfit(metric, outputs, targets)


def _misfit(metric: str, outputs: Tensor, targets: Tensor) -> ShapeError:
    return ShapeError(_SHAPES(metric=metric, outputs=show_shape(outputs.shape), targets=show_shape(targets.shape)))


def _per_sample(right: Tensor) -> Tensor:
    return mean(cast(right, float32), tuple(range(1, right.ndim)))


METRICS: dict[str, MetricFunction] = {
    **{metric.name: metric for metric in (Accuracy(), BinaryAccuracy(), TopKAccuracy())},
    **LOSSES,
}
_ELSEWHERE = {
    **ELSEWHERE,
    "acc": "accuracy",
    "categorical_accuracy": "accuracy",
    "sparse_categorical_accuracy": "accuracy",
    "top_k": "top_k_accuracy",
    "top5": "top_k_accuracy",
    "top_5": "top_k_accuracy",
}


@dataclass(frozen=True, eq=False)
class Objective:
    """What a training lowers, and the metrics that it reports beside, by name."""

    loss: LossFunction
    metrics: dict[str, MetricFunction]

    def larger_is_better(self, monitor: str) -> bool:
        """Whether a rise of this entry of the history is an improvement."""
        return getattr(self.metrics.get(monitor.removeprefix("val_")), "larger_is_better", False)


def objective(loss: str | LossFunction, metrics: Sequence[str | MetricFunction] | None) -> Objective:
    """The objective of a loss and metrics, each by name or as it is; None: the accuracy, for the loss of a classifier.

    Raises:   UsageError if a name is not known, or used twice.
    Example:
        >>> list(objective("cross_entropy", ["accuracy", TopKAccuracy(3)]).metrics)
        ['accuracy', 'top_k_accuracy']
    """
    function = as_loss(loss)
    if metrics is None:
        metrics = ["accuracy"] if classifies(function) else []
    found: dict[str, MetricFunction] = {}
    for metric in [metrics] if isinstance(metrics, str) or not isinstance(metrics, Iterable) else metrics:
        refuse_class("an entry of metrics", metric)
        if not isinstance(metric, str) and not callable(metric):
            raise UsageError(_KIND(given=repr(metric)))
        if not isinstance(metric, str):
            refuse_other_than_two("an entry of metrics", metric)
        name = metric if isinstance(metric, str) else _name(metric)
        if name in found or name == "loss":
            raise UsageError(_TWICE(name=name))
        found[name] = _resolved(metric, function)
    return Objective(function, found)


def _name(metric: MetricFunction) -> str:
    if isinstance(metric, Metric):
        return metric.name
    return str(getattr(metric, "__name__", snake_case(type(metric).__name__)))


def classifies(loss: LossFunction) -> bool:
    """Whether the loss is that of a classifier."""
    return isinstance(loss, BinaryLoss | CategoricalLoss | SquaredDistance)


def _resolved(metric: str | MetricFunction, loss: LossFunction) -> MetricFunction:
    if metric == "accuracy" and isinstance(loss, BinaryLoss):
        return BinaryAccuracy(loss.threshold)
    return named(metric, METRICS, _UNKNOWN, _ELSEWHERE) if isinstance(metric, str) else metric
