"""The codes that commands leave: scripts go by them, so each is here by its number."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from chainrule.cli.progress import EpochLines
from tests.cli.commands import here


@pytest.fixture
def samples(tmp_path):
    """40 samples of two classes."""
    x = np.random.default_rng(3).normal(size=(40, 2))
    path = tmp_path / "samples.npz"
    np.savez(path, x=x, y=(x[:, 0] > 0).astype(int))
    return str(path)


def interrupts(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_130_from_the_beginning_on(capsys, monkeypatch):
    commands = ModuleType("chainrule.cli.commands")
    commands.__getattr__ = interrupts
    monkeypatch.setitem(sys.modules, commands.__name__, commands)
    assert here(capsys, "runs").code == 130


def test_0_for_what_was_done(capsys):
    assert here(capsys, "runs").code == 0
    assert here(capsys, "init", "experiment.toml").code == 0


def test_init_says_where_to_write_what_is_to_be_predicted(capsys):
    Path("fruit.csv").write_text("mass,kind\n9,cherry\n", encoding="utf-8")
    said = here(capsys, "init", "fruit.csv").out
    assert 'experiment.toml is written. Say in line 9 which column is to be predicted, such as target = "kind"' in said
    lines = Path("experiment.toml").read_text(encoding="utf-8").splitlines()
    assert lines[8].startswith("# target =")
    assert 'source = "fruit.csv"' in lines
    for arguments in (["--data", "fruit.csv", "--target", "kind"], ["--data", "digits"], []):
        assert "Look through it, then" in here(capsys, "init", f"{len(arguments)}.toml", *arguments).out


def test_what_is_asked_for_and_cannot_be_is_said_all_at_once(capsys):
    Path("quick.toml").write_text("[train]\nlr = 0\nspeed = 3\n", encoding="utf-8")
    said = here(capsys, "train", "quick.toml", "--lr", "-1", "--set", "train.seed=-1").err
    assert [part in said for part in ("line 2: ", "line 3: ", "--lr: ", "--set train.seed=-1: ")] == [True] * 4


def test_data_that_are_too_few_to_be_divided(capsys):
    Path("four.csv").write_text("x,y\n1,0\n2,1\n3,0\n4,1\n", encoding="utf-8")
    said = here(capsys, "train", "four.csv", "--target", "y").err
    assert "four: with data.validation = 0.1, one of the parts of 3 samples would have none; it takes 6 or more" in said


def test_1_for_what_could_not_be_kept(capsys, samples):
    Path("kept").mkdir()
    Path("kept", "environment.json").mkdir()
    left = here(capsys, "train", samples, "--quiet", "--save", "kept")
    assert left.code == 1
    assert "environment.json" in left.err
    assert here(capsys, "init", "no/such/folder/experiment.toml").code == 1
    Path("runs").write_text("", encoding="utf-8")  # where a folder is to be made
    for save in ([], ["--save", "runs"]):
        left = here(capsys, "train", samples, "--quiet", *save)
        assert (left.code, left.out, left.err.count("\n")) == (1, "", 1)
        assert "cannot be written" in left.err
        assert "runs is a file, not a folder" in left.err
    assert "runs is a file, not a folder" in here(capsys, "train", samples, "--save", "runs/x").err


def test_2_for_what_cannot_be_asked_for(capsys, samples):
    for arguments in (["train", "--no-such"], ["train", samples, "--set", "train.lr=0"], ["nothing"]):
        assert here(capsys, *arguments).code == 2
    assert here(capsys, "train", samples, "--target", "y").code == 2, "arrays have no columns"
    assert not Path("runs").exists(), "nothing has begun"


def test_3_for_data_that_nothing_can_be_learned_from(capsys, tmp_path):
    np.savez("same.npz", x=np.ones((9, 2)), y=np.ones(9, int))
    Path("experiment.toml").write_text("[data]\nsource = 'lost.csv'\ntarget = 'y'\n", encoding="utf-8")
    for arguments in (["same.npz"], ["--data", "lost.csv"], ["experiment.toml"]):
        assert here(capsys, "train", *arguments).code == 3
    assert str(tmp_path / "lost.csv") in here(capsys, "train", "--data", str(tmp_path / "lost.csv")).err
    assert here(capsys, "resume", "runs/latest").code == 3
    assert not Path("runs").exists()


@pytest.mark.usefixtures("compiled_quickly")
def test_what_a_command_built_is_on_no_line(capsys, samples):
    left = here(capsys, "train", samples, "--optimizer", "sgd", "--lr", "1e30", "--save", "run", "--json")
    assert left.code == 4
    (finding,) = (one for one in json.loads(left.out)["findings"] if one["code"] == "CR001")
    assert finding["values"]["where"] == ""
    assert f"on the way to {finding['values']['part']}: {finding['values']['example']}" in finding["evidence"]
    assert ".py" not in finding["evidence"]


@pytest.mark.usefixtures("compiled_quickly")
def test_4_unless_what_is_not_finite_is_skipped(capsys):
    x = np.random.default_rng(0).normal(size=(40, 6, 6, 1)).astype(np.float32)
    y = (x[:, 0, 0, 0] > 0).astype(int)
    x[5] = np.float32(3e38)
    np.savez("pictures.npz", x=x, y=y, x_test=x[:5], y_test=y[:5])
    ordered = ["train", "pictures.npz", "--epochs", "2", "--batch-size", "8"]
    assert here(capsys, *ordered, "--quiet").code == 4
    left = here(capsys, *ordered, "--non-finite", "skip", "--save", "run")
    assert left.code == 0
    assert "skipped steps, whose loss or gradients were not finite: 2" in left.out
    assert json.loads(Path("run", "result.json").read_text(encoding="utf-8"))["skipped"] == 2
    assert "were not finite: 2" in Path("run", "report.html").read_text(encoding="utf-8")
    metrics = Path("run", "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["skipped"] for line in metrics] == [1, 1]


@pytest.mark.usefixtures("compiled_quickly")
def test_130_and_on_from_there_to_4_or_0(capsys, samples, monkeypatch):
    """Interrupted at its first step, with or without a run to go on with; 4 for one that diverges."""
    arguments = ["train", samples, "--epochs", "2", "--lang", "zh", "--save", "broken"]
    with monkeypatch.context() as patched:
        patched.setattr(EpochLines, "on_epoch_end", interrupts)
        left = here(capsys, *arguments)
    assert (left.code, "chainrule resume broken" in left.err) == (130, True)
    with monkeypatch.context() as patched:
        patched.setattr("chainrule.runs.division.read_source", interrupts)
        assert here(capsys, *arguments[:-1], "other").code == 130
        assert not Path("other").exists()
    Path(samples).rename("moved.npz")
    assert here(capsys, "resume", "broken").code == 3, "its data have gone"
    resumed = here(capsys, "resume", "broken", "--data", "moved.npz", "--json")
    assert resumed.code == 0
    assert json.loads(resumed.out)["epochs"] == 2
    assert here(capsys, "resume", "broken").code == 2, "it has ended"
    text = Path("broken", "config.json").read_text(encoding="utf-8")
    assert text.isascii(), "what is kept is in no language"

    rising = ["moved.npz", "--set", "train.optimizer=sgd", "--set", "train.lr=1e38", "--fail-on", "any"]
    assert here(capsys, "train", "--epochs", "20", *rising).code == 4
    assert here(capsys, "diagnose", "runs/latest", "--fail-on", "any").code == 5
