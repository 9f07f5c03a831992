"""The command labs: which labs there are, and one of them opened as a notebook, on a copy of the reader's own."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from chainrule.cli.shipped import shipped
from chainrule.errors import FileFormatError, UsageError
from chainrule.messages import LANGUAGES, Message, in_language, language
from chainrule.messages.paragraph import print_paragraph

_EXTRA = Message(
    "labs.extra",
    en='Labs are marimo notebooks, and marimo is not installed. Install it: pip install "chainrule[labs]".',
    zh='实验是 marimo 笔记本，但 marimo 尚未安装。请安装：pip install "chainrule[labs]"。',
)
_UNKNOWN = Message(
    "labs.unknown",
    en="There is no lab {number}; choose one from {first} to {last}. 'chainrule labs' lists them.",
    zh="没有第 {number} 号实验；请在 {first} 到 {last} 之间选择。“chainrule labs”列出全部实验。",
)
_UNTITLED = Message(
    "labs.untitled",
    en="{path} is no lab: its first text has to begin with '# {number} · ' and a title, in English and in Chinese.",
    zh="{path} 不是实验：它的第一段文字必须以“# {number} · ”加标题开头，英文和中文都要有。",
)
_NUMBER = Message("labs.number", en="lab", zh="实验")
_EXERCISE = Message("labs.exercise", en="exercise", zh="习题")
_HOW = Message(
    "labs.how",
    en="'chainrule labs {number}' opens number {number} in the browser, as a copy in this folder.",
    zh="“chainrule labs {number}”在浏览器中打开第 {number} 号实验，它是复制到当前文件夹的一份副本。",
)
_COPIED = Message(
    "labs.copied",
    en="Your copy of the lab is {path}: change in it what you like.",
    zh="实验的副本是 {path}，可随意修改。",
)
_CHANGED = Message(
    "labs.changed",
    en="{path} was there already and differs from the lab; it is opened as it is. Move it away to begin anew.",
    zh="{path} 已经存在且与原实验不同，按原样打开。想从头开始，请先把它移走。",
)
_RUN = Message(
    "labs.run",
    en="In the browser, ▶ in the lower right corner runs all of it. Ctrl-C here ends it.",
    zh="在浏览器中，右下角的 ▶ 运行全部内容；在这里按 Ctrl-C 结束。",
)


@dataclass(frozen=True)
class Lab:
    """A notebook by its file, 07_dense_layer.py for exercise 7, which is read and not run."""

    path: Path

    @property
    def number(self) -> int:
        return int(self.path.name[:2])

    @property
    def title(self) -> str:
        """What the lab's heading says behind its number, in the language in use."""
        return in_language(**self._texts).splitlines()[0].removeprefix(self._heading)

    @property
    def question(self) -> str:
        """The paragraph below the heading."""
        return in_language(**self._texts).split("\n\n")[1]

    @property
    def _heading(self) -> str:
        return f"# {self.number} · "

    @cached_property
    def _texts(self) -> dict[str, str]:
        """The first text of the notebook in both languages, which alone says what the lab is about."""
        for node in ast.walk(ast.parse(self.path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="in_language"), keywords=keywords):
                    given = {keyword.arg: keyword.value for keyword in keywords}
                    found = {c: str(v.value).strip() for c, v in given.items() if c and isinstance(v, ast.Constant)}
                    if all(found.get(code, "").startswith(self._heading) for code in LANGUAGES):
                        return found
                    break
        raise FileFormatError(_UNTITLED(path=self.path, number=self.number))


def labs() -> list[Lab]:
    """All of them, in the order of their numbers."""
    return [Lab(path) for path in sorted(shipped("labs").glob("[0-9][0-9]_*.py"))]


def print_list() -> None:
    """Numbers and titles, in the language in use."""
    from chainrule.cli.tables import print_tabular
    from chainrule.runs.wording import Tabular

    known = labs()
    print_tabular(Tabular((_NUMBER(), _EXERCISE()), tuple((str(lab.number), lab.title) for lab in known)))
    print_paragraph(_HOW(number=known[-1].number))


def open_lab(number: int) -> int:
    """Open one in marimo's editor, on a copy in the current folder, and give the editor's exit code.

    A copy that is there already is opened as it is: it is the reader's.

    Raises:   UsageError if there is none of that number, or marimo is not installed.
    """
    known = {lab.number: lab for lab in labs()}
    if number not in known:
        raise UsageError(_UNKNOWN(number=number, first=min(known), last=max(known)))
    if find_spec("marimo") is None:
        raise UsageError(_EXTRA())
    lab = known[number].path
    copy = Path.cwd() / lab.name
    if not copy.exists():
        shutil.copyfile(lab, copy)
    changed = copy.read_bytes() != lab.read_bytes()
    print_paragraph(_CHANGED(path=copy) if changed else _COPIED(path=copy))
    print_paragraph(_RUN())
    command = [sys.executable, "-m", "marimo", "edit", "--host", "127.0.0.1", "--no-sandbox", str(copy)]
    with subprocess.Popen(command, env=os.environ | {"CHAINRULE_LANG": language()}) as editor:
        while True:
            try:
                return editor.wait()
            except KeyboardInterrupt:  # which reaches the editor too, and there it is asked whether it is meant
                continue
