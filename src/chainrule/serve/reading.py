"""From the body of a request to what the network takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from python_multipart.multipart import parse_options_header

from chainrule.data.pictures import Pictures
from chainrule.data.pictures.decoding import is_picture, measure
from chainrule.data.preparation import Preparation
from chainrule.data.reading import notation_of
from chainrule.data.records import Records
from chainrule.data.tables import Named, Unfamiliar, read_csv
from chainrule.errors import DataError, FileFormatError, ShapeError
from chainrule.messages import Message
from chainrule.runs.trained import Trained
from chainrule.serve.instances import check_finite, records_of
from chainrule.serve.limits import Limits
from chainrule.serve.multipart import Part, parts_of
from chainrule.serve.refusals import RefusedRequestError

_TYPE = Message(
    "serve.reading.type",
    en="The body is said to be '{given}', which is not read here. Say what it is in the header Content-Type: {known}.",
    zh="请求正文的类型标为“{given}”，无法读取。请在请求头 Content-Type 中说明其类型：{known}。",
)
_ENCODED = Message(
    "serve.reading.encoded",
    en="The body is compressed ({given}). Send it as it is.",
    zh="请求正文经过压缩（{given}）。请直接发送原文。",
)
_CHARSET = Message(
    "serve.reading.charset",
    en="The text is said to be in '{given}', which is not read here. Send it in UTF-8.",
    zh="文本编码标为“{given}”，无法读取。请使用 UTF-8。",
)
_PARTS = Message(
    "serve.reading.parts",
    en="Part {number} of the form, of {count}, is no picture. Upload pictures alone, or one CSV file alone.",
    zh="表单共 {count} 个部分，其中第 {number} 个不是图片。请只上传图片，或只上传一个 CSV 文件。",
)
_PICTURE = Message("serve.reading.picture", en="Picture {number} of {count}", zh="第 {number} 张图片（共 {count} 张）")
_PIXELS = Message(
    "serve.reading.pixels",
    en="The pictures have {count:,} pixels together, more than the {most:,} that are decoded for one request. Make them"
    " smaller, or send fewer at a time.",
    zh="图片共有 {count:,} 个像素，超过每个请求解码的上限 {most:,}。请缩小图片，或减少每次发送的数量。",
)
_BODY = Message("serve.reading.body", en="The table", zh="表格")

JSON, CSV, FORM = "application/json", "text/csv", "multipart/form-data"
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp")
_GZIP = b"\x1f\x8b"
_DELIMITERS = (b",", b";", b"\t", b"|")
_LINES_OF_A_ROW = 4  # at most, on the average, where texts have several
_CHARSETS = {"utf-8", "utf-16", "us-ascii", "iso-8859-1", "windows-1252", "gbk", "gb18030"}  # some others read slowly


class _Picture(bytes):
    """A file that messages call by its place in a form."""

    name: str

    @classmethod
    def of(cls, content: bytes, number: int, count: int) -> Self:
        """That with this number, from 1 on."""
        picture = cls(content)
        picture.name = _PICTURE(number=number, count=count)
        return picture


class Read(NamedTuple):
    """What is predicted from.

    inputs       what the network takes
    unfamiliar   values of a table that hardly any row to train on had
    """

    inputs: NDArray[Any] | tuple[NDArray[Any], ...]
    unfamiliar: list[Unfamiliar]


def read_body(body: bytes, content_type: str, encoding: str, trained: Trained, limits: Limits) -> Read:
    """What the network takes, from a body of this type.

    Raises:   RefusedRequestError if the body is not what its type says, or not what the model takes.
    """
    kind, parameters = _typed(content_type)
    if encoding not in ("", "identity") or body.startswith(_GZIP):
        raise RefusedRequestError(415, "encoding", _ENCODED(given=encoding[:40] or "gzip"))
    try:
        with np.errstate(all="ignore"):  # numbers beyond float32 are found in the outputs
            records = trained.records(_records(body, kind, parameters, trained.preparation, limits))
            x = trained.preparation.inputs.of(records)
            unfamiliar = trained.unfamiliar(records)
        for array in x if isinstance(x, tuple) else (x,):
            check_finite(array)
        return Read(x, unfamiliar)
    except (DataError, ShapeError) as reason:
        raise RefusedRequestError(422, "data", str(reason)) from None
    except FileFormatError as reason:
        raise RefusedRequestError(422, "file", str(reason)) from None


def _typed(content_type: str) -> tuple[str, dict[str, str]]:
    """The type in small letters, and its parameters."""
    kind, parameters = parse_options_header(content_type)
    texts = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in parameters.items()}
    return kind.decode("latin-1").strip().lower(), texts


def _records(body: bytes, kind: str, parameters: dict[str, str], preparation: Preparation, limits: Limits) -> Records:
    if kind == JSON:
        return records_of(body, preparation.inputs, limits)
    if kind == CSV:
        return _table(body, parameters.get("charset"), preparation, limits)
    if kind == FORM:
        return _uploaded(parts_of(body, parameters.get("boundary")), preparation, limits)
    if kind in _PICTURES:
        return _pictures([body], limits)
    known = ", ".join((JSON, CSV, FORM, *_PICTURES))
    raise RefusedRequestError(415, "type", _TYPE(given=kind[:60], known=known))


def _table(body: bytes, charset: str | None, preparation: Preparation, limits: Limits) -> Records:
    """The table in a text, read as the one that the model was trained on where nothing says more."""
    if charset is not None and charset.lower() not in _CHARSETS:
        raise RefusedRequestError(415, "charset", _CHARSET(given=charset[:40]))
    first = re.match(rb"[^\r\n]*", body)
    assert first is not None
    columns = 1 + max(first[0].count(delimiter) for delimiter in _DELIMITERS)
    lines = max(body.count(b"\n"), body.count(b"\r"))
    limits.check_cells(max(1, lines // _LINES_OF_A_ROW), columns)  # before each of them is read
    like = notation_of(preparation)
    table = read_csv(Named(body, _BODY()), encoding=charset, like=like, most_bytes=limits.body_bytes)
    limits.check_cells(len(table), len(table.columns))
    return table


def _uploaded(parts: Sequence[Part], preparation: Preparation, limits: Limits) -> Records:
    count, strange = len(parts), [n for n, part in enumerate(parts, 1) if not is_picture(part.content[:12])]
    if not strange:
        return _pictures([_Picture.of(part.content, n, count) for n, part in enumerate(parts, 1)], limits)
    told = parts[0].headers.get("content-type", "").split(";")[0].strip().lower()
    named = parts[0].headers.get("content-disposition", "").lower().rstrip('"').endswith(".csv")
    if count == 1 and (told == CSV or named):
        return _table(parts[0].content, None, preparation, limits)
    raise RefusedRequestError(415, "parts", _PARTS(number=strange[0], count=count))


def _pictures(contents: Sequence[bytes], limits: Limits) -> Pictures:
    limits.check_rows(len(contents))
    sizes = [measure(content) for content in contents]
    count = sum(size.height * size.width for size in sizes)
    if count > limits.pixels:
        raise RefusedRequestError(413, "too_many_pixels", _PIXELS(count=count, most=limits.pixels))
    return Pictures(contents)
