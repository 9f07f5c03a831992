"""Each layer by itself: what it gives in training, and what in inference, for the same inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chainrule.diagnosis.task import numbers_of_each
from chainrule.graph.substitution import substituted
from chainrule.graph.tensor import Tensor
from chainrule.nn.network import Network, Outputs
from chainrule.nn.scope import LayerRecord


@dataclass(frozen=True, eq=False)
class LayerAlone:
    """Both modes of a layer, for what inference gives to it.

    training, inference   what it makes of that
    updates               what its states will be after a step, by their names
    """

    training: Tensor
    inference: Tensor
    updates: Mapping[str, Tensor]

    @property
    def places(self) -> int:
        """At how many places of each sample it does the same: one, or an image's pixels."""
        features = self.inference.shape[-1]
        return numbers_of_each(self.inference) // features if isinstance(features, int) and features else 1


def each_layer(network: Network) -> dict[str, LayerAlone]:
    """The innermost layers that both modes use and that give one tensor of one shape, by path, from first to last."""
    found: dict[str, LayerAlone] = {}
    earlier: dict[Tensor, Tensor] = {}
    for record in network.layers:
        trained, inferred = record.training_output, record.output
        if any(other.path.startswith(f"{record.path}/") for other in network.layers):
            continue
        if not isinstance(trained, Tensor) or not isinstance(inferred, Tensor) or trained.shape != inferred.shape:
            continue
        given = _given(record) or earlier
        own = {name: new for name, new in network.updates.items() if name.rpartition("/")[0] == record.path}
        alone, *updates = substituted([trained, *own.values()], given)
        found[record.path] = LayerAlone(alone, inferred, dict(zip(own, updates, strict=True)))
        earlier.setdefault(trained, inferred)
    return found


def _given(record: LayerRecord) -> dict[Tensor, Tensor]:
    """For each tensor that a layer is given in training, what it is given in inference; empty where nobody knows."""
    trained, inferred = _tensors(record.training_given), _tensors(record.given)
    if [x.shape for x in trained] != [x.shape for x in inferred]:
        return {}
    return dict(zip(trained, inferred, strict=True))


def _tensors(given: Outputs | None) -> tuple[Tensor, ...]:
    return given if isinstance(given, tuple) else () if given is None else (given,)
