"""Where objects are in a larger picture: the places at which a classifier that is moved over it is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data import Scenes
from chainrule.errors import DataError, UsageError
from chainrule.execute.choice import Executor
from chainrule.inspect.score_maps import classified_shape, field_of, pixels_apart
from chainrule.inspect.style import ORANGE, Picture, as_image, draw_grid
from chainrule.messages import Message
from chainrule.nn.ranges import is_within
from chainrule.surgery import to_fully_convolutional
from chainrule.train.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Detection", "DetectionRates", "Localization", "detection_rates", "localize", "plot_localization"]

_IMAGES = Message(
    "localization.images",
    en="Objects are looked for in images (n, height, width, {channels}), at least {height} × {width}, but these have"
    " shape {shape}. One image is image[None].",
    zh="应在形状为 (n, 高, 宽, {channels})、不小于 {height} × {width} 的图像中查找对象，但给出的形状为 {shape}。"
    "单幅图像请写成 image[None]。",
)
_SHARE = Message(
    "localization.share",
    en="{name}={value!r} must be a number from 0 to 1.",
    zh="{name}={value!r} 必须是 0 到 1 之间的数。",
)
_BACKGROUND = Message(
    "localization.background",
    en="background={background!r} is no class: the model knows {classes}, from 0 on.",
    zh="background={background!r} 不是类别：模型有 {classes} 个类别，从 0 开始。",
)
_COUNTS = Message(
    "localization.counts",
    en="There are {found} localizations, but {scenes} scenes. Give those of the same pictures, in their order.",
    zh="有 {found} 个定位结果，但有 {scenes} 个场景。请按顺序给出同一批图像的结果。",
)

Boxes = NDArray[np.int64]
_SAME_OBJECT = 0.5  # boxes of one class that overlap at least this much are of one object


@dataclass(frozen=True)
class Detection:
    """An object that was found: its class, the probability of that, and its box.

    box   in pixels: top, left, bottom, right; the last two are just outside
    """

    label: int
    score: float
    box: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False, repr=False)
class Localization:
    """What was found in one image, the surest first.

    image           (height, width, channels)
    probabilities   (rows, columns, classes), at each place that the classifier was moved to
    stride          pixels between places, vertically and horizontally
    window          the part of the image that the classifier sees at a place
    background      the class that is no object; None if there is none
    """

    image: NDArray[Any]
    probabilities: NDArray[np.float64]
    stride: tuple[int, int]
    window: tuple[int, int]
    background: int | None
    detections: tuple[Detection, ...]

    def __repr__(self) -> str:
        found = ", ".join(f"{d.label} at ({d.box[0]}, {d.box[1]})" for d in self.detections)
        return f"Localization({found or 'nothing'})"


def localize(
    model: Model, images: ArrayLike, *, background: int | None = None, threshold: float = 0.5, overlap: float = 0.2,
    executor: Executor = "auto",
) -> list[Localization]:  # fmt: skip
    """Objects in larger images: where a classifier, moved over them, is sure of a class, with one box for each object.

    model        of images of the size of an object; it gives logits, or probabilities that sum to 1
    background   the class that means no object, if it was trained with one
    threshold    how probable a class must be at a place
    overlap      of boxes that overlap more than this (intersection over union), only the most probable is kept
    executor     as in Model.predict

    The classifier is made fully convolutional, so that all places are one computation; a box is the window that it
    sees there. Places are a stride apart, and a box is the mean, by their probabilities, of those around its best place
    that have its class.

    Shapes:   images (n, H, W, channels) → n records
    Raises:   UsageError if the model is no classifier, or cannot be moved, and for numbers out of range; DataError for
              images of other shapes.
    Source:   Sermanet et al. 2014, OverFeat, for places; non-maximum suppression as in Felzenszwalb et al. 2010,
              section 7.2
    Example:
        >>> import numpy as np
        >>> from chainrule.nn import Conv2D, Flatten, Sequential
        >>> model = Model(Sequential([Conv2D(2, 3), Flatten()]), (3, 3, 1))  # whether a window is full of light
        >>> model.parameters = {
        ...     "conv2d/kernel": np.stack([-np.ones((3, 3, 1)), np.ones((3, 3, 1))], -1),
        ...     "conv2d/bias": np.array([8.0, -8.0]),
        ... }
        >>> image = np.zeros((1, 8, 8, 1))
        >>> image[0, 2:5, 4:7] = 1.0
        >>> localize(model, image, background=0)
        [Localization(1 at (2, 4))]
    """
    height, width, channels = classified_shape(model)
    pixels = np.asarray(images)
    shape = pixels.shape
    if pixels.ndim != 4 or shape[1] < height or shape[2] < width or shape[3] != channels:
        raise DataError(_IMAGES(channels=channels, height=height, width=width, shape=shape))
    for name, value in (("threshold", threshold), ("overlap", overlap)):
        _check_share(name, value)
    large = to_fully_convolutional(model, shape[1:])
    down, right = pixels_apart(field_of(large))
    probabilities = _probabilities(large.predict(pixels, executor=executor))
    if background is not None and not 0 <= background < probabilities.shape[-1]:
        raise UsageError(_BACKGROUND(background=background, classes=probabilities.shape[-1]))
    return [
        Localization(
            image=image,
            probabilities=own,
            stride=(down, right),
            window=(height, width),
            background=background,
            detections=_detections(own, (down, right), (height, width), background, threshold, overlap),
        )
        for image, own in zip(pixels, probabilities, strict=True)
    ]


def _probabilities(scores: NDArray[Any]) -> NDArray[np.float64]:
    """Scores as probabilities: what is positive and sums to 1 everywhere already is, logits are not by chance."""
    scores = scores.astype(np.float64)
    if (scores >= 0).all() and np.allclose(scores.sum(-1), 1.0, atol=1e-4):
        return scores
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def _detections(
    probabilities: NDArray[np.float64], stride: tuple[int, int], window: tuple[int, int], background: int | None,
    threshold: float, overlap: float,
) -> tuple[Detection, ...]:  # fmt: skip
    labels, scores = probabilities.argmax(-1), probabilities.max(-1)
    sure = (scores >= threshold) & (labels != (-1 if background is None else background))
    corners = np.argwhere(sure) * stride
    boxes, labels, scores = np.hstack([corners, corners + window]), labels[sure], scores[sure]
    found = []
    for best in most_probable(boxes, scores, overlap):
        same = (intersections_over_unions(boxes[[best]], boxes)[0] >= _SAME_OBJECT) & (labels == labels[best])
        top, left, bottom, right = np.rint(np.average(boxes[same], axis=0, weights=scores[same])).astype(int).tolist()
        found.append(Detection(int(labels[best]), float(scores[best]), (top, left, bottom, right)))
    return tuple(found)


def most_probable(boxes: Boxes, scores: NDArray[np.float64], overlap: float) -> list[int]:
    """Non-maximum suppression: which boxes remain, the most probable first, if none overlaps a better one too much.

    Example:
        >>> boxes = np.array([[0, 0, 4, 4], [0, 1, 4, 5], [0, 5, 4, 9]])
        >>> most_probable(boxes, np.array([0.7, 0.9, 0.8]), 0.2)
        [1, 2]
    """
    order = np.argsort(-scores, kind="stable")
    shared = intersections_over_unions(boxes[order], boxes[order])
    kept: list[int] = []
    for place in range(len(order)):
        if not (shared[place, kept] > overlap).any():
            kept.append(place)
    return [int(order[place]) for place in kept]


def intersections_over_unions(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """How much each box of a and each of b have in common, 0 to 1.

    Example:
        >>> intersections_over_unions(np.array([[0, 0, 2, 2]]), np.array([[0, 0, 2, 2], [0, 1, 2, 3], [5, 5, 6, 6]]))
        array([[1.        , 0.33333333, 0.        ]])
    """
    first, last = np.maximum(a[:, None, :2], b[:, :2]), np.minimum(a[:, None, 2:], b[:, 2:])
    common = np.clip(last - first, 0, None).prod(-1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(-1) for boxes in (a, b)]
    return np.asarray(common / (areas[0][:, None] + areas[1] - common))


@dataclass(frozen=True)
class DetectionRates:
    """How well objects were found in pictures.

    objects   how many there were
    found     how many of them were found: a detection of their class, whose box overlaps theirs enough
    false     detections that found none: of another class, elsewhere, or of an object that was found already
    """

    pictures: int
    objects: int
    found: int
    false: int

    @property
    def recall(self) -> float:
        """The share of objects that were found."""
        return self.found / self.objects

    @property
    def false_per_picture(self) -> float:
        """False detections in a picture, on average."""
        return self.false / self.pictures

    def __repr__(self) -> str:
        return (
            f"DetectionRates({self.found} of {self.objects} found, {self.recall:.1%};"
            f" {self.false_per_picture:.2f} false detections per picture)"
        )


def _check_share(name: str, value: Any) -> None:
    if not is_within(value, 0, 1):
        raise UsageError(_SHARE(name=name, value=value))


def detection_rates(found: Sequence[Localization], made: Scenes, *, overlap: float = 0.5) -> DetectionRates:
    """Recall and false detections of what was found in scenes, in which it is known what there is.

    A detection finds an object of its class that no surer one has found, if their boxes' intersection over union is at
    least `overlap`.

    Raises:   DataError if there are more or fewer localizations than scenes; UsageError if the overlap is no share.
    """
    _check_share("overlap", overlap)
    if len(found) != len(made.images):
        raise DataError(_COUNTS(found=len(found), scenes=len(made.images)))
    hits = 0
    for localization, labels, boxes in zip(found, made.labels, made.boxes, strict=True):
        free = np.ones(len(labels), bool)
        for detection in localization.detections:
            shared = intersections_over_unions(np.array([detection.box]), boxes)[0]
            fits = np.flatnonzero(free & (labels == detection.label) & (shared >= overlap))
            if len(fits):
                free[fits[shared[fits].argmax()]] = False
        hits += int((~free).sum())
    detections = sum(len(localization.detections) for localization in found)
    return DetectionRates(len(found), sum(map(len, made.labels)), hits, detections - hits)


def plot_localization(found: Localization) -> Picture:
    """The image with its boxes, and the map of how probable an object is at each place, over the image."""

    def drawing(axes: list[list[Axes]]) -> None:
        image, probability = axes[0]
        pixels = found.image[..., 0] if found.image.shape[-1] == 1 else found.image
        count = len(found.detections)
        as_image(image, pixels, f"{count} object{'' if count == 1 else 's'} found")
        image.images[0].set_cmap("gray")
        height, width = pixels.shape[:2]
        for detection in found.detections:
            top, left, bottom, right = detection.box
            image.add_patch(_rectangle((left - 0.5, top - 0.5), right - left, bottom - top))
            above = top > height / 10  # where there is room for words
            style: Any = {"color": ORANGE, "fontsize": 8, "va": "bottom" if above else "top", "weight": "bold"}
            image.text(left, top - 1 if above else bottom, f"{detection.label} ({detection.score:.2f})", **style)
        objects = _of_objects(found)
        as_image(probability, pixels, "probability of an object, by the window's middle")
        probability.images[0].set_cmap("gray")
        rows, columns = objects.shape
        (down, right_), (tall, wide) = found.stride, found.window
        middle = (tall - 1) / 2 - down / 2, (wide - 1) / 2 - right_ / 2
        extent = (middle[1], middle[1] + columns * right_, middle[0] + rows * down, middle[0])
        shown = probability.imshow(objects, extent=extent, alpha=0.75, vmin=0.0, vmax=1.0)
        for one in axes[0]:
            one.set_xlim(-1.5, width + 0.5)  # boxes at the border are whole
            one.set_ylim(height + 0.5, -1.5)
            one.spines[:].set_visible(False)
        probability.figure.colorbar(shown, ax=probability, shrink=0.85)

    return draw_grid(1, 2, drawing, size=(7.6, 3.4))


def _of_objects(found: Localization) -> NDArray[np.float64]:
    """How probable any object is at each place."""
    if found.background is None:
        return np.asarray(found.probabilities.max(-1))
    return np.asarray(1.0 - found.probabilities[..., found.background])


def _rectangle(corner: tuple[float, float], width: float, height: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, width, height, fill=False, edgecolor=ORANGE, linewidth=1.6)
