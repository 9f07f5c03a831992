"""Paragraphs are broken between words where somebody reads them on a terminal, and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console
from rich.live import Live

from chainrule.messages.paragraph import print_paragraph


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
