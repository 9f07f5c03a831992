"""Dealing out samples: the order of an epoch, and its batches from any position on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from chainrule.data.checks import check_batch_size
from chainrule.data.order import BLOCK, EPOCH, permutation
from chainrule.errors import UsageError
from chainrule.messages import Message

_BLOCKS = Message(
    "data.blocks",
    en="Blocks: {name} is {value!r}; it must be a whole number, at least 1.",
    zh="Blocks：{name} 为 {value!r}；它必须是不小于 1 的整数。",
)
_POSITION = Message(
    "data.position",
    en="position is {position}, but the epoch has {samples} samples; it must lie between 0 and {samples}.",
    zh="position 为 {position}，而本轮有 {samples} 个样本；它必须在 0 到 {samples} 之间。",
)


@dataclass(frozen=True)
class Blocks:
    """An order for data larger than memory, which a disk reads in pieces: neighbours stay near each other.

    The data are cut into blocks of `size` neighbours, which come in random order; `window` blocks at a time, from all
    over the data, are shuffled together, sample by sample. Data that are sorted, as by class, need small blocks and
    many in a window, so that each window holds some of everything.

    size     samples in a block; a disk should read one in a few milliseconds
    window   blocks that are shuffled together; two windows are in memory

    Raises:   UsageError if these are no numbers from 1 on.
    """

    size: int = 1024
    window: int = 64

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if type(value) is not int or value < 1:
                raise UsageError(_BLOCKS(name=name, value=value))

    @property
    def span(self) -> int:
        """Samples in a window."""
        return self.size * self.window


def epoch_order(samples: int, seed: SupportsIndex, epoch: int, blocks: Blocks | None = None) -> NDArray[np.int64]:
    """The order in which an epoch visits the samples: a permutation that seed, epoch and blocks alone decide.

    Raises:   UsageError if the seed does not fit in 64 bits.
    Source:   chainrule.data.order.permutation says how it is computed.
    Example:
        >>> epoch_order(10, seed=0, epoch=0)
        array([1, 0, 3, 9, 4, 2, 6, 5, 8, 7])
        >>> epoch_order(10, seed=0, epoch=1)
        array([7, 6, 1, 8, 5, 3, 0, 9, 2, 4])
        >>> epoch_order(10, seed=0, epoch=0, blocks=Blocks(size=2, window=2))
        array([1, 0, 8, 9, 3, 2, 5, 4, 7, 6])
    """
    ranks = permutation(samples, seed, stream=EPOCH, round_number=epoch)
    if blocks is None:
        return ranks
    starts = permutation(-(-samples // blocks.size), seed, stream=BLOCK, round_number=epoch) * blocks.size
    neighbours = (starts[:, np.newaxis] + np.arange(min(blocks.size, samples))).reshape(-1)
    neighbours = neighbours[neighbours < samples]
    windows = np.arange(samples) // blocks.span
    return neighbours[np.argsort(windows * samples + ranks, kind="stable")]


def batches(
    order: NDArray[np.int64], batch_size: SupportsIndex, *, position: int = 0, drop_last: bool = False
) -> Iterator[NDArray[np.int64]]:
    """Successive pieces of an order, each the indices of one batch, from a position on.

    The position counts the samples already visited, so a training continues in mid-epoch where it stopped. The last
    batch may be smaller, unless it is dropped.

    Raises:   DataError if the batch is larger than the data; UsageError if batch_size or position make no sense.
    Example:
        >>> [batch.tolist() for batch in batches(np.arange(7), 3)]
        [[0, 1, 2], [3, 4, 5], [6]]
        >>> [batch.tolist() for batch in batches(np.arange(7), 3, position=3, drop_last=True)]
        [[3, 4, 5]]
    """
    samples = len(order)
    size = check_batch_size(batch_size, samples)
    if not 0 <= position <= samples:
        raise UsageError(_POSITION(position=position, samples=samples))
    end = samples - (samples - position) % size if drop_last else samples
    return (order[start : min(start + size, end)] for start in range(position, end, size))
