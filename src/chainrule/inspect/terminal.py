"""Curves and histograms as text, for a terminal: as wide as it is, and without colours where none are wanted."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import DataError, UsageError
from chainrule.inspect.training_curves import panels
from chainrule.messages import Message
from chainrule.train.history import History

__all__ = ["curves_as_text", "histogram_as_text"]

_EXTRA = Message(
    "terminal.extra",
    en='Curves in the terminal need plotext, which is not installed. Install it: pip install "chainrule[plot]".',
    zh='在终端中绘图需要 plotext，但它尚未安装。请安装：pip install "chainrule[plot]"。',
)
_NARROW = Message(
    "terminal.narrow",
    en="A picture of {width} × {height} characters is too small; give it at least {least_width} × {least_height}.",
    zh="{width} × {height} 个字符的图太小；至少需要 {least_width} × {least_height}。",
)
_NOTHING = Message(
    "terminal.nothing",
    en="There is nothing to count: none of the {count} values is finite.",
    zh="没有可统计的内容：{count} 个值中没有有限值。",
)
_ABOUT = Message(
    "terminal.about",
    en="values: {count:,}, mean {mean:.4g}, standard deviation {deviation:.4g}",
    zh="数值：{count:,} 个，均值 {mean:.4g}，标准差 {deviation:.4g}",
)
_NOT_FINITE = Message("terminal.not_finite", en=", not finite: {count:,}", zh="，非有限值 {count:,} 个")
_BINS = Message("terminal.bins", en="bins is {bins!r}; it must be 1 or more.", zh="bins 为 {bins!r}；它必须不小于 1。")
_EPOCH = Message("terminal.epoch", en="epoch", zh="轮")
_TRAINING = Message("terminal.training", en="training", zh="训练")
_VALIDATION = Message("terminal.validation", en="validation", zh="验证")

_LEAST_WIDTH, _LEAST_HEIGHT = 24, 8
_WIDEST = 100  # a curve of few epochs says no more on more
_MARKS = {"": ("•", "blue"), "val_": ("×", "orange")}  # told apart without colours too


def curves_as_text(history: History, *, width: int | None = None, height: int = 14, color: bool | None = None) -> str:
    """Loss and metrics by epoch, the validation beside the training, one picture below the other.

    width, height   of each picture; None: the terminal's width, at most 100
    color           None: on a terminal that takes colours, unless NO_COLOR is set

    Units:    characters
    Raises:   UsageError if the history is empty, the size too small, or plotext is not installed.
    Example:
        >>> history = History({"loss": [4.0, 2.0, 1.0, 0.5], "val_loss": [4.0, 3.0, 2.5, 2.0]})
        >>> print(curves_as_text(history, width=40, height=9, color=False))
        loss   • training  × validation
            ┌──────────────────────────────────┐
        4.00┤×                                 │
        ...
    """
    plain = not _wants_color() if color is None else not color
    columns = min(shutil.get_terminal_size().columns, _WIDEST) if width is None else width
    charts = []
    for name in panels(history):
        curves = {prefix: history.history.get(prefix + name, []) for prefix in _MARKS}
        epochs = range(1, max(map(len, curves.values())) + 1)
        marked = [
            (_MARKS[prefix], [(e, v) for e, v in enumerate(values, 1) if math.isfinite(v)])
            for prefix, values in curves.items()
        ]
        legend = {p: f"{_MARKS[p][0]} {label()}" for p, label in (("", _TRAINING), ("val_", _VALIDATION)) if curves[p]}
        title = f"{name}   {'  '.join(legend.values())}"
        charts.append(f"{title}\n{_curves(marked, _ticks(epochs, columns), columns, height, plain)}")
    return "\n\n".join(charts)


def histogram_as_text(
    values: Any, *, bins: int = 20, width: int | None = None, height: int = 12, color: bool | None = None
) -> str:
    """How often values fall where: NaN and infinite ones are left out, and counted in the first line.

    Units:    width, height: characters
    Raises:   DataError if no value is finite; UsageError if the size is too small, or plotext is not installed.
    Example:
        >>> text = histogram_as_text([1.0, 2.0, 2.0, 3.0], bins=3, width=40, height=9, color=False)
        >>> text.splitlines()[0]
        'values: 4, mean 2, standard deviation 0.7071'
    """
    plain = not _wants_color() if color is None else not color
    columns = min(shutil.get_terminal_size().columns, _WIDEST) if width is None else width
    if bins < 1:
        raise UsageError(_BINS(bins=bins))
    flat = np.asarray(values, float).reshape(-1)
    finite = flat[np.isfinite(flat)]
    if not finite.size:
        raise DataError(_NOTHING(count=flat.size))
    counts, edges = np.histogram(finite, bins)
    size = float(np.abs(finite).max()) or 1.0  # so that no square is beyond what a number can be
    about = _ABOUT(count=flat.size, mean=size * (finite / size).mean(), deviation=size * (finite / size).std())
    if finite.size < flat.size:
        about += _NOT_FINITE(count=flat.size - finite.size)
    plt = _plotext(columns, height)
    plt.bar(((edges[:-1] + edges[1:]) / 2).tolist(), counts.tolist(), width=1.0, color="blue")
    shown = np.linspace(edges[0], edges[-1], max(2, columns // 14))
    plt.xticks(shown.tolist(), [f"{place:.3g}" for place in shown])
    return f"{about}\n{_finished(plt, plain)}"


def _curves(
    curves: Sequence[tuple[tuple[str, str], list[tuple[int, float]]]],
    ticks: list[int],
    width: int,
    height: int,
    plain: bool,
) -> str:
    plt = _plotext(width, height)
    for (mark, color), points in curves:
        if points:
            plt.plot(*map(list, zip(*points, strict=True)), marker=mark, color=color)
    plt.xticks(ticks)
    if heights := _powers([y for _, points in curves for _, y in points]):
        plt.yticks(heights, [f"{y:.3g}" for y in heights])
    plt.xlabel(_EPOCH())
    return _finished(plt, plain)


def _ticks(epochs: range, width: int) -> list[int]:
    """Whole epochs, the first and the last among them, a dozen characters apart."""
    steps = max(1, min(len(epochs) - 1, width // 12))
    return sorted({round(1 + k * (len(epochs) - 1) / steps) for k in range(steps + 1)})


def _powers(values: list[float]) -> list[float]:
    """Heights to be written with powers of ten: where all digits of the numbers would leave no room for the curves."""
    largest = max(map(abs, values), default=1.0)
    return np.unique(np.linspace(min(values), max(values), 4)).tolist() if not 1e-5 < largest < 1e7 and largest else []


def _plotext(width: int, height: int) -> Any:
    if width < _LEAST_WIDTH or height < _LEAST_HEIGHT:
        least = {"least_width": _LEAST_WIDTH, "least_height": _LEAST_HEIGHT}
        raise UsageError(_NARROW(width=width, height=height, **least))
    plotext = check_plotext()
    plotext.clear_figure()
    plotext.limit_size(False, False)  # the size is ours to choose, also where there is no terminal
    plotext.theme("clear")
    plotext.plot_size(width, height)
    return plotext


def check_plotext() -> Any:
    """The package that draws.

    Raises:   UsageError if it is not installed.
    """
    try:
        import plotext
    except ImportError:
        raise UsageError(_EXTRA()) from None
    return plotext


def _finished(plt: Any, plain: bool) -> str:
    text: str = plt.build()
    plt.clear_figure()
    lines = [plt.uncolorize(line) for line in text.splitlines()]
    return "\n".join(line.rstrip() for line in lines) if plain else text.rstrip("\n")


def _wants_color() -> bool:
    """What no-color.org asks for, and a terminal that is none."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
