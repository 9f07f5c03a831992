"""Files as other countries and other programs write them: what is found out is right, said, and kept."""

import codecs
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data.preparation import Preparation
from chainrule.data.reading import read_records, read_source
from chainrule.data.tables import Notation, Table, TableInputs, Texts, read_csv
from chainrule.data.tables.content import File
from chainrule.data.tables.encoding import encoding_of
from chainrule.data.tables.kinds import Number
from chainrule.data.tables.notation import marks_of, plain
from chainrule.errors import FileFormatError


def read(text: str) -> Table:
    return read_csv(io.StringIO(text))


def values(table: Table, name: str) -> list[float]:
    return [*map(float, table.values(name, Number()))]


# -------------------------------------------------------------------------------------------------------------- numbers
@pytest.mark.parametrize(
    ("texts", "mark", "numbers"),
    [
        ("3,14 2 -0,5", ",", [3.14, 2, -0.5]),
        ("1.234,5 1.234.567 7", ",", [1234.5, 1234567, 7]),
        ("1,234.5 1,234,567 7", ".", [1234.5, 1234567, 7]),
        ("0,125 ,5 1,234", ",", [0.125, 0.5, 1.234]),  # nothing before a thousand begins with zero
        ("1'234.50 12'345'678.0", ".", [1234.5, 12345678]),
        ("1’234.50 99", ".", [1234.5, 99]),
        ("1\u00a0234,5 1\u202f234,25", ",", [1234.5, 1234.25]),
        ("3,1e5 2E-3", ",", [3.1e5, 2e-3]),
    ],
)
def test_numbers_with_commas(texts, mark, numbers):
    column = Texts.of(texts.split(" "))
    assert marks_of({"a": column}, ".", {}) == marks_of({"a": column}, ",", {}) == {"a": mark}
    same = plain(column, mark)
    assert [float(text) for text in same.different[same.codes]] == numbers


@pytest.mark.parametrize(
    "texts",
    [
        ["3.14", "2"],
        ["1,2,3", "4,5"],
        ["12,34,56"],
        ["01,5", "007"],
        ["Bern, Switzerland", "Rome, Italy"],
        ["1.2.3", "1.2.4"],
        ["31.12.2024"],
        ["O'Hara"],
        ["811 01", "812 02"],
        ["", "?"],
        [","],
    ],
)
def test_what_has_no_comma_for_numbers(texts):
    assert marks_of({"a": Texts.of(texts)}, ",", {}) == {}


def test_some_mistakes_among_numbers_are_mistakes():
    column = Texts.of(["3,14"] * 19 + ["O,5", ""])
    assert marks_of({"a": column}, ".", {}) == {"a": ","}
    assert plain(column, ",").different.tolist() == ["3.14", "O,5", ""]
    assert marks_of({"a": Texts.of(["3,14"] * 4 + ["x"])}, ".", {}) == {}


EITHER = Texts.of(["1,234", "800"])


def test_what_may_be_either_is_as_the_other_columns_are():
    comma, point = Texts.of(["0,5"]), Texts.of(["0.5"])
    for fallback in (",", "."):
        assert marks_of({"a": EITHER}, fallback, {})["a"] == fallback
        assert marks_of({"a": EITHER, "b": comma}, fallback, {})["a"] == ","
        assert marks_of({"a": EITHER, "b": point}, fallback, {})["a"] == "."
        assert marks_of({"a": EITHER, "b": point, "c": comma}, fallback, {})["a"] == fallback
        assert marks_of({"a": EITHER}, fallback, {"a": "."})["a"] == "."
        assert marks_of({"a": EITHER}, fallback, {"a": ","})["a"] == ","


def test_points_in_threes_stand_between_thousands_where_numbers_have_decimal_commas():
    price, count = Texts.of(["3,14"]), Texts.of(["1.234", "12"])
    assert marks_of({"price": price, "count": count}, ".", {}) == {"price": ",", "count": ","}
    assert marks_of({"count": count}, ",", {}) == {}
    assert marks_of({"price": price, "count": Texts.of(["1.234", "1.5"])}, ".", {}) == {"price": ","}
    assert marks_of({"count": count}, ".", {"count": ","}) == {"count": ","}
    assert marks_of({"count": count, "x": Texts.of(["0.5"])}, ".", {"count": ","}) == {}, "a file of another country"


def test_semicolons_go_with_decimal_commas():
    assert values(read("a;b\n1,234;x\n"), "a") == [1.234]
    assert values(read('a,b\n"1,234",x\n'), "a") == [1234]
    assert values(read("a\tb\n1,234\tx\n"), "a") == [1234]


@given(st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=4))
def test_a_german_file_is_an_english_one(amounts):
    english = "a;b\n" + "".join(f"{amount:,};0.5\n" for amount in amounts)
    german = english.translate(str.maketrans(",.", ".,"))
    expected = [float(amount) for amount in amounts]
    assert values(read(english), "a") == values(read(german), "a") == expected


def test_it_is_said_and_kept_and_later_files_are_read_alike():
    training = read("price;size;y\n" + "".join(f"{k % 7},{k:02}5;{k % 3},5;{k % 2}\n" for k in range(12)))
    assert training.described()[0].kind == "number, decimal comma"
    learned = Preparation.learned(training.labeled("y"), "y")
    learned = Preparation.from_data(json.loads(json.dumps(learned.as_data())))
    assert isinstance(learned.inputs, TableInputs)
    assert learned.inputs.notation == Notation("utf-8", {"price": ",", "size": ","})
    later: list[File | bytes] = [io.StringIO('price,size\n"1,234",2\n'), b"size\tprice\n2\t1,234\n"]
    expected = learned.inputs.of(Table("numbers", {"price": np.array([1.234]), "size": np.array([2.0])}))
    for file in later:
        np.testing.assert_array_equal(learned.inputs.of(read_records(file, learned)), expected)
    np.testing.assert_array_equal(learned.inputs.of(read_records({"price": 1.234, "size": 2}, learned)), expected)
    other_country = read_records(b"price,size\n1.234,2.5\n", learned)
    assert values(other_country, "price") == [1.234]


def test_numbers_that_lost_their_commas_are_one_text():
    column = plain(Texts.of(["1,5", "1.5", "2"]), ",")
    assert column.different.tolist() == ["1.5", "2"]
    assert column.codes.tolist() == [0, 0, 1]


def test_spreadsheets_are_told_the_delimiter_by_a_line_of_its_own():
    table = read("sep=;\r\na;b\r\n1;2\r\n3\r\n".replace("3\r\n", "3;4\r\n"))
    assert list(table.columns) == ["a", "b"]
    assert table.lines is not None
    assert table.lines.tolist() == [3, 4]


# ------------------------------------------------------------------------------------------------------------- encoding
GERMAN = "stadt;größe\r\nKöln;1\r\nMünchen;2\r\n"
CHINESE = "城市,人口\n北京,2189\n上海,2487\n"


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "latin-1", "cp1252"),
        (GERMAN + "€;3\r\n", "cp1252", "cp1252"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        ("prénom,nom\nZoé,Bär\nAnaïs,Özil\n", "latin-1", "cp1252"),
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "gbk", "gb18030"),
        (CHINESE, "utf-16-le", "utf-16-le"),
        ("a,b\n1,2\n", "ascii", "utf-8"),
    ],
)
def test_encodings_are_found(text, encoding, found):
    content = text.encode(encoding)
    assert encoding_of(content) == found
    table = read_csv(io.BytesIO(content))
    assert table.notation.encoding == found
    same = read(text)
    assert list(table.columns) == list(same.columns)
    for name in table.columns:
        np.testing.assert_array_equal(table.columns[name].different, same.columns[name].different)


@pytest.mark.parametrize(
    "content",
    [
        "Köln;München\n".encode() + b"\xff",  # damaged
        b"M\x81nchen",  # as MS-DOS has it; Windows-1252 has no such letter
        b"a,b\n1,\x002\n",
        b"\0" * 40,
        b"\x00\x01\x02\x03" * 20,
    ],
)
def test_what_is_of_no_known_encoding_is_taken_for_utf_8_and_refused(content):
    assert encoding_of(content) == "utf-8"
    with pytest.raises(FileFormatError, match="byte"):
        read_csv(io.BytesIO(content))


def test_a_later_file_is_in_the_encoding_of_the_first_where_it_is_not_utf_8(tmp_path):
    russian, path = "город,y\n" + "Москва,1\nКазань,0\n" * 3, tmp_path / "towns.csv"
    path.write_bytes(russian.encode("cp1251"))
    labeled = read_source(path, "y", encoding="cp1251").training
    learned = Preparation.from_data(Preparation.learned(labeled, "y").as_data())
    expected = learned.inputs.of(labeled.records)[1]
    for content in (russian.encode("cp1251"), russian.encode(), codecs.BOM_UTF16_LE + russian.encode("utf-16-le")):
        np.testing.assert_array_equal(learned.inputs.of(read_records(content, learned))[1], expected)
