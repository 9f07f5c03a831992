"""Tables on terminals of any width: no word is broken, and brackets in names are brackets."""

import re

import pytest

from chainrule.cli.tables import print_tabular, printable
from chainrule.messages import message
from chainrule.runs.wording import Tabular

COLUMNS = Tabular(
    ("column", "kind", "missing", "values", "the network gets"),
    (
        ("petal [width]", "number", "8", "-0.16 to 2.7", "standardised, and whether it is missing"),
        ("town", "text", "", "Oslo (53), Bern (48)", "a category of 3"),
    ),
)
PARTS = Tabular(("data: t", "training", "test"), (("samples", "144", "40"),), numbers=2, foot=("in all", "184", ""))


def shown(capsys, monkeypatch, tabular, width):
    monkeypatch.setenv("COLUMNS", str(width))
    print_tabular(tabular)
    return capsys.readouterr().out


@pytest.mark.parametrize("tabular", [COLUMNS, PARTS])
@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 120])
def test_every_word_is_whole_and_no_line_too_long(capsys, monkeypatch, tabular, width):
    text = shown(capsys, monkeypatch, tabular, width)
    assert max(map(len, text.splitlines())) <= width
    words = {word for line in (tabular.head, *tabular.rows, tabular.foot) for cell in line for word in cell.split()}
    assert words <= set(re.split(r"[\s;:]+", text)) | {word for word in words if word.endswith(":")}


def test_in_a_narrow_terminal_cells_stand_below_each_other(capsys, monkeypatch):
    lines = [line.rstrip() for line in shown(capsys, monkeypatch, PARTS, 20).splitlines()]
    assert lines[:3] == ["data: t", "samples", "  training: 144;"]
    assert "in all" in lines


def test_what_is_no_character_is_not_printed():
    assert printable("a\x1b[31mb\n名") == "a�[31mb�名"


def test_tables_are_plain_text_where_no_color_is_wanted(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" in shown(capsys, monkeypatch, PARTS, 80)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(capsys, monkeypatch, PARTS, 80)


def test_a_terminal_that_can_do_nothing_has_a_width_too(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert max(map(len, shown(capsys, monkeypatch, PARTS, 30).splitlines())) <= 30


def test_lines_end_with_their_last_letter_and_columns_without_a_cell_are_left_out(capsys, monkeypatch):
    rows = Tabular(("column", "missing", "use"), (("mass", "", "standardised"), ("id", "", "none")))
    lines = shown(capsys, monkeypatch, rows, 80).splitlines()
    assert lines[0] == "column   use"
    assert [line for line in lines if line != line.rstrip()] == []


def test_chinese_is_aligned_and_not_squeezed_to_single_characters(capsys, monkeypatch):
    monkeypatch.setattr(message, "_chosen", "zh")
    rows = Tabular(("数据：wine", "训练", "测试"), (("总是猜最大类别的准确率", "40.62%", "38.89%"),), numbers=2)
    assert shown(capsys, monkeypatch, rows, 44).splitlines()[2] == "总是猜最大类别的准确率   40.62%   38.89%"
    assert shown(capsys, monkeypatch, rows, 24).splitlines() == [
        "数据：wine", "总是猜最大类别的准确率", "  训练：40.62%；", "  测试：38.89%", ""
    ]  # fmt: skip
