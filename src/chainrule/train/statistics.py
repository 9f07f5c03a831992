"""What can be told of a training step in a few numbers: for each layer and parameter, as nodes of the step's graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.autodiff.reverse import gradients, pullback
from chainrule.graph.expansion import expanded_inputs
from chainrule.graph.extent import Batch
from chainrule.graph.operation import Expandable
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.nn.network import Network
from chainrule.ops.comparison import equal
from chainrule.ops.contraction import mean
from chainrule.ops.creation import ones
from chainrule.ops.elementwise import absolute, maximum, sqrt
from chainrule.ops.kinds.conversion import cast
from chainrule.ops.kinds.elementwise import Elementwise
from chainrule.train.step import TrainingStep

FLAT = 0.01  # an activation of smaller slope than this passes on next to nothing of a gradient


@dataclass(frozen=True, eq=False)
class Statistics:
    """The nodes, by layer or parameter and by what they tell.

    layers      "mean", "deviation", "zero": of what the layer gives in training; "gradient": root mean square of the
                loss's derivative by it; where the layer ends in an activation, "passing": for each unit along the last
                axis, the share of samples (and places) at which the activation's slope is at least 0.01
    parameters  "weight", "gradient", "update": root mean squares of the parameter, of the loss's gradient by it, and of
                what the optimizer adds to it
    """

    layers: dict[str, dict[str, Tensor]]
    parameters: dict[str, dict[str, Tensor]]


def statistics(step: TrainingStep) -> Statistics:
    """The statistics of a step; they change nothing of it."""
    outputs = layer_outputs(step.network)
    learned = list(step.parameters.values())
    # What comes before the first parameter needs no derivative in a step, and that would be a costly one.
    behind = [y for y in outputs.values() if not set(learned).isdisjoint(topological([y], expanded_inputs))]
    by = [*behind, *learned]
    found = dict(zip(by, gradients(step.loss, by), strict=True)) if step.optimizer.needs_gradient else {}
    layers = {path: _of_layer(y, found.get(y)) for path, y in outputs.items()}
    parameters = {
        name: _of_parameter(p, found.get(p), step.result.parameters[name] - p) for name, p in step.parameters.items()
    }
    return Statistics(layers, parameters)


def layer_outputs(network: Network) -> dict[str, Tensor]:
    """What each layer gives in training, where it is numbers of each sample; what several give, the innermost says."""
    first: dict[Tensor, str] = {}
    for record in network.layers:
        y = record.training_output
        if isinstance(y, Tensor) and y.dtype.floating and y.shape and isinstance(y.shape[0], Batch):
            first[y] = record.path  # an outer layer stands before its inner ones
    return {path: y for y, path in first.items()}


def _of_layer(y: Tensor, gradient: Tensor | None) -> dict[str, Tensor]:
    # One pass over the batch tells all three; the squares' mean less the mean's square loses digits that nobody needs.
    middle = mean(y)
    spread = sqrt(maximum(mean(y * y) - middle * middle, 0.0))
    told = {"mean": middle, "deviation": spread, "zero": _share(equal(y, 0.0), y)}
    if gradient is not None:
        told["gradient"] = _root_mean_square(gradient)
    slope = activation_slope(y)
    if slope is not None:
        told["passing"] = _share(absolute(slope) >= FLAT, y, tuple(range(y.ndim - 1)))
    return told


def _of_parameter(p: Tensor, gradient: Tensor | None, update: Tensor) -> dict[str, Tensor]:
    told = {"weight": _root_mean_square(p), "update": _root_mean_square(update)}
    return told if gradient is None else {**told, "gradient": _root_mean_square(gradient)}


def activation_slope(y: Tensor) -> Tensor | None:
    """f′(z), where y = f(z) is a function of one number, the same for all of them, and bent; otherwise None.

    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> from chainrule.ops.activations import relu
        >>> z = tensor([-1.0, 2.0]) @ tensor([[1.0, -1.0], [1.0, 1.0]])
        >>> activation_slope(relu(z))
        Tensor([1. 1.], shape=(2,), dtype=float32)
        >>> activation_slope(z) is None
        True
    """
    z = y
    while (inner := _argument(z)) is not None:
        z = inner
    if z is y:
        return None
    (slope,) = pullback(y, ones(y.shape, y.dtype), [z])
    return slope if slope is not None and z in set(topological([slope], expanded_inputs)) else None


def _argument(y: Tensor) -> Tensor | None:
    """The one input that y is made of number by number, with constants; None where there is no such."""
    inputs = [x for x in y.inputs if x.shape or x.value is None]
    if len(inputs) != 1 or inputs[0].shape != y.shape or not inputs[0].dtype.floating:
        return None
    if isinstance(y.operation, Elementwise):
        return inputs[0]
    if not isinstance(y.operation, Expandable):
        return None
    inside = set(topological([y], expanded_inputs)) - set(topological(y.inputs, expanded_inputs))
    pointwise = all(isinstance(n.operation, Elementwise | Expandable) or not n.inputs for n in inside)
    return inputs[0] if pointwise else None


def _root_mean_square(x: Tensor) -> Tensor:
    return sqrt(mean(x * x))


def _share(condition: Tensor, like: Tensor, axes: Any = None) -> Tensor:
    return mean(cast(condition, like.dtype), axes)
