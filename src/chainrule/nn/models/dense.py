"""Dense layers one behind the other: the multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.nn.activations import Activate
from chainrule.nn.dense import Dense
from chainrule.nn.reshaping import Flatten, Rescaling
from chainrule.nn.sequential import Sequential

__all__ = ["mlp"]


def mlp(
    units: Sequence[int] = (128,),
    classes: int = 10,
    activation: str | Activate = "relu",
    *,
    scale: float | None = None,
) -> Sequential:
    """Hidden dense layers one behind the other, and scores.

        h₁ = f(x W₁ + b₁), …, y = hₙ W + b

    It gives logits, for cross_entropy. `scale` multiplies the inputs first: 1/255 for pixels from 0 to 255.

    Shapes:   x (batch, …) → (batch, classes)
    Example:
        >>> from chainrule.nn import mlp, trace
        >>> trace(mlp((128,)), [(28, 28, 1)]).parameter_count
        101770
    """
    scaling = [] if scale is None else [Rescaling(scale, name="rescaling")]
    hidden = [Dense(count, activation, name=f"dense{k}") for k, count in enumerate(units, 1)]
    return Sequential([*scaling, Flatten(name="flatten"), *hidden, Dense(classes, name="scores")])
