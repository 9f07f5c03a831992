"""Sixteen clients, good requests and malformed ones among each other: no 5xx, and every answer is that of `predict`."""

import asyncio
import io
import json
from collections import Counter
from dataclasses import dataclass

import httpx
import numpy as np
import pytest

from chainrule.data.pictures import Pictures
from chainrule.data.reading import read_records
from chainrule.data.tables import as_table, read_csv
from chainrule.serve import Limits
from tests import counts
from tests.serve.asking import together
from tests.serve.models import fruit, picture_model, pictures, table_model
from tests.serve.process import limited
from tests.serve.test_answers import as_text, equal

JSON, CSV, PNG = "application/json", "text/csv", "image/png"
CLIENTS = 16


@dataclass(frozen=True)
class Ask:
    """A body, what it is said to be, and whether that is true."""

    body: bytes
    content_type: str
    good: bool

    def records(self):
        """What a good one holds, read by other means than the server's."""
        if self.content_type == JSON:
            return as_table(json.loads(self.body)["instances"])
        return read_csv(io.BytesIO(self.body)) if self.content_type == CSV else Pictures([self.body])


FILES = pictures(8)


def good(random: np.random.Generator, of_pictures: bool) -> Ask:
    if of_pictures:
        return Ask(FILES[random.integers(len(FILES))], PNG, True)
    rows = fruit(int(random.choice([1, 1, 1, 2, 7, 30])), seed=int(random.integers(2**31)))
    if random.integers(2):
        return Ask(json.dumps({"instances": rows}).encode(), JSON, True)
    return Ask(as_text(rows).encode(), CSV, True)


def malformed(random: np.random.Generator, of_pictures: bool) -> Ask:
    """A good one with something done to it, which may be good by chance."""
    ask = good(random, of_pictures)
    body = bytearray(ask.body)
    match random.integers(8):
        case 0 | 1:
            for place in random.integers(len(body), size=random.integers(1, 5)):
                body[place] = random.integers(256)
        case 2:
            del body[random.integers(len(body)) :]
        case 3:
            start, end = sorted(random.integers(len(body), size=2))
            body[start:end] = body[start:end] * int(random.integers(2, 30))
        case 4:
            body[: random.integers(len(body))] = random.bytes(int(random.integers(50)))
        case 5:
            return Ask(
                ask.body, str(random.choice([JSON, CSV, PNG, "multipart/form-data; boundary=a", "x/y", ""])), False
            )
        case 6:
            hostile = (b"[" * 5_000, b'{"instances": ' * 900, b"1" * 6_000, b"\0" * 100, b'{"instances": [1e999]}')
            return Ask(hostile[random.integers(len(hostile))], ask.content_type, False)
        case 7:
            old, new = [(b"mass", b"Mass"), (b": ", b": -"), (b",", b";"), (b"}", b"")][random.integers(4)]
            body = body.replace(old, new)
    return Ask(bytes(body), ask.content_type, False)


def requests(count: int, of_pictures: bool) -> list[Ask]:
    random = np.random.default_rng(count)
    return [(good if random.random() < 0.6 else malformed)(random, of_pictures) for _ in range(count)]


async def asked_by_all(client: httpx.AsyncClient, asks: list[Ask]) -> list[httpx.Response]:
    """The responses, in order; each client asks for the next thing as soon as it has its answer."""
    responses: dict[int, httpx.Response] = {}
    left = iter(enumerate(asks))

    async def one() -> None:
        for place, ask in left:
            headers = {"Content-Type": ask.content_type}
            responses[place] = await client.post("/predict", content=ask.body, headers=headers)

    await asyncio.gather(*(one() for _ in range(CLIENTS)))
    return [responses[place] for place in range(len(asks))]


def check(trained, asks: list[Ask], responses: list[httpx.Response]) -> None:
    statuses = Counter(response.status_code for response in responses)
    assert max(statuses) < 500, statuses
    assert min(statuses) == 200
    for ask, response in zip(asks, responses, strict=True):
        if ask.good or response.status_code == 200:
            equal(response, trained.predict(read_records(ask.records(), trained.preparation)))
        else:
            assert response.json()["error"].keys() == {"code", "message"}


@pytest.mark.parametrize("model", [table_model, picture_model])
def test_many_requests_in_this_process(model):
    asks = requests(counts.scaled(1_000), model is picture_model)
    check(model(), asks, together(model(), lambda client: asked_by_all(client, asks)))


@pytest.mark.full
@pytest.mark.parametrize(("model", "count"), [(table_model, 7_000), (picture_model, 3_000)])
def test_ten_thousand_requests_to_a_server(model, count, tmp_path):
    trained = model()
    trained.model.preparation = trained.preparation
    trained.model.save(tmp_path / "saved")
    asks = requests(count, model is picture_model)

    async def ask(port: int) -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=60) as client:
            return await asked_by_all(client, asks)

    with limited(str(tmp_path / "saved"), Limits()) as server:
        check(trained, asks, asyncio.run(ask(server.port)))
        server.process.terminate()
        assert server.left() == 0
