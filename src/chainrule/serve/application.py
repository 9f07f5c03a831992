"""What answers requests: predictions, the page about them, health and numbers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from chainrule.errors import DataError, ShapeError
from chainrule.messages import Message
from chainrule.runs.trained import Trained
from chainrule.serve.access import Access
from chainrule.serve.answers import as_csv, as_json
from chainrule.serve.batching import Batcher
from chainrule.serve.bodies import Bodies
from chainrule.serve.endings import Endings
from chainrule.serve.limits import Limits
from chainrule.serve.metrics import Measured, Metrics
from chainrule.serve.page import page
from chainrule.serve.reading import CSV, JSON, read_body
from chainrule.serve.refusals import RefusedRequestError

_NOT_HERE = Message(
    "serve.application.not_here",
    en="There is nothing at {path}. POST what is to be predicted to /predict; / says what that may be.",
    zh="{path} 处没有内容。请将待预测的数据 POST 到 /predict；/ 页面说明了可以发送什么。",
)
_METHOD = Message(
    "serve.application.method",
    en="{path} does not take {method}. /predict takes POST, all else GET.",
    zh="{path} 不接受 {method}。/predict 接受 POST，其余接受 GET。",
)
_FAILED = Message(
    "serve.application.failed",
    en="The server failed, which is not the fault of this request. The reason is on the server's standard error.",
    zh="服务器出错，这不是该请求的问题。运维人员可在服务器的标准错误输出中找到原因。",
)

_READERS = 2  # threads that read pictures and large bodies; each may hold a large picture
_AT_ONCE = 16 << 10  # bytes of JSON or CSV that are read faster than another thread can be asked to, in about 1 ms
_FEW = 100  # predictions that are written as fast
_SECURE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address may hold the token
}

Result = TypeVar("Result")


def application(trained: Trained, limits: Limits | None = None, access: Access | None = None) -> Starlette:
    """An ASGI application that predicts with a model.

        POST /predict    JSON {"instances": […]}, CSV, or pictures → JSON, or CSV with Accept: text/csv
        GET  /           a page that says what the model takes
        GET  /healthz    {"status": "ok"}
        GET  /metrics    numbers for Prometheus

    The answer to a request is, to the bit, what `trained.predict` gives for the same records, whatever else is asked at
    the same time (Trained.outputs). What is refused is {"error": {"code": …, "message": …}} with a status from 400 on.

    limits   what one client may ask for
    access   who may ask; None: whoever reaches the server by localhost or an address in numbers

    Example:
        >>> from chainrule.data.array_inputs import ArrayInputs
        >>> from chainrule.data.preparation import Preparation
        >>> from chainrule.data.targets import Quantity
        >>> from chainrule.nn import Dense, Sequential
        >>> from chainrule.train import Model
        >>> model = Model(Sequential([Dense(1, kernel_initializer="zeros")]), (2,))
        >>> app = application(Trained("mass", model, Preparation(ArrayInputs((2,)), Quantity("mass", 9.5, 1.0))))
        >>> import httpx
        >>> async def ask():
        ...     async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        ...         return await client.post("/predict", json={"instances": [[1, 2], [3, 4]]})
        >>> print(asyncio.run(ask()).text)
        {"target": "mass", "predictions": [{"value": 9.5}, {"value": 9.5}]}
    """
    return Service(trained, limits or Limits(), access or Access()).application()


class Service:
    """A model, and those who ask it."""

    def __init__(self, trained: Trained, limits: Limits, access: Access) -> None:
        self.trained, self.limits, self.access = trained, limits, access
        self.metrics = Metrics()
        self._endings = Endings()
        self._bodies = Bodies(limits, self._endings)
        self._batcher = Batcher(trained.outputs, limits, self.metrics.watch)
        self._readers = ThreadPoolExecutor(_READERS, "chainrule-readers")

    def application(self) -> Starlette:
        """What answers by these routes."""
        return Starlette(
            routes=[
                Route("/predict", self.predict, methods=["POST"]),
                Route("/", self.page),
                Route("/healthz", self.health),
                Route("/metrics", self.numbers),
            ],
            middleware=[
                Middleware(Measured, metrics=self.metrics),
                Middleware(Guarded, access=self.access),
            ],
            exception_handlers={
                RefusedRequestError: _refused,
                HTTPException: _not_here,
                Exception: _failed,
            },
            lifespan=self.lifespan,
        )

    def stop(self) -> None:
        """Answer what has arrived, within the time for that; wait no longer for bodies that do not arrive."""
        self._endings.stop()

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """The threads end with the server."""
        yield
        self._batcher.close()
        self._readers.shutdown(wait=False, cancel_futures=True)

    # ----------------------------------------------------------------------------------------------------- the routes
    async def predict(self, request: Request) -> Response:
        """POST /predict"""
        target, headers = self.trained.preparation.target, request.headers
        content_type, encoding = headers.get("content-type", ""), headers.get("content-encoding", "")
        stop_seconds = self.limits.stop_seconds
        async with self._endings.within(None, stop_seconds), self._bodies.of(request) as body:
            quick = len(body) <= _AT_ONCE and content_type.startswith((JSON, CSV))
            read = partial(read_body, body, content_type, encoding.lower(), self.trained, self.limits)
            x, unfamiliar = await self._done(read, quick)
            try:
                outputs = await self._batcher.outputs(x)
            except (DataError, ShapeError) as reason:
                raise RefusedRequestError(422, "data", str(reason)) from None
            media = CSV if _wants_csv(headers.get("accept", "")) else JSON

            def written() -> bytes:
                found = target.predictions(outputs)
                return as_csv(target.name, found) if media == CSV else as_json(target.name, found, unfamiliar)

            content = await self._done(written, outputs.size <= _FEW)
        return Response(content, media_type=media)

    async def page(self, request: Request) -> Response:
        """GET /"""
        address = f"{request.url.scheme}://{request.headers['host']}"
        text = page(self.trained.name, self.trained.preparation, address, self.access.token is not None)
        return HTMLResponse(text, headers=_SECURE)

    async def health(self, _: Request) -> Response:
        """GET /healthz"""
        return JSONResponse({"status": "ok"})

    async def numbers(self, _: Request) -> Response:
        """GET /metrics"""
        return Response(self.metrics.text(), headers={"Content-Type": self.metrics.content_type})

    async def _done(self, work: Callable[[], Result], quick: bool) -> Result:
        """What `work` gives; others are answered meanwhile, unless that takes longer than the work."""
        if quick:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)


class Guarded:
    """An application that is asked by those alone who may."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                self._access.check(scope["path"], Headers(scope=scope), QueryParams(scope["query_string"]))
            except RefusedRequestError as reason:
                await reason.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _wants_csv(accept: str) -> bool:
    """Whether CSV is named, and not as what is unwanted, or as less wanted than JSON; of equals the first counts."""
    wanted: dict[str, float] = {}
    for part in accept.lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        wanted.setdefault(kind, next((_number(text[2:]) for text in parameters if text.startswith("q=")), 1.0))
    liked = max((kind for kind in wanted if kind in (CSV, JSON)), key=lambda kind: wanted[kind], default=JSON)
    return liked == CSV and wanted[CSV] > 0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


async def _refused(_: Request, reason: Exception) -> Response:
    assert isinstance(reason, RefusedRequestError)
    return reason.response()


async def _not_here(request: Request, reason: Exception) -> Response:
    assert isinstance(reason, HTTPException)
    path, method = request.url.path[:100], request.method[:20]
    if reason.status_code == 405:
        return RefusedRequestError(405, "method", _METHOD(path=path, method=method), reason.headers or {}).response()
    return RefusedRequestError(reason.status_code, "not_here", _NOT_HERE(path=path)).response()


async def _failed(_: Request, reason: Exception) -> Response:
    return RefusedRequestError(500, "failed", _FAILED()).response()
