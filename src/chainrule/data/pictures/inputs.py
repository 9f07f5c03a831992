"""Pictures as a network takes them: all of one size, gray or in colors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.data.failures import Failures, refuse
from chainrule.data.inputs import Inputs
from chainrule.data.pictures.decoding import Measures, decode, measure
from chainrule.data.pictures.records import Picture, Pictures, look_at
from chainrule.data.records import Records
from chainrule.errors import DataError, UsageError
from chainrule.messages import Message

_OTHER_RECORDS = Message(
    "picture_inputs.other_records",
    en="The model was trained on pictures, not on {given}. Give pictures, such as the path of a PNG or JPEG"
    " file, or of a folder of them.",
    zh="该模型是用图片训练的，但给出的是 {given}。请给出图片，例如 PNG 或 JPEG 文件的路径，或包含它们的文件夹。",
)
_SIZE = Message(
    "picture_inputs.size",
    en="image_size is {size!r}; it must be a number of pixels from 1 to {most}, or height and width.",
    zh="image_size 为 {size!r}；它必须是 1 到 {most} 的像素数，或高与宽。",
)

USUAL_SIZE = 32  # what the residual and all-convolutional networks were designed for; a step's time grows as its square
LARGEST_KEPT = 64  # pixels along a side of pictures that stay as they are
_FEW = 16  # pictures
LARGEST_SIZE = 1024  # that may be asked for: a thousand such pictures are 3 GB

ImageSize = int | tuple[int, int]


@dataclass(frozen=True)
class PictureInputs(Inputs):
    """Pictures as bytes, uint8 (n, height, width, channels), which models scale themselves.

    A picture of another size is made smaller or larger, with its shape kept, until it just fits; the rest around it
    gets the median color of its edge, so that neither paper nor night ends in a bar. Colors become gray by their
    luminance where the network knows gray alone, 0.299·red + 0.587·green + 0.114·blue, and gray becomes three equal
    colors where it knows colors.

    Example:
        >>> photographs = Pictures([np.full((40, 60, 3), 200, np.uint8), np.full((80, 60, 3), (9, 99, 9), np.uint8)])
        >>> PictureInputs.learned(photographs)
        PictureInputs(height=32, width=32, channels=3)
        >>> PictureInputs.learned(photographs, image_size=16).of(photographs).shape
        (2, 16, 16, 3)
    """

    height: int
    width: int
    channels: int
    kind = "pictures"

    @classmethod
    def learned(cls, records: Pictures, image_size: ImageSize | None = None) -> Self:
        """What the pictures to train on are like: in colors if any of them shows one; of the size that more than half
        of them have, if that is small, else of the usual size. An `image_size`, height and width or one number for
        both, overrules it. Pictures that cannot be read say nothing here; `of` refuses them, all together.

        Raises:   UsageError for a size out of range; FileFormatError if none can be read.
        """
        size = None if image_size is None else checked_size(image_size)
        measures, failures = look_at(records.pictures, _measured)
        if not measures:
            refuse(failures, len(records))
        if size is None:
            (size, count), *_ = Counter(found[:2] for found in measures).most_common(1)
            if 2 * count <= len(measures) or max(size) > LARGEST_KEPT:
                size = USUAL_SIZE, USUAL_SIZE
        readable = [picture for place, picture in enumerate(records.pictures) if place not in failures]
        suspects = [picture for picture, found in zip(readable, measures, strict=True) if not found.gray]
        return cls(size[0], size[1], 3 if _any_colored(suspects) else 1)

    @property
    def image_size(self) -> tuple[int, int]:
        return self.height, self.width

    def of(self, records: Records) -> NDArray[np.uint8]:
        x, failures = self.of_usable(records)
        refuse(failures, len(records))
        return x

    def of_usable(self, records: Records) -> tuple[NDArray[np.uint8], Failures]:
        if not isinstance(records, Pictures):
            raise DataError(_OTHER_RECORDS(given=records.word()))
        x = np.empty((len(records), self.height, self.width, self.channels), np.uint8)

        def put(numbered: tuple[int, Picture]) -> None:
            x[numbered[0]] = self.fitted(numbered[1])

        _, failures = look_at(list(enumerate(records.pictures)), put)
        return np.delete(x, [*failures], axis=0) if failures else x, failures

    def fitted(self, picture: Picture) -> NDArray[np.uint8]:
        """One picture, (height, width, channels)."""
        box = self.height, self.width
        pixels = pixels_of(picture, box)
        if pixels.shape[2] != self.channels:
            pixels = _as_gray(pixels) if self.channels == 1 else np.repeat(pixels, 3, 2)
        return pixels if pixels.shape[:2] == box else _within(box, pixels)

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        size = checked_size((int(data["height"]), int(data["width"])))
        channels = int(data["channels"])
        if channels not in (1, 3):
            raise ValueError(channels)
        return cls(*size, channels)


def checked_size(size: Any) -> tuple[int, int]:
    """Height and width, once they are found to be in range; one number is both.

    Raises:   UsageError for anything else.
    """
    both = (size, size) if isinstance(size, int) else tuple(size) if isinstance(size, Sequence) else ()
    if len(both) != 2 or not all(type(side) is int and 1 <= side <= LARGEST_SIZE for side in both):
        raise UsageError(_SIZE(size=size, most=LARGEST_SIZE))
    return both[0], both[1]


def _measured(picture: Picture) -> Measures:
    if isinstance(picture, np.ndarray):
        return Measures(picture.shape[0], picture.shape[1], picture.ndim == 2 or picture.shape[2] == 1)
    return measure(picture)


def _any_colored(pictures: Sequence[Picture]) -> bool:
    """Whether any of them shows a color: many files that could hold colors hold none."""
    # Of colored pictures the first few tell; all are decoded only where those are gray.
    return any(any(look_at(some, _is_colored)[0]) for some in (pictures[:_FEW], pictures[_FEW:]) if some)


def _is_colored(picture: Picture) -> bool:
    pixels = pixels_of(picture)
    return bool(pixels.shape[2] == 3 and (pixels[..., :1] != pixels[..., 1:]).any())


def pixels_of(picture: Picture, box: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """(height, width, channels)"""
    if isinstance(picture, Path | bytes):
        return decode(picture, box=box)
    return picture if picture.ndim == 3 else picture[..., np.newaxis]


def _as_gray(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from PIL import Image

    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).convert("L"))[..., np.newaxis]


def _within(box: tuple[int, int], pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The largest picture of this shape that fits the box, in its middle."""
    from PIL import Image

    height, width, channels = pixels.shape
    scale = min(box[0] / height, box[1] / width)
    inner = max(1, round(scale * height)), max(1, round(scale * width))
    image = Image.fromarray(pixels[..., 0] if channels == 1 else np.ascontiguousarray(pixels))
    small = np.asarray(image.resize(inner[::-1], Image.Resampling.BILINEAR)).reshape(*inner, channels)
    if inner == box:
        return small
    around = np.empty((*box, channels), np.uint8)
    around[:] = np.median(_edge(pixels), axis=0).astype(np.uint8)
    top, left = (box[0] - inner[0]) // 2, (box[1] - inner[1]) // 2
    around[top : top + inner[0], left : left + inner[1]] = small
    return around


def _edge(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels along the four sides, one in each row."""
    sides = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    return np.concatenate(sides)
