"""Explanations drawn: a graph with its values, and the derivatives that flow through it.

What is measured is in the Explanation that `chainrule.explain` gives; here it is laid out and drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.autodiff.explanation import latex, text
from chainrule.autodiff.explanation.explanation import Explanation
from chainrule.autodiff.explanation.formula import Symbol, shown_number
from chainrule.autodiff.explanation.record import Given, ValueStep
from chainrule.errors import UsageError
from chainrule.graph.operation import Array
from chainrule.inspect.graph_layout import Layout, layout
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
        Picture(5.1 × 2.1 inches)
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
    figure = new_figure(1, 1, lambda axes: _draw(axes[0][0], explanation, shown), size=_layout(explanation).size)
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
def _inputs(explanation: Explanation) -> dict[Symbol, tuple[Symbol, ...]]:
    found: dict[Symbol, tuple[Symbol, ...]] = {g.symbol: () for g in explanation.given}
    for step in explanation.values:
        found[step.symbol] = tuple(dict.fromkeys(x for x in step.inputs if isinstance(x, Symbol)))
    return found


def _layout(explanation: Explanation) -> Layout[Symbol]:
    return layout(_inputs(explanation), *_widths(explanation))


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
    """All in inches."""
    arranged = _layout(explanation)
    width, height = arranged.size
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.text(0.15, height - 0.1, _caption(explanation, arranged), fontsize=8, color=BLACK, va="top")
    locals_ = _local_derivatives(explanation)
    for symbol, inputs in _inputs(explanation).items():
        for x in inputs:
            _draw_edge(axes, explanation, shown, (x, symbol), arranged.edge(x, symbol), locals_.get((x, symbol)))
    for part in explanation.parts:
        _draw_node(axes, explanation, shown, part, arranged)


def _caption(explanation: Explanation, arranged: Layout[Symbol]) -> str:
    towards = "down" if arranged.downwards else "to the right"
    if explanation.mode == "none":
        return f"values flow {towards}"
    way = "back: upstream" if explanation.mode == "reverse" else "along with them: what arrives"
    return f"values (blue) flow {towards}, derivatives (orange) {way} × local derivative"


def _draw_edge(
    axes: Axes,
    explanation: Explanation,
    shown: Shown,
    ends: tuple[Symbol, Symbol],
    places: tuple[tuple[float, float], tuple[float, float]],
    local: str | None,
) -> None:
    """Values flow one way; derivatives, where there are any, flow back along the same line."""
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
    axes: Axes, explanation: Explanation, shown: Shown, part: Given | ValueStep, arranged: Layout[Symbol]
) -> None:
    from matplotlib.patches import FancyBboxPatch

    (x, y), (width, height) = arranged.centers[part.symbol], arranged.box
    symbol = latex.formula(part.symbol)
    there = part.symbol in shown.values
    newest = part.symbol == shown.newest
    derivative = next((d for d in explanation.derivatives if d.symbol == part.symbol), None)
    style = "round,pad=0,rounding_size=0.2" if isinstance(part, Given) else "square,pad=0"
    edge: dict[str, Any] = {"ec": BLACK, "lw": 2.0} if newest else {"ec": GRAY, "lw": 0.8}
    left, top = x - width / 2, y + height / 2
    axes.add_patch(FancyBboxPatch((left, y - height / 2), width, height, boxstyle=style, fc="white", **edge))
    middle: Any = {"ha": "center", "va": "center", "fontsize": 9}
    value = f"${symbol}$ = {_short(part.value)}" if there else f"${symbol}$"
    axes.text(x, y + (0.11 if derivative else 0), value, color=BLUE if there else GRAY, **middle)
    if derivative is not None and part.symbol in shown.derivatives:
        axes.text(x, y - 0.12, _derivative(explanation, part.symbol, derivative.value), color=RED, **middle)
    if isinstance(part, ValueStep):
        axes.text(left, top + 0.03, part.operation, color=GRAY, ha="left", va="bottom", fontsize=7)


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
