"""Where lines of a terminal may be broken: between words, between Chinese characters, never inside a command."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WIDE = "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\U0001f300-\U0003fffd"
_OPENING, _CLOSING = "“‘（《「『【", ",.;:!?)”’、。，；：？！）》」』】…"
_PIECE = re.compile(
    rf"""(?: ['“]chainrule[ ][^'”]*['”]  # what is to be typed is copied whole
           | chainrule[ ][a-z]+[ ][^ ]+$
           | pip[ ]install[ ][^ ]+
           | [{_OPENING}]* (?: [{_WIDE}] | [^ {_WIDE}{_OPENING}]+ )
           | [^ ]
         ) [{_CLOSING}]* [ ]*
         | [ ]+""",
    re.VERBOSE,
)
_SEPARATED = re.compile(r"[/\\_.,:-](?=.)")  # after which a word is broken that has no room in any line


def cells(text: str) -> int:
    """Columns of a terminal that a text takes: a Chinese character two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def pieces(text: str) -> list[str]:
    """A text in parts between which a line may end, each with the blanks behind it.

    Example:
        >>> pieces("see 'chainrule runs', 损失：无。")
        ['see ', "'chainrule runs', ", '损', '失：', '无。']
    """
    return _PIECE.findall(text)


def wrapped(text: str, width: int, *, indent: int = 0, fold: bool = False) -> str:
    """A text in lines that are not wider than this, but for a word that alone is.

    indent   blanks before each line but the first one of a paragraph
    fold     whether such a word is broken too, after a dash or the like if it has one

    Units:    width, indent: columns of a terminal
    """
    return "\n".join(line for paragraph in text.split("\n") for line in _lines(paragraph, width, indent, fold))


def arranged(parts: Iterable[str], width: int, *, gap: str = "  ", indent: int = 2) -> str:
    """Parts of a line one behind the other, and on further lines where there is no room; a part has a line for itself
    before it is broken.
    """
    lines: list[str] = []
    for part in parts:
        if lines and cells(lines[-1] + gap + part) <= width:
            lines[-1] += gap + part
        else:
            lines += wrapped(" " * indent * bool(lines) + part, width, indent=indent).split("\n")
    return "\n".join(lines)


def _lines(text: str, width: int, indent: int, fold: bool) -> list[str]:
    lines, line = [], ""
    for piece in pieces(text):
        word = piece
        if line.strip() and cells((line + word).rstrip()) > width:
            lines.append(line.rstrip())
            line = " " * indent
        while fold and cells((line + word).rstrip()) > width:
            end = _end(word, width - cells(line))
            lines.append(line + word[:end])
            line, word = " " * indent, word[end:]
        line += word
    return [*lines, line.rstrip()]


def _end(word: str, width: int) -> int:
    """How much of a word stands on a line of this width that has no room for it: one character at least."""
    most = next((end for end in range(1, len(word)) if cells(word[: end + 1]) > width), len(word))
    return max((found.end() for found in _SEPARATED.finditer(word) if found.end() <= most), default=most)
