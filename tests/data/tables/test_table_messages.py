"""What is said about tables that cannot be read or learned from, and that it is said well."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from chainrule.data.preparation import Preparation
from chainrule.data.reading import read_source
from chainrule.data.tables import Table, TableInputs, as_table, read_csv, read_parquet
from chainrule.messages import use_language
from tests.refusals import Refusals, said

HERE = Path(__file__).parent


def read(text: str | bytes, **arguments: Any) -> Table:
    return read_csv(io.StringIO(text) if isinstance(text, str) else io.BytesIO(text), **arguments)


def learn(text: str, target: str = "y", **arguments: Any) -> Preparation:
    return Preparation.learned(read(text).labeled(target, **arguments), target)


def predict(training: str, later: str) -> Any:
    return TableInputs.learned(read(training)).of(read(later))


PEOPLE = "age,town,born,member,y\n" + "22,Bern,2001-01-31,yes,0\n23,Rome,2001-02-01,no,1\n" * 3

WRONG: dict[str, Callable[[], Any]] = {
    "no such file": lambda: read_csv("test_kind.py"),
    "a folder": lambda: read_csv("/"),
    "nothing to read from": lambda: read_csv(7),  # type: ignore[arg-type]
    "an empty file": lambda: read("\n\n"),
    "names alone": lambda: read("a,b\n"),
    "no names": lambda: read("5.1,3.5,setosa\n4.9,3.0,setosa\n"),
    "no names, but whole numbers": lambda: read("39,State-gov,13\n50,Private,13\n38,State-gov,9\n"),
    "no names, but zeros": lambda: read("5,0,0\n7,0,0\n"),
    "a name twice": lambda: read("a,b,a\n1,2,3\n"),
    "fewer values than columns": lambda: read("a;b;c\n1;2;3\n\n4;5\n"),
    "more values than columns": lambda: read("a\tb\n1\t2\n1\t2\n1\t2\t3\n"),
    "other names than columns": lambda: read("1,2,3\n", names=["a", "b"]),
    "a quote that does not end": lambda: read('a,b\n1,"2\n3,4\n'),
    "a quote within": lambda: read('a,b\n1,"2"2\n'),
    "bytes of Latin-1, and another encoding named": lambda: read("a\n1\né\n".encode("latin-1"), encoding="utf-8"),
    "bytes of no encoding": lambda: read(b"a,b\n1,2\n3,\x81\n"),
    "half of UTF-16": lambda: read("a,b\n1,2\n".encode("utf-16")[:-1]),
    "a zero byte": lambda: read(b"a,b\n1,\x002\n"),
    "an encoding that nobody knows": lambda: read(b"a,b\n", encoding="utf-7z"),
    "an encoding that is none of texts": lambda: read(b"a,b\n", encoding="hex"),
    "half of a compressed file": lambda: read(b"\x1f\x8b\x08\x00"),
    "too many bytes": lambda: read("a,b\n1,2\n", most_bytes=5),
    "no Parquet file": lambda: read_parquet(io.BytesIO(b"PAR1")),
    "no frame": lambda: as_table(np.zeros(3)),
    "a frame of lists": lambda: TableInputs.learned(as_table(pa.table({"a": [[1]]}))),
    "a frame without rows": lambda: as_table(pa.table({"a": pa.array([], pa.int64())})),
    "a target that there is not": lambda: learn(PEOPLE, "twon"),
    "an excluded column that there is not": lambda: learn(PEOPLE, exclude=["years"]),
    "a target without answers": lambda: learn("a,y\n1,?\n2,?\n"),
    "a target of dates": lambda: learn(PEOPLE, "born"),
    "a target of numbers and a mistake": lambda: learn("a,y\n" + "1,5.5\n" * 20 + "1,O.5\n"),
    "a column for two uses": lambda: learn(PEOPLE, group="y"),
    "a column that is left out, and a category": lambda: learn(PEOPLE, exclude=["age"], categories=["age"]),
    "a category that there is not": lambda: learn(PEOPLE, categories=["twon"]),
    "a text among numbers that were declared": lambda: learn(PEOPLE + "?,Bern,,,0\nold,Bern,,,0\n", numbers=["age"]),
    "nothing beside the target": lambda: learn("y\n1\n0\n"),
    "a negative weight": lambda: learn(PEOPLE.replace("23", "-1"), weight="age"),
    "a group that is missing": lambda: learn(PEOPLE.replace("Rome", ""), group="town"),
    "a decimal comma in a frame": lambda: TableInputs.learned(as_table(pa.table({"price": ["2", "3,14"]}))),
    "commas between thousands in a frame": lambda: TableInputs.learned(as_table(pa.table({"n": ["1,200", "800"]}))),
    "a decimal comma where numbers were": lambda: predict(PEOPLE, PEOPLE.replace("23", '"O,5"')),
    "nothing to learn from": lambda: learn("a,b,y\n7,u,0\n7,v,1\n7,w,0\n"),
    "one class": lambda: learn("a,y\n1,x\n2,x\n"),
    "columns that are missing": lambda: predict(PEOPLE, "Age,town\n5,Bern\n"),
    "text where numbers were": lambda: predict(PEOPLE, PEOPLE + "old,Bern,2001-01-01,yes,0\n"),
    "a text where a date was": lambda: predict(PEOPLE, PEOPLE.replace("2001-02-01", "1.2.2001")),
    "another word than yes and no": lambda: predict(PEOPLE, PEOPLE.replace("no", "maybe")),
    "infinity": lambda: TableInputs.learned(Table("t", {"a": np.array([1.0, np.inf])})),
    "a date where numbers were": lambda: TableInputs.learned(Table("t", {"a": np.arange(3.0)})).of(
        Table("new", {"a": np.array(["2024-01-01"], "M8[s]")})
    ),
}
REFUSALS = Refusals(HERE / "messages.txt", WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_said(name):
    REFUSALS.check(name)


def test_nothing_else_is_kept():
    REFUSALS.check_that_none_is_left_over()


def test_it_is_said_in_chinese_too():
    use_language("zh")
    try:
        texts = [said(call) for call in WRONG.values()]
    finally:
        use_language(None)
    assert all(text[-1] in "。？" for text in texts)


def test_a_table_needs_a_target(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    assert "They are: a, b." in said(lambda: read_source(tmp_path / "t.csv"))
    assert list(read_source(tmp_path / "t.csv", "b").training.answers) == [2]
    with gzip.open(tmp_path / "my.t.csv.gz", "wt") as file:
        file.write("a,b\n1,2\n")
    assert list(read_source(tmp_path / "my.t.csv.gz", "b").training.answers) == [2]
