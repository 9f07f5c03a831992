"""The conversation between a contestant's work and the process that times it.

One line of text each way: "go 0.3" asks for a block of about 0.3 s, a line of JSON answers it. In between the work's
process sleeps in reading, and tells next time how much processor time it took nevertheless.
"""

from __future__ import annotations

import json
import time
from typing import Any, TextIO

from benchmarks.memory import peak_bytes


class Turns:
    """What the work calls after each group of units of work: `done` returns when it may go on.

    The first group is the warm-up, with everything that is done once (compiling, starting threads); nothing of it is
    timed.
    """

    def __init__(self, commands: TextIO, answers: TextIO) -> None:
        self._commands, self._answers = commands, answers
        self._length = 0.0
        self._began = self._cpu_began = self._cpu_ended = self._ended = 0.0
        self._units = 0.0
        self._warm = False

    def done(self, units: float) -> None:
        """So many units of work have been done since the last call."""
        now = time.perf_counter()
        if not self._warm:
            self._warm = True
            self._rest({"ready": True})
            return
        self._units += units
        if now - self._began >= self._length:
            seconds, cpu = now - self._began, time.process_time() - self._cpu_began
            self._rest({"seconds": seconds, "units": self._units, "cpu": cpu, "peak": peak_bytes()})

    def _rest(self, answer: dict[str, Any]) -> None:
        """Answer, sleep until the next block is asked for, and begin it; the process ends where no more is asked."""
        if self._ended:
            answer |= {"rested": self._began - self._ended, "rested_cpu": self._cpu_began - self._cpu_ended}
        self._answers.write(json.dumps(answer) + "\n")
        self._answers.flush()
        self._ended, self._cpu_ended = time.perf_counter(), time.process_time()
        command = self._commands.readline().split()
        if not command:
            raise SystemExit
        self._length, self._units = float(command[1]), 0.0
        self._began, self._cpu_began = time.perf_counter(), time.process_time()
