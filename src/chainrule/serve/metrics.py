"""What Prometheus is told: requests by route and status, how long they took, what was predicted together."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ROUTES = ("/predict", "/healthz", "/metrics", "/")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_POWERS_OF_TWO = tuple(2.0**k for k in range(11))


class Metrics:
    """The numbers of one application; names begin with chainrule_, and units are seconds."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        own = self._registry = CollectorRegistry()
        ProcessCollector(registry=own)
        self.requests = Counter("chainrule_requests", "Requests that were answered.", ["route", "status"], registry=own)
        self.seconds = Histogram(
            "chainrule_request_seconds",
            "From a request's head to the end of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=own,
        )
        self.in_flight = Gauge("chainrule_in_flight", "Requests that are being answered.", registry=own)
        self.together = Histogram(
            "chainrule_batch_requests",
            "Requests that were predicted together.",
            buckets=_POWERS_OF_TWO,
            registry=own,
        )
        self.samples = Histogram(
            "chainrule_batch_size",
            "Samples that were predicted together.",
            buckets=_POWERS_OF_TWO,
            registry=own,
        )
        self.predicting = Histogram(
            "chainrule_prediction_seconds", "Time of the network alone.", buckets=_SECONDS, registry=own
        )

    def watch(self, requests: int, samples: int, seconds: float) -> None:
        """A prediction was made."""
        self.together.observe(requests)
        self.samples.observe(samples)
        self.predicting.observe(seconds)

    def text(self) -> bytes:
        """All numbers as Prometheus reads them."""
        return generate_latest(self._registry)


class Measured:
    """An application whose requests are counted and timed."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, status, began = scope["path"], 500, time.perf_counter()
        route = path if path in ROUTES else "other"  # a client must not make up names to be remembered

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        metrics = self._metrics
        metrics.in_flight.inc()
        try:
            await self._app(scope, receive, sent)
        finally:
            metrics.in_flight.dec()
            metrics.requests.labels(route, str(status)).inc()
            metrics.seconds.labels(route).observe(time.perf_counter() - began)
