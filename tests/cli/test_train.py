"""Trainings and summaries: what is printed where, what is saved, and the code that is left."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import chainrule as cr
from chainrule.cli import main
from chainrule.cli.training import Order, _interrupted
from chainrule.compiler.target import detect
from chainrule.data import digits
from chainrule.optim import SGD, Adam, OneCycle
from chainrule.runs import wording
from chainrule.runs.outcome import Outcome
from chainrule.runs.scores import Scores
from tests.cli.commands import apart, command, environment, here
from tests.counts import full


def result_of(left):
    return json.loads(left.out.splitlines()[-1])


PARAMETERS = {
    "lenet5": "61,706",
    "lenet5_1998": "60,000",
    "mlp": "101,770",
    "resnet": "269,434",
    "all_cnn": "1,368,010",
}


@pytest.mark.parametrize(("model", "parameters"), PARAMETERS.items())
def test_summary_lists_the_layers(capsys, model, parameters):
    left = here(capsys, "summary", model)
    assert (left.code, left.err) == (0, "")
    assert "Conv2D" in left.out or "Dense" in left.out
    assert parameters in left.out.splitlines()[-2]


def test_summary_speaks_chinese(capsys):
    assert "参数" in here(capsys, "--lang", "zh", "summary", "mlp").out
    assert "参数" in here(capsys, "summary", "mlp", "--lang", "zh").out


def test_what_a_stream_cannot_show_does_not_stop_the_command():
    left = apart("summary", "mlp", "--lang", "zh", PYTHONIOENCODING="ascii")
    assert (left.code, left.err) == (0, "")


def test_a_missing_folder_is_bad_data(capsys):
    left = here(capsys, "train", "--data", "no/such/folder")
    assert (left.code, left.out) == (3, "")
    assert "no/such/folder" in left.err


def test_a_damaged_file_is_bad_data(capsys, few_digits, tmp_path):
    for file in Path(few_digits).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    damaged = tmp_path / "train-images-idx3-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    left = here(capsys, "train", "--data", str(tmp_path))
    assert (left.code, left.out) == (3, "")
    assert damaged.name in left.err


def test_a_folder_with_the_name_of_the_bundled_digits_is_data_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Order("digits", {}).configuration().data.source == "digits"
    (tmp_path / "digits").mkdir()
    assert Order("digits", {}).configuration().data.source == str(tmp_path / "digits")


def test_an_unknown_precision_is_refused_before_anything_is_read(capsys):
    left = here(capsys, "train", "--precision", "bf61", "--data", "no/such/folder")
    assert (left.code, left.out) == (2, "")
    assert 'train.precision is "bf61", but must be one of float32, bf16' in left.err


@pytest.mark.usefixtures("compiled_quickly")
@pytest.mark.skipif(not detect().pairs, reason="this processor has no instructions for bfloat16")
def test_a_precision_is_that_of_the_model(capsys, few_digits, tmp_path):
    left = here(
        capsys, "train", "mlp", "--data", few_digits, "--epochs", "1", "--precision", "bf16", "--save", str(tmp_path)
    )
    assert left.code == 0
    assert cr.Model.load(tmp_path).precision == "bf16"


def test_a_batch_larger_than_the_data_is_bad_data(capsys):
    left = here(capsys, "train", "--batch-size", "20000")
    assert (left.code, left.out) == (3, "")
    assert "20000" in left.err
    assert "10000" in left.err


def test_json_is_the_last_line_and_the_same_seed_gives_the_same_bits(capsys, few_digits):
    arguments = ["train", "mlp", "--data", few_digits, "--epochs", "2", "--seed", "3", "--json"]
    left = here(capsys, *arguments)
    result = result_of(left)
    assert left.code == 0
    assert {"test_accuracy", "test_loss", "epochs", "seconds", "samples_per_second"} < result.keys()
    assert (result["epochs"], result["seed"], result["executor"]) == (2, 3, "native")
    assert result["test_accuracy"] > 0.5
    assert 2 * 600 / result["samples_per_second"] < 0.9 * result["seconds"], "the rate of the steps, without compiling"
    assert len(left.err.splitlines()) == 2, "a plain line per epoch"
    again = result_of(here(capsys, *arguments, "--quiet"))
    assert (again["test_loss"], again["test_accuracy"]) == (result["test_loss"], result["test_accuracy"])
    other = result_of(here(capsys, *arguments, "--quiet", "--seed", "4"))
    assert other["test_loss"] != result["test_loss"]


def test_json_has_null_for_what_is_no_number():
    nothing = Scores({"accuracy": 0.1, "loss": math.inf}, samples=10)
    rest = {"epochs": 1, "best_epoch": 1, "best_loss": 0.1, "validated": False, "seconds": math.inf, "skipped": 0}
    outcome = Outcome(nothing, nothing, **rest, samples_per_second=math.nan, executor="", seed=0)
    text = json.dumps(outcome.as_data(), allow_nan=False)
    assert '"test_loss": null, ' in text
    assert '"seconds": null, ' in text


def test_quiet_prints_the_result_only(capsys, few_digits):
    left = here(capsys, "train", "mlp", "--data", few_digits, "--epochs", "1", "--quiet")
    assert (left.code, left.err) == (0, "")
    assert left.out.startswith("test accuracy ")
    assert left.out.count("\n") == 1


def test_reports_come_in_order_and_the_saved_model_predicts(capsys, few_digits, tmp_path):
    folder = str(tmp_path / "new" / "model")
    left = here(capsys, "train", "mlp", "--data", few_digits, "--epochs", "2", "--save", folder)
    assert left.code == 0
    parts = ["data: few", "always guessing", "Dense", "101,770", "epochs: 2", "Adam(learning_rate=OneCycle("]
    parts += ["test accuracy", "always guessing", "best epoch: 2 of 2", "time:", "most often confused:", "kept in"]
    place = 0
    for part in parts:
        place = left.out.index(part, place) + 1
    assert cr.Model.load(folder).predict(digits().x_test[:3]).shape == (3, 10)


def test_a_training_speaks_chinese(capsys, few_digits):
    left = here(capsys, "train", "mlp", "--data", few_digits, "--epochs", "1", "--lang", "zh")
    for english in ("data", "samples", "training", "test", "epoch", "accuracy", "best", "time", "next"):
        assert not any(line.strip().startswith(english) for line in left.out.splitlines()), english
    assert "测试准确率" in left.out


@pytest.mark.usefixtures("compiled_quickly")
def test_few_samples_of_many_classes(capsys, unbalanced_digits):
    """Fewer samples than the recipe's batch; more classes than ten; a class that training has not seen."""
    left = here(capsys, "train", "mlp", "--data", unbalanced_digits, "--epochs", "1")
    assert left.code == 0
    rows = {line.split("  ")[0].strip(): line.split() for line in left.out.splitlines()}
    assert rows["classes"][-2:] == ["4", "2"]
    assert rows["in smallest, largest class"][-4:] == ["0,", "30", "0,", "10"]
    assert rows["always guessing the largest"][-2:] == ["75.00%", "50.00%"]
    assert "samples per step: 40" in left.out


def test_the_optimizer_is_shown_with_its_rate_and_what_is_not_default():
    assert wording._chosen(SGD()) == f"SGD(learning_rate={SGD().learning_rate})"
    shown = wording._chosen(Adam(OneCycle(0.1), beta_2=0.9))
    assert shown == "Adam(learning_rate=OneCycle(peak=0.1), beta_2=0.9)"


@pytest.mark.usefixtures("compiled_quickly")
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "momentum", "nesterov"])
def test_a_rate_for_any_optimizer(capsys, few_digits, optimizer):
    if optimizer != "adam" and not full():
        pytest.skip("every day a rate that is too high is one of sgd; runs with --full (make test-all)")
    arguments = ["--data", few_digits, "--epochs", "1", "--optimizer", optimizer, "--lr", "0.003"]
    left = here(capsys, "train", "mlp", *arguments)
    assert left.code == 0
    assert "0.003" in left.out


@pytest.mark.usefixtures("compiled_quickly")
def test_a_rate_that_is_too_high_diverges_with_its_own_code_and_can_be_diagnosed_later(capsys, few_digits, tmp_path):
    folder = str(tmp_path / "diverged")
    arguments = ["--data", few_digits, "--optimizer", "sgd", "--lr", "1e30", "--epochs", "1", "--save", folder]
    left = here(capsys, "train", "mlp", *arguments)
    assert left.code == 4
    assert "learning rate" in left.err
    assert f"saved in {folder}" in left.err
    assert here(capsys, "diagnose", folder, "--fail-on", "CR001").code == 5
    arguments[-1] = f"{folder}-again"
    to_script = here(capsys, "train", "mlp", *arguments, "--json", "--fail-on", "any")
    assert to_script.code == 4
    told = json.loads(to_script.out)
    assert told["error"] in to_script.err
    assert "CR001" in [finding["code"] for finding in told["findings"]]


@pytest.mark.parametrize(
    ("trouble", "said"), [(OSError(28, "No space left"), "No space left"), (MemoryError(), "memory")]
)
def test_trouble_with_the_machine_is_one_paragraph(capsys, monkeypatch, trouble, said):
    def fails(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr("chainrule.runs.division.digits", fails)
    left = here(capsys, "train")
    assert left.code == 1
    assert said in left.err
    assert left.err.count("\n") == 1


def test_a_mistake_of_the_program_is_not_hidden(monkeypatch):
    def fails(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("chainrule.runs.division.digits", fails)
    with pytest.raises(AssertionError):
        main(["train"])


@pytest.mark.parametrize(
    ("position", "said"),
    [(0, "Interrupted after 4 of 10 whole epochs. "), (33, "Interrupted in epoch 5 of 10, after step 2. ")],
)
def test_an_interruption_between_epochs_is_said_to_be_one(monkeypatch, position, said):
    state = SimpleNamespace(epoch=4, position=position)
    monkeypatch.setattr("chainrule.cli.training.Model.load", lambda _: SimpleNamespace(training_state=state))
    folder = SimpleNamespace(path="here")
    assert _interrupted(SimpleNamespace(epochs=10, batch_size=32), folder).startswith(said)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_an_interrupted_training_keeps_what_it_reached(few_digits, tmp_path):
    folder = tmp_path / "reached"
    arguments = ["train", "mlp", "--data", few_digits, "--epochs", "5000", "--save", str(folder)]
    process = subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=environment(),
    )  # fmt: skip
    assert process.stderr is not None
    first = process.stderr.readline()  # the first epoch is done
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, first + err
    last = err.splitlines()[-1]
    assert last.startswith(("Interrupted in epoch ", "Interrupted after "))
    assert "Traceback" not in err
    assert f"chainrule resume {folder}" in last
    state = cr.Model.load(folder).training_state
    assert state is not None
    assert state.step > 0


def test_curves_stand_above_the_result(capsys, few_digits):
    left = here(capsys, "train", "mlp", "--data", few_digits, "--epochs", "2", "--curves", "--quiet")
    assert left.code == 0
    lines = left.out.splitlines()
    assert lines[1] == "loss   • training"
    assert any(line.startswith("accuracy   ") for line in lines)
    assert lines[-1].startswith("test accuracy")
    assert "\x1b" not in left.out
    assert max(map(len, lines)) <= 80


def test_curves_without_plotext_are_refused_before_the_training(capsys, monkeypatch, few_digits):
    monkeypatch.setitem(sys.modules, "plotext", None)
    left = here(capsys, "train", "mlp", "--data", few_digits, "--curves")
    assert (left.code, left.out) == (2, "")
    assert 'pip install "chainrule[plot]"' in left.err
