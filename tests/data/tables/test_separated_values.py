"""Tables as text: what Python's csv module writes is read again, whatever is between the values, in any encoding."""

import csv
import gzip
import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data.tables import Table, Texts, read_csv
from chainrule.errors import FileFormatError

# What blanks surround is read without them, and there are no zero bytes and halves of characters in a file of text.
cells = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8).map(str.strip)
names = st.lists(st.text("abcxyz_", min_size=1, max_size=6), min_size=2, max_size=5, unique=True)


def rows_of(table: Table) -> list[list[str]]:
    columns = []
    for column in table.columns.values():
        assert isinstance(column, Texts)
        columns.append(column.different[column.codes].tolist())
    return [list(row) for row in zip(*columns, strict=True)]


def written(rows: list[list[str]], **dialect) -> str:
    text = io.StringIO()
    csv.writer(text, **dialect).writerows(rows)
    return text.getvalue()


@given(st.data(), names, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_python_writes_is_read_again(data, header, delimiter, end):
    rows = data.draw(st.lists(st.lists(cells, min_size=len(header), max_size=len(header)), min_size=1, max_size=5))
    quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL  # Python quotes only the ends that it writes itself
    text = written([header, *rows], delimiter=delimiter, lineterminator=end, quoting=quoting)
    table = read_csv(io.StringIO(text))
    assert list(table.columns) == header
    assert rows_of(table) == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(tmp_path, encoding):
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    path = tmp_path / "towns.csv"
    path.write_bytes((mark + "stadt;größe\r\nKöln;1\r\n東京;2\r\n").encode(encoding))
    table = read_csv(path)
    assert list(table.columns) == ["stadt", "größe"]
    assert rows_of(table) == [["Köln", "1"], ["東京", "2"]]


def test_an_encoding_that_is_named(tmp_path):
    path = tmp_path / "towns.csv"
    path.write_bytes("stadt,land\nKraków,pl\n".encode("cp852"))
    assert rows_of(read_csv(path)) != [["Kraków", "pl"]]
    assert rows_of(read_csv(path, encoding="cp852")) == [["Kraków", "pl"]]
    with pytest.raises(FileFormatError, match="line 2: the byte 0xa2 is no text in UTF-8"):
        read_csv(path, encoding="utf-8")


def test_a_compressed_file(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert rows_of(read_csv(path)) == [["1", "2"]]
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FileFormatError, match="cannot be decompressed"):
        read_csv(path)


def test_the_encoding_of_a_file_that_is_open(tmp_path):
    path = tmp_path / "towns.csv"
    path.write_bytes("stadt,land\nKöln,de\n".encode("cp1252"))
    with path.open(encoding="cp1252") as file:
        assert rows_of(read_csv(file)) == [["Köln", "de"]]


def test_a_mark_knows_better():
    assert rows_of(read_csv(io.BytesIO("a\nü\n".encode("utf-16")), encoding="cp1252")) == [["ü"]]


@pytest.mark.parametrize("file", [io.StringIO("a,b\n1,2\n"), io.BytesIO(b"a,b\n1,2\n")])
def test_files_that_are_open(file):
    assert rows_of(read_csv(file)) == [["1", "2"]]


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("a,b\n1,ü\n".encode()), "ascii"))
    assert rows_of(read_csv(sys.stdin)) == [["1", "ü"]]
