"""A classifier that is moved over an image: its map of scores, against what it says of each crop by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import DataError, UsageError
from chainrule.execute.choice import Executor
from chainrule.graph.tensor import Tensor
from chainrule.inspect.style import GRAY, Picture, check_records, draw_grid
from chainrule.messages import Message
from chainrule.nn.receptive_field import ReceptiveField, receptive_field
from chainrule.surgery import to_fully_convolutional
from chainrule.train.model import Model, check_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CropComparison", "compare_with_crops", "plot_crop_comparisons"]

_CLASSIFIER = Message(
    "score_maps.classifier",
    en="The model is to classify images: its input has shape (batch, height, width, channels) and its output (batch,"
    " classes), but they have {input} and {output}.",
    zh="模型应为图像分类器：输入形状为 (batch, 高, 宽, 通道数)，输出为 (batch, 类别数)，"
    "但给出的是 {input} 和 {output}。",
)
_IMAGE = Message(
    "score_maps.image",
    en="The image has shape {shape}, but is to have (height, width, channels), at least {least}.",
    zh="图像的形状为 {shape}，但应为 (高, 宽, 通道数)，且不小于 {least}。",
)
_FINER = Message(
    "score_maps.finer",
    en="The places of the model's map are {stride} pixels apart, but crops begin at whole pixels. Take away what makes"
    " maps larger than the image, such as Conv2DTranspose or UpSampling2D.",
    zh="模型的图中相邻位置相距 {stride} 个像素，而裁剪块只能从整像素处开始。请去掉使特征图大于图像的层，"
    "例如 Conv2DTranspose 或 UpSampling2D。",
)


@dataclass(frozen=True, eq=False, repr=False)
class CropComparison:
    """What a fully convolutional network says at each place, and the classifier of the crop that begins there.

    map          (rows, columns, classes), on the whole image
    crops        the same of the crops at (i·S, j·S), each by itself
    difference   (rows, columns), the largest of a place's classes
    field        receptive field and stride of the map
    """

    map: NDArray[np.float32]
    crops: NDArray[np.float32]
    difference: NDArray[np.float32]
    field: ReceptiveField

    @property
    def largest(self) -> float:
        """The largest difference of all places and classes."""
        return float(self.difference.max())

    @property
    def typical(self) -> float:
        """How large scores are: the root of their mean square."""
        return float(np.sqrt(np.mean(np.square(self.crops, dtype=np.float64))))

    @property
    def agreement(self) -> float:
        """The share of places at which both have the same best class."""
        return float((self.map.argmax(-1) == self.crops.argmax(-1)).mean())

    def __repr__(self) -> str:
        rows, columns = self.difference.shape
        return (
            f"CropComparison({rows} × {columns} places, largest difference {self.largest:.2g} of scores of"
            f" {self.typical:.2g}, same class at {self.agreement:.0%})"
        )


def compare_with_crops(model: Model, image: ArrayLike, *, executor: Executor = "auto") -> CropComparison:
    """The score map of a classifier on a larger image, and what the classifier says of every crop of its own size.

        map[i, j]  against  M(image[i·S : i·S + h, j·S : j·S + w])

    Without padding both are the same to rounding. With padding, and with transposed convolutions, they are not: a crop
    has zeros around it where the map has the neighbouring pixels.

    executor   as in Model.predict

    Shapes:   image (H, W, channels), at least as large as the model's input (h, w, channels)
    Raises:   UsageError if the model is no classifier of images, or cannot be moved; DataError for other images.
    Example:
        >>> import numpy as np
        >>> from chainrule.nn import Conv2D, Dense, Flatten, Sequential
        >>> model = Model(Sequential([Conv2D(4, 3, 2, activation="relu"), Flatten(), Dense(3)]), (9, 9, 1))
        >>> image = np.random.default_rng(0).uniform(size=(13, 15, 1))
        >>> found = compare_with_crops(model, image)
        >>> found.map.shape, found.largest < 1e-5
        ((3, 4, 3), True)
    """
    height, width, channels = classified_shape(model)
    pixels = np.asarray(image)
    if pixels.ndim != 3 or pixels.shape[0] < height or pixels.shape[1] < width or pixels.shape[2] != channels:
        raise DataError(_IMAGE(shape=pixels.shape, least=(height, width, channels)))
    large = to_fully_convolutional(model, pixels.shape)
    field = field_of(large)
    down, right = pixels_apart(field)
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (height, width), axis=(0, 1))[::down, ::right]
    rows, columns = windows.shape[:2]
    samples = np.ascontiguousarray(windows.transpose(0, 1, 3, 4, 2)).reshape(-1, height, width, channels)
    crops = model.predict(samples, executor=executor)
    found = large.predict(pixels[None], executor=executor)[0]
    rows, columns = min(rows, found.shape[0]), min(columns, found.shape[1])
    crops = crops.reshape(*windows.shape[:2], -1)[:rows, :columns]
    found = found[:rows, :columns]
    return CropComparison(found, crops, np.abs(found - crops).max(-1), field)


def classified_shape(model: Model) -> tuple[int, int, int]:
    """Height, width and channels of the images that a model classifies."""
    check_model(model)
    network = model.network
    x, y = network.inputs[0], network.inference
    shape = tuple(extent for extent in x.shape[1:] if isinstance(extent, int))
    if len(network.inputs) != 1 or len(shape) != 3 or not isinstance(y, Tensor) or y.ndim != 2:
        shown = y.shape if isinstance(y, Tensor) else tuple(part.shape for part in y)
        raise UsageError(_CLASSIFIER(input=", ".join(str(i.shape) for i in network.inputs), output=shown))
    height, width, channels = shape
    return height, width, channels


def pixels_apart(field: ReceptiveField) -> tuple[int, int]:
    """How many pixels are between two places of a map, vertically and horizontally.

    Raises:   UsageError if these are no whole numbers.
    """
    down, right = field.stride
    if down != int(down) or right != int(right):
        raise UsageError(_FINER(stride=f"{down} × {right}"))
    return int(down), int(right)


def field_of(model: Model) -> ReceptiveField:
    """The receptive field of a model's one output in its one input."""
    y = model.network.inference
    assert isinstance(y, Tensor)
    return receptive_field(y, model.network.inputs[0])


def plot_crop_comparisons(comparisons: Mapping[str, CropComparison]) -> Picture:
    """Where the score map and the crops differ, by the name of each network; one scale of colours for all.

    Raises:   UsageError if there is no record.
    """
    check_records(comparisons, CropComparison, "compare_with_crops")
    largest = max(comparison.largest for comparison in comparisons.values())

    def drawing(axes: list[list[Axes]]) -> None:
        shown: Any = None
        for one, (name, comparison) in zip(axes[0], comparisons.items(), strict=True):
            shown = one.imshow(comparison.difference, vmin=0.0, vmax=largest or 1.0)
            one.set_title(f"{name}: at most {comparison.largest:.2g}")
            one.set_xlabel("column of the map")
            one.set_ylabel("row of the map")
        bar = one.figure.colorbar(shown, ax=axes[0], shrink=0.85)
        bar.set_label("largest difference of a score")
        bar.outline.set_edgecolor(GRAY)

    return draw_grid(1, len(comparisons), drawing, size=(3.0 * len(comparisons) + 1.0, 3.6))
