"""Training from the disk against training from memory, through the public interface only."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from benchmarks.turns import Turns
from benchmarks.work import task
from benchmarks.work.ours import Timed
from chainrule.data.stored import Stored, store

SAMPLES, BATCH = 1 << 17, 64  # 103 MB of images
_DISK = Path("/var/tmp")  # unlike /tmp, which may be memory


def epochs(turns: Turns, from_disk: bool) -> None:
    """Epochs of LeNet-5 over images of bytes, in blocks: from files that the system has forgotten, or from memory."""
    # What is open and mapped stays when its name is gone: this process may be killed, and leaves nothing behind.
    with tempfile.TemporaryDirectory(dir=_DISK if _DISK.is_dir() else None) as folder:
        data = store(_images(), Path(folder, "images"), batches=True)
        forgetting = [Forgotten(data)] if from_disk else []
    x, y = (data.x, data.y) if from_disk else (np.array(data.x), np.array(data.y))
    cr.Model(cr.nn.lenet5()).fit(
        x,
        y,
        optimizer=cr.optim.Adam(task.RATE),
        metrics=[],
        epochs=1_000_000,
        batch_size=BATCH,
        shuffle=cr.data.Blocks(),
        callbacks=[Timed(turns, SAMPLES // BATCH), *forgetting],
        verbose=0,
    )


class Forgotten(cr.train.Callback):
    """Lets the system forget the files at the beginning, and after each epoch."""

    def __init__(self, data: Stored) -> None:
        self.data = data
        self.files = [os.open(path, os.O_RDONLY) for path in data.folder.iterdir()]

    def on_train_begin(self, training: cr.train.Training) -> None:
        self._forget()

    def on_epoch_end(self, training: cr.train.Training) -> None:
        self._forget()

    def _forget(self) -> None:
        for array in (self.data.x, self.data.y):
            base: Any = array
            while isinstance(base, np.ndarray | memoryview):
                base = base.base if isinstance(base, np.ndarray) else base.obj
            base.madvise(mmap.MADV_DONTNEED)  # what a process has mapped is not forgotten
        for file in self.files:
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)


def _images() -> Iterator[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    random = np.random.default_rng(0)
    for _ in range(0, SAMPLES, 1 << 13):
        yield random.integers(0, 256, (1 << 13, 28, 28, 1), np.uint8), random.integers(0, 10, 1 << 13)
