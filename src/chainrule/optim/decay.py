"""Decoupled weight decay: weights shrink by themselves, not through the gradient of the loss."""

from __future__ import annotations

from chainrule.graph.tensor import Tensor
from chainrule.ops.kinds.conversion import cast
from chainrule.optim.optimizer import Scalars


def decayed(parameter: Tensor, scalars: Scalars) -> Tensor:
    """(1 − η λ) θ for arrays of two and more axes; biases and scales, which are vectors, stay as they are."""
    if parameter.ndim < 2:
        return parameter
    return parameter * cast(1.0 - scalars["learning_rate"] * scalars["weight_decay"], parameter.dtype)
