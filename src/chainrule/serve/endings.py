"""When what is awaited is given up: after its time, or when the server is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chainrule.messages import Message
from chainrule.serve.refusals import RefusedRequestError

_STOPPING = Message(
    "serve.endings.stopping",
    en="The server is being stopped, and cannot finish this request. Send it again soon.",
    zh="服务器正在停止，无法完成该请求。请稍后重新发送。",
)


class Endings:
    """The ends of all that is awaited, which come nearer when the server is told to stop."""

    def __init__(self) -> None:
        self._awaited: dict[asyncio.Timeout, float] = {}  # with the seconds that are left to each then
        self._stopping = False

    @asynccontextmanager
    async def within(self, seconds: float | None, rest_seconds: float) -> AsyncIterator[None]:
        """A time for what is awaited in the context.

        seconds        None: without end
        rest_seconds   that are left at most, once the server is told to stop

        Raises:   TimeoutError after that time; RefusedRequestError if the server was told to stop.
        """
        if self._stopping:
            seconds = rest_seconds if seconds is None else min(seconds, rest_seconds)
        try:
            async with asyncio.timeout(seconds) as ending:
                self._awaited[ending] = rest_seconds
                try:
                    yield
                finally:
                    del self._awaited[ending]
        except TimeoutError:
            if not (self._stopping and ending.expired()):
                raise
            headers = {"Retry-After": "1", "Connection": "close"}
            raise RefusedRequestError(503, "stopping", _STOPPING(), headers) from None

    def stop(self) -> None:
        """The server is told to stop; called in the thread of its loop."""
        self._stopping = True
        now = asyncio.get_running_loop().time()
        for ending, rest_seconds in self._awaited.items():
            before, latest = ending.when(), now + rest_seconds
            if not ending.expired():
                ending.reschedule(latest if before is None else min(before, latest))
