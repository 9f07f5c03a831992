"""What holds a network back while it trains: penalties, weight decay, noise; how strong it is at the beginning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from chainrule.diagnosis.task import Task
from chainrule.execute.reference import Program
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.train.statistics import layer_outputs

STRONG_PENALTY = 0.5  # of the loss of the constant answer, or of 1
STRONG_DECAY = 0.01  # of the weights in a step
STRONG_NOISE = 0.93  # of the variance of what a layer gives
_LOOKED_AT = 256  # samples


@dataclass(frozen=True)
class Restraint:
    """The strongest one, if it is strong.

    kind       "penalty": penalties as a multiple of the constant answer's loss, at the beginning; "decay": the share of
               the weights that a step takes away; "noise": of the variance of what a layer gives, at the beginning
    strength   so much
    layer      whose noise it is
    """

    kind: Literal["penalty", "decay", "noise"]
    strength: float
    layer: str = ""


def restraint(task: Task) -> Restraint | None:
    """A penalty, decay or noise that is strong enough to keep the network from learning."""
    return _penalty(task) or _decay(task) or _noise(task)


def _penalty(task: Task) -> Restraint | None:
    network = task.network
    penalties = [p for p in network.penalties if set(network.inputs).isdisjoint(topological([p]))]
    if not penalties:
        return None
    scalars = {scalar.tensor: task.model.scalars[name] for name, scalar in network.scalars.items()}
    amount = float(sum(Program(penalties).run({**_initial(task), **scalars})))
    strength = amount / (task.constant_loss or 1.0)
    return Restraint("penalty", strength) if strength > STRONG_PENALTY else None


def _decay(task: Task) -> Restraint | None:
    strength = task.scalars.get("weight_decay", 0.0) * task.scalars.get("learning_rate", 1.0)
    return Restraint("decay", strength) if strength > STRONG_DECAY else None


def _noise(task: Task) -> Restraint | None:
    """The share of noise in what layers give in training: how much it differs when only the noise is another one."""
    network = task.network
    outputs = {
        path: y
        for path, y in layer_outputs(network).items()
        if not {network.seed, network.step}.isdisjoint(topological([y]))
    }
    if not outputs:
        return None
    program, bindings = Program(list(outputs.values())), {**task.bindings(task.some(_LOOKED_AT)), **_initial(task)}
    first, second = (program.run({**bindings, network.step: step}) for step in (0, 1))
    shares = {}
    for path, a, b in zip(outputs, first, second, strict=True):
        total = float(np.var(np.concatenate([a, b]).astype(np.float64), axis=0).mean())
        noise = float(np.mean((a.astype(np.float64) - b) ** 2)) / 2
        shares[path] = min(1.0, noise / total) if total > 0 else 0.0
    layer = max(shares, key=lambda path: shares[path])
    return Restraint("noise", shares[layer], layer) if shares[layer] > STRONG_NOISE else None


def _initial(task: Task) -> dict[Tensor, Array]:
    """The first values of parameters; those that they have, where nothing makes new ones."""
    network, model = task.network, task.model
    loaded = any(parameter.initializer is None for parameter in network.parameters.values())
    values = model.parameters if loaded else network.initial_parameters(model.seed)
    return {parameter.tensor: values[name] for name, parameter in network.parameters.items()}
