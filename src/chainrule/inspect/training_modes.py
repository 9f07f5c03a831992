"""How far a network in training is from the same network in inference, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.execute.reference import Program
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.inspect.style import LINES, Picture, draw
from chainrule.train.model import Model, check_model
from chainrule.train.samples import as_inputs, check_inputs
from chainrule.train.step import network_bindings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ModeComparison", "compare_modes", "plot_mode_comparison"]


@dataclass(frozen=True, eq=False, repr=False)
class ModeComparison:
    """What each layer gives for the same samples in both modes.

    differences   by layer: root mean square of training - inference, as a share of inference's
    training      what the network gives in training (samples, …), with the randomness of its next step
    inference     what it gives in inference
    """

    differences: dict[str, float]
    training: Array
    inference: Array

    @property
    def first(self) -> str | None:
        """The first layer in which the modes differ; None if they are the same everywhere."""
        return next((path for path, difference in self.differences.items() if difference > 0), None)

    def __repr__(self) -> str:
        last = list(self.differences.values())[-1]
        where = f"from {self.first} on" if self.first else "nowhere"
        return f"ModeComparison(the modes differ {where}, by {last:.1%} at the end)"


def compare_modes(model: Model, x: Any) -> ModeComparison:
    """Both modes of a network on the same samples: which layers act otherwise in training, and by how much.

    A network has two graphs, made when it is traced, and nobody switches between them: `fit` runs the one of training,
    `predict` and `evaluate` that of inference, and so do models that were loaded. This runs both.

    Raises:   UsageError if the model is not built yet; DataError if x does not fit.
    Example:
        >>> from chainrule.nn import Dense, Dropout, Sequential
        >>> model = Model(Sequential([Dense(4), Dropout(0.5), Dense(1)]), (3,))
        >>> compare_modes(model, np.ones((2, 3))).first
        'dropout'
    """
    check_model(model)
    samples = as_inputs(x)
    network = model.network
    check_inputs(samples, network)
    both: dict[str, tuple[Tensor, Tensor]] = {}
    for record in network.layers:
        if isinstance(record.output, Tensor) and isinstance(record.training_output, Tensor):
            both[record.path] = record.training_output, record.output
    ends = tuple(y if isinstance(y, Tensor) else y[0] for y in (network.training, network.inference))
    bindings = network_bindings(network, model.parameters, model.states, model.scalars)
    bindings |= dict(zip(network.inputs, samples.inputs, strict=True))
    bindings |= {network.seed: model.seed, network.step: model.training_state.step if model.training_state else 0}
    values = Program([*ends, *(y for pair in both.values() for y in pair)]).run(bindings)
    pairs = zip(values[2::2], values[3::2], strict=True)
    found = {path: _difference(*pair) for path, pair in zip(both, pairs, strict=True)}
    return ModeComparison(found, values[0], values[1])


def _difference(training: Array, inference: Array) -> float:
    if training.shape != inference.shape:  # as of random crops
        return float("inf")
    a, b = training.astype(np.float64), inference.astype(np.float64)
    size = np.sqrt(np.square(b).mean())
    apart = np.sqrt(np.square(a - b).mean())
    return float(apart / size) if size > 0 else float(apart > 0)


def plot_mode_comparison(record: ModeComparison) -> Picture:
    """How far training is from inference in each layer, from the first layer at the top to the last."""
    paths = list(record.differences)

    def drawing(axes: Axes) -> None:
        sizes = [100 * difference for difference in record.differences.values()]
        shown = [size if np.isfinite(size) else 0.0 for size in sizes]
        bars = axes.barh(range(len(paths)), shown, color=LINES[0])
        labels = [" other shape" if np.isinf(size) else f" {size:.0f}" if size else " same" for size in sizes]
        axes.bar_label(bars, labels, fontsize=8)
        axes.set_yticks(range(len(paths)), paths)
        axes.invert_yaxis()
        axes.margins(x=0.15)
        axes.set_xlabel("|training − inference| (% of inference)")

    return draw(drawing, size=(5.6, 0.9 + 0.3 * len(paths)))
