"""What is said of a column in a report: what it holds, and what becomes of it and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.tables.columns import CategoryColumn, DateColumn, IgnoredColumn, LearnedColumn, NumberColumn
from chainrule.data.tables.kinds import Column, Date, Kind, Number, as_texts
from chainrule.data.tables.notation import Mark
from chainrule.data.tables.texts import shortened
from chainrule.messages import Message

_NUMBER = Message("description.number", en="standardised", zh="标准化")
_INDICATOR = Message("description.indicator", en="; missing: median, marked", zh="；缺失：取中位数并标记")
_DAYS = Message("description.days", en="days, standardised", zh="天数，标准化")
_TURNS = Message("description.turns", en=", and the place in the {parts}", zh="，以及在{parts}中的位置")
_YEAR = Message("description.year", en="year", zh="一年")
_WEEK = Message("description.week", en="week", zh="一周")
_DAY = Message("description.day", en="day", zh="一天")
_AND = Message("description.and", en=" and ", zh="、")
_CATEGORY = Message("description.category", en="a category of {count}", zh="{count} 个类别")
_RARE = Message(
    "description.rare", en="; rare ones ({count}) count as unknown", zh="；罕见取值（{count} 个）按未知处理"
)
_UNKNOWN = Message("description.unknown", en="; missing: unknown", zh="；缺失：按未知处理")
_EMPTY = Message("description.empty", en="ignored: it has no values", zh="忽略：没有任何值")
_CONSTANT = Message("description.constant", en="ignored: it always says {detail!r}", zh="忽略：始终为 {detail!r}")
_IDENTIFIER = Message(
    "description.identifier",
    en="ignored: whole numbers that only name the rows (--number keeps them)",
    zh="忽略：只是行的编号（--number 可保留）",
)
_TEXT = Message("description.text", en="ignored: texts that hardly repeat", zh="忽略：几乎不重复的文本")
_MOSTLY_NUMBERS = Message(
    "description.mostly_numbers",
    en="ignored: not all are numbers, such as {detail!r}; correct these, or leave them empty",
    zh="忽略：并非全是数值，例如 {detail!r}；请更正，或将其留空",
)
_ORDER_OF_DATES = Message(
    "description.order_of_dates",
    en="ignored: day and month cannot be told apart; write dates as 2024-12-31",
    zh="忽略：无法区分日和月；请将日期写为 2024-12-31",
)
_FORMS_OF_DATES = Message(
    "description.forms_of_dates",
    en="ignored: dates in several forms, such as {detail!r}; write all as 2024-12-31",
    zh="忽略：日期写法不一，例如 {detail!r}；请统一写为 2024-12-31",
)
_DECIMAL_COMMA = Message("description.decimal_comma", en="{kind}, decimal comma", zh="{kind}，小数逗号")
_THOUSANDS = Message("description.thousands", en="{kind}, thousands apart", zh="{kind}，带千位分隔符")
_RANGE = Message("description.range", en="{lowest} to {highest}", zh="{lowest} 至 {highest}")
_OTHERS = Message("description.others", en="{listed} and {count} more", zh="{listed} 等，另有 {count} 个")

_AS_WRITTEN: dict[Mark, Message] = {",": _DECIMAL_COMMA, ".": _THOUSANDS}
_MOST_LISTED = 3  # texts of a column
_MOST_WHOLE = 1e12  # whole numbers below it are shown with all their digits


@dataclass(frozen=True)
class Description:
    """A column in a report.

    column    its name
    kind      what it holds, in words
    missing   rows in which nothing is known
    values    its range, or the most frequent texts
    use       what a network gets of it, or why nothing
    """

    column: str
    kind: str
    missing: int
    values: str
    use: str


def described(
    learned: LearnedColumn, column: Column, kind: Kind, values: NDArray[Any], mark: Mark | None = None
) -> Description:
    """What is said of a column whose values of its kind these are; `mark` stood before the fraction of its numbers."""
    held = kind.word() if mark is None or kind != Number() else _AS_WRITTEN[mark](kind=kind.word())
    if isinstance(kind, Number | Date) and kind != Date("unknown"):
        known = values[np.isfinite(values)]
        shown = _range(known, kind)
        return Description(learned.name, held, len(values) - len(known), shown, _use(learned, column))
    texts = as_texts(column)
    missing = int(texts.counts[texts.missing].sum())
    return Description(learned.name, held, missing, _examples(column), _use(learned, column))


def _range(known: NDArray[Any], kind: Kind) -> str:
    if not len(known):
        return ""
    ends = [known.min(), known.max()]
    if isinstance(kind, Date):
        whole_days = (known == known.astype("M8[D]")).all()
        lowest, highest = (str(end.astype("M8[D]") if whole_days else end).replace("T", " ") for end in ends)
    else:
        lowest, highest = (f"{end:.0f}" if end == int(end) and abs(end) < _MOST_WHOLE else f"{end:.6g}" for end in ends)
    return lowest if lowest == highest else _RANGE(lowest=lowest, highest=highest)


def _examples(column: Column) -> str:
    texts = as_texts(column)
    places = np.flatnonzero(~texts.missing)
    frequent = places[np.argsort(-texts.counts[places], kind="stable")]
    shown = [f"{shortened(texts.different[k])} ({texts.counts[k]})" for k in frequent[:_MOST_LISTED]]
    listed = ", ".join(shown)
    return listed if len(frequent) <= _MOST_LISTED else _OTHERS(listed=listed, count=len(frequent) - _MOST_LISTED)


def _use(learned: LearnedColumn, column: Column) -> str:
    match learned:
        case NumberColumn(indicator=indicator):
            return _NUMBER() + (_INDICATOR() if indicator else "")
        case DateColumn(year=year, week=week, day=day, indicator=indicator):
            parts = [word() for word, varies in ((_YEAR, year), (_WEEK, week), (_DAY, day)) if varies]
            turns = _TURNS(parts=_AND().join(parts)) if parts else ""
            return _DAYS() + turns + (_INDICATOR() if indicator else "")
        case CategoryColumn(labels=labels):
            texts = as_texts(column)
            rare = len(texts.present) - len(labels)
            beside = (_RARE(count=rare) if rare else "") + (_UNKNOWN() if texts.missing.any() else "")
            return _CATEGORY(count=len(labels)) + beside
        case IgnoredColumn(reason=reason, detail=detail):
            why = {
                "empty": _EMPTY,
                "constant": _CONSTANT,
                "identifier": _IDENTIFIER,
                "text": _TEXT,
                "mostly_numbers": _MOSTLY_NUMBERS,
                "order_of_dates": _ORDER_OF_DATES,
                "forms_of_dates": _FORMS_OF_DATES,
            }
            return why[reason](detail=shortened(detail))
    raise TypeError(type(learned))
