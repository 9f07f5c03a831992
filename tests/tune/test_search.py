"""Searches: they find what is better, look at no test sample, and go on after a break as if there had been none."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pytest

from chainrule.cli import main
from chainrule.data import digits, write_idx
from chainrule.errors import UsageError
from chainrule.runs import Configuration, overridden, read_configuration
from chainrule.tune import Range, Search, Space, search
from chainrule.tune.objective import Pruning
from chainrule.tune.results import importance
from chainrule.tune.storage import opened, quietly, sqlite_in

RATES = Space({"train.lr": Range(1e-3, 1e-1, log=True)})


def interrupts(*_, **__):
    raise KeyboardInterrupt


def few(folder, *, tested_with):
    """240 digits to learn from, and some others to test with."""
    data = digits()
    folder.mkdir()
    for part, x, y in (
        ("train", data.x_train[:240], data.y_train[:240]),
        ("t10k", data.x_test[tested_with], data.y_test[tested_with]),
    ):
        write_idx(folder / f"{part}-images-idx3-ubyte", x[..., 0])
        write_idx(folder / f"{part}-labels-idx1-ubyte", y.astype(np.uint8))
    return folder


def around(folder, *sets):
    told = ["model.name=mlp", "model.units=[16]", "train.epochs=3", f"data.source='{folder}'", *sets]
    return overridden(Configuration(), told)


def of(found):
    """What the trials tried and reached, without their numbers, which those that broke off have too."""
    return [(trial.state, trial.settings, trial.scores, trial.epochs) for trial in found.trials]


@pytest.mark.full
@pytest.mark.usefixtures("compiled_quickly")
def test_the_best_trial_beats_the_default_whatever_there_is_to_test_with_and_whatever_breaks(tmp_path, monkeypatch):
    wanted = Search.of(around(few(tmp_path / "one", tested_with=slice(0, 30))), RATES)
    told = []
    found = search(wanted, sqlite_in(tmp_path / "one.db"), "digits", 6, lambda trial, _: told.append(trial))
    assert [trial.number for trial in found.trials] == list(range(6))
    assert told == list(found.trials)
    default, best = found.trials[0], found.best
    assert default.as_configured
    assert not default.settings
    assert best.value < 0.95 * default.value
    assert found.configuration.train.lr == best.settings["train.lr"]
    assert found.configuration.train.epochs == 3

    other = Search.of(around(few(tmp_path / "other", tested_with=slice(30, 40))), RATES)
    address, ended, left = sqlite_in(tmp_path / "other.db"), Pruning.on_epoch_end, [8]

    def break_once(self, training):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        ended(self, training)

    monkeypatch.setattr(Pruning, "on_epoch_end", break_once)
    with pytest.raises(KeyboardInterrupt):
        search(other, address, "digits", 6)
    again = search(other, address, "digits", 6)
    assert of(again) == of(found)
    assert len(optuna.load_study(study_name="digits", storage=address).trials) == 7, "one was interrupted"
    assert of(search(other, address, "digits", 6)) == of(found), "there are enough"

    optuna.load_study(study_name="digits", storage=address).ask()  # a trial of a process that is killed
    assert len(search(other, address, "digits", 7).trials) == 7

    for changed, said in (
        (Search.of(around(tmp_path / "other", "train.clip_norm=1"), RATES), "other settings"),
        (Search.of(around(tmp_path / "other"), Space({"train.lr": Range(0.1, 1)})), "bounds to search in"),
        (Search.of(around(tmp_path / "one"), RATES), "other data"),
    ):
        with pytest.raises(UsageError, match=said):
            search(changed, address, "digits", 9)

    monkeypatch.setattr(optuna.storages.RDBStorage, "set_trial_state_values", interrupts)
    with pytest.raises(KeyboardInterrupt):  # over which Optuna fails with an UnboundLocalError
        search(other, address, "digits", 8)


@pytest.mark.usefixtures("compiled_quickly")
@pytest.mark.parametrize("moment", ["set_trial_intermediate_value", "set_trial_state_values"])
def test_ctrl_c_waits_for_what_is_being_stored(tmp_path, monkeypatch, moment):
    """An interrupted transaction kept the database locked, and the next write waited a minute for it."""
    address, wanted = sqlite_in(tmp_path / "study.db"), Search.of(around(few(tmp_path / "few", tested_with=slice(10))))
    store, stored = getattr(optuna.storages.RDBStorage, moment), []

    def interrupted(*arguments, **named):
        if not stored:
            signal.raise_signal(signal.SIGINT)
        result = store(*arguments, **named)
        stored.append(result)
        return result

    monkeypatch.setattr(optuna.storages.RDBStorage, moment, interrupted)
    with pytest.raises(KeyboardInterrupt):
        search(wanted, address, "digits", 3)
    assert stored
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.undo()
    assert len(search(wanted, address, "digits", 2).trials) == 2


@pytest.mark.usefixtures("compiled_quickly")
def test_a_trial_that_is_worse_than_most_is_broken_off_and_one_that_diverges_is_no_end(tmp_path):
    rates = [0.01, 0.02, 0.03, 0.04, 1e-6, 1e30]
    told = around(few(tmp_path / "few", tested_with=slice(0, 10)), "train.optimizer=sgd")
    wanted = Search.of(told, Space({"train.lr": Range(1e-6, 1e30, log=True)}))
    address = sqlite_in(tmp_path / "study.db")
    with quietly():
        study = opened(address, "digits")
        for rate in rates:
            study.enqueue_trial({"train.lr": rate})
    found = search(wanted, address, "digits", 6)
    assert [trial.state for trial in found.trials] == 4 * ["complete"] + 2 * ["pruned"]
    assert [trial.epochs for trial in found.trials] == [3, 3, 3, 3, 1, 0]


def here(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return left.value.code or 0, capsys.readouterr()


@pytest.mark.usefixtures("compiled_quickly")
def test_settings_that_do_not_go_with_the_data_end_their_trial_alone(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{k % 7},{'ab'[k % 2]}" for k in range(60)]
    Path("t.csv").write_text("x,y\n" + "\n".join(rows))
    space = '[search]\n"train.batch_size" = {choices = [8, 5000]}\n"train.lr" = {choices = [0.01, 1e9]}\n'
    Path("t.toml").write_text(f'[data]\nsource = "t.csv"\ntarget = "y"\n[train]\nepochs = 1\n{space}')
    with pytest.raises(SystemExit) as left:
        main(["tune", "t.toml", "--trials", "8", "--json"])
    assert left.value.code == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out, parse_constant=pytest.fail)  # no infinite loss is told as a score
    refused = [trial for trial in found["trials"] if "refused" in trial]
    assert refused
    assert len(found["trials"]) == 8
    for trial in refused:
        assert trial["settings"]["train.batch_size"] == 5000
        assert "not begun: batch_size is 5000" in printed.err


def test_the_command_searches_goes_on_and_writes_what_can_be_trained(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    few(tmp_path / "few", tested_with=slice(0, 10))
    (tmp_path / "experiment.toml").write_text(
        '[data]\nsource = "few"\n[model]\nname = "mlp"\nunits = [16]\n[train]\nepochs = 1\n'
        "[search]\ntrain.lr = {low = 1e-3, high = 1e-1, log = true}\n",
    )
    code, said = here(capsys, "tune", "experiment.toml", "--trials", "2", "--json")
    assert code == 0
    assert said.err.count("\n") == 2
    told = json.loads(said.out)
    assert [trial["settings"].keys() for trial in told["trials"]] == [set(), {"train.lr"}]
    code, said = here(capsys, "tune", told["search"], "--trials", "3")
    assert code == 0
    assert said.err.startswith("trial 3/3"), "the first two were there"
    assert "the best of 3 trials" in said.out
    best = read_configuration(tmp_path / told["configuration"])
    assert (best.train.epochs, best.model.units) == (1, (16,))
    assert best.train.lr is None or 1e-3 <= best.train.lr <= 1e-1
    assert (tmp_path / best.data.source / "train-images-idx3-ubyte").is_file()
    code, said = here(capsys, "tune", told["search"], "--epochs", "2")
    assert code == 2
    assert "Leave --epochs out" in said.err
    assert here(capsys, "runs")[1].out.startswith("There is no run in runs yet"), "a search is no run"


def test_what_a_search_needs_is_said(tmp_path, monkeypatch, capsys):
    code, said = here(capsys, "tune", "--storage", "sqlite:////no/such/folder/study.db", "--set", "train.epochs=x")
    assert (code, said.out) == (2, "")
    with pytest.raises(UsageError, match="storage of the study cannot be used"):
        opened("sqlite:////no/such/folder/study.db", "study")
    with pytest.raises(UsageError, match="storage of the study cannot be used"):
        opened("nosuch://host/study", "study")
    monkeypatch.setitem(sys.modules, "optuna", None)
    code, said = here(capsys, "tune", "mlp")
    assert code == 2
    assert 'pip install "chainrule[tune]"' in said.err


def test_what_matters_is_what_trials_differ_by(tmp_path):
    space = Space({"train.lr": Range(0.1, 1), "train.clip_norm": Range(0.1, 1)})
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    with quietly():
        study.optimize(lambda trial: space.suggested(trial)["train.lr"], n_trials=11)
        assert importance(study, space) == {}, "too few"
        study.optimize(lambda trial: space.suggested(trial)["train.lr"], n_trials=20)
        found = importance(study, space)
    assert sum(found.values()) == pytest.approx(1)
    assert found["train.lr"] > 0.8


@pytest.mark.full
def test_processes_share_a_study(tmp_path):
    few(tmp_path / "few", tested_with=slice(0, 10))
    address = sqlite_in(tmp_path / "study.db")
    command = [sys.executable, "-m", "chainrule", "tune", "mlp", "--data", "few", "--epochs", "2", "--json", "--study"]
    command += ["shared", "--storage", address, "--trials", "8", "--set", "model.units=[16]"]
    both = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    found = [json.loads(process.communicate(timeout=300)[0]) for process in both]
    assert all(process.returncode == 0 for process in both)
    trials = found[0]["trials"]
    assert 8 <= len(trials) <= 9
    settings = [json.dumps(trial["settings"]) for trial in trials if trial["settings"]]
    assert len(set(settings)) == len(settings), "no two tried the same"
