"""Paragraphs are broken between words where somebody reads them on a terminal, and nowhere else."""

from __future__ import annotations

import io
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.live import Live

from chainrule.messages.paragraph import print_paragraph
from chainrule.messages.wrapping import cells, wrapped


class Terminal(io.StringIO):
    def isatty(self):
        return True


WORDS = "learning rate too high: [bold] the loss rose in 9 of the last 10 steps"


@pytest.mark.parametrize("text", [WORDS, "学习率过高：最近十步中有九步的损失上升，请减小学习率并重新开始训练。" * 2])
def test_on_a_terminal_lines_are_as_wide_as_it_is(monkeypatch, text):
    monkeypatch.setenv("COLUMNS", "30")
    terminal = Terminal()
    print_paragraph(text, terminal)
    lines = terminal.getvalue().splitlines()
    assert len(lines) > 1
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(sum(2 if ord(c) > 0x2E80 else 1 for c in line) <= 30 for line in lines)


def test_commands_are_copied_whole():
    lines = wrapped("What was reached is saved: 'chainrule resume runs/2026-11-28T02-40-40-digits' goes on.", 40)
    assert lines.split("\n") == [
        "What was reached is saved:", "'chainrule resume runs/2026-11-28T02-40-40-digits'", "goes on."
    ]  # fmt: skip
    said = 'It is not installed. Install it: pip install "chainrule[labs]".'
    assert 'pip install "chainrule[labs]".' in wrapped(said, 44).split("\n")


def test_no_chinese_line_begins_with_what_ends_a_clause():
    text = "请给出表格、图片文件夹、配置文件（.toml）或以下模型之一：“lenet5”、“mlp”。"
    for width in range(8, 60):
        lines = wrapped(text, width).split("\n")
        assert not any(line[0] in "、。：）”" or line[-1] in "（“" for line in lines), width
        assert "".join(lines) == text


@given(st.text(alphabet="ab-/ 学（）“”。'$\t", max_size=40), st.integers(1, 30), st.booleans())
def test_nothing_is_lost_but_blanks(text, width, fold):
    lines = wrapped(text, width, fold=fold)
    assert re.sub(r"[ \n]", "", lines) == text.replace(" ", "")
    assert not fold or max(map(cells, lines.split("\n"))) <= max(2, width)


def test_long_words_are_broken_behind_a_dash_and_only_where_that_is_wanted():
    name = "od280/od315_of_diluted_wines"
    assert wrapped(name, 24, fold=True) == "od280/od315_of_diluted_\nwines"
    assert wrapped(f"of {name}", 24) == f"of\n{name}"


def test_elsewhere_it_is_one_line():
    stream = io.StringIO()
    print_paragraph(WORDS, stream)
    assert stream.getvalue() == f"{WORDS}\n"


def test_a_paragraph_stands_above_a_live_line_and_not_behind_it(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Live("how far", console=Console(stderr=True, force_terminal=True), auto_refresh=False, transient=True):
        print_paragraph(WORDS, sys.stderr)
    assert f"\x1b[2K{WORDS.split()[0]}" in terminal.getvalue()
    assert f"how far{WORDS.split()[0]}" not in terminal.getvalue()
