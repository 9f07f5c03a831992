"""What shows on standard error while a training runs, on terminals of all sorts and without one."""

import io
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from rich.console import Console

from chainrule.cli.progress import EpochLines, LiveLine, print_interrupted
from tests.cli.commands import apart, command, environment


class Terminal(io.StringIO):
    def isatty(self):
        return True


TRAIN = ("train", "mlp", "--epochs", "2", "--seed", "3")


def on_a_terminal(*arguments, **variables):
    """What the command writes to a terminal on standard error."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        command(*arguments), stdout=subprocess.DEVNULL, stderr=theirs, env=environment(**variables)
    ) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # how Linux says that nobody writes any more
                part = b""
            if not part:
                break
            written += part
    os.close(ours)
    assert process.returncode == 0
    return written.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_shows_one_live_line_below_those_of_the_epochs(few_digits):
    written = on_a_terminal(*TRAIN, "--data", few_digits, TERM="xterm", COLUMNS="120")
    assert "\x1b[" in written
    assert "step " in written
    assert " left" in written
    assert written.count("epoch 2/2  loss ") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}])
def test_plain_lines_where_nothing_can_or_may_be_rewritten(few_digits, variables):
    written = on_a_terminal(*TRAIN, "--data", few_digits, **variables)
    assert "\x1b" not in written
    assert [line.split("  ")[0] for line in written.splitlines()] == ["epoch 1/2", "epoch 2/2"]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        ("80", ["epoch 46/100  loss 0.0011  accuracy 100.00%  validation loss 0.0001  at 12.3 s"]),
        ("40", ["epoch 46/100  loss 0.0011", "  accuracy 100.00%", "  validation loss 0.0001  at 12.3 s"]),
    ],
)
def test_lines_of_epochs_are_broken_between_what_they_say(monkeypatch, width, lines):
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setattr(sys, "stderr", Terminal())
    logs = {"loss": 0.0011, "accuracy": 1.0, "val_loss": 0.0001}
    EpochLines().on_epoch_end(SimpleNamespace(epochs_done=46, epochs=100, seconds=12.3, logs=logs))
    assert sys.stderr.getvalue().splitlines() == lines


def test_what_is_said_of_an_interrupt_does_not_stand_behind_that_of_the_terminal(monkeypatch):
    for stream, begin in ((Terminal(), "\r"), (io.StringIO(), "")):
        monkeypatch.setattr(sys, "stderr", stream)
        print_interrupted("Interrupted.")
        assert stream.getvalue() == f"{begin}Interrupted.\n"


def test_plain_lines_without_a_terminal(few_digits):
    left = apart(*TRAIN, "--data", few_digits, "--lang", "zh", FORCE_COLOR="1")
    assert [line.split("  ")[0] for line in left.err.splitlines()] == ["第 1/2 轮", "第 2/2 轮"]
    assert "损失" in left.err
    assert "准确率" in left.err


def shown(width):
    training = SimpleNamespace(
        epochs_done=2,
        epochs=8,
        steps_done=78,
        steps_per_epoch=156,
        batch_size=64,
        seconds=12.3,
        logs={"loss": 0.123, "accuracy": 0.97},
    )
    line = LiveLine()
    line.on_train_progress(training)
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(line)
    return console.file.getvalue()


@pytest.mark.parametrize("width", range(10, 130, 5))
def test_the_live_line_is_one_line_on_any_terminal(width):
    text = shown(width)
    assert text.count("\n") == 1
    assert len(text.rstrip()) <= (width if width < 24 else width - 2), "room for ^C"


def test_what_the_live_line_says_and_leaves_out_where_there_is_no_room():
    whole = "epoch 3/8  step 78/156  loss 0.1230  accuracy 97.00%  2,029 samples/s  0:27 left"
    assert shown(120).strip() == f"{'━' * 12}  {whole}"
    assert shown(82).strip() == whole
    assert shown(80).strip() == "epoch 3/8  step 78/156  loss 0.1230  accuracy 97.00%  0:27 left", "room for ^C"
    assert shown(60).strip() == "epoch 3/8  loss 0.1230  accuracy 97.00%  0:27 left"
    assert shown(30).strip() == "epoch 3/8  0:27 left"
