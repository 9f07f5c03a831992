"""The command labs: its list, the copy that it makes, and what it refuses."""

import contextlib
import re
import sys
from pathlib import Path

import pytest

from chainrule.cli import labs
from tests.cli.commands import here

LABS = labs.labs()


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """The commands that would have started an editor, and the language of each; the current folder is empty."""
    started = []

    class Editor(contextlib.nullcontext):
        def __init__(self, command, env):
            super().__init__(self)
            started.append((command, env["CHAINRULE_LANG"]))
            self.asked = iter([KeyboardInterrupt, 5])

        def wait(self):
            answer = next(self.asked)
            if answer is KeyboardInterrupt:
                raise answer
            return answer

    monkeypatch.setattr(labs.subprocess, "Popen", Editor)
    monkeypatch.chdir(tmp_path)
    return started


def test_the_list_has_every_lab(capsys):
    left = here(capsys, "labs")
    assert (left.code, left.err) == (0, "")
    for lab in LABS:
        assert re.search(rf"^ *{lab.number} +{re.escape(lab.title)} *$", left.out, re.MULTILINE)
    assert f"'chainrule labs {LABS[-1].number}'" in left.out
    assert max(map(len, left.out.splitlines())) <= 80


def test_the_list_speaks_chinese(capsys):
    left = here(capsys, "labs", "--lang", "zh")
    assert "习题" in left.out
    assert LABS[0].title not in left.out


def test_a_lab_opens_as_a_copy_in_the_current_folder(capsys, opened):
    lab = LABS[0]
    left = here(capsys, "labs", str(lab.number), "--lang", "zh")
    copy = Path.cwd() / lab.path.name
    assert (left.code, left.err) == (5, ""), "the editor's code; an interrupt is the editor's to hear"
    assert str(copy) in left.out
    assert copy.read_bytes() == lab.path.read_bytes()
    (command, language), = opened  # fmt: skip
    assert command[:4] == [sys.executable, "-m", "marimo", "edit"]
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[-1] == str(copy)
    assert language == "zh"


def test_what_the_reader_has_changed_stays(capsys, opened):
    lab = LABS[0]
    copy = Path.cwd() / lab.path.name
    copy.write_text("mine", encoding="utf-8")
    left = here(capsys, "labs", str(lab.number))
    assert copy.read_text(encoding="utf-8") == "mine"
    assert "differs from the lab" in left.out
    assert len(opened) == 1


def test_without_marimo_nothing_is_copied(capsys, monkeypatch, opened):
    monkeypatch.setitem(sys.modules, "marimo", None)
    left = here(capsys, "labs", str(LABS[0].number))
    assert (left.code, left.out) == (2, "")
    assert 'pip install "chainrule[labs]"' in left.err
    assert not any(Path.cwd().iterdir())
    assert opened == []


def test_a_file_that_is_no_lab_is_named(tmp_path):
    path = tmp_path / "07_other.py"
    for text in ("", "cr.in_language(en='# 7 · Title', zh='标题')", "cr.in_language(en=title, zh=title)"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(labs.FileFormatError, match=r"07_other\.py is no lab"):
            _ = labs.Lab(path).title
