"""How much memory there is."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

# Where Linux says what a container may have, in its newer and its older form.
_LIMITS = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")

_USUAL = 4 << 30  # where the system does not say


def memory_size() -> int:
    """The bytes of the machine's memory, or of that part of it that this process may have."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return _USUAL
    for path in _LIMITS:
        with suppress(OSError, ValueError):  # no container; or "max"
            found = min(found, int(path.read_text()))
    return found
