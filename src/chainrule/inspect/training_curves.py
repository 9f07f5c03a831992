"""Loss and metrics of a training, epoch by epoch, on the training data and on the validation data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chainrule.errors import UsageError
from chainrule.inspect.style import GRAY, LINES, Picture, draw_grid
from chainrule.messages import Message
from chainrule.train.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_history"]

_NO_HISTORY = Message(
    "inspect.no_history",
    en="A history is drawn here, but this is {kind}. fit returns one; of a dict of lists make one with "
    "cr.train.History(entries).",
    zh="此处绘制的是训练历史，但给出的是 {kind}。fit 会返回历史；由列表组成的字典可用 cr.train.History(entries) 转换。",
)
_EMPTY = Message(
    "inspect.empty_history",
    en="There is nothing to draw: the history has no epochs. Train first, e.g. history = model.fit(x, y).",
    zh="没有可绘制的内容：该历史不含任何轮次。请先训练，例如 history = model.fit(x, y)。",
)


def plot_history(history: History) -> Picture:
    """A panel for the loss and one for each metric: training solid, validation dashed, its best epoch marked.

    Raises:   UsageError if the history is empty, or Matplotlib is not installed.
    Example:
        >>> from chainrule.train import History
        >>> plot_history(History({"loss": [0.9, 0.5, 0.4], "val_loss": [0.8, 0.6, 0.7]}))
        Picture(4.2 × 3.2 inches)
    """
    names = panels(history)
    width = 4.2 * len(names)
    return draw_grid(1, len(names), lambda axes: _draw(axes[0], history, names), size=(width, 3.2))


def panels(history: History) -> list[str]:
    """The entries of a history without those of the validation data, which are drawn with theirs.

    Raises:   UsageError if there is no epoch, or this is no history.
    """
    if not isinstance(history, History):
        raise UsageError(_NO_HISTORY(kind=type(history).__name__))
    entries = history.history
    if not any(entries.values()):
        raise UsageError(_EMPTY())
    return list(dict.fromkeys(name.removeprefix("val_") for name in entries))


def _draw(axes: list[Axes], history: History, names: list[str]) -> None:
    from matplotlib.ticker import MaxNLocator

    for panel, name in zip(axes, names, strict=True):
        for entry, label, color, dashes in (
            (name, "training", LINES[0], "-"),
            (f"val_{name}", "validation", LINES[1], "--"),
        ):
            values = history.history.get(entry, [])
            if values:
                marker = "o" if len(values) == 1 else ""
                panel.plot(range(1, len(values) + 1), values, dashes, marker=marker, color=color, label=label)
        _mark_best(panel, history.history.get(f"val_{name}", []), falls=_falls(name))
        panel.set_title(name.replace("_", " "))
        panel.set_xlabel("epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if any(f"val_{name}" in history.history for name in names):
            panel.legend(loc="best")


def _falls(name: str) -> bool:
    """Whether smaller is better: of a loss and of errors, not of an accuracy."""
    return "accuracy" not in name


def _mark_best(panel: Axes, values: list[float], *, falls: bool) -> None:
    """The epoch whose value on the validation data is the best, where early stopping would have gone back to."""
    finite = {epoch: value for epoch, value in enumerate(values, 1) if math.isfinite(value)}
    if len(finite) > 1:
        best = (min if falls else max)(finite, key=finite.__getitem__)
        panel.axvline(best, color=GRAY, linewidth=0.8, linestyle=":", zorder=0)
        panel.plot([best], [finite[best]], "o", color=LINES[1], markersize=5, label="best validation")
