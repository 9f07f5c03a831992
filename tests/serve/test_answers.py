"""What is asked for is answered as `predict` answers, to the bit, in every form and whatever is asked beside it."""

import asyncio
import csv
import io
import json
import shlex
import threading

import httpx
import numpy as np
import pytest

from chainrule.data.pictures import Pictures
from chainrule.data.reading import read_records
from chainrule.data.tables import as_table
from chainrule.data.targets import Predictions
from chainrule.runs.answers import answers_of, csv_of
from chainrule.runs.trained import Trained
from chainrule.serve.answers import as_csv, as_json
from tests.serve.asking import URL, answer, posted, together
from tests.serve.models import array_model, fruit, picture_model, pictures, table_model

JSON, CSV = "application/json", "text/csv"


def as_text(rows) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def instances(values) -> str:
    return json.dumps({"instances": values})


def equal(response: httpx.Response, expected: Predictions) -> None:
    """That these are the predictions, every bit of them; of probabilities those of float32, as networks compute."""
    assert response.status_code == 200, response.text
    found = response.json()["predictions"]
    assert [one["value"] for one in found] == expected.values.tolist()
    if expected.probabilities is not None:
        shares = [list(one["probabilities"].values()) for one in found]
        np.testing.assert_array_equal(np.array(shares, np.float32), expected.probabilities.astype(np.float32))
        assert {tuple(one["probabilities"]) for one in found} == {expected.classes}


@pytest.mark.parametrize("count", [1, 2, 40])
def test_rows_of_a_table_as_json(count):
    rows = fruit(count)
    response = posted(table_model(), instances(rows), JSON)
    equal(response, table_model().predict(as_table(rows)))
    assert response.json()["target"] == "fruit"
    assert response.headers["content-type"] == JSON


def test_what_no_row_to_train_on_was_like_is_said_beside_the_predictions():
    rows = [fruit(5)[0] | {"mass": 9e9, "color": "blue", "picked": "2024-02-03"}, *fruit(5)[1:]]
    response = posted(table_model(), instances(rows), JSON)
    equal(response, table_model().predict(as_table(rows)))
    assert response.json()["unfamiliar"] == [
        {"table": "instances", "column": "mass", "reason": "far", "rows": 1, "total": 5, "example": "9e+09"},
        {"table": "instances", "column": "color", "reason": "unknown", "rows": 1, "total": 5, "example": "blue"},
    ]
    assert len(posted(table_model(), as_text(rows), CSV).json()["unfamiliar"]) == 2
    assert "blue" not in posted(table_model(), instances(rows), JSON, Accept="text/csv").text
    assert "unfamiliar" not in posted(table_model(), instances(fruit(5)), JSON).json()


@pytest.mark.parametrize("kind", [CSV, "text/csv; charset=utf-8", "TEXT/CSV"])
def test_rows_of_a_table_as_csv(kind):
    rows = fruit(20)
    equal(posted(table_model(), as_text(rows), kind), table_model().predict(as_table(rows)))


def test_a_table_as_an_upload():
    rows = fruit(20)
    response = answer(table_model(), "POST", "/predict", files={"file": ("new.csv", as_text(rows), CSV)})
    equal(response, table_model().predict(as_table(rows)))


def test_arrays_as_json():
    x = np.random.default_rng(0).normal(size=(7, 5))
    equal(posted(array_model(), instances(x.tolist()), JSON), array_model().predict(x))
    equal(posted(array_model(), instances([[1, 2, 3, 4, 5]]), JSON), array_model().predict(np.array([[1, 2, 3, 4, 5]])))


def test_a_picture_as_the_body_and_several_as_an_upload():
    files = pictures(3)
    expected = picture_model().predict(read_records(Pictures(files), picture_model().preparation))
    first = Predictions(expected.values[:1], expected.classes, expected.probabilities[:1])
    equal(posted(picture_model(), files[0], "image/png"), first)
    uploads = [("file", (f"{k}.png", file, "image/png")) for k, file in enumerate(files)]
    equal(answer(picture_model(), "POST", "/predict", files=uploads), expected)


def test_pixels_of_pictures_as_json():
    x = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1)).astype(np.uint8)
    equal(posted(picture_model(), instances(x.tolist()), JSON), picture_model().predict(Pictures(list(x))))


def test_answers_as_csv():
    rows = fruit(3)
    expected = table_model().predict(as_table(rows))
    response = posted(table_model(), instances(rows), JSON, Accept="text/csv")
    assert response.headers["content-type"].startswith(CSV)
    header, *lines = csv.reader(io.StringIO(response.text))
    assert header == ["fruit", "probability", "probability of apple", "probability of cherry", "probability of pear"]
    assert [line[0] for line in lines] == expected.values.tolist()
    shares = np.float32([line[1:] for line in lines])
    np.testing.assert_array_equal(shares[:, 0], np.float32(expected.probabilities.max(1)))
    np.testing.assert_array_equal(shares[:, 1:], np.float32(expected.probabilities))
    assert max(len(cell) for line in lines for cell in line[1:]) <= len("1.2345678e-10")


def test_a_server_writes_what_the_command_writes_and_spreadsheets_compute_nothing():
    found = Predictions(np.array(["=1+1", "a"]), ("=1+1", "a"), np.array([[0.75, 0.25], [0.5, 0.5]]))
    assert as_csv("@kind", found).decode().splitlines() == [
        "'@kind,probability,probability of =1+1,probability of a", "'=1+1,0.75,0.75,0.25", "a,0.5,0.5,0.5"
    ]  # fmt: skip
    as_written = [{"row": k + 1, **answer} for k, answer in enumerate(answers_of(found, probabilities=True))]
    without_rows = [line.split(",", 1)[1] for line in csv_of("@kind", as_written)]
    assert "".join(without_rows).encode() == as_csv("@kind", found)
    assert [one["probability"] for one in json.loads(as_json("kind", found))["predictions"]] == [0.75, 0.5]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", JSON),
        ("text/csv", CSV),
        ("text/html, text/csv;q=0.9, */*", CSV),
        ("application/json, text/csv", JSON),
        ("image/png", JSON),
        ("text/csv;q=0, application/json", JSON),
        ("text/csv; q=0", JSON),
        ("TEXT/CSV;q=0.1, application/json;q=0.5", JSON),
        ("application/json;q=0.1,text/csv;q=0.5", CSV),
        ("text/csv;q=nonsense", CSV),
    ],
)
def test_accept_decides_between_json_and_csv(accept, media):
    response = posted(array_model(), instances([[1, 2, 3, 4, 5]]), JSON, Accept=accept)
    assert response.headers["content-type"].startswith(media)


def test_whole_numbers_of_any_size_are_numbers():
    rows = [[2**63, 1, 2, 3, 4], [10**20, 1, 2, 3, 4.5]]
    equal(posted(array_model(), instances(rows), JSON), array_model().predict(np.array(rows, float)))


def test_requests_at_the_same_time_get_the_answers_that_they_get_alone(monkeypatch):
    """Sixteen and more at once, of one row and of several: they are predicted together, and nobody notices."""
    rows = [fruit(count, seed=count) for count in (1, 1, 2, 1, 5, 1, 40, 1) * 4]
    all_have_come, outputs = threading.Event(), Trained.outputs

    def outputs_then(self, x):
        assert all_have_come.wait(20)
        return outputs(self, x)

    async def ask(client):
        asked = asyncio.gather(*(client.post("/predict", json={"instances": some}) for some in rows))
        await asyncio.sleep(0.2)
        all_have_come.set()
        return await asked, (await client.get("/metrics")).text

    monkeypatch.setattr(Trained, "outputs", outputs_then)

    responses, numbers = together(table_model(), ask)
    for response, some in zip(responses, rows, strict=True):
        equal(response, table_model().predict(as_table(some)))
    counted = dict(line.rsplit(" ", 1) for line in numbers.splitlines() if line[0] != "#")
    assert float(counted["chainrule_batch_requests_sum"]) == len(rows)
    assert float(counted["chainrule_batch_requests_count"]) < len(rows)
    assert float(counted["chainrule_batch_size_sum"]) == sum(map(len, rows))


@pytest.mark.parametrize("model", [table_model, picture_model, array_model])
def test_a_record_is_predicted_alike_whatever_is_beside_it(model):
    """That is what batching rests on: also behind 256 others, where a batch of its own is left for it."""
    trained = model()
    if model is picture_model:
        x = np.random.default_rng(0).integers(0, 256, (257, 28, 28, 1)).astype(np.uint8)
    elif model is table_model:
        x = trained.preparation.inputs.of(as_table(fruit(257)))
    else:
        x = np.random.default_rng(0).normal(size=(257, 5)).astype(np.float32)

    def outputs(start, stop):
        return trained.outputs(tuple(a[start:stop] for a in x) if isinstance(x, tuple) else x[start:stop])

    whole = outputs(0, 257)
    for start, stop in ((0, 1), (100, 101), (256, 257), (0, 2), (3, 20), (255, 257), (1, 257)):
        assert (outputs(start, stop) == whole[start:stop]).all(), (start, stop)


def test_pages():
    for model, said in ((table_model, "color"), (picture_model, "28 × 28 × 1"), (array_model, "5")):
        response = answer(model(), "GET", "/")
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/html")
        assert said in response.text
    assert answer(table_model(), "GET", "/healthz").json() == {"status": "ok"}
    assert answer(table_model(), "HEAD", "/healthz").status_code == 200


@pytest.mark.parametrize("model", [table_model, picture_model, array_model])
def test_the_commands_of_the_page_work(model, tmp_path):
    from html import unescape

    text = answer(model(), "GET", "/").text
    commands = unescape(text[text.index("<pre>") + 5 : text.index("</pre>")]).splitlines()
    assert commands
    for command in commands:
        assert command.endswith(f"{URL}/predict")
        words = shlex.split(command)
        given = dict(zip(words[1::2], words[2::2], strict=False))
        headers = dict(word.split(": ") for word in words if ": " in word and word[0] != "{")
        if "-F" in given:
            response = answer(model(), "POST", "/predict", files={"file": ("picture.png", pictures(1)[0])})
        else:
            content = given.get("-d") or as_text(fruit(3))
            response = answer(model(), "POST", "/predict", content=content, headers=headers)
        assert response.status_code == 200, (command, response.text)


def test_numbers_for_prometheus():
    async def ask(client):
        for _ in range(3):
            await client.post("/predict", json={"instances": fruit(2)})
        await client.post("/predict", content="{", headers={"Content-Type": JSON})
        await client.get("/made/up")
        return await client.get("/metrics")

    response = together(table_model(), ask)
    assert response.headers["content-type"].startswith("text/plain")
    for line in (
        'chainrule_requests_total{route="/predict",status="200"} 3.0',
        'chainrule_requests_total{route="/predict",status="400"} 1.0',
        'chainrule_requests_total{route="other",status="404"} 1.0',
        'chainrule_request_seconds_count{route="/predict"} 4.0',
        "chainrule_in_flight 1.0",  # this one
        "chainrule_batch_size_sum 6.0",
    ):
        assert line in response.text
