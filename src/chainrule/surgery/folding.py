"""Batch normalisation folded into the layer before it: for inference, what both do is one affine map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule.execute import evaluate
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message
from chainrule.nn.network import Network
from chainrule.nn.scope import Parameter
from chainrule.ops.elementwise import add
from chainrule.surgery.affine import Affine, Uses, affine_at, scaled_kernel
from chainrule.surgery.assembling import as_tuple, redirected
from chainrule.train.model import Model, check_model

__all__ = ["fold_batch_normalization"]

_FOLDED = Message("folding.folded", en="{norm} folded into {layer}", zh="{norm} 已折叠进 {layer}")
_STAYS = Message("folding.stays", en="{norm} stays: {reason}", zh="{norm} 保留：{reason}")
_NOT_AFFINE = Message(
    "folding.not_affine",
    en="what it normalises comes from {node}, not from a dense layer or a convolution",
    zh="它所归一化的值来自 {node}，而不是全连接层或卷积层",
)
_NOTHING = Message(
    "folding.nothing",
    en="there is no batch normalisation in the model: it is given back as it is",
    zh="模型中没有批归一化：原样返回",
)


def fold_batch_normalization(model: Model, *, report: Callable[[str], object] | None = print) -> Model:
    """A model for inference in which batch normalisations have become part of the layers before them.

        y = γ (x W + b - μ) / √(σ² + ε) + β = x W' + b'
        W' = W s,  b' = (b - μ) s + β,  s = γ / √(σ² + ε), a number for each feature

    report   is told, a line for each batch normalisation, into which layer it was folded, or why it stays; None: nobody

    It gives what the model gives in inference, to rounding, with fewer parameters and operations; a layer without a
    bias gets one. Layers are dense, or convolutions of any rank, in groups, depthwise or transposed. A batch
    normalisation stays where an activation is before it, where the layer's own output or parameters are used elsewhere
    too, and where it comes first.

    The statistics are part of the parameters now, so the result is for inference: in training it is the same, without
    normalising by the batch, dropout or penalties. The model itself stays as it is.

    Raises:   UsageError if the model is not built yet.
    Source:   Jacob et al. 2018, Quantization and training of neural networks for efficient integer-arithmetic-only
              inference, section 3.2
    Example:
        >>> from chainrule.nn import BatchNormalization, Conv2D, Sequential
        >>> from chainrule.train.model import Model
        >>> layers = [Conv2D(4, 3, use_bias=False, name="conv"), BatchNormalization(name="norm")]
        >>> model = Model(Sequential(layers), (8, 8, 1))
        >>> fold_batch_normalization(model)
        norm folded into conv
        Model(1 layer, 40 parameters)
    """
    check_model(model)
    tell = report or (lambda line: None)
    network, uses = model.network, Uses(model.network)
    norms = _norms(network)
    if not norms:
        tell(_NOTHING())
    folds = []
    for norm, path in norms.items():
        found = _fold(network, uses, norm)
        tell(_STAYS(norm=path, reason=found) if isinstance(found, str) else _FOLDED(norm=path, layer=found.path))
        if isinstance(found, Affine):
            folds.append((norm, found))
    return _folded(model, folds, norms) if folds else model


def _norms(network: Network) -> dict[Tensor, str]:
    """The batch normalisations, and the paths of their layers."""
    paths = {s.tensor: name.rpartition("/")[0] for name, s in network.states.items()}
    order = topological(as_tuple(network.inference))
    return {n: paths[n.inputs[1]] for n in order if n.operation.name == "normalize" and n.inputs[1] in paths}


def _fold(network: Network, uses: Uses, norm: Tensor) -> Affine | str:
    """The layer that a batch normalisation can be folded into, or why there is none."""
    affine = affine_at(norm.inputs[0], network)
    if affine is None:
        return _NOT_AFFINE(node=norm.inputs[0].describe())
    return uses.reason_to_stay(affine) or affine


def _folded(model: Model, folds: list[tuple[Tensor, Affine]], norms: dict[Tensor, str]) -> Model:
    aliases: dict[Tensor, Tensor] = {}
    new: dict[str, Parameter] = {}
    values = dict(model.parameters)
    for norm, affine in folds:
        scale, offset = _scale_and_offset(model, norm)
        kernel = values[affine.kernel]
        bias = affine.bias or f"{affine.path}/bias"
        first = values.get(bias, np.zeros(1)).astype(np.float64)
        values[affine.kernel] = scaled_kernel(affine, kernel, scale).astype(kernel.dtype)
        values[bias] = (first * scale + offset).astype(kernel.dtype)
        aliases[norm] = affine.output
        if affine.bias is None:
            new[bias] = Parameter(input_tensor(bias, scale.shape, norm.dtype))
            # what is added to is a copy: the node itself becomes the sum
            plain = affine.output
            copied = Tensor(plain.operation, plain.inputs, plain.attributes, plain.type, where=plain.where)
            aliases[plain] = add(copied, new[bias].tensor)
    remaining = {path for norm, path in norms.items() if norm not in aliases}
    layers = [r for r in model.network.layers if r.path not in norms.values() or r.path in remaining]
    network = redirected(model.network, aliases, layers, new)
    return model.with_network(network, {name: values[name] for name in network.parameters})


def _scale_and_offset(model: Model, norm: Tensor) -> tuple[Array, Array]:
    """s and β - μ s, in float64."""
    network = model.network
    bindings = {p.tensor: model.parameters[name] for name, p in network.parameters.items()}
    bindings |= {s.tensor: model.states[name] for name, s in network.states.items()}
    features = norm.shape[-1]
    assert isinstance(features, int)
    mean, variance, gamma, beta = (
        np.broadcast_to(value.astype(np.float64), features) for value in evaluate(norm.inputs[1:], bindings)
    )
    scale = gamma / np.sqrt(variance + norm.attributes["epsilon"])
    return scale, beta - mean * scale
