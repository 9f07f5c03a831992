"""Networks put together from parts of others: of what a network names, the parts that its new outputs depend on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from chainrule.execute.immutable import is_immutable
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.nn.network import Network, Outputs
from chainrule.nn.scope import LayerRecord, Parameter


def as_tuple(outputs: Outputs) -> tuple[Tensor, ...]:
    """The tensors that a network or a layer gives, one or several."""
    return outputs if isinstance(outputs, tuple) else (outputs,)


def cut(network: Network, inference: Outputs, training: Outputs) -> Network:
    """The part of a network that these of its tensors need, in both modes.

    What is learned or updated there still is; a penalty stays if it is on nothing that is gone.
    """
    kept = set(topological([*as_tuple(inference), *as_tuple(training)]))
    updates = {name: u for name, u in network.updates.items() if network.states[name].tensor in kept}
    reached = kept | set(topological(updates.values()))
    gone = {p.tensor for p in network.parameters.values()} - reached
    return assembled(
        replace(
            network,
            updates=updates,
            penalties=tuple(term for term in network.penalties if gone.isdisjoint(topological([term]))),
            mixings=tuple(m for m in network.mixings if m.shares in kept),
        ),
        inference,
        training,
        network.layers,
    )


def redirected(
    network: Network,
    aliases: Mapping[Tensor, Tensor],
    layers: Iterable[LayerRecord],
    parameters: Mapping[str, Parameter],
) -> Network:
    """The network's inference with some nodes' users given to others of the same type, as a network for inference.

    aliases      what stands in the place of a node; it may use any node that does not depend on it
    layers       those of the network's layers that are to remain
    parameters   those that the aliases bring, by name; they stand in the place of earlier ones of that name
    """

    def inputs(node: Tensor) -> tuple[Tensor, ...]:
        return (aliases[node],) if node in aliases else node.inputs

    layers = list(layers)
    roots = [*as_tuple(network.inference), *(y for record in layers for y in as_tuple(record.output))]
    made: dict[Tensor, Tensor] = {}
    for node in topological(roots, inputs):
        sources = tuple(made[x] for x in inputs(node))
        made[node] = sources[0] if node in aliases else with_inputs(node, sources)
    return for_inference(network, made, layers, parameters)


def with_inputs(node: Tensor, inputs: tuple[Tensor, ...]) -> Tensor:
    """The same node with other inputs of the same types; the node itself where they are its own."""
    if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return node
    return Tensor(node.operation, inputs, node.attributes, node.type, name=node.name, where=node.where)


def with_shape(array: Array, shape: tuple[int, ...]) -> Array:
    """The numbers of an array with another shape: in the same memory, where it is nobody's to write into."""
    if array.shape == shape:
        return array
    own = is_immutable(array) and array.flags.c_contiguous
    return np.ndarray(shape, array.dtype, array.base) if own else array.reshape(shape)


def for_inference(
    network: Network,
    made: Mapping[Tensor, Tensor],
    layers: Iterable[LayerRecord],
    parameters: Mapping[str, Parameter],
    inputs: Sequence[Tensor] = (),
) -> Network:
    """A network for inference, training being the same graph, in which `made` tells what became of tensors."""

    def moved(outputs: Outputs) -> Outputs:
        return tuple(made[y] for y in outputs) if isinstance(outputs, tuple) else made[outputs]

    known = [record for record in layers if all(y in made for y in as_tuple(record.output))]
    inference = moved(network.inference)
    return assembled(
        replace(
            network,
            inputs=tuple(inputs) or network.inputs,
            parameters={**network.parameters, **parameters},
            updates={},
            penalties=(),
            mixings=(),
        ),
        inference,
        inference,
        [LayerRecord(r.path, r.kind, moved(r.output), r.parameters, moved(r.output)) for r in known],
    )


def assembled(network: Network, inference: Outputs, training: Outputs, layers: Iterable[LayerRecord]) -> Network:
    """The network with these outputs and layers, without the names that nothing of it depends on."""
    inferred = set(topological(as_tuple(inference)))
    others = [term for mixing in network.mixings for term in (mixing.shares, mixing.turn)]
    trained = [*as_tuple(training), *network.updates.values(), *network.penalties, *others]
    kept = inferred | set(topological(trained))
    parameters = {name: p for name, p in network.parameters.items() if p.tensor in kept}
    return replace(
        network,
        inputs=tuple(x for x in network.inputs if x in kept),
        parameters=parameters,
        states={name: s for name, s in network.states.items() if s.tensor in kept},
        scalars={name: s for name, s in network.scalars.items() if s.tensor in kept},
        inference=inference,
        training=training,
        layers=tuple(
            replace(record, parameters=tuple(n for n in parameters if n.rpartition("/")[0] == record.path))
            for record in layers
            if inferred.issuperset(as_tuple(record.output))
        ),
    )
