"""A traced architecture: the graph in both modes and what it needs to run, as plain data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.errors import GraphError, UsageError
from chainrule.graph.dtype import DType, as_dtype, float32
from chainrule.graph.extent import Shape, batch
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.messages import Message
from chainrule.nn.scope import Declarations, LayerRecord, Mixing, Outputs, Parameter, Scalar, Scope, State, outputs
from chainrule.nn.signatures import refuse_without_scope
from chainrule.ops.random import stream_of

__all__ = ["Network", "Outputs", "trace"]

_MODES_DIFFER = Message(
    "network.modes_differ",
    en="the architecture makes its layers anew each time it is called, and uses {training} in training but {inference} "
    "in inference, so that it is unclear which are the same. Make the layers outside of the function.",
    zh="该架构每次调用都会新建各层，训练时使用 {training}，推理时却使用 {inference}，无法判断哪些是同一层。"
    "请在函数之外创建各层。",
)
_ARCHITECTURE = Message("network.architecture", en="the architecture", zh="该架构")
_NO_INITIALIZER = Message(
    "network.no_initializer",
    en="the parameter '{name}' was loaded with its value and has nothing that makes a new one. Build the network from "
    "its layers to start afresh.",
    zh="参数“{name}”是连同其值一起加载的，没有生成新值的方法。若要重新开始，请用各层构建网络。",
)

Architecture = Callable[[Any, Scope], Any]


@dataclass(frozen=True, eq=False)
class Network:
    """An architecture as a graph, in inference and training mode over the same inputs and parameters.

    `updates` are the new values of states after a training step, by the states' names; `penalties` are numbers to be
    added to the loss; `mixings` tell which samples' targets are blended in it. Names are paths: "conv1/kernel".
    Nothing here refers to the layers that were traced.
    """

    inputs: tuple[Tensor, ...]
    parameters: dict[str, Parameter]
    states: dict[str, State]
    scalars: dict[str, Scalar]
    seed: Tensor
    step: Tensor
    inference: Outputs
    training: Outputs
    updates: dict[str, Tensor]
    penalties: tuple[Tensor, ...]
    layers: tuple[LayerRecord, ...]
    mixings: tuple[Mixing, ...] = ()

    @property
    def dtype(self) -> DType:
        """The type in which it computes, that of its parameters and inputs, of which some may be whole numbers."""
        given = (*(p.tensor for p in self.parameters.values()), *self.inputs)
        return next((tensor.dtype for tensor in given if tensor.dtype.floating), float32)

    @property
    def parameter_count(self) -> int:
        """How many numbers are learned."""
        return sum(math.prod(shape_of(p.tensor)) for p in self.parameters.values())

    def initial_parameters(self, seed: int) -> dict[str, Array]:
        """First values, each from a stream of randomness that depends on the seed and on its own name only."""
        return {name: _initial(name, p, seed) for name, p in self.parameters.items()}

    def initial_states(self) -> dict[str, Array]:
        """First values of the states."""
        return {n: np.full(shape_of(s.tensor), s.value, s.tensor.dtype.numpy) for n, s in self.states.items()}

    def scalar_values(self) -> dict[str, float]:
        """The scalars as the layers were built with them."""
        return {name: scalar.default for name, scalar in self.scalars.items()}


def shape_of(tensor: Tensor) -> tuple[int, ...]:
    """The shape of a parameter or state, which never has the batch axis."""
    return tuple(extent for extent in tensor.shape if isinstance(extent, int))


def _initial(name: str, parameter: Parameter, seed: int) -> Array:
    if parameter.initializer is None:
        raise UsageError(_NO_INITIALIZER(name=name))
    value = parameter.initializer(shape_of(parameter.tensor), seed, stream_of(name))
    return value.astype(parameter.tensor.dtype.numpy)


def trace(architecture: Architecture, input_shapes: Sequence[Shape], *, dtype: DType | str = "float32") -> Network:
    """The network of an architecture: a layer, or any function (x, scope) → y that calls layers.

    Several inputs are given to it as a tuple; it may give several outputs as a tuple.

    Shapes:   input_shapes are those of one sample; the network's inputs are (batch, *shape)
    Raises:   ShapeError and the like from inside, with the layer's path and the line that built it; GraphError if two
              layers have one name; UsageError if the architecture gives no tensor.
    Example:
        >>> from chainrule.nn import Dense, trace
        >>> network = trace(lambda x, scope: Dense(3, name="scores")(x, scope), [(4,)])
        >>> network.parameter_count, [record.path for record in network.layers]
        (15, ['scores'])
    """
    refuse_without_scope("the architecture", architecture)
    declared = Declarations(as_dtype(dtype))
    names = ["x"] if len(input_shapes) == 1 else [f"x{k}" for k in range(len(input_shapes))]
    inputs = tuple(input_tensor(n, (batch, *s), dtype) for n, s in zip(names, input_shapes, strict=True))
    x = inputs[0] if len(inputs) == 1 else inputs
    # Training comes first, because it may use layers that inference does not, such as an auxiliary output.
    training, inference = Scope(declared, training=True), Scope(declared, training=False)
    trained = outputs(architecture(x, training), _ARCHITECTURE())
    inferred = outputs(architecture(x, inference), _ARCHITECTURE())
    made_anew = not training.paths.keys() >= inference.paths.keys()
    if made_anew and list(training.layers) != list(inference.layers):
        raise GraphError(_MODES_DIFFER(training=", ".join(training.layers), inference=", ".join(inference.layers)))
    return Network(
        inputs=inputs,
        parameters=declared.parameters,
        states=declared.states,
        scalars=declared.scalars,
        seed=declared.seed,
        step=declared.step,
        inference=inferred,
        training=trained,
        updates=training.updates,
        penalties=tuple(training.penalties),
        layers=tuple(_in_both_modes(record, training.layers) for record in inference.layers.values()),
        mixings=tuple(training.mixings),
    )


def _in_both_modes(record: LayerRecord, training: Mapping[str, LayerRecord]) -> LayerRecord:
    trained = training.get(record.path)
    return record if trained is None else replace(record, training_output=trained.output, training_given=trained.given)
