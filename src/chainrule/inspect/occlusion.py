"""Which parts of an image a score needs: what happens to it when they are covered."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule.errors import UsageError
from chainrule.execute.choice import Executor
from chainrule.graph.operation import Array
from chainrule.inspect.images import as_picture, checked_image, checked_labels, scores_of
from chainrule.inspect.style import LINES, ORANGE, Picture, as_image, draw_grid
from chainrule.messages import Message
from chainrule.train.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["OcclusionMap", "occlusion_map", "plot_occlusion"]

_PATCH = Message(
    "occlusion.patch",
    en="patch={patch!r} and stride={stride!r}: give whole numbers of pixels, at least 1, the patch not larger than the"
    " image, {height} × {width}.",
    zh="patch={patch!r}、stride={stride!r}：请给出不小于 1 的整数像素数，且图块不大于图像 {height} × {width}。",
)


@dataclass(frozen=True, eq=False, repr=False)
class OcclusionMap:
    """One image, and what the model says of it while a patch covers a part of it.

    image      (height, width, channels)
    label      the class whose score is looked at
    score      that of the whole image
    scores     that with the patch at each place (rows, columns)
    classes    the class with the largest score at each place (rows, columns)
    patch      its side in pixels
    corners    top of the patch at each row, left at each column
    """

    image: Array
    label: int
    score: float
    scores: Array
    classes: Array
    patch: int
    corners: tuple[Array, Array]

    @property
    def drops(self) -> Array:
        """By how much the patch lowers the score (rows, columns); below zero where it raises it."""
        return np.asarray(self.score - self.scores)

    @property
    def pixels(self) -> Array:
        """The mean drop of all patches that cover a pixel (height, width); NaN where none does."""
        height, width = self.image.shape[:2]
        over = [
            _covers(c, self.patch, size).astype(float) for c, size in zip(self.corners, (height, width), strict=True)
        ]
        counts = np.outer(over[0].sum(0), over[1].sum(0))
        total = over[0].T @ self.drops @ over[1]
        return np.asarray(np.divide(total, counts, out=np.full((height, width), np.nan), where=counts > 0))

    def __repr__(self) -> str:
        rows, columns = self.scores.shape
        return (
            f"OcclusionMap(class {self.label}: {self.score:.3g}, falls by up to {self.drops.max():.3g} of"
            f" {rows} × {columns} places)"
        )


def occlusion_map(
    model: Model,
    image: ArrayLike,
    label: int | None = None,
    *,
    patch: int = 5,
    stride: int = 1,
    fill: float | None = None,
    batch_size: int = 256,
    executor: Executor = "auto",
) -> OcclusionMap:
    """The score of a class while a square patch slides over the image: where it falls, the score needs what is there.

        drop[i, j] = M(x)_label - M(x with x[i·s : i·s + p, j·s : j·s + p] = fill)_label

    label      None: the class with the largest score
    patch      p, its side; the last places are at the image's border whatever the stride s
    fill       what the patch holds; None: the mean of the image
    executor   as in Model.predict

    The score is what the model gives: a logit, or behind a softmax a probability. A patch is an object of its own, with
    some fills more than with others: where the drop is below zero, it looks more like the class than what it covers.

    Shapes:   image (height, width, channels)
    Units:    patch, stride: pixels
    Raises:   UsageError if the model is no classifier of images, or the patch does not fit; DataError if the image or
              the label does not.
    Source:   Zeiler and Fergus 2014, section 4.2
    Example:
        >>> from chainrule.nn import Dense, Flatten, Sequential
        >>> model = Model(Sequential([Flatten(), Dense(1, use_bias=False, kernel_initializer="ones")]), (3, 3, 1))
        >>> found = occlusion_map(model, np.eye(3)[..., None], patch=2, fill=0, executor="reference")
        >>> found.drops
        array([[2., 1.],
               [1., 2.]], dtype=float32)
    """
    pixels = checked_image(model, image)
    height, width = pixels.shape[1:3]
    whole = isinstance(patch, Integral) and isinstance(stride, Integral)
    if not (whole and stride >= 1 and 1 <= patch <= min(height, width)):
        raise UsageError(_PATCH(patch=patch, stride=stride, height=height, width=width))
    scores_of(model)
    own = model.predict(pixels, executor=executor)[0]
    chosen = int(own.argmax()) if label is None else int(checked_labels([label], 1, len(own))[0])
    value = pixels.mean() if fill is None else fill
    corners = tuple(np.unique([*range(0, size - patch, stride), size - patch]) for size in (height, width))
    rows, columns = (_covers(c, patch, size) for c, size in zip(corners, (height, width), strict=True))
    found = []
    places = np.indices((len(rows), len(columns))).reshape(2, -1)
    for start in range(0, places.shape[1], batch_size):
        down, across = places[:, start : start + batch_size]
        covered = rows[down][:, :, None] & columns[across][:, None, :]
        found.append(model.predict(np.where(covered[..., None], value, pixels).astype(pixels.dtype), executor=executor))
    scores = np.concatenate(found).reshape(len(rows), len(columns), -1)
    return OcclusionMap(
        image=pixels[0],
        label=chosen,
        score=float(own[chosen]),
        scores=scores[..., chosen],
        classes=scores.argmax(-1),
        patch=int(patch),
        corners=(corners[0], corners[1]),
    )


def _covers(corners: Array, patch: int, size: int) -> Array:
    """Which pixels along an axis a patch with that corner covers (corners, size)."""
    places = np.arange(size)
    return np.asarray((places >= corners[:, None]) & (places < corners[:, None] + patch))


def plot_occlusion(record: OcclusionMap) -> Picture:
    """The image with the patch in its corner; how far covering a pixel lowers the score; what wins instead, and where.

    In the last, a place is the middle of the patch; white is where the class stays the best.
    """

    def drawing(axes: list[list[Axes]]) -> None:
        image, drops, winners = axes[0]
        as_image(image, as_picture(record.image), f"class {record.label}: score {record.score:.3g}")
        image.images[0].set_cmap("gray")
        image.add_patch(_frame(record.patch))
        as_image(drops, record.pixels, "its fall when covered", signed=True)
        drops.figure.colorbar(drops.images[0], ax=drops, shrink=0.85)
        as_image(winners, as_picture(record.image), "which class wins instead")
        winners.images[0].set(cmap="gray_r", alpha=0.35)
        _color_winners(winners, record)
        height, width = record.image.shape[:2]
        winners.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))

    return draw_grid(1, 3, drawing, size=(8.6, 2.9))


def _frame(patch: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((-0.5, -0.5), patch, patch, fill=False, edgecolor=ORANGE, linewidth=1.4)


def _color_winners(axes: Axes, record: OcclusionMap) -> None:
    """A colour for each other class that wins somewhere, over the image."""
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Patch

    others = [int(c) for c in np.unique(record.classes) if c != record.label]
    colors = np.zeros((*record.classes.shape, 4))
    for k, other in enumerate(others):
        colors[record.classes == other] = to_rgba(LINES[k % len(LINES)], 0.8)
    (top, bottom), (left, right) = (_middles(corners, record.patch) for corners in record.corners)
    axes.imshow(colors, extent=(left, right, bottom, top))
    handles = [Patch(color=LINES[k % len(LINES)], label=f"class {c}") for k, c in enumerate(others)]
    if handles:
        axes.legend(handles=handles, loc="center left", bbox_to_anchor=(1.02, 0.5))
    else:
        axes.set_xlabel("none: it always wins")


def _middles(corners: Array, patch: int) -> tuple[float, float]:
    """Where the cells of the patch's middles begin and end along an axis."""
    half = (corners[-1] - corners[0]) / (2 * (len(corners) - 1)) if len(corners) > 1 else patch / 2
    middle = (patch - 1) / 2
    return float(corners[0] + middle - half), float(corners[-1] + middle + half)
