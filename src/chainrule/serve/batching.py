"""Requests that arrive while one prediction runs are predicted together, by one thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.messages import Message
from chainrule.serve.limits import Limits
from chainrule.serve.refusals import RefusedRequestError

_FULL = Message(
    "serve.batching.full",
    en="{count} requests are waiting for a prediction already. Send this one again soon.",
    zh="已有 {count} 个请求在等待预测。请稍后重新发送。",
)
_LATE = Message(
    "serve.batching.late",
    en="There was no prediction within {seconds:g} seconds. Send the request again, with less in it.",
    zh="未能在 {seconds:g} 秒内得到预测。请减少数据后重新发送。",
)

MOST_TOGETHER = 1024  # samples: more at a time are not predicted faster, and each waits for all

Inputs = NDArray[Any] | tuple[NDArray[Any], ...]
Watch = Callable[[int, int, float], None]


@dataclass(frozen=True, eq=False)
class _Asked:
    """Samples whose outputs somebody waits for."""

    inputs: tuple[NDArray[Any], ...]
    outputs: asyncio.Future[NDArray[Any]]
    loop: asyncio.AbstractEventLoop

    @property
    def form(self) -> tuple[Any, ...]:
        """What samples that are predicted together have in common."""
        return tuple((array.dtype, array.shape[1:]) for array in self.inputs)

    def __len__(self) -> int:
        return len(self.inputs[0])


class Batcher:
    """A queue of samples, and a thread that predicts as many of them together as wait.

    A network's outputs for a sample do not depend on those beside it (Trained.outputs), so nobody notices.

    predict   the network
    watch     is told after each prediction: how many requests, how many samples, how many seconds
    """

    def __init__(self, predict: Callable[[Any], NDArray[Any]], limits: Limits, watch: Watch) -> None:
        self._predict, self._limits, self._watch = predict, limits, watch
        self._waiting: deque[_Asked] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

    async def outputs(self, x: Inputs) -> NDArray[Any]:
        """The network's outputs for these samples.

        Raises:   RefusedRequestError if too many wait, or it takes too long; what the network raises for such samples.
        """
        loop = asyncio.get_running_loop()
        asked = _Asked(x if isinstance(x, tuple) else (x,), loop.create_future(), loop)
        with self._changed:
            if len(self._waiting) >= self._limits.waiting:
                raise RefusedRequestError(503, "busy", _FULL(count=len(self._waiting)), {"Retry-After": "1"})
            self._waiting.append(asked)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="chainrule-predictions", daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                return await asked.outputs
        except TimeoutError:
            text = _LATE(seconds=self._limits.wait_seconds)
            raise RefusedRequestError(503, "late", text, {"Retry-After": "1"}) from None

    def close(self) -> None:
        """Let the thread end, once nothing waits."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    # ---------------------------------------------------------------------------------------------------- the thread
    def _run(self) -> None:
        while together := self._next():
            began = time.perf_counter()
            with np.errstate(all="ignore"):  # numbers beyond float32 are found in the outputs
                results = self._results(together)
            self._watch(len(together), sum(map(len, together)), time.perf_counter() - began)
            for loop in {asked.loop for asked in together}:
                own = [pair for pair in zip(together, results, strict=True) if pair[0].loop is loop]
                with suppress(RuntimeError):  # the loop has ended, and with it whoever asked
                    loop.call_soon_threadsafe(_deliver, own)

    def _next(self) -> list[_Asked]:
        """Those that wait and can be predicted together; empty at the end."""
        together: list[_Asked] = []
        with self._changed:
            while not together:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if not self._waiting:
                    break
                together = self._taken()
        return together

    def _taken(self) -> list[_Asked]:
        """The first that wait, as many as can be predicted together; those that nobody waits for are dropped."""
        together: list[_Asked] = []
        samples = 0
        while self._waiting:
            asked = self._waiting[0]
            if together and (samples + len(asked) > MOST_TOGETHER or asked.form != together[0].form):
                break
            self._waiting.popleft()
            if not asked.outputs.done():
                together.append(asked)
                samples += len(asked)
        return together

    def _results(self, together: Sequence[_Asked]) -> Sequence[NDArray[Any] | Exception]:
        """The outputs of each, or why there are none."""
        arrays = [np.concatenate(parts) for parts in zip(*(asked.inputs for asked in together), strict=True)]
        try:
            outputs = self._predict(tuple(arrays) if len(arrays) > 1 else arrays[0])
        except Exception as reason:  # whatever it is, it belongs to whoever asked for it, and to nobody else
            return [reason] if len(together) == 1 else [self._results([asked])[0] for asked in together]
        ends = np.cumsum([len(asked) for asked in together])
        return np.split(outputs, ends[:-1])


def _deliver(results: Sequence[tuple[_Asked, NDArray[Any] | Exception]]) -> None:
    for asked, result in results:
        if asked.outputs.done():
            continue
        if isinstance(result, Exception):
            asked.outputs.set_exception(result)
        else:
            asked.outputs.set_result(result)
