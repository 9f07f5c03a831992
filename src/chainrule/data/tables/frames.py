"""Tables of other libraries: pandas, polars, Arrow, and whatever else narwhals knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Any

import numpy as np

from chainrule.data.tables.kinds import Column
from chainrule.data.tables.table import Table
from chainrule.data.tables.texts import Texts
from chainrule.errors import DataError, UsageError
from chainrule.messages import Message

_NO_FRAME = Message(
    "frames.no_frame",
    en="a table is a frame of pandas or polars, or a table of Arrow, not {kind}. Make one of it, or give a list"
    " of rows, each a dictionary.",
    zh="表格应为 pandas 或 polars 的数据框，或 Arrow 的表，而不是 {kind}。请先转换，或给出由字典组成的行列表。",
)
_EMPTY = Message(
    "frames.empty",
    en="{name} has {rows} rows and {columns} columns. Give at least one of each.",
    zh="{name} 有 {rows} 行 {columns} 列。行和列都至少要有一个。",
)
_TWICE = Message(
    "frames.twice",
    en="{name}: two columns have the same name. Give each a name of its own.",
    zh="{name}：有两列同名。请为每列取不同的名称。",
)

_CELLS = (str, bool, int, float, Decimal, date, np.generic, NoneType)  # of what pandas calls an object


def as_table(frame: Any, name: str = "the table") -> Table:
    """The table that a frame of pandas or polars, or a table of Arrow, is: numbers, yes and no, dates in UTC, texts and
    categories; what says that nothing is known, in whichever way, is missing. A list of dictionaries, as JSON has rows,
    is a table too.

    name   what messages call it

    What holds something else, such as lists, is refused only where it is needed.

    Raises:   UsageError if it is no such frame; DataError if it is empty, or two columns have one name.
    Example:
        >>> table = as_table([{"mass": 9, "fruit": "cherry"}, {"mass": None, "fruit": "apple"}])
        >>> table.kind("mass"), table.kind("fruit")
        (Number(), Text())
    """
    import narwhals as nw

    if isinstance(frame, list) and all(isinstance(row, Mapping) for row in frame):
        names = dict.fromkeys(str(column) for row in frame for column in row)
        return _table(name, {column: _texts([row.get(column) for row in frame]) for column in names}, len(frame))
    try:
        data = nw.from_native(frame)
    except TypeError:
        raise UsageError(_NO_FRAME(kind=type(frame).__name__)) from None
    except nw.exceptions.DuplicateError:
        raise DataError(_TWICE(name=name)) from None
    if isinstance(data, nw.LazyFrame):
        data = data.collect()
    columns: dict[str, Column | str] = {}
    categories = set()
    for series in data.iter_columns():
        column = str(series.name)  # numbers are names in pandas
        if column in columns:
            raise DataError(_TWICE(name=name))
        columns[column] = _column(series)
        if series.dtype in (nw.Categorical, nw.Enum):
            categories.add(column)
    return _table(name, columns, len(data), categories)


def _table(name: str, columns: Mapping[str, Column | str], rows: int, categories: Iterable[str] = ()) -> Table:
    """The table of these columns, some of which are only the name of what they hold."""
    if not rows or not columns:
        raise DataError(_EMPTY(name=name, rows=rows, columns=len(columns)))
    read = {column: held for column, held in columns.items() if not isinstance(held, str)}
    unread = {column: held for column, held in columns.items() if isinstance(held, str)}
    return Table(name, read, categories=frozenset(categories), unread=unread)


def _column(series: Any) -> Column | str:
    """The column of a series, or what it holds if that is something else."""
    import narwhals as nw

    dtype, complete = series.dtype, series.null_count() == 0
    if dtype == nw.Boolean and complete:
        return np.asarray(series.to_numpy(), bool)
    if dtype.is_numeric():
        whole = complete and dtype.is_integer() and dtype not in (nw.UInt64, nw.UInt128, nw.Int128)
        return np.asarray(series.cast(nw.Int64 if whole else nw.Float64).to_numpy(), "i8" if whole else "f8")
    if dtype in (nw.Datetime, nw.Date):
        if getattr(dtype, "time_zone", None):
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return np.asarray(series.to_numpy(), "M8[s]")
    if dtype not in (nw.String, nw.Categorical, nw.Enum, nw.Boolean, nw.Object, nw.Unknown):
        return str(dtype)
    nulls = series.is_null().to_list()
    cells = [None if null else cell for cell, null in zip(series.to_list(), nulls, strict=True)]
    return _texts(cells)


def _texts(cells: list[Any]) -> Texts | str:
    """The column of what stands in these cells, as texts; or what they hold if that is something else."""
    strange = next((cell for cell in cells if not isinstance(cell, _CELLS)), None)
    return Texts.of([*map(_text, cells)]) if strange is None else type(strange).__name__


def _text(cell: Any) -> str:
    """As a file would have it; whole numbers without a point, as as_texts writes them."""
    if cell is None:
        return ""
    number = cell.item() if isinstance(cell, np.generic) else cell
    return str(int(number)) if isinstance(number, float) and number.is_integer() else str(cell)
