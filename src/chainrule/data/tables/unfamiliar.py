"""Values that a model can make little of, since no row to train on was like them: said of a table, not refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from chainrule.data.tables.columns import CategoryColumn, DateColumn, LearnedColumn, NumberColumn
from chainrule.data.tables.kinds import as_texts
from chainrule.data.tables.table import Table
from chainrule.data.tables.texts import shortened
from chainrule.messages import Message

_UNKNOWN = Message(
    "unfamiliar.unknown",
    en="{table}: in {rows:,} of {total:,} rows, '{column}' has a value that hardly any row to train on had, such as"
    " '{example}'. It counts as unknown.",
    zh="{table}：{total:,} 行中有 {rows:,} 行的“{column}”取值在训练数据中没有或极少出现，例如“{example}”。"
    "这些值按未知处理。",
)
_FAR = Message(
    "unfamiliar.far",
    en="{table}: in {rows:,} of {total:,} rows, '{column}' is more than {deviations} standard deviations from the mean"
    " of the rows to train on, such as {example}. Predictions so far from all that was learned are hardly more than"
    " guesses; check the unit.",
    zh="{table}：{total:,} 行中有 {rows:,} 行的“{column}”与训练数据均值相差超过 {deviations} 个标准差，例如 {example}。"
    "离训练数据如此之远的预测与猜测相差无几；请检查单位。",
)

_FAR_DEVIATIONS = 10  # from the mean; values of another unit are farther, and hardly any of the same


@dataclass(frozen=True)
class Unfamiliar:
    """Values of a column that a model knows nothing of.

    table     what messages call it
    column    its name
    reason    "unknown": texts that count as unknown; "far": numbers or dates far from those to train on
    rows      how many have such values
    total     how many there are
    example   the first of such values
    """

    table: str
    column: str
    reason: Literal["unknown", "far"]
    rows: int
    total: int
    example: str

    def __str__(self) -> str:
        said = _UNKNOWN if self.reason == "unknown" else _FAR
        where = {"table": self.table, "rows": self.rows, "total": self.total, "column": self.column}
        return said(**where, example=self.example, deviations=_FAR_DEVIATIONS)


def unfamiliar_values(learned: LearnedColumn, table: Table) -> Unfamiliar | None:
    """Those that a column of a table has; None where there are none. What is missing is no value.

    Raises:   DataError if a row says something of another kind.
    Example:
        >>> from chainrule.data.tables.texts import Texts
        >>> towns = Table("new", {"town": Texts.of(["Bern", "Genf", "", "Genf"])})
        >>> found = unfamiliar_values(CategoryColumn("town", ("Bern", "Rome")), towns)
        >>> found.rows, found.total, found.example
        (2, 4, 'Genf')
    """
    match learned:
        case CategoryColumn(name=name):
            texts = as_texts(table.columns[name])
            unknown = ~texts.missing[texts.codes] & (learned.codes(texts) == 0)
            if unknown.any():
                example = shortened(texts.different[texts.codes[np.argmax(unknown)]])
                return Unfamiliar(table.name, name, "unknown", int(unknown.sum()), len(table), example)
        case NumberColumn(name=name, yes_no=False) | DateColumn(name=name):
            values = table.values(name, learned.kind)
            far = np.abs(learned.numbers(values)[:, 0]) > _FAR_DEVIATIONS
            if far.any():
                first = values[np.argmax(far)]
                example = str(first).replace("T", " ") if isinstance(learned, DateColumn) else f"{first:.6g}"
                return Unfamiliar(table.name, name, "far", int(far.sum()), len(table), example)
    return None
