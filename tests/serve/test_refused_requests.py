"""What is refused, with which status and in which words; nothing that a client sends is the server's fault."""

import gzip
import json
from functools import partial
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from chainrule.errors import UsageError
from chainrule.messages import use_language
from chainrule.serve import Access, Limits
from tests.refusals import Refusals
from tests.serve.asking import answer, posted
from tests.serve.models import array_model, fruit, picture_model, pictures, png, table_model

JSON, CSV, PNG = "application/json", "text/csv", "image/png"
SMALL = Limits(body_bytes=2_000, rows=10, pixels=1_000)
FRUIT = fruit(2)


def table(content, content_type=JSON, limits=None, **headers):
    return partial(posted, table_model(), content, content_type, limits, **headers)


def array(content, content_type=JSON, limits=None):
    return partial(posted, array_model(), content, content_type, limits)


def picture(content, content_type=PNG, limits=None):
    return partial(posted, picture_model(), content, content_type, limits)


def asked(path="/", method="GET", access=None, **headers):
    return partial(answer, table_model(), method, path, None, access, headers=headers)


def instances(*values):
    return json.dumps({"instances": values})


def form(*parts: tuple[str, bytes]) -> bytes:
    """A form with these parts: the headers of each, and its content."""
    return b"".join(b"--x\r\n%s\r\n\r\n%s\r\n" % (head.encode(), content) for head, content in parts) + b"--x--\r\n"


FORM = "multipart/form-data; boundary=x"
FILE = 'Content-Disposition: form-data; name="file"; filename="{}"'
WRONG = {
    # what the body is
    "no type": table(instances(*FRUIT), ""),
    "the type of curl -d": table(instances(*FRUIT), "application/x-www-form-urlencoded"),
    "compressed": table(gzip.compress(b"{}"), **{"Content-Encoding": "gzip"}),
    "an encoding that reads slowly": table("a,b\n1,2\n", "text/csv; charset=idna"),
    "too large": table("{" + " " * 2_000 + "}", limits=SMALL),
    # JSON
    "no JSON": table("{'instances': []}"),
    "no text": table(b'{"instances": "\xff"}'),
    "nested": table("[" * 100_000),
    "a number that is long": array('{"instances": [[%s, 2, 3, 4, 5]]}' % ("1" * 5_000)),
    "NaN": array('{"instances": [[NaN, 2, 3, 4, 5]]}'),
    "other form": table(json.dumps({"rows": FRUIT})),
    "rows alone": table(json.dumps(FRUIT)),
    "one thing more": table(json.dumps({"instances": FRUIT, "signature_name": "x"})),
    "a row alone": table(json.dumps(FRUIT[0])),
    "a row in place of rows": table(json.dumps({"instances": FRUIT[0]})),
    "nothing in an object": table("{}"),
    "a name twice": table('{"instances": [{"mass": 1, "mass": 2}]}'),
    "a long name": table(json.dumps({"x" * 1_000: 1, "instances": []})),
    "no instances": table(instances()),
    "many instances": table(instances(*({"x": 1},) * 11), limits=SMALL),
    # tables
    "a row that is none": table(instances(FRUIT[0], [1, 2])),
    "a row without a column": table(instances(FRUIT[0], {"mass": 1, "colour": "red"})),
    "a row without columns": table(instances({})),
    "half a character": table('{"instances": [{"mass": 1}, {"mass": 1, "\\ud800": 2}]}'),
    "half a character for a column": table('{"instances": [{"mass": 1, "\\ud800": [2]}]}'),
    "a row with one more": table(instances({"mass": 1}, {"mass": 1, "ripe": True})),
    "columns that are missing": table(instances({"mass": 1, "colour": "red"})),
    "a text for a number": table(instances({**FRUIT[0], "mass": "heavy"})),
    "a list for a text": table(instances({**FRUIT[0], "color": ["red"]})),
    "infinite": table('{"instances": [{"mass": 1e999, "ripe": true, "color": "red", "picked": null}]}'),
    "no rows": table("mass,ripe,color,picked\n", CSV),
    "an empty table": table("", CSV),
    "a ragged table": table("mass,ripe\n1\n", CSV),
    "a table that is wide": table(",".join(map(str, range(10_001))) + "\n1", CSV),
    "a row that is wide": table(instances({str(k): 1 for k in range(10_001)})),
    "many rows": table("mass\n" + "1\n" * 11, CSV, SMALL),
    "a table in another encoding": table(b"mass,color\n1,\xff\n", CSV + "; charset=utf-8"),
    "a table that is compressed to nothing": table(gzip.compress(b"0" * 5_000), CSV, SMALL),
    "a picture for a table": table(pictures(1)[0], PNG),
    # arrays
    "a text in an array": array(instances([1, 2, 3, 4, "5"])),
    "null in an array": array(instances([1, 2, 3, 4, None])),
    "an array that is ragged": array(instances([1, 2, 3, 4, 5], [1, 2])),
    "an array of another shape": array(instances([1, 2, 3])),
    "an array that is deep": array(instances([[[[[[[[[1]]]]]]]]])),
    "a whole number of many digits": array(instances([1, 2, 10**400, 4, 5], [1] * 5)),
    "an array of nothing": array(instances([])),
    "an array that overflows": array(instances([1e300, 2, 3, 4, 5])),
    "a number for an array": array(instances(1)),
    "rows for an array": array(instances(FRUIT[0])),
    # pictures
    "a picture that is none": picture(b"hello"),
    "a picture that is cut off": picture(pictures(1)[0][:-40]),
    "a picture that is large": picture(png(np.zeros((40, 40), np.uint8)), limits=SMALL),
    "pixels that are fractions": picture(json.dumps({"instances": np.full((1, 28, 28, 1), 0.5).tolist()}), JSON),
    "a table for pictures": picture("a,b\n1,2\n", CSV),
    # forms
    "a form without a boundary": picture(form(), "multipart/form-data"),
    "a form that is none": picture(b"hello", FORM),
    "a form that is cut off": picture(form((FILE.format("a.png"), pictures(1)[0]))[:-20], FORM),
    "a form that is empty": picture(b"--x--\r\n", FORM),
    "a form of many parts": picture(form(*[("A: b", b"")] * 1_001), FORM),
    "a form of pictures and others": picture(form((FILE.format("a"), pictures(1)[0]), ("A: b", b"c")), FORM),
    "a form whose second picture is cut off": picture(
        form((FILE.format("a.png"), pictures(1)[0]), (FILE.format("b.png"), pictures(1)[0][:-40])), FORM
    ),
    # where and who
    "nowhere": asked("/predictions"),
    "asked with GET": asked("/predict"),
    "no host": asked(Host=""),
    "another host": asked(Host="evil.example:8000"),
    "a page from elsewhere": asked(Origin="http://evil.example"),
    "a page from nowhere": asked(Origin="null"),
    "no token": asked(access=Access("secret")),
    "another token": asked(access=Access("secret"), Authorization="Bearer wrong"),
}


def say(request) -> str:
    response: httpx.Response = request()
    assert 400 <= response.status_code < 500
    assert response.headers["content-type"] == JSON
    assert response.json().keys() == {"error"}
    error = response.json()["error"]
    assert error.keys() == {"code", "message"}
    return f"{response.status_code} {error['code']}: {error['message']}"


REFUSALS = Refusals(Path(__file__).with_name("messages.txt"), WRONG, say)


@pytest.mark.parametrize("name", WRONG)
def test_a_refusal_is_json_that_says_what_to_do(name):
    REFUSALS.check(name)


def test_no_text_is_left_over():
    REFUSALS.check_that_none_is_left_over()


def test_refusals_are_in_the_language_of_the_server():
    use_language("zh")
    try:
        error = WRONG["no instances"]().json()["error"]
    finally:
        use_language(None)
    assert error == {"code": "empty", "message": "“instances”为空。请至少给出一个。"}


@pytest.mark.parametrize(
    ("headers", "access"),
    [
        ({"Host": "127.0.0.1"}, Access()),
        ({"Host": "[::1]:8000"}, Access()),
        ({"Host": "192.168.0.7:80"}, Access()),
        ({"Host": "Models.Example"}, Access(hosts=("models.example",))),
        ({"Origin": "http://localhost:8000"}, Access()),
        ({"Origin": "https://models.example"}, Access(hosts=("models.example",))),
        ({"Authorization": "Bearer secret"}, Access("secret")),
        ({"Authorization": "bearer  secret"}, Access("secret")),
    ],
)
def test_who_may_ask(headers, access):
    assert asked(access=access, **headers)().status_code == 200


def test_a_token_may_stand_in_the_address_and_health_needs_none():
    access = Access("sécret")
    assert asked("/?token=s%C3%A9cret", access=access)().status_code == 200
    assert asked("/healthz", access=access)().status_code == 200
    for path in ("/metrics", "/predict"):
        assert asked(path, access=access)().status_code == 401


@pytest.mark.parametrize("options", [{"token": ""}, {"token": "secret\n"}, {"hosts": ("*",)}, {"hosts": ("a.b:80",)}])
def test_a_server_is_not_given_what_no_request_can_have(options):
    with pytest.raises(UsageError):
        Access(**options)


def test_a_message_does_not_repeat_all_that_was_sent():
    rows = instances({"mass": 1}, {"mass": 1, "x" * 100_000: 2})
    assert len(table(rows)().content) < 1_000
    assert len(table(instances({"x" * 100_000: [1]}))().content) < 3_000


def test_a_method_that_is_not_taken_says_which_is():
    assert asked("/predict")().headers["allow"] == "POST"


def test_an_error_of_ours_is_said_to_be_ours(monkeypatch):
    def fail(_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(type(array_model().preparation.target), "predictions", lambda *_: fail(_))
    response = array(instances([1, 2, 3, 4, 5]))()
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "failed"
    assert "secret" not in response.text


def test_a_picture_that_promises_more_pixels_than_its_file_can_hold_takes_no_memory():
    file = BytesIO()
    Image.new("L", (1, 1)).save(file, "PNG")
    bomb = bytearray(file.getvalue())
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    import zlib

    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    assert picture(bytes(bomb))().status_code in (413, 422)
