"""What columns hold, as far as their texts tell, and the values that they then say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data.tables import Texts
from chainrule.data.tables.kinds import Date, Number, Text, YesNo, as_texts, kind_of
from chainrule.data.tables.written_dates import dates, order_of
from chainrule.data.tables.written_numbers import numbers

NAN = float("nan")


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "-2", "+3"], Number()),
        (["1.5", "2.", ".5", "1e5", "-1E-3"], Number()),
        (["0", "0.0", "-0"], Number()),
        (["1", "", "NA", "n/a", "NaN", "null", "?", "-"], Number()),
        (["1_000", "2"], Text()),  # Python's own way to write them
        (["01067", "80331"], Text()),  # codes
        (["0x10", "1"], Text()),
        (["1e999", "1"], Text()),  # larger than any float64
        (["inf", "1"], Text()),
        (["١", "٢"], Text()),  # digits to float(), but those of no file of data
        (["12%", "3%"], Text()),
        (["1\n2", "3"], Text()),
        (["1\x002", "3"], Text()),
        (["Yes", "no", "NO"], YesNo()),
        (["true", "FALSE", ""], YesNo()),
        (["t", "f"], YesNo()),
        (["yes", "yes"], Text()),
        (["yes", "true"], Text()),
        (["2024-02-29", "1999-1-1"], Date("year")),
        (["2024-02-29T12:30:00Z", "2024-02-29 12:30", "2024-02-29 12:30:59.5+01:00"], Date("year")),
        (["2024/02/29"], Date("year")),
        (["2023-02-29"], Text()),  # there was no such day
        (["2024-02-29 24:00"], Text()),
        (["31/1/2024", "1/2/2024"], Date("day")),
        (["1/31/2024", "2/1/2024"], Date("month")),
        (["1/2/2024", "2/1/2024"], Date("unknown")),
        (["1.2.2024", "2.1.2024"], Date("day")),
        (["31/1/2024", "1/31/2024"], Text()),
        (["1/2.2024"], Text()),
        (["1/2/24"], Text()),
        (["20240131"], Number()),
        (["a", "b"], Text()),
        (["", "?"], Text()),
        ([str(2**53 + k) for k in range(3)], Text()),  # two of them are one as float64
        ([str(2**53 + 2 * k) for k in range(3)] + ["0.5"], Number()),
        (["+", "-"], Text()),
    ],
)
def test_kinds_of_texts(texts, kind):
    assert kind_of(Texts.of(texts)) == kind


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (np.array([True, False]), YesNo()),
        (np.array([1, 2], np.uint8), Number()),
        (np.array([1.5, NAN]), Number()),
        (np.array(["2024-01-01"], "M8[s]"), Date("year")),
    ],
)
def test_kinds_of_arrays(column, kind):
    assert kind_of(column) == kind


def test_a_category_remains_one_though_it_looks_like_a_number():
    assert kind_of(Texts.of(["1", "2"]), category=True) == Text()


@pytest.mark.parametrize(
    ("kind", "column", "values", "read"),
    [
        (Number(), Texts.of(["1e3", "?", "x"]), [1000, NAN, NAN], [True, True, False]),
        (Number(), np.array([1.0, NAN, np.inf]), [1, NAN, np.inf], [True, True, False]),
        (Number(), np.array([True, False]), [1, 0], [True, True]),
        (Number(), np.array(["NaT", "2024-01-01"], "M8[s]"), [NAN, NAN], [True, False]),
        (YesNo(), Texts.of(["Yes", "n", "1", "", "2"]), [1, 0, 1, NAN, NAN], [True, True, True, True, False]),
        (YesNo(), np.array([0.0, 1.0, NAN, 2.0]), [0, 1, NAN, 2], [True, True, True, False]),
    ],
)
def test_values_of_a_kind(kind, column, values, read):
    found, said = kind.read(column)
    np.testing.assert_array_equal(found, values)
    assert said.tolist() == read


@pytest.mark.parametrize(
    ("order", "column", "values"),
    [
        ("year", Texts.of(["2024-01-02", "", "2024-01-02 03:04:05"]), ["2024-01-02", "NaT", "2024-01-02T03:04:05"]),
        (
            "year",
            Texts.of(["2024-01-01 00:30+01:00", "2024-01-01T00:30-0130"]),
            ["2023-12-31T23:30", "2024-01-01T02:00"],
        ),
        ("day", Texts.of(["3/4/2024", "3.4.2024 5:06"]), ["2024-04-03", "2024-04-03T05:06"]),
        ("month", Texts.of(["3/4/2024"]), ["2024-03-04"]),
        ("year", np.array(["2024-01-02", "NaT"], "M8[ns]"), ["2024-01-02", "NaT"]),
        ("year", np.array([NAN]), ["NaT"]),
    ],
)
def test_times(order, column, values):
    found, read = Date(order).read(column)
    np.testing.assert_array_equal(found, np.array(values, "M8[s]"))
    assert read.all()


def test_numbers_are_no_dates():
    assert Date("year").read(np.array([1.0, NAN]))[1].tolist() == [False, True]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**20), 10**20), min_size=1))
def test_what_python_writes_is_a_number(values):
    found, said = numbers([*map(str, values)])
    assert said.all()
    np.testing.assert_array_equal(found, np.array([float(value) for value in values]))


@given(st.lists(st.datetimes(), min_size=1))
def test_what_python_writes_is_a_date(times):
    texts = [time.isoformat(separator) for time in times for separator in "T "]
    found, said = dates(texts, "year")
    assert order_of(texts) == "year"
    assert said.all()
    assert found.tolist() == [time.replace(microsecond=0) for time in times for _ in range(2)]


def test_texts_of_numbers_do_not_depend_on_who_read_them():
    for column, expected in (
        (np.array([1.0, NAN, 2.5, NAN]), ["1", "", "2.5", ""]),
        (np.array([2, 1, 2]), ["2", "1", "2"]),
        (np.array([True, False]), ["True", "False"]),
        (np.array(["NaT", "2024-01-01"], "M8[D]"), ["", "2024-01-01"]),
    ):
        texts = as_texts(column)
        assert texts.different[texts.codes].tolist() == expected


def test_rows_that_are_taken_keep_their_texts():
    texts = Texts.of(["a", "b", "a", "c"]).take(np.array([3, 0, 2]))
    assert texts.different[texts.codes].tolist() == ["c", "a", "a"]
    assert sorted(texts.different.tolist()) == ["a", "c"]


@pytest.mark.parametrize("order", ["year", "day", "month"])
def test_dates_with_the_year_first_are_read_in_any_order(order):
    found, read = Date(order).read(Texts.of(["2024-02-03", "2024-02-31"]))
    assert found.astype(str).tolist() == ["2024-02-03T00:00:00", "NaT"]
    assert read.tolist() == [True, False]
