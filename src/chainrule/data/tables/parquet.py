"""Tables in Parquet files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from chainrule.data.missing_file import missing_file
from chainrule.data.tables.content import name_of
from chainrule.data.tables.frames import as_table
from chainrule.data.tables.table import Table
from chainrule.data.tables.texts import Texts
from chainrule.errors import DataError, FileFormatError, UsageError
from chainrule.messages import Message

_EXTRA = Message(
    "parquet.extra",
    en='Parquet files need pyarrow, which is not installed. Install it: pip install "chainrule[parquet]".',
    zh='读取 Parquet 文件需要 pyarrow，但它尚未安装。请安装：pip install "chainrule[parquet]"。',
)
_FOREIGN = Message(
    "parquet.foreign",
    en="{name} cannot be read as a Parquet file ({reason}). Download or copy it again, or check that it is one.",
    zh="无法将 {name} 作为 Parquet 文件读取（{reason}）。请重新下载或复制，或确认它是 Parquet 文件。",
)
_TOO_LARGE = Message(
    "parquet.too_large",
    en="{name} has {rows} rows and {columns} columns; at most {most} cells are read. Give some of its rows or columns.",
    zh="{name} 有 {rows} 行 {columns} 列；最多读取 {most} 个单元格。请只给出部分行或列。",
)
_EMPTY = Message(
    "parquet.empty",
    en="{name} has {rows} rows and {columns} columns. Give at least one of each.",
    zh="{name} 有 {rows} 行 {columns} 列。行和列都至少要有一个。",
)

MOST_CELLS = 400_000_000  # of 8 bytes; a damaged or malicious file of some kilobytes can promise any number


def read_parquet(file: str | os.PathLike[str] | IO[bytes], *, most_cells: int = MOST_CELLS) -> Table:
    """Read the table in a Parquet file, by pyarrow, which the extra `parquet` brings.

    file         a path, or a file that is open
    most_cells   that the table may have, whatever the file says about itself

    Raises:   FileFormatError if the file is missing, no Parquet file, damaged or too large; UsageError without pyarrow;
              DataError if it is empty, or a column holds something else than numbers, yes and no, dates or texts.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UsageError(_EXTRA()) from None
    path = Path(file) if isinstance(file, str | os.PathLike) else None
    name = name_of(file)
    try:
        if path is not None and not path.exists():
            raise missing_file(path)
        schema = pq.ParquetFile(file).schema_arrow
        unread = {field.name: str(field.type) for field in schema if _is_other(field.type)}
        texts = [field.name for field in schema if _is_text(field.type)]
        # Dictionaries keep what a few kilobytes promise from becoming gigabytes of equal texts.
        opened = pq.ParquetFile(file, read_dictionary=texts)
        _check(name, schema, opened.metadata.num_rows, most_cells)
        data = opened.read([field.name for field in schema if field.name not in unread])
        others = data.drop_columns(texts)
        table = as_table(others, name) if others.num_columns else Table(name, {})
        columns = {
            c: _texts(data.column(c)) if c in texts else table.columns[c]
            for c in data.column_names
            if c not in table.unread
        }
    except (pa.ArrowException, OSError, UnicodeDecodeError) as reason:
        raise FileFormatError(_FOREIGN(name=name, reason=reason)) from None
    return replace(table, columns=columns, unread={**table.unread, **unread})


def _check(name: str, schema: Any, rows: int, most_cells: int) -> None:
    """Refuse what is empty or too large, before anything of it is in memory."""
    if not rows or not len(schema):
        raise DataError(_EMPTY(name=name, rows=rows, columns=len(schema)))
    if rows * len(schema) > most_cells:
        raise FileFormatError(_TOO_LARGE(name=name, rows=rows, columns=len(schema), most=most_cells))


def _is_other(dtype: Any) -> bool:
    """Whether a column of this type is left on the disk: it can hold anything, and in any amount."""
    import pyarrow.types as types

    return bool(types.is_nested(dtype) or types.is_binary(dtype) or types.is_large_binary(dtype))


def _is_text(dtype: Any) -> bool:
    import pyarrow.types as types

    return bool(types.is_string(dtype) or types.is_large_string(dtype))


def _texts(column: Any) -> Texts:
    """A column of Arrow whose texts are in a dictionary."""
    together = column.unify_dictionaries().combine_chunks()
    different = np.array([*together.dictionary.to_pylist(), ""], object)
    codes = together.indices.fill_null(len(different) - 1).to_numpy(zero_copy_only=False)
    return Texts(different, codes.astype(np.int64)).take(np.arange(len(codes)))
