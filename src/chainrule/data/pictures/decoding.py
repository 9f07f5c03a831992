"""Pixels of a picture from bytes that anybody may have sent: few formats, no more than cameras make, none damaged."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import FileFormatError
from chainrule.messages import Message

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

_UNREADABLE = Message(
    "pictures.unreadable",
    en="{picture} cannot be read: {reason}. Check that it is a file and that you may read it.",
    zh="无法读取 {picture}：{reason}。请检查它是否为文件，以及是否有读取权限。",
)
_SPECIAL = Message("pictures.special", en="it is no ordinary file", zh="它不是普通文件")
_FOREIGN = Message(
    "pictures.foreign",
    en="{picture} is no picture that can be read here: {found}. Convert it to PNG or JPEG; {formats} are read.",
    zh="{picture} 不是可读取的图片：{found}。请转换为 PNG 或 JPEG；可读取的格式有 {formats}。",
)
_OTHER_FORMAT = Message(
    "pictures.other_format", en="it is {name}, whatever it is called", zh="无论名称如何，它是 {name}"
)
_BYTES = Message("pictures.bytes", en="it starts with the bytes '{found}'", zh="它以字节 '{found}' 开头")
_EMPTY = Message("pictures.empty", en="it is empty", zh="它是空的")
_DAMAGED = Message(
    "pictures.damaged",
    en="{picture} is damaged: {reason}. Copy or export it again, or leave it out.",
    zh="{picture} 已损坏：{reason}。请重新复制或导出，或去掉它。",
)
_TOO_MANY_BYTES = Message(
    "pictures.too_many_bytes",
    en="{picture} has more than {most:,} bytes, the most that a picture may have here. Make it smaller.",
    zh="{picture} 超过 {most:,} 字节，这是此处图片的最大字节数。请缩小它。",
)
_TOO_MANY_PIXELS = Message(
    "pictures.too_many_pixels",
    en="{picture} would have {width:,} × {height:,} pixels, more than the {most:,} that are decoded here."
    " Make it smaller.",
    zh="{picture} 将有 {width:,} × {height:,} 个像素，超过此处解码的上限 {most:,}。请缩小它。",
)
_NO_PIXELS = Message("pictures.no_pixels", en="it has no pixels", zh="其中没有像素")
_GIVEN = Message("pictures.given", en="The given picture", zh="所给的图片")

MOST_PIXELS = 1 << 26  # 8,192 × 8,192, beyond what cameras make: a quarter of a GB as Pillow holds colors
MOST_BYTES = 1 << 26  # of a file or upload; photographs have a tenth
_GRAY = {"1", "L", "LA", "La", "I;16"}  # Pillow's modes without colors
_ORIENTATION = 0x0112  # the tag of EXIF that says how the camera was held


class Measures(NamedTuple):
    """What the head of a picture promises."""

    height: int
    width: int
    gray: bool


def decode(
    picture: Path | bytes,
    *,
    box: tuple[int, int] | None = None,
    most_pixels: int = MOST_PIXELS,
    most_bytes: int = MOST_BYTES,
) -> NDArray[np.uint8]:
    """The pixels of a PNG, JPEG, GIF (the first frame), BMP or WebP, upright as its camera was held.

    What is transparent becomes white, as on paper; of 16 bits the upper 8 remain; bilevel is black and white, and
    palettes and inks become red, green and blue.

    box   (height, width) that it will be made to fit: a JPEG much larger than that is decoded at a fraction of its
          size, at least twice what is needed, which takes a fraction of the time

    Shapes:   (height, width, 1) if the file knows no colors, else (height, width, 3)
    Raises:   FileFormatError if it cannot be read, is of another format, damaged or cut off, or larger than allowed,
              which is known before memory is taken for its pixels.
    Example:
        >>> from PIL import Image
        >>> file = BytesIO()
        >>> Image.fromarray(np.array([[0, 128, 255]], np.uint8)).save(file, "PNG")
        >>> decode(file.getvalue())[..., 0]
        array([[  0, 128, 255]], dtype=uint8)
    """
    image, turn = _opened(picture, most_pixels, most_bytes)
    try:
        if box is not None and image.format == "JPEG":
            _draft(image, box, swapped=turn >= 5)
        pixels = _pixels(image)
    except Exception as reason:  # Pillow's readers raise whatever a damaged file leads them to
        raise _damaged(picture, reason) from None
    return np.ascontiguousarray(_upright(pixels, turn))


def pixels_of_image(image: Image) -> NDArray[np.uint8]:
    """The pixels of a picture that Pillow has opened or made, as decode gives them.

    Raises:   FileFormatError if its file turns out to be damaged.
    """
    try:
        return np.ascontiguousarray(_upright(_pixels(image), _orientation(image)))
    except Exception as reason:  # as above
        raise FileFormatError(_DAMAGED(picture=_GIVEN(), reason=reason)) from None


def measure(picture: Path | bytes) -> Measures:
    """What the head of a picture promises, which takes a thousandth of the time that decoding takes.

    Raises:   FileFormatError as decode does, where the head shows it.
    """
    image, turn = _opened(picture, MOST_PIXELS, MOST_BYTES)
    width, height = image.size
    extent = (width, height) if turn >= 5 else (height, width)
    return Measures(*extent, gray=image.mode in _GRAY)


def is_picture(head: bytes) -> bool:
    """Whether the first 12 bytes of a file are those of a format that is read here."""
    return _format(head) is not None


# -------------------------------------------------------------------------------------------------------- the reading
def content(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """What a file holds; nothing is waited for that is no file, such as a pipe.

    Raises:   FileFormatError if it cannot be read or is larger than allowed.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise FileFormatError(_UNREADABLE(picture=path, reason=_SPECIAL()))
        if about.st_size > most_bytes:
            raise FileFormatError(_TOO_MANY_BYTES(picture=path, most=most_bytes))
        return path.read_bytes()
    except (OSError, ValueError) as reason:  # ValueError: a zero byte in the name
        if isinstance(reason, FileFormatError):
            raise
        raise FileFormatError(_UNREADABLE(picture=path, reason=getattr(reason, "strerror", None) or reason)) from None


def _opened(picture: Path | bytes, most_pixels: int, most_bytes: int) -> tuple[ImageFile, int]:
    """The picture with its head read, and the number of its orientation."""
    data = content(picture, most_bytes) if isinstance(picture, os.PathLike) else picture
    if len(data) > most_bytes:
        raise FileFormatError(_TOO_MANY_BYTES(picture=named(picture), most=most_bytes))
    name = _format(data[:12])
    if name is None:
        raise _foreign(picture, data)
    if name == "WebP":  # Pillow's reader would take memory for all pixels at once
        _check_size(picture, _size_of_webp(data), most_pixels)
    _silence_notes()
    try:
        image = _FORMATS[name].reader()(BytesIO(data))
    except Exception as reason:  # as above
        raise _damaged(picture, reason) from None
    _check_size(picture, image.size, most_pixels)
    return image, _orientation(image)


def _orientation(image: Image) -> int:
    with suppress(Exception):  # a picture whose notes are damaged is a picture
        turn = int(image.getexif().get(_ORIENTATION, 1))
        return turn if turn in _TURNED else 1
    return 1


@cache
def _silence_notes() -> None:
    """Once: Pillow warns of damaged notes without saying in which file, and all that is read of them is how to turn."""
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")  # which reads EXIF
    warnings.filterwarnings("ignore", "Invalid APNG", UserWarning)  # of an animation the first frame counts


def _check_size(picture: Path | bytes, size: tuple[int, int], most_pixels: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise FileFormatError(_DAMAGED(picture=named(picture), reason=_NO_PIXELS()))
    if width * height > most_pixels:
        raise FileFormatError(_TOO_MANY_PIXELS(picture=named(picture), width=width, height=height, most=most_pixels))


def _foreign(picture: Path | bytes, data: bytes) -> FileFormatError:
    if not data:
        return FileFormatError(_DAMAGED(picture=named(picture), reason=_EMPTY()))
    other = next((name for name, begins in _OTHER_FORMATS.items() if begins(data[:12])), None)
    found = _BYTES(found=data[:4].hex(" ")) if other is None else _OTHER_FORMAT(name=other)
    return FileFormatError(_FOREIGN(picture=named(picture), found=found, formats=", ".join(_FORMATS)))


def _damaged(picture: Path | bytes, reason: Exception) -> FileFormatError:
    said = str(reason).strip().rstrip(".") or type(reason).__name__
    return FileFormatError(_DAMAGED(picture=named(picture), reason=" ".join(said.split())[:200]))


def named(picture: Path | bytes | NDArray[np.uint8]) -> str:
    """What messages call a picture: its path, or the name that its bytes have, if any."""
    return str(picture) if isinstance(picture, os.PathLike) else getattr(picture, "name", _GIVEN())


# --------------------------------------------------------------------------------------------------------- the pixels
def _draft(image: ImageFile, box: tuple[int, int], *, swapped: bool) -> None:
    """Let a JPEG be decoded at a fraction of its size, no less than twice what fits the box."""
    height, width = box[::-1] if swapped else box
    scale = 2 * min(height / image.height, width / image.width)
    if scale < 1:
        image.draft(None, (ceil(image.width * scale), ceil(image.height * scale)))


def _pixels(image: Image) -> NDArray[np.uint8]:
    from PIL.Image import new

    mode = "L" if image.mode in _GRAY else "RGB"
    if image.mode == "I;16":
        deep = np.asarray(image).copy()
        if (transparent := image.info.get("transparency")) is not None:
            deep[deep == transparent] = 0xFFFF
        return (deep >> 8).astype(np.uint8)[..., np.newaxis]
    plain = image
    if image.has_transparency_data:
        layered = image.convert("LA" if mode == "L" and image.mode in ("LA", "La") else "RGBA")
        plain = new(mode, image.size, "white")
        plain.paste(layered.convert(mode), mask=layered.getchannel("A"))
    elif image.mode != mode:
        plain = image.convert(mode)
    pixels: NDArray[np.uint8] = np.asarray(plain)  # which reads the file where nothing has yet
    return pixels.reshape(*pixels.shape[:2], -1)


# By the number of the orientation in EXIF, which says where the first row and the first column are.
_TURNED: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    1: lambda p: p,  # top, left
    2: lambda p: p[:, ::-1],  # top, right
    3: lambda p: p[::-1, ::-1],  # bottom, right
    4: lambda p: p[::-1],  # bottom, left
    5: lambda p: p.swapaxes(0, 1),  # left, top
    6: lambda p: p[::-1].swapaxes(0, 1),  # right, top
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),  # right, bottom
    8: lambda p: p[:, ::-1].swapaxes(0, 1),  # left, bottom
}


def _upright(pixels: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    return _TURNED[turn](pixels)


# -------------------------------------------------------------------------------------------------------- the formats
class _Format(NamedTuple):
    """How a file of a format begins, and Pillow's reader of it alone, asked for where it is needed."""

    is_begun_by: Callable[[bytes], bool]
    reader: Callable[[], Any]


def _png() -> Any:
    from PIL.PngImagePlugin import PngImageFile

    return PngImageFile


def _jpeg() -> Any:
    from PIL.JpegImagePlugin import JpegImageFile

    return JpegImageFile


def _gif() -> Any:
    from PIL.GifImagePlugin import GifImageFile

    return GifImageFile


def _bmp() -> Any:
    from PIL.BmpImagePlugin import BmpImageFile

    return BmpImageFile


def _webp() -> Any:
    from PIL.WebPImagePlugin import WebPImageFile

    return WebPImageFile


_FORMATS = {
    "PNG": _Format(lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    "JPEG": _Format(lambda head: head.startswith(b"\xff\xd8\xff"), _jpeg),
    "GIF": _Format(lambda head: head.startswith((b"GIF87a", b"GIF89a")), _gif),
    "BMP": _Format(lambda head: head.startswith(b"BM") and head[6:10] == bytes(4), _bmp),
    "WebP": _Format(lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP", _webp),
}

# What is often called .jpg or .png by mistake, by how it begins.
_OTHER_FORMATS: dict[str, Callable[[bytes], bool]] = {
    "HEIC": lambda head: head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"),
    "AVIF": lambda head: head[4:12] in (b"ftypavif", b"ftypavis"),
    "TIFF": lambda head: head.startswith((b"II*\0", b"MM\0*")),
    "JPEG 2000": lambda head: head[4:8] == b"jP  ",
    "SVG": lambda head: head.startswith(b"<svg"),
    "PDF": lambda head: head.startswith(b"%PDF"),
    "HTML": lambda head: head.lower().startswith((b"<!doctype ht", b"<html")),
}


def _format(head: bytes) -> str | None:
    return next((name for name, kind in _FORMATS.items() if kind.is_begun_by(head)), None)


def _size_of_webp(data: bytes) -> tuple[int, int]:
    """Width and height by the first chunk of a WebP file; one pixel where Pillow will find it damaged anyway.

    Source:   RFC 9649, sections 2.5 to 2.7
    """

    def number(start: int, size: int) -> int:
        return int.from_bytes(data[start : start + size], "little")

    match data[12:16]:
        case b"VP8X":
            return number(24, 3) + 1, number(27, 3) + 1
        case b"VP8L":
            bits = number(21, 4)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return number(26, 2) & 0x3FFF, number(28, 2) & 0x3FFF
    return 1, 1
