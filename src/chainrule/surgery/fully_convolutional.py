"""A classifier moved over larger images as one convolution: a map of class scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.messages import Message
from chainrule.nn.network import Network, shape_of
from chainrule.nn.scope import LayerRecord, Parameter
from chainrule.surgery.assembling import as_tuple, for_inference, with_shape
from chainrule.surgery.forms import Window
from chainrule.surgery.sliding import Sliding
from chainrule.train.model import Model, check_model

__all__ = ["to_fully_convolutional"]

_INPUTS = Message(
    "fully_convolutional.inputs",
    en="The model has the inputs {inputs}, but only one that is a batch of images (or sequences, or volumes) with"
    " channels can be made larger.",
    zh="该模型的输入为 {inputs}，但只有单个图像（或序列、体数据）批量且带通道轴的输入才能变大。",
)
_SHAPE = Message(
    "fully_convolutional.shape",
    en="input_shape={given} does not fit: the model was built for {built}, and larger images have as many axes, at"
    " least these sizes, and {channels} channels.",
    zh="input_shape={given} 不合适：模型是为 {built} 构建的，更大的图像应有同样多的轴、各轴不小于这些大小，"
    "且通道数为 {channels}。",
)
_OUTPUT = Message(
    "fully_convolutional.output",
    en="The model gives a flattened map, which has no scores to make a map of. Give a model with a dense layer behind"
    " it, or its features before it is flattened: surgery.features(model, layer).",
    zh="该模型给出的是展平的特征图，没有可构成得分图的得分。请给出其后带全连接层的模型，"
    "或取展平之前的特征：surgery.features(model, layer)。",
)


def to_fully_convolutional(model: Model, input_shape: Sequence[int] | None = None) -> Model:
    """The same network, with convolutions for dense layers: it takes larger images, and gives a map of class scores.

        side of the map = (W - RF) / S + 1, rounded down

    A dense layer behind a Flatten of h × w maps is a convolution with a kernel of h × w, one behind it a convolution of
    1 × 1, and global pooling is pooling over windows of the map's size with stride 1. So the whole network is one
    convolution: its kernel is its receptive field RF, its stride S the product of strides. Of images of the size that
    it was trained on, the map has one position, with the model's own scores.

    input_shape   that of one of the larger images, channels behind; without it that of the model's own. A graph has
                  fixed sizes: for images of another size, call it again, which copies no parameters.

    Without padding, map[i, j] is what the model says of the crop that begins at (i·S, j·S), to rounding. With padding,
    and with transposed convolutions, it is not: there the crop has zeros around it, the map the neighbouring pixels
    (`inspect.compare_with_crops` measures how much that makes). Kernels have the numbers and the memory of the matrices
    that they were, and the same names.

    The result is for inference: training is the same graph, without normalising by the batch, dropout or penalties.

    Shapes:   x (batch, H, W, c) → (batch, (H - RF) / S + 1, (W - RF) / S + 1, classes); sequences and volumes alike
    Raises:   UsageError, naming node, layer and reason, where a layer does not move along: numbers of its own for each
              position, whole maps used in the middle, resizing, attention; ShapeError for images that are too small.
    Source:   Sermanet et al. 2014, OverFeat, section 3.5; Long, Shelhamer and Darrell 2015, section 3.1
    Example:
        >>> import numpy as np
        >>> from chainrule.nn import lenet5
        >>> model = Model(lenet5(padding=0), (32, 32, 1))
        >>> large = to_fully_convolutional(model, (48, 64, 1))
        >>> large.parameters["dense1/kernel"].shape, large.predict(np.ones((1, 48, 64, 1))).shape
        ((5, 5, 16, 120), (1, 5, 9, 10))
    """
    check_model(model)
    network = model.network
    shape = _checked(network, input_shape)
    sliding = Sliding(network, shape[:-1])
    outputs = as_tuple(network.inference)
    sliding.run([*outputs, *(y for record in network.layers for y in as_tuple(record.output))])
    if any(isinstance(sliding.forms[y], Window) for y in outputs):
        raise UsageError(_OUTPUT())
    made = {y: y if form is None else form.tensor for y, form in sliding.forms.items() if not isinstance(form, Window)}
    layers = [_as_convolution(record, sliding.parameters, sliding.rank) for record in network.layers]
    moved = for_inference(network, made, layers, sliding.parameters, [sliding.input])
    values = {name: with_shape(model.parameters[name], shape_of(p.tensor)) for name, p in moved.parameters.items()}
    return model.with_network(moved, values)


def _checked(network: Network, input_shape: Any) -> tuple[int, ...]:
    """The shape of a larger image."""
    shapes = [x.shape[1:] for x in network.inputs]
    if len(shapes) != 1 or not 2 <= len(shapes[0]) <= 4:
        raise UsageError(_INPUTS(inputs=", ".join(show_shape(x.shape) for x in network.inputs)))
    built = tuple(extent for extent in shapes[0] if isinstance(extent, int))
    given = built if input_shape is None else input_shape
    fits = isinstance(given, Sequence) and len(given) == len(built) and all(isinstance(e, int) for e in given)
    if not fits or any(e < own for e, own in zip(given, built, strict=True)) or given[-1] != built[-1]:
        raise ShapeError(_SHAPE(given=given, built=show_shape(built), channels=built[-1]))
    return tuple(given)


def _as_convolution(record: LayerRecord, parameters: dict[str, Parameter], rank: int) -> LayerRecord:
    """The record of a layer by what it is now."""
    kind = record.kind.removeprefix("Global")
    if any(name in parameters for name in record.parameters):
        kind = f"Conv{rank}D"
    return replace(record, kind=kind)
