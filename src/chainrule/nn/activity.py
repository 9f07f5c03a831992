"""A penalty on what neurons say, not on their weights."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.extent import batch
from chainrule.graph.tensor import Tensor
from chainrule.nn.layer import Layer
from chainrule.nn.penalties import Penalty, check_penalties
from chainrule.nn.scope import Scope
from chainrule.ops.creation import size

__all__ = ["ActivityPenalty"]


@dataclass(frozen=True, eq=False)
class ActivityPenalty(Layer):
    """Leaves x as it is, and adds its penalty to the loss of the training: with L1, few neurons shall be active.

        y = x;  loss + Σ factor · size(x) / samples

    As Keras's ActivityRegularization: a mean over the samples, whatever their weights, and a sum over all else. What
    depends on samples belongs to the training: evaluation leaves it out.

    Shapes:   x (batch, …) → (batch, …)
    Raises:   UsageError if the penalty is not one.
    Source:   Olshausen and Field 1996, for the idea of sparse codes
    Example:
        >>> from chainrule.nn import L1, ActivityPenalty, trace
        >>> network = trace(ActivityPenalty(L1(0.01)), [(4,)])
        >>> network.scalar_values(), len(network.penalties)
        ({'activity_penalty/penalty': 0.01}, 1)
    """

    penalty: Penalty

    def __post_init__(self) -> None:
        check_penalties(self, penalty=self.penalty)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        for name, (factor, cost) in self.penalty.terms(x).items():
            scope.penalty(scope.scalar(name, factor) * cost / size(batch, x.dtype))
        return x
