"""How much of the image each layer sees, and how few numbers a convolution needs for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule.errors import UsageError
from chainrule.graph.extent import Shape
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.inspect.style import GRAY, LINES, SEQUENTIAL, Picture, as_image, draw, draw_grid
from chainrule.messages import Message
from chainrule.nn.network import Network, shape_of
from chainrule.nn.receptive_field import ReceptiveField, receptive_field
from chainrule.train.model import Model, check_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "LayerField", "ParameterComparison", "ReceptiveFields", "compare_with_dense", "plot_parameter_comparison",
    "plot_receptive_fields", "receptive_fields",
]  # fmt: skip

_NO_MAPS = Message(
    "receptive_fields.no_maps",
    en="No layer of the model gives a map with positions, so there are no receptive fields to compare. It needs images,"
    " sequences or volumes, and layers such as Conv2D.",
    zh="模型中没有任何层给出带位置的特征图，因此没有可比较的感受野。模型需要图像、序列或体数据，以及 Conv2D 之类的层。",
)
_NO_CONVOLUTION = Message(
    "receptive_fields.no_convolution",
    en="The model has no convolutional layer to compare with a dense one. Give one with layers such as Conv2D.",
    zh="模型中没有可与全连接层比较的卷积层。请给出含 Conv2D 之类的层的模型。",
)
_IMAGES_ONLY = Message(
    "receptive_fields.images_only",
    en="Fields are drawn on images, but the input has {rank} spatial axes. Their sizes are in .layers.",
    zh="感受野只能画在图像上，但输入有 {rank} 个空间轴。其大小见 .layers。",
)


@dataclass(frozen=True)
class LayerField:
    """A layer, the field of one position of what it gives, and how many positions there are along each axis."""

    path: str
    kind: str
    field: ReceptiveField
    positions: tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class ReceptiveFields:
    """The receptive field of every layer that gives a map, in the order of the layers.

    image_shape   (height, width, channels) of the input; of sequences and volumes alike
    """

    image_shape: tuple[int, ...]
    layers: tuple[LayerField, ...]

    def __str__(self) -> str:
        width = max(len(layer.path) for layer in self.layers)
        lines = []
        for layer in self.layers:
            size, stride = (" × ".join(map(str, numbers)) for numbers in (layer.field.size, layer.field.stride))
            lines.append(f"{layer.path:<{width}}  field {size:>9}  stride {stride:>7}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        last = self.layers[-1]
        return f"ReceptiveFields({len(self.layers)} layers; {last.path} sees {' × '.join(map(str, last.field.size))})"


def receptive_fields(model: Model) -> ReceptiveFields:
    """What part of the image one element of each layer's map depends on.

        RF ← RF + (k - 1)·d·S,  S ← S·s, for a window of k elements, dilation d and step s

    It is read off the graph (nn.receptive_field), so it holds for networks with branches too. What comes after a map is
    flattened, or pooled as a whole, has no positions and is left out.

    Raises:   UsageError if no layer gives a map, or the model is not built yet.
    Example:
        >>> from chainrule.nn import lenet5
        >>> print(receptive_fields(Model(lenet5(), (28, 28, 1))))
        rescaling  field     1 × 1  stride   1 × 1
        conv1      field     5 × 5  stride   1 × 1
        pool1      field     6 × 6  stride   2 × 2
        conv2      field   14 × 14  stride   2 × 2
        pool2      field   16 × 16  stride   4 × 4
    """
    check_model(model)
    network = model.network
    x = network.inputs[0]
    found = []
    for record in network.layers:
        y = record.output
        if isinstance(y, Tensor) and y.ndim == x.ndim > 2 and x in topological_set(y):
            found.append(LayerField(record.path, record.kind, receptive_field(y, x), _sizes(y.shape[1:-1])))
    if not found:
        raise UsageError(_NO_MAPS())
    return ReceptiveFields(_sizes(x.shape[1:]), tuple(found))


def topological_set(y: Tensor) -> set[Tensor]:
    """All that a tensor depends on."""
    return set(topological([y]))


def _sizes(extents: Shape) -> tuple[int, ...]:
    return tuple(extent for extent in extents if isinstance(extent, int))


def plot_receptive_fields(fields: ReceptiveFields, image: ArrayLike | None = None) -> Picture:
    """The growing field of each layer's middle element, on an image, and its size layer by layer.

    Fields are in the order of their sizes; of layers with the same one, the first is drawn.

    Raises:   UsageError if the input has another number of spatial axes than two.
    """
    height, width, *rest = fields.image_shape
    if len(rest) != 1:
        raise UsageError(_IMAGES_ONLY(rank=len(fields.image_shape) - 1))
    by_size = {layer.field.size: layer for layer in reversed(fields.layers)}
    different = sorted(by_size.values(), key=lambda layer: layer.field.size)
    largest = max(max(layer.field.size) for layer in different)

    def drawing(axes: list[list[Axes]]) -> None:
        picture, bars = axes[0]
        colors = _by_depth(len(different))
        pixels = np.zeros((height, width)) if image is None else np.asarray(image)
        as_image(picture, pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels)
        picture.images[0].set_cmap("gray")
        picture.set_title("what one element of each layer sees")
        for k in reversed(
            range(len(different))
        ):  # edges that fall together show side by side, the smaller field's inside
            top, left = _middle(different[k], (height, width))
            frame = _rectangle((left - 0.5, top - 0.5), different[k].field.size, colors[k])
            frame.set_linewidth(1.4 + 2.6 * k / len(different))
            picture.add_patch(frame)
        margin = max(0.5, (largest - min(height, width)) / 2 + 3)
        picture.set_xlim(-margin, width - 1 + margin)
        picture.set_ylim(height - 1 + margin, -margin)
        names = [layer.path for layer in different]
        places = np.arange(len(names))
        bars.barh(places, [max(layer.field.size) for layer in different], color=colors)
        bars.axvline(max(height, width), color=GRAY, linewidth=1.0, linestyle="--")
        bars.set_yticks(places, names)
        bars.invert_yaxis()
        bars.set_xlabel("side of the field (pixels)")
        bars.set_title("dashed: the image", color=GRAY)

    return draw_grid(1, 2, drawing, size=(7.6, 3.4))


def _by_depth(count: int) -> list[Any]:
    import matplotlib

    return list(matplotlib.colormaps[SEQUENTIAL](np.linspace(0.25, 1.0, count)))


def _middle(layer: LayerField, image: tuple[int, int]) -> tuple[float, float]:
    """Where the field begins that is nearest to the middle of the image."""
    field = layer.field
    sizes = zip(field.start, field.stride, field.size, layer.positions, image, strict=True)
    top, left = (
        float(start + stride * min(max(math.floor(((extent - size) / 2 - start) / (stride or 1)), 0), positions - 1))
        for start, stride, size, positions, extent in sizes
    )
    return top, left


def _rectangle(corner: tuple[float, float], size: Sequence[int], color: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, size[1], size[0], fill=False, edgecolor=color)


@dataclass(frozen=True, eq=False)
class ParameterComparison:
    """How many numbers convolutional layers learn, and how many dense layers between the same maps would.

    layers         paths
    convolution    a count for each: k·k·c·M + M, whatever the size of the image
    dense          the same for a dense layer: (H·W·c)·(H'·W'·M) + H'·W'·M
    """

    layers: tuple[str, ...]
    convolution: tuple[int, ...]
    dense: tuple[int, ...]

    def __str__(self) -> str:
        width = max(map(len, self.layers))
        rows = zip(self.layers, self.convolution, self.dense, strict=True)
        return "\n".join(f"{path:<{width}}  convolution {own:>9,}  dense {other:>13,}" for path, own, other in rows)


def compare_with_dense(model: Model) -> ParameterComparison:
    """The parameters of each convolutional layer against those of a dense layer with the same inputs and outputs.

    Raises:   UsageError if there is no convolutional layer, or the model is not built yet.
    Example:
        >>> from chainrule.nn import lenet5
        >>> print(compare_with_dense(Model(lenet5(), (28, 28, 1))))
        conv1  convolution       156  dense     3,692,640
        conv2  convolution     2,416  dense     1,883,200
    """
    check_model(model)
    network = model.network
    rows = []
    for record in network.layers:
        before = _convolved(network, record.parameters)
        if before is None or not isinstance(record.output, Tensor):
            continue
        count = sum(math.prod(shape_of(network.parameters[name].tensor)) for name in record.parameters)
        outputs = math.prod(_sizes(record.output.shape[1:]))
        rows.append((record.path, count, math.prod(before) * outputs + outputs))
    if not rows:
        raise UsageError(_NO_CONVOLUTION())
    paths, convolution, dense = zip(*rows, strict=True)
    return ParameterComparison(paths, convolution, dense)


def _convolved(network: Network, names: Sequence[str]) -> tuple[int, ...] | None:
    """The shape of a sample that a layer with these parameters convolves, before padding."""
    own = {network.parameters[name].tensor for name in names}
    y = network.inference
    for node in topological([y] if isinstance(y, Tensor) else y):
        if "conv" in node.operation.name and own & {node.inputs[1], *node.inputs[1].inputs}:
            x = node.inputs[0]
            while x.operation.name in ("pad", "reshape") and x.inputs[0].ndim >= 3:
                x = x.inputs[0]
            return _sizes(x.shape[1:])
    return None


def plot_parameter_comparison(comparison: ParameterComparison) -> Picture:
    """Both counts layer by layer, in powers of ten."""

    def drawing(axes: Axes) -> None:
        places = np.arange(len(comparison.layers))
        pairs = ((comparison.convolution, "convolution", -0.2, LINES[0]), (comparison.dense, "dense", 0.2, LINES[1]))
        for counts, name, shift, color in pairs:
            bars = axes.barh(places + shift, counts, height=0.38, color=color, label=name)
            axes.bar_label(bars, [f" {name}: {count:,}" for count in counts], fontsize=8)
        axes.set_yticks(places, comparison.layers)
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.set_xlim(1, max(comparison.dense) * 400)
        axes.set_xlabel("learned numbers (logarithmic)")
        axes.set_title("the same maps: a convolution shares its kernel between all places")

    return draw(drawing, size=(6.4, 0.8 + 0.8 * len(comparison.layers)))
