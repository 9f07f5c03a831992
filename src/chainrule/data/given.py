"""Data as Python programs have them: arrays, frames, rows with and without names, pictures that are opened already."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.inputs import Inputs
from chainrule.data.pictures.decoding import pixels_of_image
from chainrule.data.pictures.digits import DigitInputs
from chainrule.data.pictures.inputs import PictureInputs
from chainrule.data.pictures.records import Pictures
from chainrule.data.records import Arrays, Records
from chainrule.data.tables.columns import CategoryColumn, DateColumn
from chainrule.data.tables.frames import as_table
from chainrule.data.tables.table import Table
from chainrule.data.tables.table_inputs import TableInputs
from chainrule.errors import DataError, UsageError
from chainrule.messages import Message

_WIDTH = Message(
    "given.width",
    en="Row {number} (the first is 1) has {found} values, but the model was trained on {count} columns: {known}. Give a"
    " value for each, in this order, or rows with names: {{'{first}': ...}}.",
    zh="第 {number} 行（从 1 开始计数）有 {found} 个值，而模型是用 {count} 列训练的：{known}。"
    "请按此顺序为每列给出一个值，或给出带列名的行：{{'{first}': ...}}。",
)
_WORDS = Message(
    "given.words",
    en="An array of {dtype} has no texts or dates, but the model needs: {names}. Give rows with names,"
    " {{'{first}': ...}}, or a frame of pandas or polars.",
    zh="{dtype} 数组中没有文本或日期，而模型需要：{names}。请给出带列名的行 {{'{first}': ...}}，"
    "或 pandas、polars 的数据框。",
)
_LENGTHS = Message(
    "given.lengths",
    en="'{first}' has {count} values, but '{other}' has {size}. Give as many for each column.",
    zh="“{first}”有 {count} 个值，而“{other}”有 {size} 个。请为每列给出同样多的值。",
)
_RAGGED = Message(
    "given.ragged",
    en="The samples do not form an array: {reason}. Give as many numbers for each.",
    zh="这些样本不能组成数组：{reason}。请为每个样本给出同样多的数。",
)
_OTHER = Message(
    "given.other",
    en="The data are of type {kind}. Give a path, the bytes of a file, an array, rows, a picture of Pillow, or a frame"
    " of pandas or polars.",
    zh="数据的类型是 {kind}。请给出路径、文件的字节、数组、行、Pillow 的图片，或 pandas、polars 的数据框。",
)
_NONE = Message("given.none", en="There are no rows. Give at least one.", zh="没有任何行。请至少给出一行。")

_NAME = "the rows"
_MOST_NAMED = 20  # columns that a message lists


def as_records(data: Any, inputs: Inputs) -> Records:
    """The records that an object of Python is, for a model that has such inputs.

        an array, or a tuple of them            samples; for a model of tables, rows without names
        a list of numbers or of lists of them   the same
        a list of dicts, or a dict              rows of a table, or its columns
        a frame of pandas, polars or Arrow      a table
        a picture of Pillow, or a list of them  pictures
        a list of paths, bytes or pixels        pictures

    Raises:   DataError for what does not fit together; UsageError for an object of another kind.
    """
    match data:
        case dict():
            return named_columns(data)
        case list():
            return _of_list(data, inputs)
        case np.ndarray() if isinstance(inputs, TableInputs):
            return unnamed_rows(data, inputs)
        case np.ndarray():
            return Arrays((data,))
        case tuple():
            return Arrays(tuple(map(_array, data)))
        case _ if _is_image(data):
            return Pictures([pixels_of_image(data)])
        case _ if hasattr(data, "columns") or hasattr(data, "column_names"):
            return as_table(data)
    raise UsageError(_OTHER(kind=type(data).__name__))


def _of_list(data: list[Any], inputs: Inputs) -> Records:
    match data:
        case [dict(), *_]:
            return as_table(data, _NAME)
        case [first, *_] if _is_image(first):
            return Pictures([pixels_of_image(image) for image in data])
        case _ if isinstance(inputs, TableInputs):
            return unnamed_rows(data, inputs)
        case [str() | bytes() | os.PathLike(), *_]:
            return Pictures([one if isinstance(one, bytes) else Path(one) for one in data])
        case [np.ndarray(ndim=2 | 3), *_] if isinstance(inputs, PictureInputs | DigitInputs):
            return Pictures(data)  # which need not be of one size
    return Arrays((_array(data),))


def _array(data: Any) -> NDArray[Any]:
    try:
        return np.asarray(data)
    except ValueError as reason:
        raise DataError(_RAGGED(reason=reason)) from None


def _is_image(data: object) -> bool:
    """Whether this is a picture that Pillow has opened or made."""
    return all(hasattr(data, name) for name in ("getbands", "convert", "getexif"))


def named_columns(columns: Mapping[str, Any]) -> Table:
    """A table of a dict: for each column's name its values, or one value each where there is one row.

    Raises:   DataError if there are none, or columns differ in length.
    Example:
        >>> named_columns({"mass": [9, 170.5], "color": ["red", None]}).columns["color"].different.tolist()
        ['red', '']
    """
    if not any(isinstance(values, list | tuple | np.ndarray) for values in columns.values()):
        columns = {name: [value] for name, value in columns.items()}
    lengths = {name: np.size(values) for name, values in columns.items()}
    if not any(lengths.values()):
        raise DataError(_NONE())
    shortest, longest = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
    if lengths[shortest] != lengths[longest]:
        how = {"first": shortest, "count": lengths[shortest], "other": longest, "size": lengths[longest]}
        raise DataError(_LENGTHS(**how))
    rows = zip(*(np.ravel(np.asarray(values, object)).tolist() for values in columns.values()), strict=True)
    return as_table([dict(zip(columns, row, strict=True)) for row in rows], _NAME)


def unnamed_rows(rows: Sequence[Any] | NDArray[Any], inputs: TableInputs) -> Table:
    """A table of rows without names: those of the columns that the model needs, or of all that it was trained on.

    Raises:   DataError if a row has another number of values, or an array of numbers is given for texts or dates.
    """
    if not len(rows):
        raise DataError(_NONE())
    if isinstance(rows, np.ndarray) and rows.dtype.kind in "biufc":
        _check_numbers_suffice(rows, inputs)
    if not isinstance(rows[0], Sequence | np.ndarray) or isinstance(rows[0], str):
        rows = [rows]  # one row
    needed, every = list(inputs.names), [column.name for column in inputs.columns]
    names = every if len(rows[0]) == len(every) else needed
    for number, row in enumerate(rows, 1):
        if len(row) != len(names):
            known = ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")
            where = {"number": number, "found": len(row), "count": len(names)}
            raise DataError(_WIDTH(**where, known=known, first=names[0]))
    return as_table([dict(zip(names, row, strict=True)) for row in rows], _NAME)


def _check_numbers_suffice(rows: NDArray[Any], inputs: TableInputs) -> None:
    """That no column needs what an array of numbers cannot hold: an array of another table's numbers may be as wide."""
    others = [column.name for column in inputs.columns if isinstance(column, CategoryColumn | DateColumn)]
    if others:
        names = ", ".join(others[:_MOST_NAMED]) + (", …" if len(others) > _MOST_NAMED else "")
        raise DataError(_WORDS(dtype=rows.dtype, names=names, first=others[0]))
