"""Which classes were taken for which, as a table; of many classes, those that were confused most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule.data.targets import Classes
from chainrule.inspect.confusion import Confusion
from chainrule.messages import Message
from chainrule.runs.report.page import paragraph, scrolling, table, text
from chainrule.runs.wording import Tabular

_CAPTION = Message(
    "report.confusion",
    en="Which class (rows) was taken for which (columns), in samples of the test",
    zh="测试样本中，各类别（行）被识别为哪一类（列）",
)
_CLASS = Message("report.class", en="class", zh="类别")
_RECALL = Message("report.recall", en="recognised", zh="召回率")
_PRECISION = Message("report.precision", en="right when said", zh="精确率")
_COLORS = Message(
    "report.confusion_colors",
    en="Blue is right and orange is wrong, the stronger, the larger the share of its row. The last column is the share"
    " of a class that was recognised (recall), the last row the share that is right of what was taken for a class"
    " (precision).",
    zh="蓝色为正确，橙色为错误，颜色越深表示占该行的比例越大。最后一列为召回率：该类样本中被识别出的比例；"
    "最后一行为精确率：判为该类的样本中正确的比例。",
)
_PAIRS = Message(
    "report.pairs",
    en="The {count} pairs that were confused most, of {classes} classes",
    zh="{classes} 个类别中最常混淆的 {count} 对",
)
_TAKEN_FOR = Message("report.taken_for", en="taken for", zh="被识别为")
_SAMPLES = Message("report.samples", en="samples", zh="样本数")

_MOST_CLASSES = 25  # of which a table can still be looked at
_MOST_PAIRS = 20
_LONGEST = 24  # characters of a class's name in a table
_BLUE, _ORANGE = "0, 114, 178", "230, 159, 0"


def confusion_parts(target: Classes, counts: NDArray[np.int64]) -> tuple[str, ...]:
    """HTML about these counts, [class, predicted class] → samples."""
    found = Confusion(counts, tuple(map(_short, target.labels)))
    if len(counts) <= _MOST_CLASSES:
        return scrolling(_matrix(found), _CAPTION()), paragraph(_COLORS(), "soft")
    pairs = tuple((label, taken, f"{count:,}") for label, taken, count in found.most_confused(_MOST_PAIRS))
    if not pairs:
        return ()
    head = (_CLASS(), _TAKEN_FOR(), _SAMPLES())
    return (table(Tabular(head, pairs, numbers=1), _PAIRS(count=len(pairs), classes=len(counts))),)


def _matrix(found: Confusion) -> str:
    names = [text(name) for name in found.class_names]
    head = "".join(f'<th scope="col">{name}</th>' for name in [_CLASS(), *names, _RECALL()])
    shares = found.counts / np.maximum(found.counts.sum(1, keepdims=True), 1)
    rows = []
    for row, name in enumerate(names):
        cells = "".join(_cell(int(n), shares[row, k], right=row == k) for k, n in enumerate(found.counts[row]))
        rows.append(f'<tr><th scope="row">{name}</th>{cells}<td>{_percent(found.recall[row])}</td></tr>')
    foot = "".join(f"<td>{_percent(share)}</td>" for share in found.precision)
    return (
        f'<table class="confusion"><caption style="text-align: left">{text(_CAPTION())}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{''.join(rows)}</tbody>\n"
        f'<tfoot><tr><th scope="row">{_PRECISION()}</th>{foot}<td>{_percent(found.accuracy)}</td></tr></tfoot></table>'
    )


def _cell(count: int, share: float, *, right: bool) -> str:
    if not count:
        return '<td class="none">0</td>'
    strength = 0.5 * share if right else 0.1 + 0.6 * share**0.5  # even a few mistakes are to be seen
    return f'<td style="background: rgba({_BLUE if right else _ORANGE}, {strength:.2f})">{count:,}</td>'


def _percent(share: float) -> str:
    return "" if share != share else f"{share:.1%}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
