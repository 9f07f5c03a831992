"""Seeded shuffling that is the same on every machine, and for every version of NumPy."""

from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.philox import philox4x32
from chainrule.graph.seeds import checked_seed

# Each purpose has a stream of its own, so that with one seed they are independent of each other.
EPOCH, BLOCK, SPLIT, CHOICE = 0x65706F63, 0x626C6F63, 0x73706C74, 0x63686F63


def permutation(count: int, seed: SupportsIndex, *, stream: int = CHOICE, round_number: int = 0) -> NDArray[np.int64]:
    """The numbers 0 to count - 1 in an order that depends on the seed, the stream and the round, and on nothing else.

        k[2j], k[2j+1] = the four words of Philox 4x32-10, two to a 64-bit key, for
                         counter (j, stream, low and high word of the round), key (low and high word of the seed)
        order = stable argsort of k

    Raises:   UsageError if the seed does not fit in 64 bits.
    Example:
        >>> permutation(10, seed=1)
        array([2, 0, 6, 8, 7, 5, 3, 9, 1, 4])
    """
    seed_low, seed_high = _halves(checked_seed(seed, 64))
    round_low, round_high = _halves(round_number)
    blocks = np.arange((count + 1) // 2, dtype=np.uint32)
    words = philox4x32((blocks, np.uint32(stream), round_low, round_high), (seed_low, seed_high))
    w0, w1, w2, w3 = (word.astype(np.uint64) for word in words)
    shift = np.uint64(32)
    keys = np.stack([w0 << shift | w1, w2 << shift | w3], axis=1).reshape(-1)[:count]
    return np.argsort(keys, kind="stable").astype(np.int64)


def _halves(number: int) -> tuple[np.uint32, np.uint32]:
    return np.uint32(number & 0xFFFFFFFF), np.uint32(number >> 32)
