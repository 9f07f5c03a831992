"""Images for a network to be looked at with, and what its tensors are for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule.errors import DataError, UsageError
from chainrule.execute.reference import evaluate
from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.train.model import Model, check_model
from chainrule.train.samples import as_inputs, check_inputs
from chainrule.train.step import network_bindings

_NO_IMAGES = Message(
    "images.no_images",
    en="The model takes {inputs}; this looks at models of images (batch, height, width, channels).",
    zh="模型的输入为 {inputs}；此处考察的是图像 (batch, 高, 宽, 通道数) 的模型。",
)
_ONE_IMAGE = Message(
    "images.one_image",
    en="One image of shape {wanted} is looked at here, but the one given has shape {given}.{several}",
    zh="此处考察一幅形状为 {wanted} 的图像，但给出的形状为 {given}。{several}",
)
_SEVERAL = Message("images.several", en=" Of several give images[k].", zh="若有多幅，请给出 images[k]。")
_NO_SCORES = Message(
    "images.no_scores",
    en="The model gives {output}, but scores (batch, classes) are looked at here. surgery.features cuts a model.",
    zh="模型的输出为 {output}，而此处考察的是得分 (batch, 类别数)。可用 surgery.features 截取模型。",
)
_LABELS = Message(
    "images.labels",
    en="labels are whole numbers from 0 to {last}, one for each of the {images} images, but these are {given}.",
    zh="标签应为 0 到 {last} 的整数，{images} 幅图像每幅一个，但给出的是 {given}。",
)


def checked_images(model: Model, images: ArrayLike) -> Array:
    """Images (n, height, width, channels) of the model's type.

    Raises:   UsageError if the model is none of images; DataError if these do not fit it.
    """
    check_model(model)
    network = model.network
    if len(network.inputs) != 1 or network.inputs[0].ndim != 4:
        raise UsageError(_NO_IMAGES(inputs=", ".join(show_shape(x.shape) for x in network.inputs)))
    samples = as_inputs(images)
    check_inputs(samples, network)
    return samples.inputs[0].astype(network.inputs[0].dtype.numpy)


def checked_image(model: Model, image: ArrayLike) -> Array:
    """One image (height, width, channels), as a batch of one.

    Raises:   UsageError if the model is none of images; DataError if it does not fit.
    """
    check_model(model)
    array = np.asarray(image)
    wanted = model.network.inputs[0].shape[1:]
    if model.network.inputs[0].ndim == 4 and array.shape != wanted:
        several = _SEVERAL() if array.shape[1:] == wanted else ""
        raise DataError(_ONE_IMAGE(wanted=show_shape(wanted), given=show_shape(array.shape), several=several))
    return checked_images(model, array[None])


def scores_of(model: Model) -> Tensor:
    """The scores (batch, classes) that a classifier gives in inference.

    Raises:   UsageError if it gives something else.
    """
    y = model.network.inference
    if not isinstance(y, Tensor) or y.ndim != 2:
        parts = y if isinstance(y, tuple) else (y,)
        raise UsageError(_NO_SCORES(output=", ".join(show_shape(part.shape) for part in parts)))
    return y


def checked_labels(labels: ArrayLike, images: int, classes: int) -> Array:
    """A class for each image.

    Raises:   DataError if they are none.
    """
    array = np.asarray(labels)
    if array.shape != (images,) or array.dtype.kind not in "iu" or not ((array >= 0) & (array < classes)).all():
        raise DataError(_LABELS(last=classes - 1, images=images, given=repr(labels)))
    return array.astype(np.int64)


def values_of(
    model: Model, tensors: Sequence[Tensor], images: Array, bindings: Mapping[Tensor, Any] | None = None
) -> list[Array]:
    """What some tensors of the model's graph are for images, by the reference executor: compiling would take longer."""
    own = network_bindings(model.network, model.parameters, model.states, model.scalars)
    return evaluate(tensors, {**own, model.network.inputs[0]: images, **(bindings or {})})


def as_picture(image: Array) -> Array:
    """An image as Matplotlib draws it: a map where there is one channel, colours from 0 to 1 where there are three.

    Of other numbers of channels it is their mean.
    """
    if image.shape[-1] == 3:
        low, high = np.nanmin(image), np.nanmax(image)
        low, high = min(low, 0.0), max(high, 1.0) if high <= 1 else max(high, 255.0)
        return np.asarray((image - low) / (high - low), float)
    return np.asarray(image[..., 0] if image.shape[-1] == 1 else image.mean(-1), float)
