"""What is varied: as a file declares it, refused with its line where it cannot be searched."""

from __future__ import annotations

import pytest

from chainrule.errors import FileFormatError, UsageError
from chainrule.runs import Configuration, read_configuration
from chainrule.tune import Choices, Range, read_space
from chainrule.tune.space import space_of


def written(tmp_path, text):
    path = tmp_path / "experiment.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_declares_ranges_and_choices(tmp_path):
    path = written(
        tmp_path,
        '[train]\nepochs = 3\n[search]\n"train.lr" = {low = 1e-4, high = 1, log = true}\n'
        '"model.units" = {choices = [[32], [64, 32]]}\ntrain.patience = {low = 1, high = 5}\n'
        '"train.optimizer" = {choices = ["adam", "sgd"]}\n',
    )
    space = read_space(path)
    assert space.domains == {
        "train.lr": Range(1e-4, 1, log=True),
        "model.units": Choices(([32], [64, 32])),
        "train.patience": Range(1, 5, whole=True),
        "train.optimizer": Choices(("adam", "sgd")),
    }
    assert space_of(space.as_data(), "data") == space, "what is kept comes back"
    told = read_configuration(path)
    assert told.train.epochs == 3, "a training does not look at [search]"
    found = space.applied(told, {"model.units": [64, 32], "train.lr": 0.5})
    assert (found.model.units, found.train.lr, found.train.epochs) == ((64, 32), 0.5, 3)
    assert found.data == Configuration().data


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"train.lrr" = {low = 1, high = 2}', "line 2: there is no setting 'train.lrr' to search"),
        ('"train.lrr" = {low = 1, high = 2}', "Did you mean 'train.lr'?"),
        ("lr = {low = 1, high = 2}", "Did you mean 'train.lr'?"),
        ('\n"data.test" = {low = 0.1, high = 0.2}', "line 3: 'data.test' cannot be searched"),
        ('"train.seed" = {low = 0, high = 9}', "'train.seed' cannot be searched"),
        ('"train.lr" = 0.1', "'train.lr' is 0.1; give a range"),
        ('"train.lr" = {low = 0.1}', "give a range"),
        ('"train.lr" = {low = 0.1, high = 0.2, step = 0.1}', "give a range"),
        ('"train.lr" = {low = 0.1, high = 0.2, log = 1}', "give a range"),
        ('"train.lr" = {choices = []}', "give a range"),
        ('"train.lr" = {low = 0.2, high = 0.1}', "from 0.2 to 0.1; low must be below high"),
        ('"train.lr" = {low = 0, high = 0.1}', "may become 0, but must be a number above 0, or auto"),
        ('"train.patience" = {low = 0, high = 5, log = true}', "above 0 where log is true"),
        ('"train.epochs" = {low = 1.5, high = 5}', "may become 1.5, but must be a whole number, 1 or more"),
        ('"train.optimizer" = {low = 1, high = 2}', "may become 1, but must be one of"),
        ('"train.optimizer" = {low = "adam", high = "sgd"}', "is no number, and has no range"),
        ('"train.optimizer" = {choices = ["adm"]}', "Did you mean 'adam'?"),
        ('"model.units" = {choices = [[32], [0]]}', "'model.units' may become [0]"),
        ("", "names no setting"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_its_line(tmp_path, text, said):
    with pytest.raises(UsageError) as refused:
        read_space(written(tmp_path, f"[search]\n{text}\n"))
    assert said in str(refused.value)


def test_a_file_without_a_space(tmp_path):
    path = written(tmp_path, "[train]\nepochs = 3\n")
    assert read_space(path) is None
    with pytest.raises(UsageError, match=r"has no section \[search\]"):
        read_space(path, required=True)
    with pytest.raises(FileFormatError):
        read_space(tmp_path / "none.toml")
