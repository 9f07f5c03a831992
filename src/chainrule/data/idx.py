"""IDX files, plain or compressed: the format of MNIST.

    two zero bytes · type code · number of axes · extent of each axis (4 bytes) · the values, last axis fastest

All numbers are big-endian. A file is read only if its length is exactly what its header promises.

Source:   http://yann.lecun.com/exdb/mnist/, "The IDX file format".
"""

import gzip
import math
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.missing_file import missing_file
from chainrule.data.unpacking import check_unpacked
from chainrule.errors import DTypeError, FileFormatError
from chainrule.messages import Message

_UNREADABLE = Message(
    "idx.unreadable",
    en="{path} cannot be read: {reason}. Check that it is a file and that you may read it.",
    zh="无法读取 {path}：{reason}。请检查它是否为文件，以及是否有读取权限。",
)
_FOREIGN = Message(
    "idx.foreign",
    en="{path} is not an IDX file: it starts with the bytes '{found}', an IDX file with '00 00', a type code"
    " (08, 09, 0b, 0c, 0d or 0e) and the number of axes. Check that this is the right file.",
    zh="{path} 不是 IDX 文件：它以字节 '{found}' 开头，"
    "而 IDX 文件应以 '00 00'、类型码（08、09、0b、0c、0d 或 0e）和轴数开头。请检查文件是否正确。",
)
_HEADER = Message(
    "idx.header",
    en="{path} is damaged: it ends within its header, which should give the extents of {axes} axes."
    " Download or copy the file again.",
    zh="{path} 已损坏：文件在头部就结束了，头部本应给出 {axes} 个轴的长度。请重新下载或复制该文件。",
)
_TOO_LARGE = Message(
    "idx.too_large",
    en="{path} is damaged: its header promises an array of shape {shape}, more than any memory holds."
    " Download or copy the file again.",
    zh="{path} 已损坏：其头部声明的数组形状为 {shape}，超出任何内存的容量。请重新下载或复制该文件。",
)
_TRUNCATED = Message(
    "idx.truncated",
    en="{path} is damaged: its header promises {expected} bytes for shape {shape} of {dtype}, but only {found} follow."
    " Download or copy the file again.",
    zh="{path} 已损坏：其头部声明形状 {shape}、类型 {dtype} 的数据有 {expected} 字节，"
    "但只有 {found} 字节。请重新下载或复制该文件。",
)
_TRAILING = Message(
    "idx.trailing",
    en="{path} is damaged: more bytes follow than the {expected} that its header promises for shape {shape} of {dtype}."
    " Download or copy the file again.",
    zh="{path} 已损坏：其头部声明形状 {shape}、类型 {dtype} 的数据有 {expected} 字节，"
    "但后面还有更多字节。请重新下载或复制该文件。",
)
_COMPRESSION = Message(
    "idx.compression",
    en="{path} is damaged: it cannot be decompressed ({reason}). Download or copy the file again.",
    zh="{path} 已损坏：无法解压（{reason}）。请重新下载或复制该文件。",
)
_DTYPE = Message(
    "idx.dtype",
    en="{path}: an IDX file cannot hold {dtype}; it holds one of {known}. Convert the array first, e.g."
    " array.astype('{instead}').",
    zh="{path}：IDX 文件不能存储 {dtype}，只能存储 {known} 之一。请先转换数组，例如 array.astype('{instead}')。",
)

_DTYPES = {0x08: "uint8", 0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
_MOST_AXES = 32  # NumPy 1 has no more
_CHUNK = 1 << 20
_MOST_READ = 1 << 28  # bytes of a file: larger ones of bytes, which need no other order, are mapped


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read the array in an IDX file; the file's first bytes tell whether it is compressed with gzip.

    One of more than 256 MB of bytes is mapped, not read, if it is not compressed; what is written into it stays here.

    Raises:   FileFormatError if the file is missing, is no IDX file, or is damaged in any way.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_idx(f"{folder}/labels.gz", np.array([5, 0, 4], np.uint8))
        ...     read_idx(f"{folder}/labels.gz")
        array([5, 0, 4], dtype=uint8)
    """
    path = Path(path)
    try:
        with _decompressed(path) as file:
            return _parse(file, path)
    except FileNotFoundError:
        raise missing_file(path) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as reason:
        raise FileFormatError(_COMPRESSION(path=path, reason=reason)) from None
    except OSError as reason:
        raise FileFormatError(_UNREADABLE(path=path, reason=reason.strerror or reason)) from None


def write_idx(path: str | os.PathLike[str], array: NDArray[Any]) -> None:
    """Write an array as an IDX file, compressed if the name ends in .gz; the same array gives the same bytes.

    Raises:   DTypeError if the format has no such type of elements.
    """
    path = Path(path)
    codes = {name: code for code, name in _DTYPES.items()}
    if array.dtype.name not in codes:
        instead = "float64" if array.dtype.kind == "f" else "int32"
        known = ", ".join(codes)
        raise DTypeError(_DTYPE(path=path, dtype=array.dtype.name, known=known, instead=instead))
    header = bytes([0, 0, codes[array.dtype.name], array.ndim]) + np.array(array.shape, ">u4").tobytes()
    content = header + array.astype(array.dtype.newbyteorder(">")).tobytes()
    with path.open("wb") as file:
        if path.suffix == ".gz":
            # Neither name nor time, which would differ from one writing to the next.
            with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=0) as compressed:
                compressed.write(content)
        else:
            file.write(content)


@contextmanager
def _decompressed(path: Path) -> Iterator[BufferedIOBase]:
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not compressed:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as content:
            yield content


def _parse(file: BufferedIOBase, path: Path) -> NDArray[Any]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _DTYPES:
        raise FileFormatError(_FOREIGN(path=path, found=magic.hex(" ")))
    axes = magic[3]
    extents = file.read(4 * axes)
    if len(extents) < 4 * axes:
        raise FileFormatError(_HEADER(path=path, axes=axes))
    dtype = np.dtype(_DTYPES[magic[2]])
    shape = tuple(np.frombuffer(extents, ">u4").tolist())
    # An empty axis makes the data empty, but NumPy still wants the other axes to be addressable.
    if axes > _MOST_AXES or math.prod(max(extent, 1) for extent in shape) * dtype.itemsize > sys.maxsize:
        raise FileFormatError(_TOO_LARGE(path=path, shape=shape))
    expected = math.prod(shape) * dtype.itemsize
    mapped = isinstance(file, BufferedReader) and dtype.itemsize == 1 and expected > _MOST_READ
    start = file.tell()
    data = b"" if mapped else _read_up_to(file, expected + 1, path)
    found = file.seek(0, os.SEEK_END) - start if mapped else len(data)
    if found < expected:
        raise FileFormatError(_TRUNCATED(path=path, expected=expected, shape=shape, dtype=dtype, found=found))
    if found > expected:
        raise FileFormatError(_TRAILING(path=path, expected=expected, shape=shape, dtype=dtype))
    if mapped:
        return np.memmap(path, dtype, "c", start, shape).view(np.ndarray)
    return np.frombuffer(data, dtype.newbyteorder(">")).astype(dtype, copy=False).reshape(shape)


def _read_up_to(file: BufferedIOBase, limit: int, path: Path) -> bytearray:
    """At most `limit` bytes; memory grows with what is there, not with what a header claims."""
    data, size = bytearray(), path.stat().st_size
    while len(data) < limit and (chunk := file.read(min(_CHUNK, limit - len(data)))):
        data += chunk
        check_unpacked(path, size, len(data))
    return data
