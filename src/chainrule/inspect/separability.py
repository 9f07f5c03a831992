"""Whether a hyperplane separates two classes, with the proof of it either way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.checks import check_samples
from chainrule.errors import DataError, ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.inspect.style import BLACK, BLUE, ORANGE, Picture, draw
from chainrule.messages import Message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Separability", "plot_separability", "separability"]

_EXTRA = Message(
    "separability.extra",
    en="Whether classes can be separated is a linear program, for which SciPy is needed. Install it:"
    ' pip install "chainrule[scipy]".',
    zh='判断类别是否可分是一个线性规划问题，需要 SciPy。请安装：pip install "chainrule[scipy]"。',
)
_SHAPES = Message(
    "separability.shapes",
    en="x has shape {x} and y {y}. Give samples (N, D) and one class for each, (N,).",
    zh="x 的形状为 {x}，y 的形状为 {y}。请给出样本 (N, D) 以及每个样本的类别 (N,)。",
)
_CLASSES = Message(
    "separability.classes",
    en="y has the classes {given}. A hyperplane has two sides: give exactly two classes, 0 and 1 or -1 and 1.",
    zh="y 中的类别为 {given}。超平面只有两侧：请恰好给出两个类别，0 和 1，或 -1 和 1。",
)
_UNDECIDED = Message(
    "separability.undecided",
    en="The classes come as close to each other as float64 rounds, so that neither a hyperplane between them nor a"
    " point in common can be proved. Move them apart, or merge samples that are meant to be equal.",
    zh="两个类别之间的距离已小到 float64 的舍入误差，既无法证明存在分离超平面，也无法证明存在公共点。"
    "请将它们拉开，或合并本应相同的样本。",
)
_PLANE = Message(
    "separability.plane",
    en="only samples with two features can be drawn in the plane; these have {given}.",
    zh="只有具有两个特征的样本才能画在平面上；这里有 {given} 个特征。",
)

_ACCURACY = 1e-9  # of a point in common, where the samples' own extent is 1


@dataclass(frozen=True, eq=False)
class Separability:
    """Whether a hyperplane separates the samples of two classes, and the proof, which anybody can check.

    x, sides     the samples (N, D), and 1 or -1 for the class of each
    separable    the verdict
    weights      of the hyperplane w·x + b = 0, of length 1, where there is one: then sidesᵢ (w·xᵢ + b) ≥ margin > 0
    bias         b; 0 where it was asked for a hyperplane through the origin
    margin       the distance of the closest sample from it; 0 where there is none
    shares       λᵢ ≥ 0 with Σ λᵢ = 1 where there is none: Σ λᵢ sidesᵢ (xᵢ, 1) = 0, which no hyperplane allows, since it
                 would make the same sum of positive numbers 0. With a bias that is a point in common:
    common       a mean of samples of one class that is also a mean of samples of the other (D,)
    """

    x: NDArray[np.float64]
    sides: NDArray[np.float64]
    separable: bool
    weights: NDArray[np.float64] | None = None
    bias: float = 0.0
    margin: float = 0.0
    shares: NDArray[np.float64] | None = None
    common: NDArray[np.float64] | None = None

    def __repr__(self) -> str:
        if self.separable:
            return f"Separability(separable, margin {self.margin:.4g})"
        assert self.shares is not None
        return f"Separability(not separable, proved by {np.count_nonzero(self.shares)} samples)"


def separability(x: ArrayLike, y: ArrayLike, *, use_bias: bool = True) -> Separability:
    """Whether a hyperplane has all samples of one class on one side and all of the other on the other.

        separable:      w·xᵢ + b > 0 for yᵢ = 1, < 0 else
        not separable:  λ ≥ 0, Σ λᵢ = 1, Σ λᵢ (±1)ᵢ (xᵢ, 1) = 0   (Gordan: one of the two has a solution, never both)

    Two linear programs: one looks for the hyperplane, the other for a point that means of both classes have in common.
    What either finds is checked before it is believed. Without a bias the hyperplane goes through the origin.

    Shapes:   x (N, D), y (N,) with two classes, the larger one on the positive side
    Raises:   ShapeError and DataError for other shapes and classes; DataError if the classes are closer than rounding;
              UsageError without SciPy.
    Source:   Gordan 1873; Minsky and Papert 1969 for XOR
    Example:
        >>> corners = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> separability(corners, [0, 0, 0, 1])  # and
        Separability(separable, margin 0.3536)
        >>> separability(corners, [0, 1, 1, 0])  # exclusive or
        Separability(not separable, proved by 4 samples)
        >>> separability(corners, [0, 1, 1, 0]).common
        array([0.5, 0.5])
    """
    points, sides = two_classes(x, y)
    center = points.mean(0) if use_bias else np.zeros(points.shape[1])
    scale = np.abs(points - center).max(0)
    scale[scale == 0] = 1.0
    scaled = (points - center) / scale
    unit = scale.max()  # of the length of w, which is lost in the end: where numbers are tiny, 1/scale is not finite
    ones = np.ones((len(points), 1))
    signed = sides[:, None] * (np.hstack([scaled, ones]) if use_bias else scaled)

    plane = _hyperplane(signed)
    weights = plane[: points.shape[1]] / (scale / unit)
    bias = float(plane[-1] * unit - weights @ center) if use_bias else 0.0
    length = float(np.linalg.norm(weights))
    if length > 0 and _is_beyond_rounding(points, sides, weights, bias):
        margin = float((sides * (points @ weights + bias)).min()) / length
        return Separability(points, sides, True, weights / length, bias / length, margin)

    shares = _balance(signed)
    if np.abs(shares @ signed).max() > _ACCURACY:
        raise DataError(_UNDECIDED())
    common = 2 * (shares * (sides > 0)) @ points if use_bias else None
    return Separability(points, sides, False, shares=shares, common=common)


def two_classes(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The samples, and 1 or -1 for each.

    Raises:   ShapeError or DataError if these are not vectors of two classes.
    """
    points, labels = np.asarray(x), np.asarray(y)
    check_samples({"x": points, "y": labels})
    if points.ndim != 2 or labels.shape != points.shape[:1]:
        raise ShapeError(_SHAPES(x=show_shape(points.shape), y=show_shape(labels.shape)))
    found = np.unique(labels)
    if len(found) != 2 or found[1] != 1 or found[0] not in (0, -1):
        raise DataError(_CLASSES(given=", ".join(f"{value:g}" for value in found[:5])))
    return points.astype(np.float64), np.where(labels == 1, 1.0, -1.0)


def _hyperplane(signed: NDArray[np.float64]) -> NDArray[np.float64]:
    """v within [-1, 1] for which the smallest of signedᵢ·v is largest."""
    samples, size = signed.shape
    smallest = np.ones((samples, 1))
    result = _solve(
        cost=[0.0] * size + [-1.0],
        upper=np.hstack([-signed, smallest]),
        limits=np.zeros(samples),
        bounds=[(-1.0, 1.0)] * size + [(None, None)],
    )
    return result[:size]


def _balance(signed: NDArray[np.float64]) -> NDArray[np.float64]:
    """λ ≥ 0, Σ λᵢ = 1 for which the largest coordinate of Σ λᵢ signedᵢ is closest to 0."""
    samples, size = signed.shape
    reach = np.ones((size, 1))
    result = _solve(
        cost=[0.0] * samples + [1.0],
        upper=np.vstack([np.hstack([signed.T, -reach]), np.hstack([-signed.T, -reach])]),
        limits=np.zeros(2 * size),
        bounds=[(0.0, 1.0)] * samples + [(0.0, None)],
        equal=np.array([[1.0] * samples + [0.0]]),
    )
    shares = np.maximum(result[:samples], 0.0)
    return np.asarray(shares / shares.sum())


def _solve(
    cost: Sequence[float],
    upper: NDArray[np.float64],
    limits: NDArray[np.float64],
    bounds: Sequence[tuple[float | None, float | None]],
    equal: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    try:
        from scipy.optimize import linprog
    except ImportError:
        raise UsageError(_EXTRA()) from None
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    one = None if equal is None else np.ones(1)
    result = linprog(cost, upper, limits, equal, one, list(bounds), method="highs", options=tight)
    return np.asarray(result.x, np.float64)  # both programs have solutions, and bounded ones


def _is_beyond_rounding(
    points: NDArray[np.float64], sides: NDArray[np.float64], weights: NDArray[np.float64], bias: float
) -> bool:
    """Whether each sample is on its side by more than the rounding of the sum that says so."""
    ahead = sides * (points @ weights + bias)
    doubt = (points.shape[1] + 2) * np.finfo(np.float64).eps * (np.abs(points) @ np.abs(weights) + abs(bias))
    return bool((ahead > doubt).all())


def plot_separability(result: Separability) -> Picture:
    """The samples with the line between them; or with the point that both classes' hulls have in common.

    Raises:   UsageError unless the samples have two features.
    """
    if result.x.shape[1] != 2:
        raise UsageError(_PLANE(given=result.x.shape[1]))

    def drawing(axes: Axes) -> None:
        draw_classes(axes, result.x, result.sides)
        if result.weights is not None:
            draw_line(axes, result.weights, result.bias, color=BLACK)
            axes.set_title(f"Separable, with a margin of {result.margin:.2g}")
            return
        assert result.shares is not None
        for side, color in ((1, ORANGE), (-1, BLUE)):
            hull = result.x[(result.sides == side) & (result.shares > _ACCURACY)]
            _draw_hull(axes, hull, color)
        if result.common is not None:
            axes.plot(*result.common, "X", color=BLACK, markersize=9)
            axes.set_title("Not separable: ✕ is in both hulls")
        else:
            axes.plot(0, 0, "+", color=BLACK, markersize=12)
            axes.set_title("Not separable through the origin")

    return draw(drawing, size=(4.2, 4.0))


def draw_classes(axes: Axes, x: NDArray[Any], sides: NDArray[Any]) -> None:
    """Samples of two classes in the plane: they differ in form as well as in colour."""
    for side, marker, color, label in ((1, "o", ORANGE, "fires: 1"), (-1, "s", BLUE, "does not: 0")):
        axes.plot(*x[sides == side].T, marker, color=color, label=label, markersize=5)
    low, high = x.min(0), x.max(0)
    border = 0.12 * float((high - low).max()) or 1.0
    axes.set_xlim(low[0] - border, high[0] + border)
    axes.set_ylim(low[1] - border, high[1] + border)
    axes.set_aspect("equal")
    axes.set_xlabel("x₁")
    axes.set_ylabel("x₂")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)


def draw_line(axes: Axes, weights: NDArray[Any], bias: float, **style: Any) -> None:
    """The line w·x + b = 0 as far as the axes go."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    across = float(np.hypot(right - left, top - bottom))
    middle = np.array([left + right, bottom + top]) / 2
    foot = middle - (weights @ middle + bias) / (weights @ weights) * weights
    along = across * np.array([-weights[1], weights[0]]) / np.linalg.norm(weights)
    axes.plot(*np.transpose([foot - along, foot + along]), scalex=False, scaley=False, **style)


def _draw_hull(axes: Axes, points: NDArray[np.float64], color: str) -> None:
    """The edge of few points, at most three of which a proof in the plane needs of a class."""
    middle = points.mean(0)
    around = points[np.argsort(np.arctan2(*(points - middle).T[::-1]))]
    axes.plot(*np.vstack([around, around[:1]]).T, "--", color=color, linewidth=1.2)
