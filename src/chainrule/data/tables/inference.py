"""What becomes of a column: an input of some kind, or none, and why; found in the rows to train on."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.tables.columns import CategoryColumn, DateColumn, IgnoredColumn, LearnedColumn, NumberColumn
from chainrule.data.tables.kinds import Column, Date, Kind, Number, Text, as_texts
from chainrule.data.tables.texts import Texts
from chainrule.data.tables.written_dates import Order, dates, order_of

_FEWEST = 3  # rows that have to share a text before a vector of its own can be learned for it
_COVERED = 0.5  # share of the rows with a text that such texts must make up; else it is free text
_MOSTLY = 0.9  # share of the rows from which on texts among numbers or dates look like mistakes
_COUNTED = 10  # rows from which on different whole numbers may be those that only count the rows
_IDENTIFIERS = {"id", "uid", "uuid", "guid", "index", "key", "rowid", "编号", "序号"}


def learned_column(
    name: str, column: Column, kind: Kind, values: NDArray[Any], *, declared: bool = False
) -> LearnedColumn:
    """What is learned of a column from the rows to train on: these values of its kind. One whose kind was `declared` is
    wanted, whatever it looks like.
    """
    if kind == Text():
        return _learned_texts(name, as_texts(column), declared)
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values[~np.isnat(values)]
    if not len(known):
        return IgnoredColumn(name, "order_of_dates" if kind == Date("unknown") else "empty")
    if len(known) == len(values) and (known == known[0]).all():
        return IgnoredColumn(name, "constant", as_texts(column).different[0])
    if isinstance(kind, Date):
        return DateColumn.learned(name, kind, values)
    if kind == Number() and not declared and _identifies(name, values):
        return IgnoredColumn(name, "identifier")
    return NumberColumn.learned(name, kind, values)


def _learned_texts(name: str, texts: Texts, declared: bool) -> LearnedColumn:
    if not texts.present:
        return IgnoredColumn(name, "empty")
    if len(texts.different) == 1:
        return IgnoredColumn(name, "constant", texts.present[0])
    counts = np.where(texts.missing, 0, texts.counts)
    frequent = counts >= _FEWEST
    if declared and not frequent.any():
        frequent = counts > 0
    if declared or counts[frequent].sum() >= _COVERED * counts.sum():
        return CategoryColumn(name, tuple(sorted(texts.different[frequent])))
    _, said = texts.numbers
    if said[~texts.missing].all():
        return IgnoredColumn(name, "identifier")
    if counts[said].sum() >= _MOSTLY * counts.sum():
        return IgnoredColumn(name, "mostly_numbers", str(texts.different[~said & ~texts.missing][0]))
    first = order_of(texts.present[:1])
    other = None if first is None else next((text for text in texts.present if order_of([text]) != first), None)
    if other is not None and counts[_are_dates(texts)].sum() >= _MOSTLY * counts.sum():
        return IgnoredColumn(name, "forms_of_dates", other)
    return IgnoredColumn(name, "text")


def _are_dates(texts: Texts) -> NDArray[np.bool_]:
    """Which of the different texts are dates in any form."""
    orders: tuple[Order, ...] = ("year", "day", "month")
    found: NDArray[np.bool_] = np.any([dates(list(texts.different), order)[1] for order in orders], 0)
    return found


def _identifies(name: str, values: NDArray[np.float64]) -> bool:
    """Whether numbers only count or name the rows: all whole, none missing, none twice, and called so or near zero."""
    if len(values) < _COUNTED or not (values == np.floor(values)).all() or len(np.unique(values)) < len(values):
        return False
    words = set(re.findall(r"[^\W\d_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))
    return bool(words & _IDENTIFIERS) or bool(values.min() >= 0 and values.max() < 2 * len(values))
