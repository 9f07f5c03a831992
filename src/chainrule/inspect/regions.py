"""Decision regions: which class a model gives to each point of the plane."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.checks import check_samples
from chainrule.errors import DataError, ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.inspect.style import LINES, Picture, draw
from chainrule.messages import Message
from chainrule.nn.ranges import is_within
from chainrule.train.model import Model, check_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DecisionRegions", "decision_regions", "plot_decision_regions"]

_PLANE = Message(
    "regions.plane",
    en="x has shape {x}; regions are drawn of points in a plane, (N, 2). For samples with more features, choose two of"
    " them, and give a model of these two.",
    zh="x 的形状为 {x}；决策区域需要平面上的点，形状为 (N, 2)。特征更多时，请选出两个，并给出以它们为输入的模型。",
)
_SCORES = Message(
    "regions.scores",
    en="the model turns a point into shape {scores}; regions need one score, or one for each class.",
    zh="模型把一个点变成形状 {scores}；决策区域需要一个得分，或每个类别一个得分。",
)
_RESOLUTION = Message(
    "regions.resolution",
    en="resolution is {resolution!r}; it must be a whole number of points along each side, 2 or more.",
    zh="resolution 为 {resolution!r}；它应为每条边上的点数，是不小于 2 的整数。",
)
_THRESHOLD = Message(
    "regions.threshold",
    en="threshold is {threshold!r}; it must be a finite number: 0 for a logit, 0.5 for a probability.",
    zh="threshold 为 {threshold!r}；它必须是有限的数：logit 用 0，概率用 0.5。",
)
_CLASSES = Message(
    "regions.classes",
    en="y are to be the samples' classes, {wanted}, one for each of the {samples} samples, but y has shape {shape} and"
    " holds {values}. Turn one-hot labels into numbers with .argmax(1).",
    zh="y 应为各样本的类别，{wanted}，{samples} 个样本各一个，但 y 的形状为 {shape}，其值为 {values}。"
    "独热标签可用 .argmax(1) 转换。",
)
_OF_ONE = Message("regions.classes_of_one", en="0 and 1, or -1 and 1", zh="0 和 1，或 -1 和 1")
_OF_SEVERAL = Message("regions.classes_of_several", en="whole numbers from 0 on", zh="从 0 开始的整数")

_MARKERS = ("s", "o", "^", "D", "v", "P", "X")
_BORDER = 0.15  # of the samples' extent, around them


@dataclass(frozen=True, eq=False)
class DecisionRegions:
    """The classes that a model gives to a grid of points, and the samples among them.

    x1, x2     the grid's coordinates (R,) and (R,)
    scores     the model's outputs (R, R, M), x2 along the first axis
    classes    the class of each point (R, R)
    x, y       samples (N, 2) and their classes (N,); no y where none were given
    threshold  above which a single score means class 1
    """

    x1: NDArray[np.float64]
    x2: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.int64] | None
    threshold: float = 0.0

    def leads(self) -> NDArray[np.float64]:
        """By how much each class is ahead of all others, (R, R, classes): zero on its border."""
        scores = self.scores
        if scores.shape[-1] == 1:
            above = scores - self.threshold
            return np.concatenate([-above, above], -1)
        others = [np.max(np.delete(scores, k, -1), -1) for k in range(scores.shape[-1])]
        ahead: NDArray[np.float64] = scores - np.stack(others, -1)
        return ahead

    def __repr__(self) -> str:
        shares = ", ".join(f"{k}: {np.mean(self.classes == k):.0%}" for k in np.unique(self.classes))
        return f"DecisionRegions({shares} of the plane)"


def decision_regions(
    model: Model, x: ArrayLike, y: ArrayLike | None = None, *, threshold: float = 0.0, resolution: int = 200
) -> DecisionRegions:
    """The class of each point of the plane around some samples.

        class = argmaxᵢ M(x)ᵢ for several scores; M(x) > threshold for a single one

    A single score is a logit, whose threshold is 0; a network that gives a probability has it at 0.5.

    Shapes:   x (N, 2), y (N,) of 0, 1, …; beside a single score also of -1 and 1, which are 0 and 1 in the record
    Raises:   ShapeError for samples with another number of features, or outputs that are no scores; DataError for
              numbers that are not finite, or classes that are none; UsageError for a resolution below 2, or a
              threshold that is no number.
    Example:
        >>> from chainrule.nn import Dense
        >>> model = Model(Dense(1, kernel_initializer="ones", bias_initializer="zeros"), (2,))
        >>> decision_regions(model, [[-1.0, -1.0], [1.0, 1.0]], resolution=50)  # x₁ + x₂ > 0
        DecisionRegions(0: 51%, 1: 49% of the plane)
    """
    check_model(model)
    points = np.asarray(x, np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ShapeError(_PLANE(x=show_shape(points.shape)))
    check_samples({"x": points})
    if not (isinstance(resolution, Integral) and resolution >= 2):
        raise UsageError(_RESOLUTION(resolution=resolution))
    if not is_within(threshold, -np.inf, np.inf):
        raise UsageError(_THRESHOLD(threshold=threshold))
    low, high = points.min(0), points.max(0)
    border = _BORDER * np.where(high > low, high - low, 1.0)
    x1, x2 = np.linspace(low - border, high + border, resolution).T
    grid = np.stack(np.meshgrid(x1, x2), -1).reshape(-1, 2)
    found = model.predict(grid)
    if isinstance(found, tuple) or found.ndim != 2:
        shapes = ", ".join(show_shape(y.shape[1:]) for y in (found if isinstance(found, tuple) else (found,)))
        raise ShapeError(_SCORES(scores=shapes))
    scores = np.asarray(found, np.float64)
    classes = scores.argmax(-1) if scores.shape[1] > 1 else (scores[:, 0] > threshold).astype(np.int64)
    square = (resolution, resolution)
    labels = None if y is None else _checked_classes(np.asarray(y), len(points), single=scores.shape[1] == 1)
    return DecisionRegions(x1, x2, scores.reshape(*square, -1), classes.reshape(square), points, labels, threshold)


def _checked_classes(y: NDArray[Any], samples: int, *, single: bool) -> NDArray[np.int64]:
    """The classes, counted from 0."""
    found = np.unique(y)[:5].tolist()
    numbers = y.dtype.kind in "buif" and all(float(value).is_integer() for value in np.unique(y).tolist())
    signs = single and set(found) == {-1, 1}
    if y.shape != (samples,) or not numbers or (min(found) < 0 and not signs) or (single and max(found) > 1):
        wanted = _OF_ONE() if single else _OF_SEVERAL()
        values = ", ".join(f"{value:g}" if numbers else str(value) for value in found)
        raise DataError(_CLASSES(wanted=wanted, samples=samples, shape=show_shape(y.shape), values=values))
    return (y > 0).astype(np.int64) if signs else y.astype(np.int64)


def plot_decision_regions(regions: DecisionRegions, title: str = "") -> Picture:
    """The regions in pale colours with their borders, and the samples; each class has a form as well as a colour."""

    def drawing(axes: Axes) -> None:
        shown(axes, regions)
        axes.set_title(title)

    return draw(drawing, size=(4.2, 4.0))


def shown(axes: Axes, regions: DecisionRegions) -> None:
    """The same on axes that belong to a larger picture."""
    count = int(max(regions.classes.max(), regions.y.max() if regions.y is not None else 0)) + 1
    colors = [LINES[k % len(LINES)] for k in range(count)]
    leads = regions.leads()
    for k in range(min(count, leads.shape[-1])):  # borders between points of the grid, or they would be stairs
        lead = leads[..., k]
        if lead.max() > 0:
            axes.contourf(regions.x1, regions.x2, lead, levels=[0.0, lead.max()], colors=[colors[k]], alpha=0.25)
        if lead.min() < 0 < lead.max():
            axes.contour(regions.x1, regions.x2, lead, levels=[0.0], colors="black", linewidths=0.8)
    for k in range(count):
        own = regions.x[regions.y == k] if regions.y is not None else regions.x[:0]
        if len(own):
            axes.plot(*own.T, _MARKERS[k % len(_MARKERS)], color=colors[k], markersize=4, label=f"class {k}")
    axes.set_xlabel("x₁")
    axes.set_ylabel("x₂")
    if regions.y is not None:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=min(count, 4))
