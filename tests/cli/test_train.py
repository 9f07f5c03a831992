"""The command line as its users meet it: what it prints where, and the code it leaves with."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli import main
from chainrule.data import digits, write_idx
from chainrule.messages import use_language


def leave(capsys, *arguments):
    """Run a command; its exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    use_language(None)
    captured = capsys.readouterr()
    return left.value.code or 0, captured.out, captured.err


@pytest.fixture(scope="module")
def few_digits(tmp_path_factory):
    """A folder in MNIST's layout with few of the bundled digits."""
    folder, data = tmp_path_factory.mktemp("few"), digits()
    for part, x, y in (
        ("train", data.x_train[:600], data.y_train[:600]),
        ("t10k", data.x_test[:200], data.y_test[:200]),
    ):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", x[..., 0])
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", y.astype(np.uint8))
    return folder


def test_version(capsys):
    assert leave(capsys, "--version") == (0, f"chainrule {cr.__version__}\n", "")


def run(*arguments, **environment):
    """The same in a process of its own: its standard output."""
    command = [sys.executable, "-m", "chainrule", *arguments]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"} | environment
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=True).stdout


def test_help_is_in_the_language_asked_for():
    assert "Train a model" in run("--help")
    assert "训练模型" in run("--lang", "zh", "--help")
    assert "训练样本" in run("train", "--help", "--lang=zh")
    assert "训练模型" in run("--help", CHAINRULE_LANG="zh")


def test_summary_lists_the_layers(capsys):
    code, out, err = leave(capsys, "summary", "lenet5")
    assert (code, err) == (0, "")
    assert "Conv2D" in out
    assert "61,706" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["train", "lenet6"], 2, "Did you mean 'lenet5'?"),
        (["summary", "nlp"], 2, "Did you mean 'mlp'?"),
        (["train", "--optimizer", "adma"], 2, "Did you mean 'adam'?"),
        (["train", "--lr", "-1"], 2, "learning rate is above 0"),
        (["train", "--lr", "nan"], 2, "learning rate is above 0"),
        (["train", "--epochs", "0"], 2, "--epochs"),
        (["train", "--epocs", "3"], 2, "--epochs"),
        (["train", "--lang", "fr"], 2, "choose one of: en, zh"),
        (["train", "--data", "no/such/folder"], 3, "no/such/folder"),
    ],
)
def test_what_is_wrong_is_one_paragraph(capsys, arguments, code, said):
    left, out, err = leave(capsys, *arguments)
    assert left == code
    assert said in err
    assert "Traceback" not in err
    assert out == ""


def test_a_batch_larger_than_the_data_is_bad_data(capsys):
    code, _, err = leave(capsys, "train", "--batch-size", "20000", "--epochs", "1")
    assert code == 3
    assert "20000" in err
    assert "10000" in err


def test_a_damaged_file_is_bad_data(capsys, few_digits, tmp_path):
    for file in few_digits.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    damaged = tmp_path / "train-images-idx3-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    code, _, err = leave(capsys, "train", "--data", str(tmp_path))
    assert code == 3
    assert damaged.name in err


def test_json_is_the_last_line_and_the_same_seed_gives_the_same_bits(capsys, few_digits):
    arguments = ["train", "mlp", "--data", str(few_digits), "--epochs", "2", "--seed", "3", "--json"]
    code, out, err = leave(capsys, *arguments)
    result = json.loads(out.splitlines()[-1])
    assert code == 0
    assert {"test_accuracy", "test_loss", "epochs", "seconds", "samples_per_second"} < result.keys()
    assert (result["epochs"], result["seed"], result["executor"]) == (2, 3, "reference")
    assert result["test_accuracy"] > 0.5
    assert len(err.splitlines()) == 2, "no terminal: one plain line per epoch"
    again = json.loads(leave(capsys, *arguments)[1].splitlines()[-1])
    assert (again["test_loss"], again["test_accuracy"]) == (result["test_loss"], result["test_accuracy"])


def test_quiet_prints_the_result_only(capsys, few_digits):
    code, out, err = leave(capsys, "train", "mlp", "--data", str(few_digits), "--epochs", "1", "--quiet")
    assert (code, err) == (0, "")
    assert out.startswith("test accuracy ")


def test_reports_come_before_and_the_saved_model_predicts(capsys, few_digits, tmp_path):
    folder = tmp_path / "model"
    code, out, _ = leave(capsys, "train", "mlp", "--data", str(few_digits), "--epochs", "1", "--save", str(folder))
    assert code == 0
    assert out.index("always guessing") < out.index("Dense") < out.index("test accuracy")
    assert cr.Model.load(folder).predict(digits().x_test[:3]).shape == (3, 10)


def test_a_rate_that_is_too_high_diverges_with_its_own_code(capsys, few_digits):
    arguments = ["--data", str(few_digits), "--optimizer", "sgd", "--lr", "1e30", "--epochs", "1"]
    code, _, err = leave(capsys, "train", "mlp", *arguments)
    assert code == 4
    assert "learning rate" in err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_an_interrupted_training_is_saved(few_digits, tmp_path):
    command = [sys.executable, "-m", "chainrule", "train", "--data", str(few_digits), "--epochs", "500"]
    process = subprocess.Popen(
        [*command, "--save", str(tmp_path / "reached")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    first = process.stderr.readline()  # the first epoch is done
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, first + err
    assert "reached" in err
    assert "Traceback" not in err
    state = cr.Model.load(tmp_path / "reached").training_state
    assert state is not None
    assert state.step > 0
