"""The command init: a configuration with comments, for the data that are at hand."""

from __future__ import annotations

import json
from pathlib import Path

from chainrule.data.whole_files import write_whole
from chainrule.errors import SaveError, UsageError
from chainrule.messages import Message
from chainrule.runs.configuration import Configuration
from chainrule.runs.settings import configured, example, schema

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


def run(path: str, *, source: str | None, target: str | None) -> int:
    """Write an example, for these data where they are given."""
    given = {key: value for key, value in {"source": source, "target": target}.items() if value is not None}
    configuration = configured(Configuration(), {"data": given}, "init")
    if Path(path).exists():
        raise UsageError(_THERE(path=path))
    try:
        write_whole(Path(path), example(path, configuration).encode())
    except OSError as reason:
        raise SaveError(_CANNOT(path=path, reason=reason.strerror or reason)) from None
    print(_WRITTEN(path=path))
    return 0


def print_schema() -> None:
    """The schema of configurations, for editors that check what is typed."""
    print(json.dumps(schema(), indent=1, ensure_ascii=False))
