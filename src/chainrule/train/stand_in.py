"""A model to try things on in place of another one, which stays as it was; and what hinders it on purpose."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from chainrule.execute import Program
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.nn.network import Network, Outputs
from chainrule.train.model import Model
from chainrule.train.samples import Samples
from chainrule.train.step import network_bindings


def stand_in(model: Model) -> Model:
    """A model like this one that may be trained without this one noticing: nothing of it is shared that can change.

    It begins where this one is now, and has no training behind it.
    """
    double = copy(model)
    double.scalars = dict(model.scalars)
    double.training_state = None
    return double


def regularizing_scalars(network: Network) -> list[str]:
    """The scalars that make learning harder on purpose: strengths of what only training does, such as rates of dropout,
    factors of penalties, reaches of augmentation. At 0 they do nothing.

    They are found by what they reach: the outputs or penalties of training, and not those of inference, or else beside
    the seed, as the rate of dropout whose scaling is left to inference. The momentum of running means reaches neither.
    """
    mixed = [tensor for mixing in network.mixings for tensor in (mixing.shares, mixing.turn)]
    trained = topological([*_tensors(network.training), *network.penalties, *mixed])
    in_training, in_inference = set(map(id, trained)), set(map(id, topological(_tensors(network.inference))))
    seeded = [node.inputs for node in trained if any(x is network.seed for x in node.inputs)]
    beside_seed = {id(x) for inputs in seeded for x in inputs}
    return [
        name
        for name, scalar in network.scalars.items()
        if id(scalar.tensor) in in_training
        and (id(scalar.tensor) not in in_inference or id(scalar.tensor) in beside_seed)
    ]


def first_random_layer(model: Model, samples: Samples) -> str | None:
    """The path of the first layer that makes something else of the same samples at another step; None if none does."""
    network = model.network
    layers = [record for record in network.layers if record.training_output is not None]
    layers = [r for r in layers if not any(other.path.startswith(f"{r.path}/") for other in layers)]  # the innermost
    program = Program([y for record in layers for y in _tensors(record.training_output)])
    own: dict[Tensor, Any] = network_bindings(network, model.parameters, model.states, model.scalars)
    own |= {**dict(zip(network.inputs, samples.inputs, strict=True)), network.seed: model.seed}
    once, again = (program.run({**own, network.step: step}) for step in (0, 1))
    paths = [record.path for record in layers for _ in _tensors(record.training_output)]
    alike = (np.array_equal(a, b, equal_nan=True) for a, b in zip(once, again, strict=True))
    return next((path for path, same in zip(paths, alike, strict=True) if not same), None)


def _tensors(outputs: Outputs | None) -> tuple[Tensor, ...]:
    return outputs if isinstance(outputs, tuple) else () if outputs is None else (outputs,)
