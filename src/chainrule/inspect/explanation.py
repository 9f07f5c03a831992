"""Explanations drawn: a graph with its values, and the derivatives that flow through it.

What is measured is in the Explanation that `chainrule.explain` gives; here it is laid out and drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.autodiff.explanation import latex, text
from chainrule.autodiff.explanation.explanation import Explanation
from chainrule.autodiff.explanation.formula import Symbol, shown_number
from chainrule.autodiff.explanation.record import Given, ValueStep
from chainrule.errors import UsageError
from chainrule.graph.operation import Array
from chainrule.inspect.style import BLACK, BLUE, GRAY, RED, Animation, Picture, new_figure
from chainrule.messages import Message

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["animate_explanation", "plot_explanation"]

_TOO_LARGE = Message(
    "inspect.explanation_too_large",
    en="a drawing of {count} nodes would not be readable; at most {most} are drawn. Explain fewer: "
    "cr.explain(y, names={{...}}, steps='named') takes the steps between named values together.",
    zh="{count} 个节点的图无法看清；最多绘制 {most} 个。请减少节点：cr.explain(y, names={{...}}, steps='named') "
    "会合并有名称的值之间的步骤。",
)
_NOT_AN_EXPLANATION = Message(
    "inspect.not_an_explanation",
    en="plot_explanation draws what cr.explain gives, but was given {kind}.",
    zh="plot_explanation 绘制 cr.explain 的结果，但给出的是 {kind}。",
)

_MOST_NODES = 40
_HEIGHT = 0.92  # inches from one row of nodes to the next
_BOX_HEIGHT = 0.54  # of these, which a node takes
_LEAST_BOX, _LEAST_GAP = 1.22, 0.53  # inches: the width of a node, and from it to the next column
_CHARACTER, _SMALL_CHARACTER = 0.088, 0.07  # inches that one takes in a node, and on an edge
_NUMBERS, _CHARACTERS = 4, 12  # of an array, that have room in a node


@dataclass(frozen=True)
class Shown:
    """What a drawing shows: the nodes whose value, and whose derivative, is there already, and the newest of them."""

    values: frozenset[Symbol]
    derivatives: frozenset[Symbol]
    newest: Symbol | None = None


def plot_explanation(explanation: Explanation) -> Picture:
    """The graph from left to right: in each node its value and derivative, on each edge the local derivative.

    Raises:   UsageError if there are more than 40 nodes.
    Example:
        >>> import chainrule as cr
        >>> w, x = cr.tensor(3.0), cr.tensor(2.0)
        >>> plot_explanation(cr.explain(cr.square(w * x), names={"w": w, "x": x}))
        Picture(5.3 × 2.1 inches)
    """
    _check(explanation)
    everything = _frames(explanation)[-1]
    done = Shown(everything.values, everything.derivatives)
    return Picture(_figure(explanation, done))


def animate_explanation(explanation: Explanation, *, frames_per_second: float = 1.0) -> Animation:
    """The same, step by step: values appear one after the other, then derivatives flow back (or along, forward).

    Raises:   UsageError if there are more than 40 nodes.
    Example:
        >>> import chainrule as cr
        >>> w, x = cr.tensor(3.0), cr.tensor(2.0)
        >>> animate_explanation(cr.explain(cr.square(w * x), names={"w": w, "x": x}))
        Animation(7 frames, 1 per second)
    """
    _check(explanation)
    frames = _frames(explanation)
    figure = _figure(explanation, frames[0])

    def draw_frame(k: int) -> None:
        (axes,) = figure.axes
        axes.clear()
        _draw(axes, explanation, frames[k])

    return Animation(figure, draw_frame, len(frames), frames_per_second)


def _figure(explanation: Explanation, shown: Shown) -> Figure:
    """All of the figure is the graph: no layout is to be found for anything around it, which would take most time."""
    figure = new_figure(1, 1, lambda axes: _draw(axes[0][0], explanation, shown), size=_size(explanation))
    figure.set_layout_engine("none")
    figure.axes[0].set_position((0.0, 0.0, 1.0, 1.0))
    return figure


def _check(explanation: Explanation) -> None:
    if not isinstance(explanation, Explanation):
        raise UsageError(_NOT_AN_EXPLANATION(kind=type(explanation).__name__))
    if len(explanation.parts) > _MOST_NODES:
        raise UsageError(_TOO_LARGE(count=len(explanation.parts), most=_MOST_NODES))


def _frames(explanation: Explanation) -> list[Shown]:
    """What is there after each step; in forward mode a derivative comes with its value."""
    values = frozenset(g.symbol for g in explanation.given)
    derived = {d.symbol for d in explanation.derivatives}
    together = explanation.mode == "forward"
    derivatives = values & derived if together else frozenset()
    frames = [Shown(values, derivatives)]
    for step in explanation.values:
        values = values | {step.symbol}
        derivatives = derivatives | ({step.symbol} & derived if together else set())
        frames.append(Shown(values, derivatives, step.symbol))
    for d in () if together else explanation.derivatives:
        derivatives = derivatives | {d.symbol}
        frames.append(Shown(values, derivatives, d.symbol))
    return frames


# ------------------------------------------------------------------------------------------------------------- layout
def placed(explanation: Explanation) -> dict[Symbol, tuple[float, float]]:
    """Columns by the longest way from what is given, and rows that leave few edges crossed."""
    inputs = _inputs(explanation)
    column: dict[Symbol, int] = {}
    for part in explanation.parts:
        column[part.symbol] = 1 + max((column[x] for x in inputs[part.symbol]), default=-1)
    users: dict[Symbol, list[Symbol]] = {s: [] for s in column}
    for symbol, read in inputs.items():
        for x in read:
            users[x].append(symbol)
    for given in explanation.given:  # next to what reads it first
        column[given.symbol] = min((column[u] for u in users[given.symbol]), default=1) - 1
    columns: list[list[Symbol]] = [[] for _ in range(1 + max(column.values()))]
    for symbol, k in column.items():
        columns[k].append(symbol)
    row = {s: k - (len(group) - 1) / 2 for group in columns for k, s in enumerate(group)}
    for sweep in range(8):
        for group in columns if sweep % 2 == 0 else reversed(columns):
            wish = {s: _mean([row[n] for n in (*inputs[s], *users[s])], row[s]) for s in group}
            group.sort(key=wish.__getitem__)
            row.update(_spread([wish[s] for s in group], group))
    return {s: (float(column[s]), -row[s]) for s in column}


def _spread(wishes: Sequence[float], group: Sequence[Symbol]) -> dict[Symbol, float]:
    """Rows as near to what is wished as a distance of one allows, in this order, and on the whole in the middle."""
    rows: list[float] = []
    for wish in wishes:
        rows.append(max(wish, rows[-1] + 1) if rows else wish)
    shift = _mean([w - r for w, r in zip(wishes, rows, strict=True)], 0.0)
    return {s: r + shift for s, r in zip(group, rows, strict=True)}


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _inputs(explanation: Explanation) -> dict[Symbol, tuple[Symbol, ...]]:
    found: dict[Symbol, tuple[Symbol, ...]] = {g.symbol: () for g in explanation.given}
    for step in explanation.values:
        found[step.symbol] = tuple(dict.fromkeys(x for x in step.inputs if isinstance(x, Symbol)))
    return found


def _size(explanation: Explanation) -> tuple[float, float]:
    places = placed(explanation).values()
    columns = 1 + max(x for x, _ in places)
    rows = 1 + max(y for _, y in places) - min(y for _, y in places)
    box, gap = _widths(explanation)
    return (box + gap) * columns, _HEIGHT * (rows + 0.3)


def _widths(explanation: Explanation) -> tuple[float, float]:
    """Inches of a node, and between two columns, so that what is written has room."""
    derivatives = [f"{text.formula(d.derivative)} = {_short(d.value)}" for d in explanation.derivatives]
    lines = [*(f"{text.formula(p.symbol)} = {_short(p.value)}" for p in explanation.parts), *derivatives]
    labels = [
        shown or f"d{step.name}/d{source.name}"
        for (source, step), shown in _local_derivatives(explanation).items()
    ]  # fmt: skip
    box = max(_LEAST_BOX, _CHARACTER * (2 + max(map(len, lines))))
    return box, max(_LEAST_GAP, _SMALL_CHARACTER * (6 + max(map(len, labels), default=0)))


# ------------------------------------------------------------------------------------------------------------ drawing
def _draw(axes: Axes, explanation: Explanation, shown: Shown) -> None:
    places = placed(explanation)
    axes.set_axis_off()
    heights = [y for _, y in places.values()]
    axes.set_xlim(-0.5, max(x for x, _ in places.values()) + 0.5)
    axes.set_ylim(min(heights) - 0.5, max(heights) + 0.8)
    box, gap = _widths(explanation)
    wide = box / (box + gap)
    axes.text(-wide / 2, max(heights) + 0.72, _caption(explanation), fontsize=8, color=BLACK, va="top")
    locals_ = _local_derivatives(explanation)
    for symbol, inputs in _inputs(explanation).items():
        for x in inputs:
            (x0, y0), (x1, y1) = places[x], places[symbol]
            ends = (x0 + wide / 2, y0), (x1 - wide / 2, y1)
            _draw_edge(axes, explanation, shown, (x, symbol), ends, locals_.get((x, symbol)))
    for part in explanation.parts:
        _draw_node(axes, explanation, shown, part, places[part.symbol], wide)


def _caption(explanation: Explanation) -> str:
    if explanation.mode == "none":
        return "values flow to the right"
    way = "back, upstream" if explanation.mode == "reverse" else "along with them, what arrives"
    return f"values (blue) flow to the right, derivatives (red) {way} × local derivative"


def _draw_edge(
    axes: Axes,
    explanation: Explanation,
    shown: Shown,
    ends: tuple[Symbol, Symbol],
    places: tuple[tuple[float, float], tuple[float, float]],
    local: str | None,
) -> None:
    """Values flow to the right; derivatives, where there are any, flow back along the same line."""
    source, step = ends
    reverse = explanation.mode == "reverse"
    flown = local is not None and (source if reverse else step) in shown.derivatives
    there = step in shown.values
    start, end = places
    color = RED if flown else BLUE if there else GRAY
    back = reverse and shown.newest in shown.derivatives  # rather than values still appearing
    newest = flown and source == shown.newest if back else step == shown.newest
    arrow = {"arrowstyle": "-|>", "color": color, "lw": 2.0 if newest else 1.0, "alpha": 1.0 if there else 0.35}
    if flown and reverse:
        start, end = end, start
    axes.annotate("", end, start, arrowprops=arrow | {"shrinkA": 0, "shrinkB": 0})
    if flown:
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        box = {"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none"}
        label = local or rf"$\partial {latex.formula(step)}/\partial {latex.formula(source)}$"
        axes.text(*middle, f"× {label}", color=RED, fontsize=7.5, ha="center", va="center", bbox=box)


def _draw_node(
    axes: Axes, explanation: Explanation, shown: Shown, part: Given | ValueStep, place: tuple[float, float], wide: float
) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y = place
    symbol = latex.formula(part.symbol)
    there = part.symbol in shown.values
    newest = part.symbol == shown.newest
    derivative = next((d for d in explanation.derivatives if d.symbol == part.symbol), None)
    style = "round,pad=0,rounding_size=0.12" if isinstance(part, Given) else "square,pad=0"
    edge: dict[str, Any] = {"ec": BLACK, "lw": 2.0} if newest else {"ec": GRAY, "lw": 0.8}
    corner = (x - wide / 2, y - _BOX_HEIGHT / 2)
    axes.add_patch(FancyBboxPatch(corner, wide, _BOX_HEIGHT, boxstyle=style, fc="white", mutation_aspect=2, **edge))
    middle: Any = {"ha": "center", "va": "center", "fontsize": 9}
    value = f"${symbol}$ = {_short(part.value)}" if there else f"${symbol}$"
    axes.text(x, y + (0.12 if derivative else 0), value, color=BLUE if there else GRAY, **middle)
    if derivative is not None and part.symbol in shown.derivatives:
        axes.text(x, y - 0.13, _derivative(explanation, part.symbol, derivative.value), color=RED, **middle)
    if isinstance(part, ValueStep):
        axes.text(x, y + _BOX_HEIGHT / 2 + 0.04, part.operation, color=GRAY, ha="center", va="bottom", fontsize=7)


def _derivative(explanation: Explanation, symbol: Symbol, value: Array) -> str:
    """dL/dw = -9 on one line; in forward mode dz/dw."""
    notation = explanation.making.notation
    of, by = (notation.target, symbol) if notation.target is not None else (symbol, notation.along)
    assert of is not None
    assert by is not None
    return rf"$\mathrm{{d}}{latex.formula(of)}/\mathrm{{d}}{latex.formula(by)}$ = {_short(value)}"


def _short(value: Array) -> str:
    """A number, a few of them, or the shape."""
    if not value.ndim:
        return shown_number(value.item())
    numbers = f"[{', '.join(f'{v:.3g}' for v in value.ravel().tolist())}]" if value.size <= _NUMBERS else ""
    return numbers if 0 < len(numbers) <= _CHARACTERS else f"[{'×'.join(map(str, value.shape))}]"


def _local_derivatives(explanation: Explanation) -> dict[tuple[Symbol, Symbol], str]:
    """The local derivatives that are single numbers, added up where a step reads a value twice; others are empty."""
    found: dict[tuple[Symbol, Symbol], list[Array | None]] = {}
    for derived in explanation.derivatives:
        for part in derived.contributions:
            found.setdefault((part.source, part.step), []).append(part.local_value)
    shown: dict[tuple[Symbol, Symbol], str] = {}
    for edge, locals_ in found.items():
        known = [value for value in locals_ if value is not None]
        complete = len(known) == len(locals_) and all(not value.ndim for value in known)
        number = shown_number(float(sum(value.item() for value in known))) if complete else ""
        shown[edge] = f"({number})" if number.startswith("-") else number
    return shown
