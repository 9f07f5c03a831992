"""What an inner layer gives: a network as an extractor of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.errors import UsageError
from chainrule.messages import Message, suggestion
from chainrule.nn.network import Outputs
from chainrule.nn.scope import LayerRecord
from chainrule.surgery.assembling import as_tuple, cut
from chainrule.train.model import Model, check_model

__all__ = ["features"]

_NO_LAYER = Message(
    "features.no_layer",
    en="The model has no layer called {layer!r}.{suggestion} Its layers: {layers}.",
    zh="模型中没有名为 {layer!r} 的层。{suggestion}它的各层：{layers}。",
)
_NOT_NAMED = Message(
    "features.not_named",
    en="A layer is named by its path, such as 'conv1', or several by a list of paths, but the layer given is {given}."
    " model.summary() lists the paths.",
    zh="层用其路径指明，例如 'conv1'，多个层用路径的列表，但给出的层是 {given}。model.summary() 列出了所有路径。",
)
_ONLY_INFERENCE = Message(
    "features.only_inference",
    en="The layer {layer!r} is used in inference only, so no model that can be trained ends there. Choose another.",
    zh="层 {layer!r} 只在推理时使用，因此无法得到以它结尾且可训练的模型。请选择其他层。",
)


def features(model: Model, layer: str | Sequence[str]) -> Model:
    """A model that gives what an inner layer gives: the feature vectors, or maps, that the network has learned.

        M(x; θ) = g(h(x; θ); θ)  →  h(x; θ)

    layer   its path, as summary() lists them: "conv1", "encoder/code"; a list of paths gives a tuple of outputs. Of a
            layer that is used more than once it is the first use.

    The parameters are the model's own arrays, not copies, as far as the layer depends on them. Arrays never change, a
    training puts others in their place: so training one of both models leaves the other as it is. Its inputs are those
    that the layer depends on. A model that was loaded has its layers too.

    Raises:   UsageError if there is no such layer, or the model is not built yet.
    Example:
        >>> import numpy as np
        >>> from chainrule.nn import lenet5
        >>> from chainrule.train.model import Model
        >>> inner = features(Model(lenet5(), (28, 28, 1)), "dense2")
        >>> inner, inner.predict(np.ones((5, 28, 28, 1))).shape
        (Model(8 layers, 60,856 parameters), (5, 84))
    """
    records = [record_of(model, path) for path in _named(layer)]
    inference = [y for record in records for y in as_tuple(record.output)]
    training = [y for record in records for y in as_tuple(_trained(record))]
    alone = isinstance(layer, str) and not isinstance(records[0].output, tuple)
    network = cut(model.network, inference[0] if alone else tuple(inference), training[0] if alone else tuple(training))
    return Model.of(
        network,
        {name: model.parameters[name] for name in network.parameters},
        {name: model.states[name] for name in network.states},
        {name: model.scalars[name] for name in network.scalars},
        seed=model.seed,
        precision=model.precision,
    )


def _named(layer: Any) -> Sequence[str]:
    paths = [layer] if isinstance(layer, str) else layer
    if not (isinstance(paths, Sequence) and paths and all(isinstance(path, str) for path in paths)):
        raise UsageError(_NOT_NAMED(given=repr(layer)))
    return paths


def record_of(model: Model, path: str) -> LayerRecord:
    """What is known of a layer.

    Raises:   UsageError, with the layers that there are.
    """
    check_model(model)
    known = {record.path: record for record in model.network.layers}
    if path not in known:
        near = suggestion(path, known)
        raise UsageError(_NO_LAYER(layer=path, suggestion=near, layers=", ".join(known)))
    return known[path]


def _trained(record: LayerRecord) -> Outputs:
    if record.training_output is None:
        raise UsageError(_ONLY_INFERENCE(layer=record.path))
    return record.training_output
