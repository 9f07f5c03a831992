"""What the rows of a table are to be answered with, and how much and with which others each of them counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.tables.kinds import Date, Number, Text, YesNo, as_texts
from chainrule.data.tables.texts import Texts, shortened
from chainrule.errors import DataError
from chainrule.messages import Message

if TYPE_CHECKING:
    from chainrule.data.tables.table import Table

_NO_ANSWERS = Message(
    "answers.no_answers",
    en="{table}: no row has a value of '{name}', so there is nothing to learn or to compare with. Give rows that have"
    " one, or choose another target.",
    zh="{table}：没有任何一行有“{name}”的值，因此无从学习，也没有可比较的答案。请给出有该值的行，或另选目标。",
)
_DATES = Message(
    "answers.dates",
    en="{table}: '{name}' holds dates, which cannot be predicted. Make a number of it, such as the days until then, or"
    " choose another target.",
    zh="{table}：“{name}”中是日期，不能作为预测目标。请将其转换为数值，例如距该日期的天数，或另选目标。",
)
_WEIGHT = Message(
    "answers.weight",
    en="{table}, {place}: the weight '{name}' is {value}. Give each row a finite number of 0 or more.",
    zh="{table}，{place}：权重“{name}”为 {value}。请为每行给出一个不小于 0 的有限数。",
)
_NO_GROUP = Message(
    "answers.no_group",
    en="{table}, {place}: nothing is known of the group '{name}', so that this row might be both trained on and tested"
    " with. Give each row its group.",
    zh="{table}，{place}：分组“{name}”未知，该行可能同时出现在训练和测试数据中。请为每一行给出所属的组。",
)
_MOSTLY = Message(
    "answers.mostly",
    en="{table}, {place}: '{name}' says {text!r}, but {count} of its {present} values are numbers, and a target is"
    " either. Correct it, or leave it empty if nothing is known.",
    zh="{table}，{place}：列“{name}”中为 {text!r}，但其 {present} 个值中有 {count} 个是数值，"
    "而目标只能是其中一种。请更正；如果未知，请留空。",
)

_MOSTLY_SHARE = 0.9  # of numbers, from which on the others are mistakes


def known_answers(table: Table, name: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The answers in a column, and the rows that have one. Whole numbers are integers; texts are as they are written.

    Raises:   DataError if no row has one, if they are dates, or a mixture of numbers and texts.
    """
    answers, known = _answers(table, name)
    rows = np.flatnonzero(known)
    if not len(rows):
        raise DataError(_NO_ANSWERS(table=table.name, name=name))
    known_ones = answers[rows]
    if known_ones.dtype.kind == "f" and (known_ones == np.floor(known_ones)).all() and abs(known_ones).max() < 2**53:
        return known_ones.astype(np.int64), rows
    return known_ones, rows


def _answers(table: Table, name: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """What stands in a column, and in which rows that is an answer."""
    column, kind = table.columns[name], table.kind(name)
    if isinstance(kind, Date):
        raise DataError(_DATES(table=table.name, name=name))
    if kind == Number():
        values = table.values(name, kind)
        return values, ~np.isnan(values)
    if kind == YesNo() and not isinstance(column, Texts):
        return column, np.ones(len(column), bool)
    texts = as_texts(column)
    _check_not_mostly_numbers(table, name, texts)
    return texts.different[texts.codes], ~texts.missing[texts.codes]


def _check_not_mostly_numbers(table: Table, name: str, column: Texts) -> None:
    _, said = column.numbers
    count, present = int(column.counts[said].sum()), int(column.counts[~column.missing].sum())
    if name not in table.categories and _MOSTLY_SHARE * present <= count < present:
        text = column.different[~said & ~column.missing][0]
        where = {"table": table.name, "place": table.place_of(name, text), "name": name}
        raise DataError(_MOSTLY(**where, text=shortened(text), count=count, present=present))


def weights_of(table: Table, name: str) -> NDArray[np.float64]:
    """How much each row counts.

    Raises:   DataError if a row has no such number of 0 or more.
    """
    weights = table.values(name, Number())
    unfit = ~(weights >= 0)
    if unfit.any():
        row = int(np.argmax(unfit))
        raise DataError(_WEIGHT(table=table.name, place=table.place(row), name=name, value=weights[row]))
    return weights


def groups_of(table: Table, name: str) -> NDArray[np.int64]:
    """The group of each row, as a number.

    Raises:   DataError if a row has none.
    """
    groups = table.values(name, Text())
    if (groups < 0).any():
        raise DataError(_NO_GROUP(table=table.name, place=table.place(int(np.argmax(groups < 0))), name=name))
    return groups
