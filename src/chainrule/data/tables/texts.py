"""A column of texts, as a file has them: each different text once, and which of them every row has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.data.tables.written_numbers import numbers

_MISSING = ("", "na", "n/a", "nan", "null", "?", "-")  # what stands where nothing is known, in capitals or not
_SPELLINGS = {"".join(letters) for word in _MISSING for letters in product(*zip(word, word.upper(), strict=True))}

_MOST_QUOTED = 40  # characters of a cell in a message


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of texts. What is found out about texts is found out once for each different one.

    different   those that occur, each once
    codes       the place in `different` of every row's text

    Example:
        >>> towns = Texts.of(["Bern", "Rome", "Bern", "n/a"])
        >>> towns.different.tolist(), towns.codes.tolist(), towns.missing.tolist()
        (['Bern', 'Rome', 'n/a'], [0, 1, 0, 2], [False, False, True])
        >>> towns
        <4 texts, 3 different>
    """

    different: NDArray[Any]
    codes: NDArray[np.int64]

    @classmethod
    def of(cls, cells: Sequence[str]) -> Self:
        """Those of these cells."""
        growing = GrowingTexts()
        growing.add(cells)
        return cls(*growing.parts())

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        return f"<{len(self)} texts, {len(self.different)} different>"

    def take(self, rows: NDArray[Any]) -> Texts:
        """Those of these rows; a text that none of them has is forgotten."""
        taken = self.codes[rows]
        used = np.zeros(len(self.different), bool)
        used[taken] = True
        return Texts(self.different[used], (np.cumsum(used) - 1)[taken])

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Which of the different texts say that nothing is known; a minus does, unless it is the opposite of a plus."""
        missing = np.fromiter(map(_SPELLINGS.__contains__, self.different), bool, len(self.different))
        if (self.different == "+").any():
            missing &= self.different != "-"
        return missing

    @cached_property
    def present(self) -> list[str]:
        """The different texts that say something."""
        return list(self.different[~self.missing])

    @cached_property
    def numbers(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The numbers that the different texts say, NaN where they do not, and which of them say one."""
        return numbers(list(self.different))

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many rows have each of the different texts."""
        return np.bincount(self.codes, minlength=len(self.different))


class GrowingTexts:
    """A column of texts that is read piece by piece, so that of equal texts only the first takes memory."""

    def __init__(self) -> None:
        self.places: defaultdict[str, int] = defaultdict()
        self.places.default_factory = self.places.__len__  # a text that is new gets the next place
        self.codes: list[NDArray[np.int64]] = []

    def add(self, cells: Sequence[str]) -> None:
        """Take these cells as further rows."""
        self.codes.append(np.fromiter(map(self.places.__getitem__, cells), np.int64, len(cells)))

    def parts(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """The different texts, and the place of each row's among them."""
        return np.array([*self.places], object), np.concatenate(self.codes)


def shortened(text: str) -> str:
    """A text as messages quote it: whole where it is short."""
    return text if len(text) <= _MOST_QUOTED else text[: _MOST_QUOTED - 1] + "…"
