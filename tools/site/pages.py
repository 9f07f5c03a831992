"""Pages whose code runs: what a block prints is the text after it, and what it saves are the pictures shown.

A page is a sequence of ```python blocks, run in order in one namespace and one folder of their own, where they save
pictures in pictures/. A ```text block right after one is what it prints: the words exactly, and numbers up to what
another machine's rounding makes of them.

    python -m tools.site.pages docs/guide/09-training.md            # runs it, and says where it prints something else
    python -m tools.site.pages --renew docs/guide/09-training.md    # writes what it prints, into the other language too
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

__all__ = ["Block", "Run", "blocks", "complaints", "in_chinese", "renewed", "run", "run_all", "same"]

_BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<printed>.*?)^```$)?", re.DOTALL | re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d*)?(?:e[-+]?\d+)?")
_RELATIVE = 0.02  # by which a number may differ: whole numbers below 50 therefore by nothing


@dataclass(frozen=True)
class Block:
    """A ```python block, and the ```text after it: None where there is none."""

    code: str
    printed: str | None


@dataclass(frozen=True)
class Run:
    """What each block of a page printed, and the files that it left in pictures/, by name."""

    printed: list[str]
    pictures: dict[str, bytes]


def blocks(page: str) -> list[Block]:
    r"""The code of a page, in order.

    >>> blocks("Text.\n\n```python\nprint(1)\n```\n\n```text\n1\n```\n")
    [Block(code='print(1)\n', printed='1\n')]
    """
    return [Block(found["code"], found["printed"]) for found in _BLOCK.finditer(page)]


def run(page: Path, folder: Path) -> Run:
    """Run a page's code in an empty folder, warnings being errors.

    Line numbers count the page's code alone, so that what prints them does not change with the prose.
    """
    namespace: dict[str, object] = {"__name__": "__main__"}
    printed, line = [], 0
    (folder / "pictures").mkdir()
    for block in blocks(page.read_text(encoding="utf-8")):
        code = compile("\n" * line + block.code, f"{page.name.split('.')[0]}.py", "exec", dont_inherit=True)
        line += block.code.count("\n") + 1
        output = io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(output), warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(code, namespace)
        printed.append(output.getvalue())
    pictures = sorted((folder / "pictures").iterdir())
    return Run(printed, {picture.name: picture.read_bytes() for picture in pictures})


def run_all(pages: Sequence[Path]) -> dict[Path, Run]:
    """Run pages side by side, each in a fresh process that speaks English."""
    context = get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), context, max_tasks_per_child=1) as processes:
        return dict(zip(pages, processes.map(_run_in_temporary_folder, pages), strict=True))


def _run_in_temporary_folder(page: Path) -> Run:
    os.environ["CHAINRULE_LANG"] = "en"
    with tempfile.TemporaryDirectory() as folder:
        return run(page, Path(folder))


def same(printed: str, expected: str) -> bool:
    """Whether a text is the expected one: its words exactly, its numbers to 2 % or a unit of their last place.

    >>> same("loss 0.1234 after 10 steps", "loss 0.1235 after 10 steps"), same("10 steps", "11 steps")
    (True, False)
    """
    words = [_NUMBER.sub("#", text).split() for text in (printed, expected)]
    pairs = zip(_NUMBER.findall(printed), _NUMBER.findall(expected), strict=False)
    return words[0] == words[1] and all(_close(*pair) for pair in pairs)


def _close(printed: str, expected: str) -> bool:
    digits, _, exponent = expected.partition("e")
    places = len(digits.partition(".")[2])
    unit = 1.01 * 10.0 ** (int(exponent or 0) - places) if places else 0.0
    return abs(float(printed) - float(expected)) <= max(unit, _RELATIVE * abs(float(expected)))


def complaints(page: Path, result: Run) -> list[str]:
    """What a reader of the page would find untrue, a paragraph each."""
    text = page.read_text(encoding="utf-8")
    found = []
    for number, (block, printed) in enumerate(zip(blocks(text), result.printed, strict=True), 1):
        if not same(printed, block.printed or ""):
            said = f"{page}: block {number} printed\n{printed}but the page says\n{block.printed or '(nothing)'}"
            found.append(said)
    shown = set(re.findall(r"\]\(pictures/([^)\s]+)\)", text))
    found += [f"{page} shows pictures/{name}, which its code does not make" for name in shown - result.pictures.keys()]
    found += [f"{page} makes pictures/{name}, but does not show it" for name in result.pictures.keys() - shown]
    return found


def in_chinese(page: Path) -> Path:
    """The Chinese edition of a page."""
    return page.with_suffix(".zh.md")


def renewed(page: str, printed: list[str]) -> str:
    """The page with what its blocks print now."""
    remaining = iter(printed)

    def block(found: re.Match[str]) -> str:
        output = next(remaining)
        text = f"\n```text\n{output.rstrip()}\n```" if output.strip() else ""
        return f"```python\n{found['code']}```\n{text}" if text or found["printed"] is None else found[0]

    return _BLOCK.sub(block, page)


def _main(arguments: list[str]) -> int:
    pages = [Path(argument) for argument in arguments if argument != "--renew"]
    found = []
    for page, result in run_all(pages).items():
        for edition in (page, in_chinese(page)) if "--renew" in arguments else ():
            if edition.exists():
                text = edition.read_text(encoding="utf-8")
                edition.write_text(renewed(text, result.printed), encoding="utf-8")
        found += complaints(page, result)
    print("\n\n".join(found), end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
