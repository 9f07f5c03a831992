"""Tables and their answers."""

import io

import numpy as np
import pyarrow as pa
import pytest

from chainrule.data.tables import Table, TableInputs, Texts, as_table, read_csv
from chainrule.data.targets import are_classes
from chainrule.errors import DataError, UsageError


def table(text: str) -> Table:
    return read_csv(io.StringIO(text))


def test_rows_that_are_taken_remember_their_lines():
    taken = table("a,b\n1,x\n\n2,y\n3,z\n").take(np.array([2, 0]))
    assert [taken.place(row) for row in range(2)] == ["line 5", "line 2"]
    assert len(taken) == 2


def test_rows_of_no_file_are_counted():
    assert Table("t", {"a": np.arange(2)}).place(1) == "row 2 (the first is 1)"


@pytest.mark.parametrize(
    ("column", "answers", "classes"),
    [
        ("0 1 0 1", [0, 1, 0, 1], True),
        ("yes no yes no", ["yes", "no", "yes", "no"], True),  # as they are written
        ("b a b a", ["b", "a", "b", "a"], True),
        ("01 02 01 02", ["01", "02", "01", "02"], True),
        ("1.0 2.0 1.0 2.0", [1, 2, 1, 2], True),
        ("+ - + -", ["+", "-", "+", "-"], True),
        ("0.5 1.5 2.5 3.5", [0.5, 1.5, 2.5, 3.5], False),
        ("10 20 30 40", [10, 20, 30, 40], False),
    ],
)
def test_answers(column, answers, classes):
    rows = "".join(f"{k},{answer}\n" for k, answer in enumerate(column.split()))
    labeled = table("x,y\n" + rows).labeled("y")
    assert labeled.answers.tolist() == answers
    assert are_classes(labeled.answers) == classes
    assert labeled.left_out == 0


@pytest.mark.parametrize("missing", ["", "?", "NA"])
def test_rows_without_an_answer_are_left_out(missing):
    labeled = table(f"x,y,w\n1,2,1\n2,{missing},\n3,4,2\n").labeled("y", weight="w")  # nor need it have a weight
    assert (labeled.answers.tolist(), labeled.left_out) == ([2, 4], 1)
    assert labeled.answers.dtype.kind == "i"
    assert labeled.weights is not None
    assert labeled.weights.tolist() == [1, 2]
    assert isinstance(labeled.records, Table)
    assert labeled.records.place(1) == "line 4"


def test_answers_of_frames():
    x = np.arange(3)
    flags = Table("t", {"x": x, "y": np.array([True, False, True])}).labeled("y")
    assert flags.answers.tolist() == [True, False, True]
    some = Table("t", {"x": x, "y": np.array([1.0, np.nan, 0.0])}).labeled("y")
    assert some.answers.tolist() == [1, 0]
    categories = Table("t", {"x": x, "y": Texts.of(["1", "2", ""])}, categories=frozenset(["y"])).labeled("y")
    assert categories.answers.tolist() == ["1", "2"]


def test_columns_that_are_not_learned_from():
    labeled = table("x,id,y,w,g\n1,5,0,1,a\n2,6,1,1,b\n3,7,0,1,a\n").labeled("y", exclude=["id"], group="g", weight="w")
    assert isinstance(labeled.records, Table)
    assert list(labeled.records.columns) == ["x"]
    assert labeled.groups is not None
    assert labeled.groups[0] == labeled.groups[2] != labeled.groups[1]


def test_a_kind_is_found_after_a_column_is_excluded():
    decimal = as_table(pa.table({"x": [1, 2], "price": ["3,14", "2,5"], "y": [0, 1]}))
    with pytest.raises(DataError, match="says '3,14', a text and not a number"):
        decimal.described()
    assert len(decimal.without(["price"]).described()) == 2
    assert decimal.labeled("y", exclude=["price"]).answers.tolist() == [0, 1]


def test_descriptions():
    rows = ["age,town,when,member,note,empty,id,one"]
    for k in range(12):
        town, member = "Bern" if k % 3 else "Rome", "yes" if k % 2 else "no"
        rows.append(f"{k % 4},{town},2024-01-{k + 1:02},{member},n{k},,{k},7")
    rows.append("?,Oslo,,,,,12,7")
    rows = [row + (",flag" if not k else f",{'' if k % 2 else 'x'}") for k, row in enumerate(rows)]
    said = {row.column: (row.kind, row.missing, row.values, row.use) for row in table("\n".join(rows)).described()}
    assert said == {
        "age": ("number", 1, "0 to 3", "standardised; missing: median, marked"),
        "town": ("text", 0, "Bern (8), Rome (4), Oslo (1)", "a category of 2; rare ones (1) count as unknown"),
        "when": (
            "date",
            1,
            "2024-01-01 to 2024-01-12",
            "days, standardised, and the place in the year and week; missing: median, marked",
        ),
        "member": ("yes or no", 1, "no (6), yes (6)", "standardised; missing: median, marked"),
        "note": (
            "text",
            1,
            "n0 (1), n1 (1), n2 (1) and 9 more",
            "ignored: texts that hardly repeat",
        ),
        "empty": ("text", 13, "", "ignored: it has no values"),
        "flag": ("text", 7, "x (6)", "a category of 1; missing: unknown"),
        "id": ("number", 0, "0 to 12", "ignored: whole numbers that only name the rows (--number keeps them)"),
        "one": ("number", 0, "7", "ignored: it always says '7'"),
    }


def test_dates_in_several_forms_are_said_to_be_that():
    read = table("d,x\n" + "".join(f"{f'2024-01-{k}' if k % 2 else f'{k}.1.2024'},{k / 7}\n" for k in range(10, 30)))
    assert read.described()[0].use == "ignored: dates in several forms, such as '2024-01-11'; write all as 2024-12-31"


def test_a_name_that_is_made_is_no_other_one():
    assert list(table("column2,,column3\n1,2,3\n").columns) == ["column2", "column2_", "column3"]


def test_groups_are_those_of_texts_and_numbers_alike():
    groups = (
        Table("t", {"x": np.arange(3), "y": np.arange(3), "g": np.array([5.0, 6.0, 5.0])})
        .labeled("y", group="g")
        .groups
    )
    assert groups is not None
    assert groups[0] == groups[2] != groups[1]


@pytest.mark.parametrize("columns", [{"group": "y"}, {"weight": "y"}, {"group": "g", "weight": "g"}])
def test_a_column_is_one_thing(columns):
    """A group that is the target would put all of a class into one part."""
    table = Table("t", {name: np.arange(4.0) for name in "xyg"})
    with pytest.raises(UsageError, match=r"t: '[yg]' is named as both (target|group) and (group|weight)\."):
        table.labeled("y", **columns)


def test_what_is_declared_wins():
    rows = [f"{k},{1000 + k % 2},n{k},{10**18 + k},{k % 3}" for k in range(12)]
    read = table("\n".join(["id,plz,name,account,y", *rows]))

    def uses(**declared):
        records = read.labeled("y", **declared).records
        assert isinstance(records, Table)
        return {row.column: row.use for row in records.described()}

    assert uses() == {
        "id": "ignored: whole numbers that only name the rows (--number keeps them)",
        "plz": "standardised",
        "name": "ignored: texts that hardly repeat",
        "account": "ignored: whole numbers that only name the rows (--number keeps them)",
    }
    assert uses(categories=["plz", "name"], numbers="id") == {
        "id": "standardised",
        "plz": "a category of 2",
        "name": "a category of 12",
        "account": "ignored: whole numbers that only name the rows (--number keeps them)",
    }
    assert uses(categories=["id"], numbers=["account"])["id"] == "a category of 12"
    assert read.labeled("y", categories="y").answers.tolist()[:3] == ["0", "1", "2"]


def test_whole_numbers_of_a_frame_may_be_declared_categories():
    read = as_table(pa.table({"plz": [1067, 80331] * 3, "y": [7, 8] * 3}))
    labeled = read.labeled("y", categories=["plz", "y"])
    assert labeled.answers.tolist() == ["7", "8"] * 3
    inputs = TableInputs.learned(labeled.records)
    assert inputs.category_sizes == (3,)
    assert inputs.of(table("plz\n80331\n9\n"))[1].tolist() == [[2], [0]]
