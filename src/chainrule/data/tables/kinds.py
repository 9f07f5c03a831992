"""What the columns of a table hold: numbers, yes or no, dates, or texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chainrule.data.tables.texts import Texts
from chainrule.data.tables.written_dates import Order, dates, order_of
from chainrule.messages import Message

Column = NDArray[Any] | Texts  # numbers, bools and datetime64[s] as a library has them, or texts

_NUMBER = Message("kinds.number", en="number", zh="数值")
_YES_NO = Message("kinds.yes_no", en="yes or no", zh="是否")
_DATE = Message("kinds.date", en="date", zh="日期")
_DATE_SUCH_AS = Message("kinds.date_such_as", en="date, such as {example}", zh="日期，例如 {example}")
_TEXT = Message("kinds.text", en="text", zh="文本")

_EXAMPLES: dict[Order, str] = {"year": "2024-12-31", "day": "31.12.2024", "month": "12/31/2024"}
_EXACT = 2.0**53  # below it float64 has all whole numbers
_YES_AND_NO = (("true", "false"), ("yes", "no"), ("t", "f"), ("y", "n"), ("on", "off"), ("是", "否"))
_YES = {word: float(k == 0) for pair in (*_YES_AND_NO, ("1", "0")) for k, word in enumerate(pair)}


class Kind(ABC):
    """What all rows of a column hold.

    word   what reports call it
    """

    word: ClassVar[Message]

    @abstractmethod
    def read(self, column: Column) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """The rows of a column as values of this kind, NaN or NaT where nothing is known, and which of them say such a
        value or nothing.
        """

    def expected(self) -> str:
        """What a message calls it where a row says something else."""
        return self.word()


@dataclass(frozen=True)
class Number(Kind):
    """Finite numbers, as float64."""

    word = _NUMBER

    def read(self, column: Column) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        if isinstance(column, Texts):
            return _of_rows(column, *column.numbers)
        if column.dtype.kind == "M":
            return np.full(len(column), np.nan), np.isnat(column)
        values = column.astype(np.float64)
        return values, ~np.isinf(values)


@dataclass(frozen=True)
class YesNo(Kind):
    """Yes or no, as 1 and 0."""

    word = _YES_NO

    def read(self, column: Column) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        if isinstance(column, Texts):
            values = np.array([_YES.get(text.lower(), np.nan) for text in column.different], np.float64)
            return _of_rows(column, values, ~np.isnan(values))
        values, read = Number().read(column)
        return values, read & ((values == 0) | (values == 1) | np.isnan(values))


@dataclass(frozen=True)
class Date(Kind):
    """Dates and times, as datetime64[s].

    order   what texts begin with, the year, the day or the month; those that begin with the year are read in any
            order, and others not at all where it is "unknown"
    """

    order: Order = "year"
    word = _DATE

    def read(self, column: Column) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        if self.order == "unknown":
            return np.full(len(column), np.datetime64("NaT", "s")), np.ones(len(column), bool)
        if isinstance(column, Texts):
            return _of_rows(column, *dates(list(column.different), self.order))
        if column.dtype.kind == "M":
            return column.astype("M8[s]"), np.ones(len(column), bool)
        values, _ = Number().read(column)
        return np.full(len(column), np.datetime64("NaT", "s")), np.isnan(values)

    def expected(self) -> str:
        return _DATE_SUCH_AS(example=_EXAMPLES[self.order])


@dataclass(frozen=True)
class Text(Kind):
    """Texts, as the places of the different ones; -1 where nothing is known."""

    word = _TEXT

    def read(self, column: Column) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        texts = as_texts(column)
        return np.where(texts.missing[texts.codes], -1, texts.codes), np.ones(len(texts), bool)


def kind_of(column: Column, category: bool = False) -> Kind:
    """What the rows of a column hold; texts of a `category` remain texts, whatever they look like.

    Example:
        >>> kind_of(Texts.of(["1.5", "?", "2"])), kind_of(Texts.of(["yes", "no"])), kind_of(Texts.of(["31.12.2024"]))
        (Number(), YesNo(), Date(order='day'))
        >>> kind_of(np.array([True, False])), kind_of(Texts.of(["1", "one"]))
        (YesNo(), Text())
    """
    if category:
        return Text()
    if not isinstance(column, Texts):
        return {"b": YesNo(), "M": Date()}.get(column.dtype.kind, Number())
    present = column.present
    if not present:
        return Text()
    if (column.numbers[1] | column.missing).all():
        return Text() if _confuses(column) else Number()
    pair = next((pair for pair in _YES_AND_NO if present[0].lower() in pair), None)
    if pair and {text.lower() for text in present} == set(pair):
        return YesNo()
    order = order_of(present)
    return Text() if order is None else Date(order)


def as_texts(column: Column) -> Texts:
    """The rows of a column as texts; whole numbers without a point, so that it does not matter who read them."""
    if isinstance(column, Texts):
        return column
    different, codes = np.unique(column, return_inverse=True)
    texts = [str(int(value)) if _is_whole(value) else str(value) for value in different.tolist()]
    if different.dtype.kind == "M":
        texts = different.astype(str).tolist()
    return Texts(np.array(["" if text in ("nan", "NaT") else text for text in texts], object), codes)


def _confuses(column: Texts) -> bool:
    """Whether different whole numbers are one as float64: beyond 2**53 they name something, such as an account."""
    values, _ = column.numbers
    large = np.flatnonzero(np.abs(np.nan_to_num(values)) >= _EXACT)
    texts = [text for text in column.different[large] if text.lstrip("+-").isdecimal()]
    return len(set(map(float, texts))) < len(texts)


def _is_whole(value: object) -> bool:
    return isinstance(value, float) and value.is_integer()


def _of_rows(column: Texts, values: NDArray[Any], read: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    return values[column.codes], (read | column.missing)[column.codes]
