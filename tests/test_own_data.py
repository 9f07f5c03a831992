"""The commands of the README on data of one's own: each model beats guessing, which is printed beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import here
from tests.counts import full

WRITER = Path(__file__).parents[1] / "examples" / "own_data" / "write_data.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("own")
    subprocess.run([sys.executable, str(WRITER), str(made)], check=True, timeout=120)
    return made


def result(capsys, *arguments):
    left = here(capsys, "train", *arguments, "--json")
    assert left.code == 0, left.err
    return json.loads(left.out.splitlines()[-1])


@pytest.mark.usefixtures("compiled_quickly")
def test_a_table_of_classes(capsys, folder, monkeypatch):
    if not full():
        pytest.skip("long; runs with --full (make test-all)")
    monkeypatch.chdir(folder)
    reached = result(capsys, "wine.csv", "--target", "cultivar", "--epochs", "30")
    assert reached["test_accuracy"] > 0.9 > 2 * reached["guess_accuracy"]


@pytest.mark.usefixtures("compiled_quickly")
def test_a_table_of_quantities(capsys, folder, monkeypatch):
    monkeypatch.chdir(folder)
    reached = result(capsys, "diabetes.csv", "--target", "progression")
    assert reached["test_rmse"] < 0.9 * reached["guess_rmse"]
    assert reached["test_r2"] > 0.2


def test_a_folder_of_pictures(capsys, folder, monkeypatch):
    if not full():
        pytest.skip("long; runs with --full (make test-all)")
    monkeypatch.chdir(folder)
    reached = result(capsys, "pictures")
    assert reached["test_accuracy"] > 0.9 > 5 * reached["guess_accuracy"]
