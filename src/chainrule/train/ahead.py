"""Reading ahead: of data mapped from a disk, what the next steps need is asked for while the present ones run."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.data.memory import memory_size
from chainrule.graph.operation import Array
from chainrule.train.samples import Samples

_SPAN = 16_384  # samples that are asked for at once, where the order has no windows: a tenth of a second of LeNet-5
_PIECE = 1 << 17  # bytes: Linux reads no more than a disk's usual read-ahead for one request
_SMALLEST = 1 << 20  # bytes of an array that is worth it
_SHARE = 4  # data of at most a quarter of the memory are asked for as a whole, once
_GAP = 1 << 16  # bytes between samples that are read with them, which is faster than to ask twice


class _Mapped(NamedTuple):
    """An array in a file: the map, where in it the array begins, and the bytes of a sample."""

    map: mmap.mmap
    start: int
    stride: int
    size: int


class Ahead:
    """Asks the system for the pages of the samples to come, in a thread of its own; nothing of it changes a result.

    It does nothing where no array is mapped, or where the system cannot be asked.

    span   samples that are asked for together, one span ahead of the one that is used: the windows of an order. Without
           it the data are asked for as a whole, once, if they are small beside the memory, and else by samples, as a
           disk reads slowest.
    """

    def __init__(self, samples: Samples, span: int | None = None) -> None:
        arrays = [*samples.inputs, *samples.targets]
        self._mapped = [found for array in arrays if (found := _mapped(array))]
        self._chosen, self._span = samples.chosen, span or _SPAN
        self._as_a_whole = not span and sum(one.size for one in self._mapped) <= memory_size() // _SHARE
        self._order: NDArray[np.int64] = np.empty(0, np.int64)
        self._asked = 0
        self._waiting: SimpleQueue[Sequence[tuple[mmap.mmap, int, int]] | NDArray[np.int64] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self, order: NDArray[np.int64], position: int) -> None:
        """An epoch goes through the samples in this order, from this position on."""
        if not self._mapped:
            return
        self._order, self._asked = order, position - position % self._span
        if self._thread is None:
            work = partial(self._work, self._mapped)
            self._thread = threading.Thread(target=work, name="chainrule-ahead", daemon=True)
            self._thread.start()
            if self._as_a_whole:
                self._waiting.put([(one.map, one.start, one.start + one.size) for one in self._mapped])
                self._mapped = []
        self.reach(position)

    def reach(self, position: int) -> None:
        """The steps have come to this position."""
        while self._mapped and self._asked < min(position + self._span + 1, len(self._order)):
            self._waiting.put(self._order[self._asked : self._asked + self._span])
            self._asked += self._span

    def end(self) -> None:
        """There are no more steps; what is still waiting is dropped."""
        if self._thread is not None:
            while not self._waiting.empty():
                with suppress(Exception):
                    self._waiting.get_nowait()
            self._waiting.put(None)
            self._thread = None

    # --------------------------------------------------------------------------------------------------- the thread
    def _work(self, mapped: Sequence[_Mapped]) -> None:
        while (wanted := self._waiting.get()) is not None:
            ranges = self._ranges(wanted, mapped) if isinstance(wanted, np.ndarray) else wanted
            for memory, start, end in ranges:
                for piece in range(start - start % mmap.PAGESIZE, end, _PIECE):
                    with suppress(OSError, ValueError):  # it is a request; and the map may be closed
                        memory.madvise(mmap.MADV_WILLNEED, piece, min(_PIECE, end - piece))

    def _ranges(self, places: NDArray[np.int64], mapped: Sequence[_Mapped]) -> Iterator[tuple[mmap.mmap, int, int]]:
        """The bytes of samples, those near each other together."""
        where = np.sort(places if self._chosen is None else self._chosen[places])
        for one in mapped:
            apart = np.flatnonzero(np.diff(where) * one.stride > _GAP + one.stride) + 1
            firsts, lasts = where[np.r_[0, apart]], where[np.r_[apart - 1, len(where) - 1]]
            for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
                yield one.map, one.start + first * one.stride, one.start + (last + 1) * one.stride


def _mapped(array: Array) -> _Mapped | None:
    """How an array is mapped, if it is, and lies there sample by sample."""
    if array.nbytes < _SMALLEST or not array.flags.c_contiguous or not hasattr(mmap, "MADV_WILLNEED"):
        return None
    base: Any = array
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    if not isinstance(base, mmap.mmap):
        return None
    start = array.ctypes.data - np.frombuffer(base, np.uint8).ctypes.data
    return _Mapped(base, start, array.strides[0], array.nbytes)
