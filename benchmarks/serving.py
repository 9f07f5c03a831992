"""Servers of contestants by turns, asked by clients in this process: how long answers take, and how many there are."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import numpy as np

from benchmarks.blocks import DROPPED, PAUSE, ROOT
from benchmarks.row import OURS, Contestant, Sample, WorkFailedError
from benchmarks.work import task

Statistic = Literal["p50", "p99", "throughput"]


@dataclass(frozen=True)
class Served:
    """Measures servers in blocks of about so many seconds, in turn, in at least so many rounds that count.

    Every client sends an image as a PNG file, and the next one as soon as it has its answer; connections are kept.

    statistic   p50, p99: seconds for an answer, of all in a block; throughput: a block's seconds by its answers
    """

    statistic: Statistic
    clients: int
    block: float = 1.0
    rounds: int = 6

    def __call__(self, contestants: Sequence[Contestant], seconds: float) -> tuple[dict[str, Sample], dict[str, str]]:
        """A sample of each, of at least so many seconds in all; and who failed, with the reason."""
        requests = _requests()
        with ExitStack() as stack:
            servers, failed = [], {}
            for contestant in contestants:
                try:
                    servers.append(stack.enter_context(_Server(contestant)))
                except WorkFailedError as reason:
                    if contestant.name == OURS:
                        raise
                    failed[contestant.name] = str(reason)
            values: dict[str, list[float]] = {server.name: [] for server in servers}
            began = {server.name: 0.0 for server in servers}
            rounds = max(self.rounds, round(seconds / self.block)) + DROPPED
            for taken in range(rounds):
                for server in servers:
                    time.sleep(PAUSE)
                    found = asyncio.run(_asked(server.port, requests, self.clients, self.block))
                    if taken >= DROPPED:
                        values[server.name].append(self._value(found))
                    else:
                        began[server.name] = server.used()["cpu"]
            samples = {}
            for server in servers:
                used = server.used()
                cores = (used["cpu"] - began[server.name]) / (self.block * (rounds - DROPPED))
                samples[server.name] = Sample(values[server.name], cores, used["peak"])
        return samples, failed

    def _value(self, latencies: list[float]) -> float:
        if self.statistic == "throughput":
            return self.block / len(latencies)
        return float(np.quantile(latencies, {"p50": 0.5, "p99": 0.99}[self.statistic]))


class _Server:
    """A contestant's process that serves."""

    def __init__(self, contestant: Contestant) -> None:
        self.name = contestant.name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.server", contestant.work, json.dumps(dict(contestant.options))],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> _Server:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            said = self._process.communicate()[1].strip().splitlines()
            raise WorkFailedError(f"{self.name}: {said[-1] if said else 'its process ended'}")
        self.port = int(json.loads(line)["port"])
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def used(self) -> dict[str, Any]:
        """Seconds of processor time and peak memory until now."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("used\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


def _requests() -> list[bytes]:
    """An image each, in full."""
    from PIL import Image

    found = []
    for pixels in task.images(64)[0][..., 0]:
        file = BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        body = file.getvalue()
        head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: {len(body)}"
        found.append(f"{head}\r\n\r\n".encode() + body)
    return found


async def _asked(port: int, requests: Sequence[bytes], clients: int, seconds: float) -> list[float]:
    """The seconds that each answer took, of all that so many clients got in this time."""
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            place = number
            while (began := time.perf_counter()) < end:
                place += 1
                writer.write(requests[place % len(requests)])
                head = await reader.readuntil(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 200 "):
                    raise WorkFailedError(f"a request was refused: {head.decode()}")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                await reader.readexactly(length)
                latencies.append(time.perf_counter() - began)
        finally:
            writer.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return latencies
