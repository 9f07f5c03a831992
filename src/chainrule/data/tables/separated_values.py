"""Tables in text files: values with commas, semicolons, tabs or bars between them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.tables.content import MOST_BYTES, File, read_content
from chainrule.data.tables.notation import AS_PROGRAMS, Notation, marks_of, plain
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
_DECLARED = re.compile(rb"sep=([,;|\t])(?:\r\n|\r|\n)")  # a line before the names by which spreadsheets are told
_LOOKED_AT = 100  # rows by which the delimiter is found
_MOST_COLUMNS = 100_000  # a network with an input for each of more is not for this program
_MOST_CELLS = 100_000_000  # a cell takes 8 bytes, and its text another 50 to 100 unless an earlier one is the same
_BREAK = re.compile("\r\n|\r|\n")  # as the lines of a text are counted
_PIECE = 50_000  # cells that are looked at together, while they are in the processor's cache


def read_csv(
    file: File,
    *,
    encoding: str | None = None,
    names: Sequence[str] | None = None,
    like: Notation = AS_PROGRAMS,
    most_bytes: int = MOST_BYTES,
) -> Table:
    r"""Read a table from a text file: the first line names the columns, and each other line is a row.

    Between values there are commas, semicolons, tabs or bars, whichever gives the lines equally many values. The text
    may be compressed with gzip. Blanks around a value do not belong to it, empty lines do not count, and a column
    without a name is called by its place, such as column1. Numbers may have a decimal comma, or something between
    thousands: a column shows which, or the other columns do; 1,234 alone is 1.234 only between semicolons.

    file         a path, or a file that is open, such as sys.stdin
    encoding     of the text; None: UTF-8, or what its bytes look like, as encoding_of finds it
    names        of the columns, for a file that begins with a row
    like         how a file was read that this is to be read like, where both might be meant
    most_bytes   that the text may have, decompressed

    Raises:   FileFormatError if the file is missing, damaged, too large or no text; DataError, with the line, if its
              lines are no table.
    Example:
        >>> table = read_csv(io.StringIO("town;people\nBern;134794\nRome;\n"))
        >>> table.columns["people"].different.tolist(), table.lines.tolist()
        (['134794', ''], [2, 3])
    """
    content = read_content(file, encoding, like.encoding, most_bytes)
    name, text = content.name, content.text
    declared = _DECLARED.match(text)
    if declared:
        text, delimiter = text[declared.end() :], declared[1].decode()
    else:
        delimiter = _delimiter(text)
    rows = _Rows(name, text, delimiter, 1 if declared else 0)
    if names is None:
        header = _named(name, rows.first())
    else:
        header = list(names)
        _check_count(name, len(header))
    _check_names(name, header, names is None)
    lines, growing = _columns(name, rows, len(header), _DELIMITERS[delimiter])
    if not len(lines):
        raise DataError(_NO_ROWS(name=name, count=len(header)) if names is None else _EMPTY(name=name))
    columns = [Texts(*column.parts()) for column in growing]
    if names is None:
        _check_header(name, header, columns)
    by_name = dict(zip(header, columns, strict=True))
    marks = marks_of(by_name, "," if delimiter == ";" else ".", like.marks)
    by_name |= {column: plain(by_name[column], mark) for column, mark in marks.items()}
    return Table(name, by_name, lines, notation=Notation(content.encoding, marks))


class _Rows:
    """The rows of a text in order, each with the number of the line that it begins on; empty lines are none.

    They are taken many at once, so that Python looks at no single one.
    """

    def __init__(self, name: str, content: bytes, delimiter: str, above: int) -> None:
        self.name, self.content, self.delimiter = name, content, delimiter
        self.above = above  # lines of the file that stand above these
        self.reader = self._reader()
        self.over = False

    def _reader(self) -> Any:
        return csv.reader(_lines(self.content), delimiter=self.delimiter, skipinitialspace=True, strict=True)

    def first(self) -> list[str]:
        """The first row.

        Raises:   DataError if there is none.
        """
        while not self.over:
            _, rows = self.take(1)
            if rows:
                return rows[0]
        raise DataError(_EMPTY(name=self.name))

    def take(self, count: int) -> tuple[NDArray[np.int64], list[list[str]]]:
        """At most as many further ones as this, and the lines that they begin on.

        Raises:   DataError for quotes that end nowhere, or are followed by more.
        """
        begin = self.reader.line_num + 1
        try:
            rows = list(islice(self.reader, count))
        except csv.Error as reason:
            raise DataError(_QUOTES(name=self.name, line=self._last_line(), reason=reason)) from None
        self.over = len(rows) < count
        lines = np.arange(begin, begin + len(rows), dtype=np.int64) + self.above
        if self.reader.line_num + 1 - begin != len(rows):  # some values go over several lines
            broken = [sum(len(_BREAK.findall(cell)) for cell in row) for row in rows]
            lines[1:] += np.cumsum(broken, dtype=np.int64)[:-1]
        if not all(rows):
            lines, rows = lines[np.fromiter(map(bool, rows), bool, len(rows))], [row for row in rows if row]
        return lines, rows

    def _last_line(self) -> int:
        """The line on which the row begins that cannot be read."""
        reader, line = self._reader(), 1 + self.above
        with suppress(csv.Error):
            for _ in reader:
                line = reader.line_num + 1 + self.above
        return line


def _columns(name: str, rows: _Rows, width: int, delimiter: Message) -> tuple[NDArray[np.int64], list[GrowingTexts]]:
    """The line of each row, and the columns of rows that are this wide."""
    lines = [np.zeros(0, np.int64)]
    columns = [GrowingTexts() for _ in range(width)]
    cells = 0
    while not rows.over:
        places, piece = rows.take(1 + _PIECE // width)
        widths = np.fromiter(map(len, piece), np.int64, len(piece))
        if (widths != width).any():
            at = int(np.argmax(widths != width))
            told = {"line": int(places[at]), "found": int(widths[at]), "count": width, "delimiter": delimiter()}
            raise DataError(_RAGGED(name=name, **told))
        lines.append(places)
        cells += widths.sum()
        if cells > _MOST_CELLS:
            raise FileFormatError(_CELLS(name=name, most=_MOST_CELLS))
        for column, texts in zip(columns, zip(*piece, strict=True), strict=bool(piece)):
            column.add([*map(str.strip, texts)])
    return np.concatenate(lines), columns


def _named(name: str, header: list[str]) -> list[str]:
    """These names, each on one line, and for a column that has none its place, with an underscore where another one is
    called so.

    Raises:   FileFormatError if there are too many: naming them would take more memory than they do.
    """
    _check_count(name, len(header))
    names = [" ".join(column.split()) for column in header]
    taken = set(names)
    for place, column in enumerate(names, 1):
        if not column:
            called = f"column{place}"
            while called in taken:
                called += "_"
            names[place - 1] = called
    return names


def _check_count(name: str, columns: int) -> None:
    if columns > _MOST_COLUMNS:
        raise FileFormatError(_COLUMNS(name=name, count=columns, most=_MOST_COLUMNS))


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
    """Refuse two columns of one name, and names, if they were read, that are values."""
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
