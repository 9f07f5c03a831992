"""How a file of text writes what it holds: its encoding, and its numbers, which in half of the world have a comma."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from chainrule.data.tables.encoding import UTF_8
from chainrule.data.tables.texts import Texts

Mark = Literal[".", ","]

_BETWEEN = " '’\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"  # thousands, whatever stands before the fraction
_OTHER: dict[Mark, Mark] = {".": ",", ",": "."}


def _pattern(mark: Mark) -> re.Pattern[str]:
    before, between = re.escape(mark), f"[{_OTHER[mark]}{_BETWEEN}]"
    whole = rf"0|[1-9][0-9]{{0,2}}(?:({between})[0-9]{{3}}(?:\1[0-9]{{3}})*)?|[1-9][0-9]*"
    return re.compile(rf"[+-]?(?:(?:{whole})(?:{before}[0-9]*)?|{before}[0-9]+)(?:[eE][+-]?[0-9]+)?")


_NUMBERS: dict[Mark, re.Pattern[str]] = {mark: _pattern(mark) for mark in get_args(Mark)}
_PLAIN = {mark: str.maketrans({mark: ".", **dict.fromkeys(_OTHER[mark] + _BETWEEN)}) for mark in _NUMBERS}
_MOST = 0.9  # of the values, with which a column is one of numbers and the others are mistakes
_FIRST = 100  # texts by which a column is known to hold other texts


@dataclass(frozen=True)
class Notation:
    """How a file of text was read, for the files after it.

    encoding   of the text
    marks      what stands before the fraction of a number, for columns whose numbers have a comma or something between
               their thousands
    """

    encoding: str = UTF_8
    marks: Mapping[str, Mark] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """This as JSON has it."""
        return {"encoding": self.encoding, "marks": dict(self.marks)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What as_data made into data; whatever Python raises says that it is no such data."""
        marks = {str(name): mark for name, mark in data["marks"].items()}
        if not set(marks.values()) <= set(get_args(Mark)):
            raise ValueError(data)
        return cls(str(data["encoding"]), marks)


AS_PROGRAMS = Notation()  # as programs write


def marks_of(columns: Mapping[str, Texts], fallback: Mark, before: Mapping[str, Mark]) -> dict[str, Mark]:
    """What stands before the fraction, for columns whose numbers have a comma or something between their thousands.

    A column decides it by itself where it can: 3,14 and 1.234,5 have a decimal comma, 1,234.5 has not. What may be
    either, such as 1,234, is decided by the other columns if these agree, else as it was `before`, else by `fallback`.
    In a file whose numbers have decimal commas, points in threes stand between thousands.

    Example:
        >>> price, count = Texts.of(["3,14", "1.234,5"]), Texts.of(["1.234", "12"])
        >>> marks_of({"price": price, "count": count}, ".", {}), marks_of({"count": count}, ".", {})
        ({'price': ',', 'count': ','}, {})
        >>> marks_of({"count": Texts.of(["1,234", "12"])}, ".", {})
        {'count': '.'}
    """
    found = {name: _possible(texts) for name, texts in columns.items() if _has(texts, ",'’")}
    found = {name: marks for name, marks in found.items() if marks}
    if not (found or "," in before.values()):
        return {}
    with_points = {name: texts for name, texts in columns.items() if name not in found and _has(texts, ".")}
    said = {marks[0] for marks in found.values() if len(marks) == 1}
    said.update(_points(with_points.values()))
    file = said.pop() if len(said) == 1 else None
    for name, texts in with_points.items():
        if (file or before.get(name)) == "," and len(_possible(texts)) == 2:
            found[name] = (",",)
    return {name: marks[0] if len(marks) == 1 else file or before.get(name, fallback) for name, marks in found.items()}


def plain(texts: Texts, mark: Mark) -> Texts:
    """The same with its numbers as programs write them, with a decimal point and nothing between thousands.

    Example:
        >>> plain(Texts.of(["1.234,50", "n/a", "3"]), ",").different.tolist()
        ['1234.50', 'n/a', '3']
    """
    spelled = [other or text for text, other in zip(texts.different, _plain(texts.different, mark), strict=True)]
    places = {text: place for place, text in enumerate(dict.fromkeys(spelled))}
    return Texts(np.array([*places], object), np.array([places[text] for text in spelled], np.int64)[texts.codes])


def _plain(texts: Sequence[str] | NDArray[Any], mark: Mark) -> list[str | None]:
    """Numbers with such a mark as programs write them; None for what is none."""
    is_number, table = _NUMBERS[mark].fullmatch, _PLAIN[mark]
    return [text.translate(table) if is_number(text) else None for text in texts]


def _possible(texts: Texts) -> tuple[Mark, ...]:
    """The marks with which a column holds numbers: that by which more of it are, or both; none if it holds others."""
    counts = np.where(texts.missing, 0, texts.counts)
    some = texts.present[:_FIRST]
    if not any(pattern.fullmatch(text) for pattern in _NUMBERS.values() for text in some):
        return ()
    read: dict[Mark, int] = {}
    for mark in _NUMBERS:
        read[mark] = int(counts[np.array([text is not None for text in _plain(texts.different, mark)])].sum())
    most = max(read.values())
    return tuple(mark for mark, count in read.items() if count == most >= _MOST * counts.sum())


def _points(columns: Any) -> Iterator[Mark]:
    """A point for each column of numbers that only a decimal point makes such."""
    for texts in columns:
        if _possible(texts) == (".",):
            yield "."


def _has(texts: Texts, characters: str) -> bool:
    together = "\0".join(texts.different)
    return any(character in together for character in characters)
