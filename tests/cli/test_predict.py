"""Predictions and evaluations: what is read, what is printed where, what is written, and the code that is left."""

import csv
import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import chainrule as cr
from chainrule.data import digits
from chainrule.data.preparation import Preparation
from chainrule.data.tables import Table, TableInputs, Texts
from chainrule.data.targets import Classes, Quantity
from chainrule.nn import tabular_mlp
from chainrule.runs.answers import csv_of, json_of
from tests.cli.commands import apart, command, environment, here

FIRST = ["2", "7", "6", "5", "0"]  # of the digits to test with


@pytest.fixture
def pictures(tmp_path):
    """A folder of five digits, black on white."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for k, image in enumerate(digits().x_test[:5, ..., 0]):
        Image.fromarray(255 - image).resize((100, 100)).save(folder / f"{k}.png")
    return folder


def saved(folder, target):
    """An untrained model of rows with a mass and a color."""
    random = np.random.default_rng(1)
    colors = Texts.of(random.choice(["red", "green"], 60).tolist())
    inputs = TableInputs.learned(Table("fruit", {"mass": random.normal(50, 9, 60), "color": colors}))
    model = cr.Model(tabular_mlp(inputs.category_sizes, target.outputs, units=(4,)), [(1,), (1,)])
    model.preparation = Preparation(inputs, target)
    model.save(folder)
    return str(folder)


@pytest.fixture
def kinds(tmp_path):
    return saved(tmp_path / "kinds", Classes("kind", ("=apple", "cherry")))


@pytest.fixture
def new(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("color,mass,kind\nred,9,cherry\ngreen,60,=apple\n,70,cherry\n")
    return str(path)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


# ------------------------------------------------------------------------------------------------------------ pictures
def test_a_folder_of_pictures_is_csv_with_the_names_of_the_files(capsys, pictures):
    left = here(capsys, "predict", "digits", str(pictures))
    assert (left.code, left.err) == (0, "")
    found = rows(left.out)
    assert [row["file"] for row in found] == [str(pictures / f"{k}.png") for k in range(5)]
    assert [row["digit"] for row in found] == FIRST
    assert all(0.5 < float(row["probability"]) <= 1 for row in found)


def test_several_inputs_of_several_kinds(capsys, pictures, tmp_path):
    np.save(tmp_path / "x.npy", digits().x_test[:2])
    left = here(capsys, "predict", "digits", str(pictures / "1.png"), str(pictures / "2.png"), "x.npy", "--json")
    found = json.loads(left.out)
    assert (left.code, found["target"]) == (0, "digit")
    assert [(one["file"], one["row"], one["value"]) for one in found["predictions"]] == [
        (str(pictures / "1.png"), None, "7"),
        (str(pictures / "2.png"), None, "6"),
        ("x.npy", 1, "2"),
        ("x.npy", 2, "7"),
    ]


def test_pictures_keep_their_names_for_a_model_of_arrays_of_images(capsys, pictures, tmp_path):
    model = cr.load("digits").model
    model.preparation = Preparation.from_data(
        {
            "inputs": {"kind": "arrays", "shape": [28, 28, 1], "means": [], "deviations": [], "values": "bytes"},
            "target": {"task": "classification", "name": "label", "labels": [*"0123456789"]},
        }
    )
    model.save(tmp_path / "plain")
    left = here(capsys, "predict", "plain", str(pictures))
    assert [row["file"] for row in rows(left.out)] == [str(pictures / f"{k}.png") for k in range(5)]


@pytest.fixture
def damaged(pictures):
    """The same folder: the second is cut off, the fourth blank, and a sixth is no picture."""
    (pictures / "1.png").write_bytes((pictures / "1.png").read_bytes()[:200])
    Image.new("L", (50, 50), 200).save(pictures / "3.png")
    (pictures / "5.jpg").write_bytes(b"<html>")
    return pictures


def test_pictures_that_cannot_be_used_have_empty_lines_and_are_told_apart(capsys, damaged):
    left = here(capsys, "predict", "digits", str(damaged), "--probabilities")
    found = rows(left.out)
    assert left.code == 3
    assert [row["file"] for row in found] == [str(damaged / name) for name in sorted(os.listdir(damaged))]
    assert [row["digit"] for row in found] == [FIRST[0], "", FIRST[2], "", FIRST[4], ""]
    assert [{*row.values()} == {row["file"], ""} for row in found] == [False, True, False, True, False, True]
    first, *reasons = left.err.splitlines()
    assert first == "No answer for 3 of 6, which are empty in the output:"
    assert [reason.removeprefix(str(damaged))[1:].split(" ")[0] for reason in reasons] == ["1.png", "3.png", "5.jpg"]
    assert ["damaged" in reasons[0], "no digit" in reasons[1], "no picture" in reasons[2]] == [True] * 3


def test_each_one_given_by_name_counts_too_and_json_says_why(capsys, damaged, tmp_path):
    names = [str(damaged / name) for name in ("0.png", "5.jpg")]
    left = here(capsys, "predict", "digits", *names, "-o", "out.json")
    assert (left.code, left.out) == (3, "out.json: predictions for 1\n")
    good, bad = json.loads((tmp_path / "out.json").read_text())["predictions"]
    assert (good["file"], good["value"], "error" in good) == (names[0], "2", False)
    assert bad == {"file": names[1], "value": None, "probability": None, "error": left.err.splitlines()[1]}


def test_of_many_that_cannot_be_used_the_first_are_told(capsys, tmp_path):
    (tmp_path / "blank").mkdir()
    for k in range(7):
        Image.new("L", (9, 9), 200).save(tmp_path / "blank" / f"{k}.png")
    left = here(capsys, "predict", "digits", "blank")
    assert (left.code, left.out.splitlines()[1:]) == (3, [f"{tmp_path.name and 'blank'}/{k}.png,," for k in range(7)])
    assert left.err.splitlines()[-1] == "and 2 more; --json says why"
    assert len(left.err.splitlines()) == 7


def test_standard_input_is_a_picture_or_a_table(pictures, kinds, new):
    def piped(path, *arguments):
        with open(path, "rb") as file:
            run = subprocess.run(command(*arguments), stdin=file, capture_output=True, env=environment(), timeout=60)
        assert run.returncode == 0, run.stderr
        return rows(run.stdout.decode())

    assert piped(pictures / "3.png", "predict", "digits", "-")[0] | {"probability": ""} == {
        "file": "-", "digit": "5", "probability": ""
    }  # fmt: skip
    assert [row["row"] for row in piped(new, "predict", kinds, "-")] == ["1", "2", "3"]


# -------------------------------------------------------------------------------------------------------------- tables
def test_csv_says_what_python_says_and_spreadsheets_compute_nothing(capsys, kinds, new):
    left = here(capsys, "predict", kinds, new, "--probabilities")
    found, expected = rows(left.out), cr.load(kinds).predict(new)
    assert list(found[0]) == ["row", "kind", "probability", "probability of =apple", "probability of cherry"]
    assert [row["kind"].removeprefix("'") for row in found] == expected.values.tolist()
    assert not any(row["kind"].startswith("=") for row in found)
    sure = [[float(row[f"probability of {name}"]) for name in expected.classes] for row in found]
    np.testing.assert_array_equal(np.float32(sure), np.float32(expected.probabilities))
    assert [float(row["probability"]) for row in found] == np.max(sure, 1).tolist()
    assert max(len(row["probability"]) for row in found) <= len("0.12345678"), "no digits that float32 does not have"


@pytest.mark.parametrize(
    ("value", "cell"),
    [("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("-cmd", "'-cmd"), ("+x", "'+x"), ("\tx", "'\tx"),
     ("-1", "-1"), ("+2.5e3", "+2.5e3"), ("-", "-"), ("a=b", "a=b"), (-3.25, "-3.25")],
)  # fmt: skip
def test_a_cell_that_would_be_computed_is_marked_as_text(value, cell):
    (_, line) = csv_of("kind", [{"value": value}])
    assert next(csv.reader([line])) == [cell]


def test_json_knows_no_number_that_is_not_finite():
    answers = [{"value": "a", "probability": np.nan, "probabilities": {"a": np.nan, "b": 0.5}}, {"value": np.inf}]
    (first, second) = json.loads(json_of("kind", answers), parse_constant=pytest.fail)["predictions"]
    assert first == {"value": "a", "probability": None, "probabilities": {"a": None, "b": 0.5}}
    assert second == {"value": None}


def test_a_quantity_has_no_probability(capsys, tmp_path, new):
    folder = saved(tmp_path / "run", Quantity("price", 5.0, 2.0))
    found = rows(here(capsys, "predict", folder, new).out)
    assert list(found[0]) == ["row", "price"]
    assert [float(row["price"]) for row in found] == cr.load(folder).predict(new).values.tolist()
    assert here(capsys, "predict", folder, new, "--probabilities").out.splitlines()[0] == "row,price"


def test_values_that_no_row_to_train_on_had_are_told_apart_from_the_answers(capsys, kinds, tmp_path):
    (tmp_path / "strange.csv").write_text("mass,color\n9e9,red\n50,blue\n50,\n,gray\n49,green\n")
    left = here(capsys, "predict", kinds, "strange.csv")
    assert (left.code, len(rows(left.out))) == (0, 5)
    (far, unknown) = left.err.splitlines()
    assert far.startswith("strange.csv: in 1 of 5 rows, 'mass' is more than 10 standard deviations from the mean")
    assert "such as 9e+09." in far
    assert unknown == (
        "strange.csv: in 2 of 5 rows, 'color' has a value that hardly any row to train on had, such as 'blue'."
        " It counts as unknown."
    )
    as_json = json.loads(here(capsys, "predict", kinds, "strange.csv", "--json").out)
    assert as_json["unfamiliar"] == [
        {"table": "strange.csv", "column": "mass", "reason": "far", "rows": 1, "total": 5, "example": "9e+09"},
        {"table": "strange.csv", "column": "color", "reason": "unknown", "rows": 2, "total": 5, "example": "blue"},
    ]


def test_familiar_rows_are_predicted_in_silence(capsys, kinds, new):
    assert here(capsys, "predict", kinds, new).err == ""
    assert json.loads(here(capsys, "predict", kinds, new, "--json").out)["unfamiliar"] == []


def test_what_is_written_is_what_is_printed(capsys, kinds, new, tmp_path):
    printed, as_json = here(capsys, "predict", kinds, new).out, here(capsys, "predict", kinds, new, "--json").out
    left = here(capsys, "predict", kinds, new, "-o", "out.csv")
    assert (left.code, left.out) == (0, "out.csv: predictions for 3\n")
    assert (tmp_path / "out.csv").read_text() == printed
    assert here(capsys, "predict", kinds, new, "-o", "out.json", "--json").out == as_json
    assert json.loads((tmp_path / "out.json").read_text()) == json.loads(as_json)
    assert not list(tmp_path.glob(".*"))


REFUSED = {
    "no run": (3, ["nowhere", "x.csv"], "There is no run nowhere"),
    "no input": (3, ["digits", "x.png"], "There is no file or folder x.png"),
    "nothing given": (2, ["digits"], "INPUT ... is missing"),
    "another ending": (2, ["digits", "new.csv", "-o", "out.xlsx"], "written as .csv or .json"),
    "a table for pictures": (3, ["digits", "new.csv"], "reads handwritten digits, not a table"),
    "a picture for a table": (3, ["kinds", "pictures/0.png"], "trained on a table, not on pictures"),
    "standard input twice": (2, ["digits", "-", "-"], "'-' is given several times"),
    "no folder to write in": (1, ["kinds", "new.csv", "-o", "no/where.csv"], "cannot be written in no/where.csv"),
    "a column that is lacking": (3, ["kinds", "short.csv"], "1 of the columns .* missing: color"),
    "a word for a number": (3, ["kinds", "word.csv"], "line 2: 'mass' says 'heavy'"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.usefixtures("kinds", "new", "pictures")
def test_what_cannot_be_predicted_is_one_paragraph_and_a_code(capsys, tmp_path, name):
    (tmp_path / "short.csv").write_text("mass\n9\n")
    (tmp_path / "word.csv").write_text("mass,color\nheavy,red\n")
    code, arguments, says = REFUSED[name]
    left = here(capsys, "predict", *arguments)
    assert (left.code, left.out) == (code, "")
    assert left.err.count("\n") == 1
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(left.err)


def test_a_reader_that_has_enough_is_no_failure_to_tell_of(tmp_path):
    np.save(tmp_path / "x.npy", np.tile(digits().x_test, (10, 1, 1, 1)))
    with subprocess.Popen(
        command("predict", "digits", "x.npy"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


# ------------------------------------------------------------------------------------------------------- on a terminal
def on_a_terminal(*arguments, **variables):
    """What the command writes to a terminal on standard output."""
    ours, theirs = os.openpty()
    with subprocess.Popen(command(*arguments), stdout=theirs, env=environment(**variables)) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # how Linux says that nobody writes any more
                part = b""
            if not part:
                break
            written += part
    os.close(ours)
    assert process.returncode == 0
    return written.decode().replace("\r\n", "\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_one_picture_on_a_terminal_is_one_line(pictures):
    assert on_a_terminal("predict", "digits", str(pictures / "0.png")) == "2  99.9%\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize("variables", [{"COLUMNS": "40"}, {"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_many_on_a_terminal_are_a_table_of_the_first(tmp_path, variables):
    np.save(tmp_path / "x.npy", digits().x_test[:30])
    written = on_a_terminal("predict", "digits", "x.npy", **variables)
    assert "\x1b" not in written or (variables.keys() != {"TERM"} and "\x1b[3" not in written), "bold at most"
    lines = re.sub(r"\x1b\[\d*m", "", written).splitlines()
    assert lines[0].split() == ["row", "digit", "probability"]
    assert [line.split()[1] for line in lines[2:7]] == FIRST
    assert " ".join(lines).endswith(" and 10 more; -o predictions.csv keeps all")
    assert max(map(len, lines)) <= int(variables.get("COLUMNS", "80"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_name_gives_a_terminal_no_orders(pictures):
    (pictures / "0.png").rename(pictures / "\x1b[31m[red].png")
    written = on_a_terminal("predict", "digits", str(pictures), TERM="dumb", COLUMNS="200")
    assert "\x1b" not in written
    assert "[red].png" in written


# ---------------------------------------------------------------------------------------------------------- evaluation
def test_an_evaluation_stands_beside_guessing_and_shows_what_is_taken_for_what(capsys):
    left = here(capsys, "evaluate", "digits")
    assert (left.code, left.err) == (0, "")
    lines = left.out.splitlines()
    assert lines[0].startswith("test accuracy 99.")
    assert lines[1] == "always guessing the largest class: 10.00%"
    cells = [line.split() for line in lines if line[:1].isdigit()]
    assert [int(row[k + 1]) > 190 for k, row in enumerate(cells)] == [True] * 10
    assert max(map(len, lines)) <= 80


def test_an_evaluation_as_json_of_other_data(capsys, kinds, new):
    left = here(capsys, "evaluate", kinds, new, "--json")
    found = json.loads(left.out)
    assert (found["samples"], found["guess_accuracy"], found["classes"]) == (3, 2 / 3, ["=apple", "cherry"])
    assert found["accuracy"] == np.trace(found["confusion"]) / 3
    assert here(capsys, "evaluate", kinds, "new.csv", "--target", "sort").code == 3
    assert here(capsys, "evaluate", kinds).code == 2


def test_many_classes_are_told_by_the_pairs_most_confused(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    out = here(capsys, "evaluate", "digits").out
    assert "most often confused: " in out
    assert "·" not in out


def test_help_is_in_chinese_too():
    assert "表格" in apart("predict", "--help", "--lang", "zh").out
    assert "评估" in apart("evaluate", "--help", "--lang", "zh").out
