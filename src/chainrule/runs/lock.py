"""One process at a time trains a run."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from chainrule.errors import SaveError, UsageError
from chainrule.messages import Message
from chainrule.runs.folder import RunFolder, cannot_write

_BUSY = Message(
    "run.busy",
    en="{run} is being trained by another process ({owner}). Wait until it ends, or end it; then 'chainrule resume"
    " {run}' goes on.",
    zh="{run} 正由另一个进程（{owner}）训练。请等它结束，或先结束它；然后“chainrule resume {run}”可继续。",
)

_LOCK = ".lock"


@contextmanager
def held(folder: RunFolder) -> Iterator[None]:
    """Keep other processes from training this run meanwhile.

    The system itself holds the lock, and lets go of it when the process ends in whatever way: none is left behind.
    Where the file system knows no locks, nothing is kept from anybody.

    Raises:   UsageError if another process trains it; SaveError if nothing can be written there.
    """
    try:
        file = os.open(folder.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as reason:
        raise SaveError(cannot_write(folder.path / _LOCK, reason)) from reason
    try:
        try:
            _lock(file)
        except (BlockingIOError, PermissionError):
            owner = os.read(file, 200).decode(errors="replace").strip()
            raise UsageError(_BUSY(run=folder, owner=owner or "?")) from None
        except OSError:
            pass
        with suppress(OSError):  # who it is only helps to understand
            os.truncate(file, 0)
            os.write(file, f"{os.getpid()}, {platform.node()}\n".encode())
        yield
    finally:
        with suppress(OSError):
            os.close(file)


if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # a place that nobody reads: there others may not even read what is locked

    def _lock(file: int) -> None:
        os.lseek(file, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(file, 0, os.SEEK_SET)
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
