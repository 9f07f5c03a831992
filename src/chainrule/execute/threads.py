"""NumPy's matrix products on one thread.

For the sizes of small networks a second thread gains nothing, and its waiting by spinning is ruinous beside another
process: a step of LeNet-5 with 64 samples took 18 ms with one thread and 17 with two on a machine of two cores, but
beside another such training 18 with one and 50 to 1,500 with two (python -m benchmarks.blas_threads). Nor do the bits
then depend on the number of cores.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_lock = threading.Lock()
_inside = 0  # how many evaluations run at this moment, in all threads of Python
_limit: Any = None


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController  # takes as long to import as a small training step

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Within this context NumPy multiplies matrices on one thread; the number from before returns after it.

    The number belongs to the process, so the first evaluation to begin sets it and the last to end restores it.
    """
    global _inside, _limit
    with _lock:
        _inside += 1
        if _inside == 1:
            _limit = _controller().limit(limits=1, user_api="blas")
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limit.restore_original_limits()


def _begin_child() -> None:
    """In the child of a fork only the thread lives on that forked, outside of every evaluation."""
    global _inside
    if _inside:
        _inside = 0
        _limit.restore_original_limits()
    _lock.release()


if hasattr(os, "register_at_fork"):  # held meanwhile, so that the child finds the numbers whole
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_begin_child)
