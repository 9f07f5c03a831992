"""The paths of optimizers over functions of two parameters, side by side and in motion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.autodiff import vmap
from chainrule.errors import UsageError
from chainrule.execute import Program, evaluate
from chainrule.graph.dtype import float64, int64
from chainrule.graph.seeds import checked_seed
from chainrule.graph.tensor import Tensor, input_tensor, tensor
from chainrule.inspect.style import BLACK, LINES, Animation, Picture, draw_grid, new_figure, only_whole
from chainrule.inspect.surfaces import SURFACES, Surface
from chainrule.messages import Message, suggestion
from chainrule.nn.ranges import is_within
from chainrule.optim.optimizer import Optimizer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Trajectories", "animate_trajectories", "plot_trajectories", "trajectories"]

_SURFACE = Message(
    "trajectories.surface",
    en="there is no surface '{name}'; choose one of: {known}, or give a Surface of your own.{suggestion}",
    zh="没有名为“{name}”的曲面；可选：{known}，或给出自定义的 Surface。{suggestion}",
)
_OPTIMIZERS = Message(
    "trajectories.optimizers",
    en="optimizers is {given}; give a dict of optimizers by the names they shall have: {{'momentum': Momentum(0.1)}}.",
    zh="optimizers 为 {given}；请给出以名称为键的优化器字典：{{'momentum': Momentum(0.1)}}。",
)

_KIND = Message(
    "trajectories.kind",
    en="surface is {given}; give a name, one of: {known}, or a Surface(function, start, low, high, formula), which also"
    " says where to look.",
    zh="surface 为 {given}；请给出名称（{known} 之一），或 Surface(function, start, low, high, formula)，"
    "后者还指明观察的区域。",
)
_NUMBERS = Message(
    "trajectories.numbers",
    en="steps={steps!r} and start={start!r}: give a whole number of steps, 1 or more, and two finite numbers to start"
    " at, or None for the surface's own.",
    zh="steps={steps!r}、start={start!r}：步数应为不小于 1 的整数，起点应为两个有限的数，"
    "或用 None 表示曲面自己的起点。",
)

_GRID = 121  # points along each side of the surface
_LOST = 1e6  # a path that is farther away than this has diverged, and ends
_SECONDS = 4.0  # that an animation takes, however many frames it has


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Where optimizers went on one surface, from one point.

    surface       the function and its frame
    x, y, height  the surface on a grid (G,), (G,), (G, G)
    paths         by name, the points (steps + 1, 2), from the start on; shorter where a path diverged
    losses        by name, the function there (steps + 1,)
    """

    surface: Surface
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    height: NDArray[np.float64]
    paths: dict[str, NDArray[np.float64]]
    losses: dict[str, NDArray[np.float64]]

    def __repr__(self) -> str:
        ends = ", ".join(f"{name}: {losses[-1]:.3g}" for name, losses in self.losses.items())
        return f"Trajectories({self.surface.formula}; at the end {ends})"


def trajectories(
    optimizers: Mapping[str, Optimizer],
    surface: str | Surface = "ravine",
    *,
    steps: int = 60,
    start: Sequence[float] | None = None,
    seed: int = 0,
) -> Trajectories:
    """The paths that optimizers take over a surface: 'ravine', 'saddle', 'plateau', 'valley', or one of your own.

    Each step is the optimizer's own graph, in float64, on one parameter of two numbers.

    Raises:   UsageError for a surface that is not known, optimizers, steps or a start that are none.
    Example:
        >>> from chainrule.optim import SGD
        >>> trajectories({"0.1": SGD(0.1), "too large": SGD(1.1)}, "valley", steps=20)  # x: ×0.8 and ×(−1.2) each step
        Trajectories(x² + ¼ y²; at the end 0.1: 0.0827, too large: 4.76e+03)
    """
    if isinstance(surface, str):
        if surface not in SURFACES:
            known = ", ".join(SURFACES)
            raise UsageError(_SURFACE(name=surface, known=known, suggestion=suggestion(surface, SURFACES)))
        surface = SURFACES[surface]
    if not isinstance(surface, Surface):
        raise UsageError(_KIND(given=repr(surface), known=", ".join(SURFACES)))
    named = hasattr(optimizers, "items") and bool(optimizers)
    if not (named and all(isinstance(o, Optimizer) for o in optimizers.values())):
        raise UsageError(_OPTIMIZERS(given=repr(optimizers)))
    two = start is None or (np.shape(start) == (2,) and all(is_within(k, -np.inf, np.inf) for k in start))
    if not (two and isinstance(steps, Integral) and steps >= 1):
        raise UsageError(_NUMBERS(steps=steps, start=start))
    seed = checked_seed(seed)
    begin = np.array(surface.start if start is None else start, np.float64)
    paths, losses = {}, {}
    for name, optimizer in optimizers.items():
        paths[name], losses[name] = _path(optimizer, surface.function, begin, steps, seed)
    x, y = (np.linspace(a, b, _GRID) for a, b in zip(surface.low, surface.high, strict=True))
    points = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    height = vmap(surface.function)(tensor(points)).numpy().reshape(_GRID, _GRID)
    return Trajectories(surface, x, y, height, paths, losses)


def _path(
    optimizer: Optimizer, function: Callable[[Tensor], Tensor], start: NDArray[np.float64], steps: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    point = input_tensor("point", (2,), float64)
    first = {slot: np.full(2, value) for slot, value in optimizer.slots("point", (2,)).items()}
    slots = {slot: input_tensor(slot, (2,), float64) for slot in first}
    counters = {name: input_tensor(name, (), int64) for name in ("t", "seed", "step")}
    rates = {name: input_tensor(name, (), float64) for name in optimizer.scalars(0, steps)}

    def loss(parameters: dict[str, Tensor]) -> tuple[Tensor, None]:
        return function(parameters["point"]), None

    result = optimizer.step(loss, {"point": point}, {"point": slots}, {**rates, **counters})
    after = result.slots.get("point", {})
    program = Program([result.parameters["point"], result.loss, *after.values()])
    here, kept = start, first
    path, losses = [start], []
    for k in range(steps):
        bindings: dict[Tensor, Any] = {point: here} | {slots[name]: kept[name] for name in slots}
        bindings |= {rates[name]: value for name, value in optimizer.scalars(k, steps).items()}
        bindings |= {counters["t"]: k + 1, counters["seed"]: seed, counters["step"]: k}
        with np.errstate(all="ignore"):
            here, value, *others = program.run(bindings)
        losses.append(float(value))
        if not np.abs(here).max() < _LOST:
            break
        path.append(here)
        kept = dict(zip(after, others, strict=True))
    (last,) = evaluate([function(tensor(path[-1]))])
    return np.array(path), np.array([*losses[: len(path) - 1], float(last)])


def plot_trajectories(found: Trajectories, title: str = "") -> Picture:
    """The paths on the surface's contours, and the function along each of them."""

    def drawing(grid: list[list[Axes]]) -> None:
        plane, curve = grid[0]
        _draw_surface(plane, found)
        plane.set_title(title or found.surface.formula)
        for k, (name, path) in enumerate(found.paths.items()):
            style = _style(k)
            plane.plot(*path.T, scalex=False, scaley=False, label=name, markersize=3, **style)
            curve.plot(found.losses[name], label=name, **{**style, "marker": ""})
        plane.plot(*next(iter(found.paths.values()))[0], "*", color=BLACK, markersize=10)
        lowest, highest = (pick(losses.min() for losses in found.losses.values()) for pick in (min, max))
        if lowest > 0:
            curve.set_yscale("log")
            curve.set_ylim(bottom=max(lowest, 1e-9 * highest) / 2)
        curve.set_xlabel("step")
        only_whole(curve.xaxis)
        curve.set_title("The function along the paths")
        curve.figure.legend(*plane.get_legend_handles_labels(), loc="outside lower center", ncols=4)

    return draw_grid(1, 2, drawing, size=(8.4, 4.0))


def animate_trajectories(found: Trajectories, *, frames: int = 40, title: str = "") -> Animation:
    """The same paths in motion, for four seconds: all optimizers at the same step."""
    lines: dict[str, Any] = {}

    def drawing(grid: list[list[Axes]]) -> None:
        (axes,) = grid[0]
        _draw_surface(axes, found)
        axes.set_title(title or found.surface.formula)
        for k, (name, path) in enumerate(found.paths.items()):
            style = _style(k)
            (lines[name],) = axes.plot(*path[:1].T, scalex=False, scaley=False, label=name, markersize=3, **style)
        axes.figure.legend(loc="outside lower center", ncols=4)

    figure = new_figure(1, 1, drawing, size=(4.6, 4.4))
    longest = max(map(len, found.paths.values()))

    def draw_frame(frame: int) -> None:
        seen = 1 + round(frame * (longest - 1) / max(frames - 1, 1))
        for name, path in found.paths.items():
            lines[name].set_data(*path[:seen].T)

    return Animation(figure, draw_frame, frames, frames / _SECONDS)


def _style(k: int) -> dict[str, Any]:
    """Of the path number k: colour and marker, and where all colours are in use, another line too."""
    place, line = k % len(LINES), k // len(LINES) % 4
    return {
        "color": LINES[place],
        "marker": "os^Dv<>"[place],
        "linewidth": 1.2,
        "linestyle": ("-", "--", ":", "-.")[line],
    }


def _draw_surface(axes: Axes, found: Trajectories) -> None:
    axes.contour(found.x, found.y, found.height, levels=18, colors="0.75", linewidths=0.7)
    axes.set_xlim(found.x[0], found.x[-1])
    axes.set_ylim(found.y[0], found.y[-1])
    axes.set_xlabel("x")
    axes.set_ylabel("y")
