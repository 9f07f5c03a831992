"""Work for the tests of the runner: with a known time, spinning when it should sleep, failing."""

import threading
import time

from benchmarks.turns import Turns


def waiting(turns: Turns, seconds: float) -> None:
    """Work that takes so long, at least, whatever else the machine does."""
    while True:
        time.sleep(seconds)
        turns.done(1)


def spinning(turns: Turns) -> None:
    """Work whose pool never sleeps."""
    threading.Thread(target=_spin, daemon=True).start()
    waiting(turns, 0.01)


def _spin() -> None:
    while True:
        pass


def failing(turns: Turns) -> None:
    """Work that cannot begin."""
    raise RuntimeError("no such instruction")


def failing_later(turns: Turns) -> None:
    """Work that ends in the middle."""
    for _ in range(3):
        time.sleep(0.01)
        turns.done(1)
    raise RuntimeError("out of memory")


def talking(turns: Turns) -> None:
    """Work that prints, as libraries do."""
    while True:
        print("hello from a library")
        time.sleep(0.01)
        turns.done(1)


def once(seconds: float = 0.0, memory: int = 0) -> None:
    """A whole process's work."""
    print("hello from a library", end="")
    held = bytearray(memory)
    held[::4096] = b"x" * len(held[::4096])
    time.sleep(seconds)


def noting_cache(file: str) -> None:
    """A whole process's work that writes down which cache it was given, and how much was in it."""
    import os
    from pathlib import Path

    folder = Path(os.environ["CHAINRULE_CACHE_DIR"])
    with open(file, "a", encoding="utf-8") as notes:
        notes.write(f"{folder} {len(list(folder.iterdir()))}\n")
    (folder / "library").touch()
