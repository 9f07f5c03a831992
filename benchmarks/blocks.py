"""Contestants in turn, block by block: A B A B …, so that a slow minute of the machine meets all of them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.row import OURS, Contestant, Sample, WorkFailedError

ROOT = Path(__file__).parents[1]
PAUSE = 0.06  # seconds between blocks, in which a pool that still spins falls asleep (ONNX Runtime's needs 0.04)
DROPPED = 1  # rounds before the first that counts


class Worker:
    """A contestant's process, from its start to its end."""

    def __init__(self, contestant: Contestant) -> None:
        self.contestant = contestant
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 closed in __exit__
        options = json.dumps(dict(contestant.options))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", contestant.work, options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def block(self, seconds: float) -> dict[str, Any]:
        """Let it work for about so long; what it answers."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"go {seconds}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the answer, which is none, says why
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Its next answer.

        Raises:   WorkFailedError with the last line that the process wrote, if it ended instead.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        self._process.wait()
        self._errors.seek(0)
        said = [text for text in self._errors.read().splitlines() if text.strip()]
        raise WorkFailedError(f"{self.contestant.name}: {said[-1] if said else 'its process ended'}")


@dataclass
class _Record:
    seconds_per_unit: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0
    peak: int = 0

    def add(self, answer: dict[str, Any]) -> None:
        self.seconds_per_unit.append(answer["seconds"] / answer["units"])
        self.seconds += answer["seconds"]
        self.cpu += answer["cpu"]
        self.peak = max(self.peak, answer["peak"])

    def sample(self) -> Sample:
        return Sample(self.seconds_per_unit, self.cpu / self.seconds, self.peak)


@dataclass(frozen=True)
class InBlocks:
    """Measures contestants in blocks of about so many seconds, in turn, in at least so many rounds that count."""

    block: float = 0.3
    rounds: int = 6

    def __call__(self, contestants: Sequence[Contestant], seconds: float) -> tuple[dict[str, Sample], dict[str, str]]:
        """A sample of each, measured for at least so many seconds in all; and who failed, with the reason.

        Raises:   WorkFailedError if one keeps a core busy while it should sleep: it would slow the others.
        """
        with ExitStack() as stack:
            workers, failed = [], {}
            for contestant in contestants:
                worker = stack.enter_context(Worker(contestant))
                try:
                    worker.answer()  # one after the other: nobody compiles while another warms up
                    workers.append(worker)
                except WorkFailedError as reason:
                    if contestant.name == OURS:
                        raise
                    failed[contestant.name] = str(reason)
            records = {worker.contestant.name: _Record() for worker in workers}
            taken = 0
            while taken < self.rounds + DROPPED or any(r.seconds < seconds for r in records.values()):
                for worker in workers:
                    time.sleep(PAUSE)
                    answer = worker.block(min(self.block, seconds))
                    _check_asleep(worker.contestant.name, answer)
                    if taken >= DROPPED:
                        records[worker.contestant.name].add(answer)
                taken += 1
        return {name: record.sample() for name, record in records.items()}, failed


def _check_asleep(name: str, answer: dict[str, Any]) -> None:
    """Between its blocks a process may finish a little, but not keep a core busy."""
    rested, cpu = answer.get("rested", 0.0), answer.get("rested_cpu", 0.0)
    if cpu > PAUSE + 0.05 * rested:
        raise WorkFailedError(f"{name} took {cpu:.3f} s of processor time while it should sleep for {rested:.3f} s")
