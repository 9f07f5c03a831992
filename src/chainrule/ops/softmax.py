"""Softmax, its logarithm, and cross-entropy: scores of classes as probabilities, without overflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import DataError, DTypeError, ShapeError
from chainrule.graph.dtype import bool_
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.axes import Axes, sized_axes
from chainrule.ops.comparison import is_finite
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import stop_gradient, where
from chainrule.ops.exponential import exp, log
from chainrule.ops.gathering import one_hot
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, as_tensor, cast
from chainrule.ops.movement import reshape
from chainrule.ops.selection import max

__all__ = ["cross_entropy", "log_softmax", "log_sum_exp", "softmax"]

_LABELS = Message(
    "cross_entropy.labels",
    en="cross_entropy: logits {logits} need integer labels of shape {integers}, or one-hot labels of their own shape; "
    "the labels are {labels}.",
    zh="cross_entropy：logits {logits} 需要形状为 {integers} 的整数标签，或与其形状相同的 one-hot 标签；"
    "给出的标签为 {labels}。",
)
_LABEL_TYPE = Message(
    "cross_entropy.label_type",
    en="cross_entropy: labels {labels} are not integers, the numbers of classes. Convert them, e.g. with"
    " cr.cast(labels, 'int64').",
    zh="cross_entropy：标签 {labels} 不是整数，即类别的编号。请先转换，例如 cr.cast(labels, 'int64')。",
)
_RANGE = Message(
    "cross_entropy.range",
    en="cross_entropy: label {label} is out of range: with {classes} classes, labels go from 0 to {last}.",
    zh="cross_entropy：标签 {label} 超出范围：共 {classes} 个类别，标签应为 0 到 {last}。",
)


# --------------------------------------------------------------------------------------------------------- softmax
def _peak(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """The largest element, a constant to differentiation: it cancels, and only keeps exp in range."""
    top = stop_gradient(max(x, axes, keepdims=True))
    return where(is_finite(top), top, 0.0)


def _log_sum_exp(x: Tensor, *, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    top = _peak(x, axes)
    total = log(sum(exp(x - top), axes, keepdims=True)) + top
    return total if keepdims else reshape(total, tuple(e for k, e in enumerate(total.shape) if k not in axes))


def _softmax(x: Tensor, *, axes: tuple[int, ...]) -> Tensor:
    powers = exp(x - _peak(x, axes))
    return powers / sum(powers, axes, keepdims=True)


def _log_softmax(x: Tensor, *, axes: tuple[int, ...]) -> Tensor:
    shifted = x - _peak(x, axes)  # before the logarithm is taken away: the peak may be too large to add it to
    return shifted - log(sum(exp(shifted), axes, keepdims=True))


LOG_SUM_EXP = Composite("log_sum_exp", _log_sum_exp)
SOFTMAX = Composite("softmax", _softmax)
LOG_SOFTMAX = Composite("log_softmax", _log_softmax)


def log_sum_exp(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """Logarithm of a sum of exponentials, without overflow.

        y = log Σ exp(x)

    Raises:   ShapeError if an axis does not exist, is empty, or is the batch.
    Example:
        >>> log_sum_exp([1000.0, 1000.0])
        Tensor(1000.6932, shape=(), dtype=float32)
    """
    x = as_floats(x)
    return LOG_SUM_EXP(x, axes=sized_axes("log_sum_exp", axis, x), keepdims=keepdims)


def softmax(x: Any, axis: Axes = -1) -> Tensor:
    """Positive numbers that sum to 1 along an axis: probabilities of exclusive classes.

        y = exp(x) / Σ exp(x)

    Raises:   ShapeError if an axis does not exist, is empty, or is the batch.
    Example:
        >>> softmax([0.0, 0.0])
        Tensor([0.5 0.5], shape=(2,), dtype=float32)
    """
    x = as_floats(x)
    return SOFTMAX(x, axes=sized_axes("softmax", axis, x))


def log_softmax(x: Any, axis: Axes = -1) -> Tensor:
    """Logarithm of softmax, without overflow.

        y = x - log Σ exp(x)

    Raises:   ShapeError if an axis does not exist, is empty, or is the batch.
    Example:
        >>> log_softmax([0.0, 0.0])
        Tensor([-0.6931472 -0.6931472], shape=(2,), dtype=float32)
    """
    x = as_floats(x)
    return LOG_SOFTMAX(x, axes=sized_axes("log_softmax", axis, x))


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return -sum(where(targets == 0.0, 0.0, targets * log_softmax(logits)), -1)


CROSS_ENTROPY = Composite("cross_entropy", _cross_entropy)


def cross_entropy(logits: Any, labels: Any, *, label_smoothing: float | Tensor = 0.0) -> Tensor:
    """Cross-entropy of each sample's class probabilities, softmax of the logits, against its label.

        ℓ = -Σ_c t_c log softmax(logits)_c,  t = (1 - s)·one_hot(label) + s / C

    Shapes:   logits (…, C), labels (…) integers or (…, C) one-hot → (…)
    Raises:   ShapeError if labels fit neither way; DTypeError if integer labels are floats; DataError if one that is
              known already is out of range (the loss of one that is bound later is 0).
    Source:   label smoothing s: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016
    Example:
        >>> cross_entropy([[0.0, 0.0]], [1])
        Tensor([0.6931472], shape=(1,), dtype=float32)
    """
    logits, labels = as_floats(logits), as_tensor(labels)
    classes = logits.shape[-1] if logits.shape else 0
    if logits.shape and isinstance(classes, int) and labels.shape == logits.shape[:-1]:
        if labels.dtype.floating or labels.dtype is bool_:
            raise DTypeError(_LABEL_TYPE(labels=labels.type))
        known = np.zeros(0) if labels.value is None else labels.value
        wrong = known[(known < 0) | (known >= classes)]
        if wrong.size:
            raise DataError(_RANGE(label=wrong[0], classes=classes, last=classes - 1))
        targets = one_hot(labels, classes, logits.dtype)
    elif labels.shape == logits.shape:
        targets = cast(labels, logits.dtype)
    else:
        shapes = {"logits": show_shape(logits.shape), "integers": show_shape(logits.shape[:-1])}
        raise ShapeError(_LABELS(**shapes, labels=labels.type))
    if isinstance(label_smoothing, Tensor) or label_smoothing:
        targets = targets * (1.0 - label_smoothing) + label_smoothing * (1.0 / float(classes))
    return CROSS_ENTROPY(logits, targets)
