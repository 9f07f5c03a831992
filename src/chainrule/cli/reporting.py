"""The command report: a run as one page of HTML."""

from __future__ import annotations

from pathlib import Path

from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.messages.paragraph import print_paragraph
from chainrule.runs.folder import RunFolder
from chainrule.runs.report import write_report

_WRITTEN = Message("cli.reporting.written", en="{path} is written.", zh="已写入 {path}。")
_EMPTY = Message("cli.reporting.empty", en="-o is given without the name of a file.", zh="-o 没有给出文件名。")


def run(path: str, *, output: str | None, show: bool) -> int:
    """Write the report, and open it in the browser where that is asked for."""
    if output == "":
        raise UsageError(_EMPTY())
    written = write_report(RunFolder.find(path), None if output is None else Path(output))
    print_paragraph(_WRITTEN(path=written))
    if show:
        import webbrowser

        webbrowser.open(written.resolve().as_uri())
    return 0
