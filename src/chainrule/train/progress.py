"""How a training shows on a terminal: one plain line per epoch, which reads well in logs too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chainrule.messages import Message
from chainrule.train.callback import Callback

if TYPE_CHECKING:
    from chainrule.train.loop import Training

__all__ = ["EpochLines"]

_EPOCH = Message("progress.epoch", en="epoch {epoch}/{epochs}", zh="第 {epoch}/{epochs} 轮")
_SECONDS = Message("progress.seconds", en="{seconds:.1f} s", zh="{seconds:.1f} 秒")


class EpochLines(Callback):
    """Prints a line per epoch to standard error: its number, the means, the seconds since the beginning."""

    def on_epoch_end(self, training: Training) -> None:
        number = _EPOCH(epoch=training.epochs_done, epochs=training.epochs)
        logs = training.logs.items()
        means = (f"{name} {value}" if isinstance(value, int) else f"{name} {value:.4f}" for name, value in logs)
        print("  ".join([number, *means, _SECONDS(seconds=training.seconds)]), file=sys.stderr, flush=True)
