"""How rows become a network's inputs: learned from the rows to train on alone, and the same for all that come later."""

import dataclasses
import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data.preparation import Preparation
from chainrule.data.records import Arrays, Labeled
from chainrule.data.tables import Table, TableInputs, Texts, read_csv
from chainrule.data.tables.columns import IgnoredColumn, NumberColumn
from chainrule.errors import DataError
from chainrule.nn import mlp, tabular_mlp
from chainrule.train import Model

NAN = float("nan")


def table(text: str) -> Table:
    return read_csv(io.StringIO(text))


def of_columns(**columns: Any) -> Table:
    return Table("t", {name: np.asarray(c) if not isinstance(c, Texts) else c for name, c in columns.items()})


def test_numbers_are_standardised_with_gaps_at_the_median():
    inputs = TableInputs.learned(of_columns(a=[1.0, 2.0, NAN, 9.0]))
    x = inputs.of(of_columns(a=[1.0, 2.0, NAN, 9.0]))
    filled = np.array([1.0, 2.0, 2.0, 9.0])
    expected = np.stack([(filled - filled.mean()) / filled.std(), [0, 0, 1, 0]], 1)
    np.testing.assert_allclose(x, expected, rtol=1e-6)
    assert isinstance(x, np.ndarray)
    assert x.dtype == np.float32


def test_a_gap_that_no_row_to_train_on_had_is_the_median_and_nothing_else():
    inputs = TableInputs.learned(of_columns(a=[1.0, 2.0, 9.0]))
    np.testing.assert_allclose(inputs.of(of_columns(a=[NAN, 2.0])), [[-0.5619515]] * 2, rtol=1e-6)


def test_yes_and_no():
    inputs = TableInputs.learned(of_columns(a=Texts.of(["yes", "no"])))
    np.testing.assert_array_equal(inputs.of(of_columns(a=Texts.of(["No", "YES"]))), [[-1], [1]])
    np.testing.assert_array_equal(inputs.of(of_columns(a=[True, False])), [[1], [-1]])


def test_dates():
    column = Texts.of(["2024-01-01", "2024-07-01", "2024-07-03", ""])
    x = TableInputs.learned(of_columns(d=column)).of(of_columns(d=column))
    assert isinstance(x, np.ndarray)
    assert x.shape == (4, 1 + 2 + 2 + 1)  # days, year, week, missing; the hour is always the same
    days = np.array([0, 182, 184, 182])  # the median where nothing is known
    np.testing.assert_allclose(x[:, 0], (days - days.mean()) / days.std(), rtol=1e-5)
    np.testing.assert_allclose(x[0, 1:3], [0, 1], atol=1e-6)
    np.testing.assert_allclose(x[1, 1:3], [np.sin(2 * np.pi * 182 / 366), np.cos(2 * np.pi * 182 / 366)], atol=1e-6)
    np.testing.assert_allclose(x[0, 3:5], x[1, 3:5])  # both are Mondays
    assert abs(x[1, 3:5] - x[2, 3:5]).max() > 0.5
    np.testing.assert_array_equal(x[3, 1:], [0, 0, 0, 0, 1])


def test_the_hour_where_it_varies():
    inputs = TableInputs.learned(of_columns(d=np.array(["2024-01-01T00", "2024-01-01T06"], "M8[s]")))
    x = inputs.of(of_columns(d=np.array(["2024-01-01T12"], "M8[s]")))
    np.testing.assert_allclose(x, [[3, 0, -1]], atol=1e-6)


def test_the_order_of_dates_is_that_of_the_rows_to_train_on():
    inputs = TableInputs.learned(of_columns(d=Texts.of(["31/1/2024", "3/2/2024"])))
    alone = inputs.of(of_columns(d=Texts.of(["3/2/2024"])))
    np.testing.assert_array_equal(alone, inputs.of(of_columns(d=np.array(["2024-02-03"], "M8[s]"))))


def test_categories_are_codes_and_zero_is_unknown():
    column = Texts.of(["b"] * 3 + ["a"] * 3 + ["rare", ""])
    inputs = TableInputs.learned(of_columns(c=column, n=np.arange(8.0)))
    assert inputs.category_sizes == (3,)
    _, codes = inputs.of(of_columns(c=Texts.of(["a", "b", "rare", "", "new"]), n=np.arange(5)))
    assert codes.tolist() == [[1], [2], [0], [0], [0]]
    assert codes.dtype == np.int32


def test_categories_of_numbers_are_the_same_however_they_are_read():
    inputs = TableInputs.learned(of_columns(c=Texts.of(["1", "2", "x"] * 3)))
    for column in (Texts.of(["2"]), np.array([2]), np.array([2.0])):
        _, codes = inputs.of(of_columns(c=column))
        assert codes.tolist() == [[2]]


@pytest.mark.parametrize(
    ("name", "column", "reason"),
    [
        ("a", Texts.of(["x"] * 20), "constant"),
        ("a", np.full(20, 7), "constant"),
        ("a", Texts.of([""] * 20), "empty"),
        ("a", np.full(20, NAN), "empty"),
        ("a", np.arange(20), "identifier"),
        ("CustomerId", 1000 + 37 * np.arange(20), "identifier"),
        ("a", Texts.of([f"text {k}" for k in range(20)]), "text"),
        ("a", Texts.of([f"{k}" for k in range(50, 69)] + ["<5"]), "mostly_numbers"),
        ("a", Texts.of(["1/2/2024", "3/4/2024"] * 10), "order_of_dates"),
    ],
)
def test_columns_that_say_nothing_are_ignored(name, column, reason):
    inputs = TableInputs.learned(of_columns(**{name: column, "b": np.linspace(0, 1, 20)}))
    assert isinstance(inputs.columns[0], IgnoredColumn)
    assert inputs.columns[0].reason == reason
    assert inputs.names == ("b",)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("year", 1990 + np.arange(20)),  # a trend, not a count of rows
        ("rooms", np.arange(20) % 5),
        ("income", 1000 + 37 * np.arange(20)),
        ("paid", 1000 + 37 * np.arange(20)),  # has the letters of id
        ("a", np.where(np.arange(20) < 3, NAN, 7.0)),  # whether it is missing is something
    ],
)
def test_columns_that_look_like_it_are_not_ignored(name, column):
    assert isinstance(TableInputs.learned(of_columns(**{name: column})).columns[0], NumberColumn)


WORDS = st.sampled_from(["a", "b", "", "-7", "1e9", "?", "2020-01-01", "no"])


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=8))
def test_what_rows_to_test_with_say_changes_nothing(others):
    """The preparation of the rows to train on is one and the same, whatever stands in the others of the file."""
    training = [f"{k % 3},{'a' if k % 2 else 'b'},2024-01-0{k + 1}" for k in range(8)]
    whole = table("\n".join(["n,c,d", *training, *map(",".join, others)]))
    alone = table("\n".join(["n,c,d", *training]))
    rows = np.arange(8)
    assert TableInputs.learned(whole.take(rows)) == TableInputs.learned(alone)


def test_the_order_of_rows_changes_nothing():
    rows = table("n,c,d\n" + "".join(f"{k * k},{'ab'[k % 2]},2024-01-{k + 1:02}\n" for k in range(12)))
    shuffled = np.random.default_rng(5).permutation(12)
    inputs, again = TableInputs.learned(rows), TableInputs.learned(rows.take(shuffled))
    for x, y in zip(inputs.of(rows), again.of(rows.take(shuffled)), strict=True):
        np.testing.assert_allclose(x[shuffled], y, rtol=1e-6, atol=1e-6)  # sums round otherwise in another order


def test_the_order_of_columns_and_further_ones_change_nothing():
    inputs = TableInputs.learned(table("a,b\n1,5\n2,7\n3,5\n"))
    np.testing.assert_array_equal(inputs.of(table("b,new,a\n5,x,1\n")), inputs.of(table("a,b\n1,5\n")))


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5), st.floats(allow_infinity=False)
)
def test_inputs_are_finite_whatever_the_numbers_are(values, later):
    inputs = TableInputs.learned(of_columns(a=[*values, 0.0, 1.0]))
    assert np.isfinite(inputs.of(of_columns(a=[*values, 0.0, 1.0, later]))).all()


def test_a_preparation_outlives_its_program():
    lines = (f"{k * k},{k if k % 2 else ''},{'ab'[k % 2]},{k + 1}.1.2024,{k},{'yn'[k % 2]}" for k in range(12))
    rows = table("\n".join(["n,g,c,d,id,y", *lines]))
    preparation = Preparation.learned(rows.labeled("y"), "y")
    data = json.loads(json.dumps(preparation.as_data()))
    again = Preparation.from_data(data)
    del data["inputs"]["notation"]  # as models have it that were saved before there was any choice
    assert Preparation.from_data(data) == again
    assert again == preparation
    for x, y in zip(preparation.inputs.of(rows), again.inputs.of(rows), strict=True):
        np.testing.assert_array_equal(x, y)


def test_data_of_no_preparation():
    data = TableInputs.learned(of_columns(a=[1.0, 2.0], b=Texts.of(["x", "x"]))).as_data()
    number, ignored = data["columns"]
    far = number | {"standard": {"median": 0, "mean": float("inf"), "deviation": 1}}
    flat = number | {"standard": {"median": 0, "mean": 0, "deviation": 0}}
    for columns in ([], [ignored], [number | {"column": "other"}], [far], [flat]):
        wrong = {"columns": columns}
        with pytest.raises((KeyError, ValueError, TypeError)):
            TableInputs.from_data(wrong)
    with pytest.raises(ValueError, match="because"):
        TableInputs.from_data({"columns": [number, ignored | {"reason": "because"}]})


@pytest.mark.parametrize("columns", ["both", "numbers", "categories"])
def test_networks_take_them(columns):
    """Whether a network learns which of two texts a row has, or on which side of 0 its number lies."""
    rng = np.random.default_rng(0)
    answers = rng.integers(0, 2, 60)
    given = {"n": answers - 0.5 + rng.uniform(-0.1, 0.1, 60), "c": Texts.of(np.array(["a", "b"])[answers].tolist())}
    if columns != "both":
        del given["c" if columns == "numbers" else "n"]
    records = Table("t", given)
    preparation = Preparation.learned(Labeled(records, answers), "y")
    assert isinstance(preparation.inputs, TableInputs)
    x = preparation.inputs.of(records)
    sizes = preparation.inputs.category_sizes
    network = tabular_mlp(sizes, outputs=2, units=(8,)) if sizes else mlp((8,), 2)
    model = Model(network, seed=0)
    y = preparation.target.numbers(answers)
    model.fit(x, y, epochs=20, batch_size=10, verbose=0, executor="reference")
    assert (preparation.target.predictions(model.predict(x)).values == answers.astype(str)).all()


def test_records_of_another_kind():
    inputs = TableInputs.learned(of_columns(a=[1.0, 2.0]))
    with pytest.raises(DataError, match="trained on a table, not on arrays"):
        inputs.of(Arrays((np.zeros((2, 1)),)))


def test_learned_columns_are_plain_values():
    inputs = TableInputs.learned(of_columns(a=[1.0, NAN], c=Texts.of(["x", "y"])))
    for column in inputs.columns:
        assert dataclasses.is_dataclass(column)
        json.dumps(column.as_data())
