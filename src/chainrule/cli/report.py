"""What a command prints on standard output: tables before a training, the result after it."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
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

_SAVED = Message(
    "cli.report.saved",
    en="kept in {folder}, all of it on one page in {page}; next: chainrule predict {folder} INPUT, chainrule diagnose"
    " {folder}; in Python cr.load('{folder}').predict(...)",
    zh="已保存在 {folder}，完整报告见 {page}；下一步：chainrule predict {folder} INPUT，chainrule diagnose {folder}；"
    "在 Python 中 cr.load('{folder}').predict(...)",
)


def print_data(arrangement: Arrangement) -> None:
    """How many samples of what kind there are in each part, what is predicted, and how good it is to guess."""
    records = arrangement.training.labeled.records
    if isinstance(records, Table):
        _print(column_table(records))
    _print(data_table(arrangement))


def print_layers(network: Network) -> None:
    """The layers with their outputs and numbers of parameters."""
    _print(layer_table(network))


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
    print(_SAVED(folder=folder, page=folder.path / REPORT))


def table() -> Rows:
    """An empty table as all of them look."""
    return Rows(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)


def print_table(rows: Rows) -> None:
    """A table on standard output, and an empty line; brackets in it are brackets."""
    console = Console(markup=False, emoji=False)
    console.print(rows)
    console.print()


def printable(text: str) -> str:
    """A text without what a terminal would take for an order: names in data are given by anybody."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _print(tabular: Tabular) -> None:
    shown = table()
    words = len(tabular.head) - tabular.numbers
    for place, name in enumerate(tabular.head):
        foot = tabular.foot[place] if tabular.foot else ""
        shown.add_column(Text(name), Text(foot), overflow="fold", justify="left" if place < words else "right")
    for row in tabular.rows:
        shown.add_row(*map(Text, row))
    shown.show_footer = bool(tabular.foot)
    print_table(shown)
