"""Pictures as records: where they are, or what they are, decoded when a network needs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.team import thread_count
from chainrule.data.failures import Failures
from chainrule.data.records import Records
from chainrule.errors import DataError, FileFormatError
from chainrule.messages import Message

_WORD = Message("pictures.word", en="pictures", zh="图片")
_PIXELS = Message(
    "pictures.pixels",
    en="Picture {number} (the first is 1) holds {dtype} of shape {shape}; give pixels as uint8 of shape (height,"
    " width), (height, width, 1) or (height, width, 3).",
    zh="第 {number} 张图片（从 1 开始计数）是形状 {shape} 的 {dtype}；请给出 uint8 像素，形状为 (height, width)、"
    "(height, width, 1) 或 (height, width, 3)。",
)
_NONE = Message(
    "pictures.none",
    en="There are no pictures. Give at least one.",
    zh="没有图片。请至少给出一张。",
)

Item = TypeVar("Item")
Found = TypeVar("Found")
Picture = Path | bytes | NDArray[np.uint8]
_AT_ONCE = 16  # pictures in one piece of a thread's work
_MOST_THREADS = 8  # each may hold a large photograph


@dataclass(frozen=True, eq=False)
class Pictures(Records):
    """Pictures in order: each the path of a file, the bytes of one, or its pixels (height, width[, channels]) uint8.

    Raises:   DataError if there are none, or pixels are no uint8 of such a shape.
    """

    pictures: Sequence[Picture]
    word = _WORD

    def __post_init__(self) -> None:
        if not len(self.pictures):
            raise DataError(_NONE())
        for number, picture in enumerate(self.pictures, 1):
            if isinstance(picture, np.ndarray):
                gray = picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] in (1, 3))
                if not gray or picture.dtype != np.uint8 or not picture.size:
                    raise DataError(_PIXELS(number=number, dtype=picture.dtype, shape=picture.shape))

    def __len__(self) -> int:
        return len(self.pictures)

    def take(self, places: NDArray[np.int64]) -> Self:
        return type(self)([self.pictures[place] for place in places.tolist()])


def look_at(items: Sequence[Item], look: Callable[[Item], Found]) -> tuple[list[Found], Failures]:
    """What `look` gives for each picture that can be used, in order, and why the others cannot; several threads look,
    which Pillow lets run at once.
    """

    def of_piece(piece: Sequence[Item]) -> list[Found | FileFormatError]:
        found: list[Found | FileFormatError] = []
        for item in piece:
            try:
                found.append(look(item))
            except FileFormatError as failure:
                found.append(failure)
        return found

    pieces = [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]
    threads = min(thread_count(), _MOST_THREADS, len(pieces))
    if threads == 1:
        results = [one for piece in pieces for one in of_piece(piece)]
    else:
        pool = ThreadPoolExecutor(threads, "chainrule-pictures")
        try:
            results = [one for found in pool.map(of_piece, pieces) for one in found]
        finally:
            pool.shutdown(cancel_futures=True)  # after Ctrl-C, all but the pieces at work
    failures = {place: one for place, one in enumerate(results) if isinstance(one, FileFormatError)}
    return [one for one in results if not isinstance(one, FileFormatError)], failures
