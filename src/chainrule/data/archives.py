"""Arrays in NumPy's files: one in a .npy, several in a .npz. Nothing in them is ever run, and no promise is believed.

Source:   numpy.lib.format, versions 1.0, 2.0 and 3.0; PKWARE's APPNOTE for the archive around several
"""

from __future__ import annotations

import io
import math
import os
import re
import struct
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from chainrule.data.missing_file import missing_file
from chainrule.data.unpacking import check_unpacked
from chainrule.errors import FileFormatError
from chainrule.messages import Message

_UNREADABLE = Message(
    "archive.unreadable",
    en="{path} cannot be read: {reason}. Check that it is a file and that you may read it.",
    zh="无法读取 {path}：{reason}。请检查它是否为文件，以及是否有读取权限。",
)
_FOREIGN = Message(
    "archive.foreign",
    en="{path} is no {kind} file: it does not begin as one. Write it with numpy.{function}.",
    zh="{path} 不是 {kind} 文件：其开头不符合该格式。请用 numpy.{function} 写入。",
)
_DAMAGED = Message(
    "archive.damaged",
    en="{path} is damaged: {reason}. Write or copy the file again.",
    zh="{path} 已损坏：{reason}。请重新写入或复制该文件。",
)
_HEAD = Message("archive.head", en="its head cannot be read", zh="无法读取其头部")
_LENGTH = Message(
    "archive.length",
    en="its head promises {expected:,} bytes for shape {shape} of {dtype}, but {found:,} follow",
    zh="其头部声明形状 {shape}、类型 {dtype} 的数据有 {expected:,} 字节，但其后有 {found:,} 字节",
)
_SHAPE = Message(
    "archive.shape", en="its head promises more numbers than any memory holds", zh="其头部声明的数值超出任何内存的容量"
)
_TEXT = Message("archive.text", en="its texts have characters that there are not", zh="其文本中有不存在的字符")
_OBJECTS = Message(
    "archive.objects",
    en="{path} holds {descr}, neither real numbers nor texts; objects of Python are never loaded, since that could run"
    " code. Save arrays of numbers or texts: numpy.asarray(values, dtype=float).",
    zh="{path} 中是 {descr}，既非实数也非文本；Python 对象从不加载，因为那可能会执行代码。"
    "请保存数值或文本数组：numpy.asarray(values, dtype=float)。",
)
_GIVEN = Message("archive.given", en="The given file", zh="所给的文件")

NPY, ZIP = b"\x93NUMPY", b"PK\x03\x04"  # how the files begin
_PIECE = 1 << 20
_MOST_READ = 1 << 28  # bytes of an array in an archive: a larger one is mapped, where it is not compressed
_LENGTHS = 26  # where, in what stands before a member of an archive, the lengths of the two texts are that follow
_MOST_HEAD = 1 << 16  # bytes that describe an array; NumPy's own need fewer than 200
_FAULTS = (BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError)
_DESCR = re.compile(r"'descr': *'([<>|=]?[a-zA-Z]\d*)'")
_ORDER = re.compile(r"'fortran_order': *(True|False)")
_EXTENTS = re.compile(r"'shape': *\(((?:\d{1,18}, *)*(?:\d{1,18})?,?)\)")

File = str | os.PathLike[str] | bytes


def read_npy(file: File) -> NDArray[Any]:
    """The array in a .npy file, or in the bytes of one; that in a file is mapped, not read, and cannot be written into.

    Raises:   FileFormatError if the file is missing, damaged, or holds something else than numbers or texts.
    """
    with _opened(file, NPY, "npy") as (opened, path):
        place = None if isinstance(file, bytes) else _Place(path, 0)
        return _array(opened, path, opened.seek(0, io.SEEK_END), place)


def read_npz(file: File, wanted: Callable[[set[str]], set[str]] = lambda names: names) -> dict[str, NDArray[Any]]:
    """Arrays of a .npz file, or of the bytes of one, by name: all, or those of its names that are wanted.

    One of more than 256 MB of a file is mapped, not read, if it is not compressed, and cannot be written into.

    Raises:   FileFormatError if the file is missing, damaged, unpacks to far more than its size, or holds something
              else than arrays of numbers or texts.
    Example:
        >>> file = io.BytesIO()
        >>> np.savez(file, x=np.arange(3), y=np.array(["a", "b", "a"]))
        >>> read_npz(file.getvalue())
        {'x': array([0, 1, 2]), 'y': array(['a', 'b', 'a'], dtype='<U1')}
    """
    with _opened(file, ZIP, "npz") as (opened, path), ZipFile(_Pieces(opened)) as archive:
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        chosen = wanted(set(members))
        return {name: _unpacked(archive, member, path) for name, member in members.items() if name in chosen}


def name_of(file: File) -> str:
    """What messages call it."""
    return _GIVEN() if isinstance(file, bytes) else os.fspath(file)


@contextmanager
def _opened(file: File, beginning: bytes, kind: str) -> Iterator[tuple[IO[bytes], str]]:
    """A file that begins as it should, and what messages call it; whatever it then does wrong is said in words."""
    name = name_of(file)
    try:
        with io.BytesIO(file) if isinstance(file, bytes) else Path(file).open("rb") as opened:
            if opened.read(len(beginning)) != beginning:
                function = "save" if kind == "npy" else "savez"
                raise FileFormatError(_FOREIGN(path=name, kind=f".{kind}", function=function))
            yield opened, name
    except FileFormatError:
        raise
    except FileNotFoundError:
        raise missing_file(Path(name)) from None
    except OSError as reason:
        raise FileFormatError(_UNREADABLE(path=name, reason=reason.strerror or reason)) from None
    except _FAULTS as reason:
        said = str(reason).strip().rstrip(".") or type(reason).__name__
        raise FileFormatError(_DAMAGED(path=name, reason=" ".join(said.split())[:200])) from None


class _Pieces:
    """A file that is read in small pieces, so that an archive's directory, too, has to be small."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.seek, self.tell, self.seekable = file, file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > _PIECE:
            raise BadZipFile("its directory is too long")
        return self._file.read(_PIECE if size < 0 else size)


def _unpacked(archive: ZipFile, member: ZipInfo, path: str) -> NDArray[Any]:
    name = f"{path}/{member.filename}"
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise NotImplementedError(f"{member.filename}: compression {member.compress_type}")
    check_unpacked(name, member.compress_size, member.file_size)
    as_it_is = member.compress_type == ZIP_STORED and member.file_size > _MOST_READ and os.path.isfile(path)
    with archive.open(member) as file:
        array = _array(file, name, member.file_size, _Place(path, _start(path, member)) if as_it_is else None)
        while file.read(_PIECE):  # what is mapped, too, is gone through once: its checksum is compared at its end
            pass
    return array


def _start(path: str, member: ZipInfo) -> int:
    """Where in the archive's file a member's bytes begin."""
    with open(path, "rb") as file:
        file.seek(member.header_offset + _LENGTHS)
        name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
        return file.tell() + name + extra


# ---------------------------------------------------------------------------------------------------------- one array
class _Head(NamedTuple):
    """What stands before the numbers."""

    dtype: np.dtype[Any]
    fortran: bool
    shape: tuple[int, ...]


class _Place(NamedTuple):
    """Where bytes lie as they are: in a file, from there on."""

    path: str
    start: int


def _array(file: IO[bytes], path: str, size: int, place: _Place | None) -> NDArray[Any]:
    """The array in a file of so many bytes, mapped if these lie at a place; memory grows with what is there, not with
    what is promised.
    """
    file.seek(0)
    head = _head(file, path)
    expected, found = math.prod(head.shape) * head.dtype.itemsize, size - file.tell()
    # An empty axis makes the data empty, but NumPy still wants the other axes to be addressable.
    if len(head.shape) > 32 or math.prod(max(n, 1) for n in head.shape) * head.dtype.itemsize > sys.maxsize:
        raise FileFormatError(_DAMAGED(path=path, reason=_SHAPE()))
    if expected != found:
        reason = _LENGTH(expected=expected, shape=head.shape, dtype=head.dtype, found=found)
        raise FileFormatError(_DAMAGED(path=path, reason=reason))
    order: Mapping[bool, Any] = {True: "F", False: "C"}
    if place and expected and head.dtype.isnative and head.dtype.kind != "U":
        start = place.start + file.tell()
        return np.memmap(place.path, head.dtype, "r", start, head.shape, order[head.fortran]).view(np.ndarray)
    data = bytearray()
    while piece := file.read(_PIECE):
        data += piece
    if len(data) != expected:  # the archive's directory promised it, too
        reason = _LENGTH(expected=expected, shape=head.shape, dtype=head.dtype, found=len(data))
        raise FileFormatError(_DAMAGED(path=path, reason=reason))
    if head.dtype.kind == "U" and data:
        codes = np.frombuffer(data, np.dtype(np.uint32).newbyteorder(head.dtype.byteorder))
        if codes.max() > sys.maxunicode:
            raise FileFormatError(_DAMAGED(path=path, reason=_TEXT()))
    array = np.frombuffer(data, head.dtype).reshape(head.shape, order=order[head.fortran])
    return array.astype(head.dtype.newbyteorder("="), copy=False)


def _shortened(text: str) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    described = " ".join(printable.split()).removeprefix("{'descr': ").split(", 'fortran_order'")[0]
    return described if len(described) < 60 else described[:60] + "…"


def _head(file: IO[bytes], path: str) -> _Head:
    """By patterns, not by evaluation: numbers and texts of fixed size are all that is wanted."""
    beginning = file.read(8)
    wide = beginning[6:7] != b"\x01"
    length = int.from_bytes(file.read(4 if wide else 2), "little")
    if beginning[:6] != NPY or beginning[6:7] not in (b"\x01", b"\x02", b"\x03") or length > _MOST_HEAD:
        raise FileFormatError(_DAMAGED(path=path, reason=_HEAD()))
    text = file.read(length).decode("latin1")
    descr, order, extents = _DESCR.search(text), _ORDER.search(text), _EXTENTS.search(text)
    if "'descr'" in text and (descr is None or descr[1].lstrip("<>|=")[0] not in "biufUS?"):
        raise FileFormatError(_OBJECTS(path=path, descr=descr[1] if descr else _shortened(text)))
    if len(text) < length or descr is None or order is None or extents is None:
        raise FileFormatError(_DAMAGED(path=path, reason=_HEAD()))
    try:
        dtype = np.dtype(descr[1])
    except TypeError:
        raise FileFormatError(_DAMAGED(path=path, reason=_HEAD())) from None
    return _Head(dtype, order[1] == "True", tuple(int(n) for n in extents[1].split(",") if n.strip()))
