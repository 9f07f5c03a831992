"""The number of threads of NumPy's matrix products: one while evaluating, as before otherwise."""

import threading

import numpy as np
from threadpoolctl import threadpool_info

import chainrule as cr
from chainrule.execute.threads import one_thread


def _blas_threads():
    """Of NumPy's own library: another test may have loaded SciPy's as well."""
    return [p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas" and "numpy" in p["filepath"]]


def test_one_thread_inside_and_the_same_as_before_outside():
    before = _blas_threads()
    with one_thread():
        assert set(_blas_threads()) <= {1}
    assert _blas_threads() == before


def test_evaluations_in_several_threads_restore_what_was_there():
    before = _blas_threads()
    x = np.ones((300, 300), np.float32)

    def work():
        for _ in range(20):
            cr.evaluate([cr.tensor(x) @ cr.tensor(x)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _blas_threads() == before
