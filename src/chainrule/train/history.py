"""What a training reported, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["History"]


@dataclass(frozen=True)
class History:
    """The means of each epoch, under Keras's names: loss, the metrics, and both with val_ for the validation data.

    Example:
        >>> history = History({"loss": [0.9, 0.5], "val_loss": [0.8, 0.7]})
        >>> history.epoch, history.history["val_loss"]
        ([0, 1], [0.8, 0.7])
    """

    history: dict[str, list[float]]

    @property
    def epoch(self) -> list[int]:
        """The numbers of the epochs, from 0."""
        return list(range(max(map(len, self.history.values()), default=0)))

    def _repr_html_(self) -> str:
        from chainrule.train.notebook import history_as_html

        return history_as_html(self)
