"""Pictures with several objects each, and where these are: for networks that find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.checks import check_samples
from chainrule.errors import DataError, UsageError
from chainrule.graph.seeds import random_generator
from chainrule.messages import Message

_IMAGES = Message(
    "scenes.images",
    en="Scenes are composed of images (n, height, width, channels), but these have shape {shape}.",
    zh="场景由形状 (n, 高, 宽, 通道数) 的图像组成，但给出的形状为 {shape}。",
)
_OBJECTS = Message(
    "scenes.objects",
    en="objects={objects!r}: give the least and the largest number of objects in a picture, such as (3, 5).",
    zh="objects={objects!r}：请给出每幅图中对象的最少和最多个数，例如 (3, 5)。",
)
_NO_ROOM = Message(
    "scenes.no_room",
    en="{objects} objects of {height} × {width} pixels find no room in {size} without overlapping. Make the pictures"
    " larger, or put fewer objects into them.",
    zh="在 {size} 的图中，{objects} 个 {height} × {width} 像素的对象无法互不重叠地放下。请增大图像或减少对象。",
)
_NO_BACKGROUND = Message(
    "scenes.no_background",
    en="No window of {height} × {width} pixels is at least {far} pixels away from every object. Make `far` smaller, or"
    " the pictures larger.",
    zh="没有一个 {height} × {width} 像素的窗口与所有对象都相距至少 {far} 像素。请减小 far 或增大图像。",
)
_DISTANCES = Message(
    "scenes.distances",
    en="near={near!r} and far={far!r}: give pixels, 0 or more, near below far.",
    zh="near={near!r}、far={far!r}：请给出不小于 0 的像素数，且 near 小于 far。",
)

_TRIES = 1000


@dataclass(frozen=True, eq=False, repr=False)
class Scenes:
    """Pictures, and the objects in each.

    images   (n, height, width, channels)
    labels   for each picture, those of its objects
    boxes    for each picture (objects, 4), in pixels: top, left, bottom, right; the last two are just outside
    """

    images: NDArray[Any]
    labels: tuple[NDArray[np.int64], ...]
    boxes: tuple[NDArray[np.int64], ...]

    def __repr__(self) -> str:
        count = sum(map(len, self.labels))
        return f"<{len(self.images)} scenes {self.images.shape[1:]} with {count} objects>"


def scenes(
    images: ArrayLike,
    labels: ArrayLike,
    count: int,
    *,
    size: tuple[int, int] = (96, 96),
    objects: tuple[int, int] = (3, 5),
    seed: int = 0,
) -> Scenes:
    """Pictures on each of which some of the images stand at random places, without overlapping.

    size      height and width of a picture
    objects   the least and the largest number in a picture; each number is as likely

    Every image is as likely to be drawn. What is between them is 0. The same seed gives the same pictures.

    Shapes:   images (n, h, w, c), labels (n,) → images (count, *size, c)
    Raises:   DataError if images and labels do not fit each other; UsageError if objects find no room.
    Example:
        >>> from chainrule.data import digits
        >>> data = digits()
        >>> made = scenes(data.x_test, data.y_test, 50)
        >>> made, made.labels[0], made.boxes[0][0]
        (<50 scenes (96, 96, 1) with 195 objects>, array([8, 7, 2, 5, 5]), array([55, 37, 83, 65]))
    """
    images, labels = np.asarray(images), np.asarray(labels)
    check_samples({"images": images, "labels": labels})
    if images.ndim != 4:
        raise DataError(_IMAGES(shape=images.shape))
    random = random_generator(seed)
    numbers = random.integers(*_checked_objects(objects), count, endpoint=True)
    made = np.zeros((count, *size, images.shape[3]), images.dtype)
    found = []
    for picture, number in zip(made, numbers, strict=True):
        boxes = _apart(random, int(number), images.shape[1:3], size)
        chosen = random.integers(0, len(images), int(number))
        for image, (top, left, bottom, right) in zip(images[chosen], boxes, strict=True):
            picture[top:bottom, left:right] = image
        found.append((labels[chosen].astype(np.int64), boxes))
    return Scenes(made, tuple(own for own, _ in found), tuple(boxes for _, boxes in found))


def _apart(
    random: np.random.Generator, count: int, inner: Sequence[int], size: tuple[int, int]
) -> NDArray[np.int64]:  # fmt: skip
    """Boxes of one size that do not overlap: each at any of the places that are left, all anew where none is."""
    extent, room = np.array(inner), np.array(size) - inner
    for _ in range(_TRIES if (room >= 0).all() else 0):
        free = np.argwhere(np.ones(room + 1, bool))
        corners: list[NDArray[np.int64]] = []
        while len(corners) < count and len(free):
            corners.append(free[random.integers(0, len(free))])
            free = free[(np.abs(free - corners[-1]) >= extent).any(1)]
        if len(corners) == count:
            return np.hstack([corners, corners + extent])
    raise UsageError(_NO_ROOM(objects=count, height=extent[0], width=extent[1], size=f"{size[0]} × {size[1]}"))


def _checked_objects(objects: Any) -> tuple[int, int]:
    match objects:
        case (int(least), int(most)) if 1 <= least <= most:
            return least, most
    raise UsageError(_OBJECTS(objects=objects))


def scene_windows(
    made: Scenes,
    *,
    background: int,
    near: int = 2,
    far: int = 8,
    shifts: int = 1,
    backgrounds: float = 1.0,
    seed: int = 0,
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Windows of the objects' size from scenes, as samples for a classifier that knows what is no object.

    background    the label of windows without an object in their middle
    near          a window up to so many pixels off its object, along both axes, has the object's label
    far           one at least so many pixels off every object, along one axis, is background, whatever part of an
                  object is in it; of what is between nothing is said
    shifts        how many windows are taken of each object, each shifted by chance
    backgrounds   how many windows of background there are for each of those

    Shapes:   → windows (m, h, w, c), labels (m,), objects first
    Raises:   UsageError if near is not below far, or no window is background.
    Example:
        >>> from chainrule.data import digits
        >>> data = digits()
        >>> made = scenes(data.x_train, data.y_train, 100)
        >>> x, y = scene_windows(made, background=10)
        >>> x.shape, (y == 10).mean()
        ((812, 28, 28, 1), np.float64(0.5))
    """
    if not 0 <= near < far:
        raise UsageError(_DISTANCES(near=near, far=far))
    random = random_generator(seed)
    corners = np.concatenate([boxes[:, :2] for boxes in made.boxes])
    picture = np.repeat(np.arange(len(made.boxes)), [len(boxes) for boxes in made.boxes])
    extent = made.boxes[0][0, 2:] - made.boxes[0][0, :2]
    room = np.array(made.images.shape[1:3]) - extent
    picture, labels = np.repeat(picture, shifts), np.repeat(np.concatenate(made.labels), shifts)
    moved = np.repeat(corners, shifts, 0)
    moved = np.clip(moved + random.integers(-near, near, moved.shape, endpoint=True), 0, room)
    wanted = round(backgrounds * len(moved))
    where, empty = _background(random, made, wanted, room, far)
    windows = np.lib.stride_tricks.sliding_window_view(made.images, tuple(extent), axis=(1, 2))
    pictures, places = np.concatenate([picture, where]), np.concatenate([moved, empty])
    x = windows[pictures, places[:, 0], places[:, 1]].transpose(0, 2, 3, 1)
    return np.ascontiguousarray(x), np.concatenate([labels, np.full(wanted, background, np.int64)])


def _background(
    random: np.random.Generator, made: Scenes, wanted: int, room: NDArray[np.int64], far: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pictures and corners of windows that are far off every object of their picture."""
    most = max(map(len, made.boxes))
    corners = np.full((len(made.boxes), most, 2), -(10**6))  # where there are fewer objects: far off everything
    for own, boxes in zip(corners, made.boxes, strict=True):
        own[: len(boxes)] = boxes[:, :2]
    pictures, places = np.zeros(0, np.int64), np.zeros((0, 2), np.int64)
    for _ in range(_TRIES):
        if len(pictures) >= wanted:
            return pictures[:wanted], places[:wanted]
        picture = random.integers(0, len(corners), wanted)
        place = random.integers(0, room + 1, (wanted, 2))
        distances = np.abs(corners[picture] - place[:, None]).max(axis=2)
        off = distances.min(axis=1) >= far
        pictures, places = np.concatenate([pictures, picture[off]]), np.concatenate([places, place[off]])
    height, width = np.array(made.images.shape[1:3]) - room
    raise UsageError(_NO_BACKGROUND(height=height, width=width, far=far))
