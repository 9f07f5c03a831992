"""What can be typed, what help says, and how anything else is refused: in the language asked for."""

import re

import pytest

import chainrule as cr
from tests.cli.commands import apart, here

TYPERS_OWN = re.compile(r"Usage|Options|Arguments|Commands|Show|Print|completion for|env var|default")


def test_version(capsys):
    left = here(capsys, "--version")
    assert (left.code, left.out, left.err) == (0, f"chainrule {cr.__version__}\n", "")


def test_no_command_gives_help(capsys):
    left = here(capsys)
    assert (left.code, left.err) == (0, "")
    assert left.out == here(capsys, "--help").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["train", "--help"],
        ["diagnose", "-h"],
        ["findings", "-h"],
        ["summary", "-h"],
        ["labs", "-h"],
        ["data"],
        ["data", "get", "--help"],
    ],
)
def test_help_says_what_can_be_typed(capsys, arguments):
    left = here(capsys, *arguments)
    assert left.code == 0
    assert left.out.startswith("Usage: chainrule")
    assert "-h, --help" in left.out
    assert max(map(len, left.out.splitlines())) <= 80


def test_in_a_narrow_terminal_help_stands_below_the_names(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "dumb")
    lines = here(capsys, "train", "--help").out.splitlines()
    assert max(map(len, lines)) <= 40
    below = lines.index("  --optimizer NAME") + 1
    assert lines[below] == "      adam (default), adamw, sgd,"


def test_usage_names_the_arguments(capsys):
    assert "chainrule [OPTIONS] COMMAND ...\n" in here(capsys, "--help").out
    assert "chainrule train [OPTIONS] [DATA|CONFIG|MODEL]\n" in here(capsys, "train", "--help").out
    assert "chainrule summary [OPTIONS] MODEL\n" in here(capsys, "summary", "--help").out


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (["--lang", "zh", "--help"], {}),
        (["train", "--help", "--lang=zh"], {}),
        (["summary", "--help"], {"CHAINRULE_LANG": "zh"}),
    ],
)
def test_help_is_in_the_language_asked_for(arguments, variables):
    left = apart(*arguments, **variables)
    assert left.code == 0
    assert left.out.startswith("用法：chainrule")
    assert not TYPERS_OWN.search(left.out)
    lines = left.out.splitlines()
    assert max(sum(1 + (ord(character) > 0x2E80) for character in line) for line in lines) <= 80


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["trian"],
            "There is no command 'trian'; choose one of: train, resume, predict, evaluate, runs, serve, report, tune,"
            " init, diagnose, findings, summary, labs, data. Did you mean 'train'?",
        ),
        (["train", "lenet6"], "Did you mean 'lenet5'?"),
        (["summary", "nlp"], "Did you mean 'mlp'?"),
        (["summary"], "MODEL is missing. 'chainrule summary --help' lists what there is."),
        (["train", "mlp", "lenet5"], "lenet5"),
        (["train", "--epocs", "3"], "There is no option --epocs. Did you mean '--epochs'?"),
        (["train", "--epochs"], "--epochs needs a value: --epochs N."),
        (["train", "--epochs", "0"], "--epochs must be a whole number, 1 or more."),
        (["train", "--epochs", "many"], "--epochs must be a whole number, 1 or more."),
        (["train", "--batch-size", "1.5"], "--batch-size must be a whole number, 1 or more."),
        (["train", "--json=yes"], "--json takes no value."),
        (["train", "--optimizer", "adm"], "Did you mean 'adam'?"),
        (["train", "--lr", "fast"], '--lr: train.lr is "fast", but must be a number above 0, or auto.'),
        (["train", "--lr", "-1"], "--lr: train.lr is -1, but must be a number above 0, or auto."),
        (["train", "--lr", "nan"], "must be a number above 0, or auto"),
        (["train", "--lr", "inf"], "must be a number above 0, or auto"),
        (["train", "--set", "train.lrr=1"], "--set train.lrr=1: [train] has no setting 'lrr'"),
        (["train", "--set", "lr=1"], "give a section, a setting and a value"),
        (["train", "--class-weight", "equal"], "must be balanced"),
        (["train", "--seed", "-1"], "--seed / CHAINRULE_SEED must be a whole number, 0 or more."),
        (["train", "--seed", str(2**63)], "9223372036854775808"),
        (["train", "--lang", "fr"], "choose one of: en, zh"),
        (["train", "--data", ""], "--data is given without a value."),
        (["train", "--save", ""], "--save is given without a value."),
        (["serve", "--port", "-1"], "--port / PORT must be a whole number, 0 or more."),
        (["serve", "nothing", "--port", "65536"], "Port 65536 does not exist; ports are whole numbers from 0 to 65535"),
        (["serve", "nothing", "--host", "nowhere.invalid"], "The server cannot listen at nowhere.invalid, port 8000"),
        (["serve"], "RUN is missing."),
        (["data", "gte"], "There is no command 'gte'; choose one of: get. Did you mean 'get'?"),
        (["data", "get", "mnits"], "choose one of: mnist, fashion-mnist. Did you mean 'mnist'?"),
        (["labs", "99"], "There is no lab 99; choose one from "),
        (["labs", "0"], "NUMBER must be a whole number, 1 or more."),
        (["labs", "seven"], "NUMBER must be a whole number, 1 or more."),
    ],
)
def test_misuse_is_one_paragraph(capsys, arguments, said):
    left = here(capsys, *arguments)
    assert (left.code, left.out) == (2, "")
    assert said in left.err
    assert left.err.count("\n") == 1


def test_a_seed_in_the_environment_is_checked_too(capsys, monkeypatch):
    monkeypatch.setenv("CHAINRULE_SEED", "x")
    left = here(capsys, "train")
    assert left.code == 2
    assert "CHAINRULE_SEED must be a whole number" in left.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trian"], "没有命令“trian”"),
        (["train", "--epocs", "3"], "没有选项 --epocs。 您是否想输入“--epochs”？"),
        (["train", "--epochs", "0"], "--epochs 必须是不小于 1 的整数。"),
        (["summary"], "缺少 MODEL。"),
    ],
)
def test_misuse_is_refused_in_chinese(capsys, arguments, said):
    left = here(capsys, "--lang", "zh", *arguments)
    assert left.code == 2
    assert said in left.err


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["chainrule", "tr"], ["train"]),
        (["chainrule", "train", "lenet5_"], ["lenet5_1998"]),
        (["chainrule", "train", "--optimizer", "ne"], ["nesterov"]),
    ],
)
def test_a_shell_can_complete(words, completed):
    asked = {"_CHAINRULE_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    assert apart(**asked).out.split() == completed
