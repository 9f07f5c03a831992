"""NumPy's matrix products on one thread.

For the sizes of small networks a second thread gains nothing, and its waiting by spinning is ruinous beside another
process: a step of LeNet-5 with 64 samples took 18 ms with one thread and 17 with two on a machine of two cores, but
beside another such training 18 with one and 50 to 1,500 with two (python -m benchmarks.blas_threads). Nor do the bits
then depend on the number of cores.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController  # takes as long to import as a small training step

    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Within this context NumPy multiplies matrices on one thread; the number from before returns after it."""
    limit: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limit
