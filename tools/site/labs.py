"""What docs say of the labs, made from the labs: the list in docs/labs.md, and the chapter's table of exercises.

python -m tools.site.labs    # writes both anew, in both languages
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from chainrule.cli.labs import Lab, labs
from chainrule.messages import in_language, use_language
from tools.site.assemble import ROOT, joined

__all__ = ["EXERCISES", "pages", "renewed"]

EXERCISES = 25
_ITEMS = re.compile(r"(^- \*\*X\d+\*\*.*\n)+", re.MULTILINE)
_ROWS = re.compile(r"(^\| X\d+ \|.*\n)+", re.MULTILINE)


def pages() -> list[Path]:
    """Those that speak of labs, in both languages."""
    return [ROOT / "docs" / f"{name}{end}" for name in ("labs", "chapter") for end in (".md", ".zh.md")]


def renewed(page: Path) -> str:
    """The text of a page with what the labs say now."""
    text = page.read_text(encoding="utf-8")
    try:
        use_language("zh" if page.name.endswith(".zh.md") else "en")
        written = "".join(_items() if page.name.startswith("labs") else _rows())
    finally:
        use_language(None)
    return (_ITEMS if page.name.startswith("labs") else _ROWS).sub(lambda _: written, text, count=1)


def _items() -> Iterator[str]:
    for lab in labs():
        question = joined(lab.question.strip()).replace("\n", " ")
        yield f"- **X{lab.number}** [{lab.title}](../labs/{lab.path.name}){in_language(en=': ', zh='：')}{question}\n"


def _rows() -> Iterator[str]:
    known: dict[int, Lab] = {lab.number: lab for lab in labs()}
    for number in range(1, EXERCISES + 1):
        if number in known:
            place = in_language(en=f"[lab {number}](labs.md#X{number})", zh=f"[实验 {number}](labs.zh.md#X{number})")
            yield f"| X{number} | {known[number].title} | {place} |\n"
        else:
            yield f"| X{number} | {in_language(en='not yet | not yet', zh='尚无 | 尚无')} |\n"


def _main() -> None:
    for page in pages():
        page.write_text(renewed(page), encoding="utf-8")


if __name__ == "__main__":
    _main()
