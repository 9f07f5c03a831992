"""What a compiled program and its caller agree on, whatever the program: both sides of the call read it here.

It needs none of the compiler's passes, so that a program that was compiled before runs without loading them.
"""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.graph.dtype import DTYPES, DType, bool_, float32, float64, int32, int64, uint8

LINE = 64  # bytes; everything starts at a line of the cache
ROWS = ("rows", "pairs", "triples")  # arenas in one memory, by how many axes are the batch
BANKS_AT_MOST = 8  # threads that can sum over a batch at once
TYPE_NUMBERS = {dtype: k for k, dtype in enumerate(DTYPES)}
ACCEPTED: dict[DType, tuple[DType, ...]] = {
    float32: (float32, uint8, float64),
    float64: (float64, float32, uint8),
    int64: (int64, int32, uint8),
    int32: (int32, uint8),
    uint8: (uint8,),
    bool_: (bool_,),
}
"""What the caller's arrays may hold where a program wants a type: converted as they are loaded."""


def padded(count: int, unit: int) -> int:
    """The next multiple of a unit."""
    return -(-count // unit) * unit


def bytes_of_rows(sizes: Mapping[str, int], batch: int) -> int:
    """What the rows of a batch take, pairs and triples included."""
    return sum(sizes[arena] * batch**axes for axes, arena in enumerate(ROWS, 1))
