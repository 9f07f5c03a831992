"""What a loss is worth: what it would be without knowing the inputs, and what it can be at best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.extent import Shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, tensor
from chainrule.nn.losses import SquaredDistance
from chainrule.nn.losses.loss import BinaryLoss, CategoricalLoss, Loss, LossFunction
from chainrule.nn.network import Network
from chainrule.ops.contraction import mean
from chainrule.train.samples import Samples


@dataclass(frozen=True)
class LossRange:
    """Values of a loss on given samples, for answers that need no network.

    guessing   the same for all of them, by who knows nothing: equal shares of the classes, or the mean of the targets
    constant   the same for all of them, by who knows the targets: the shares that classes have, or the mean
    best       outputs that are the targets: 0, or what is uncertain in targets that are probabilities
    """

    guessing: float
    constant: float
    best: float


_SMALLEST = 1e-3  # share of a class, so that one without samples has a logarithm


def loss_range(
    loss: LossFunction, network: Network, samples: Samples, groups: NDArray[np.int64] | None = None
) -> LossRange | None:
    """What the loss can be without a network; None where outputs and targets are not comparable, and nobody knows.

    groups   the group of each sample, for a guess at the mean of each group instead of that of all
    """
    outputs = network.inference
    if not isinstance(outputs, Tensor) or len(samples.targets) != 1:
        return None
    sizes = [extent for extent in outputs.shape[1:] if isinstance(extent, int)]
    (y,), shape = samples.targets, (len(samples), *sizes)
    plain = _of_probabilities(loss)
    if isinstance(plain, CategoricalLoss | SquaredDistance) and shape[-1:] != (1,):
        best = _value(plain, y, y) if _is_soft(y, shape) else 0.0
        equal, shares = np.full(shape, 1 / shape[-1]), np.broadcast_to(_class_shares(y, shape), shape)
        return LossRange(_value(plain, equal, y), _value(plain, shares, y), best)
    if y.shape not in (shape, shape[:-1] if shape[-1:] == (1,) else shape):
        return None
    targets = y.reshape(shape).astype(np.float64)
    means = _means(targets, groups)
    if isinstance(plain, BinaryLoss):
        best = _value(plain, targets, y) if _is_soft(y, shape) else 0.0
        shares = np.clip(means, _SMALLEST, 1 - _SMALLEST)
        known = shares if plain.threshold else np.log(shares / (1 - shares))
        return LossRange(_value(plain, np.full(shape, plain.threshold), y), _value(plain, known, y), best)
    guess = _value(plain, means, y)
    return LossRange(guess, guess, _value(plain, targets, y))


def are_hard(y: Array) -> bool:
    """Whether targets say what is and what is not, and nothing between: labels, or zeros and ones."""
    return y.dtype.kind in "bui" or bool(((y == 0) | (y == 1)).all())


def _is_soft(y: Array, shape: Shape) -> bool:
    return y.shape == shape and not are_hard(y)


def _of_probabilities(loss: LossFunction) -> LossFunction:
    """The loss of outputs that are what the targets are: not of their logits or logarithms."""
    if not isinstance(loss, Loss):
        return loss
    own: Sequence[str] = [f.name for f in fields(loss)]
    given: dict[str, Any] = {name: False for name in ("from_logits", "from_logarithms") if name in own}
    return replace(loss, **given)


def _class_shares(y: Array, shape: Shape) -> Array:
    """How often each class is meant, over all samples and places."""
    classes = shape[-1]
    assert isinstance(classes, int)
    soft = y.shape == shape
    counts = y.reshape(-1, classes).sum(0, dtype=np.float64) if soft else np.bincount(y.ravel(), minlength=classes)
    shares = np.maximum(counts / counts.sum(), _SMALLEST)
    sharing: Array = shares / shares.sum()
    return sharing


def _means(targets: Array, groups: NDArray[np.int64] | None) -> Array:
    """For each sample the mean of the targets of its group."""
    groups = np.zeros(len(targets), np.int64) if groups is None else groups
    found = np.empty_like(targets)
    for group in np.unique(groups):
        found[groups == group] = targets[groups == group].mean(0)
    return found


def _value(loss: LossFunction, outputs: Array, targets: Array) -> float:
    wanted = targets.astype(np.float64 if targets.dtype.kind == "f" else np.int64)  # as a training step takes them
    return float(mean(loss(tensor(outputs.astype(np.float64)), tensor(wanted))))
