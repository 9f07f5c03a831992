"""What a training shows while it runs: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from chainrule.messages import Message
from chainrule.train import Callback

if TYPE_CHECKING:
    from rich.progress import Progress

    from chainrule.train import Training

_LINE = Message(
    "cli.progress",
    en="epoch {epoch}/{epochs}  step {step}/{steps}  rate {rate:.2g}  loss {loss:.4f}  accuracy {accuracy:.2%}",
    zh="第 {epoch}/{epochs} 轮  第 {step}/{steps} 步  学习率 {rate:.2g}  损失 {loss:.4f}  准确率 {accuracy:.2%}",
)


def is_live() -> bool:
    """Whether standard error is a terminal that can rewrite a line."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class LiveLine(Callback):
    """Progress, rate, loss, accuracy and the time left, on one line of standard error that is rewritten."""

    def __init__(self) -> None:
        self._progress: Progress | None = None

    def on_train_begin(self, training: Training) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = BarColumn(bar_width=20), TimeRemainingColumn(), TextColumn("{task.description}")
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("", total=training.epochs * training.steps_per_epoch)
        self._progress.start()

    def on_train_batch_end(self, training: Training) -> None:
        if self._progress is None:
            return
        done = training.epochs_done * training.steps_per_epoch + training.steps_done
        text = _LINE(
            epoch=training.epochs_done + 1,
            epochs=training.epochs,
            step=training.steps_done,
            steps=training.steps_per_epoch,
            rate=training.scalars.get("learning_rate", 0.0),
            loss=training.logs["loss"],
            accuracy=training.logs.get("accuracy", 0.0),
        )
        self._progress.update(self._task, completed=done, description=text)

    def stop(self) -> None:
        """Take the line away; also where the training was cut short."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
