"""Limits of memory and time for what is given hostile data."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest


@contextmanager
def memory(more: int) -> Iterator[None]:
    """Let this process have so many bytes more than it has; what asks for more gets a MemoryError."""
    if not Path("/proc/self/statm").exists():
        pytest.skip("how much memory the process has is not known here")
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextmanager
def seconds(most: float) -> Iterator[None]:
    """End what takes longer, in this process's own time and not in that of others."""

    def too_long(number: int, frame: FrameType | None) -> NoReturn:
        raise TimeoutError(f"longer than {most} s")

    before = signal.signal(signal.SIGVTALRM, too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, most)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
