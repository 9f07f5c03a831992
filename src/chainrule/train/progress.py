"""How a training shows on a terminal: one plain line per epoch, which reads well in logs too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chainrule.messages import Message
from chainrule.train.callback import Callback

if TYPE_CHECKING:
    from chainrule.train.loop import Training

__all__ = ["EpochLines"]

_EPOCH = Message(
    "progress.epoch", en="epoch {epoch}/{epochs}  {seconds:.1f} s", zh="第 {epoch}/{epochs} 轮  {seconds:.1f} 秒"
)


class EpochLines(Callback):
    """Prints a line per epoch to standard error: its number, the seconds since the beginning, the means."""

    def on_epoch_end(self, training: Training) -> None:
        head = _EPOCH(epoch=training.epochs_done, epochs=training.epochs, seconds=training.seconds)
        means = (f"{name} {value:.4f}" for name, value in training.logs.items())
        print("  ".join([head, *means]), file=sys.stderr, flush=True)
