"""The command init: a configuration with comments, for the data that are at hand."""

from __future__ import annotations

import json
from pathlib import Path

from chainrule.data.reading import columns_of
from chainrule.data.whole_files import write_whole
from chainrule.errors import SaveError, UsageError
from chainrule.messages import Message
from chainrule.messages.paragraph import print_paragraph
from chainrule.runs.configuration import DIGITS, Configuration
from chainrule.runs.settings import configured, example, schema, written

_THERE = Message(
    "cli.init.there",
    en="{path} is there already, and is left as it is. Give another name, or remove it first.",
    zh="{path} 已存在，保持不变。请另取名称，或先删除它。",
)
_CANNOT = Message("cli.init.cannot", en="{path} cannot be written: {reason}.", zh="无法写入 {path}：{reason}。")
_WRITTEN = Message(
    "cli.init.written",
    en="{path} is written. Look through it, then: chainrule train {path}",
    zh="已写入 {path}。请查看后运行：chainrule train {path}",
)
_TARGET = Message(
    "cli.init.target",
    en="{path} is written. Say in line {line} which column is to be predicted, such as target = {example}; there are:"
    " {known}. Then: chainrule train {path}",
    zh="已写入 {path}。请在第 {line} 行指明要预测的列，例如 target = {example}；现有的列：{known}。"
    "然后运行：chainrule train {path}",
)
_DEFAULT = "experiment.toml"
_MOST_NAMED = 20  # columns that a message lists


def run(path: str | None, *, source: str | None, target: str | None) -> int:
    """Write an example, for these data where they are given; a path that is no .toml and is there already is theirs."""
    if path is not None and source is None and Path(path).suffix != ".toml" and Path(path).exists():
        path, source = None, path
    path = path or _DEFAULT
    columns = [] if source is None or source == DIGITS else columns_of(source)
    given = {key: value for key, value in {"source": source, "target": target}.items() if value is not None}
    configuration = configured(Configuration(), {"data": given}, "init")
    if Path(path).exists():
        raise UsageError(_THERE(path=path))
    try:
        text = example(path, configuration)
        write_whole(Path(path), text.encode())
    except OSError as reason:
        raise SaveError(_CANNOT(path=path, reason=reason.strerror or reason)) from None
    print_paragraph(_open_target(path, text, columns) if columns and target is None else _WRITTEN(path=path))
    return 0


def _open_target(path: str, text: str, columns: list[str]) -> str:
    """What to write where, since a table does not say which of its columns is to be predicted."""
    line = next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith("# target ="))
    known = ", ".join(columns[:_MOST_NAMED]) + (", …" if len(columns) > _MOST_NAMED else "")
    return _TARGET(path=path, line=line, example=written(columns[-1]), known=known)


def print_schema() -> None:
    """The schema of configurations, for editors that check what is typed."""
    print(json.dumps(schema(), indent=1, ensure_ascii=False))
