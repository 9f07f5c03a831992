"""The list of runs: what of them is shown, and that it fits a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chainrule.cli import listing
from chainrule.runs.comparison import Summary, differing
from chainrule.runs.folder import DAMAGED, FINISHED, RunFolder


def summary(name, source, scores=None, **settings):
    own = {"data.source": source, **{key.replace("_", ".", 1): value for key, value in settings.items()}}
    return Summary(RunFolder(Path("runs", name)), "finished", own, 23, scores or {})


def test_only_runs_on_the_same_data_are_compared_by_their_settings():
    """A table's target and the task of another are no settings that somebody tried."""
    wine = summary("a", "wine.csv", data_target="cultivar", train_lr=0.001, train_seed=0)
    slower = summary("b", "wine.csv", data_target="cultivar", train_lr=0.0001, train_seed=0)
    other = summary("c", "diabetes.csv", data_target="progression", train_lr=0.01, train_seed=1)
    assert differing([wine, other]) == []
    assert differing([wine, slower, other]) == ["train.lr"]
    assert differing([]) == []


@pytest.mark.parametrize(("sort", "score"), [(None, "accuracy 0.9722"), ("loss", "loss 0.068")])
def test_names_of_runs_can_be_copied_from_a_terminal_of_80_columns(capsys, monkeypatch, sort, score):
    monkeypatch.setenv("COLUMNS", "80")
    name = "2026-11-27T23-44-12-diabetes"
    listing._print(
        [
            summary(name, "/somewhere/diabetes.csv", {"rmse": 54.02, "mae": 44.17, "r2": 0.496}),
            summary("wine-1", "/somewhere/wine.csv", {"accuracy": 0.97222, "loss": 0.06804}, train_lr=0.001),
            summary("wine-2", "/somewhere/wine.csv", {"accuracy": None, "loss": 0.5}, train_lr=0.002),
        ],
        sort,
    )
    printed = capsys.readouterr().out
    assert name in printed
    assert score in printed
    assert "rmse 54.02" in printed
    assert max(map(len, printed.splitlines())) <= 80


@pytest.mark.parametrize("columns", ["40", "80"])
def test_what_has_no_room_beside_each_other_stands_below_and_nothing_is_cut(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    own = {"data_exclude": ["hue", "ash"], "train_lr": 0.001, "train_patience": 10, "model_units": [64, 32]}
    other = {"data_exclude": [], "train_lr": 0.002, "train_patience": 20, "model_units": [128]}
    scores = {"accuracy": 0.97222}
    listing._print(
        [summary(f"2026-11-28T0{k}-wine", "wine.csv", scores, **each) for k, each in ((1, own), (2, other))], None
    )
    printed = capsys.readouterr().out
    assert "…" not in printed
    assert "2026-11-28T01-wine\n  state: finished;" in printed
    assert "data.exclude: ['hue', 'ash'];" in printed


def test_behind_a_pipe_each_run_is_one_line(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS")
    settings = [{f"train_{key}": f"{key} {k} of many words" for key in "abcdef"} for k in range(2)]
    listing._print([summary(f"2026-11-28T0{k}-wine", "wine.csv", **own) for k, own in enumerate(settings)], None)
    (line,) = (each for each in capsys.readouterr().out.splitlines() if "2026-11-28T01-wine" in each)
    assert all(value in line for value in ("finished", *settings[1].values()))


def test_a_run_that_has_not_ended_can_be_gone_on_with(capsys):
    one = summary("my run", "wine.csv")
    listing._print([one], None)
    assert "resume" not in capsys.readouterr().out
    listing._print([Summary(one.folder, "interrupted", one.settings, 1, {})], None)
    assert "chainrule resume 'runs/my run'" in capsys.readouterr().out


@pytest.mark.parametrize("lost", ["checkpoint.json", "metrics.jsonl"])
def test_a_finished_run_of_which_something_is_missing_is_damaged(tmp_path, lost):
    run = RunFolder(tmp_path)
    run.write("config.json", {"settings": {}})
    run.write("result.json", {"state": FINISHED, "epochs": 1, "test_rmse": 2.5})
    run.append_metrics({"epoch": 1, "loss": 0.5})
    (tmp_path / "checkpoint.json").write_text(json.dumps({}), encoding="utf-8")
    assert Summary.of(run).state == FINISHED
    (tmp_path / lost).unlink()
    assert Summary.of(run).state == DAMAGED
