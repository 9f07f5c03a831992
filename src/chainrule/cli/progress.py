"""What shows on standard error while a training runs: a line per epoch, and on a terminal a live one below them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from chainrule.messages import Message
from chainrule.messages.paragraph import print_paragraph, print_parts
from chainrule.train import Callback

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.live import Live

    from chainrule.train import Training

_EPOCH = Message("cli.progress.epoch", en="epoch {number}/{of}", zh="第 {number}/{of} 轮")
_STEP = Message("cli.progress.step", en="step {number}/{of}", zh="第 {number}/{of} 步")
_LOSS = Message("cli.progress.loss", en="loss {loss:.4f}", zh="损失 {loss:.4f}")
_VALIDATION = Message("cli.progress.validation", en="validation loss {loss:.4f}", zh="验证损失 {loss:.4f}")
_ACCURACY = Message("cli.progress.accuracy", en="accuracy {accuracy:.2%}", zh="准确率 {accuracy:.2%}")
_SPEED = Message("cli.progress.speed", en="{speed:,.0f} samples/s", zh="{speed:,.0f} 样本/秒")
_LEFT = Message("cli.progress.left", en="{minutes}:{seconds:02d} left", zh="剩余 {minutes}:{seconds:02d}")
_SECONDS = Message("cli.progress.seconds", en="at {seconds:.1f} s", zh="已用 {seconds:.1f} 秒")

_BAR = 12  # characters
_ECHO = 2  # columns that stay free: a terminal shows ^C there, and what it breaks is not taken away


def is_live() -> bool:
    """Whether standard error can rewrite a line, and nobody asked for plain output."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def print_interrupted(text: str) -> None:
    """A paragraph on standard error, in the place of the ^C that a terminal shows."""
    print_paragraph(f"\r{text}" if sys.stderr.isatty() else text, sys.stderr)


class EpochLines(Callback):
    """A plain line per epoch, in the language of the product."""

    def on_epoch_end(self, training: Training) -> None:
        number = _EPOCH(number=training.epochs_done, of=training.epochs)
        parts = [number, *_means(training).values(), _SECONDS(seconds=training.seconds)]
        print_parts(parts, sys.stderr)

    def stop(self) -> None:
        """Take away what is live; also where a training was cut short."""


class LiveLine(EpochLines):
    """One more line that is rewritten. What does not fit the terminal is left out, the least important first."""

    _live: Live | None = None
    _parts: dict[str, str]
    _done = 0.0  # fraction of the training

    def on_train_begin(self, training: Training) -> None:
        from rich.console import Console
        from rich.live import Live

        self._parts = {}
        self._live = Live(self, console=Console(stderr=True), refresh_per_second=10, transient=True)
        self._live.start()  # from here on, what is printed to standard error appears above the live line

    def on_train_progress(self, training: Training) -> None:
        steps = training.epochs_done * training.steps_per_epoch + training.steps_done
        self._done = steps / (training.epochs * training.steps_per_epoch)
        minutes, seconds = divmod(round(training.seconds * (1 / self._done - 1)), 60)
        self._parts = {
            "epoch": _EPOCH(number=training.epochs_done + 1, of=training.epochs),
            "step": _STEP(number=training.steps_done, of=training.steps_per_epoch),
            **_means(training),
            "speed": _SPEED(speed=steps * training.batch_size / training.seconds),
            "left": _LEFT(minutes=minutes, seconds=seconds),
        }

    def on_train_end(self, training: Training) -> None:
        self.stop()

    def stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        filled = round(self._done * _BAR)
        parts = {"bar": Text.assemble(("━" * filled, "green"), ("━" * (_BAR - filled), "bright_black"))}
        parts |= {name: Text(part) for name, part in self._parts.items()}
        for least in ("", "bar", "speed", "step", "validation", "loss", "accuracy"):
            parts.pop(least, None)
            line = Text("  ", no_wrap=True, overflow="crop").join(parts.values())
            if line.cell_len <= options.max_width - _ECHO:
                break
        yield line


def _means(training: Training) -> dict[str, str]:
    """The loss of the epoch so far, and the accuracy where there is one."""
    shown = {"loss": _LOSS(loss=training.logs["loss"])}
    if "accuracy" in training.logs:
        shown["accuracy"] = _ACCURACY(accuracy=training.logs["accuracy"])
    if "val_loss" in training.logs:
        shown["validation"] = _VALIDATION(loss=training.logs["val_loss"])
    return shown
