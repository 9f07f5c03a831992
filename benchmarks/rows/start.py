"""From the start of a process to the end of its first training step."""

from typing import Literal

from benchmarks.processes import WholeProcesses
from benchmarks.row import OURS, Contestant, Limit, Row
from benchmarks.rows.units import START

_CONTESTANTS = (
    Contestant(OURS, "benchmarks.work.ours:first_step"),
    Contestant("PyTorch", "benchmarks.work.pytorch:first_step", needs=("torch",)),
)
_STARTS: tuple[tuple[str, str, Literal["empty", "kept"], Limit], ...] = (
    ("cold-start", "nothing compiled before", "empty", Limit(1.5, 0.8)),
    ("cached-start", "with what an earlier process compiled", "kept", Limit(0.4, 0.25)),
)

ROWS = tuple(
    Row(
        name,
        f"From the start of a process to its first training step of LeNet-5 done, {state}.",
        _CONTESTANTS,
        WholeProcesses("seconds", runs=5, cache=cache),
        START,
        target,
    )
    for name, state, cache, target in _STARTS
)
