"""The gradient of a loss by each parameter of a model, as it stands: before the first step, or after any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.autodiff.reverse import gradients
from chainrule.execute import evaluate
from chainrule.inspect.style import GRAY, LINES, Picture, check_records, draw
from chainrule.nn.losses.loss import LossFunction
from chainrule.train.metrics import objective
from chainrule.train.model import Model, check_model
from chainrule.train.samples import as_samples, check_targets
from chainrule.train.step import Data, network_bindings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ParameterGradients", "parameter_gradients", "plot_parameter_gradients"]


@dataclass(frozen=True, eq=False)
class ParameterGradients:
    """A loss, and its gradient by each parameter.

    loss        the mean over the samples
    gradients   by the parameter's name
    """

    loss: float
    gradients: dict[str, NDArray[np.floating[Any]]]

    @property
    def norms(self) -> dict[str, float]:
        """The root mean square of each gradient: the size of one of its numbers."""
        return {name: float(np.sqrt(np.square(g.astype(np.float64)).mean())) for name, g in self.gradients.items()}

    def different_units(self, name: str) -> int:
        """How many units of a layer have a gradient of their own: those with equal ones stay alike forever.

        A unit is an index of the last axis, as in kernels (…, in, out).
        """
        gradient = self.gradients[name]
        return len(np.unique(gradient.reshape(-1, gradient.shape[-1]), axis=1).T)

    def __repr__(self) -> str:
        norms = ", ".join(f"{name}: {norm:.2g}" for name, norm in self.norms.items())
        return f"ParameterGradients(loss {self.loss:.4g}; {norms})"


def parameter_gradients(
    model: Model, x: Any, y: Any, *, loss: str | LossFunction = "cross_entropy"
) -> ParameterGradients:
    """The loss of some samples and its gradient by each parameter, for the parameters that the model has now.

        L = 1/k Σ ℓ(M(xᵢ), yᵢ),  ∂L/∂θ

    In training mode; what is random in layers is as in the model's next step. Penalties are left out.

    Raises:   ShapeError, DataError and UsageError as `fit` does, for samples and losses that do not fit; UsageError if
              the model does not know the shape of its input yet.
    Example:
        >>> from chainrule.nn import Dense
        >>> model = Model(Dense(1, kernel_initializer="zeros"), (1,))
        >>> parameter_gradients(model, [[1.0], [2.0]], [1.0, 4.0], loss="mean_squared_error")  # −2 mean(xy), −2 mean(y)
        ParameterGradients(loss 8.5; dense/kernel: 9, dense/bias: 5)
    """
    check_model(model)
    samples = as_samples(x, y)
    goal = objective(loss, [])
    network = model.network
    check_targets(samples, network.training, goal.loss)
    data = Data(network, samples)
    total = data.sums(goal, network.training, network.mixings).loss
    tensors = [p.tensor for p in network.parameters.values()]
    bindings = dict(data.bindings(samples)) | network_bindings(network, model.parameters, model.states, model.scalars)
    bindings |= {network.seed: model.seed, network.step: model.training_state.step if model.training_state else 0}
    value, *found = evaluate([total, *gradients(total, tensors)], bindings)
    return ParameterGradients(float(value), dict(zip(network.parameters, found, strict=True)))


def plot_parameter_gradients(records: Mapping[str, ParameterGradients]) -> Picture:
    """The size of the gradient in each parameter, one mark for each record that has it; 0 is at the left."""
    check_records(records, ParameterGradients, "parameter_gradients")
    names = list(dict.fromkeys(name for record in records.values() for name in record.gradients))
    positive = [norm for record in records.values() for norm in record.norms.values() if norm > 0]
    edge = min(positive, default=1.0) / 10

    def drawing(axes: Axes) -> None:
        for k, (name, record) in enumerate(records.items()):
            sizes = [max(record.norms.get(p, np.nan), edge) for p in names]
            rows = np.arange(len(names)) + 0.6 * ((k + 0.5) / len(records) - 0.5)  # beside each other where equal
            axes.plot(sizes, rows, "os^DvPX"[k % 7], color=LINES[k % len(LINES)], label=name, markersize=5)
        axes.axvline(edge, color=GRAY, linewidth=0.8)
        axes.annotate("exactly 0", (edge, 1.02), xycoords=("data", "axes fraction"), ha="center", fontsize=8)
        axes.set_xscale("log")
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.hlines(np.arange(len(names)) + 0.5, *axes.get_xlim(), color="0.9", linewidth=0.8)
        axes.set_xlabel("root mean square of the gradient")
        axes.figure.legend(loc="outside lower center", ncols=min(len(records), 3))

    return draw(drawing, size=(6.0, 1.5 + 0.4 * len(names)))
