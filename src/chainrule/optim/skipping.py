"""Steps that are left out where they would do harm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chainrule.optim.optimizer import Applied, Parameters, Scalars, Slots
from chainrule.optim.wrapper import Wrapper

__all__ = ["SkipNonFinite"]


@dataclass(frozen=True)
class SkipNonFinite(Wrapper):
    """Leave out steps whose loss or gradients are infinite or NaN, as a single batch may cause, and go on.

    Such a step changes nothing, neither parameters nor what the optimizer keeps, nor does it count as an update; the
    history has under "skipped" how many there were in each epoch. Without this, a loss that is not finite ends `fit`
    with DivergedError; so does, with it, an epoch in which every step was skipped.

    Source:   as in PyTorch (GradScaler.step), which looks at the gradients alone
    Example:
        >>> import numpy as np
        >>> from chainrule.nn import Dense
        >>> from chainrule.optim import SGD
        >>> from chainrule.train import Model
        >>> x, y = np.array([[1.0], [2.0], [1e30], [3.0]]), np.zeros((4, 1))
        >>> model = Model(Dense(1))
        >>> history = model.fit(x, y, loss="mean_squared_error", optimizer=SkipNonFinite(SGD(0.01)), batch_size=1,
        ...                     epochs=2, verbose=0)
        >>> history.history["skipped"]
        [1, 1]
    """

    @property
    def skips_non_finite(self) -> bool:
        return True

    def apply(
        self, parameters: Parameters, gradients: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> Applied:
        return self.optimizer.apply(parameters, gradients, slots, scalars)
