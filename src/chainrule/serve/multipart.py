"""The parts of a form that a browser or `curl -F` uploads."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from chainrule.messages import Message
from chainrule.serve.refusals import RefusedRequestError

_BOUNDARY = Message(
    "serve.multipart.boundary",
    en="The Content-Type multipart/form-data names no boundary of at most 70 characters. Let the program that uploads"
    " write that header itself, as curl -F does.",
    zh="Content-Type 为 multipart/form-data，但没有给出不超过 70 个字符的 boundary。"
    "请让上传程序自行生成该请求头，例如使用 curl -F。",
)
_DAMAGED = Message(
    "serve.multipart.damaged",
    en="The form cannot be read ({reason}). Send it again, as curl -F does.",
    zh="无法读取表单（{reason}）。请重新发送，例如使用 curl -F。",
)
_CUT_OFF = Message("serve.multipart.cut_off", en="it ends in the middle", zh="内容不完整")
_NONE = Message(
    "serve.multipart.none",
    en="The form has no parts. Upload at least one file: curl -F file=@picture.png.",
    zh="表单为空。请至少上传一个文件：curl -F file=@picture.png。",
)
_MANY = Message(
    "serve.multipart.many",
    en="The form has more than {most} parts. Upload fewer at a time.",
    zh="表单超过 {most} 个部分。请减少每次上传的数量。",
)

logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # the client is told what is wrong with its form

MOST_PARTS = 1_000
_LONGEST_BOUNDARY = 70  # RFC 2046, section 5.1.1


@dataclass
class Part:
    """One file of a form, or one of its fields."""

    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""


def parts_of(body: bytes, boundary: str | None) -> list[Part]:
    r"""The parts of a form with this boundary, at least one.

    Raises:   RefusedRequestError if it is no such form, or has too many parts.
    Example:
        >>> form = b'--x\r\nContent-Type: text/csv\r\n\r\na,b\r\n--x--\r\n'
        >>> parts_of(form, "x")
        [Part(headers={'content-type': 'text/csv'}, content=b'a,b')]
    """
    if not boundary or len(boundary) > _LONGEST_BOUNDARY or not boundary.isascii():
        raise RefusedRequestError(400, "form", _BOUNDARY())
    reader = _Reader()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": reader.begin,
                "on_header_field": reader.name,
                "on_header_value": reader.value,
                "on_header_end": reader.end_of_header,
                "on_part_data": reader.data,
                "on_part_end": reader.end,
                "on_end": reader.end_of_form,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as reason:
        raise RefusedRequestError(400, "form", _DAMAGED(reason=reason)) from None
    if not reader.complete:
        raise RefusedRequestError(400, "form", _DAMAGED(reason=_CUT_OFF()))
    if not reader.parts:
        raise RefusedRequestError(400, "form", _NONE())
    return reader.parts


class _Reader:
    """Puts together what the parser finds."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.complete = False
        self._name, self._value, self._content = bytearray(), bytearray(), bytearray()

    def begin(self) -> None:
        if len(self.parts) == MOST_PARTS:
            raise RefusedRequestError(413, "too_many_parts", _MANY(most=MOST_PARTS))
        self.parts.append(Part())
        self._content = bytearray()

    def name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def end_of_header(self) -> None:
        self.parts[-1].headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1").strip()
        self._name, self._value = bytearray(), bytearray()

    def data(self, data: bytes, start: int, end: int) -> None:
        self._content += data[start:end]

    def end(self) -> None:
        self.parts[-1].content = bytes(self._content)

    def end_of_form(self) -> None:
        self.complete = True
