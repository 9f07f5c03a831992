"""The documents as the site has them, put together in build/docs: every page has run, and its pictures are beside it.

    python -m tools.site.assemble

docs/ as it is; the reference, made from the code; pages of the repository that stand elsewhere, such as the README; and
what the guide's pages draw. Names such as `cr.relu` become links to the reference.
"""

from __future__ import annotations

import itertools
import posixpath
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.site.pages import complaints, in_chinese, run_all
from tools.site.reference import linked, pages

__all__ = ["guide", "joined", "moved", "with_claims"]

ROOT = Path(__file__).parents[2]
_OUTPUT = ROOT / "build" / "docs"
_BROUGHT_IN = {  # pages of the repository that stand outside of docs/
    "overview.md": "README.md",
    "overview.zh.md": "README.zh.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "measuring.md": "benchmarks/README.md",
}
_SHOWN = {source: path for path, source in _BROUGHT_IN.items()}
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]\n]*)\]\((?!\w+:|#)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
_PICTURE = re.compile(r"!\[[^\]]*\]\(pictures/(?P<name>[\w-]+)\.\w+\)")
_FINDING = re.compile(r"^## (?P<code>CR\d{3}) .*$", re.MULTILINE)
_ROW = re.compile(r"\*\*([A-Z]\d+)\*\*")
_OTHER_EDITION = re.compile(r"^\S*English\S* · \S*中文\S*\n\n", re.MULTILINE)  # the head of every page leads there
_CHINESE = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_LINE_END = re.compile(rf"(?<={_CHINESE})\n *(?={_CHINESE})|(?<=[，。；：、！？）])\n *(?!\d+\. )(?=[^\s\-#|>$!])")
_WITHOUT_NAVIGATION = (
    "index",
    "overview",
    "labs",
    "findings",
    "chapter",
)  # pages that stand alone, and some have wide tables


def guide() -> list[Path]:
    """The pages of the guide in their order, in English."""
    return sorted(page for page in (ROOT / "docs" / "guide").glob("[0-9]*.md") if not page.name.endswith(".zh.md"))


def moved(page: str, path: str) -> str:
    """A page with its links as they are from its path in the site.

    A link to a file that the site does not have becomes the file's name. Each picture can be linked to by its
    name, what a page says of a row of the chapter, such as **N2**, by that, and a finding by its code.
    """

    def link(found: re.Match[str]) -> str:
        source = _BROUGHT_IN.get(path, f"docs/{path}")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), found["path"]))
        place = _edition(_SHOWN.get(target) or target.removeprefix("docs/"))
        if place == _edition(path):
            return found["text"]  # the same page in the other language
        if target not in _SHOWN and not target.startswith("docs/"):
            name = f"`{target}`"
            return name if found["text"].strip("`") == target else f"{found['text']} ({name})"
        return f"[{found['text']}]({posixpath.relpath(place, posixpath.dirname(path) or '.')}{found['anchor'] or ''})"

    text = _PICTURE.sub(r"\g<0>{ #\g<name> }", _LINK.sub(link, _OTHER_EDITION.sub("", page)))
    text = _FINDING.sub(lambda found: f"{found[0]} {{ #{found['code'].lower()} }}", text)
    for row in set(_ROW.findall(text)) if path.startswith(("guide/", "labs.")) else ():
        text = text.replace(f"**{row}**", f"**{row}**{{ #{row} }}", 1)
    return text


def joined(page: str) -> str:
    r"""A Chinese page without the ends of lines that a browser would show as spaces between letters.

    >>> print(joined("两步：\n1. 第一，\n见上。\n2. 第二步\n用 49 个"))
    两步：
    1. 第一，见上。
    2. 第二步用 49 个
    """
    fences = re.split(r"(^```.*?^```$)", page, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if part.startswith("```") else _LINE_END.sub("", part) for part in fences)


def with_claims(chinese: str, english: str) -> str:
    """The chapter's table in Chinese with the claims of the English one: names, tests, and places by their number."""
    claims = {line.split(" | ")[0]: line.strip(" |").split(" | ")[2:] for line in english.splitlines()}

    def row(found: re.Match[str]) -> str:
        names, tests, places = claims[f"| {found['id']}"]
        numbers = itertools.count(1)
        shown = re.sub(r"\[[^\]]*\](?=\()", lambda _: f"[例{next(numbers)}]", places)
        cells = (names, tests, shown)
        return f"| {found['id']} | {found['what']} | {' | '.join(cells)} |"

    head = chinese.replace("| 行 | 内容 |\n|---|---|", "| 行 | 内容 | API | 测试 | 在哪里看 |\n|---|---|---|---|---|")
    return re.sub(r"^\| (?P<id>[A-WYZ]\d+) \| (?P<what>.*) \|$", row, head, flags=re.MULTILINE)


def _edition(path: str) -> str:
    """The English one: a link to it leads to that of the language that is read."""
    return path.replace(".zh.md", ".md")


def _documents() -> Iterator[tuple[str, str]]:
    """The Markdown of each page of the site, by its path."""
    yield from pages().items()
    written = {
        str(path.relative_to(ROOT / "docs")): path
        for path in (ROOT / "docs").rglob("*.md")
        if "pictures" not in path.parts
    }
    brought = {path: ROOT / source for path, source in _BROUGHT_IN.items()}
    for path, source in (written | brought).items():
        page = source.read_text(encoding="utf-8")
        if path == "chapter.zh.md":
            page = with_claims(page, written["chapter.md"].read_text(encoding="utf-8"))
        text = linked(moved(page, path), path)
        alone = "---\nhide: [navigation]\n---\n\n" if path.split(".")[0] in _WITHOUT_NAVIGATION else ""
        yield path, alone + (joined(text) if path.endswith(".zh.md") else text)


def _main() -> int:
    runs = run_all(guide())
    said = [complaint for page, run in runs.items() for complaint in complaints(page, run)]
    said += [f"{page} has no Chinese edition" for page in runs if not in_chinese(page).exists()]
    if said:
        print("\n\n".join(said), file=sys.stderr)
        return 1
    shutil.rmtree(_OUTPUT, ignore_errors=True)
    shutil.copytree(ROOT / "docs" / "stylesheets", _OUTPUT / "stylesheets")
    for path, text in _documents():
        target = _OUTPUT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    pictures = _OUTPUT / "guide" / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for run in runs.values():
        for name, content in run.pictures.items():
            pictures.joinpath(name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
