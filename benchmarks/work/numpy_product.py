"""The rate of NumPy's own matrix product: what a library of many years makes of this machine, on all cores."""

from __future__ import annotations

import os

# OpenBLAS reads it when it is loaded: its threads look for work for 2 ** 20 cycles, instead of 2 ** 28 (0.1 s), before
# they sleep. Products follow each other at once, so this costs nothing; ours, whose turn is next, finds the cores free.
os.environ["OPENBLAS_THREAD_TIMEOUT"] = "20"

import numpy as np

from benchmarks.turns import Turns

SIZE = 2048


def product_flops(turns: Turns) -> None:
    """Products of 2048 × 2048 matrices in float32, counted in floating-point operations."""
    random = np.random.default_rng(0)
    a, b = (random.standard_normal((SIZE, SIZE), np.float32) for _ in range(2))
    result = np.empty_like(a)
    while True:
        np.matmul(a, b, out=result)
        turns.done(2.0 * SIZE**3)
