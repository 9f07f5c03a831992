"""Tables in a terminal, of whatever width and colors it has."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from chainrule.messages import Message, in_language
from chainrule.messages.paragraph import table_width
from chainrule.messages.wrapping import arranged, cells, pieces, wrapped

if TYPE_CHECKING:
    from chainrule.runs.wording import Tabular

_NAMED = Message("cli.tables.named", en="{name}: {cell}", zh="{name}：{cell}")

_LONG_WORD = 40  # columns of the terminal: a longer word may be broken
_MOST_LINES = 3  # of a cell, about
_GAP = "   "  # between columns


@dataclass(frozen=True)
class _Column:
    """The texts of a column, its name first and its foot last, and whether they stand at the right."""

    texts: tuple[str, ...]
    right: bool

    @property
    def widest_text(self) -> int:
        return max(cells(line) for text in self.texts for line in text.split("\n"))

    @property
    def least(self) -> int:
        """How wide it has to be for its words to stay whole, and its texts to be read easily."""
        lines = [line for text in self.texts for line in text.split("\n")]
        words = [min(cells(piece.rstrip()), _LONG_WORD) for line in lines for piece in pieces(line)]
        return max([*words, -(-self.widest_text // _MOST_LINES)])

    def cell(self, text: str, width: int) -> list[str]:
        """The lines of a text, as wide as the column."""
        lines = wrapped(text, width, fold=True).split("\n")
        blanks = (" " * (width - cells(line)) for line in lines)
        return [blank + line if self.right else line + blank for line, blank in zip(lines, blanks, strict=True)]


def printable(text: str) -> str:
    """A text without what a terminal would take for an order: names in data are given by anybody."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def print_tabular(tabular: Tabular) -> None:
    """A table on standard output, and an empty line; where words have no room beside each other, below each other.

    In a pipe, which has no width, each row is a line that can be searched.

    A column in which nothing stands is left out.
    """
    columns, width = _columns(tabular), table_width(sys.stdout)
    level = _level(columns, width)
    if width is None or all(level >= column.least for column in columns):
        _print_beside(columns, level, foot=bool(tabular.foot))
    else:
        _print_below(tabular, width)
    print(flush=True)


def fits(tabular: Tabular) -> bool:
    """Whether every row has room in one line of the terminal."""
    columns = _columns(tabular)
    return _level(columns, table_width(sys.stdout)) >= max(column.widest_text for column in columns)


def _columns(tabular: Tabular) -> list[_Column]:
    rows = [tabular.head, *tabular.rows, *([tabular.foot] if tabular.foot else [])]
    words = len(tabular.head) - tabular.numbers
    columns = [
        _Column(texts, place >= words or all(text.isdecimal() for text in texts[1:] if text))
        for place, texts in enumerate(zip(*rows, strict=True))
    ]
    return [column for column in columns if any(column.texts[1:])] or columns


def _level(columns: Sequence[_Column], width: int | None) -> int:
    """How wide a column can be, so that all of them have room: what is wider than this is made narrower."""
    if width is None:
        return max(column.widest_text for column in columns)
    room = width - len(_GAP) * (len(columns) - 1)
    natural = [column.widest_text for column in columns]
    return max((level for level in range(width + 1) if sum(min(each, level) for each in natural) <= room), default=0)


def _print_beside(columns: Sequence[_Column], level: int, *, foot: bool) -> None:
    widths = [min(column.widest_text, level) for column in columns]
    rows = [
        [column.cell(text, width) for column, text, width in zip(columns, texts, widths, strict=True)]
        for texts in zip(*(column.texts for column in columns), strict=True)
    ]
    body = [_beside(row, widths) for row in rows[1:]]
    names = _beside([cell[::-1] for cell in rows[0]], widths)[::-1]  # short names stand just above the rule
    _print_bold("\n".join(names))
    print("─" * (sum(widths) + len(_GAP) * (len(widths) - 1)))
    if foot:
        body.insert(-1, [""])
    for lines in body:
        print("\n".join(lines))


def _beside(row: Sequence[list[str]], widths: Sequence[int]) -> list[str]:
    """The lines of a row of cells."""
    blank = [" " * width for width in widths]
    lines = zip_longest(*row)
    return [
        _GAP.join(nothing if part is None else part for part, nothing in zip(line, blank, strict=True)).rstrip()
        for line in lines
    ]


def _print_below(tabular: Tabular, width: int) -> None:
    """The first cell of each row, and below it the others with the names of their columns."""
    first, *others = (name.replace("\n", "") for name in tabular.head)
    end, gap = in_language(en=";", zh="；"), in_language(en=" ", zh="")
    _print_bold(first)
    for title, *own in [*tabular.rows, *([tabular.foot] if tabular.foot else [])]:
        print(wrapped(title, width))
        said = [_NAMED(name=n, cell=cell) if n else cell for n, cell in zip(others, own, strict=True) if cell]
        if said:
            first_part, *more = [part + end for part in said[:-1]] + said[-1:]
            print(arranged([f"  {first_part}", *more], width, gap=gap))


def _print_bold(text: str) -> None:
    """A text on standard output in bold letters, where those are wanted: Rich alone would keep them with NO_COLOR."""
    plain = bool(os.environ.get("NO_COLOR"))
    console = Console(markup=False, emoji=False, highlight=False, color_system=None if plain else "auto")
    console.print(Text(text, "bold"), soft_wrap=True)
