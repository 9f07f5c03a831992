"""What is said of a file that is not there: what beside it is called nearly so."""

from __future__ import annotations

import os
from pathlib import Path

from chainrule.errors import FileFormatError
from chainrule.messages import Message, suggestion

_MISSING = Message(
    "file.missing",
    en="There is no file or folder {path}.{suggestion} Check the path.",
    zh="文件或文件夹 {path} 不存在。{suggestion} 请检查路径。",
)


def missing_file(path: Path) -> FileFormatError:
    """The error to raise."""
    try:
        beside = os.listdir(path.parent)
    except OSError:
        beside = []
    return FileFormatError(_MISSING(path=path, suggestion=suggestion(path.name, beside)))
