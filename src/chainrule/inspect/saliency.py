"""Which pixels a score depends on most: the size of its derivative by each."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from chainrule.autodiff.reverse import gradients
from chainrule.errors import UsageError
from chainrule.graph.operation import Array
from chainrule.graph.seeds import random_generator
from chainrule.graph.tensor import input_tensor
from chainrule.inspect.images import as_picture, checked_images, checked_labels, scores_of, values_of
from chainrule.inspect.style import Picture, as_image, check_most, draw_grid
from chainrule.messages import Message
from chainrule.nn.ranges import is_within
from chainrule.ops.contraction import sum
from chainrule.train.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Saliency", "plot_saliency", "saliency"]

_NOISE = Message(
    "saliency.noise",
    en="noise={noise!r} and samples={samples!r}: give the noise as a share of the range of pixels, 0 or more, and with"
    " noise at least one sample.",
    zh="noise={noise!r}、samples={samples!r}：噪声应为像素取值范围的比例（不小于 0），且使用噪声时至少取一个样本。",
)


@dataclass(frozen=True, eq=False, repr=False)
class Saliency:
    """How strongly a score of each image answers to each of its pixels.

    images      (n, height, width, channels)
    labels      whose score (n,)
    scores      (n,)
    gradients   ∂score/∂pixel, or its mean over noisy images (n, height, width, channels)
    """

    images: Array
    labels: Array
    scores: Array
    gradients: Array

    @property
    def maps(self) -> Array:
        """The largest |∂score/∂pixel| of a pixel's channels (n, height, width)."""
        return np.asarray(np.abs(self.gradients).max(-1))

    def __repr__(self) -> str:
        return f"Saliency({len(self.images)} images {self.images.shape[1:]})"


def saliency(
    model: Model,
    images: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    noise: float = 0.0,
    samples: int = 16,
    seed: int = 0,
) -> Saliency:
    """The derivative of a class's score by every pixel, at some images, in inference.

        s_ij = max over channels of |∂M(x)_label / ∂x_ij|

    It says what would change the score if it were changed a little, not what the score is made of. With noise it is the
    derivative's mean over noisy copies of the image (SmoothGrad), which is less ragged.

    labels    whose scores; None: of the class with the largest
    noise     standard deviation, as a share of each image's range of pixels
    samples   noisy copies of each image, where there is noise

    The score is what the model gives: a logit, or behind a softmax a probability, whose derivative vanishes where the
    model is sure. Arrays are computed by the reference executor.

    Shapes:   images (n, height, width, channels), labels (n,)
    Raises:   UsageError if the model is no classifier of images; DataError if images or labels do not fit it.
    Source:   Simonyan, Vedaldi and Zisserman 2014; noise: Smilkov, Thorat, Kim, Viégas and Wattenberg 2017
    Example:
        >>> from chainrule.nn import Dense, Flatten, Sequential
        >>> model = Model(Sequential([Flatten(), Dense(2)]), (2, 2, 1))
        >>> model.parameters["dense/kernel"] = np.array([[1.0, 0], [-2, 0], [3, 0], [0, 0]])
        >>> saliency(model, np.ones((1, 2, 2, 1)), [0]).maps[0]
        array([[1., 2.],
               [3., 0.]], dtype=float32)
    """
    pixels = checked_images(model, images)
    if not (is_within(noise, 0, np.inf) and isinstance(samples, Integral) and int(samples) >= 1):
        raise UsageError(_NOISE(noise=noise, samples=samples))
    scores = scores_of(model)
    (values,) = values_of(model, [scores], pixels)
    classes = values.shape[1]
    chosen = values.argmax(1) if labels is None else checked_labels(labels, len(pixels), classes)
    only = np.eye(classes, dtype=values.dtype)[chosen]
    wanted = input_tensor("wanted", scores.shape, scores.dtype)
    (slope,) = gradients(sum(scores * wanted), model.network.inputs)
    if noise:
        found = np.zeros_like(pixels)
        random = random_generator(seed)
        spread = noise * (pixels.max((1, 2, 3), keepdims=True) - pixels.min((1, 2, 3), keepdims=True))
        for _ in range(samples):
            noisy = (pixels + spread * random.standard_normal(pixels.shape)).astype(pixels.dtype)
            found += values_of(model, [slope], noisy, {wanted: only})[0] / samples
    else:
        (found,) = values_of(model, [slope], pixels, {wanted: only})
    return Saliency(pixels, chosen, values[np.arange(len(pixels)), chosen], found)


def plot_saliency(record: Saliency, *, most: int = 8) -> Picture:
    """The images, and below each what its score answers to: dark not at all, bright most, a scale for each image."""
    check_most(most)
    count = min(len(record.images), most)
    tall = record.images.shape[1] / record.images.shape[2]

    def drawing(axes: list[list[Axes]]) -> None:
        for k in range(count):
            as_image(axes[0][k], as_picture(record.images[k]), f"class {record.labels[k]}: {record.scores[k]:.3g}")
            axes[0][k].images[0].set_cmap("gray")
            as_image(axes[1][k], record.maps[k])
        axes[0][0].set_ylabel("image, score")
        axes[1][0].set_ylabel("|∂score/∂pixel|")

    return draw_grid(2, count, drawing, size=(0.4 + 1.3 * count, 0.5 + 2.6 * tall))
