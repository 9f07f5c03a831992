"""The inputs of many records: piece by piece, and together as arrays, in memory or, where they are large, in files."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.toolchain import cache_root
from chainrule.data.array_writer import ArrayWriter, kept_type
from chainrule.data.failures import Failures
from chainrule.data.inputs import Inputs
from chainrule.data.memory import memory_size
from chainrule.data.records import Records
from chainrule.errors import FileFormatError, SaveError
from chainrule.messages import Message

_NO_ROOM = Message(
    "prepared.no_room",
    en="Once they are prepared, the samples take {size:,} MB, more than is held in memory, and they cannot be written"
    " into {folder}: {reason}. Nothing is left of them. Free some space, or choose a folder on a larger disk with"
    " CHAINRULE_CACHE_DIR.",
    zh="预处理后的样本占 {size:,} MB，超过可放入内存的量，而它们无法写入 {folder}：{reason}。没有留下任何内容。"
    "请腾出空间，或用 CHAINRULE_CACHE_DIR 另选更大磁盘上的文件夹。",
)
_FREE = Message("prepared.free", en="{free:,} MB are free there", zh="那里只剩 {free:,} MB")

Prepared = NDArray[Any] | tuple[NDArray[Any], ...]

SHARE = 8  # of the memory: three parts, each beside what it was made from, then leave some for the training
_LEAST = 64  # records of a piece: the first ones say how much memory one takes, and from then on
_PIECE = 1 << 26  # are the bytes that the inputs of a piece may have
_MB = 10**6


def pieces(inputs: Inputs, records: Records) -> Iterator[tuple[Prepared, Failures]]:
    """The inputs of all records that can be used, so many at a time as memory holds easily, and why others cannot, by
    their places in the piece.

    Raises:   DataError as `Inputs.of`.
    """
    start, size = 0, _LEAST
    while start < len(records):
        stop = min(start + size, len(records))
        whole = start == 0 and stop == len(records)
        x, failures = inputs.of_usable(records if whole else records.take(np.arange(start, stop)))
        yield x, failures
        start, size = stop, max(_LEAST, _PIECE // max(1, bytes_of_each(x)))


def prepared(inputs: Inputs, records: Records) -> tuple[Prepared, Failures]:
    """The same of all together. Where they would take more than an eighth of the memory they are mapped from files.

    These lie in the cache's folder and have no name: the system removes them when nothing uses them any more, however
    that comes about.

    Raises:   DataError as `Inputs.of`; SaveError if there is no room for the files.
    """
    made = pieces(inputs, records)
    x, failures = first = next(made)
    size = bytes_of_each(x) * len(records)
    if size > memory_size() // SHARE:
        found, failures = _in_files(x, chain([first], made), size)
    else:
        x, failures = inputs.of_usable(records)
        found = [array.astype(kept_type(array.dtype), copy=False) for array in arrays_of(x)]  # as files have them
    return tuple(found) if isinstance(x, tuple) else found[0], failures


def arrays_of(x: Prepared) -> tuple[NDArray[Any], ...]:
    """The arrays of a network's inputs, however many it has."""
    return x if isinstance(x, tuple) else (x,)


def bytes_of_each(x: Prepared) -> int:
    """Those that one record takes in all its arrays, once they are of the types that are kept."""
    return sum(kept_type(array.dtype).itemsize * math.prod(array.shape[1:]) for array in arrays_of(x))


def _in_files(
    first: Prepared, made: Iterable[tuple[Prepared, Failures]], size: int
) -> tuple[list[NDArray[Any]], Failures]:
    """The arrays that these pieces, of about so many bytes in all, are of, mapped; and all failures."""
    folder, start = cache_root(), 0
    every: dict[int, FileFormatError] = {}
    with ExitStack() as files:
        with _said(size):
            folder.mkdir(parents=True, exist_ok=True)
            if (free := shutil.disk_usage(folder).free) < size:  # better now than after an hour
                raise SaveError(_NO_ROOM(size=size // _MB, folder=folder, reason=_FREE(free=free // _MB)))
            opened = [files.enter_context(TemporaryFile(dir=folder)) for _ in arrays_of(first)]
            writers = [ArrayWriter(file, x) for file, x in zip(opened, arrays_of(first), strict=True)]
        for piece, failures in made:
            every.update((start + place, failure) for place, failure in failures.items())
            start += len(arrays_of(piece)[0]) + len(failures)
            with _said(size):
                for writer, x in zip(writers, arrays_of(piece), strict=True):
                    writer.write(x)
        with _said(size):
            return [writer.mapped() for writer in writers], every


@contextmanager
def _said(size: int) -> Iterator[None]:
    """What the system refuses, in words."""
    try:
        yield
    except OSError as reason:
        said = reason.strerror or reason
        raise SaveError(_NO_ROOM(size=size // _MB, folder=cache_root(), reason=said)) from reason
