"""Rows of a table as a network takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.data.inputs import Inputs
from chainrule.data.records import Records
from chainrule.data.tables.columns import (
    CategoryColumn,
    IgnoredColumn,
    LearnedColumn,
    NumericColumn,
    column_from_data,
)
from chainrule.data.tables.description import described
from chainrule.data.tables.inference import learned_column
from chainrule.data.tables.notation import AS_PROGRAMS, Notation
from chainrule.data.tables.table import Table
from chainrule.data.tables.unfamiliar import Unfamiliar, unfamiliar_values
from chainrule.errors import DataError
from chainrule.messages import Message, suggestion

_OTHER_RECORDS = Message(
    "table_inputs.other_records",
    en="The model was trained on a table, not on {given}. Give a table with the columns {known}.",
    zh="该模型是用表格训练的，但给出的是 {given}。请给出包含以下列的表格：{known}。",
)
_MISSING_COLUMNS = Message(
    "table_inputs.missing_columns",
    en="{table}: {count} of the columns that the model was trained on are missing: {lacking}.{suggestion} Add them;"
    " leave cells empty where nothing is known.",
    zh="{table} 缺少模型训练时用到的 {count} 列：{lacking}。{suggestion}请补上这些列；未知的单元格请留空。",
)
_NO_INPUTS = Message(
    "table_inputs.no_inputs",
    en="{table}: there is no column to learn from. {reasons}. Give other columns.",
    zh="{table}：没有可供学习的列。{reasons}。请提供其他列。",
)
_COLUMN = Message("table_inputs.column", en="'{column}' is {use}", zh="列“{column}”{use}")

_MOST_NAMED = 20  # columns that a message lists


@dataclass(frozen=True)
class TableInputs(Inputs):
    """Columns of numbers, yes and no, and dates as an array of numbers; columns of texts as an array of codes.

    columns    all of the table's, those that are ignored too
    notation   how the file was read: others are read alike where they may be read in several ways

    Shapes:   (n, numbers) float32; with categories a pair, (n, numbers) float32 and (n, categories) int32. Where there
              are only categories, the numbers are a column of zeros.
    Example:
        >>> from chainrule.data.tables.texts import Texts
        >>> kind = Texts.of(["a", "b", "a", "b", "a", "b"])
        >>> inputs = TableInputs.learned(Table("t", {"size": np.arange(6.0), "kind": kind}))
        >>> inputs.category_sizes
        (3,)
        >>> inputs.of(Table("new", {"kind": Texts.of(["c", "b"]), "size": Texts.of(["2.5", "?"])}))
        (array([[0.],
               [0.]], dtype=float32), array([[0],
               [2]], dtype=int32))
    """

    columns: tuple[LearnedColumn, ...]
    notation: Notation = AS_PROGRAMS
    kind = "table"

    @classmethod
    def learned(cls, records: Table) -> Self:
        """What the rows to train on are like.

        Raises:   DataError if a column holds numbers with commas, or if there is none to learn from.
        """
        records.check_read(records.unread)
        columns, uses = [], []
        for name, column in records.columns.items():
            kind = records.kind(name)
            values = records.values(name, kind)
            columns.append(learned_column(name, column, kind, values, declared=records.declares(name)))
            if isinstance(columns[-1], IgnoredColumn):
                uses.append(_COLUMN(column=name, use=described(columns[-1], column, kind, values).use))
        if len(uses) == len(columns):
            raise DataError(_NO_INPUTS(table=records.name, reasons="; ".join(uses[:_MOST_NAMED])))
        return cls(tuple(columns), records.notation)

    @property
    def category_sizes(self) -> tuple[int, ...]:
        """How many codes each column of the categories has, as tabular_mlp takes them; empty if there are none."""
        return tuple(column.size for column in self.columns if isinstance(column, CategoryColumn))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that a table needs."""
        return tuple(column.name for column in self.columns if not isinstance(column, IgnoredColumn))

    def of(self, records: Records) -> NDArray[Any] | tuple[NDArray[Any], ...]:
        if not isinstance(records, Table):
            known = ", ".join(self.names[:_MOST_NAMED])
            raise DataError(_OTHER_RECORDS(given=records.word(), known=known))
        self._check_columns(records)
        numbers, categories = [], []
        for column in self.columns:
            if isinstance(column, NumericColumn):
                numbers.append(column.numbers(records.values(column.name, column.kind)).astype(np.float32))
            elif isinstance(column, CategoryColumn):
                categories.append(column.codes(records.columns[column.name]))
        if not categories:
            return np.concatenate(numbers, 1)
        if not numbers:
            numbers.append(np.zeros((len(records), 1), np.float32))  # a network for categories takes a pair
        return np.concatenate(numbers, 1), np.stack(categories, 1)

    def unfamiliar(self, table: Table) -> list[Unfamiliar]:
        """What rows have that hardly any row to train on had, column by column.

        Raises:   as `of`.
        """
        self._check_columns(table)
        found = (unfamiliar_values(column, table) for column in self.columns)
        return [values for values in found if values is not None]

    def _check_columns(self, table: Table) -> None:
        table.check_read(self.names)
        lacking = [name for name in self.names if name not in table.columns]
        if lacking:
            others = [name for name in table.columns if name not in self.names]
            listed = ", ".join(lacking[:_MOST_NAMED]) + (", …" if len(lacking) > _MOST_NAMED else "")
            hint = suggestion(lacking[0], others)
            raise DataError(_MISSING_COLUMNS(table=table.name, count=len(lacking), lacking=listed, suggestion=hint))

    def as_data(self) -> dict[str, Any]:
        return {"columns": [column.as_data() for column in self.columns], "notation": self.notation.as_data()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        notation = Notation.from_data(data["notation"]) if "notation" in data else AS_PROGRAMS  # all there was, once
        inputs = cls(tuple(map(column_from_data, data["columns"])), notation)
        if not inputs.names:
            raise ValueError(data)
        return inputs
