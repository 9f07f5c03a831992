"""A process that serves a model until it is told to stop."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

import numpy as np
import uvicorn

from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.runs.trained import Trained
from chainrule.serve.access import Access
from chainrule.serve.application import Service
from chainrule.serve.connections import Connection
from chainrule.serve.limits import Limits

_PORT = Message(
    "serve.server.port",
    en="Port {port} does not exist; ports are whole numbers from 0 to 65535, and with 0 the system chooses one.",
    zh="端口 {port} 不存在；端口应为 0 到 65535 的整数，0 表示由系统选择。",
)
_TAKEN = Message(
    "serve.server.taken",
    en="The server cannot listen at {host}, port {port}: {reason}. Stop what listens there, or choose another --port;"
    " with 0 the system chooses one.",
    zh="服务器无法监听 {host} 的端口 {port}：{reason}。请停止占用它的程序，或用 --port 另选端口；0 表示由系统选择。",
)


def bound(host: str, port: int) -> socket.socket:
    """A socket at this address, where nobody is let in yet.

    port   0: one that is free

    Raises:   UsageError if that is not possible.
    """
    if not 0 <= port < 1 << 16:  # the system would take the rest of a division
        raise UsageError(_PORT(port=port))
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        if os.name == "posix":  # elsewhere this lets two servers share the address
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, UnicodeError) as reason:
        said = getattr(reason, "strerror", None) or reason
        raise UsageError(_TAKEN(host=host, port=port, reason=said)) from None
    return listener


def address_of(listener: socket.socket) -> str:
    """How a browser on this machine asks for what listens there."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    trained: Trained,
    listener: socket.socket,
    *,
    limits: Limits | None = None,
    access: Access | None = None,
    ready: Callable[[], Any] = lambda: None,
) -> None:
    """Answer requests until SIGTERM or Ctrl-C; what has arrived by then is answered, within the time for that.

    A second signal ends the process at once.

    ready   is called when everything is compiled, and requests are let in
    """
    limits = limits or Limits()
    _warm_up(trained)
    service = Service(trained, limits, access or Access())
    config = uvicorn.Config(
        service.application(),
        http=partial(Connection, limits=limits),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,  # errors alone, on standard error
        log_level="error",
        access_log=False,  # an address may hold the token
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type]
        timeout_graceful_shutdown=limits.stop_seconds + 1,  # type: ignore[arg-type] # Endings and Connection are earlier
    )
    listener.listen(2048)
    ready()
    _Server(config, service.stop).run([listener])


class _Server(uvicorn.Server):
    """One that a signal ends with exit code 0, and a second one at once."""

    def __init__(self, config: uvicorn.Config, stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop = stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            os._exit(128 + sig)
        self.should_exit = True


def _warm_up(trained: Trained) -> None:
    """Compile the program now, rather than while the first client waits."""
    shapes = [tuple(extent for extent in x.shape[1:] if isinstance(extent, int)) for x in trained.model.network.inputs]
    zeros = [np.zeros((2, *shape), x.dtype.name) for shape, x in zip(shapes, trained.model.network.inputs, strict=True)]
    trained.outputs(tuple(zeros) if len(zeros) > 1 else zeros[0])
