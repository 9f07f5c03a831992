"""What requests carry, read within their time and their size, of each and of all together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from chainrule.messages import Message
from chainrule.serve.endings import Endings
from chainrule.serve.limits import Limits
from chainrule.serve.refusals import RefusedRequestError

_TOO_LARGE = Message(
    "serve.bodies.too_large",
    en="The body of the request has more than {most:,} bytes, the most that is read here. Send less at a time.",
    zh="请求正文超过 {most:,} 字节，这是此处读取的上限。请减少每次发送的数据。",
)
_SLOW = Message(
    "serve.bodies.slow",
    en="The body of the request did not arrive within {seconds:g} seconds. Send less at a time, or faster.",
    zh="请求正文未能在 {seconds:g} 秒内到达。请减少每次发送的数据，或加快发送。",
)
_FULL = Message(
    "serve.bodies.full",
    en="The requests that are being answered fill the memory that is kept for them. Send this one again soon.",
    zh="正在处理的请求已占满为其保留的内存。请稍后重新发送。",
)
_GONE = Message(
    "serve.bodies.gone", en="The client went away before its request had arrived.", zh="客户端在请求到达之前已断开。"
)


class Bodies:
    """The bodies that are held at present."""

    def __init__(self, limits: Limits, endings: Endings) -> None:
        self._limits, self._endings = limits, endings
        self._held = 0

    @asynccontextmanager
    async def of(self, request: Request) -> AsyncIterator[bytes]:
        """The body of a request, which counts until the end of the context.

        Raises:   RefusedRequestError if it is too large, too slow, or too much beside the others,
                  or the server is stopped before it has arrived.
        """
        limits, body = self._limits, bytearray()
        try:
            self._check(int(request.headers.get("content-length", "0")), 0)  # a number: the server has looked at it
            try:
                async with self._endings.within(limits.body_seconds, limits.rest_seconds):
                    async for piece in request.stream():
                        self._check(len(body) + len(piece), len(piece))
                        body += piece
                        self._held += len(piece)
            except TimeoutError:
                text = _SLOW(seconds=limits.body_seconds)
                raise RefusedRequestError(408, "slow", text, {"Connection": "close"}) from None
            except ClientDisconnect:
                raise RefusedRequestError(400, "gone", _GONE()) from None
            yield bytes(body)
        finally:
            self._held -= len(body)

    def _check(self, size: int, more: int) -> None:
        if size > self._limits.body_bytes:
            raise RefusedRequestError(413, "too_large", _TOO_LARGE(most=self._limits.body_bytes))
        if self._held + more > self._limits.bodies_bytes:
            raise RefusedRequestError(503, "full", _FULL(), {"Retry-After": "1"})
