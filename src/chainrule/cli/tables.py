"""Tables in a terminal, of whatever width and colors it has."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from chainrule.runs.wording import Tabular

_LONG_WORD = 16  # characters: a longer word may be broken
_GAP = 3  # between columns


def table() -> Table:
    """An empty table as all of them look."""
    return Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)


def print_table(rows: Table) -> None:
    """A table on standard output, and an empty line; brackets in it are brackets."""
    console = _console()
    console.print(rows)
    console.print()


def _console() -> Console:
    """Standard output; with NO_COLOR set, nothing but plain text: Rich alone would keep bold letters."""
    plain = bool(os.environ.get("NO_COLOR"))
    return Console(markup=False, emoji=False, highlight=False, color_system=None if plain else "auto")


def printable(text: str) -> str:
    """A text without what a terminal would take for an order: names in data are given by anybody."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def print_tabular(tabular: Tabular) -> None:
    """A table on standard output, and an empty line; where words have no room beside each other, below each other."""
    if not _has_room(tabular, _console().width):
        _print_below(tabular)
        return
    shown = table()
    words = len(tabular.head) - tabular.numbers
    for place, name in enumerate(tabular.head):
        foot = tabular.foot[place] if tabular.foot else ""
        shown.add_column(Text(name), Text(foot), overflow="fold", justify="left" if place < words else "right")
    for row in tabular.rows:
        shown.add_row(*map(Text, row))
    shown.show_footer = bool(tabular.foot)
    print_table(shown)


def _has_room(tabular: Tabular, width: int) -> bool:
    """Whether no word is broken in a terminal of this width, but very long ones, such as paths."""
    lines = [tabular.head, *tabular.rows, *([tabular.foot] if tabular.foot else [])]
    columns = [*zip(*lines, strict=True)]
    natural = [max(map(cell_len, column)) for column in columns]
    # Chinese may be broken anywhere.
    words = [max(map(len, re.findall(r"[!-~]+", " ".join(column))), default=1) for column in columns]
    room = width - _GAP * (len(columns) - 1)
    # Rich makes the widest columns narrower until all have room: none is wider than this level then.
    level = max((level for level in range(width) if sum(min(each, level) for each in natural) <= room), default=0)
    return all(level >= min(each, word, _LONG_WORD) for each, word in zip(natural, words, strict=True))


def _print_below(tabular: Tabular) -> None:
    """The first cell of each row, and below it the others with the heads of their columns."""
    console = _console()
    first, *others = tabular.head
    console.print(Text(first, "bold"))
    for title, *cells in [*tabular.rows, *([tabular.foot] if tabular.foot else [])]:
        console.print(Text(title))
        said = "; ".join(f"{name}: {cell}" if name else cell for name, cell in zip(others, cells, strict=True) if cell)
        console.print(Padding(Text(said), (0, 0, 0, 2)))
    console.print()
