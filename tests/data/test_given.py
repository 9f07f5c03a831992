"""Data as Python programs have them: rows, dicts, lists, pictures that are opened already."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from PIL import Image

from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.pictures import DigitInputs, PictureInputs
from chainrule.data.preparation import Preparation
from chainrule.data.reading import read_records
from chainrule.data.tables import Table, TableInputs, Texts
from chainrule.data.targets import Classes
from chainrule.errors import DataError, FileFormatError, UsageError

FRUIT = Table(
    "fruit",
    {
        "mass": np.array([9.0, 170.0, 150.0, 8.0, 7.5, 160.0]),
        "color": Texts.of(["red", "green", "green", "red", "red", "green"]),
        "same": np.ones(6),
        "picked": Texts.of(["2024-06-01", "2024-09-20", "2024-09-21", "2024-06-02", "2024-06-03", "2024-09-22"]),
    },
)
INPUTS = TableInputs.learned(FRUIT)
ROW = {"mass": 12.5, "color": "green", "picked": datetime.date(2024, 9, 20)}


def prepared(inputs):
    return Preparation(inputs, Classes("kind", ("a", "b")))


def of(data):
    return INPUTS.of(read_records(data, prepared(INPUTS)))


def agree(first, second):
    for a, b in zip(of(first), of(second), strict=True):
        np.testing.assert_array_equal(a, b)


def test_rows_with_and_without_names_and_columns_say_the_same():
    agree([ROW], ROW)
    agree([ROW], {name: [value] for name, value in ROW.items()})
    agree([ROW], dict(reversed(ROW.items())) | {"other": 3})
    assert INPUTS.names == ("mass", "color", "picked"), "a column of equal values is ignored"
    agree([ROW], [[12.5, "green", datetime.date(2024, 9, 20)]])
    agree([ROW], [12.5, "green", "2024-09-20"])
    agree([ROW], [[12.5, "green", 1.0, "2024-09-20"]])  # all columns of the training
    agree([ROW, ROW], np.array([[12.5, "green", "2024-09-20"]] * 2, object))


def test_numpys_values_and_what_is_missing():
    agree([{**ROW, "mass": None}], [{**ROW, "mass": ""}])
    agree([ROW, {**ROW, "mass": float("nan")}], [ROW, {key: value for key, value in ROW.items() if key != "mass"}])
    agree([{**ROW, "mass": 12}], [{**ROW, "mass": np.float32(12)}])


def test_a_whole_number_is_the_same_category_however_it_is_kept():
    codes = TableInputs.learned(Table("t", {"code": Texts.of(["7", "8"] * 4)}, categories=frozenset({"code"})))
    for seven in (7, 7.0, np.int8(7), np.float32(7), "7"):
        (_, found) = codes.of(read_records([{"code": seven}], prepared(codes)))
        assert found.tolist() == codes.of(Table("t", {"code": Texts.of(["7"])}))[1].tolist()


def test_a_picture_of_pillow_its_file_and_its_pixels_are_the_same(tmp_path):
    inputs = PictureInputs(8, 8, 3)
    pixels = np.random.default_rng(1).integers(0, 256, (8, 8, 3), np.uint8)
    image = Image.fromarray(pixels)
    image.save(tmp_path / "p.png")
    for data in (image, [image], tmp_path / "p.png", [str(tmp_path / "p.png")], pixels, [pixels], pixels[None]):
        np.testing.assert_array_equal(inputs.of(read_records(data, prepared(inputs)))[0], pixels)


def test_transparency_and_orientation_are_respected_in_pictures_of_pillow(tmp_path):
    image = Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    records = read_records(image, prepared(PictureInputs(2, 4, 1)))
    assert (records.pictures[0] == 255).all(), "paper"
    turned = Image.new("RGB", (4, 2))
    turned.getexif()[0x0112] = 6
    assert read_records(turned, prepared(PictureInputs(2, 4, 1))).pictures[0].shape == (4, 2, 3)


def test_a_damaged_file_of_a_picture_that_is_open_is_said_to_be_damaged(tmp_path):
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)).save(tmp_path / "p.png")
    (tmp_path / "p.png").write_bytes((tmp_path / "p.png").read_bytes()[:3000])
    with Image.open(tmp_path / "p.png") as image, pytest.raises(FileFormatError, match="damaged"):
        read_records(image, prepared(PictureInputs(2, 4, 1)))


def test_one_image_for_a_model_of_digits_is_an_image_of_mnist_or_a_picture():
    preparation = prepared(DigitInputs())
    mnist = np.zeros((28, 28), np.uint8)
    for data in (mnist, mnist[None], mnist[..., None], mnist[None, ..., None]):
        assert read_records(data, preparation).arrays[0].shape == (1, 28, 28, 1)
    for data, count in (((90, 60), 1), ((90, 60, 3), 1), ((4, 90, 60), 4), ((4, 90, 60, 3), 4)):
        assert len(read_records(np.zeros(data, np.uint8), preparation).pictures) == count


def test_an_array_is_rows_of_a_table_where_all_its_columns_are_numbers():
    numbers = TableInputs.learned(Table("t", {"a": np.arange(6.0), "b": np.arange(6.0) ** 2}))
    rows = np.array([[1.0, 4.0], [2.0, 5.0]])
    expected = numbers.of(Table("t", {"a": rows[:, 0], "b": rows[:, 1]}))
    np.testing.assert_array_equal(numbers.of(read_records(rows, prepared(numbers))), expected)
    with pytest.raises(DataError, match=r"has 3 values, .* 2 columns: a, b"):
        read_records(np.zeros((2, 3)), prepared(numbers))


WRONG = {
    "too few values": (DataError, [[1.0, "red"]], "Row 1 .* has 2 values, .* 3 columns: mass, color, picked"),
    "a row that is none": (UsageError, [ROW, [1]], "not list"),
    "no rows": (DataError, [], "no rows"),
    "no columns": (DataError, {}, "no rows"),
    "empty columns": (DataError, {"mass": [], "color": [], "picked": []}, "no rows"),
    "an array of numbers for texts": (
        DataError,
        np.zeros((2, 3)),
        "array of float64 has no texts .*: color, picked. Give",
    ),
    "columns of two lengths": (DataError, {"mass": [1], "color": ["red", "red"]}, "'mass' has 1 values, but 'color'"),
    "a word for a number": (DataError, [{**ROW, "mass": "heavy"}], "row 1 .* 'mass' says 'heavy'"),
    "a column that is lacking": (
        DataError,
        [{"mas": 1, "color": "red", "picked": None}],
        "1 of the columns .* mean 'mas'",
    ),
    "an object": (UsageError, object(), "type object"),
    "nothing": (UsageError, None, "type NoneType"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_refused(name):
    kind, data, says = WRONG[name]
    with pytest.raises(kind, match=says):
        of(data)


def test_samples_that_form_no_array_are_refused():
    with pytest.raises(DataError, match="do not form an array"):
        read_records([[1.0, 2.0], [3.0]], prepared(ArrayInputs((2,))))
