"""What may look at a training, and turn it, while it runs."""

from __future__ import annotations

from collections.abc import Sequence
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

    def wants_step(self, step: int) -> bool:
        """Whether to be called after this step of the model's life: by default, if on_train_batch_end is overridden.

        Steps between two that are wanted run without coming back to Python, many times faster for small networks.
        """
        return type(self).on_train_batch_end is not Callback.on_train_batch_end

    def on_train_batch_end(self, training: Training) -> None:
        """After each step that is wanted; training.logs holds the means of the epoch so far."""

    def on_train_progress(self, training: Training) -> None:
        """Now and then, between two steps, several times a second: for what shows how far the training is.

        training.losses holds the loss of each step since the last time.
        """

    def on_epoch_end(self, training: Training) -> None:
        """After each epoch and its validation; training.logs holds the epoch's entries of the history."""

    def on_train_end(self, training: Training) -> None:
        """After the last step of a training that was not interrupted."""

    def on_train_diverged(self, training: Training) -> None:
        """When a loss or parameter is not finite, before DivergedError ends the training.

        The training has gone back to before the step that failed, which would be the next one.
        """

    def memory(self) -> dict[str, Any]:
        """What must be remembered for an exact resume: numbers, texts, arrays, and lists and dicts of them."""
        return {}

    def recall(self, memory: dict[str, Any]) -> None:
        """Begin afresh, or where an earlier object of this class had that memory; called before on_train_begin."""


def memories(callbacks: Sequence[Callback]) -> tuple[tuple[str, dict[str, Any]], ...]:
    """What callbacks remember, each beside the name of its class; without those that need nothing."""
    return tuple((type(callback).__name__, memory) for callback in callbacks if (memory := callback.memory()))


def remind(callbacks: Sequence[Callback], memories: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Each callback takes up what the first of its class remembered that no other has taken up."""
    left: dict[str, list[dict[str, Any]]] = {}
    for name, memory in memories:
        left.setdefault(name, []).append(memory)
    for callback in callbacks:
        own = left.get(type(callback).__name__)
        callback.recall(own.pop(0) if own else {})
