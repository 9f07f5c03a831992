"""Files that were damaged, or made to do harm: documented errors, without the memory and the time they ask for."""

import gzip
import io
import sys
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data.tables import TableInputs, read_csv
from chainrule.data.tables import separated_values as module
from chainrule.errors import DataError, FileFormatError
from tests.counts import scaled

CONTENT = (
    b"age,town,when,note,flag\n"
    b'22,Bern,2024-01-31,"says ""no"", often",yes\n'
    b'?,Rome,2024-02-01,"two\nlines",no\n'
    b"1e5,Bern,2024-02-02,,yes\n" + "31,Zürich,2024-03-01,ü,no\n".encode()
)


def refusal(content: bytes) -> str | None:
    """Why a file is refused, if it is."""
    try:
        learned(content)
    except (FileFormatError, DataError) as reason:
        return str(reason)
    return None


def learned(content: bytes) -> None:
    """What a training does with a file: it reads, describes and learns."""
    table = read_csv(io.BytesIO(content))
    table.described()
    inputs = TableInputs.learned(table)
    for x in arrays if isinstance(arrays := inputs.of(table), tuple) else (arrays,):
        assert np.isfinite(x).all()


def test_whatever_is_done_to_a_file_it_is_read_or_refused():
    rng = np.random.default_rng(7)
    refused = 0
    parts = [b"", b"\0", b'"', b"\n", b"\r", b",", b";", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"1e999", b"\x1f\x8b"]
    count = scaled(4000)
    for _ in range(count):
        content = bytearray(CONTENT)
        for _ in range(int(rng.integers(1, 5))):
            place = int(rng.integers(len(content)))
            content[place : place + int(rng.integers(0, 9))] = parts[rng.integers(len(parts))]
        refused += refusal(bytes(content)) is not None
    assert 0 < refused < count


@given(st.binary(max_size=60))
def test_bytes_of_any_kind(content):
    assert "\n" not in (refusal(content) or "")


def test_a_compressed_file_that_becomes_a_thousand_times_as_large():
    bomb = gzip.compress(b"a,b\n" + b"1,2\n" * 5_000_000)
    assert len(bomb) < 50_000
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match="more than 1000000 bytes"):
            read_csv(io.BytesIO(bomb), most_bytes=1_000_000)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10_000_000


def test_a_file_that_is_too_large_is_not_read_to_its_end():
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert size <= 1001
            return b"1" * size

    with pytest.raises(FileFormatError, match="more than 1000 bytes"):
        read_csv(Endless(), most_bytes=1000)


def test_a_million_columns():
    started = time.process_time()
    header = ",".join(f"c{k}" for k in range(1_000_000))
    with pytest.raises(FileFormatError, match="has 1000000 columns"):
        read_csv(io.StringIO(f"{header}\n{header}\n"))
    assert time.process_time() - started < 20


def test_a_line_of_commas_takes_no_memory_for_names():
    commas = b"," * 1_000_000
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match="has 1000001 columns"):
            read_csv(io.BytesIO(commas))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 40_000_000


def test_short_lines_are_not_looked_at_one_by_one():
    content = b"a,b\n" + b"1,2\n" * 100_000
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        table = read_csv(io.BytesIO(content))
    finally:
        sys.setprofile(None)
    assert len(table) == 100_000
    assert calls < 20_000, "of functions, Python's and others"


def test_the_line_of_a_row_is_where_it_begins_whatever_is_between(monkeypatch):
    """Empty lines and values of several lines, with every way to end one, in pieces of each size."""
    content = b'a,b\n1,2\r\n\n"x\r\ny",3\n\r\n4,"p\rq\nr"\n5,6\n\n\n7,8\n"1\n2","3\n4"\n9,9\n'
    for piece in (1, 2, 4, 6, 100):
        monkeypatch.setattr(module, "_PIECE", piece)
        assert read_csv(io.BytesIO(content)).lines.tolist() == [2, 4, 7, 10, 13, 14, 17]
        with pytest.raises(DataError, match="line 18: there are 1 values"):
            read_csv(io.BytesIO(content + b"9\n"))
        with pytest.raises(DataError, match="line 18: the row cannot be read"):
            read_csv(io.BytesIO(content + b'"9\n\n'))


def test_too_many_cells(monkeypatch):
    monkeypatch.setattr(module, "_MOST_CELLS", 1000)
    with pytest.raises(FileFormatError, match="more than 1000 cells"):
        read_csv(io.StringIO("a,b\n" + "1,2\n" * 501))


@pytest.mark.parametrize("content", ["a,b\n" + "x" * 200_000 + ",1\n", 'a,b\n"' + "x\n" * 200_000, "x" * 200_000])
def test_a_giant_value(content):
    with pytest.raises(DataError, match=r"line [12]: .*field larger than field limit"):
        read_csv(io.StringIO(content))


def test_a_number_of_many_digits():
    table = read_csv(io.StringIO("a\n" + "9" * 5000 + "\n1" + "0" * 300 + "\n"))
    assert table.described()[0].kind == "text"


def test_times_far_away():
    learned(b"t,a\n0001-01-01,1\n9999-12-31 23:59:59-23:59,2\n")


def test_no_pattern_takes_long():
    started = time.process_time()
    for piece in ("1", "1,", "1.1", "1 ", "2024-01-01", "+", "e1", " 1"):
        text = piece * (100_000 // len(piece)) + "x"
        with pytest.raises(DataError):
            TableInputs.learned(read_csv(io.StringIO(f'a;b\n"{text}";1\n"{text}";1\n')))
    assert time.process_time() - started < 5
