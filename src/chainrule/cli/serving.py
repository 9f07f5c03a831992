"""The command serve: a trained model that answers requests until it is told to stop."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from chainrule.cli.progress import print_interrupted
from chainrule.messages import Message
from chainrule.messages.paragraph import print_paragraph
from chainrule.runs.trained import load

_SERVING = Message(
    "cli.serving.ready",
    en="{name} is served at {address} until Ctrl-C: its page says what can be sent to {address}/predict.",
    zh="正在 {address} 提供 {name}，按 Ctrl-C 停止：该页面说明了可以向 {address}/predict 发送什么。",
)
_OPEN = Message(
    "cli.serving.open",
    en="Whoever reaches port {port} of this machine may ask; --token lets only those ask who know it.",
    zh="任何能访问本机端口 {port} 的人都可以请求；使用 --token 可限制为仅知道令牌的人。",
)
_STOPPED = Message("cli.serving.stopped", en="The server has stopped.", zh="服务已停止。")

_THIS_MACHINE = ("127.", "::1")


def run(path: str, *, host: str, port: int, token: str | None, hosts: Sequence[str], max_body: int | None) -> int:
    """Serve the model of a run; `max_body` is in megabytes."""
    from chainrule.serve import Access, Limits
    from chainrule.serve.server import address_of, bound, serve

    access = Access(token, tuple(name.lower() for name in hosts))
    limits = None if max_body is None else Limits.of_bodies(max_body << 20)
    listener = bound(host, port)  # before anything is loaded, which would be for nothing
    trained = load(path)
    place, number = listener.getsockname()[:2]
    address = address_of(listener)

    def ready() -> None:
        print_paragraph(_SERVING(name=trained.name, address=address), sys.stderr)
        if token is not None:
            print_paragraph(f"{address}/?token={token}", sys.stderr)
        elif not str(place).startswith(_THIS_MACHINE):
            print_paragraph(_OPEN(port=number), sys.stderr)

    serve(trained, listener, limits=limits, access=access, ready=ready)
    print_interrupted(_STOPPED())
    return 0
