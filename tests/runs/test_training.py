"""Runs: what their folder holds, and that a break changes no bit of what they reach."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from PIL import Image

import chainrule as cr
from chainrule.data import digits, write_idx
from chainrule.data.whole_files import unsealed
from chainrule.diagnosis import Diagnosis
from chainrule.errors import DataError, DivergedError, FileFormatError, SaveError, UsageError
from chainrule.runs import Configuration, RunFolder, arrange, overridden, rearrange, resume, train
from chainrule.runs.report import write_report
from chainrule.train import Callback
from tests.counts import full
from tests.runs.reached import everything


@pytest.fixture
def few(tmp_path):
    """A set of 500 digits in MNIST's layout."""
    data, folder = digits(), tmp_path / "few"
    folder.mkdir()
    for part, x, y in (
        ("train", data.x_train[:400], data.y_train[:400]),
        ("t10k", data.x_test[:100], data.y_test[:100]),
    ):
        write_idx(folder / f"{part}-images-idx3-ubyte", x[..., 0])
        write_idx(folder / f"{part}-labels-idx1-ubyte", y.astype(np.uint8))
    return folder


def ordered(few, *sets):
    return overridden(Configuration(), [f"data.source='{few}'", "model.name=mlp", "train.epochs=3", *sets])


@pytest.fixture
def photographs(tmp_path):
    """60 digits as pictures in folders, a part for validation among them."""
    data, folder = digits(), tmp_path / "photographs"
    for part, places in (("train", range(40)), ("val", range(40, 50)), ("test", range(50, 60))):
        for k in places:
            of_class = folder / part / str(data.y_train[k] % 2)
            of_class.mkdir(parents=True, exist_ok=True)
            Image.fromarray(data.x_train[k, ..., 0]).save(of_class / f"{k}.png")
    return folder


@pytest.mark.usefixtures("compiled_quickly")
def test_pictures_are_trained_on_in_their_parts_and_predicted_however_they_come(photographs, tmp_path):
    arrangement = arrange(ordered(photographs, "train.epochs=1", "model.units=[8]"))
    assert [len(part.y) for part in (arrangement.training, arrangement.validation, arrangement.test)] == [40, 10, 10]
    settings = arrangement.configuration.as_data()
    assert (settings["data"]["image_size"], settings["model"]["units"]) == ([28, 28], [8])
    folder = RunFolder.at(tmp_path / "run")
    train(arrangement, folder, Diagnosis(verbose=0))
    path = next((photographs / "test" / "1").iterdir())
    trained = cr.load(folder.path)
    answers = [trained.predict(given) for given in (path, path.read_bytes(), np.asarray(Image.open(path)))]
    assert all((answer.probabilities == answers[0].probabilities).all() for answer in answers)
    assert len(trained.predict(photographs / "test")) == 10


class Break(Callback):
    """Ctrl-C after so many pieces of the training."""

    def __init__(self, pieces):
        self.left = pieces

    def on_train_progress(self, training):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def test_a_run_keeps_what_belongs_to_it(few, tmp_path):
    folder = RunFolder.at(tmp_path / "run")
    arrangement = arrange(ordered(few))
    outcome = train(arrangement, folder, Diagnosis(verbose=0))
    assert outcome.test.values["accuracy"] > 0.5 > outcome.guess.values["accuracy"]
    names = {path.name for path in folder.path.iterdir()}
    assert {"config.json", "environment.json", "findings.json", "metrics.jsonl", "result.json"} < names
    assert [line["epoch"] for line in folder.metrics()] == [1, 2, 3]
    assert folder.read("result.json")["test_accuracy"] == outcome.test.values["accuracy"]
    assert folder.configuration() == arrangement.configuration
    assert arrange(folder.configuration()).configuration == arrangement.configuration, "nothing is left to decide"
    loaded = cr.load(folder.path)
    assert np.mean(loaded.predict(digits().x_test[:100]).values == digits().y_test[:100].astype(str)) > 0.5


@pytest.mark.usefixtures("compiled_quickly")
@pytest.mark.parametrize(
    "setting",
    ["train.patience=1", "train.average=ema train.patience=1", "train.optimizer=momentum", "train.clip_norm=1"],
)
def test_a_break_changes_no_bit(few, tmp_path, setting):
    if "train.patience=1" not in setting and not full():
        pytest.skip("long; runs with --full (make test-all)")
    configuration = ordered(few, *setting.split(), "data.validation=0.2")
    whole = RunFolder.at(tmp_path / "whole")
    train(arrange(configuration), whole, Diagnosis(verbose=0))
    broken = RunFolder.at(tmp_path / "broken")
    with pytest.raises(KeyboardInterrupt):
        train(arrange(configuration), broken, Diagnosis(verbose=0), [Break(2)])
    assert not broken.has_ended
    with pytest.raises(KeyboardInterrupt):
        resume(rearrange(broken), broken, Diagnosis(verbose=0), [Break(1)])
    resume(rearrange(broken), broken, Diagnosis(verbose=0))
    assert everything(broken) == everything(whole)
    with pytest.raises(UsageError, match="has ended"):
        rearrange(broken)


def test_other_data_are_noticed(few, tmp_path):
    folder = RunFolder.at(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        train(arrange(ordered(few)), folder, Diagnosis(verbose=0), [Break(1)])
    write_idx(few / "train-labels-idx1-ubyte", np.zeros(400, np.uint8))
    with pytest.raises(DataError, match="no longer those that"):
        rearrange(folder)


def test_a_divergence_keeps_its_findings_and_is_an_end(few, tmp_path):
    folder = RunFolder.at(tmp_path / "run")
    with pytest.raises(DivergedError):
        train(arrange(ordered(few, "train.optimizer=sgd", "train.lr=1e30")), folder, Diagnosis(verbose=0))
    assert folder.read("result.json") == {"state": "diverged"}
    codes = [finding["code"] for finding in folder.read("findings.json")["findings"]]
    page = write_report(folder).read_text(encoding="utf-8")
    assert "This training diverged" in page
    assert codes[0] in page
    with pytest.raises(UsageError, match="has ended"):
        rearrange(folder)


def test_a_folder_holds_one_run(few, tmp_path):
    folder = RunFolder.at(tmp_path / "run")
    folder.write("config.json", {})
    with pytest.raises(UsageError, match="holds a run already"):
        RunFolder.at(tmp_path / "run")


def test_runs_are_found_by_path_by_name_and_as_the_latest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileFormatError, match="no run in runs yet"):
        RunFolder.find("runs/latest")
    made = [RunFolder.new("one"), RunFolder.new("two"), RunFolder.new("two")]
    for place, folder in enumerate(made):
        folder.write("config.json", {})
        folder.write("environment.json", {"began": f"2026-01-0{place + 1}"})
    assert [run.path for run in RunFolder.all()] == [run.path for run in made]
    assert RunFolder.find("runs/latest") == RunFolder.find("latest") == made[-1]
    assert RunFolder.find(made[0].path.name).path == made[0].path
    with pytest.raises(FileFormatError, match=r"no run .*\. Did you mean '.*-one'"):
        RunFolder.find(made[0].path.name[:-1])


def test_a_changed_byte_of_a_run_is_noticed(tmp_path):
    folder = RunFolder.at(tmp_path / "run")
    folder.write("config.json", {"settings": {"train": {"seed": 0}}})
    path = folder.path / "config.json"
    content = path.read_bytes()
    assert unsealed(content)["settings"] == {"train": {"seed": 0}}
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(FileFormatError, match="damaged"):
            folder.read("config.json")


def test_a_line_of_metrics_that_was_cut_short_is_left_out(tmp_path):
    folder = RunFolder.at(tmp_path / "run")
    folder.append_metrics({"epoch": 1, "loss": 0.5})
    with (folder.path / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({"epoch": 2, "loss": 0.25})[:9])
    assert folder.metrics() == [{"epoch": 1, "loss": 0.5}]
    assert folder.history().history == {"loss": [0.5]}


def test_what_is_no_finite_number_is_null_in_the_metrics_and_no_number_when_they_are_read(tmp_path):
    folder = RunFolder.at(tmp_path / "run")
    folder.append_metrics({"epoch": 1, "loss": 0.5, "val_loss": math.inf})
    folder.append_metrics({"epoch": 2, "loss": 0.25, "val_loss": math.nan})

    def refused(constant):
        raise AssertionError(constant)

    lines = (folder.path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line, parse_constant=refused)["val_loss"] for line in lines] == [None, None]
    history = folder.history().history
    assert history["loss"] == [0.5, 0.25]
    assert np.isnan(history["val_loss"]).all()
    folder.write_metrics(folder.metrics())
    assert (folder.path / "metrics.jsonl").read_text().splitlines() == lines


def test_the_same_refusal_of_the_system_is_the_same_error(tmp_path):
    (tmp_path / "file").write_text("")
    for made in (RunFolder.at, lambda path: RunFolder.new("name", path)):
        with pytest.raises(SaveError, match=r"The run cannot be written in .*below.*: .*file is a file, not a folder"):
            made(tmp_path / "file" / "below")


def test_the_best_epoch_is_the_one_whose_weights_are_kept(few, tmp_path):
    folder = RunFolder.at(tmp_path / "run")
    arrangement = arrange(ordered(few, "train.epochs=30", "train.patience=2", "data.validation=0.3", "train.lr=0.02"))
    outcome = train(arrangement, folder, Diagnosis(verbose=0))
    held = arrangement.validation
    assert held is not None
    loss = cr.Model.load(folder.path).evaluate(held.x, held.y)["loss"]
    assert outcome.epochs < 30
    assert loss == pytest.approx(outcome.best_loss, rel=1e-5)
    assert loss == pytest.approx(folder.metrics()[outcome.best_epoch - 1]["val_loss"], rel=1e-5)
