"""A server in a process of its own, for what only sockets and signals show."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from chainrule.serve import Limits
from tests.cli.commands import environment

_PROGRAM = """
import json, sys, time
from chainrule.runs.trained import Trained, load
from chainrule.serve import Limits
from chainrule.serve.server import address_of, bound, serve
listener, outputs, seconds = bound("127.0.0.1", 0), Trained.outputs, 0

def slow(trained, x):
    time.sleep(seconds)
    return outputs(trained, x)

def ready():
    global seconds
    seconds = float(sys.argv[3])
    print(address_of(listener), file=sys.stderr, flush=True)

Trained.outputs = slow
serve(load(sys.argv[1]), listener, limits=Limits(**json.loads(sys.argv[2])), ready=ready)
"""


@dataclass
class Server:
    """A process, and where it listens."""

    process: subprocess.Popen[str]
    port: int
    said: str

    def connected(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def left(self) -> int:
        """Its exit code, when it has ended."""
        return self.process.wait(timeout=20)


@contextmanager
def command(*arguments: str) -> Iterator[Server]:
    """A server that was started by a command line."""
    process = subprocess.Popen(
        [sys.executable, *arguments], stderr=subprocess.PIPE, encoding="utf-8", env=environment()
    )
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
        assert found, said + process.stderr.read()
        yield Server(process, int(found[1]), said)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def limited(folder: str, limits: Limits, slow: float = 0) -> Any:
    """A server of a saved model with limits that a test does not have to wait for; its predictions take `slow` seconds
    more.
    """
    return command("-c", _PROGRAM, folder, json.dumps(asdict(limits)), str(slow))


def head(length: int, *more: str) -> bytes:
    """The head of a request for a prediction, whose body has so many bytes."""
    lines = ("POST /predict HTTP/1.1", "Host: localhost", "Content-Type: application/json", *more)
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


def received(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one response; status 0 if the connection ends without."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return 0, {}, data
        data += more
    top, _, body = data.partition(b"\r\n\r\n")
    first, *lines = top.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    while len(body) < int(headers["content-length"]):
        body += connection.recv(65536)
    return int(first.split()[1]), headers, body
