"""Philox 4x32-10 against Random123's published answers and against its definition word by word."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.graph.philox import philox4x32

# Random123, tests/kat_vectors, lines "philox4x32 10": counter, key, answer. The third row is made of the digits of π.
KNOWN_ANSWERS = [
    "00000000 00000000 00000000 00000000  00000000 00000000  6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    "ffffffff ffffffff ffffffff ffffffff  ffffffff ffffffff  408f276d 41c83b0e a20bc7c6 6d5451fd",
    "243f6a88 85a308d3 13198a2e 03707344  a4093822 299f31d0  d16cfe09 94fdcceb 5001e420 24126ea1",
]

word = st.integers(0, 2**32 - 1)


def block(counter: list[int], key: list[int]) -> list[int]:
    c0, c1, c2, c3 = (np.uint32(value) for value in counter)
    k0, k1 = (np.uint32(value) for value in key)
    return [int(part) for part in philox4x32((c0, c1, c2, c3), (k0, k1))]


def one_block(counter: list[int], key: list[int]) -> list[int]:
    """The definition on Python integers."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        first, second = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (second >> 32) ^ c1 ^ k0, second % 2**32, (first >> 32) ^ c3 ^ k1, first % 2**32
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return [c0, c1, c2, c3]


@pytest.mark.parametrize("row", KNOWN_ANSWERS)
def test_known_answers_of_random123(row: str) -> None:
    values = [int(text, 16) for text in row.split()]
    assert block(values[:4], values[4:6]) == values[6:]


@given(st.lists(word, min_size=4, max_size=4), st.lists(word, min_size=2, max_size=2))
def test_agrees_with_the_definition_on_integers(counter: list[int], key: list[int]) -> None:
    assert block(counter, key) == one_block(counter, key)


def test_arrays_broadcast_and_each_counter_has_its_own_block() -> None:
    index = np.arange(6, dtype=np.uint32).reshape(2, 3)
    one = np.uint32(1)
    answer = philox4x32((index, one, one, one), (one, np.uint32(7)))
    assert all(part.shape == (2, 3) and part.dtype == np.uint32 for part in answer)
    assert [int(part[1, 2]) for part in answer] == one_block([5, 1, 1, 1], [1, 7])


def test_no_counters_give_no_words() -> None:
    empty = np.zeros(0, np.uint32)
    zero = np.zeros(1, np.uint32)
    assert [part.shape for part in philox4x32((empty, zero, zero, zero), (zero, zero))] == [(0,)] * 4
