"""Tables: rows of named columns, as they were read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.data.records import Labeled, Records
from chainrule.data.tables.answers import groups_of, known_answers, weights_of
from chainrule.data.tables.description import Description, described
from chainrule.data.tables.inference import learned_column
from chainrule.data.tables.kinds import Column, Kind, Number, Text, kind_of
from chainrule.data.tables.notation import AS_PROGRAMS, Notation, marks_of
from chainrule.data.tables.texts import Texts, shortened
from chainrule.data.tables.written_numbers import is_number
from chainrule.errors import DataError, UsageError
from chainrule.messages import Message, suggestion

_WORD = Message("table.word", en="a table", zh="表格")
_LINE = Message("table.line", en="line {number}", zh="第 {number} 行")
_ROW = Message("table.row", en="row {number} (the first is 1)", zh="第 {number} 行（从 1 开始计数）")
_COMMA = Message(
    "table.comma",
    en="{table}, {place}: '{name}' says {text!r}, a text and not a number. Make numbers of this column where it is read"
    " (pandas.read_csv with decimal=',' or thousands=','; a .csv file may have either), or exclude it.",
    zh="{table}，{place}：列“{name}”中为 {text!r}，是文本而不是数值。请在读取时将该列转换为数值"
    "（pandas.read_csv 的 decimal=',' 或 thousands=','；.csv 文件则两种写法都可以），或将其排除。",
)
_UNREAD = Message(
    "table.unread",
    en="{table}, {place}: '{name}' says {text!r} (expected: {kind}). Correct it, or leave it empty if"
    " nothing is known.",
    zh="{table}，{place}：列“{name}”中为 {text!r}（应为：{kind}）。请更正；如果未知，请留空。",
)
_NO_COLUMN = Message(
    "table.no_column",
    en="{table} has no column '{name}'; its columns are: {known}.{suggestion}",
    zh="{table} 中没有列“{name}”；其中有：{known}。{suggestion}",
)
_DTYPE = Message(
    "table.dtype",
    en="{name}: column '{column}' holds {dtype}. A column holds numbers, yes and no, dates or texts; make such columns"
    " of it, or leave it out.",
    zh="{name}：列“{column}”的类型是 {dtype}。列中应为数值、是否、日期或文本；请将其转换为这样的列，或去掉该列。",
)
_ONE_COLUMN = Message(
    "table.one_column",
    en="{table}: '{name}' is named as both {first} and {second}. Choose one of them, or another column.",
    zh="{table}：“{name}”同时被指定为 {first} 和 {second}。请只选其一，或改用其他列。",
)
_NO_INPUTS = Message(
    "table.no_inputs",
    en="{table}: beside the target '{name}' no column is left to predict it from. Give more columns, or exclude fewer.",
    zh="{table}：除目标“{name}”外没有剩下任何列可用于预测。请提供更多列，或少排除一些列。",
)

_MOST_NAMED = 20  # columns that a message lists


@dataclass(frozen=True, eq=False)
class Table(Records):
    """Rows of named columns, as they were read: what they mean is found out later, from the rows to train on.

    name         what messages call it, such as its file
    columns      by name, in order: numbers, bools and times as arrays, or texts
    lines        that of the file on which each row begins; None where there is no file
    categories   names of columns that were declared as categories, whatever they look like
    numbers      names of those that were declared as numbers
    notation     how the file was read that they are from
    unread       what other columns hold, such as lists, which can be left out and nothing else

    Example:
        >>> table = Table("fruit", {"mass": np.array([9.0, 170.0]), "fruit": Texts.of(["cherry", "apple"])})
        >>> len(table), table.kind("fruit"), table.take(np.array([1])).columns["mass"]
        (2, Text(), array([170.]))
        >>> table
        <fruit: 2 rows, 2 columns>
    """

    name: str
    columns: Mapping[str, Column]
    lines: NDArray[np.int64] | None = None
    categories: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    notation: Notation = AS_PROGRAMS
    unread: Mapping[str, str] = field(default_factory=dict)
    word = _WORD

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self)} rows, {len(self.columns)} columns>"

    def take(self, places: NDArray[Any]) -> Self:
        columns = {
            name: column.take(places) if isinstance(column, Texts) else column[places]
            for name, column in self.columns.items()
        }
        return replace(self, columns=columns, lines=None if self.lines is None else self.lines[places])

    def without(self, names: Iterable[str]) -> Self:
        """This without some of its columns.

        Raises:   DataError for a name that none of them has.
        """
        left_out = {self.check_name(name) for name in names}
        columns = {name: column for name, column in self.columns.items() if name not in left_out}
        unread = {name: held for name, held in self.unread.items() if name not in left_out}
        return replace(self, columns=columns, unread=unread)

    # ------------------------------------------------------------------------------------------------- what it says
    def kind(self, name: str) -> Kind:
        """What a column holds.

        Raises:   DataError if it holds numbers with commas.
        """
        column = self.columns[name]
        if name in self.numbers:
            return Number()
        kind = kind_of(column, name in self.categories)
        from_a_file = self.lines is not None  # which was read with its notation
        if kind == Text() and isinstance(column, Texts) and not (from_a_file or name in self.categories):
            self._check_no_commas(name, column)
        return kind

    def declares(self, name: str) -> bool:
        """Whether somebody has said what a column holds."""
        return name in self.categories or name in self.numbers

    def values(self, name: str, kind: Kind) -> NDArray[Any]:
        """A column as values of a kind.

        Raises:   DataError if a row of it says something else.
        """
        column = self.columns[name]
        values, read = kind.read(column)
        if not read.all():
            row = int(np.argmin(read))
            text = column.different[column.codes[row]] if isinstance(column, Texts) else str(column[row])
            where = {"table": self.name, "place": self.place(row), "name": name}
            raise DataError(_UNREAD(**where, text=shortened(text), kind=kind.expected()))
        return values

    def place(self, row: int) -> str:
        """Where a row stands, as messages say it."""
        return _ROW(number=row + 1) if self.lines is None else _LINE(number=self.lines[row])

    def place_of(self, name: str, text: str) -> str:
        """Where a column of texts says this for the first time."""
        column = self.columns[name]
        assert isinstance(column, Texts)
        return self.place(int(np.argmax(column.different[column.codes] == text)))

    def described(self) -> list[Description]:
        """What each column holds, and what would become of it as an input, as rows for a report.

        Raises:   DataError if a column holds numbers with commas.
        Example:
            >>> for row in Table("fruit", {"mass": np.array([9.0, np.nan, 170.0])}).described():
            ...     print(row.column, "|", row.kind, "|", row.missing, "|", row.values, "|", row.use)
            mass | number | 1 | 9 to 170 | standardised; missing: median, marked
        """
        rows = []
        for name, column in self.columns.items():
            kind = self.kind(name)
            values = self.values(name, kind)
            learned = learned_column(name, column, kind, values, declared=self.declares(name))
            rows.append(described(learned, column, kind, values, self.notation.marks.get(name)))
        return rows

    # ------------------------------------------------------------------------------------------------ what is learned
    def labeled(
        self,
        target: str,
        *,
        exclude: Iterable[str] = (),
        categories: Iterable[str] = (),
        numbers: Iterable[str] = (),
        group: str | None = None,
        weight: str | None = None,
    ) -> Labeled:
        """The rows with their answers, which are those in the column `target`; rows without an answer are left out.

        exclude      names of columns that are not to be learned from
        categories   names of those that hold categories, whatever they look like
        numbers      names of those that hold numbers, even if these only seem to name the rows
        group        the column by which rows belong together: those of one group are never divided between parts
        weight       the column that says how much each row counts

        Raises:   UsageError if one column is two of them that exclude each other; DataError if there is no such column,
                  no row has an answer, answers are dates or a mixture of numbers and texts, a weight is no number of
                  0 or more, or a group is missing.
        Example:
            >>> labeled = Table("t", {"x": np.array([1, 2]), "y": Texts.of(["yes", "?"])}).labeled("y")
            >>> len(labeled), labeled.answers, labeled.left_out
            (1, array(['yes'], dtype=object), 1)
        """
        left_out, named, measured = (each_of(names) for names in (exclude, categories, numbers))
        self._check_apart({"target": [target], "group": each_of(group), "weight": each_of(weight)})
        self._check_apart({"exclude": left_out, "categories": named, "numbers": [*measured, *each_of(weight)]})
        declared = replace(
            self,
            categories=self.categories.union(map(self.check_name, named)) - frozenset(measured),
            numbers=self.numbers.union(map(self.check_name, measured)),
        )
        declared.check_read([target, *each_of(group), *each_of(weight)])
        records = declared.without([target, *each_of(group), *each_of(weight), *left_out])
        records.check_read(records.unread)
        if not records.columns:
            raise DataError(_NO_INPUTS(table=self.name, name=target))
        answers, rows = known_answers(declared, target)
        answered = declared.take(rows)
        return Labeled(
            records.take(rows),
            answers,
            None if weight is None else weights_of(answered, weight),
            None if group is None else groups_of(answered, group),
            left_out=len(self) - len(rows),
        )

    def check_read(self, names: Iterable[str]) -> None:
        """Refuse columns that hold nothing that a network could learn from.

        Raises:   DataError for the first of these that does.
        """
        for name in names:
            if name in self.unread:
                raise DataError(_DTYPE(name=self.name, column=name, dtype=self.unread[name]))

    def _check_no_commas(self, name: str, column: Texts) -> None:
        """Refuse numbers with commas in a frame: 1,234 may be either, and nothing around it tells."""
        if marks_of({name: column}, ".", {}):
            text = next(text for text in column.present if "," in text or not is_number(text))
            raise DataError(_COMMA(table=self.name, place=self.place_of(name, text), name=name, text=shortened(text)))

    def _check_apart(self, uses: Mapping[str, Iterable[str]]) -> None:
        """Refuse a column that is named for two uses of which it can have one."""
        use_of: dict[str, str] = {}
        for use, names in uses.items():
            for name in names:
                first = use_of.setdefault(name, use)
                if first != use:
                    raise UsageError(_ONE_COLUMN(table=self.name, name=name, first=first, second=use))

    def check_name(self, name: str) -> str:
        """The name of a column, once it is found to be one.

        Raises:   DataError if there is no such column.
        """
        if name not in self.columns and name not in self.unread:
            known = [*self.columns, *self.unread]
            listed = ", ".join(known[:_MOST_NAMED]) + (", …" if len(known) > _MOST_NAMED else "")
            raise DataError(_NO_COLUMN(table=self.name, name=name, known=listed, suggestion=suggestion(name, known)))
        return name


def each_of(names: str | Iterable[str] | None) -> list[str]:
    """Names, of which there may be one or none."""
    return [] if names is None else [names] if isinstance(names, str) else list(names)
