"""Pictures of handwritten digits as a network takes them that was trained on MNIST's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.data.failures import Failures, refuse
from chainrule.data.inputs import Inputs
from chainrule.data.pictures.decoding import named
from chainrule.data.pictures.inputs import pixels_of
from chainrule.data.pictures.records import Picture, Pictures, look_at
from chainrule.data.records import Arrays, Records
from chainrule.errors import DataError, FileFormatError
from chainrule.messages import Message

_OTHER_RECORDS = Message(
    "digit_inputs.other_records",
    en="The model reads handwritten digits, not {given}. Give pictures with one digit each, or images as"
    " MNIST has them: uint8 of shape (n, {side}, {side}, 1), white on black.",
    zh="该模型识别手写数字，但给出的是 {given}。请给出每张含一个数字的图片，或与 MNIST 相同的图像："
    "uint8，形状 (n, {side}, {side}, 1)，黑底白字。",
)
_ARRAY = Message(
    "digit_inputs.array",
    en="The images hold {dtype} of shape {shape}, but this model takes arrays as MNIST has them: uint8 of shape"
    " (n, {side}, {side}, 1), from 0 (background) to 255 (ink). Where values go from 0 to 1, give"
    " (255 * x).astype('uint8').",
    zh="图像是形状 {shape} 的 {dtype}，而该模型接受与 MNIST 相同的数组：uint8，形状 (n, {side}, {side}, 1)，"
    "取值从 0（背景）到 255（笔迹）。若取值为 0 到 1，请给出 (255 * x).astype('uint8')。",
)
_BLANK = Message(
    "digit_inputs.blank",
    en="{picture} shows no digit: nothing in it stands out from its background. Give a picture of one digit, dark on"
    " light or light on dark.",
    zh="{picture} 中没有数字：没有任何内容与背景有明显差别。请给出含一个数字的图片，浅底深字或深底浅字均可。",
)

SIDE = 28  # of an image of MNIST, and
BOX = 20  # of the box in it that a digit just fits
_MOST = 512  # pixels along a side that are looked at: what is larger is made smaller
_FAINTEST = 24  # levels that ink has to differ from its background by
_FITS = 4  # of the background, after which shadows with an edge are found, too
_CELLS = 64  # along a side of the grid on which what belongs together is found
_PART = 0.05  # of the ink of the largest thing in a picture: what has less is dust
_STROKES = (1.6, 2.2, 3.9)  # pixels in the box: the 5th, 30th and 95th percentiles of MNIST's strokes


@dataclass(frozen=True)
class DigitInputs(Inputs):
    """Pictures of one handwritten digit each, however they were made, as MNIST has them: white on black, 28 by 28.

        background   the surface of second order through the colors along the edge, so that a shadow may fall on the
                     paper
        ink          how far a pixel's color is from it: dark on light, light on dark and red on yellow are alike
        parts        what is smaller than a twentieth of the largest thing is dust
        strokes      much thinner or thicker ones than MNIST's are made as wide as those
        size         the digit just fits a box of 20 by 20, its shape kept
        place        the center of mass of its ink is in the middle of the image

    The last two are what MNIST's own digits went through. Arrays (n, 28, 28, 1) of uint8 are images that did, and stay
    as they are.

    Shapes:   uint8 (n, 28, 28, 1)
    Raises:   FileFormatError for a picture in which nothing stands out.
    Source:   Y. LeCun, C. Cortes, C.J.C. Burges, The MNIST database of handwritten digits: "size normalized to fit in a
              20x20 pixel box while preserving their aspect ratio", "centered in a 28x28 image by computing the center
              of mass of the pixels"
    Example:
        >>> paper = np.full((90, 60), 255, np.uint8)
        >>> paper[20:60, 30:38] = 0  # a stroke of ink: one
        >>> image = DigitInputs().of(Pictures([paper]))[0, ..., 0]
        >>> rows, columns = image.any(1), image.any(0)
        >>> int(rows.sum()), int(columns.sum()), int(np.argmax(rows)), int(image.max())
        (20, 4, 4, 255)
    """

    kind = "digits"

    @property
    def shape(self) -> tuple[int, ...]:
        """That of one image."""
        return SIDE, SIDE, 1

    def of(self, records: Records) -> NDArray[np.uint8]:
        x, failures = self.of_usable(records)
        refuse(failures, len(records))
        return x

    def of_usable(self, records: Records) -> tuple[NDArray[np.uint8], Failures]:
        match records:
            case Pictures():
                images, failures = look_at(records.pictures, as_mnist)
                return np.array(images, np.uint8).reshape(-1, *self.shape), failures
            case Arrays(arrays=(x,)):
                if x.shape[1:] != self.shape or x.dtype != np.uint8:
                    raise DataError(_ARRAY(dtype=x.dtype, shape=x.shape, side=SIDE))
                return x, {}
        raise DataError(_OTHER_RECORDS(given=records.word(), side=SIDE))

    def as_data(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        return cls()


def as_mnist(picture: Picture) -> NDArray[np.uint8]:
    """The digit in a picture, (28, 28, 1), as DigitInputs describes it.

    Raises:   FileFormatError if it shows none.
    """
    ink = _ink(_reduced(pixels_of(picture, (_MOST, _MOST))).astype(np.float32))
    threshold = _threshold(ink)
    background, strokes = ink[ink < threshold], ink[ink >= threshold]
    if not len(background) or not len(strokes):
        raise FileFormatError(_BLANK(picture=named(picture)))
    # What the grain of a photograph amounts to is black; what most of the strokes have is white.
    black = float(background.mean() + 2 * background.std())
    white = float(np.median(strokes))
    if white - black < _FAINTEST or white < _FAINTEST:
        raise FileFormatError(_BLANK(picture=named(picture)))
    levels = np.clip((ink - black) / (white - black), 0, 1)
    levels[~_large_parts(levels)] = 0
    return _centered(_in_box(_usual_strokes(_cropped(levels))))[..., np.newaxis]


# ---------------------------------------------------------------------------------------------------------------- ink
def _reduced(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture of at most so many pixels along a side as are looked at, (height, width, channels)."""
    from PIL import Image

    height, width, channels = pixels.shape
    scale = _MOST / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(scale * width)), max(1, round(scale * height))
    image = Image.fromarray(pixels[..., 0] if channels == 1 else np.ascontiguousarray(pixels))
    return np.asarray(image.resize(size, Image.Resampling.BOX)).reshape(size[1], size[0], channels)


def _ink(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each pixel (height, width) differs from the background, 0 to 255: by the color that differs most."""
    height, width, _ = pixels.shape
    rows, columns = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    r, c = rows[:, None], columns[None, :]
    terms = np.stack(np.broadcast_arrays(1.0, r, c, r * r, r * c, c * c), -1)
    edge = np.ones((height, width), bool)
    edge[1:-1, 1:-1] = False
    found, at = pixels[edge], terms[edge]
    # Strokes that reach the edge are no part of the background: it is what is close to the median there, and then to
    # what that tells of the light.
    background = np.broadcast_to(np.median(found, axis=0), found.shape)
    for _ in range(_FITS):
        apart = np.abs(found - background).max(-1)
        paper = apart <= 2 * np.median(apart) + _FAINTEST
        surfaces, *_ = np.linalg.lstsq(at[paper], found[paper], rcond=None)
        background = at @ surfaces
    ink: NDArray[np.float32] = np.abs(pixels - terms @ surfaces).max(-1).clip(0, 255).astype(np.float32)
    return ink


def _threshold(ink: NDArray[np.float32]) -> int:
    """The level from which on there is ink, such that the levels of ink and those of background differ least.

    Source:   N. Otsu, A threshold selection method from gray-level histograms, IEEE Trans. SMC 9, 1979
    """
    counts = np.bincount(ink.astype(np.uint8).ravel(), minlength=256)
    below, sums = np.cumsum(counts), np.cumsum(counts * np.arange(256))
    above = below[-1] - below
    with np.errstate(invalid="ignore"):  # where all levels are on one side
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return 1 + int(np.argmax(np.nan_to_num(between)))


def _large_parts(levels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where the large things in a picture are, found on a coarse grid, on which strokes with small gaps are one."""
    height, width = levels.shape
    cell = -(-max(height, width) // _CELLS)
    rows, columns = -(-height // cell), -(-width // cell)
    cells = np.pad(levels, ((0, rows * cell - height), (0, columns * cell - width))).reshape(rows, cell, columns, cell)
    inked = cells.max((1, 3)) > 0.5
    things = _things(inked)
    ink = np.bincount(things.ravel(), cells.sum((1, 3)).ravel())
    ink[0] = 0
    large = (ink >= _PART * ink.max()) & (ink > 0)
    kept = _spread(large[things])  # the soft edges of strokes, too
    return np.repeat(np.repeat(kept, cell, 0), cell, 1)[:height, :width]


def _things(inked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each cell the number of the thing that it belongs to, from 1 on; 0 where there is none."""
    numbers = np.where(inked, np.arange(1, inked.size + 1).reshape(inked.shape), 0)
    while True:  # until each thing has the largest of its numbers everywhere
        spread = np.where(inked, _spread(numbers), 0)
        spread = np.where(inked, spread.ravel()[spread - 1], 0)  # what the cell of that number has learned by now
        if (spread == numbers).all():
            return numbers
        numbers = spread


def _spread(cells: NDArray[Any]) -> NDArray[Any]:
    """The largest of each cell and its eight neighbors."""
    around = np.pad(cells, 1)
    rows = np.maximum(np.maximum(around[:-2], around[1:-1]), around[2:])
    largest: NDArray[Any] = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return largest


# --------------------------------------------------------------------------------------------------------- the digit
def _cropped(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is inside the smallest box around all ink."""
    rows, columns = np.flatnonzero((levels > 0.1).any(1)), np.flatnonzero((levels > 0.1).any(0))
    return levels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _usual_strokes(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Strokes as wide as people's on MNIST's forms, where they are much thinner or thicker for the digit's size."""
    from PIL import Image, ImageFilter

    thin, usual, thick = _STROKES
    unit = max(levels.shape) / BOX
    width = _stroke_width(levels) / unit
    if thin <= width <= thick:
        return levels
    change = round((usual - width if width < thin else width - thick) * unit / 2)  # on either side
    if change < 1:
        return levels
    image = Image.fromarray(np.round(255 * np.pad(levels, change)).astype(np.uint8))
    size = 2 * change + 1
    other = image.filter(ImageFilter.MaxFilter(size) if width < thin else ImageFilter.MinFilter(size))
    changed = (np.asarray(other) / 255).astype(np.float32)
    return _cropped(changed) if (changed > 0.5).any() else levels


def _stroke_width(levels: NDArray[np.float32]) -> float:
    """In pixels: of a long stroke, twice its area by the length of its outline."""
    mask = np.pad(levels > 0.5, 1).astype(np.int8)
    steps = sum(int(np.abs(np.diff(mask, axis=axis)).sum()) for axis in (0, 1))
    return 2 * int(mask.sum()) / max(1, np.pi / 4 * steps)  # a slanted outline has 4/π steps a pixel


def _in_box(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The digit as large as just fits the box."""
    from PIL import Image

    height, width = levels.shape
    scale = BOX / max(height, width)
    size = max(1, round(scale * width)), max(1, round(scale * height))
    small: NDArray[np.float32] = np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.BILINEAR))
    return small.clip(0, 1)


def _centered(levels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The digit with its center of mass in the middle of an image, as far as its edge allows."""
    image, places = np.zeros((SIDE, SIDE), np.uint8), []
    for axis, extent in enumerate(levels.shape):
        center = (levels.sum(1 - axis) * np.arange(extent)).sum() / levels.sum()
        places.append(min(max(0, round(SIDE / 2 - float(center))), SIDE - extent))
    top, left = places
    image[top : top + levels.shape[0], left : left + levels.shape[1]] = np.round(255 * levels)
    return image
