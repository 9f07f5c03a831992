"""Parquet files: the tables that Arrow has written, and nothing that a small file only promises."""

import io
import sys
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chainrule.data.tables import Table, TableInputs, Texts, read_parquet
from chainrule.errors import DataError, FileFormatError, UsageError


def stored(data: pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(data, file)
    return file.getvalue()


CONTENT = stored(
    pa.table(
        {
            "n": [1.5, None, 3.0],
            "town": ["Bern", None, "Bern"],
            "size": pa.array(["38", "40", "38"]).dictionary_encode(),
            "day": pa.array(["2024-01-01", "2024-01-02", None]),
        }
    )
)


def test_what_arrow_has_written(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(CONTENT)
    table = read_parquet(path)
    assert table.name == str(path)
    assert list(table.columns) == ["n", "town", "size", "day"]
    np.testing.assert_array_equal(table.columns["n"], [1.5, np.nan, 3])
    for name, expected in {"town": ["Bern", "", "Bern"], "size": ["38", "40", "38"]}.items():
        column = table.columns[name]
        assert isinstance(column, Texts)
        assert column.different[column.codes].tolist() == expected
    assert [table.kind(name).word() for name in table.columns] == ["number", "text", "text", "date"]


def test_several_row_groups(tmp_path):
    texts = [f"t{k % 7}" for k in range(100)]
    pq.write_table(pa.table({"a": texts}), tmp_path / "t.parquet", row_group_size=13)
    column = read_parquet(tmp_path / "t.parquet").columns["a"]
    assert isinstance(column, Texts)
    assert column.different[column.codes].tolist() == texts
    assert len(column.different) == 7


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" * 5, CONTENT[:-20], CONTENT[: len(CONTENT) // 2]])
def test_damaged_files(content):
    with pytest.raises(FileFormatError, match="cannot be read as a Parquet file"):
        read_parquet(io.BytesIO(content))


def test_a_byte_that_changed_is_noticed_or_changes_a_value():
    """Whatever a changed byte does, it is a documented error or a table."""
    rng = np.random.default_rng(0)
    for place in rng.integers(4, len(CONTENT) - 8, 60):
        changed = bytearray(CONTENT)
        changed[place] ^= 1 << int(rng.integers(8))
        with suppress(FileFormatError, DataError):
            assert len(read_parquet(io.BytesIO(changed), most_cells=1000)) > 0


def test_what_a_small_file_promises_is_not_read():
    content = stored(pa.table({"a": np.zeros(100_000), "b": ["x" * 100] * 100_000}))
    assert len(content) < 10_000
    with pytest.raises(FileFormatError, match="100000 rows and 2 columns; at most 1000 cells"):
        read_parquet(io.BytesIO(content), most_cells=1000)
    column = read_parquet(io.BytesIO(content)).columns["b"]
    assert isinstance(column, Texts)
    assert len(column.different) == 1


@pytest.mark.parametrize("values", [[[1], [2]], [{"a": 1}], [b"x"]])
def test_columns_of_something_else(values):
    numbers = list(range(len(values)))
    table = read_parquet(io.BytesIO(stored(pa.table({"a": values, "x": numbers, "y": numbers}))))
    with pytest.raises(DataError, match="column 'a' holds"):
        table.labeled("y")
    with pytest.raises(DataError, match="column 'a' holds"):
        table.labeled("a")
    labeled = table.labeled("y", exclude=["a"])
    assert isinstance(labeled.records, Table)
    assert list(labeled.records.columns) == ["x"]
    inputs = TableInputs.learned(Table("t", {"x": np.arange(3.0)}))
    assert len(inputs.of(table)) == len(values), "what is not needed may hold anything"
    with pytest.raises(DataError, match="column 'a' holds"):
        TableInputs.learned(Table("t", {"a": np.arange(3.0)})).of(table)


def test_without_rows():
    with pytest.raises(DataError, match="0 rows and 1 columns"):
        read_parquet(io.BytesIO(stored(pa.table({"a": pa.array([], pa.int64())}))))


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r'pip install "chainrule\[parquet\]"'):
        read_parquet("t.parquet")
