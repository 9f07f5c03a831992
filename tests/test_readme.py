"""The README keeps its word: what it prints, what it says without a compiler, what may be set, what was measured."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer.core
import typer.main

from chainrule import cli
from chainrule.cli.commands import app

_ROOT = Path(__file__).parents[1]
_README = _ROOT / "README.md"
_LONGEST = 15  # lines

# The quick start is the one ```python block of its section; what it prints is the ```text block after it.
_QUICK_START = re.compile(r"^## Quick start\n(?P<section>.*?)(?=^## )", re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)


def _quick_start() -> tuple[str, str]:
    section = _QUICK_START.search(_README.read_text(encoding="utf-8"))
    assert section, "README.md has no section '## Quick start'"
    blocks = [(block["language"], block["body"]) for block in _BLOCK.finditer(section["section"])]
    languages = [language for language, _ in blocks]
    assert languages == ["python", "text"], f"the quick start is one python and one text block, not {languages}"
    return blocks[0][1], blocks[1][1]


def test_quick_start_is_short():
    code, _ = _quick_start()
    assert len(code.splitlines()) <= _LONGEST


def test_quick_start_prints_what_it_says(tmp_path):
    code, printed = _quick_start()
    script = tmp_path / "quick_start.py"
    script.write_text(code, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == printed.strip()


def _section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## )", _README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found, f"README.md has no section '## {title}'"
    return found[1]


@pytest.mark.skipif(importlib.util.find_spec("ziglang") is not None, reason="with ziglang there is always a compiler")
def test_without_a_compiler_the_line_is_the_one_printed(tmp_path):
    """Once for the process, on standard error, and the numbers come all the same; "native" refuses."""
    (line,) = re.findall(r"^```text\n(chainrule: .*)\n```$", _section("Native code"), re.MULTILINE)
    script = tmp_path / "without.py"
    script.write_text(
        "import chainrule as cr\nfrom chainrule.errors import CompilerError\n"
        "for k in (1.0, 2.0): print(cr.compile(lambda x: x + k)(3.0))\n"
        "try: cr.compile(lambda x: x, executor='native')(3.0)\n"
        "except CompilerError: print('refused')\n"
    )
    nothing = {name: value for name, value in os.environ.items() if name != "CC"}
    run = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120,
        env=nothing | {"PATH": str(tmp_path), "CHAINRULE_LANG": "en"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stderr.splitlines() == [line]
    assert run.stdout.split() == ["4.0", "5.0", "refused"]


def test_every_variable_that_is_read_is_named_and_no_other():
    section = _section("Extras, exit codes, variables")
    named = set(re.findall(r"^\| `(CHAINRULE_\w+)` \|", section, re.MULTILINE))
    files = (_ROOT / "src" / "chainrule").rglob("*.py")
    read = {name for file in files for name in re.findall(r'"(CHAINRULE_\w+)"', file.read_text(encoding="utf-8"))}
    assert named == read


def test_every_extra_for_users_is_named_and_every_exit_code():
    section = _section("Extras, exit codes, variables")
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - {"bench", "dev", "docs"}
    assert set(re.findall(r"^\| `(\w+)` \| ", section.partition("exit code")[0], re.MULTILINE)) == extras
    codes = {0, cli.FAILED, cli.USAGE, cli.BAD_DATA, cli.DIVERGED, cli.FOUND, cli.INTERRUPTED}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)} == codes


def _typed() -> list[str]:
    """The lines of the README's shell blocks that are commands of chainrule."""
    text = _README.read_text(encoding="utf-8")
    shell = "".join(block["body"] for block in _BLOCK.finditer(text) if block["language"] == "sh")
    return [line for line in shell.splitlines() if line.startswith("chainrule ")]


@pytest.mark.parametrize("line", _typed(), ids=lambda line: line.partition("#")[0].strip())
def test_every_command_can_be_typed_so(line):
    """Its name, options and arguments are those that there are."""
    command, words = typer.main.get_command(app), shlex.split(line, comments=True)
    while isinstance(command, typer.core.TyperGroup):
        name, words = words[1], words[1:]
        assert name in command.commands
        command = command.commands[name]
    command.make_context(words[0], words[1:])


def test_the_extra_for_a_compiler_is_one():
    (extra,) = set(re.findall(r"chainrule\[(\w+)\]", _section("Native code")))
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["optional-dependencies"][extra] == ["ziglang"]


def test_every_row_of_what_was_measured_names_a_command_that_is_there():
    from benchmarks.__main__ import chosen

    rows = [line for line in _section("Measured").splitlines() if line.startswith("| ")]
    results = [line.split(" | ") for line in rows if "what |" not in line]
    assert results
    for cells in results:
        assert "`" in cells[-1], cells[0]
        for names in re.findall(r"python -m benchmarks ([\w-]+)", cells[-1]):
            assert len(chosen([names])) == 1
        for script in re.findall(r"python (\S+\.py)", cells[-1]):
            assert (_ROOT / script).is_file(), script
