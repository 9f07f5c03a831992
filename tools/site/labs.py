"""What docs say of the labs, made from the labs: the list in docs/labs.md, and the chapter's table of exercises.

python -m tools.site.labs    # writes both pages anew, in both languages
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from chainrule.cli.labs import labs
from chainrule.messages import in_language, use_language
from tools.site.assemble import ROOT, joined

__all__ = ["pages", "renewed"]

_ITEMS = re.compile(r"(^- \*\*X\d+\*\*.*\n)+", re.MULTILINE)
_ROWS = re.compile(r"(^\| X\d+ \|.*\n)+", re.MULTILINE)


def pages() -> list[Path]:
    """Those that speak of labs, in both languages."""
    return [ROOT / "docs" / f"{name}{end}" for name in ("labs", "chapter") for end in (".md", ".zh.md")]


def renewed(page: Path) -> str:
    """The text of a page with what the labs say now."""
    place, lines = (_ITEMS, _items) if page.name.startswith("labs") else (_ROWS, _rows)
    try:
        use_language("zh" if page.name.endswith(".zh.md") else "en")
        written = "".join(lines())
    finally:
        use_language(None)
    return place.sub(lambda _: written, page.read_text(encoding="utf-8"), count=1)


def _items() -> Iterator[str]:
    for lab in labs():
        question = joined(lab.question.strip()).replace("\n", " ")
        yield f"- **X{lab.number}** [{lab.title}](../labs/{lab.path.name}){in_language(en=': ', zh='：')}{question}\n"


def _rows() -> Iterator[str]:
    for lab in labs():
        place = in_language(en=f"[lab {lab.number}](labs.md", zh=f"[实验 {lab.number}](labs.zh.md")
        yield f"| X{lab.number} | {lab.title} | {place}#X{lab.number}) |\n"


def _main() -> None:
    for page in pages():
        page.write_text(renewed(page), encoding="utf-8")


if __name__ == "__main__":
    _main()
