"""The folder of a run: what stands where, how it is named, found and listed.

    config.json        what it was told, with all that was decided: enough to do it again
    environment.json   versions and machine
    checkpoint.json    the model and where its training stands: the folder is that of a saved model
    metrics.jsonl      a line of JSON for each epoch, with null for what is no finite number
    findings.json      what the diagnosis found
    result.json        what was reached; there is none until a run has ended
    report.html        all of it as one page

Each of these is written whole or not at all; all that is JSON but metrics.jsonl carries the SHA-256 of its own text.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from chainrule.data.json_values import json_values
from chainrule.data.whole_files import read_whole, sealed, unsealed, write_whole
from chainrule.errors import FileFormatError, SaveError, UsageError
from chainrule.messages import Message, suggestion
from chainrule.runs.configuration import Configuration
from chainrule.runs.settings import configured
from chainrule.train import History
from chainrule.train.checkpoints import MANIFEST

_CANNOT_WRITE = Message(
    "run.cannot_write",
    en="The run cannot be written in {path}: {reason}. Check the free space and the permissions, or choose another"
    " folder with --save.",
    zh="无法将运行写入 {path}：{reason}。请检查剩余空间和权限，或用 --save 另选文件夹。",
)
_A_FILE = Message(
    "run.a_file",
    en="The run cannot be written in {path}: {file} is a file, not a folder. Choose another folder with --save.",
    zh="无法将运行写入 {path}：{file} 是文件，不是文件夹。请用 --save 另选文件夹。",
)
_TAKEN = Message(
    "run.taken",
    en="{path} holds a run already. Go on with it by 'chainrule resume {path}', or choose another folder.",
    zh="{path} 中已有一次运行。请用“chainrule resume {path}”继续它，或另选文件夹。",
)
_NO_RUN = Message(
    "run.none",
    en="There is no run {path}.{suggestion} 'chainrule runs' lists those there are.",
    zh="没有运行 {path}。{suggestion}“chainrule runs”列出现有的运行。",
)
NO_RUNS = Message(
    "run.no_runs",
    en="There is no run in {folder} yet. 'chainrule train' makes one.",
    zh="{folder} 中还没有运行。“chainrule train”会创建一个。",
)
_DAMAGED = Message(
    "run.damaged",
    en="{path} is damaged: it is not what was written. Do the run again, or copy its folder again.",
    zh="{path} 已损坏：其内容与写入时不同。请重新运行，或重新复制其文件夹。",
)
_MISSING = Message(
    "run.missing",
    en="{path} is missing: {folder} is not the folder of a run, or its beginning was interrupted.",
    zh="缺少 {path}：{folder} 不是运行的文件夹，或其开始时被中断。",
)
_VERSION = Message(
    "run.version",
    en="{path} has schema_version {found}, but {known} is read here. It was made by another version of chainrule.",
    zh="{path} 的 schema_version 为 {found}，而此处只能读取 {known}。它由其他版本的 chainrule 生成。",
)

RUNS = Path("runs")  # where runs are kept unless somebody says otherwise
LATEST = "latest"
CONFIG, ENVIRONMENT, FINDINGS, RESULT = "config.json", "environment.json", "findings.json", "result.json"
METRICS = "metrics.jsonl"
FINISHED, DIVERGED = "finished", "diverged"  # what a result says of a run
INTERRUPTED, DAMAGED = "interrupted", "damaged"  # what is said of one that has none, or cannot be read
SCHEMA_VERSION = 1

_NOT_OF_HISTORY = ("epoch", "seconds", "learning_rate")


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as root:
        ...     run = RunFolder.new("iris", Path(root))
        ...     run.append_metrics({"epoch": 1, "loss": 0.5})
        ...     run.append_metrics({"epoch": 2, "loss": 0.25})
        ...     run.history().history, run.has_checkpoint, run.has_ended
        ({'loss': [0.5, 0.25]}, False, False)
    """

    path: Path

    @classmethod
    def new(cls, name: str, root: Path = RUNS) -> RunFolder:
        """A folder, made now, named after the time and what is learned.

        Raises:   SaveError if it cannot be made.
        """
        plain = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "run"
        stem = f"{datetime.now():%Y-%m-%dT%H-%M-%S}-{plain}"
        for number in range(1, 1000):  # several may begin within a second
            path = root / (stem if number == 1 else f"{stem}-{number}")
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                continue
            except OSError as reason:
                raise SaveError(cannot_write(path, reason)) from None
            return cls(path)
        raise SaveError(_CANNOT_WRITE(path=root / stem, reason=os.strerror(errno.EEXIST)))

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> RunFolder:
        """A new one at a path, made where there is none.

        Raises:   UsageError if it holds a run or a model already; SaveError if it cannot be made.
        """
        if (Path(path) / CONFIG).exists() or (Path(path) / MANIFEST).exists():
            raise UsageError(_TAKEN(path=path))
        try:
            Path(path).mkdir(parents=True, exist_ok=True)
        except OSError as reason:
            raise SaveError(cannot_write(path, reason)) from None
        return cls(Path(path))

    @classmethod
    def find(cls, path: str | os.PathLike[str]) -> RunFolder:
        """The run at a path; runs/latest is the last one that began in runs, and a bare name is looked for there.

        Raises:   FileFormatError if there is none.
        """
        path = Path(path)
        if path.name == LATEST and not path.exists():
            root = path.parent if path.parent != Path() else RUNS
            found = list(cls.all(root))
            if not found:
                raise FileFormatError(NO_RUNS(folder=root))
            return found[-1]
        for place in (path, RUNS / path):
            if place.is_dir():
                return cls(place)
        beside = [run.path.name for run in cls.all(path.parent if path.parent != Path() else RUNS)]
        raise FileFormatError(_NO_RUN(path=path, suggestion=suggestion(path.name, [*beside, LATEST])))

    @classmethod
    def all(cls, root: Path = RUNS) -> Iterator[RunFolder]:
        """The runs in a folder, in the order in which they began."""
        if not root.is_dir():
            return
        folders = [cls(path) for path in root.iterdir() if (path / CONFIG).is_file()]
        yield from sorted(folders, key=lambda run: (run.began, run.path.name))

    def __str__(self) -> str:
        return str(self.path)

    # ---------------------------------------------------------------------------------------------------- what it holds
    @property
    def began(self) -> str:
        """When it began, as ISO 8601 has it; empty where nothing tells."""
        try:
            return str(self.read(ENVIRONMENT).get("began", ""))
        except FileFormatError:
            return ""

    @property
    def has_checkpoint(self) -> bool:
        """Whether a model has been saved in it."""
        return (self.path / MANIFEST).is_file()

    @property
    def has_ended(self) -> bool:
        """Whether it has a result."""
        return (self.path / RESULT).is_file()

    def configuration(self) -> Configuration:
        """What it was told.

        Raises:   FileFormatError if that is missing or damaged; UsageError if it holds unknown settings.
        """
        return configured(Configuration(), self.read(CONFIG, settings=dict)["settings"], str(self.path / CONFIG))

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl, up to the first that is not whole; what is null there is no number."""
        found: list[dict[str, Any]] = []
        try:
            text = read_whole(self.path / METRICS).decode(errors="replace")
        except OSError:
            return found
        for line in text.splitlines():
            try:
                told = dict(json.loads(line))
            except (ValueError, TypeError, RecursionError):
                break
            found.append({name: math.nan if value is None else value for name, value in told.items()})
        return found

    def history(self) -> History:
        """The numbers that every line of the metrics has, by name."""
        lines = self.metrics()
        names = [name for name in (lines[0] if lines else ()) if name not in _NOT_OF_HISTORY]
        return History({name: [line[name] for line in lines] for name in names if all(name in one for one in lines)})

    # ------------------------------------------------------------------------------------------------------------ files
    def write(self, name: str, data: dict[str, Any]) -> None:
        """Put data in the place of what a file of the run held.

        Raises:   SaveError if that is not possible; the file then is as it was.
        """
        self.write_content(name, sealed({"schema_version": SCHEMA_VERSION, **data}))

    def write_metrics(self, lines: list[dict[str, Any]]) -> None:
        """Put these lines in the place of all.

        Raises:   SaveError if that is not possible; the file then is as it was.
        """
        self.write_content(METRICS, "".join(map(_line, lines)).encode())

    def append_metrics(self, line: dict[str, Any]) -> None:
        """Add a line to the metrics.

        Raises:   SaveError if that is not possible.
        """
        path = self.path / METRICS
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(_line(line))
        except OSError as reason:
            raise SaveError(cannot_write(path, reason)) from reason

    def write_content(self, name: str, content: bytes) -> None:
        """Put this content in the place of what a file of the run held.

        Raises:   SaveError if that is not possible; the file then is as it was.
        """
        try:
            write_whole(self.path / name, content)
        except OSError as reason:
            raise SaveError(cannot_write(self.path / name, reason)) from reason

    def read(self, name: str, **entries: type) -> dict[str, Any]:
        """The data in a file of the run, in which there are entries of these types.

        Raises:   FileFormatError if it is missing or damaged, or an entry is.
        """
        path = self.path / name
        try:
            data = unsealed(read_whole(path))
            version = data.pop("schema_version")
        except FileNotFoundError:
            raise FileFormatError(_MISSING(path=path, folder=self.path)) from None
        except (OSError, ValueError, KeyError, RecursionError):
            raise FileFormatError(_DAMAGED(path=path)) from None
        if version != SCHEMA_VERSION:
            raise FileFormatError(_VERSION(path=path, found=version, known=SCHEMA_VERSION))
        if not all(isinstance(data.get(entry), kind) for entry, kind in entries.items()):
            raise FileFormatError(_DAMAGED(path=path))
        return data


def _line(metrics: dict[str, Any]) -> str:
    return json.dumps(json_values(metrics), allow_nan=False) + "\n"


def cannot_write(path: Path | str | os.PathLike[str], reason: OSError) -> str:
    """What is said where a file of a run cannot be written."""
    if isinstance(reason, (FileExistsError, NotADirectoryError)):
        file = next((each for each in (Path(path), *Path(path).parents) if each.is_file()), None)
        if file is not None:
            return _A_FILE(path=path, file=file)
    return _CANNOT_WRITE(path=path, reason=reason.strerror or reason)
