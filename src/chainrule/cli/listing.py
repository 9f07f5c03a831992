"""The command runs: a list of runs, with what they reached and in which settings they differ."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from chainrule.cli.tables import print_tabular
from chainrule.messages import Message
from chainrule.messages.paragraph import print_paragraph
from chainrule.runs.comparison import Summary, differing
from chainrule.runs.folder import DAMAGED, DIVERGED, FINISHED, INTERRUPTED, NO_RUNS, RUNS, RunFolder
from chainrule.runs.wording import Tabular

_RUN = Message("cli.listing.run", en="run", zh="运行")
_STATE = Message("cli.listing.state", en="state", zh="状态")
_DATA = Message("cli.listing.data", en="data", zh="数据")
_EPOCHS = Message("cli.listing.epochs", en="epochs", zh="轮数")
_RESULT = Message("cli.listing.result", en="test", zh="测试")
_FINISHED = Message("cli.listing.finished", en="finished", zh="已完成")
_DIVERGED = Message("cli.listing.diverged", en="diverged", zh="已发散")
_INTERRUPTED = Message("cli.listing.interrupted", en="not ended", zh="未结束")
_DAMAGED = Message("cli.listing.damaged", en="damaged", zh="已损坏")
_RESUME = Message(
    "cli.listing.resume",
    en="One that has not ended may be running still; if it is not, it goes on by: chainrule resume {run}",
    zh="未结束的运行可能仍在进行；若已停止，可继续：chainrule resume {run}",
)

_STATES = {FINISHED: _FINISHED, DIVERGED: _DIVERGED, INTERRUPTED: _INTERRUPTED, DAMAGED: _DAMAGED}
_LOWER_IS_BETTER = ("loss", "rmse", "mae")


def run(paths: Sequence[str], *, folder: str | None, sort: str | None, as_json: bool) -> int:
    """Print the runs at these paths, or all in a folder."""
    root = RUNS if folder is None else Path(folder)
    summaries = [Summary.of(each) for each in (map(RunFolder.find, paths) if paths else RunFolder.all(root))]
    if sort is not None:
        sign = 1 if sort in _LOWER_IS_BETTER else -1
        summaries.sort(key=lambda s: (s.scores.get(sort) is None, sign * (s.scores.get(sort) or 0.0)))
    if as_json:
        print(json.dumps([summary.as_data() for summary in summaries]))
    elif not summaries:
        print_paragraph(NO_RUNS(folder=root))
    else:
        _print(summaries, sort)
    return 0


def _print(summaries: Sequence[Summary], first: str | None) -> None:
    settings = differing(summaries)
    head = _RUN(), _STATE(), _EPOCHS(), _RESULT(), _DATA(), *(name.replace(".", ".\n") for name in settings)
    rows = []
    for summary in summaries:
        source = Path(str(summary.settings.get("data.source", ""))).stem
        own = [str(summary.settings.get(name, "")) for name in settings]
        state = _STATES[summary.state]() if summary.state in _STATES else summary.state
        reached = _reached(summary.scores, first)
        rows.append((summary.folder.path.name, state, str(summary.epochs), reached, source, *own))
    print_tabular(Tabular(head, tuple(rows)))
    open_ones = [summary.folder for summary in summaries if summary.state == INTERRUPTED]
    if open_ones:
        print_paragraph(_RESUME(run=shlex.quote(str(open_ones[-1]))))


def _reached(scores: Mapping[str, float | None], first: str | None) -> str:
    """The score that was sorted by, or else the one that says most; all are in the run's result."""
    known = [(name, value) for name, value in scores.items() if value is not None]
    known.sort(key=lambda score: score[0] != first)
    return f"{known[0][0]} {known[0][1]:.4g}" if known else ""
