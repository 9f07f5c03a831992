"""Finding affine layers in a graph: a matrix product or convolution with a learned kernel, and the bias behind it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message
from chainrule.nn.network import Network
from chainrule.surgery.assembling import as_tuple

_USED_ELSEWHERE = Message(
    "affine.used_elsewhere",
    en="what {layer} gives is also used elsewhere, as it is",
    zh="{layer} 的输出还以原样用于别处",
)
_SHARED = Message(
    "affine.shared",
    en="the parameters of {layer} are used more than once",
    zh="{layer} 的参数被使用了不止一次",
)

_CONVOLUTIONS = {f"conv{rank}d" for rank in (1, 2, 3)}
_TRANSPOSED = {f"conv{rank}d_transpose" for rank in (1, 2, 3)}
_DEPTHWISE = {f"depthwise_conv{rank}d" for rank in (1, 2)}
LINEAR = {"matmul"} | _CONVOLUTIONS | _TRANSPOSED | _DEPTHWISE


@dataclass(frozen=True, eq=False)
class Affine:
    """y = linear(source, kernel) + bias, the bias one number for each feature or channel.

    output    the node behind the bias
    linear    the node of the product or convolution, whose second input is the kernel, or the kernel in groups
    steps     nodes between the two that put groups together, or cut borders off
    kernel    the parameter's name
    bias      its name; None where there is none
    """

    output: Tensor
    linear: Tensor
    steps: tuple[Tensor, ...]
    kernel: str
    bias: str | None

    @property
    def source(self) -> Tensor:
        return self.linear.inputs[0]

    @property
    def path(self) -> str:
        """The layer that the kernel belongs to."""
        return self.kernel.rpartition("/")[0]


class Uses:
    """How many nodes and outputs of a network use each node: what only one uses can be merged with it."""

    def __init__(self, network: Network) -> None:
        order = topological(as_tuple(network.inference))
        self._parameters = network.parameters
        self._counts = Counter(x for node in order for x in node.inputs)
        self._counts.update(as_tuple(network.inference))

    def reason_to_stay(self, affine: Affine, *, last: bool = False) -> str | None:
        """Why a layer cannot be merged with what follows it, or as the last with what is before; None if it can."""
        nodes = {affine.linear, *affine.steps, affine.output} - ({affine.output} if last else set())
        if any(self._counts[node] != 1 for node in nodes):
            return _USED_ELSEWHERE(layer=affine.path)
        own = [affine.kernel] if affine.bias is None else [affine.kernel, affine.bias]
        if any(self._counts[self._parameters[name].tensor] != 1 for name in own):
            return _SHARED(layer=affine.path)
        return None


def affine_at(output: Tensor, network: Network) -> Affine | None:
    """The affine layer whose output this is; None where it is something else's."""
    names = {p.tensor: name for name, p in network.parameters.items()}
    node, bias = output, None
    if node.operation.name == "add":
        learned = {x for x in node.inputs if x in names and x.shape == output.shape[-1:]}
        biases = [x for x in node.inputs if x in learned]
        others = [x for x in node.inputs if x not in learned]
        if len(biases) != 1 or len(others) != 1:
            return None
        bias, node = names[biases[0]], others[0]
    steps = []
    while node.operation.name in ("reshape", "slice", "pad"):
        if not _keeps_channels(node):
            return None
        steps.append(node)
        node = node.inputs[0]
    if node.operation.name not in LINEAR:
        return None
    kernel = node.inputs[1]
    if kernel.operation.name == "reshape":
        kernel = kernel.inputs[0]
    return Affine(output, node, tuple(reversed(steps)), names[kernel], bias) if kernel in names else None


def _keeps_channels(node: Tensor) -> bool:
    """Whether the last axis is whole, or, of what stands in groups, the last two have become one."""
    before, after = node.inputs[0].shape, node.shape
    if node.operation.name != "reshape":
        return before[-1] == after[-1]
    places = before[:-2]
    return node.inputs[0].operation.name in LINEAR and len(after) == len(before) - 1 and after[:-1] == places


def scaled_kernel(affine: Affine, kernel: Array, scale: Array) -> Array:
    """The kernel that gives each output feature times a number of its own."""
    name = affine.linear.operation.name
    if name in _DEPTHWISE:  # (…, channels, multiplier), which become one axis
        return kernel * scale.reshape(kernel.shape[-2:])
    if name not in _TRANSPOSED:  # (…, in, out)
        return kernel * scale
    *window, maps, depth = kernel.shape  # (…, out / groups, in): each group of the inputs has outputs of its own
    groups = scale.size // maps
    grouped = kernel.reshape(*window, maps, groups, depth // groups) * scale.reshape(groups, maps).T[..., None]
    return np.asarray(grouped.reshape(kernel.shape))
