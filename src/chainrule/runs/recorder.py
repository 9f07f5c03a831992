"""The callback that keeps a run's folder up to date while it trains."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from chainrule.runs.folder import RunFolder
from chainrule.train import Callback, Training

_SHARE = 0.05  # of the time that saving may take


class Recorder(Callback):
    """Writes a line of metrics after each epoch, and saves the model and its training now and then: so often that it
    takes a twentieth of the time at most, so that a long training loses little and a short one is not slowed down.

    share      of the time that saving may take
    executor   what ran the steps of this process, and
    stepping   the seconds that they took
    """

    executor = ""
    stepping = 0.0

    def __init__(self, folder: RunFolder, *, share: float = _SHARE) -> None:
        self._folder, self._share = folder, share
        self._saved = 0.0
        self._rate = math.nan  # of learning, in the last step

    def on_train_begin(self, training: Training) -> None:
        self.executor, self._saved = training.executor, time.monotonic()
        self._folder.write_metrics(_agreeing(self._folder.metrics(), training.history.history))

    def on_train_progress(self, training: Training) -> None:
        self.stepping, self._rate = training.seconds, training.rates[-1]
        self._save_if_time(training)

    def on_epoch_end(self, training: Training) -> None:
        line = {"epoch": training.epochs_done, **training.logs, "seconds": round(training.seconds, 3)}
        self._folder.append_metrics(line if math.isnan(self._rate) else {**line, "learning_rate": self._rate})
        self._save_if_time(training)

    def memory(self) -> dict[str, Any]:
        return {"rate": self._rate}  # an epoch may end, after a break, without a step

    def recall(self, memory: dict[str, Any]) -> None:
        self._rate = memory.get("rate", math.nan)

    def on_train_end(self, training: Training) -> None:
        self.stepping = training.seconds

    def _save_if_time(self, training: Training) -> None:
        now = time.monotonic()
        if (now - self._saved) * self._share >= training.saving:
            self._saved = now
            training.request_checkpoint(self._folder.path)


def _agreeing(lines: list[dict[str, Any]], logs: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """A line for each epoch of the training that is gone on with: as it was written then, where it was."""
    epochs = [dict(zip(logs, values, strict=True)) for values in zip(*logs.values(), strict=True)]
    written = {line.get("epoch"): line for line in lines}
    return [{"epoch": number, **written.get(number, {}), **means} for number, means in enumerate(epochs, 1)]
