"""Tables of other libraries: the same rows, whichever of them holds them."""

import datetime as dt
import importlib
import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from chainrule.data.tables import Table, TableInputs, Texts, as_table, read_csv
from chainrule.data.tables.kinds import YesNo
from chainrule.errors import DataError, UsageError

NAN = float("nan")
BERLIN = dt.timezone(dt.timedelta(hours=1))
COLUMNS: dict[str, list[Any]] = {
    "whole": [1, 2, 3],
    "gaps": [1, None, 3],
    "fractions": [1.5, None, 3.0],
    "flags": [True, False, True],
    "flags_with_gaps": [True, None, False],
    "texts": ["a", None, "b"],
    "days": [dt.date(2024, 1, 1), None, dt.date(2024, 1, 3)],
    "times": [dt.datetime(2024, 1, 1, 12, 30), None, dt.datetime(2024, 1, 3)],
    "nothing": [None, None, None],
}
EXPECTED = {
    "whole": [1, 2, 3],
    "gaps": [1, NAN, 3],
    "fractions": [1.5, NAN, 3],
    "flags": [True, False, True],
    "flags_with_gaps": ["True", "", "False"],
    "texts": ["a", "", "b"],
    "days": ["2024-01-01", "NaT", "2024-01-03"],
    "times": ["2024-01-01T12:30", "NaT", "2024-01-03"],
    "nothing": ["", "", ""],
}


def values(table: Table, name: str) -> Any:
    column = table.columns[name]
    return column.different[column.codes].tolist() if isinstance(column, Texts) else column


def same(found: Any, expected: list[Any]) -> None:
    if isinstance(found, np.ndarray):
        np.testing.assert_array_equal(found, np.array(expected, found.dtype))
    else:
        assert found == expected


def other(library: str) -> Any:
    try:
        return importlib.import_module(library)
    except ImportError:
        pytest.skip(f"needs {library}")


def frames() -> dict[str, Any]:
    """The maker of a frame of each library."""
    return {
        "pyarrow": pa.table,
        "polars": lambda columns: other("polars").DataFrame(columns),
        "polars, lazy": lambda columns: other("polars").LazyFrame(columns),
        "pandas": lambda columns: other("pandas").DataFrame(columns).convert_dtypes(),
    }


@pytest.mark.parametrize("maker", [*frames()])
def test_the_same_rows(maker):
    columns = dict(COLUMNS)
    if maker == "pandas":
        del columns["days"]  # it has no type for them
    table = as_table(frames()[maker](columns))
    assert list(table.columns) == list(columns)
    for name in columns:
        same(values(table, name), EXPECTED[name])


def test_flags_with_gaps_are_yes_and_no():
    assert as_table(pa.table({"a": [True, None, False]})).kind("a") == YesNo()


def test_inputs_do_not_depend_on_who_reads_the_table():
    days = [dt.date(2024, 1, 1 + k) for k in range(9)]
    frame = pa.table({"n": [1.5 * k for k in range(9)], "c": ["a", "b", "c"] * 3, "d": days, "i": [3, 1, None] * 3})
    text = "n,c,d,i\n" + "".join(f"{r['n']},{r['c']},{r['d']},{r['i'] or ''}\n" for r in frame.to_pylist())
    tables = [as_table(frame), read_csv(io.StringIO(text)), as_table(frame.to_pylist())]
    inputs = [TableInputs.learned(table) for table in tables]
    assert inputs[0] == inputs[1] == inputs[2]
    expected = inputs[0].of(tables[0])
    for table in tables[1:]:
        for found, array in zip(inputs[0].of(table), expected, strict=True):
            np.testing.assert_array_equal(found, array)


def test_times_of_a_zone_are_those_of_utc():
    times = pa.array([dt.datetime(2024, 1, 1, 12, tzinfo=BERLIN)], pa.timestamp("us", "Europe/Berlin"))
    same(values(as_table(pa.table({"t": times})), "t"), ["2024-01-01T11:00"])


@pytest.mark.parametrize("dtype", [pa.uint8(), pa.int64(), pa.uint64(), pa.float32(), pa.decimal128(21, 2)])
def test_types_of_numbers(dtype):
    same(values(as_table(pa.table({"a": pa.array([1, 2]).cast(dtype, safe=False)})), "a"), [1, 2])


def test_categories_remain_categories():
    table = as_table(pa.table({"size": pa.array(["38", None, "40"]).dictionary_encode()}))
    assert table.categories == {"size"}
    assert values(table, "size") == ["38", "", "40"]


def test_rows_as_json_has_them():
    table = as_table([{"a": 1, "b": "x"}, {"b": None, "c": True}, {"a": 2.5}])
    assert {name: values(table, name) for name in table.columns} == {
        "a": ["1", "", "2.5"],
        "b": ["x", "", ""],
        "c": ["", "True", ""],
    }


@pytest.mark.parametrize(
    ("frame", "error", "complaint"),
    [
        ([1, 2], UsageError, "not list"),
        ({"a": [1]}, UsageError, "not dict"),
        (np.zeros((2, 2)), UsageError, "not ndarray"),
        (None, UsageError, "not NoneType"),
        (pa.table({}), DataError, "0 rows and 0 columns"),
        (pa.table({"a": pa.array([], pa.int64())}), DataError, "0 rows and 1 columns"),
        (pa.table({"a": [[1], [2]]}), DataError, r"column 'a' holds List"),
        (pa.table({"a": [b"x"]}), DataError, r"column 'a' holds Binary"),
        (pa.table({"a": [dt.time(1)]}), DataError, r"column 'a' holds Time"),
        (pa.table([[1], [2]], ["a", "a"]), DataError, "two columns have the same name"),
        ([{"a": [1]}], DataError, "column 'a' holds list"),
        ([{"a": {"b": 1}}], DataError, "column 'a' holds dict"),
    ],
)
def test_what_is_no_table(frame, error, complaint):
    with pytest.raises(error, match=complaint):
        TableInputs.learned(as_table(frame))
