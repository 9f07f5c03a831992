"""Losses of single samples. A loss maps outputs and targets to one number per sample; training takes their mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor, tensor
from chainrule.messages import Message
from chainrule.nn.names import named, refuse_class
from chainrule.nn.ranges import FRACTION, NOT_NEGATIVE, POSITIVE, check_number
from chainrule.ops.activations import sigmoid, softplus
from chainrule.ops.composite import SOFTMAX, cross_entropy
from chainrule.ops.contraction import mean, sum
from chainrule.ops.elementwise import absolute, clip, square, where
from chainrule.ops.exponential import log
from chainrule.ops.gathering import gather, one_hot
from chainrule.ops.kinds.conversion import cast
from chainrule.ops.movement import reshape

__all__ = [
    "BinaryCrossEntropy", "CategoricalCrossEntropy", "Huber", "Loss", "MeanAbsoluteError", "MeanSquaredError",
    "SquaredDistance", "as_loss",
]  # fmt: skip

_UNKNOWN = Message(
    "loss.unknown",
    en="Loss '{name}' is not known; choose one of: {known}, or give a function of outputs and targets.{suggestion}",
    zh="未知的损失“{name}”；可选：{known}，或直接给出一个关于输出与目标的函数。{suggestion}",
)
_KIND = Message(
    "loss.kind",
    en="loss is {given}; give a name such as 'cross_entropy', a loss such as Huber(), or a function of outputs and"
    " targets.",
    zh="loss 为 {given}；请给出名称（如 'cross_entropy'）、损失（如 Huber()）或一个关于输出与目标的函数。",
)
_SHAPES = Message(
    "loss.shapes",
    en="{loss}: the outputs have shape {outputs}, but the targets {targets}. Give one target for each output{also}.",
    zh="{loss}：输出的形状为 {outputs}，而目标为 {targets}。请为每个输出给出一个目标{also}。",
)
_OR_LABELS = Message("loss.or_labels", en=", or an integer label for each sample", zh="，或为每个样本给出一个整数标签")
_PROBABILITIES = Message(
    "loss.probabilities",
    en="{loss} takes logits, but the outputs are already those of {activation}. Leave the {activation} out, which is "
    "more exact, or use {loss}(from_logits=False).",
    zh="{loss} 需要 logits，但输出已经过 {activation}。请去掉 {activation}（更精确），"
    "或使用 {loss}(from_logits=False)。",
)
_CLASS_WEIGHTS = Message(
    "loss.class_weights",
    en="there are {given} class weights but {classes} classes. Give one for each class.",
    zh="类别权重有 {given} 个，而类别有 {classes} 个。请为每个类别给出一个权重。",
)

_SMALLEST = 1e-7  # probabilities are kept this far from 0 and 1, as in Keras


@dataclass(frozen=True)
class Loss(ABC):
    """A function of the outputs (batch, …) and targets that gives one number per sample, (batch,)."""

    @abstractmethod
    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss of each sample."""


LossFunction: TypeAlias = Callable[[Tensor, Tensor], Tensor]


# ------------------------------------------------------------------------------------------------------ distances
@dataclass(frozen=True)
class SquaredDistance(Loss):
    """Squared L2 distance to the target, or to the one-hot vector of an integer label.

        ℓ = Σᵢ (ŷᵢ - yᵢ)²

    Shapes:   outputs (batch, …), targets alike, or integer labels (batch,) → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Example:
        >>> SquaredDistance()(tensor([[0.5, 0.5]]), tensor([1]))
        Tensor([0.5], shape=(1,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if _are_labels(outputs, targets):
            targets = one_hot(targets, int(outputs.shape[-1]), outputs.dtype)  # type: ignore[arg-type]
        return sum(square(outputs - _aligned(self, outputs, targets, _OR_LABELS())), _inner(outputs))


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """Mean of the squared errors of a sample's M outputs.

        ℓ = 1/M Σᵢ (ŷᵢ - yᵢ)²

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Example:
        >>> MeanSquaredError()(tensor([[1.0, 4.0]]), tensor([[0.0, 2.0]]))
        Tensor([2.5], shape=(1,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return mean(square(outputs - _aligned(self, outputs, targets)), _inner(outputs))


@dataclass(frozen=True)
class MeanAbsoluteError(Loss):
    """Mean of the absolute errors of a sample's M outputs; less moved by outliers.

        ℓ = 1/M Σᵢ |ŷᵢ - yᵢ|

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Example:
        >>> MeanAbsoluteError()(tensor([[1.0, 4.0]]), tensor([[0.0, 2.0]]))
        Tensor([1.5], shape=(1,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return mean(absolute(outputs - _aligned(self, outputs, targets)), _inner(outputs))


@dataclass(frozen=True)
class Huber(Loss):
    """Squared for small errors, linear beyond delta.

        ℓ = 1/M Σᵢ h(ŷᵢ - yᵢ),  h(e) = e²/2 if |e| ≤ δ else δ(|e| - δ/2)

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Source:   Huber 1964
    Example:
        >>> Huber()(tensor([[0.5], [3.0]]), tensor([[0.0], [0.0]]))
        Tensor([0.125 2.5  ], shape=(2,), dtype=float32)
    """

    delta: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, POSITIVE, delta=self.delta)

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        error = absolute(outputs - _aligned(self, outputs, targets))
        large = error > self.delta
        return mean(where(large, self.delta * (error - 0.5 * self.delta), 0.5 * square(error)), _inner(outputs))


# -------------------------------------------------------------------------------------------------- cross-entropies
@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """Cross-entropy of outputs that hold or not, each by itself.

        ℓ = 1/M Σᵢ -yᵢ log pᵢ - (1 - yᵢ) log(1 - pᵢ) = 1/M Σᵢ softplus(zᵢ) - yᵢ zᵢ,  p = sigmoid(z)

    The outputs are logits z, for which it is exact at any size, or with from_logits=False probabilities p, which are
    kept 1e-7 away from 0 and 1.

    Shapes:   outputs (batch, …), targets alike, in [0, 1]; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit; UsageError if logits are wanted and a sigmoid's given.
    Example:
        >>> BinaryCrossEntropy()(tensor([[0.0], [1e4]]), tensor([[1.0], [0.0]]))
        Tensor([6.931472e-01 1.000000e+04], shape=(2,), dtype=float32)
    """

    from_logits: bool = True

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        targets = _aligned(self, outputs, targets)
        if self.from_logits:
            if outputs.operation is sigmoid:
                raise UsageError(_PROBABILITIES(loss=type(self).__name__, activation="sigmoid"))
            return mean(softplus(outputs) - targets * outputs, _inner(outputs))
        p = clip(outputs, _SMALLEST, 1.0 - _SMALLEST)
        return mean(-(targets * log(p) + (1.0 - targets) * log(1.0 - p)), _inner(outputs))


@dataclass(frozen=True)
class CategoricalCrossEntropy(Loss):
    """Cross-entropy of the probabilities of C exclusive classes against a label.

        ℓ = w · -Σ_c t_c log p_c,  p = softmax(z),  t = (1 - s)·y + s / C,  w = Σ_c y_c w_c

    The outputs are logits z, or with from_logits=False probabilities p, which are kept 1e-7 away from 0. The label is
    an integer, or a one-hot vector y. `class_weights` w_c make a class count more (the weight is that of the label, as
    in Keras; PyTorch weighs each term of the sum, which differs under label smoothing). `label_smoothing` is s.

    Shapes:   outputs (batch, …, C), targets (batch, …) integers or (batch, …, C) → (batch,), the mean over other axes
    Raises:   ShapeError if labels fit neither way; DTypeError if integer labels are floats; UsageError if logits are
              wanted and a softmax's given.
    Source:   label smoothing: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016
    Example:
        >>> CategoricalCrossEntropy()(tensor([[0.0, 0.0], [1e4, 0.0]]), tensor([1, 1]))
        Tensor([6.931472e-01 1.000000e+04], shape=(2,), dtype=float32)
    """

    from_logits: bool = True
    class_weights: Sequence[float] | None = None
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, FRACTION, label_smoothing=self.label_smoothing)
        for value in () if self.class_weights is None else self.class_weights:
            check_number(self, NOT_NEGATIVE, class_weights=value)

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if self.from_logits and outputs.operation is SOFTMAX:
            raise UsageError(_PROBABILITIES(loss=type(self).__name__, activation="softmax"))
        logits = outputs if self.from_logits else log(clip(outputs, _SMALLEST, 1.0))
        loss = cross_entropy(logits, targets, label_smoothing=self.label_smoothing)
        if self.class_weights is not None:
            loss = loss * self._weights(outputs, targets)
        return mean(loss, _inner(loss))

    def _weights(self, outputs: Tensor, targets: Tensor) -> Tensor:
        assert self.class_weights is not None
        weights = tensor(list(self.class_weights), outputs.dtype)
        if weights.shape != outputs.shape[-1:]:
            raise UsageError(_CLASS_WEIGHTS(given=len(self.class_weights), classes=outputs.shape[-1]))
        if targets.shape == outputs.shape:
            return sum(cast(targets, outputs.dtype) * weights, -1)
        return gather(weights, targets)


# ---------------------------------------------------------------------------------------------------------- shapes
def _inner(x: Tensor) -> tuple[int, ...]:
    """The axes of one sample."""
    return tuple(range(1, x.ndim))


def _are_labels(outputs: Tensor, targets: Tensor) -> bool:
    return not targets.dtype.floating and outputs.ndim > 1 and targets.shape == outputs.shape[:-1]


def _aligned(loss: Loss, outputs: Tensor, targets: Tensor, also: str = "") -> Tensor:
    """The targets in the outputs' shape and type. Broadcasting would silently compare every sample with every other."""
    if targets.shape == outputs.shape[:-1] and outputs.shape[-1] == 1:
        targets = reshape(targets, outputs.shape)
    if targets.shape != outputs.shape:
        shapes = {"outputs": show_shape(outputs.shape), "targets": show_shape(targets.shape)}
        raise ShapeError(_SHAPES(loss=type(loss).__name__, also=also, **shapes))
    return cast(targets, outputs.dtype)


LOSSES: dict[str, Loss] = {
    "cross_entropy": CategoricalCrossEntropy(),
    "categorical_cross_entropy": CategoricalCrossEntropy(),
    "binary_cross_entropy": BinaryCrossEntropy(),
    "mean_squared_error": MeanSquaredError(),
    "mean_absolute_error": MeanAbsoluteError(),
    "huber": Huber(),
    "squared_distance": SquaredDistance(),
}


def as_loss(loss: str | LossFunction) -> LossFunction:
    """The loss itself, which may be any function of outputs and targets, or the one of this name.

    Raises:   UsageError if the name is not known.
    """
    if isinstance(loss, str):
        return named(loss, LOSSES, _UNKNOWN)
    refuse_class("loss", loss)
    if not callable(loss):
        raise UsageError(_KIND(given=repr(loss)))
    return loss
