"""The loss of a real network around its parameters: a line or a plane through a space of thousands of dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data import check_batch_size
from chainrule.errors import UsageError
from chainrule.execute.choice import Executor
from chainrule.graph.extent import show_shape
from chainrule.graph.seeds import random_generator
from chainrule.inspect.style import BLACK, BLUE, RED, SEQUENTIAL, Picture, draw
from chainrule.messages import Message
from chainrule.nn.losses.loss import LossFunction
from chainrule.nn.ranges import is_within
from chainrule.train.callback import Callback
from chainrule.train.evaluation import EVALUATION_BATCH, Evaluator
from chainrule.train.loop import Training
from chainrule.train.metrics import objective
from chainrule.train.model import Model, check_model
from chainrule.train.samples import as_samples, check_targets
from chainrule.train.step import Arrays, EvaluationStep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LossSurface", "ParameterPath", "loss_surface", "plot_loss_surface"]

_PATH = Message(
    "loss_surface.path",
    en="a path has {given} points; a plane through it needs 3 or more. Record more: fit(…, callbacks=[path]) for more"
    " epochs, or ParameterPath(every=…) with a smaller number of steps.",
    zh="路径只有 {given} 个点；通过它的平面需要 3 个以上。请多记录一些：fit(…, callbacks=[path]) 训练更多轮，"
    "或使用步数更小的 ParameterPath(every=…)。",
)
_OTHER = Message(
    "loss_surface.other",
    en="point {place} of the path is not of this model's parameters: {name} is {given} there. Give the path of a"
    " training of this model.",
    zh="路径的第 {place} 个点不属于该模型的参数：其中 {name} 为 {given}。请给出训练该模型时的路径。",
)
_LINE = Message(
    "loss_surface.line",
    en="a path is seen in a plane, so dimensions=1 and path do not go together. Leave one of them away.",
    zh="路径显示在平面中，因此 dimensions=1 与 path 不能同用。请去掉其中之一。",
)
_MISSING = Message("loss_surface.missing", en="missing", zh="缺失")
_NUMBERS = Message(
    "loss_surface.numbers",
    en="{name}={value!r}: {name} must be {wanted}.",
    zh="{name}={value!r}：{name} 必须是{wanted}。",
)
_DIMENSIONS = Message("loss_surface.dimensions", en="1 for a line or 2 for a plane", zh=" 1（直线）或 2（平面）")
_RESOLUTION = Message("loss_surface.resolution", en="a whole number, 2 or more", zh="不小于 2 的整数")
_EXTENT = Message("loss_surface.extent", en="a number above 0", zh="大于 0 的数")
_EVERY = Message("loss_surface.every", en="a whole number of steps, 1 or more", zh="步数，为不小于 1 的整数")

_BORDER = 0.25  # of the path's extent, around it


@dataclass
class ParameterPath(Callback):
    """A callback that keeps the parameters as training goes on: at its begin, then every so many steps.

    every    steps between two points; without it a point after each epoch
    points   the parameters at each point, as dicts by name
    """

    every: int | None = None
    points: list[Arrays] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        _check(self.every is None or _is_whole(self.every, 1), "every", self.every, _EVERY)

    def on_train_begin(self, training: Training) -> None:
        now = training.model.parameters
        if not self.points or not all(value is self.points[-1].get(name) for name, value in now.items()):
            self._keep(training)

    def wants_step(self, step: int) -> bool:
        return self.every is not None and step % self.every == 0

    def on_train_batch_end(self, training: Training) -> None:
        self._keep(training)

    def on_epoch_end(self, training: Training) -> None:
        if self.every is None:
            self._keep(training)

    def _keep(self, training: Training) -> None:
        self.points.append(dict(training.model.parameters))


@dataclass(frozen=True, eq=False)
class LossSurface:
    """The loss along one or two directions from a model's parameters.

        L(θ + a d₁ + b d₂)

    a, b        how far along each direction (R,); b is None on a line
    losses      L at each, (R,) or (R, R) with b along the first axis
    path        points of a training in the same plane (P, 2), where one was given; their distance from the plane is not
                seen
    explained   the share of the path's extent, of its squared distances from θ, that lies in the plane
    """

    a: NDArray[np.float64]
    b: NDArray[np.float64] | None
    losses: NDArray[np.float64]
    path: NDArray[np.float64] | None = None
    explained: float | None = None

    def __repr__(self) -> str:
        inside = "" if self.explained is None else f", {self.explained:.0%} of the path in the plane"
        return f"LossSurface({self.losses.min():.4g} to {self.losses.max():.4g}{inside})"


def loss_surface(
    model: Model,
    x: Any,
    y: Any,
    *,
    loss: str | LossFunction = "cross_entropy",
    path: ParameterPath | Sequence[Arrays] | None = None,
    dimensions: int = 2,
    resolution: int = 25,
    extent: float = 1.0,
    seed: int = 0,
    executor: Executor = "auto",
) -> LossSurface:
    """A slice through the loss of samples as a function of all parameters, around those that the model has now.

    Without a path the directions are random, each filter (the weights into one unit) of the length that the model's own
    filter has; then a step of 1 means the same in every network, whatever the scale of its weights. Biases and other
    vectors stay as they are. With a path the plane is the one that holds most of it: its first two principal
    components, seen from the model's parameters. A slice never tells that there is no way around a hill.

    Units:    extent: lengths of the filters, to both sides; not used with a path, which decides itself
    Raises:   as `evaluate`; UsageError for numbers out of range, or a path of fewer than 3 points, or of another model.
    Source:   Li, Xu, Taylor, Studer and Goldstein 2018, Visualizing the loss landscape of neural nets
    Example:
        >>> from chainrule.nn import Dense
        >>> model = Model(Dense(1, kernel_initializer="ones"), (1,))
        >>> x, y = [[1.0], [-1.0]], [1.0, -1.0]
        >>> loss_surface(model, x, y, loss="mean_squared_error", dimensions=1, resolution=5).losses
        array([1.  , 0.25, 0.  , 0.25, 1.  ])
    """
    check_model(model)
    _check(dimensions in (1, 2), "dimensions", dimensions, _DIMENSIONS)
    _check(_is_whole(resolution, 2), "resolution", resolution, _RESOLUTION)
    _check(is_within(extent, 0, np.inf) and extent > 0, "extent", extent, _EXTENT)
    here = {name: np.asarray(value, np.float64) for name, value in model.parameters.items()}
    points = path.points if isinstance(path, ParameterPath) else path
    seen, explained = None, None
    if points is None:
        random = random_generator(seed)
        directions = [_like_filters(here, random) for _ in range(dimensions)]
        reach = [(-extent, extent)] * dimensions
    else:
        if dimensions != 2:
            raise UsageError(_LINE())
        if len(points) < 3:
            raise UsageError(_PATH(given=len(points)))
        _check_path(points, here)
        directions, seen, explained = _plane_of(points, here)
        reach = [_framed(seen[:, k]) for k in range(2)]
    coordinates = [np.linspace(*ends, resolution) for ends in reach]

    samples, goal = as_samples(x, y), objective(loss, [])
    check_targets(samples, model.network.inference, goal.loss)
    evaluator = Evaluator(EvaluationStep(model.network, goal, samples, model.precision), executor)
    size = check_batch_size(min(EVALUATION_BATCH, len(samples)), len(samples))
    losses = []
    for shifts in np.stack(np.meshgrid(*coordinates, indexing="ij"), -1).reshape(-1, len(coordinates)):
        moved = {
            name: (value + sum(s * d[name] for s, d in zip(shifts, directions, strict=True))).astype(
                model.parameters[name].dtype
            )
            for name, value in here.items()
        }
        losses.append(evaluator.means(samples, size, moved, model.states, model.scalars)["loss"])
    surface = np.array(losses, np.float64).reshape([resolution] * len(coordinates)).T
    a, b = coordinates[0], coordinates[1] if len(coordinates) == 2 else None
    return LossSurface(a, b, surface, seen, explained)


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, Integral) and int(value) >= least


def _check_path(points: Sequence[Arrays], here: dict[str, NDArray[np.float64]]) -> None:
    """Refuse points that are not of these parameters."""
    for place, point in enumerate(points):
        for name, value in here.items():
            if name not in point or np.shape(point[name]) != value.shape:
                given = show_shape(np.shape(point[name])) if name in point else _MISSING()
                raise UsageError(_OTHER(place=place, name=name, given=given))


def _check(holds: bool, name: str, value: object, wanted: Message) -> None:
    if not holds:
        raise UsageError(_NUMBERS(name=name, value=value, wanted=wanted()))


def _like_filters(here: dict[str, NDArray[np.float64]], random: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """A random direction whose filters are as long as those of the parameters."""
    found = {}
    for name, value in here.items():
        direction = random.standard_normal(value.shape)
        if value.ndim < 2:
            found[name] = np.zeros_like(value)
            continue
        inner = tuple(range(value.ndim - 1))  # a filter is what leads into one unit, the last axis
        lengths = [np.sqrt(np.square(v).sum(inner, keepdims=True)) for v in (value, direction)]
        found[name] = direction * lengths[0] / lengths[1]
    return found


def _plane_of(
    points: Sequence[Arrays], here: dict[str, NDArray[np.float64]]
) -> tuple[list[dict[str, NDArray[np.float64]]], NDArray[np.float64], float]:
    """Two directions of length 1 that hold most of the path, its coordinates, and how much they hold."""
    flat = np.array([np.concatenate([(point[name] - here[name]).ravel() for name in here]) for point in points])
    _, sizes, across = np.linalg.svd(flat, full_matrices=False)
    ends = np.cumsum([value.size for value in here.values()])[:-1]
    directions = []
    for row in across[:2]:
        parts = np.split(row, ends)
        directions.append({name: part.reshape(here[name].shape) for name, part in zip(here, parts, strict=True)})
    total = float(np.square(sizes).sum()) or 1.0
    return directions, flat @ across[:2].T, float(np.square(sizes[:2]).sum()) / total


def _framed(values: NDArray[np.float64]) -> tuple[float, float]:
    border = _BORDER * float(np.ptp(values)) or 1.0
    return float(values.min()) - border, float(values.max()) + border


def plot_loss_surface(surface: LossSurface, title: str = "") -> Picture:
    """The loss along the line, or as contours of equal ratio over the plane, with the path of the training."""

    def drawing(axes: Axes) -> None:
        axes.set_title(title)
        axes.set_xlabel("a, along d₁")
        if surface.b is None:
            axes.plot(surface.a, surface.losses, color=BLUE)
            axes.axvline(0, color="0.7", linewidth=0.8)
            axes.set_ylabel("loss")
            return
        positive = np.maximum(surface.losses, 1e-12)
        levels = np.geomspace(positive.min(), positive.max() * 1.0001, 25)
        from matplotlib.colors import LogNorm

        drawn = axes.contourf(
            surface.a, surface.b, positive, levels=levels, norm=LogNorm(levels[0], levels[-1]), cmap=SEQUENTIAL
        )
        bar = axes.figure.colorbar(drawn, ax=axes, label="loss", format="%.3g")
        bar.set_ticks(list(levels[::6]))
        bar.minorticks_off()
        axes.set_ylabel("b, along d₂")
        if surface.path is not None:
            axes.plot(*surface.path.T, "o-", color=BLACK, markersize=5, linewidth=2.4)
            axes.plot(*surface.path.T, "o-", color="white", markersize=3, linewidth=1)
        axes.plot(0, 0, "*", color=RED, markersize=10)

    return draw(drawing, size=(5.4, 4.2) if surface.b is not None else (5.4, 3.4))
