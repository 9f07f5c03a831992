"""What a command prints on standard output: tables before a training, the result after it."""

from __future__ import annotations

import os
import re
import shlex

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Rows
from rich.text import Text

from chainrule.data.tables import Table
from chainrule.diagnosis import Findings
from chainrule.messages import Message
from chainrule.nn import Network
from chainrule.runs.arrangement import Arrangement
from chainrule.runs.folder import RunFolder
from chainrule.runs.outcome import Outcome
from chainrule.runs.report import REPORT
from chainrule.runs.wording import (
    Tabular,
    best_in_words,
    column_table,
    confused_in_words,
    cost_in_words,
    data_table,
    findings_in_words,
    guess_in_words,
    layer_table,
    plan_in_words,
    scores_in_words,
)

_SAVED = Message("cli.report.saved", en="kept in {folder}; next:", zh="已保存在 {folder}；下一步：")
_PAGE = Message("cli.report.page", en="open {page}", zh="打开 {page}")
_PYTHON = Message("cli.report.python", en="in Python: {code}", zh="在 Python 中：{code}")


_LONG_WORD = 16  # characters: a longer word may be broken
_GAP = 3  # between columns


def print_data(arrangement: Arrangement) -> None:
    """How many samples of what kind there are in each part, what is predicted, and how good it is to guess."""
    records = arrangement.training.labeled.records
    if isinstance(records, Table):
        print_tabular(column_table(records))
    print_tabular(data_table(arrangement))


def print_layers(network: Network) -> None:
    """The layers with their outputs and numbers of parameters."""
    print_tabular(layer_table(network))


def print_plan(arrangement: Arrangement) -> None:
    """How it will be trained."""
    print(plan_in_words(arrangement), end="\n\n", flush=True)


def print_outcome(
    outcome: Outcome, arrangement: Arrangement, findings: Findings, folder: RunFolder, *, only: bool = False
) -> None:
    """The final block; `only` its first line."""
    target, result = arrangement.target, outcome.as_data()
    first = scores_in_words(target, outcome.test)
    if only:
        print(first)
        return
    print(f"\n{first}")
    print(guess_in_words(target, outcome.guess))
    print(best_in_words(result, validated=outcome.validated))
    print(cost_in_words(result))
    if pairs := confused_in_words(target, outcome.test):
        print(pairs)
    print(findings_in_words(findings))
    _print_next(folder)


def _print_next(folder: RunFolder) -> None:
    """Where all is kept, and what can be done with it: a line each, to be copied whole."""
    run = shlex.quote(str(folder))
    print(f"\n{_SAVED(folder=folder)}")
    for line in (
        f"chainrule predict {run} INPUT",
        f"chainrule evaluate {run}",
        f"chainrule diagnose {run}",
        f"chainrule serve {run}",
        _PAGE(page=folder.path / REPORT),
        _PYTHON(code=f"cr.load({str(folder)!r}).predict(...)"),
    ):
        print(f"  {line}")


def table() -> Rows:
    """An empty table as all of them look."""
    return Rows(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)


def print_table(rows: Rows) -> None:
    """A table on standard output, and an empty line; brackets in it are brackets."""
    console = _console()
    console.print(rows)
    console.print()


def _console() -> Console:
    """Standard output; with NO_COLOR set, nothing but plain text: Rich alone would keep bold letters."""
    if os.environ.get("NO_COLOR"):
        return Console(markup=False, emoji=False, highlight=False, color_system=None)
    return Console(markup=False, emoji=False, highlight=False)


def printable(text: str) -> str:
    """A text without what a terminal would take for an order: names in data are given by anybody."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def print_tabular(tabular: Tabular) -> None:
    """A table on standard output, and an empty line; where words have no room beside each other, below each other."""
    if not _has_room(tabular, Console().width):
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
