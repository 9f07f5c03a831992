"""What the default recipe reaches, on test digits that it was not chosen with."""

import json
import os
import statistics
import subprocess
import sys

import pytest

from chainrule.data import find_data

pytestmark = pytest.mark.full


def _result(*arguments):
    command = [sys.executable, "-m", "chainrule", "train", "lenet5", "--json", *arguments]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, env=os.environ)
    return json.loads(run.stdout.splitlines()[-1])


def test_lenet5_on_the_bundled_digits_twice_the_same():
    first, second = _result(), _result()
    assert first["test_accuracy"] >= 0.975
    assert (first["test_accuracy"], first["test_loss"]) == (second["test_accuracy"], second["test_loss"])


@pytest.mark.skipif(find_data("mnist") is None, reason="needs the full MNIST: set CHAINRULE_DATA_DIR")
def test_lenet5_on_all_of_mnist():
    found = [_result("--data", str(find_data("mnist")), "--seed", str(seed))["test_accuracy"] for seed in range(5)]
    assert statistics.median(found) >= 0.99, found
