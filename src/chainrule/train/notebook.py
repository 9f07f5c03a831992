"""Models and histories in a notebook: a table of layers, and curves drawn as SVG, which needs no package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from chainrule.graph import markup
from chainrule.graph.charts import Curve, curves
from chainrule.messages import Message
from chainrule.train import summary

if TYPE_CHECKING:
    from chainrule.nn.network import Network
    from chainrule.train.history import History

__all__ = ["history_as_html", "history_charts", "network_as_html"]

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
    return f'<div style="display: flex; flex-wrap: wrap">\n{"".join(history_charts(history, names))}\n</div>'


def history_charts(history: History, names: Iterable[str]) -> list[str]:
    """A chart of each of these entries, with that of the validation data."""
    return [_chart(name, history.history) for name in names]


def _chart(name: str, entries: Mapping[str, Sequence[float]]) -> str:
    named = {"": _TRAINING(), "val_": _VALIDATION()}
    drawn = [
        Curve(label, list(enumerate(entries[prefix + name], 1)), second=bool(prefix))
        for prefix, label in named.items()
        if entries.get(prefix + name)
    ]
    told = [_SERIES(data=c.name, first=f"{c.points[0][1]:.4g}", last=f"{c.points[-1][1]:.4g}") for c in drawn]
    return curves(name, drawn, across=_EPOCH(), description=_CURVES(name=name, series=", ".join(told)))
