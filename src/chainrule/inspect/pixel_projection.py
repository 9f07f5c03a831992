"""What a unit saw in an image, projected back to its pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from chainrule.autodiff.reverse import Rule, derivative, pullback
from chainrule.errors import UsageError
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.inspect.images import as_picture, checked_images, values_of
from chainrule.inspect.style import ORANGE, Picture, as_image, check_most, draw_grid
from chainrule.messages import Message, suggestion
from chainrule.nn.receptive_field import receptive_field
from chainrule.ops.activations import relu
from chainrule.ops.creation import zeros
from chainrule.ops.elementwise import where
from chainrule.surgery import features
from chainrule.train.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PixelProjection", "RectifierRule", "plot_projections", "project_to_pixels"]

RectifierRule: TypeAlias = Literal["deconvolution", "guided", "gradient"]

_RULE = Message(
    "projection.rule",
    en="rule={rule!r} is not known: choose one of {known}.{suggestion}",
    zh="未知的 rule={rule!r}：可选 {known}。{suggestion}",
)
_UNIT = Message(
    "projection.unit",
    en="unit={unit!r}: {layer} gives {output}; its units are numbered 0 to {last}.",
    zh="unit={unit!r}：{layer} 的输出为 {output}，其单元编号为 0 到 {last}。",
)


_SAME_IMAGES = Message(
    "pixel_projection.same_images",
    en="Projections are drawn below the images that they all are of, but these are of other ones, or there are none;"
    " images: {shapes}. Give one or more that project_to_pixels made of the same images.",
    zh="投影画在它们共同的图像下方，但给出的投影属于不同的图像，或者没有给出；图像：{shapes}。"
    "请给出一个或多个由 project_to_pixels 对同一批图像得到的投影。",
)
_NONE = Message("pixel_projection.none", en="none", zh="无")


@dataclass(frozen=True, eq=False, repr=False)
class PixelProjection:
    """For each image, where a unit was strongest, how strong, and that activation projected back to the pixels.

    layer, unit    whose activation it was
    rule           how it passed rectifiers on its way back
    images         (n, height, width, channels)
    positions      row and column in the unit's map (n, 2); 0 for units without positions
    activations    (n,)
    projections    (n, height, width, channels), signed
    boxes          what the unit could see: top, left, bottom, right, the last two just outside (n, 4)
    """

    layer: str
    unit: int
    rule: RectifierRule
    images: Array
    positions: Array
    activations: Array
    projections: Array
    boxes: Array

    def __repr__(self) -> str:
        return f"PixelProjection({self.layer} unit {self.unit}, {len(self.images)} images, {self.rule})"


def _deconvolution(node: Tensor, arrived: Tensor) -> Tensor:
    return relu(arrived)


def _guided(node: Tensor, arrived: Tensor) -> Tensor:
    return where(node > 0, relu(arrived), 0.0)


_RECTIFIERS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {"deconvolution": _deconvolution, "guided": _guided}


def project_to_pixels(
    model: Model, images: ArrayLike, layer: str, unit: int, *, rule: RectifierRule = "deconvolution"
) -> PixelProjection:
    """What of each image a unit's strongest activation is owed to, projected back to the pixels.

    Of the layer's output all is set to zero but the unit's largest activation. That goes back through the network:
    through a convolution with its kernels transposed, through max-pooling to where the maximum was, and through a ReLU
    y = max(x, 0) by a rule that makes the difference between three methods:

        deconvolution   x̄ = max(ȳ, 0)            only what speaks for the unit goes on
        guided          x̄ = max(ȳ, 0)·[x > 0]    and only where the unit was active itself
        gradient        x̄ = ȳ·[x > 0]            the derivative, times the activation

    All but the ReLU pass by their own derivatives, other activations too. The first two are no derivatives of anything.
    Arrays are computed by the reference executor.

    layer   its path, as summary() lists them
    unit    which of its maps, or of its units where it has no positions

    Shapes:   images (n, height, width, channels)
    Raises:   UsageError if there is no such layer, unit or rule, or the model is none of images; DataError if images do
              not fit it.
    Source:   Zeiler and Fergus 2014, section 2.1; guided: Springenberg, Dosovitskiy, Brox and Riedmiller 2015
    Example:
        >>> from chainrule.nn import Conv2D
        >>> model = Model(Conv2D(1, 2, use_bias=False, kernel_initializer="ones"), (3, 3, 1))
        >>> image = np.array([[1.0, 0, 0], [0, 2, 1], [0, 1, 2]]).reshape(1, 3, 3, 1)
        >>> project_to_pixels(model, image, "conv2d", 0).projections[0, :, :, 0]  # 6, by a kernel of ones
        array([[0., 0., 0.],
               [0., 6., 6.],
               [0., 6., 6.]], dtype=float32)
    """
    if rule not in get_args(RectifierRule):
        known = get_args(RectifierRule)
        raise UsageError(_RULE(rule=rule, known=", ".join(known), suggestion=suggestion(str(rule), known)))
    pixels = checked_images(model, images)
    inner = features(model, layer)
    y, x = inner.network.inference, inner.network.inputs[0]
    last = y.shape[-1] if isinstance(y, Tensor) and y.ndim in (2, 4) else 0
    assert isinstance(last, int)
    if not (isinstance(unit, Integral) and 0 <= unit < last):
        given = y.shape if isinstance(y, Tensor) else [part.shape for part in y]
        raise UsageError(_UNIT(unit=unit, layer=layer, output=given, last=last - 1))
    assert isinstance(y, Tensor)
    (maps,) = values_of(inner, [y], pixels)
    positions, activations, only = _strongest(maps, int(unit))
    cotangent = input_tensor("cotangent", y.shape, y.dtype)
    (back,) = pullback(y, cotangent, [x], _passing(rule))
    (found,) = values_of(inner, [zeros(x.shape, x.dtype) if back is None else back], pixels, {cotangent: only})
    field = receptive_field(y, x)
    corners = np.array(field.start) + np.floor(positions * np.array(field.stride, float)).astype(int)
    boxes = np.hstack([corners, corners + field.size])
    return PixelProjection(layer, int(unit), rule, pixels, positions, activations, found, boxes)


def _strongest(maps: Array, unit: int) -> tuple[Array, Array, Array]:
    """Where a unit is strongest in each image, how strong, and maps with nothing but that."""
    count = len(maps)
    flat = maps.reshape(count, -1, maps.shape[-1])
    best = flat[:, :, unit].argmax(1)
    only = np.zeros_like(flat)
    rows = np.arange(count)
    only[rows, best, unit] = flat[rows, best, unit]
    width = maps.shape[2] if maps.ndim == 4 else 1
    return np.stack([best // width, best % width], -1), flat[rows, best, unit], only.reshape(maps.shape)


def _passing(rule: RectifierRule) -> Rule:
    """The way back through each operation: its derivative, but for the ReLU."""
    rectified = _RECTIFIERS.get(rule)
    if rectified is None:
        return derivative

    def passed(node: Tensor, arrived: Tensor) -> Sequence[Tensor | None]:
        return (rectified(node, arrived),) if node.operation is relu else derivative(node, arrived)

    return passed


def plot_projections(*records: PixelProjection, most: int = 8) -> Picture:
    """The images, with the frame of what the unit saw, and below them its projections, a row for each record.

    Violet pixels speak for the unit where they are bright, orange ones where they are dark. Each projection has a scale
    of its own. Records are of the same images; the frames are those of the first.
    """
    check_most(most)
    first = records[0] if records else None
    if first is None or any(not np.array_equal(r.images, first.images) for r in records):
        raise UsageError(_SAME_IMAGES(shapes=", ".join(str(r.images.shape) for r in records) or _NONE()))
    count = min(len(first.images), most)
    tall = first.images.shape[1] / first.images.shape[2]

    def drawing(axes: list[list[Axes]]) -> None:
        for k in range(count):
            pixels, box = axes[0][k], first.boxes[k]
            as_image(pixels, as_picture(first.images[k]), f"{first.activations[k]:.2g}")
            pixels.images[0].set_cmap("gray")
            pixels.add_patch(_frame(box, first.images.shape[1:3]))
            for record, one in zip(records, axes[1:], strict=True):
                as_image(one[k], record.projections[k].sum(-1), signed=True)
        axes[0][0].set_ylabel("image")
        for record, one in zip(records, axes[1:], strict=True):
            same = all((r.layer, r.unit) == (first.layer, first.unit) for r in records)
            one[0].set_ylabel(record.rule if same else f"{record.layer}, {record.unit}")
        axes[0][0].figure.suptitle(f"{first.layer}, unit {first.unit}: activation, and what it is owed to", fontsize=10)

    return draw_grid(len(records) + 1, count, drawing, size=(0.4 + count, 0.5 + 1.05 * tall * (len(records) + 1)))


def _frame(box: Array, image: Sequence[int]) -> Any:
    from matplotlib.patches import Rectangle

    top, left = np.maximum(box[:2], 0)
    bottom, right = np.minimum(box[2:], image)
    return Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor=ORANGE, linewidth=1.4)
