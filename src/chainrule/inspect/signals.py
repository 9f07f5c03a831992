"""Pictures of signals and of what systems make of them: series as stems, pictures as maps with their signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.tensor import tensor
from chainrule.inspect.style import BLACK, BLUE, GRAY, LINES, RED, Picture, as_image, draw, draw_grid, only_whole
from chainrule.messages import Message
from chainrule.signal import ImpulseResponse, LinearityTrial, Superposition, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_impulse_response", "plot_signal", "plot_superposition", "plot_verdict"]

Array = NDArray[Any]

MOST_ROWS = 16

_SERIES = Message(
    "plot_superposition.series",
    en="plot_superposition: the signal has shape {shape}; only series, of one axis, are drawn impulse by impulse.",
    zh="plot_superposition：信号的形状为 {shape}；只有一维序列才能逐个冲激地绘制。",
)
_SIGNAL = Message(
    "plot_signal.axes",
    en="plot_signal: an array of shape {shape} is neither a series, with one axis, nor a picture, with two.",
    zh="plot_signal：形状为 {shape} 的数组既不是有一个轴的序列，也不是有两个轴的图片。",
)
_ROWS = Message(
    "plot_superposition.rows",
    en="plot_superposition: {count} impulses need as many rows, and {most} can still be read. Give a shorter signal.",
    zh="plot_superposition：{count} 个冲激需要同样多的行，而最多 {most} 行才便于阅读。请给出更短的信号。",
)


def plot_signal(x: Any, *, start: int = 0, title: str = "") -> Picture:
    """A series as stems, its first number at place `start`; a picture (rows, columns) as a map.

    Raises:   ShapeError if it is neither.
    Example:
        >>> plot_signal([1.0, 3.0, 2.0])
        Picture(6.0 × 2.4 inches)
    """
    values = tensor(x).numpy()
    if values.ndim not in (1, 2):
        raise ShapeError(_SIGNAL(shape=values.shape))

    def drawing(axes: Axes) -> None:
        draw_signal(axes, values, start=start)
        axes.set_title(title)
        if values.ndim == 1:
            axes.set_ylabel("x[n]")

    return draw(drawing, size=(6.0, 2.4) if values.ndim == 1 else (3.0, 3.0))


def plot_impulse_response(h: ImpulseResponse) -> Picture:
    """An impulse response at its places: what comes before the dashed line is answered before the impulse came.

    Example:
        >>> from chainrule.signal import echo
        >>> plot_impulse_response(echo(3))
        Picture(6.0 × 2.4 inches)
    """
    quality = "the system is causal" if h.causal else "the system looks ahead"
    ending = "; it may go on beyond the window" if h.cut else ""

    def series(axes: Axes) -> None:
        (places,) = h.places
        draw_signal(axes, h.values, start=int(places[0]))
        axes.axvline(0, color=GRAY, linewidth=0.8, linestyle="--", zorder=0)
        axes.set_xlim(min(-1.0, places[0] - 1), max(1.0, places[-1] + 1))
        axes.set_xlabel("n − place of the impulse")
        axes.set_ylabel("h[n]")
        axes.set_title(f"Response to an impulse at 0: {quality}{ending}")

    def picture(axes: Axes) -> None:
        rows, columns = h.places
        as_image(axes, h.values, "Response to a point at 0, 0", signed=True)
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows)
        axes.set_xlabel("column")
        axes.set_ylabel("row")

    return draw(series, size=(6.0, 2.4)) if h.values.ndim == 1 else draw(picture, size=(3.4, 3.4))


def plot_verdict(verdict: Verdict) -> Picture:
    """The example of a verdict: both sides of the equation that should be equal, and where they are not.

    It is the counterexample if there is one, else the first trial.

    Example:
        >>> from chainrule.signal import linearity
        >>> plot_verdict(linearity(np.square))
        Picture(6.4 × 5.0 inches)
    """
    trial = verdict.example
    if isinstance(trial, LinearityTrial):
        inputs = [("x", trial.x), ("y", trial.y)]
        sides = ("S(a·x + b·y)", trial.of_sum), ("a·S(x) + b·S(y)", trial.sum_of)
        made = f"a = {_text(trial.a)}, b = {_text(trial.b)}"
    else:
        inputs = [("x", trial.x)]
        sides = ("S(x shifted)", trial.of_shifted), ("S(x) shifted", trial.shifted_of)
        made = f"shifted by {', '.join(map(_text, trial.shift))}"
    mark = "dashed line" if trial.x.ndim == 1 else "red square"
    title = f"{verdict.quality.capitalize()} in all {verdict.trials} trials. The first: {made}"
    if not verdict:
        title = f"Not {verdict.quality}: the responses differ, most at the {mark}; {made}"
    if trial.x.ndim == 2:
        return _maps([*inputs, *sides], trial.place if not verdict else None, title)

    def drawing(grid: list[list[Axes]]) -> None:
        for (axes,), (name, values) in zip(grid, inputs, strict=False):
            draw_signal(axes, values, color=BLACK)
            axes.set_ylabel(f"{name}[n]")
            axes.set_xlabel("")
            axes.tick_params(labelbottom=False)
        (axes,) = grid[-1]
        for (name, values), color, aside in zip(sides, LINES, (-0.15, 0.15), strict=False):
            draw_signal(axes, values, start=aside, color=color, label=name)
        if not verdict:
            axes.axvline(trial.place[0], color=GRAY, linewidth=0.8, linestyle="--", zorder=0)
        axes.set_ylabel("response[n]")
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
        for (shared,) in grid:
            shared.set_xlim(-1, len(trial.x))
        grid[0][0].set_title(title)

    return draw_grid(len(inputs) + 1, 1, drawing, size=(6.4, 2.0 + 1.5 * len(inputs)))


def plot_superposition(record: Superposition) -> Picture:
    """Left a signal's impulses, one in each row, right the responses to them; in the last row the sums of both.

    Example:
        >>> from chainrule.signal import superposition
        >>> plot_superposition(superposition([1.0, 0.5], [2.0, 0.0, -1.0]))
        Picture(6.8 × 4.0 inches)
    """
    parts = record.decomposition
    if parts.signal.ndim != 1:
        raise ShapeError(_SERIES(shape=parts.signal.shape))
    if len(parts.weights) > MOST_ROWS:
        raise UsageError(_ROWS(count=len(parts.weights), most=MOST_ROWS))
    start = record.start[0]
    rows = [
        (impulse, response, f"{_text(weight)}·{{}}[n − {place}]")
        for impulse, response, weight, place in zip(
            parts.impulses, record.responses, parts.weights, parts.places[:, 0], strict=True
        )
    ]
    rows.append((parts.signal, record.response, "sum: {}[n]"))
    columns = [(0, "δ", [row[0] for row in rows]), (start, "h", [row[1] for row in rows])]
    width = (min(0, start) - 0.7, max(len(parts.signal), start + len(record.response)) - 0.3)

    def drawing(grid: list[list[Axes]]) -> None:
        for column, (first, letter, series) in enumerate(columns):
            limits = heights(*series)
            for k, (values, (*_, label)) in enumerate(zip(series, rows, strict=True)):
                axes, last = grid[k][column], k == len(rows) - 1
                draw_signal(axes, values, start=first, color=BLUE if last else LINES[1])
                axes.set_xlim(width)
                axes.set_ylim(limits)
                axes.set_ylabel(label.format("xy"[column] if last else letter), rotation=0, ha="right", va="center")
                if not last:
                    axes.set_xlabel("")
                    axes.tick_params(labelbottom=False)
        grid[0][0].set_title("The impulses of a signal")
        grid[0][1].set_title("and the response to each")

    return draw_grid(len(rows), 2, drawing, size=(6.8, 1.0 + 1.0 * len(rows)))


def draw_signal(axes: Axes, values: Array, *, start: float = 0, color: str = BLUE, label: str | None = None) -> None:
    """A series as stems on a line at zero, NaN, what is not known, as nothing; a map if it has two axes."""
    if values.ndim == 2:
        as_image(axes, values, signed=True)
        return
    places = start + np.arange(len(values))
    axes.axhline(0, color=GRAY, linewidth=0.8, zorder=0)
    axes.vlines(places, 0, values, color=color, linewidth=1.2)
    axes.plot(places, values, "o", color=color, markersize=4, label=label)
    only_whole(axes.xaxis)
    axes.set_xlabel("n")


def heights(*series: Array) -> tuple[float, float]:
    """The limits of a vertical axis that shows all of these and zero, with some room."""
    low = min(0.0, *(float(np.nanmin(values, initial=0.0)) for values in series))
    high = max(0.0, *(float(np.nanmax(values, initial=0.0)) for values in series))
    room = 0.12 * (high - low) or 1.0
    return low - room, high + room


def _text(number: float) -> str:
    return f"{number:.3g}".replace("-", "−")


def _maps(named: list[tuple[str, Array]], farthest: tuple[int, ...] | None, title: str) -> Picture:
    """Maps side by side; the last two are compared, so that they have one scale."""
    reach = max(float(np.nanmax(np.abs(values))) for _, values in named[-2:]) or 1.0

    def drawing(grid: list[list[Axes]]) -> None:
        for axes, (name, values) in zip(grid[0], named, strict=True):
            as_image(axes, np.nan_to_num(values), name, signed=True)
        for axes in grid[0][-2:]:
            axes.images[0].set_clim(-reach, reach)
            if farthest is not None:
                axes.plot(farthest[1], farthest[0], "s", markerfacecolor="none", color=RED, markersize=8)
        grid[0][0].figure.suptitle(title, x=0.01, ha="left", fontsize=10)

    return draw_grid(1, len(named), drawing, size=(2.1 * len(named), 2.6))
