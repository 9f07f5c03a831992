"""The results as a table in the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.results import Column, Goal, Ratio, Result, Run
from benchmarks.row import OURS, Row

READING = (
    "Medians, with quartiles in brackets. A ratio says how many times better chainrule is (faster or smaller): the"
    " median of the ratios in each round, with the interval that holds it with the confidence given."
)


def show_list(rows: Sequence[Row], console: Console) -> None:
    """Each row in one sentence."""
    table = Table("row", "what it measures", box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(row.name, row.sentence)
    console.print(table)


def show(run: Run, console: Console) -> None:
    """The whole run in the terminal."""
    for heading, lines in _tables(run):
        table = Table(*heading, box=SIMPLE_HEAD)
        for line in lines:
            table.add_row(*line)
        console.print(table)
    for remark in _remarks(run):
        console.print(remark, markup=False, highlight=False)


def markdown(run: Run) -> str:
    """The whole run as a page."""
    parts = ["# Measured", "", *(f"- {name}: {value}" for name, value in run.environment.items()), "", READING, ""]
    for heading, lines in _tables(run):
        parts += [_line(heading), _line(["---"] * len(heading)), *map(_line, lines), ""]
    parts += [f"- `{result.row}`: {result.sentence}" for result in run.results]
    if remarks := _remarks(run):
        parts += ["", *(f"- {remark}" for remark in remarks)]
    return "\n".join(parts) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", "<br>") for cell in cells) + " |"


def _tables(run: Run) -> list[tuple[list[str], list[list[str]]]]:
    """Headings and lines: first the rows beside peers, one line each, then each row that grows."""
    compared = [result for result in run.results if result.axis is None]
    tables = [_comparison(compared)] if compared else []
    return tables + [_growth(result) for result in run.results if result.axis is not None]


def _comparison(results: Sequence[Result]) -> tuple[list[str], list[list[str]]]:
    lines = []
    for result in results:
        ratios = {ratio.against: _ratio(ratio) for ratio in result.ratios}
        lines += [["", column.name, _spread(column), ratios.get(column.name, "")] for column in result.columns]
        if result.goal:
            lines.append(_goal(result.goal))
        if result.columns:
            lines[-len(result.columns) - bool(result.goal)][0] = f"{result.row}, {result.unit}"
    return ["row", "", "measured", f"{OURS} is better"], lines


def _goal(goal: Goal) -> list[str]:
    """A line of the table: a bound stands in the column of what it bounds."""
    if goal.against is None:
        return ["", f"target: {goal.verdict}", f"≤ {goal.bound:.3g}, stretch {goal.stretch:.3g}", ""]
    return ["", f"target: {goal.verdict}", "", f"{goal.against} ≥ {goal.bound:.3g}×, stretch {goal.stretch:.3g}×"]


def _growth(result: Result) -> tuple[list[str], list[list[str]]]:
    lines = [
        [column.name, _spread(column), "" if column.peak_bytes is None else f"{1e-6 * column.peak_bytes:.0f}"]
        for column in result.columns
    ]
    return [f"{result.row}: {result.axis}", result.unit, "peak MB"], lines


def _spread(column: Column) -> str:
    spread = column.spread
    return f"{number(spread.median)} [{number(spread.lower)}, {number(spread.upper)}]"


def _ratio(ratio: Ratio) -> str:
    interval = ratio.interval
    return f"{ratio.median:.2f}× [{interval.low:.2f}, {interval.high:.2f}] {interval.confidence:.0%}"


def number(value: float) -> str:
    """Three digits, and never an exponent.

    >>> [number(x) for x in (0.01234, 1.234, 123.4, 123456.7)]
    ['0.0123', '1.23', '123', '123,457']
    """
    if value >= 100:
        return f"{value:,.0f}"
    text = f"{value:#.3g}"
    return text if "e" not in text else f"{value:.6f}"


def _remarks(run: Run) -> list[str]:
    return list(dict.fromkeys(remark for result in run.results for remark in result.remarks))
