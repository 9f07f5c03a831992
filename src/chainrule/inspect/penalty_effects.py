"""What penalties and bounds do to weights: to each update, and to what is left after a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import UsageError
from chainrule.execute.choice import Executor
from chainrule.graph.operation import Array
from chainrule.inspect.parameter_gradients import parameter_gradients
from chainrule.inspect.style import GRAY, LINES, Picture, check_records, draw_grid
from chainrule.messages import Message
from chainrule.nn.losses.loss import LossFunction
from chainrule.optim import SGD
from chainrule.optim.optimizer import Optimizer
from chainrule.train.model import Model, check_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "WeightDistributions", "WeightPull", "plot_weight_distributions", "plot_weight_pulls", "weight_distributions",
    "weight_pull",
]  # fmt: skip

_PARAMETER = Message(
    "penalty_effects.parameter",
    en="{name} has no parameter {parameter!r}. Its parameters: {known}.",
    zh="{name} 没有参数 {parameter!r}。其参数：{known}。",
)
_MODELS = Message(
    "penalty_effects.models",
    en="models is {given}; give a dict of models by the names they shall have in the picture: {{'L2': model}}.",
    zh="models 为 {given}；请给出以图中名称为键的模型字典：{{'L2': model}}。",
)
_BOUND = Message(
    "penalty_effects.bound",
    en="bound is {bound!r}; give a function that puts something around an optimizer: lambda rule: MaxNorm(rule, 2.0).",
    zh="bound 为 {bound!r}；请给出一个包装优化器的函数：lambda rule: MaxNorm(rule, 2.0)。",
)
_MODEL = Message("penalty_effects.model", en="The model", zh="该模型")


@dataclass(frozen=True, eq=False, repr=False)
class WeightPull:
    """One update of a parameter, taken apart.

    parameter       its name
    weights         before the update
    by_loss         -η ∂ℓ/∂θ, what the loss of the samples moves it by
    by_penalty      what else it is moved by: by penalties and bounds
    learning_rate   η
    """

    parameter: str
    weights: Array
    by_loss: Array
    by_penalty: Array
    learning_rate: float

    @property
    def slope(self) -> float:
        """What is taken of each weight: by_penalty = -slope · weight as well as a line through 0 can say it.

        Under an L2 penalty λ it is 2ηλ.
        """
        return -float((self.by_penalty * self.weights).sum() / np.square(self.weights).sum())

    def __repr__(self) -> str:
        return f"WeightPull({self.parameter}: each step takes {self.slope:.3g} of the weights)"


def weight_pull(
    model: Model,
    x: Any,
    y: Any,
    parameter: str,
    *,
    loss: str | LossFunction = "cross_entropy",
    learning_rate: float = 0.1,
    bound: Callable[[Optimizer], Optimizer] | None = None,
    executor: Executor = "auto",
) -> WeightPull:
    """One step of gradient descent on all samples, and which part of it the penalties of the layers make.

        θ' - θ = -η ∂ℓ/∂θ - η ∂(penalties)/∂θ,  of which the last is -2ηλθ for L2 and -ηλ sign θ for L1

    parameter   its name: "dense/kernel"
    bound       what is put around the optimizer, such as MaxNorm; then its part is in by_penalty too

    It is measured: the model makes the step (a copy of it, this one stays as it is), and what the gradient of the loss
    alone explains is taken off.

    Raises:   UsageError if there is no such parameter, or the bound is no function; as `fit` for samples and loss.
    Example:
        >>> from chainrule.nn import L2, Dense
        >>> model = Model(Dense(1, kernel_penalty=L2(0.05)), (2,))
        >>> x, y = np.ones((4, 2)), np.zeros(4)
        >>> weight_pull(model, x, y, "dense/kernel", loss="mean_squared_error", executor="reference")  # 2 · 0.1 · 0.05
        WeightPull(dense/kernel: each step takes 0.01 of the weights)
    """
    _check_parameter(_MODEL(), model, parameter)
    moved = copy(model)
    moved.states, moved.scalars = dict(model.states), dict(model.scalars)
    step = SGD(learning_rate)
    if bound is not None and not callable(bound):
        raise UsageError(_BOUND(bound=bound))
    samples = len(np.asarray(y))
    moved.fit(
        x,
        y,
        loss=loss,
        metrics=[],
        optimizer=step if bound is None else bound(step),
        batch_size=samples,
        shuffle=False,
        verbose=0,
        executor=executor,
    )
    before = np.asarray(model.parameters[parameter], np.float64)
    after = np.asarray(moved.parameters[parameter], np.float64)
    by_loss = -learning_rate * np.asarray(parameter_gradients(model, x, y, loss=loss).gradients[parameter], np.float64)
    return WeightPull(parameter, before, by_loss, after - before - by_loss, learning_rate)


def _check_parameter(name: str, model: Model, parameter: str) -> None:
    check_model(model)
    if parameter not in model.network.parameters:
        raise UsageError(_PARAMETER(name=name, parameter=parameter, known=", ".join(model.network.parameters)))


def plot_weight_pulls(records: Mapping[str, WeightPull]) -> Picture:
    """How far the penalty moves each weight in a step, against the weight: a line for L2, two levels for L1.

    Each panel has a scale of its own.

    Raises:   UsageError if there is no record.
    """
    check_records(records, WeightPull, "weight_pull")

    def drawing(grid: list[list[Axes]]) -> None:
        for k, (axes, (name, record)) in enumerate(zip(grid[0], records.items(), strict=True)):
            axes.axhline(0, color=GRAY, linewidth=0.8)
            axes.axvline(0, color=GRAY, linewidth=0.8)
            axes.plot(record.weights.ravel(), record.by_penalty.ravel(), ".", color=LINES[k % len(LINES)], markersize=3)
            axes.set_title(name)
            axes.set_xlabel("weight before the step")
            axes.ticklabel_format(axis="y", scilimits=(-2, 3))
            reach = 1.15 * float(np.abs(record.by_penalty).max()) or 1.0
            axes.set_ylim(-reach, reach)
        grid[0][0].set_ylabel("the penalty's part of the step")

    return draw_grid(1, len(records), drawing, size=(0.4 + 2.4 * len(records), 2.6))


@dataclass(frozen=True, eq=False, repr=False)
class WeightDistributions:
    """The weights of one parameter in several models.

    parameter   its name
    weights     by model, all of its numbers
    lengths     by model, of the weights that lead into each unit
    """

    parameter: str
    weights: dict[str, Array]
    lengths: dict[str, Array]

    def small(self, below: float = 0.01) -> dict[str, float]:
        """By model, the share of weights that are next to nothing: |w| below so much."""
        return {name: float((np.abs(weights) < below).mean()) for name, weights in self.weights.items()}

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}: {np.sqrt(np.square(w).mean()):.3g}" for name, w in self.weights.items())
        return f"WeightDistributions({self.parameter}, root mean square {sizes})"


def weight_distributions(models: Mapping[str, Model], parameter: str) -> WeightDistributions:
    """The weights that trainings with different penalties have left.

    models      by the names that they shall have in the picture
    parameter   the name of a parameter of each: "dense/kernel"

    Raises:   UsageError if a model has no such parameter, or there is none.
    Example:
        >>> from chainrule.nn import Dense
        >>> weight_distributions({"zeros": Model(Dense(2, kernel_initializer="zeros"), (3,))}, "dense/kernel").small()
        {'zeros': 1.0}
    """
    if not hasattr(models, "items") or not models:
        raise UsageError(_MODELS(given=repr(models)))
    for name, model in models.items():
        _check_parameter(name, model, parameter)
    weights = {name: np.asarray(model.parameters[parameter], np.float64) for name, model in models.items()}
    lengths = {n: np.sqrt(np.square(w).reshape(-1, w.shape[-1]).sum(0)) for n, w in weights.items()}
    return WeightDistributions(parameter, {name: w.ravel() for name, w in weights.items()}, lengths)


def plot_weight_distributions(record: WeightDistributions) -> Picture:
    """A histogram of the weights of each model, counts in powers of ten; below, the lengths into each unit, a dot each.

    All panels have one scale.
    """
    names = list(record.weights)
    reach = max(float(np.abs(weights).max()) for weights in record.weights.values()) or 1.0
    longest = max(float(lengths.max()) for lengths in record.lengths.values()) or 1.0
    edges = np.linspace(-reach, reach, 62).tolist()

    def drawing(grid: list[list[Axes]]) -> None:
        for k, name in enumerate(names):
            above, below = grid[0][k], grid[1][k]
            color = LINES[k % len(LINES)]
            above.hist(record.weights[name], edges, color=color)
            above.set_yscale("log")
            above.set_ylim(0.7, 1.5 * max(len(w) for w in record.weights.values()))
            above.set_title(name)
            above.set_xlabel("weight")
            lengths = np.sort(record.lengths[name])
            below.plot(np.arange(1, len(lengths) + 1), lengths, ".", color=color)
            below.set_ylim(0, 1.1 * longest)
            below.set_xlabel("units, in order")
        grid[0][0].set_ylabel("weights")
        grid[1][0].set_ylabel("length ‖w‖ into it")
        for row in grid:
            for axes in row[1:]:
                axes.set_yticklabels([])

    return draw_grid(2, len(names), drawing, size=(0.6 + 2.0 * len(names), 4.2))
