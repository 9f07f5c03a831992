"""Tables, Markdown and pictures from a saved run."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import report
from benchmarks.plot import draw
from benchmarks.results import Result, Run
from benchmarks.row import OURS, Contestant, Limit, Row, Sample, Times
from benchmarks.rows.units import FLOPS, START, STEP

_CANNED = Path(__file__).with_name("canned.json")


def _row(unit=STEP, target=None, axis=None) -> Row:
    contestants = (Contestant(OURS, "m:f"), Contestant("PyTorch", "m:f"))
    return Row("row", "A row.", contestants, lambda contestants, seconds: ({}, {}), unit, target, axis)


def _result(row: Row, ours: list[float], theirs: list[float]) -> Result:
    return Result.of(row, {OURS: Sample(ours), "PyTorch": Sample(theirs)}, [])


def test_a_saved_run_is_the_same_again(tmp_path):
    run = Run.load(_CANNED)
    run.save(tmp_path / "again.json")
    assert Run.load(tmp_path / "again.json") == run
    assert json.loads((tmp_path / "again.json").read_text("utf-8")) == json.loads(_CANNED.read_text("utf-8"))


def test_another_format_is_refused(tmp_path):
    (tmp_path / "old.json").write_text('{"format": 0}')
    with pytest.raises(ValueError, match="format 0"):
        Run.load(tmp_path / "old.json")


def test_ratio_is_the_median_of_the_rounds():
    (ratio,) = _result(_row(), [1.0, 2.0, 1.0], [3.0, 8.0, 5.0]).ratios
    assert (ratio.against, ratio.median, ratio.interval.low, ratio.interval.high) == ("PyTorch", 4.0, 3.0, 5.0)


def test_rates_are_shown_as_rates_and_compared_as_times():
    result = _result(_row(FLOPS), [2e-12], [1e-12])
    assert [column.values for column in result.columns] == [[pytest.approx(500)], [pytest.approx(1000)]]
    assert result.ratios[0].median == 0.5


@pytest.mark.parametrize(
    ("theirs", "verdict"), [(1.99, "missed"), (2.0, "reached"), (2.99, "reached"), (3.0, "stretch reached")]
)
def test_verdict_against_a_peer(theirs, verdict):
    goal = _result(_row(target=Times("PyTorch", 2, 3)), [1.0], [theirs]).goal
    assert goal is not None
    assert (goal.verdict, goal.reached) == (verdict, theirs)


def test_verdict_against_the_best_of_all_peers():
    samples = {OURS: Sample([1.0]), "PyTorch": Sample([5.0]), "PyTorch compiled": Sample([2.5])}
    goal = Result.of(_row(target=Times(None, 2, 3)), samples, []).goal
    assert goal is not None
    assert (goal.against, goal.verdict, goal.reached) == ("PyTorch compiled", "reached", 2.5)


@pytest.mark.parametrize(
    ("ours", "verdict"), [(1.51, "missed"), (1.5, "reached"), (0.81, "reached"), (0.8, "stretch reached")]
)
def test_verdict_on_a_limit(ours, verdict):
    goal = _result(_row(START, Limit(1.5, 0.8)), [ours], [9.0]).goal
    assert goal is not None
    assert goal.verdict == verdict


def test_without_the_peer_there_is_no_verdict():
    result = Result.of(_row(target=Times("PyTorch", 2, 3)), {OURS: Sample([1.0])}, ["PyTorch is left out."])
    assert (result.goal, result.ratios) == (None, [])


def test_the_page_says_where_and_what():
    page = report.markdown(Run.load(_CANNED))
    for line in (
        "- processor: Example CPU",
        "- commit: 0123456789ab",
        "- command: python -m benchmarks",
        "| lenet5-step-32, ms per step | chainrule | 1.00 [0.900, 1.10] |  |",
        "|  | PyTorch | 9.00 [8.00, 10.0] | 9.00× [7.27, 11.11] 75% |",
        "|  | target: reached |  | PyTorch ≥ 8×, stretch 10× |",
        "| cold-start, s | chainrule | 2.00 [2.00, 2.00] |  |",
        "|  | target: missed | ≤ 1.5, stretch 0.8 |  |",
        "| growth-mlp-batch: batch | ms per step | peak MB |",
        "| 32 | 0.200 [0.200, 0.200] | 90 |",
        "- JAX is left out: jax is not installed.",
    ):
        assert line in page.splitlines(), line


def test_a_remark_is_said_once():
    run = Run.load(_CANNED)
    twice = replace(run, results=[*run.results, *run.results])
    assert report.markdown(twice).count("JAX is left out") == 1


def test_the_terminal_shows_the_same():
    output = io.StringIO()
    report.show(Run.load(_CANNED), Console(width=120, file=output))
    shown = output.getvalue()
    assert "9.00× [7.27, 11.11] 75%" in shown
    assert "JAX is left out: jax is not installed." in shown


def test_a_row_that_was_not_measured_is_drawn_and_told_by_its_remark_only():
    empty = Result.of(_row(), {}, ["row was not measured. chainrule: no compiler"])
    assert "not measured" in report.markdown(Run({}, [empty]))


def test_pictures_of_ratios_and_of_growth(tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need the extra 'bench'")
    files = draw(Run.load(_CANNED), tmp_path, "run")
    assert [file.name for file in files] == ["run-ratios.png", "run-growth.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
