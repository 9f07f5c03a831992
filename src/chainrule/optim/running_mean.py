"""Means that forget: what adaptive rates are made of."""

from __future__ import annotations

from chainrule.graph.tensor import Tensor
from chainrule.ops.kinds.conversion import cast


def running_mean(mean: Tensor, new: Tensor, beta: Tensor) -> Tensor:
    """β·mean + (1 − β)·new.

    1 − β and βᵗ lose their digits in float32: such numbers are made in float64 and rounded once.
    """
    return cast(beta, new.dtype) * mean + cast(1.0 - beta, new.dtype) * new


def corrected(mean: Tensor, beta: Tensor, t: Tensor) -> Tensor:
    """mean / (1 − βᵗ): a running mean of t numbers that began at 0, without the weight of that 0."""
    return mean / cast(1.0 - beta**t, mean.dtype)
