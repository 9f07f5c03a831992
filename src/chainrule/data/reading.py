"""Data by their path: what a path is decides how it is read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from chainrule.data.preparation import Preparation
from chainrule.data.records import Records, Source
from chainrule.data.sources import load_images
from chainrule.data.tables.content import check_exists
from chainrule.data.tables.parquet import read_parquet
from chainrule.data.tables.separated_values import read_csv
from chainrule.data.tables.table import Table
from chainrule.errors import DataError, FileFormatError
from chainrule.messages import Message

_NO_TARGET = Message(
    "reading.no_target",
    en="{path} is a table: say which of its columns is to be predicted. They are: {known}.",
    zh="{path} 是表格：请指明要预测其中哪一列。各列为：{known}。",
)
_UNKNOWN = Message(
    "reading.unknown",
    en="{path} is no data that can be read. Give a table as {tables}.",
    zh="{path} 不是可以读取的数据。请给出以下格式的表格：{tables}。",
)

_SEPARATED = (".csv", ".tsv", ".tab", ".txt")
_MOST_NAMED = 20  # columns that a message lists


def read_source(
    path: str | os.PathLike[str],
    target: str | None = None,
    *,
    exclude: Iterable[str] = (),
    group: str | None = None,
    weight: str | None = None,
) -> Source:
    r"""Read the data at a path, with their answers.

        .csv .tsv .txt, and the same with .gz   a table as text
        .parquet                                a table
        a folder with IDX files                 images and labels, as MNIST has them

    target          the column of a table that is to be predicted
    exclude         columns of a table that are not to be learned from
    group, weight   columns of a table, as Table.labeled takes them

    Raises:   FileFormatError if there are no such data, or if they are damaged; DataError if nothing can be learned of
              them.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = Path(folder, "fruit.csv").write_text("mass,fruit\n9,cherry\n170,apple\n")
        ...     source = read_source(f"{folder}/fruit.csv", "fruit")
        >>> source.name, source.training.answers.tolist(), list(source.training.records.columns)
        ('fruit', ['cherry', 'apple'], ['mass'])
    """
    path = Path(path)
    if path.is_dir():
        return Source.of(load_images(path))
    table = _read_table(path)
    if target is None:
        known = ", ".join([*table.columns][:_MOST_NAMED]) + (", …" if len(table.columns) > _MOST_NAMED else "")
        raise DataError(_NO_TARGET(path=path, known=known))
    return Source(_name(path), target, table.labeled(target, exclude=exclude, group=group, weight=weight))


def read_records(path: str | os.PathLike[str], preparation: Preparation) -> Records:
    """Read the data at a path, of the same kinds as read_source, for a model whose preparation this is.

    Raises:   FileFormatError if there are no such data, or if they are damaged.
    """
    return _read_table(Path(path))


def _read_table(path: Path) -> Table:
    check_exists(path)
    match _endings(path):
        case [*_, ".parquet"]:
            return read_parquet(path)
        case [*_, ending] | [*_, ending, ".gz"] if ending in _SEPARATED:
            return read_csv(path)
    raise FileFormatError(_UNKNOWN(path=path, tables=", ".join((*_SEPARATED, ".parquet"))))


def _endings(path: Path) -> list[str]:
    return [ending.lower() for ending in path.suffixes]


def _name(path: Path) -> str:
    """What reports call the data at a path."""
    return path.name.removesuffix("".join(path.suffixes)) or path.name
