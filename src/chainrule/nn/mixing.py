"""Mix-up: training on blends of two samples, whose labels are blended alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.graph.tensor import Tensor
from chainrule.nn.layer import Layer
from chainrule.nn.ranges import NOT_NEGATIVE, check_number
from chainrule.nn.scope import Scope
from chainrule.ops.mixing import mix_up, mixing_shares, mixing_turn

__all__ = ["MixUp"]


@dataclass(frozen=True, eq=False)
class MixUp(Layer):
    """In training each sample is blended with another one of its batch, and so is its loss; in inference y = x.

        y_n = λ_n x_n + (1 - λ_n) x_p
        loss of n = λ_n w_n ℓ(ŷ_n, t_n) + (1 - λ_n) w_p ℓ(ŷ_n, t_p),  λ = max(b, 1 - b), b ~ Beta(alpha, alpha)

    p = (n - k) mod batch, k the same for the whole batch, another one in each step. `fit` forms that loss from any loss
    of single samples, with targets t and sample weights w; metrics see the own target t_n, whose share is the larger
    one. Several inputs are given as a tuple, and blended alike. It usually stands first; behind other layers it blends
    what they make.

    Shapes:   x (batch, …) → (batch, …); several alike
    Raises:   UsageError if alpha is negative; in `fit`, if a network mixes twice.
    Source:   Zhang, Cissé, Dauphin and Lopez-Paz 2018, with a share for each pair; behind other layers: Verma, Lamb,
              Beckham, Najafi, Mitliagkas, Lopez-Paz and Bengio 2019
    Example:
        >>> from chainrule.nn import MixUp, trace
        >>> trace(MixUp(), [(4,)]).training.operation.name
        'mix_up'
    """

    alpha: float = 0.2

    def __post_init__(self) -> None:
        check_number(self, NOT_NEGATIVE, alpha=self.alpha)

    def apply(self, x: Any, scope: Scope) -> Any:
        alpha = scope.scalar("alpha", self.alpha)
        if not scope.training:
            return x
        samples = (x if isinstance(x, Tensor) else x[0]).shape[0]
        shares = mixing_shares(samples, alpha, scope.seed, scope.step, stream=scope.stream())
        turn = mixing_turn(samples, scope.seed, scope.step, stream=scope.stream())
        scope.mix(shares, turn)
        return mix_up(x, shares, turn) if isinstance(x, Tensor) else tuple(mix_up(part, shares, turn) for part in x)
