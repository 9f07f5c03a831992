"""The results as pictures.

Colours are Okabe and Ito's, which people with any colour vision tell apart; every series has a marker of its own too.
"""

# mypy: disable-error-code="import-not-found"
# Pictures are an extra, which need not be installed where types are checked.

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import Result, Run
from benchmarks.row import OURS

_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
_MARKERS = "osD^vP"


def draw(run: Run, folder: Path, stem: str) -> list[Path]:
    """Write a picture of the ratios and one of the growth, as far as the run has any; the files written."""
    import matplotlib as mpl

    mpl.use("Agg")
    drawn = []
    compared = [result for result in run.results if result.axis is None and result.ratios]
    growing = [result for result in run.results if result.axis is not None and result.columns]
    for name, results, picture in (("ratios", compared, _ratios), ("growth", growing, _growth)):
        if results:
            figure = picture(results)
            figure.text(0.01, 0.005, _origin(run), fontsize=7, color="0.35")
            path = folder / f"{stem}-{name}.png"
            figure.savefig(path, dpi=150)
            drawn.append(path)
    return drawn


def _origin(run: Run) -> str:
    told = run.environment
    return " · ".join(told[key] for key in ("processor", "cores", "commit", "date") if key in told)


def _ratios(results: Sequence[Result]) -> Any:
    """How many times better chainrule is, row by row, with intervals and targets; right of the line it is better."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.lines import Line2D

    names = list(dict.fromkeys(ratio.against for result in results for ratio in result.ratios))
    height = 1.5 + 0.42 * len(results)
    figure = Figure(figsize=(9, height), layout=ConstrainedLayoutEngine(rect=(0, 0.25 / height, 1, 1 - 0.25 / height)))
    axes = figure.add_subplot()
    axes.axvline(1, color="0.2", linewidth=1)
    for place, result in enumerate(results):
        count = len(result.ratios)
        for k, ratio in enumerate(result.ratios):
            y, which = place + 0.22 * (k - (count - 1) / 2), names.index(ratio.against)
            colour, marker = _COLOURS[which % len(_COLOURS)], _MARKERS[which % len(_MARKERS)]
            axes.plot([ratio.interval.low, ratio.interval.high], [y, y], color=colour, linewidth=2, alpha=0.6)
            axes.plot(ratio.median, y, marker, color=colour, markersize=6, markeredgecolor="white", markeredgewidth=0.6)
            label = axes.annotate(f"{ratio.median:.2f}×", (ratio.interval.high, y), (4, 0), textcoords="offset points")
            label.set(
                fontsize=7, verticalalignment="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8}
            )
        if result.goal and result.goal.against is not None:
            axes.plot([result.goal.bound] * 2, [place - 0.36, place + 0.36], color="0.2", linewidth=1.4, zorder=1)
            axes.plot(
                [result.goal.stretch] * 2,
                [place - 0.36, place + 0.36],
                color="0.2",
                linewidth=1,
                linestyle=":",
                zorder=1,
            )
    axes.set_xscale("log")
    _label_logarithmic(axes.xaxis, "×")
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, 0.5), max(high * 1.3, 2))  # room for the numbers
    axes.set_yticks(range(len(results)), [result.row for result in results])
    axes.set_ylim(len(results) - 0.5, -0.5)
    axes.grid(axis="x", color="0.9")
    axes.set_axisbelow(True)
    axes.set_xlabel(f"times better than the peer: faster or smaller (right of 1×, {OURS} wins)")
    legend = [
        Line2D([], [], color=_COLOURS[k % len(_COLOURS)], marker=_MARKERS[k % len(_MARKERS)], linestyle="", label=name)
        for k, name in enumerate(names)
    ]
    if any(result.goal and result.goal.against is not None for result in results):
        legend += [
            Line2D([], [], color="0.2", linewidth=1.4, label="target"),
            Line2D([], [], color="0.2", linewidth=1, linestyle=":", label="stretch"),
        ]
    figure.legend(handles=legend, loc="outside upper center", ncols=len(legend), fontsize=8, frameon=False)
    return figure


def _growth(results: Sequence[Result]) -> Any:
    """Time and peak memory of each growing row, both on logarithmic axes."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    height = 2.4 * len(results) + 0.4
    figure = Figure(figsize=(9, height), layout=ConstrainedLayoutEngine(rect=(0, 0.25 / height, 1, 1 - 0.25 / height)))
    grid = figure.subplots(len(results), 2, squeeze=False)
    for (left, right), result in zip(grid, results, strict=True):
        sizes = [float(column.name) for column in result.columns]
        spreads = [column.spread for column in result.columns]
        medians = [spread.median for spread in spreads]
        left.fill_between(sizes, [s.lower for s in spreads], [s.upper for s in spreads], color=_COLOURS[0], alpha=0.25)
        left.plot(sizes, medians, "o-", color=_COLOURS[0], markersize=4)
        left.set_ylabel(result.unit, fontsize=8)
        left.set_yscale("log")
        _label_logarithmic(left.yaxis, "")
        left.set_title(f"{result.row}: time", fontsize=9)
        peaks = [1e-6 * (column.peak_bytes or 0) for column in result.columns]
        right.plot(sizes, peaks, "s-", color=_COLOURS[4], markersize=4)
        right.set_ylabel("peak MB of the process", fontsize=8)
        right.set_ylim(0, 1.1 * max(peaks))
        right.set_title(f"{result.row}: memory", fontsize=9)
        for axes in (left, right):
            axes.set_xscale("log", base=2)
            axes.set_xticks(sizes, [column.name for column in result.columns])
            axes.minorticks_off()
            axes.tick_params(labelsize=8)
            axes.grid(color="0.9")
            axes.set_axisbelow(True)
            axes.set_xlabel(str(result.axis), fontsize=8)
    return figure


def _label_logarithmic(axis: Any, unit: str) -> None:
    """Ticks at 1, 2 and 5 of each decade, as plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}{unit}"))
    axis.set_minor_formatter(NullFormatter())
