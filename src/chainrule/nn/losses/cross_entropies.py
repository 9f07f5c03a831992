"""Losses of probabilities against labels: cross-entropies, and focal ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.errors import UsageError
from chainrule.graph.operation import Operation
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.losses.loss import (
    SMALLEST,
    BinaryLoss,
    CategoricalLoss,
    Loss,
    aligned,
    as_one_hot,
    inner,
    label_weights,
    refuse_several,
)
from chainrule.nn.ranges import FRACTION, NOT_NEGATIVE, check_number, is_within
from chainrule.ops.activations import sigmoid, softplus
from chainrule.ops.contraction import mean, sum
from chainrule.ops.elementwise import clip, power, where
from chainrule.ops.exponential import exp, expm1, log, log1p
from chainrule.ops.softmax import SOFTMAX, cross_entropy, log_softmax

__all__ = [
    "BinaryCrossEntropy", "BinaryFocalCrossEntropy", "CategoricalCrossEntropy", "CategoricalFocalCrossEntropy",
]  # fmt: skip

_PROBABILITIES = Message(
    "loss.probabilities",
    en="{loss} takes logits, but the outputs are already those of {activation}. Leave the {activation} out, which is "
    "more exact, or use {loss}(from_logits=False).",
    zh="{loss} 需要 logits，但输出已经过 {activation}。请去掉 {activation}（更精确），"
    "或使用 {loss}(from_logits=False)。",
)
_ALPHA = Message(
    "loss.alpha",
    en="{loss}(alpha={alpha}): alpha is the weight of what holds, from 0 to 1; the rest is that of what does not.",
    zh="{loss}(alpha={alpha})：alpha 是正例的权重，范围为 0 到 1；其余为负例的权重。",
)


@dataclass(frozen=True)
class BinaryCrossEntropy(BinaryLoss):
    """Cross-entropy of outputs that hold or not, each by itself.

        ℓ = 1/M Σᵢ -yᵢ log pᵢ - (1 - yᵢ) log(1 - pᵢ) = 1/M Σᵢ softplus(zᵢ) - yᵢ zᵢ,  p = sigmoid(z)

    The outputs are logits z, for which it is exact at any size, or with from_logits=False probabilities p, which are
    kept 1e-7 away from 0 and 1.

    Shapes:   outputs (batch, …), targets alike, in [0, 1]; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit; UsageError if logits are wanted and a sigmoid's given.
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> BinaryCrossEntropy()(tensor([[0.0], [1e4]]), tensor([[1.0], [0.0]]))
        Tensor([6.931472e-01 1.000000e+04], shape=(2,), dtype=float32)
    """

    from_logits: bool = True

    @property
    def threshold(self) -> float:
        return 0.0 if self.from_logits else 0.5

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        targets = aligned(self, outputs, targets)
        if self.from_logits:
            _refuse_probabilities(self, outputs, sigmoid)
            return mean(softplus(outputs) - targets * outputs, inner(outputs))
        p = clip(outputs, SMALLEST, 1.0 - SMALLEST)
        return mean(-(targets * log(p) + (1.0 - targets) * log(1.0 - p)), inner(outputs))


@dataclass(frozen=True)
class CategoricalCrossEntropy(CategoricalLoss):
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
        >>> from chainrule.graph.tensor import tensor
        >>> CategoricalCrossEntropy()(tensor([[0.0, 0.0], [1e4, 0.0]]), tensor([1, 1]))
        Tensor([6.931472e-01 1.000000e+04], shape=(2,), dtype=float32)
    """

    from_logits: bool = True
    class_weights: Sequence[float] | None = None
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, FRACTION, label_smoothing=self.label_smoothing)
        check_class_weights(self, self.class_weights)

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        refuse_several(self, outputs, targets)
        logits = as_logits(self, outputs, self.from_logits)
        loss = cross_entropy(logits, targets, label_smoothing=self.label_smoothing)
        if self.class_weights is not None:
            loss = loss * label_weights(self.class_weights, outputs, targets)
        return mean(loss, inner(loss))


@dataclass(frozen=True)
class BinaryFocalCrossEntropy(BinaryLoss):
    """Binary cross-entropy in which what is right already hardly counts, for labels that seldom hold.

        ℓ = 1/M Σᵢ -α yᵢ (1 - pᵢ)^γ log pᵢ - (1 - α)(1 - yᵢ) pᵢ^γ log(1 - pᵢ),  p = sigmoid(z)

    Without alpha both weights are 1, as Keras has it; the paper's best are α = 0.25, γ = 2. The outputs are logits z,
    for which it is exact at any size, or with from_logits=False probabilities p, which are kept 1e-7 away from 0 and 1.

    Shapes:   outputs (batch, …), targets alike, in [0, 1]; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit; UsageError if logits are wanted and a sigmoid's given, or
              α or γ is out of range.
    Source:   Lin, Goyal, Girshick, He and Dollár 2017, equation 5
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> BinaryFocalCrossEntropy()(tensor([[0.0], [2.0]]), tensor([[1.0], [1.0]]))
        Tensor([0.1732868  0.00180356], shape=(2,), dtype=float32)
    """

    gamma: float = 2.0
    alpha: float | None = None
    from_logits: bool = True

    def __post_init__(self) -> None:
        check_number(self, NOT_NEGATIVE, gamma=self.gamma)
        if self.alpha is not None and not is_within(self.alpha, 0, 1):
            raise UsageError(_ALPHA(loss=type(self).__name__, alpha=self.alpha))

    @property
    def threshold(self) -> float:
        return 0.0 if self.from_logits else 0.5

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        y = aligned(self, outputs, targets)
        if self.from_logits:
            _refuse_probabilities(self, outputs, sigmoid)
            z = outputs
        else:
            p = clip(outputs, SMALLEST, 1.0 - SMALLEST)
            z = log(p) - log1p(-p)
        # softplus(-z) is -log p and softplus(z) is -log(1 - p): no power of a number near 0 is taken
        right, wrong = (1.0, 1.0) if self.alpha is None else (self.alpha, 1.0 - self.alpha)
        holds = right * y * exp(-self.gamma * softplus(z)) * softplus(-z)
        does_not = wrong * (1.0 - y) * exp(-self.gamma * softplus(-z)) * softplus(z)
        return mean(holds + does_not, inner(outputs))


@dataclass(frozen=True)
class CategoricalFocalCrossEntropy(CategoricalLoss):
    """Categorical cross-entropy in which what is right already hardly counts, for classes that are rare.

        ℓ = w · -Σ_c y_c (1 - p_c)^γ log p_c,  p = softmax(z),  w = Σ_c y_c w_c

    The outputs are logits z, or with from_logits=False probabilities p, which are kept 1e-7 away from 0. The label is
    an integer, or a one-hot vector y. `class_weights` w_c are the paper's α; Keras's alpha=0.25 makes all of them 0.25.

    Shapes:   outputs (batch, …, C), targets (batch, …) integers or (batch, …, C) → (batch,), the mean over other axes
    Raises:   ShapeError if labels fit neither way; UsageError if logits are wanted and a softmax's given, or γ is
              negative.
    Source:   Lin, Goyal, Girshick, He and Dollár 2017, equation 5
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> CategoricalFocalCrossEntropy()(tensor([[0.0, 0.0], [2.0, 0.0]]), tensor([1, 0]))
        Tensor([0.1732868  0.00180356], shape=(2,), dtype=float32)
    """

    gamma: float = 2.0
    class_weights: Sequence[float] | None = None
    from_logits: bool = True

    def __post_init__(self) -> None:
        check_number(self, NOT_NEGATIVE, gamma=self.gamma)
        check_class_weights(self, self.class_weights)

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        y = as_one_hot(self, outputs, targets)
        log_p = log_softmax(as_logits(self, outputs, self.from_logits))
        # kept from 0, where the derivative of a power below 1 is infinite
        missing = clip(-expm1(log_p), SMALLEST, 1.0)
        loss = -sum(where(y == 0.0, 0.0, y * power(missing, self.gamma) * log_p), -1)
        if self.class_weights is not None:
            loss = loss * label_weights(self.class_weights, outputs, targets)
        return mean(loss, inner(loss))


def as_logits(loss: Loss, outputs: Tensor, from_logits: bool) -> Tensor:
    """The outputs, or the logarithms of probabilities."""
    if not from_logits:
        return log(clip(outputs, SMALLEST, 1.0))
    _refuse_probabilities(loss, outputs, SOFTMAX)
    return outputs


def _refuse_probabilities(loss: Loss, outputs: Tensor, activation: Operation) -> None:
    if outputs.operation is activation:
        raise UsageError(_PROBABILITIES(loss=type(loss).__name__, activation=activation.name))


def check_class_weights(loss: Loss, class_weights: Sequence[float] | None) -> None:
    """Refuse class weights that are not numbers, 0 or more."""
    for value in () if class_weights is None else class_weights:
        check_number(loss, NOT_NEGATIVE, class_weights=value)
