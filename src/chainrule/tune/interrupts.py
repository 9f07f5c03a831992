"""Ctrl-C during a search: it ends between two steps of a training, never within what Optuna stores."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chainrule.train import Callback, Training


class Interrupts(Callback):
    """Remembers Ctrl-C until a training, or whoever makes the trials, asks for it; a second one is raised at once.

    An interrupt in the middle of a transaction would leave a database locked, and the next write waiting for it.
    """

    def __init__(self) -> None:
        self._came = False

    @contextmanager
    def remembered(self) -> Iterator[None]:
        """Within this, as far as Ctrl-C raises KeyboardInterrupt here at all."""
        usual = signal.default_int_handler
        if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not usual:
            yield
            return

        def remember(*_: Any) -> None:
            self._came = True
            signal.signal(signal.SIGINT, usual)

        signal.signal(signal.SIGINT, remember)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, usual)

    def check(self) -> None:
        """Raise KeyboardInterrupt if one came."""
        if self._came:
            raise KeyboardInterrupt

    def on_train_progress(self, training: Training) -> None:
        self.check()
