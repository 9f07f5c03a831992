"""The two ways of measuring, with work whose time and behaviour are known."""

import pytest

from benchmarks.blocks import InBlocks
from benchmarks.processes import WholeProcesses, run
from benchmarks.row import OURS, Contestant, WorkFailedError
from benchmarks.serving import Served

_SERVER = Contestant(OURS, "benchmarks.work.our_servers:lenet5")
_WORK = "tests.benchmarks.contestants"
_BRIEF = InBlocks(block=0.02, rounds=2)


def _waiting(name: str, seconds: float) -> Contestant:
    return Contestant(name, f"{_WORK}:waiting", {"seconds": seconds})


def test_blocks_tell_the_time_of_each():
    samples, failed = _BRIEF([_waiting(OURS, 0.004), _waiting("slow", 0.02)], 0.04)
    assert failed == {}
    assert min(samples["slow"].values) >= 0.02
    assert 0.004 <= min(samples[OURS].values) < 0.02
    assert len(samples[OURS].values) == len(samples["slow"].values) >= 2
    assert samples[OURS].cores is not None
    assert samples[OURS].cores < 0.5
    assert samples[OURS].peak_bytes is not None
    assert samples[OURS].peak_bytes > 5e6


def test_what_work_prints_is_not_taken_for_an_answer():
    samples, _ = _BRIEF([Contestant(OURS, f"{_WORK}:talking")], 0.02)
    assert min(samples[OURS].values) >= 0.01


def test_a_pool_that_spins_aborts_the_row():
    contestants = [Contestant(OURS, f"{_WORK}:spinning"), _waiting("other", 1.0)]
    with pytest.raises(WorkFailedError, match=r"chainrule took .* s of processor time while it should sleep"):
        _BRIEF(contestants, 0.02)


def test_a_peer_that_fails_is_left_out_with_its_reason():
    samples, failed = _BRIEF([_waiting(OURS, 0.004), Contestant("peer", f"{_WORK}:failing")], 0.02)
    assert list(samples) == [OURS]
    assert failed == {"peer": "peer: RuntimeError: no such instruction"}


@pytest.mark.parametrize("work", ["failing", "failing_later"])
def test_our_own_failure_is_the_rows(work):
    with pytest.raises(WorkFailedError, match=r"chainrule: RuntimeError: (no such instruction|out of memory)"):
        _BRIEF([Contestant(OURS, f"{_WORK}:{work}")], 0.02)


def test_processes_tell_seconds_and_their_own_memory():
    small = run(Contestant("small", f"{_WORK}:once", {"seconds": 0.2}))
    large = run(Contestant("large", f"{_WORK}:once", {"memory": 100_000_000}))
    assert small.seconds >= 0.2
    assert large.peak_bytes - small.peak_bytes == pytest.approx(1e8, rel=0.05)


def test_processes_of_peers_that_fail_are_left_out():
    contestants = [
        Contestant(OURS, f"{_WORK}:once"),
        Contestant("peer", f"{_WORK}:noting_cache", {"file": "/nowhere/a"}),
    ]
    samples, failed = WholeProcesses("peak_bytes", runs=1)(contestants, 0)
    assert list(samples) == [OURS]
    assert len(samples[OURS].values) == 1
    assert "KeyError" in failed["peer"] or "No such file" in failed["peer"]


@pytest.mark.parametrize(("cache", "held", "folders"), [("empty", ["0", "0", "0"], 3), ("kept", ["0", "1", "1"], 1)])
def test_the_cache_is_empty_each_time_or_kept(tmp_path, cache, held, folders):
    notes = tmp_path / "notes"
    contestant = Contestant(OURS, f"{_WORK}:noting_cache", {"file": str(notes)})
    samples, _ = WholeProcesses("seconds", runs=2, cache=cache)([contestant], 0)
    lines = [line.split() for line in notes.read_text(encoding="utf-8").splitlines()]
    assert [count for _, count in lines] == held
    assert len({folder for folder, _ in lines}) == folders
    assert len(samples[OURS].values) == 2, "the first run is dropped"


@pytest.mark.full
def test_servers_are_asked_by_turns():
    broken = Contestant("peer", f"{_WORK}:failing", {"turns": 0})
    samples, failed = Served("throughput", clients=2, block=0.5, rounds=2)([_SERVER, broken], 0.5)
    assert failed == {"peer": "peer: RuntimeError: no such instruction"}
    assert len(samples[OURS].values) == 2
    assert 0 < max(samples[OURS].values) < 0.25
    assert samples[OURS].cores is not None
    assert 0 < samples[OURS].cores < 8
