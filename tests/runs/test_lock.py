"""A run is trained by one process at a time, and one that was killed keeps nobody out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chainrule.errors import SaveError, UsageError
from chainrule.runs import RunFolder
from chainrule.runs.lock import held

HOLD = """
import sys
from chainrule.runs import RunFolder
from chainrule.runs.lock import held
with held(RunFolder.at(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    return RunFolder.at(tmp_path / "run")


def test_another_process_is_named_and_leaves_nothing_behind_when_it_is_killed(folder):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match=rf"run is being trained by another process \({other.pid}, .*\)\. Wait"):
            held(folder).__enter__()
        other.kill()
    with held(folder):
        pass


def test_it_is_held_within_a_process_too_and_free_after_an_error(folder):
    with held(folder), pytest.raises(UsageError, match="is being trained"), held(folder):
        pass
    with pytest.raises(KeyboardInterrupt), held(folder):
        raise KeyboardInterrupt
    with held(folder):
        pass


def test_where_nothing_can_be_written(folder):
    folder.path.rmdir()
    with pytest.raises(SaveError, match=r"cannot be written in .*No such file"), held(folder):
        pass
