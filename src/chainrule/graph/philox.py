"""Philox 4x32-10: random bits as a pure function of a counter and a key, the same on every machine."""

import numpy as np
from numpy.typing import NDArray

Word = NDArray[np.uint32] | np.uint32
Block = tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)  # the golden ratio and √3 − 1, as 32-bit fractions
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def philox4x32(counter: tuple[Word, Word, Word, Word], key: tuple[Word, Word]) -> Block:
    """Four random words for every counter, under a key; arrays broadcast together.

    Each round, with the key growing by its step after it:

        (h₀, l₀) = M₀·c₀,  (h₁, l₁) = M₁·c₂          (high and low halves of the 64-bit products)
        c ← (h₁ ⊕ c₁ ⊕ k₀,  l₁,  h₀ ⊕ c₃ ⊕ k₁,  l₀)

    Source:   Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3.
    Example:
        >>> zero = np.uint32(0)
        >>> [f"{word:08x}" for word in philox4x32((zero, zero, zero, zero), (zero, zero))]
        ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    # Words are kept in 64 bits, so that a product holds both halves and nothing overflows.
    c0, c1, c2, c3 = (np.asarray(word, np.uint64) for word in counter)
    k0, k1 = (np.asarray(word, np.uint64) for word in key)
    for _ in range(ROUNDS):
        first, second = np.uint64(MULTIPLIERS[0]) * c0, np.uint64(MULTIPLIERS[1]) * c2
        c0, c1, c2, c3 = (second >> _HALF) ^ c1 ^ k0, second & _LOW, (first >> _HALF) ^ c3 ^ k1, first & _LOW
        k0, k1 = (k0 + np.uint64(KEY_STEPS[0])) & _LOW, (k1 + np.uint64(KEY_STEPS[1])) & _LOW
    w0, w1, w2, w3 = (word.astype(np.uint32) for word in np.broadcast_arrays(c0, c1, c2, c3))
    return w0, w1, w2, w3
