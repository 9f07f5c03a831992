"""The team of threads that runs compiled programs: how many there are, and the calls into it.

The threads themselves are C (team.c), one pool for the process, asleep while nothing runs. A program sees them through
team.h: `void work(void *frame, int thread, int threads, struct team *team)` is called in all of them at once.
"""

from __future__ import annotations

import ctypes
import math
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from chainrule.compiler.toolchain import FLAGS, load
from chainrule.errors import CompilerError, UsageError
from chainrule.messages import Message

LIMIT = 256  # threads; the same number as in team.c
SYSTEM_FLAGS = (*FLAGS, "-pthread", "-D_GNU_SOURCE")

_making = threading.Lock()

_NOT_A_COUNT = Message(
    "team.not_a_count",
    en="CHAINRULE_NUM_THREADS is '{text}', but must be a whole number of threads from 1 to {limit}. Correct it, or "
    "unset it to use all the cores that this process may use.",
    zh="CHAINRULE_NUM_THREADS 为“{text}”，但应为 1 到 {limit} 之间的整数（线程数）。请更正，或取消设置以使用本进程"
    "可用的全部核心。",
)


def thread_count(groups: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> int:
    """How many threads a program uses: $CHAINRULE_NUM_THREADS, else the cores that this process may use.

    Those are the cores it is bound to, or fewer where control groups (containers) allow it less time than that.

    Raises:   UsageError if CHAINRULE_NUM_THREADS is not a whole number from 1 to 256.
    """
    if text := os.environ.get("CHAINRULE_NUM_THREADS"):
        if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= LIMIT):
            raise UsageError(_NOT_A_COUNT(text=text, limit=LIMIT))
        return int(text)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, LIMIT, *(max(1, math.ceil(share)) for share in _shares(groups, membership)))


def run(work_address: int, frame_address: int, threads: int | None = None) -> None:
    """Call a program's `work` with this frame in so many threads; thread_count() of them unless it is said.

    Another thread of Python may run a program at the same time: the later one then runs alone. All of them take
    denormal numbers for zero during the call.

    Raises:   CompilerError without a C compiler.
    Example:
        >>> work = "void work(int *frame, int thread, int threads, struct team *team) { frame[thread] = threads; }"
        >>> program, frame = load(header() + work), (ctypes.c_int * 3)()
        >>> run(ctypes.cast(program.work, ctypes.c_void_p).value, ctypes.addressof(frame), 2)
        >>> list(frame)
        [2, 2, 0]
    """
    _team_run()(work_address, frame_address, _usual_count() if threads is None else threads)


def run_address() -> int:
    """Where `int team_run(work, void *frame, int threads)` is, for callers in C; it returns how many took part."""
    return ctypes.cast(_team_run(), ctypes.c_void_p).value or 0


def begin() -> None:
    """Compile the pool beside what this thread does meanwhile, where that has not been done before.

    What goes wrong is said where the pool is needed.
    """

    def compile_it() -> None:
        with suppress(CompilerError):
            library()

    if not _library.cache_info().currsize:
        threading.Thread(target=compile_it).start()


def library() -> ctypes.CDLL:
    """The library of the pool, compiled where that has not been done before; one for the process."""
    with _making:
        return _library()


@cache
def _library() -> ctypes.CDLL:
    return load(header() + Path(__file__).with_name("team.c").read_text(encoding="utf-8"), SYSTEM_FLAGS)


def _unlock() -> None:
    """In the child of a fork nobody else makes the library, whatever another thread of the parent was doing."""
    global _making
    _making = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)


@cache
def header() -> str:
    """The text of team.h, to stand before a program: struct team and team_barrier."""
    return Path(__file__).with_name("team.h").read_text(encoding="utf-8")


@cache
def _team_run() -> Any:
    function = library().team_run
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    function.restype = ctypes.c_int
    return function


@cache
def _usual_count() -> int:
    """thread_count() as it was at the first run: it reads files, which would take longer than a small program."""
    return thread_count()


def _shares(groups: Path, membership: Path) -> Iterator[float]:
    """The cores' worth of time that each control group around this process allows, where it limits that."""
    for folder in _folders(groups, membership):
        with suppress(OSError, ValueError):  # "max", or no such file: no limit there
            quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
            yield int(quota) / int(period)
        with suppress(OSError, ValueError):
            quota, period = (
                (folder / f"cpu.cfs_{name}_us").read_text(encoding="utf-8") for name in ("quota", "period")
            )
            if int(quota) > 0:
                yield int(quota) / int(period)


def _folders(groups: Path, membership: Path) -> Iterator[Path]:
    """The folders of the groups this process is in, and of those around them: each can set a limit of its own.

    A container may see a path from outside it in `membership`; only the outermost folder then exists.
    """
    with suppress(OSError, ValueError):
        for line in membership.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "cpu" not in controllers.split(","):
                continue
            top = groups / controllers  # version 2 has no controllers here, and no folder for them
            group = top / path.strip("/")
            yield group
            while group != top:
                group = group.parent
                yield group
