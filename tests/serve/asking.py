"""Requests to an application in this process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from chainrule.runs.trained import Trained
from chainrule.serve import Access, Limits, application


def together(
    trained: Trained,
    ask: Callable[[httpx.AsyncClient], Awaitable[Any]],
    limits: Limits | None = None,
    access: Access | None = None,
) -> Any:
    """What `ask` gives, which asks a server of this model."""

    async def served() -> Any:
        app = application(trained, limits, access)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=URL) as client:
            return await ask(client)

    return asyncio.run(served())


def answer(trained: Trained, method: str, path: str, limits=None, access=None, **options: Any) -> httpx.Response:
    """The response to one request."""
    response: httpx.Response = together(trained, lambda client: client.request(method, path, **options), limits, access)
    return response


def posted(trained: Trained, content: bytes | str, content_type: str, limits=None, **headers: str) -> httpx.Response:
    """The response to a body."""
    sent = {"Content-Type": content_type, **headers}
    return answer(trained, "POST", "/predict", limits, content=content, headers=sent)


URL = "http://localhost:8000"
