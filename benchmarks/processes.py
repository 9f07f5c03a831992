"""Whole processes, from their start to the end of their work, by turns."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.row import OURS, Contestant, Sample, WorkFailedError

ROOT = Path(__file__).parents[1]

# What such a process runs: nothing is imported before the work that the work does not need.
_PROGRAM = """\
from {module} import {function} as work
work(**{options!r})
import time
finished = time.monotonic()
from benchmarks.memory import peak_bytes
print("\\nbenchmark", finished, peak_bytes())
"""


@dataclass(frozen=True)
class Finished:
    """A process that did its work: seconds from its start, and its peak memory."""

    seconds: float
    peak_bytes: int


def run(contestant: Contestant, environment: Mapping[str, str] | None = None) -> Finished:
    """Start a process, and let it do a contestant's work once.

    Raises:   WorkFailedError with the last line that it wrote, if it does not get to its end.
    """
    module, function = contestant.work.split(":")
    program = _PROGRAM.format(module=module, function=function, options=dict(contestant.options))
    own = {**os.environ, **(environment or {})}
    own.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its byte code; without it every import compiles
    started = time.monotonic()  # the same clock in all processes
    process = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
    )
    if process.returncode:
        said = process.stderr.strip().splitlines()
        raise WorkFailedError(f"{contestant.name}: {said[-1] if said else f'exit code {process.returncode}'}")
    _, finished, peak = process.stdout.strip().splitlines()[-1].split()
    return Finished(float(finished) - started, int(peak))


@dataclass(frozen=True)
class WholeProcesses:
    """Measures processes of contestants in turn, at least so many times each after a first that is dropped.

    measured   their seconds, or their peak memory
    cache      what chainrule compiled: "user" leaves the user's, "empty" gives each process an empty folder, "kept" a
               folder that the dropped run has filled
    """

    measured: Literal["seconds", "peak_bytes"]
    runs: int = 5
    cache: Literal["user", "empty", "kept"] = "user"

    def __call__(self, contestants: Sequence[Contestant], seconds: float) -> tuple[dict[str, Sample], dict[str, str]]:
        """A sample of each, of at least so many seconds in all; and who failed, with the reason."""
        values: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
        peaks = dict.fromkeys(values, 0)
        failed: dict[str, str] = {}
        taken, spent = 0, 0.0
        with tempfile.TemporaryDirectory() as kept:
            while taken <= self.runs or spent < seconds:
                began = time.monotonic()
                for contestant in [c for c in contestants if c.name not in failed]:
                    try:
                        finished = self._run(contestant, kept)
                    except WorkFailedError as reason:
                        if contestant.name == OURS:
                            raise
                        failed[contestant.name] = str(reason)
                        continue
                    if taken:
                        values[contestant.name].append(float(getattr(finished, self.measured)))
                        peaks[contestant.name] = max(peaks[contestant.name], finished.peak_bytes)
                if taken:
                    spent += time.monotonic() - began
                taken += 1
        return {name: Sample(found, None, peaks[name]) for name, found in values.items() if name not in failed}, failed

    def _run(self, contestant: Contestant, kept: str) -> Finished:
        if self.cache == "user":
            return run(contestant)
        if self.cache == "kept":
            return run(contestant, {"CHAINRULE_CACHE_DIR": kept})
        with tempfile.TemporaryDirectory() as empty:
            return run(contestant, {"CHAINRULE_CACHE_DIR": empty})
