"""Bodies that were damaged or made to do harm are refused, whatever they are said to be."""

import time
import tracemalloc

import numpy as np
import pytest

from chainrule.serve import Limits
from chainrule.serve.reading import read_body
from chainrule.serve.refusals import RefusedRequestError
from tests import counts
from tests.serve.models import array_model, picture_model, table_model
from tests.serve.test_many_clients import good, malformed
from tests.serve.test_refused_requests import FILE, FORM, form, instances

JSON, CSV = "application/json", "text/csv"
MEGABYTE = 1 << (20 if counts.full() else 16)  # but for the full test it is a sixteenth of one


def read(model, body: bytes, content_type: str) -> str:
    """The code of a body's refusal, empty if it is taken: nothing else may be raised."""
    try:
        read_body(body, content_type, "", model, Limits())
    except RefusedRequestError as reason:
        refusal = reason
    else:
        return ""
    assert 400 <= refusal.status < 500
    return refusal.code


@pytest.mark.parametrize("model", [table_model, picture_model, array_model])
def test_damaged_bodies(model):
    random, refused = np.random.default_rng(7), 0
    for _ in range(counts.scaled(5_000)):
        ask = malformed(random, of_pictures=bool(random.integers(2)))
        refused += read(model(), ask.body, ask.content_type) != ""
        body = bytearray(form((FILE.format("a.csv"), ask.body), (FILE.format("b.png"), ask.body)))
        del body[len(body) - random.integers(9) :]
        body[random.integers(len(body))] = random.integers(256)
        refused += read(model(), bytes(body), FORM) != ""
    assert refused > counts.scaled(5_000)


@pytest.mark.parametrize(
    "content_type",
    ["", ";", "multipart/form-data; boundary=" + "b" * 100, 'multipart/form-data; boundary="', "a" * 10_000, "é/ü; ï=ö"]
    + ["text/csv; charset=" + name for name in ("rot13", "hex", "zlib", "\0", "utf-8; charset=x", "unicode_escape")],
)
def test_strange_types(content_type):
    body = good(np.random.default_rng(0), of_pictures=False).body
    read(table_model(), body, content_type)


HARMFUL = {
    "lists without end": (JSON, b"[" * MEGABYTE),
    "empty lists": (JSON, b'{"instances": [[' + b"[]," * (MEGABYTE // 3) + b"[]]]}"),
    "a text among numbers": (JSON, b'{"instances": [["' + b"x" * MEGABYTE + b'"' + b",1" * 10_000 + b"]]}"),
    "a name for each value": (JSON, b'{"instances": [%s]}' % b",".join(b'{"%d": 1}' % k for k in range(9_000))),
    "a name for each value in one row": (
        JSON,
        b'{"instances": [{%s}]}' % b",".join(b'"%d": 1' % k for k in range(60_000)),
    ),
    "digits": (JSON, b'{"instances": [[' + b"9" * MEGABYTE + b"]]}"),
    "columns": (CSV, b"," * MEGABYTE + b"\n1"),
    "lines": (CSV, b"a\n" + b"1\n" * (MEGABYTE // 2)),
    "lines of another kind": (CSV, b"a\r" + b"1\r" * (MEGABYTE // 2)),
    "a quote that does not end": (CSV, b'a,b\n"' + b"1,2\n" * (MEGABYTE // 4)),
    "parts": (FORM, b"--x\r\n\r\n\r\n" * (MEGABYTE // 9)),
    "the beginnings of boundaries": (FORM, b"--x\r\n\r\n" + b"\r\n--" * (MEGABYTE // 4)),
    "the head of a part": (FORM, b"--x\r\n" + b"a" * MEGABYTE),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_harm(name):
    """Takes neither more than a few seconds nor a hundred times its memory, with any model."""
    content_type, body = HARMFUL[name]
    for model in (table_model, array_model, picture_model):
        model()
        if counts.full():
            tracemalloc.start()
        began = time.process_time()
        assert read(model(), body, content_type)
        assert time.process_time() - began < counts.scaled(20)
        if counts.full():
            assert tracemalloc.get_traced_memory()[1] < 100 * len(body)
            tracemalloc.stop()


def test_a_picture_of_many_bytes_is_taken_whole_or_not_at_all():
    assert read(picture_model(), instances().encode(), JSON) == "empty"
    assert read(picture_model(), b"\x89PNG\r\n\x1a\n" + b"\0" * MEGABYTE, "image/png") == "file"
