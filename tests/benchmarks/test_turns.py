import io
import json
from typing import Any

import pytest

from benchmarks.turns import Turns


def _work(turns: Turns, units: list[float]) -> None:
    for count in units:
        turns.done(count)
    raise AssertionError("the work was never told to end")


def _conversation(commands: str, units: list[float]) -> list[dict[str, Any]]:
    answers = io.StringIO()
    turns = Turns(io.StringIO(commands), answers)
    with pytest.raises(SystemExit):
        _work(turns, units)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def test_the_first_group_is_warm_up_and_the_work_ends_with_the_conversation():
    assert _conversation("", [5]) == [{"ready": True}]


def test_a_block_counts_what_was_done_in_it():
    ready, first, second = _conversation("go 0\ngo 0\n", [100, 7, 8])
    assert ready == {"ready": True}
    assert (first["units"], second["units"]) == (7, 8)
    assert first["seconds"] > 0
    assert {"rested", "rested_cpu", "cpu", "peak"} <= second.keys()


def test_a_block_goes_on_until_its_time_is_over():
    _, block = _conversation("go 0.02\n", [1] * 10_000_000)
    assert block["units"] > 10
    assert block["seconds"] >= 0.02
