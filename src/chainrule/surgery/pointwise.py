"""Convolutions as dense layers: at each position by itself, or of the whole map."""

from __future__ import annotations

import math
from dataclasses import replace

from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.graph.traversal import topological
from chainrule.nn.network import shape_of
from chainrule.nn.scope import Parameter
from chainrule.ops.contraction import matmul
from chainrule.ops.movement import flatten, reshape
from chainrule.surgery.assembling import as_tuple, redirected, with_shape
from chainrule.train.model import Model, check_model

__all__ = ["to_dense_layers"]


def to_dense_layers(model: Model) -> Model:
    """The same network with dense layers in the place of convolutions that are one.

        Σ_c x[n,i,j,c] w[0,0,c,o] = (X W)[n,i,j,o], a dense layer at each position
        Σ_{p,q,c} x[n,p,q,c] w[p,q,c,o] = (flatten(X) W)[n,o], where the kernel is as large as the map

    A 1 × 1 convolution of stride 1, without groups, equals a dense layer at each position: not one on the flattened
    map, which has numbers of its own for each position, unless there is only one. A convolution whose kernel covers its
    whole input gives one position, and is a dense layer on the flattened map. Others stay; so do those whose kernel is
    used twice. Kernels keep names and numbers; `to_fully_convolutional` goes the other way.

    The result is for inference, as that of all surgery.

    Raises:   UsageError if the model is not built yet.
    Example:
        >>> from chainrule.nn import Conv2D
        >>> model = to_dense_layers(Model(Conv2D(64, 1), (7, 7, 512)))
        >>> model.network.layers[0].kind, model.parameters["conv2d/kernel"].shape, model.network.inference.shape
        ('Dense', (512, 64), (batch, 7, 7, 64))
    """
    check_model(model)
    network = model.network
    names = {p.tensor: name for name, p in network.parameters.items()}
    order = topological(as_tuple(network.inference))
    used = [x for node in order for x in node.inputs]
    aliases: dict[Tensor, Tensor] = {}
    new: dict[str, Parameter] = {}
    for node in order:
        kernel = node.inputs[1] if len(node.inputs) == 2 else None
        if kernel not in names or not _is_dense(node) or sum(x is kernel for x in used) > 1:
            continue
        *window, channels, units = shape_of(kernel)
        w = new[names[kernel]] = Parameter(
            input_tensor(names[kernel], (math.prod(window) * channels, units), kernel.dtype)
        )
        x = node.inputs[0]
        aliases[node] = reshape(matmul(x if math.prod(window) == 1 else flatten(x), w.tensor), node.shape)
    layers = [replace(r, kind="Dense") if any(n in new for n in r.parameters) else r for r in network.layers]
    dense = redirected(network, aliases, layers, new)
    values = {n: with_shape(model.parameters[n], shape_of(p.tensor)) for n, p in dense.parameters.items()}
    return model.with_network(dense, values)


def _is_dense(node: Tensor) -> bool:
    """Whether a convolution looks at single positions, or once at all of them."""
    if node.operation.name not in ("conv1d", "conv2d", "conv3d"):
        return False
    x, kernel = node.inputs
    window, places = kernel.shape[:-2], x.shape[1:-1]
    steps = [node.attributes[f"s{k}"] for k in range(len(window))]
    single = all(extent == 1 for extent in window) and all(step == 1 for step in steps)
    return single or (window == places and all(extent == 1 for extent in node.shape[1:-1]))
