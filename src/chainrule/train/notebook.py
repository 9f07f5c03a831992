"""Models and histories in a notebook: a table of layers, and curves drawn as SVG, which needs no package."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from chainrule.graph import markup
from chainrule.messages import Message
from chainrule.train import summary

if TYPE_CHECKING:
    from chainrule.nn.network import Network
    from chainrule.train.history import History

__all__ = ["history_as_html", "network_as_html"]

_MODEL = Message("notebook.model", en="{layers} layers, {count:,} parameters", zh="{layers} 层，{count:,} 个参数")
_CURVES = Message(
    "notebook.curves",
    en="{name} by epoch: {series}",
    zh="每轮的 {name}：{series}",
)
_SERIES = Message(
    "notebook.series", en="{data} from {first} to {last}", zh="{data}从 {first} 到 {last}"
)  # for those who listen to the picture
_TRAINING = Message("notebook.training", en="training", zh="训练")
_VALIDATION = Message("notebook.validation", en="validation", zh="验证")
_EPOCH = Message("notebook.epoch", en="epoch", zh="轮")
_EMPTY = Message("notebook.empty", en="no epochs yet", zh="尚未训练任何一轮")

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 320, 190, 52, 12, 24, 34  # pixels
# Blue and orange, which people with any kind of colour vision tell apart; the line of the validation is dashed as well.
_STYLES = {"": 'stroke="#0072B2"', "val_": 'stroke="#E69F00" stroke-dasharray="5 3"'}


def network_as_html(network: Network) -> str:
    """The layers as a table."""
    rows = [(path, kind, output, f"{count:,}") for path, kind, output, count in summary.rows(network)]
    about = _MODEL(layers=len(rows), count=network.parameter_count)
    return markup.table(summary.head(), rows, caption=about)


def history_as_html(history: History) -> str:
    """A curve for each entry, the one of the validation data beside that of the training data."""
    entries = history.history
    if not any(entries.values()):
        return f"<div>{_EMPTY()}</div>"
    names = list(dict.fromkeys(name.removeprefix("val_") for name in entries))
    charts = [_chart(name, {p: entries[p + name] for p in _STYLES if entries.get(p + name)}) for name in names]
    return f'<div style="display: flex; flex-wrap: wrap">\n{"".join(charts)}\n</div>'


def _chart(name: str, curves: dict[str, list[float]]) -> str:
    values = [value for curve in curves.values() for value in curve if math.isfinite(value)]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = 0.05 * (high - low) or 0.5
    low, high = low - margin, high + margin
    epochs = max(map(len, curves.values()))
    labels = {"": _TRAINING(), "val_": _VALIDATION()}
    told = [_SERIES(data=labels[p], first=f"{c[0]:.4g}", last=f"{c[-1]:.4g}") for p, c in curves.items()]
    about = escape(_CURVES(name=name, series=", ".join(told)))
    lines = [
        f'<svg role="img" aria-label="{about}" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        ' xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="11" fill="currentColor">',
        f"<title>{about}</title>",
        f'<text x="{_LEFT}" y="14" font-weight="bold">{escape(name)}</text>',
        *_legend([(labels[p], _STYLES[p]) for p in curves]),
        *_frame(low + margin, high - margin, low, high, epochs),
        *(_line(curve, _STYLES[p], low, high, epochs) for p, curve in curves.items()),
        "</svg>",
    ]
    return "\n".join(lines)


def _across(epoch: float, epochs: int) -> float:
    share = (epoch - 1) / (epochs - 1) if epochs > 1 else 0.5
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * share


def _down(value: float, low: float, high: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low)


def _frame(first: float, last: float, low: float, high: float, epochs: int) -> list[str]:
    """The axes, with the smallest and the largest value and the first and the last epoch."""
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    return [
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="currentColor" stroke-opacity="0.5" />',
        *(
            f'<text x="{_LEFT - 6}" y="{_down(value, low, high) + 4:.1f}" text-anchor="end">{value:.3g}</text>'
            for value in dict.fromkeys((first, last))
        ),
        *(
            f'<text x="{_across(epoch, epochs):.1f}" y="{bottom + 14}" text-anchor="middle">{epoch}</text>'
            for epoch in dict.fromkeys((1, epochs))
        ),
        f'<text x="{(_LEFT + right) / 2}" y="{bottom + 28}" text-anchor="middle">{_EPOCH()}</text>',
    ]


def _legend(entries: Sequence[tuple[str, str]]) -> list[str]:
    """In the line of the title, where no curve is."""
    lines, right = [], _WIDTH - _RIGHT
    for label, style in reversed(entries):
        lines.append(f'<text x="{right}" y="14" text-anchor="end">{escape(label)}</text>')
        right -= 6 * len(label) if label.isascii() else 12 * len(label)
        lines.append(f'<path d="M{right - 24} 10H{right - 6}" {style} stroke-width="2" />')
        right -= 34
    return lines


def _line(curve: Sequence[float], style: str, low: float, high: float, epochs: int) -> str:
    """The curve, broken where a value is not finite; a single epoch is a dot."""
    path, pen = "", "M"
    for epoch, value in enumerate(curve, 1):
        if not math.isfinite(value):
            pen = "M"
            continue
        path += f"{pen}{_across(epoch, epochs):.1f} {_down(value, low, high):.1f}"
        pen = "L"
    if epochs == 1 and path:
        x, y = path[1:].split()
        return f'<circle cx="{x}" cy="{y}" r="3" fill="none" {style} stroke-width="2" />'
    return f'<path d="{path}" fill="none" {style} stroke-width="2" stroke-linejoin="round" />'
