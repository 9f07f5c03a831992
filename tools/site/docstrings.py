"""Docstrings of our template as Markdown.

One sentence.

    y = a formula

Shapes:   what goes in → what comes out
Raises:   what is refused
Example:
    >>> 1 + 1
    2
"""

from __future__ import annotations

import re

__all__ = ["as_markdown"]

_SECTIONS = "Domain|Example|Gradient|Parameters|Raises|Shapes|Source|States|Units"
_SECTION = re.compile(rf"(?P<term>{_SECTIONS}):(?:\s+(?P<text>.*))?$")
_ENTRY = re.compile(r"(?P<term>\S(?:.*?\S)?) {2,}(?P<text>\S.*)$")  # a name and, in the next column, what it is
_SPECIAL = re.compile(r"([\\*_<\[\]|])")


def as_markdown(docstring: str) -> str:
    r"""The text of a docstring, dedented, as Markdown: formulas and examples as code, sections and fields as lists.

    >>> print(as_markdown("Mean.\n\n    y = Σ x / n\n\nRaises:   ShapeError if x is empty."))
    Mean.
    <BLANKLINE>
    ```text
    y = Σ x / n
    ```
    <BLANKLINE>
    Raises
    :   ShapeError if x is empty.
    """
    parts = []
    for paragraph in _paragraphs(docstring.rstrip().splitlines()):
        if paragraph[0].startswith("    "):
            parts.append(_code(paragraph))
        else:
            parts += _prose(paragraph)
    return "\n\n".join(parts)


def _paragraphs(lines: list[str]) -> list[list[str]]:
    """Lines by paragraphs; indented ones that only an empty line parts are one, and an example is never parted."""
    found: list[list[str]] = [[]]
    for line in lines:
        last = found[-1]
        indented = line.startswith("    ")
        if not line.strip():
            found.append([])
        elif not last and len(found) > 1 and indented and found[-2] and _continues(found[-2]):
            found.pop()
            found[-1] += ["", line]
        else:
            last.append(line)
    return [paragraph for paragraph in found if paragraph]


def _continues(paragraph: list[str]) -> bool:
    return paragraph[-1].startswith("    ")


def _prose(lines: list[str]) -> list[str]:
    """A paragraph without indentation: text, entries of a list, sections; and the code that may follow a section."""
    parts: list[str] = []
    text: list[str] = []
    place = 0
    while place < len(lines):
        section, entry = _SECTION.match(lines[place]), _ENTRY.match(lines[place])
        deeper = _deeper(lines, place + 1)
        if section and section["text"] is None:
            parts += [*_joined(text), f"**{section['term']}**", _code(lines[place + 1 : deeper])]
        elif section:
            parts += [*_joined(text), _definition(section["term"], [section["text"], *lines[place + 1 : deeper]])]
        elif entry and (not text or deeper > place + 1):
            term = f"`{entry['term']}`"
            parts += [*_joined(text), _definition(term, [entry["text"], *lines[place + 1 : deeper]])]
        else:
            text += lines[place:deeper]
        place = deeper
    return [*parts, *_joined(text)]


def _deeper(lines: list[str], place: int) -> int:
    while place < len(lines) and (not lines[place] or lines[place].startswith("  ")):
        place += 1
    return place


def _joined(text: list[str]) -> list[str]:
    joined = [_escaped("\n".join(line.strip() for line in text))] if text else []
    text.clear()
    return joined


def _definition(term: str, lines: list[str]) -> str:
    return f"{term}\n:   " + "\n    ".join(_escaped(line.strip()) for line in lines if line.strip())


def _code(lines: list[str]) -> str:
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    indent = min(indents, default=0)
    text = "\n".join(line[indent:] for line in lines).strip("\n")
    language = "pycon" if text.startswith(">>>") else "text"
    return f"```{language}\n{text.replace('<BLANKLINE>', '')}\n```"


def _escaped(text: str) -> str:
    """Prose as Markdown that means no emphasis and no link; what stands between backticks stays."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else _SPECIAL.sub(r"\\\1", part) for part in parts)
