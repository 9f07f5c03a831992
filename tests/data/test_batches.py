"""Orders that are the same on every machine, and batches that continue where they stopped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import batches, epoch_order, permutation
from chainrule.data.order import CHOICE, EPOCH, SPLIT
from chainrule.errors import DataError, UsageError

seeds = st.integers(0, 2**64 - 1)


def test_pinned_orders():
    """A change here breaks every resumed training and every published number."""
    assert epoch_order(60_000, seed=0, epoch=0)[:5].tolist() == [17610, 50689, 38301, 33661, 55406]
    assert epoch_order(60_000, seed=0, epoch=1)[:5].tolist() == [1263, 45360, 6137, 38851, 56617]
    assert epoch_order(60_000, seed=2**64 - 1, epoch=2**33)[:5].tolist() == [6632, 57329, 10813, 55831, 5135]


@given(st.integers(0, 300), seeds, st.integers(0, 2**40))
def test_an_order_visits_every_sample_once(samples, seed, epoch):
    order = epoch_order(samples, seed, epoch)
    assert order.dtype == np.int64
    assert sorted(order.tolist()) == list(range(samples))


def test_seed_epoch_and_purpose_each_change_the_order():
    orders = [
        permutation(1000, seed, stream=stream, round_number=epoch)
        for seed in (0, 1, 1 << 32)
        for stream in (EPOCH, SPLIT, CHOICE)
        for epoch in (0, 1, 1 << 32)
    ]
    assert len({order.tobytes() for order in orders}) == len(orders)


def test_every_sample_is_equally_likely_everywhere():
    """χ² of the places of 8 samples over 8,000 epochs: 49 degrees of freedom, mean 49, deviation 10."""
    places = np.stack([epoch_order(8, seed=3, epoch=epoch) for epoch in range(8000)])
    counts = np.stack([np.bincount(place, minlength=8) for place in places.T])
    assert 20 < ((counts - 1000) ** 2 / 1000).sum() < 100


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "0", None])
def test_seeds_that_do_not_fit(seed):
    with pytest.raises(UsageError, match="whole number from 0 to"):
        permutation(3, seed)


def test_numpy_integers_are_seeds():
    assert permutation(9, np.uint64(7)).tolist() == permutation(9, 7).tolist()


@given(st.integers(1, 50), st.data())
def test_batches_cover_the_order_once(samples, data):
    size = data.draw(st.integers(1, samples))
    order = epoch_order(samples, seed=0, epoch=0)
    pieces = list(batches(order, size))
    assert np.concatenate(pieces).tolist() == order.tolist()
    assert all(len(piece) == size for piece in pieces[:-1])
    full = list(batches(order, size, drop_last=True))
    assert [piece.tolist() for piece in full] == [piece.tolist() for piece in pieces if len(piece) == size]


@given(st.integers(1, 50), st.booleans(), st.data())
def test_continuing_from_any_batch_gives_the_rest(samples, drop_last, data):
    size = data.draw(st.integers(1, samples))
    order = epoch_order(samples, seed=1, epoch=4)
    pieces = [piece.tolist() for piece in batches(order, size, drop_last=drop_last)]
    done = data.draw(st.integers(0, len(pieces)))
    rest = batches(order, size, position=min(done * size, samples), drop_last=drop_last)
    assert [piece.tolist() for piece in rest] == pieces[done:]


def test_batches_refuses_at_once_and_not_at_the_first_batch():
    order = np.arange(5)
    with pytest.raises(DataError, match="only 5 samples"):
        batches(order, 6)
    with pytest.raises(UsageError, match="whole number"):
        batches(order, 0)
    for position in (-1, 6):
        with pytest.raises(UsageError, match=f"position is {position}"):
            batches(order, 2, position=position)


def test_the_end_of_an_epoch_has_no_batches():
    assert list(batches(np.arange(5), 2, position=5)) == []
    assert list(batches(np.arange(5), 2, position=4, drop_last=True)) == []
