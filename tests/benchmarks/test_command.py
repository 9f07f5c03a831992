"""The command, with chainrule alone."""

import io
import json

import pytest
from rich.console import Console

from benchmarks.__main__ import main
from benchmarks.blocks import InBlocks
from benchmarks.row import OURS, Contestant, Row
from benchmarks.rows import ROWS
from benchmarks.rows.units import STEP

_STEP = Row(
    "tiny-step",
    "A few steps of LeNet-5.",
    (
        Contestant(OURS, "benchmarks.work.ours:lenet5_steps", {"batch": 8, "samples": 16}),
        Contestant("Nobody", "benchmarks.work.nobody:steps", needs=("a-package-that-nobody-has",)),
    ),
    InBlocks(block=0.01, rounds=2),
    STEP,
)
_FAILING = Row("broken", "Nothing.", (Contestant(OURS, "tests.benchmarks.contestants:failing"),), InBlocks(), STEP)


def _said(arguments: list[str], rows: tuple[Row, ...]) -> tuple[int, str]:
    output = io.StringIO()
    return main(arguments, rows, Console(file=output, width=200)), output.getvalue()


@pytest.mark.full
def test_a_run_with_chainrule_alone(tmp_path):
    code, said = _said(["--seconds", "0.01", "--output", str(tmp_path)], (_STEP,))
    assert code == 0
    assert "Nobody is left out: a-package-that-nobody-has is not installed." in said
    (data,) = tmp_path.glob("*.json")
    (page,) = tmp_path.glob("*.md")
    run = json.loads(data.read_text("utf-8"))
    (result,) = run["results"]
    (column,) = result["columns"]
    assert column["name"] == OURS
    assert all(0.01 < milliseconds < 10_000 for milliseconds in column["values"])
    environment = run["environment"]
    assert {"machine", "processor", "cores", "versions", "commit", "command", "compiler", "load"} <= environment.keys()
    assert environment["command"] == f"python -m benchmarks --seconds 0.01 --output {tmp_path}"
    assert environment["commit"] in page.read_text("utf-8")


def test_a_row_that_fails_is_told_and_decides_the_exit_code(tmp_path):
    code, said = _said(["broken", "--output", str(tmp_path)], (_STEP, _FAILING))
    assert code == 1
    assert "broken was not measured. chainrule: RuntimeError: no such instruction" in said


def test_the_list_has_a_sentence_for_each_row():
    code, said = _said(["--list"], ROWS)
    assert code == 0
    assert all(row.name in said and row.sentence in said for row in ROWS)


@pytest.mark.parametrize("arguments", [["nonsense"], ["--seconds", "0"], ["--seconds", "-1"]])
def test_mistakes_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert "error" in capsys.readouterr().err
