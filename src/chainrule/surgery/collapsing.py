"""Affine layers one behind the other are one affine layer: without a non-linearity, depth adds nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message
from chainrule.nn.network import Network
from chainrule.nn.scope import Parameter
from chainrule.ops.contraction import matmul
from chainrule.ops.elementwise import add
from chainrule.ops.movement import flatten
from chainrule.surgery.affine import Affine, Uses, affine_at
from chainrule.surgery.assembling import as_tuple, redirected
from chainrule.train.model import Model, check_model

__all__ = ["collapse"]

_MERGED = Message(
    "collapse.merged",
    en="{first} merged into {second}: kernels {before} and {behind} became {merged}",
    zh="{first} 已并入 {second}：核 {before} 与 {behind} 合为 {merged}",
)
_STAYS = Message(
    "collapse.stays", en="{first} stays before {second}: {reason}", zh="{first} 仍在 {second} 之前：{reason}"
)
_NOTHING = Message(
    "collapse.nothing",
    en="nothing to merge: no dense layer follows another with nothing but linear between them. The model is given back"
    " as it is",
    zh="没有可合并的层：没有两个全连接层之间只隔着线性运算。原样返回该模型",
)


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two dense layers, the second of which sees what the first gives, or that in one row (`flattened`)."""

    first: Affine
    second: Affine
    flattened: Tensor | None


def collapse(model: Model, *, report: Callable[[str], object] | None = print) -> Model:
    """A model in which dense layers that follow each other without a non-linearity are one dense layer.

        (x W₁ + b₁) W₂ + b₂ = x W + b,  W = W₁ W₂,  b = b₁ W₂ + b₂

    report   is told, a line each, what was merged, what could not be and why, or that there was nothing; None: nobody

    It gives what the model gives in inference, to rounding: a stack of any depth is one layer, whatever its widths.
    Layers without activation, and with "linear", are merged; so are those with only a Flatten, or what does nothing in
    inference, such as Dropout, between them. The merged layer has the name of the last, and D·M + M
    numbers: more than before if a layer between was narrow. A layer stays whose output or
    parameters are used elsewhere too. Where nothing can be merged, the model itself is given back.

    The result is for inference: training is the same graph, without dropout or penalties.

    Raises:   UsageError if the model is not built yet.
    Example:
        >>> from chainrule.nn import Dense, Sequential
        >>> from chainrule.train.model import Model
        >>> deep = Model(Sequential([Dense(8), Dense(5), Dense(3, "softmax")]), 4)
        >>> deep, collapse(deep)
        dense merged into dense_1: kernels (4, 8) and (8, 5) became (4, 5)
        dense_1 merged into dense_2: kernels (4, 5) and (5, 3) became (4, 3)
        (Model(3 layers, 103 parameters), Model(1 layer, 15 parameters))
    """
    check_model(model)
    tell = report or (lambda line: None)
    told: set[str] = set()
    merged = model
    while True:
        pairs, uses = _pairs(merged.network), Uses(merged.network)
        free = [pair for pair in pairs if _reason(pair, uses) is None]
        if not free:
            break
        merged = _merged(merged, free[0], tell)
    for pair in pairs:
        reason = _reason(pair, uses)
        told.add(_STAYS(first=pair.first.path, second=pair.second.path, reason=reason))
    for line in sorted(told):
        tell(line)
    if merged is model and not told:
        tell(_NOTHING())
    return merged


def _pairs(network: Network) -> list[_Pair]:
    """Dense layers that see what another dense layer gives, in the order of the graph."""
    found = [affine_at(node, network) for node in topological(as_tuple(network.inference))]
    products = [layer for layer in found if layer and layer.linear.operation.name == "matmul" and not layer.steps]
    with_bias = {layer.linear for layer in products if layer.bias}
    dense = {layer.output: layer for layer in products if layer.output not in with_bias}
    pairs = []
    for layer in dense.values():
        x = layer.source
        flattened = x if x.operation.name == "reshape" and x.ndim == 2 else None
        before = dense.get(x if flattened is None else x.inputs[0])
        if before is not None:
            pairs.append(_Pair(before, layer, flattened))
    return pairs


def _reason(pair: _Pair, uses: Uses) -> str | None:
    return uses.reason_to_stay(pair.first) or uses.reason_to_stay(pair.second, last=True)


def _merged(model: Model, pair: _Pair, tell: Callable[[str], object]) -> Model:
    first, second = pair.first, pair.second
    w1, w2 = (model.parameters[layer.kernel].astype(np.float64) for layer in (first, second))
    b1, b2 = (_bias(model, layer) for layer in (first, second))
    blocks = w2.reshape(-1, w1.shape[1], w2.shape[1])  # of several positions in one row, one for each
    kernel = (w1 @ blocks).reshape(-1, w2.shape[1])
    values = {second.kernel: kernel}
    x = first.source if pair.flattened is None else flatten(first.source)
    new = {second.kernel: Parameter(input_tensor(second.kernel, kernel.shape, x.dtype))}
    y = matmul(x, new[second.kernel].tensor)
    if first.bias or second.bias:
        name = second.bias or f"{second.path}/bias"
        values[name] = (b1 @ blocks).sum(0) + b2
        new[name] = Parameter(input_tensor(name, values[name].shape, x.dtype))
        y = add(y, new[name].tensor)
    tell(
        _MERGED(
            first=first.path, second=second.path, before=show_shape(w1.shape), behind=show_shape(w2.shape),
            merged=show_shape(kernel.shape),
        )
    )  # fmt: skip
    gone = {first.output, *(() if pair.flattened is None else (pair.flattened,))}
    layers = [r for r in model.network.layers if gone.isdisjoint(as_tuple(r.output))]
    network = redirected(model.network, {second.output: y}, layers, new)
    dtype = x.dtype.numpy
    kept = {**model.parameters, **{name: value.astype(dtype) for name, value in values.items()}}
    return model.with_network(network, {name: kept[name] for name in network.parameters})


def _bias(model: Model, layer: Affine) -> Array:
    if layer.bias is None:
        return np.zeros(model.parameters[layer.kernel].shape[-1])
    return model.parameters[layer.bias].astype(np.float64)
