"""Connections of clients that may be slow, silent or many."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from chainrule.messages import Message
from chainrule.serve.limits import Limits
from chainrule.serve.refusals import RefusedRequestError

_MALFORMED = Message(
    "serve.connections.malformed",
    en="What was sent is no HTTP request. Check the client; HTTPS is not spoken here.",
    zh="发送的内容不是 HTTP 请求。请检查客户端；此处不支持 HTTPS。",
)
_SLOW = Message(
    "serve.connections.slow",
    en="The head of the request did not arrive within {seconds:g} seconds.",
    zh="请求头未能在 {seconds:g} 秒内到达。",
)
_CROWDED = Message(
    "serve.connections.crowded",
    en="{most} clients are connected already. Try again soon.",
    zh="已有 {most} 个客户端连接。请稍后重试。",
)

_TAKEN_AFTER = 0.5  # seconds: when the time for answering is over, the last answers are taken


class Connection(H11Protocol):
    """A connection that the server leaves when the client lets it wait.

    While a request is answered, the limits of its body and its prediction hold. At all other times the client has to do
    something: to send a head, to go on sending what was refused, to take the answer. It has the time of a head for
    that, and after an answer the time for another request to begin as well. It has that time to take answers, too,
    while it sends more requests.
    """

    def __init__(self, *arguments: Any, limits: Limits, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None
        self._untaken: asyncio.TimerHandle | None = None  # the end of waiting for a client that takes no answers

    # ----------------------------------------------------------------------------------------- what asyncio and h11 say
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > 2 * self._limits.connections:
            transport.abort()
        elif len(self.connections) > self._limits.connections:
            self.app = self._crowded
        self._watch(self._limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_answering:
            self._unwatch()

    def on_response_complete(self) -> None:
        super().on_response_complete()  # begins with the next request, if it has arrived already
        if self._is_answering:
            self._unwatch()
        else:
            self._watch(self._limits.idle_seconds + self._limits.head_seconds)

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(self._limits.stop_seconds + _TAKEN_AFTER, self.transport.abort)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._untaken = self.loop.call_later(self._limits.head_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._untaken is not None:
            self._untaken.cancel()

    def send_400_response(self, msg: str) -> None:
        self._refuse(RefusedRequestError(400, "http", _MALFORMED()))

    # --------------------------------------------------------------------------------------------------- its own part
    @property
    def _is_answering(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _watch(self, seconds: float) -> None:
        self._unwatch()
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        is_idle: bool = self.conn.our_state is h11.IDLE
        if is_idle and self.conn.trailing_data[0] and not self.transport.is_closing():
            self._refuse(RefusedRequestError(408, "slow", _SLOW(seconds=self._limits.head_seconds)))
            self._watch(self._limits.head_seconds)  # for taking that
        else:
            self.transport.abort()

    def _refuse(self, refusal: RefusedRequestError) -> None:
        """Say so, and leave."""
        body = json.dumps(refusal.data(), ensure_ascii=False).encode()
        headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
        head = h11.Response(status_code=refusal.status, headers=list(headers.items()))
        try:
            said = [self.conn.send(event) for event in (head, h11.Data(data=body), h11.EndOfMessage())]
        except h11.LocalProtocolError:  # in the middle of another answer
            self.transport.abort()
            return
        self.transport.write(b"".join(part for part in said if part))
        self.transport.close()

    async def _crowded(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"Retry-After": "1", "Connection": "close"}
        refusal = RefusedRequestError(503, "crowded", _CROWDED(most=self._limits.connections), headers)
        await refusal.response()(scope, receive, send)
