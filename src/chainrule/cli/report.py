"""What a command prints on standard output: tables before a training, the result after it."""

from __future__ import annotations

import shlex

from chainrule.cli.tables import print_tabular
from chainrule.data.tables import Table
from chainrule.diagnosis import Findings
from chainrule.messages import Message
from chainrule.messages.paragraph import print_paragraph
from chainrule.nn import Network
from chainrule.runs.arrangement import Arrangement
from chainrule.runs.folder import RunFolder
from chainrule.runs.outcome import Outcome
from chainrule.runs.report import REPORT
from chainrule.runs.wording import (
    column_table,
    confused_in_words,
    course_in_words,
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
    print_paragraph(f"{plan_in_words(arrangement)}\n")


def print_outcome(
    outcome: Outcome, arrangement: Arrangement, findings: Findings, folder: RunFolder, *, only: bool = False
) -> None:
    """The final block; `only` its first line."""
    target, result = arrangement.target, outcome.as_data()
    first = scores_in_words(target, outcome.test)
    if only:
        print_paragraph(first)
        return
    print()
    print_paragraph(first)
    print_paragraph("\n".join(guess_in_words(target, outcome.test, outcome.guess)))
    print_paragraph("\n".join(course_in_words(result, validated=outcome.validated)))
    if pairs := confused_in_words(target, outcome.test):
        print_paragraph(pairs)
    print_paragraph(findings_in_words(findings))
    _print_next(folder)


def _print_next(folder: RunFolder) -> None:
    """Where all is kept, and what can be done with it: a line each, to be copied whole."""
    run = shlex.quote(str(folder))
    print()
    print_paragraph(_SAVED(folder=folder))
    for line in (
        f"chainrule predict {run} INPUT",
        f"chainrule evaluate {run}",
        f"chainrule diagnose {run}",
        f"chainrule serve {run}",
        _PAGE(page=shlex.quote(str(folder.path / REPORT))),
        _PYTHON(code=f"cr.load({str(folder)!r}).predict(...)"),
    ):
        print(f"  {line}")
