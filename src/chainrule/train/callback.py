"""What may look at a training, and turn it, while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.train.loop import Training

__all__ = ["Callback"]


class Callback:
    """Called by the training loop at the moments that Keras names so; override those that matter.

    Between two calls `training` stands between two steps: everything of it may be read, and its scalars turned.
    """

    def on_train_begin(self, training: Training) -> None:
        """Before the first step, also of a training that is resumed."""

    def on_train_batch_end(self, training: Training) -> None:
        """After each step; training.logs holds the means of the epoch so far."""

    def on_epoch_end(self, training: Training) -> None:
        """After each epoch and its validation; training.logs holds the epoch's entries of the history."""

    def on_train_end(self, training: Training) -> None:
        """After the last step of a training that was not interrupted."""

    def memory(self) -> dict[str, Any]:
        """What must be remembered for an exact resume: numbers, texts, arrays, and lists and dicts of them."""
        return {}

    def recall(self, memory: dict[str, Any]) -> None:
        """Begin afresh, or where an earlier object of this class had that memory; called before on_train_begin."""
