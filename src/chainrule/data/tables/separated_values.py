"""Tables in text files: values with commas, semicolons, tabs or bars between them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain, islice

import numpy as np

from chainrule.data.tables.content import MOST_BYTES, File, read_content
from chainrule.data.tables.table import Table
from chainrule.data.tables.texts import GrowingTexts, Texts, shortened
from chainrule.data.tables.written_dates import order_of
from chainrule.data.tables.written_numbers import numbers
from chainrule.errors import DataError, FileFormatError
from chainrule.messages import Message

_EMPTY = Message(
    "csv.empty",
    en="{name} is empty. The first line names the columns, and each other line is a row.",
    zh="{name} 为空。第一行应为各列的名称，其余每行为一行数据。",
)
_NO_ROWS = Message(
    "csv.no_rows",
    en="{name} names {count} columns, but has no rows. Give at least one.",
    zh="{name} 列出了 {count} 个列名，但没有任何数据行。请至少给出一行。",
)
_NO_HEADER = Message(
    "csv.no_header",
    en="{name}: the first line has {text!r}, which looks like a value and not like the name of a column. Add a line"
    " with the names of the columns before it, or give read_csv(path, names=[…]).",
    zh="{name}：第一行中有 {text!r}，它像是一个值而不是列名。"
    "请在其前面添加一行列名，或使用 read_csv(path, names=[…])。",
)
_TWICE = Message(
    "csv.twice",
    en="{name}: columns {first} and {second} are both called '{column}'. Give each a name of its own.",
    zh="{name}：第 {first} 列和第 {second} 列同名“{column}”。请为每列取不同的名称。",
)
_COLUMNS = Message(
    "csv.columns",
    en="{name} has {count} columns; {most} are possible. Give fewer, or give an array in a .npz file.",
    zh="{name} 有 {count} 列，最多支持 {most} 列。请减少列数，或以 .npz 文件给出数组。",
)
_CELLS = Message(
    "csv.cells",
    en="{name} has more than {most} cells. Make a Parquet file of it, or give some of its rows.",
    zh="{name} 的单元格超过 {most} 个。请将其转换为 Parquet 文件，或只给出部分行。",
)
_RAGGED = Message(
    "csv.ragged",
    en="{name}, line {line}: there are {found} values for {count} columns, between which there is {delimiter}. Correct"
    " the line; a value that has {delimiter} in it stands in double quotes.",
    zh="{name}，第 {line} 行：有 {found} 个值，但共有 {count} 列，分隔符为{delimiter}。"
    "请更正该行；含有{delimiter}的值应放在双引号中。",
)
_QUOTES = Message(
    "csv.quotes",
    en="{name}, line {line}: the row cannot be read ({reason}). A value with quotes in it stands in double quotes, and"
    ' each of its own is doubled: "a ""b"" c".',
    zh="{name}，第 {line} 行：无法读取该行（{reason}）。"
    '含有引号的值应放在双引号中，其中的每个引号要写两次："a ""b"" c"。',
)
_COMMA = Message("csv.comma", en="a comma", zh="逗号")
_SEMICOLON = Message("csv.semicolon", en="a semicolon", zh="分号")
_TAB = Message("csv.tab", en="a tab", zh="制表符")
_BAR = Message("csv.bar", en="a bar", zh="竖线")

_DELIMITERS = {",": _COMMA, ";": _SEMICOLON, "\t": _TAB, "|": _BAR}
_LOOKED_AT = 100  # rows by which the delimiter is found
_MOST_COLUMNS = 100_000  # a network with an input for each of more is not for this program
_MOST_CELLS = 100_000_000  # a cell takes 8 bytes, and its text another 50 to 100 unless an earlier one is the same
_PIECE = 50_000  # cells that are looked at together, while they are in the processor's cache


def read_csv(
    file: File, *, encoding: str | None = None, names: Sequence[str] | None = None, most_bytes: int = MOST_BYTES
) -> Table:
    r"""Read a table from a text file: the first line names the columns, and each other line is a row.

    Between values there are commas, semicolons, tabs or bars, whichever gives the lines equally many values. The text
    is UTF-8, or UTF-16 with a mark, and may be compressed with gzip. Blanks around a value do not belong to it, empty
    lines do not count, and a column without a name is called by its place, such as column1.

    file         a path, or a file that is open, such as sys.stdin
    encoding     of the text, where it is neither
    names        of the columns, for a file that begins with a row
    most_bytes   that the text may have, decompressed

    Raises:   FileFormatError if the file is missing, damaged, too large or no text; DataError, with the line, if its
              lines are no table.
    Example:
        >>> table = read_csv(io.StringIO("town;people\nBern;134794\nRome;\n"))
        >>> table.columns["people"].different.tolist(), table.lines.tolist()
        (['134794', ''], [2, 3])
    """
    name, content = read_content(file, encoding, most_bytes)
    delimiter = _delimiter(content)
    rows = _rows(name, content, delimiter)
    first = next(rows, None)
    if first is None:
        raise DataError(_EMPTY(name=name))
    if names is None:
        header = _named(first[1])
    else:
        rows, header = chain([first], rows), list(names)
    _check_names(name, header, names is None)
    lines, columns = _columns(name, rows, len(header), _DELIMITERS[delimiter])
    if names is None:
        _check_header(name, header, columns)
    return Table(name, dict(zip(header, columns, strict=True)), np.array(lines, np.int64))


def _columns(
    name: str, rows: Iterator[tuple[int, list[str]]], width: int, delimiter: Message
) -> tuple[list[int], list[Texts]]:
    """The line of each row, and the columns of rows that are this wide."""
    lines: list[int] = []
    columns = [GrowingTexts() for _ in range(width)]
    while piece := list(islice(rows, 1 + _PIECE // width)):
        for line, row in piece:
            if len(row) != width:
                raise DataError(_RAGGED(name=name, line=line, found=len(row), count=width, delimiter=delimiter()))
            lines.append(line)
        if len(lines) * width > _MOST_CELLS:
            raise FileFormatError(_CELLS(name=name, most=_MOST_CELLS))
        for column, cells in zip(columns, zip(*(row for _, row in piece), strict=True), strict=True):
            column.add([*map(str.strip, cells)])
    if not lines:
        raise DataError(_NO_ROWS(name=name, count=width))
    return lines, [Texts(*column.parts()) for column in columns]


def _named(header: list[str]) -> list[str]:
    """These names, each on one line, and the place of a column that has none."""
    return [" ".join(column.split()) or f"column{place}" for place, column in enumerate(header, 1)]


def _rows(name: str, content: bytes, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows, each with the number of the line that it begins on."""
    reader = csv.reader(_lines(content), delimiter=delimiter, skipinitialspace=True, strict=True)
    line = 1
    try:
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as reason:
        raise DataError(_QUOTES(name=name, line=line, reason=reason)) from None


def _lines(content: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), "utf-8", "surrogatepass", newline="")


def _delimiter(content: bytes) -> str:
    """The one that gives most of the first rows as many values as the very first has, if these are several; among those
    that do so alike, the one that gives more.
    """
    best, delimiter = (0.0, 1), ","
    for candidate in _DELIMITERS:
        reader = csv.reader(_lines(content), delimiter=candidate, skipinitialspace=True)
        try:
            widths = [len(row) for row in islice(reader, _LOOKED_AT) if row]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            best, delimiter = max((best, delimiter), ((widths.count(widths[0]) / len(widths), widths[0]), candidate))
    return delimiter


def _check_names(name: str, header: list[str], read: bool) -> None:
    """Refuse too many columns, two of one name, and names, if they were read, that are values."""
    if len(header) > _MOST_COLUMNS:
        raise FileFormatError(_COLUMNS(name=name, count=len(header), most=_MOST_COLUMNS))
    places: dict[str, int] = {}
    for place, column in enumerate(header, 1):
        twice = column in places
        if read and (_is_value(column) or (twice and column.isdecimal())):
            raise DataError(_NO_HEADER(name=name, text=shortened(column)))
        if twice:
            raise DataError(_TWICE(name=name, column=shortened(column), first=places[column], second=place))
        places[column] = place


def _check_header(name: str, header: Sequence[str], columns: Sequence[Texts]) -> None:
    """Refuse a first line that has numbers, and texts that its columns have again: it is a row."""
    _, said = numbers(header)
    if said.any():
        for text, column, number in zip(header, columns, said, strict=True):
            if not number and text in column.different:
                raise DataError(_NO_HEADER(name=name, text=shortened(text)))


def _is_value(text: str) -> bool:
    """Whether a text is a fraction or a date; whole numbers may be names, such as those of years."""
    if text[0] not in "+-.0123456789" or text.isdecimal():
        return False
    return bool(numbers([text])[1][0]) or order_of([text]) is not None
