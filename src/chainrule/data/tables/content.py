"""The bytes of a text file, whatever its encoding and compression, in UTF-8; as many as memory has room for."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from chainrule.data.missing_file import missing_file
from chainrule.data.tables.encoding import UTF_8, encoding_of, marked
from chainrule.errors import FileFormatError, UsageError
from chainrule.messages import Message

_UNREADABLE = Message(
    "content.unreadable",
    en="{path} cannot be read ({reason}). Give a file that you may read.",
    zh="无法读取 {path}（{reason}）。请给出有权读取的文件。",
)
_COMPRESSION = Message(
    "content.compression",
    en="{name} is damaged: it cannot be decompressed ({reason}). Download or copy the file again.",
    zh="{name} 已损坏：无法解压（{reason}）。请重新下载或复制该文件。",
)
_TOO_LARGE = Message(
    "content.too_large",
    en="{name} is a text of more than {most} bytes; as texts, its cells would take several times as much memory. Make a"
    " Parquet file of it, whose numbers take 8 bytes each, or give some of its rows.",
    zh="{name} 的文本超过 {most} 字节；以文本形式，其单元格会占用数倍的内存。"
    "请将其转换为 Parquet 文件（每个数值占 8 字节），或只给出部分行。",
)
_ENCODING = Message(
    "content.encoding",
    en="{name}, line {line}: the byte 0x{byte:02x} is no text in {encoding}. Save the file as UTF-8 (in a spreadsheet:"
    " CSV UTF-8), or say which encoding it has: data.encoding = 'cp1251', or read_csv(path, encoding='cp1251').",
    zh="{name}，第 {line} 行：字节 0x{byte:02x} 不是有效的 {encoding} 文本。请将文件另存为 UTF-8"
    "（在电子表格软件中选择 CSV UTF-8），或指明其编码：data.encoding = 'cp1251' 或"
    " read_csv(path, encoding='cp1251')。",
)
_UNKNOWN_ENCODING = Message(
    "content.unknown_encoding",
    en="The encoding {encoding!r} is none of texts that is known. Give its name, such as 'utf-8', 'cp1252' or 'gbk'.",
    zh="编码 {encoding!r} 不是已知的文本编码。请给出编码名称，例如 'utf-8'、'cp1252' 或 'gbk'。",
)
_NUL = Message(
    "content.nul",
    en="{name}, line {line}: there is a zero byte, which no text has. Give a text file in UTF-8; a workbook or an"
    " archive has to be saved as CSV first.",
    zh="{name}，第 {line} 行：出现了零字节，文本中不应有它。请给出 UTF-8 文本文件；工作簿或压缩包请先另存为 CSV。",
)
_THE_TABLE = Message("content.the_table", en="the table", zh="表格")
_STANDARD_INPUT = Message("content.standard_input", en="standard input", zh="标准输入")
_NO_SOURCE = Message(
    "content.no_source",
    en="A table is read from a path or a file that is open, not from {kind}.",
    zh="表格应从路径或已打开的文件读取，而不是 {kind}。",
)

MOST_BYTES = 1 << 30  # of a text: its cells take about five times as much memory
_GZIP = b"\x1f\x8b"
_PIECE = 1 << 20

File = str | os.PathLike[str] | IO[Any]


class Named(io.BytesIO):
    """Bytes that are read like a file, and what messages call it."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


@dataclass(frozen=True)
class Content:
    """A text file as it was read.

    name       what messages call it
    text       in UTF-8, without a mark
    encoding   that it had
    """

    name: str
    text: bytes
    encoding: str


def read_content(file: File, encoding: str | None = None, before: str = UTF_8, most_bytes: int = MOST_BYTES) -> Content:
    """The content of a text file, which is found to be text.

    encoding   that of the file; None: found by its bytes. A mark at the beginning knows better than either
    before     that of the texts before it, which decides where the bytes do not

    Raises:   FileFormatError if it is missing, damaged, too large, or no text in its encoding; UsageError for an
              encoding that nobody knows.
    """
    (stored, own), name = _stored(file, most_bytes), name_of(file)
    content = _decompressed(name, stored, most_bytes) if stored.startswith(_GZIP) else stored
    if len(content) > most_bytes:
        raise FileFormatError(_TOO_LARGE(name=name, most=most_bytes))
    content, mark = marked(content)
    used = mark or own or encoding or encoding_of(content, before)
    text = _in_utf8(name, content, used)
    nul = text.find(b"\0")
    if nul >= 0:
        raise FileFormatError(_NUL(name=name, line=_line(text[:nul])))
    return Content(name, text, used)


def name_of(file: File) -> str:
    """What messages call a file."""
    if isinstance(file, str | os.PathLike):
        return str(file)
    name = getattr(file, "name", None)
    return _STANDARD_INPUT() if name == "<stdin>" else name if isinstance(name, str) else _THE_TABLE()


def _stored(file: File, most_bytes: int) -> tuple[bytes, str | None]:
    """The bytes of a file, at most one more than `most_bytes` of them, and their encoding if it is set."""
    if isinstance(file, str | os.PathLike):
        path = Path(file)
        try:
            if not path.exists():
                raise missing_file(path)
            with path.open("rb") as opened:
                return _read(opened, most_bytes), None
        except OSError as reason:
            raise FileFormatError(_UNREADABLE(path=path, reason=reason.strerror or reason)) from None
    if not hasattr(file, "read"):
        raise UsageError(_NO_SOURCE(kind=type(file).__name__))
    content = _read(getattr(file, "buffer", file), most_bytes)
    if isinstance(content, str):
        return content.encode("utf-8", "surrogatepass"), UTF_8
    # That of the standard input is the terminal's, and says nothing about a file.
    return content, None if file is sys.stdin else getattr(file, "encoding", None)


def _read(file: IO[Any], most: int) -> Any:
    """What a file holds, up to one more than this, piece by piece: at once, it would take memory for all of that."""
    pieces = [file.read(min(_PIECE, most + 1))]
    size = len(pieces[0])
    while pieces[-1] and size <= most:
        pieces.append(file.read(min(_PIECE, most + 1 - size)))
        size += len(pieces[-1])
    return pieces[0][:0].join(pieces)


def _decompressed(name: str, stored: bytes, most_bytes: int) -> bytes:
    """At most one byte more than `most_bytes`, however many are promised."""
    content = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(stored)) as opened:
            while len(content) <= most_bytes and (piece := opened.read(min(_PIECE, most_bytes + 1 - len(content)))):
                content += piece
    except (EOFError, OSError, zlib.error) as reason:
        raise FileFormatError(_COMPRESSION(name=name, reason=reason)) from None
    return bytes(content)


def _in_utf8(name: str, content: bytes, encoding: str) -> bytes:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as reason:
        line = _line(content[: reason.start].decode(encoding, "replace").encode())
        raise FileFormatError(
            _ENCODING(name=name, line=line, byte=content[reason.start], encoding=reason.encoding.upper())
        ) from None
    except (LookupError, ValueError):
        raise UsageError(_UNKNOWN_ENCODING(encoding=encoding)) from None
    return content if encoding == UTF_8 else text.encode("utf-8", "surrogatepass")


def _line(before: bytes) -> int:
    """The number of the line that these bytes lead into."""
    return len((before + b".").splitlines())
