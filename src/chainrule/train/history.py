"""What a training reported, epoch by epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["History"]


@dataclass(frozen=True)
class History:
    """The means of each epoch, under Keras's names: loss, the metrics, and both with val_ for the validation data.

    Example:
        >>> history = History({"loss": [0.9, 0.5], "val_loss": [0.8, 0.7]})
        >>> history.epoch, history.history["val_loss"]
        ([0, 1], [0.8, 0.7])
        >>> history
        History(2 epochs; last: loss 0.5, val_loss 0.7; lowest val_loss 0.7 in epoch 2)
    """

    history: dict[str, list[float]]

    @property
    def epoch(self) -> list[int]:
        """The numbers of the epochs, from 0."""
        return list(range(max(map(len, self.history.values()), default=0)))

    def __repr__(self) -> str:
        """How it ended and which epoch was the best; all numbers are in `history`."""
        epochs = len(self.epoch)
        if not epochs:
            return "History(no epochs)"
        last = ", ".join(f"{name} {values[-1]:.4g}" for name, values in self.history.items() if values)
        parts = [f"{epochs} epoch{'s' if epochs != 1 else ''}", f"last: {last}"]
        loss = "val_loss" if "val_loss" in self.history else "loss"
        finite = {k: v for k, v in enumerate(self.history.get(loss, []), 1) if math.isfinite(v)}
        if len(finite) > 1:
            best = min(finite, key=finite.__getitem__)
            parts.append(f"lowest {loss} {finite[best]:.4g} in epoch {best}")
        return f"History({'; '.join(parts)})"

    def _repr_html_(self) -> str:
        from chainrule.train.notebook import history_as_html

        return history_as_html(self)
