"""The worst mistakes: pictures and rows that were taken for something else with the most confidence, quantities that
were predicted farthest off.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.pictures import Pictures
from chainrule.data.records import Arrays, Records
from chainrule.data.tables import Table
from chainrule.data.tables.kinds import as_texts
from chainrule.data.tables.texts import Texts, shortened
from chainrule.data.targets import Classes, Predictions, Quantity
from chainrule.graph import markup
from chainrule.graph.charts import scatter
from chainrule.messages import Message
from chainrule.runs.arrangement import Part
from chainrule.runs.report.page import charts, paragraph, plain, table, text
from chainrule.runs.wording import Tabular

_NO_MISTAKES = Message("report.no_mistakes", en="No sample of the test is wrong.", zh="测试样本全部正确。")
_MOST_CONFIDENT = Message(
    "report.most_confident",
    en="{shown} of {count} mistakes, those with the highest probability first. A wrong label shows here, too.",
    zh="{count} 个错误中的 {shown} 个，概率最高者在前。标注有误的样本也会出现在这里。",
)
_PICTURE = Message(
    "report.picture",
    en="{label} taken for {taken}, {probability:.1%}",
    zh="{label} 被识别为 {taken}，{probability:.1%}",
)
_RIGHT_ONE = Message("report.right_one", en="its own class: {probability:.1%}", zh="真实类别：{probability:.1%}")
_TAKEN = Message("report.taken", en="taken for", zh="被识别为")
_PROBABILITY = Message("report.probability", en="probability", zh="概率")
_PREDICTED = Message("report.predicted", en="predicted", zh="预测")
_ERROR = Message("report.error", en="error", zh="误差")
_SAMPLE = Message("report.sample", en="sample", zh="样本")
_FIRST_COLUMNS = Message(
    "report.first_columns",
    en=" Of {count} columns the first {shown} are shown.",
    zh="仅显示 {count} 列中的前 {shown} 列。",
)
_ROWS = Message("report.rows", en="The most confident mistakes", zh="最自信的错误")
_FARTHEST = Message(
    "report.farthest",
    en="{shown} of {count} samples of the test, those with the largest error first.",
    zh="{count} 个测试样本中误差最大的 {shown} 个。",
)
_FARTHEST_ROWS = Message("report.farthest_rows", en="The largest errors", zh="最大的误差")
_SCATTER = Message("report.scatter", en="'{target}' predicted against true", zh="“{target}”的预测值与真实值")
_TRUE = Message("report.true", en="true", zh="真实值")
_ABOUT_SCATTER = Message(
    "report.about_scatter",
    en="'{target}': predictions against the truth for {shown} samples of the test; truth from {low:.4g} to {high:.4g},"
    " correlation {correlation:.3f}. Right predictions lie on the dotted line.",
    zh="“{target}”：{shown} 个测试样本的预测值与真实值；真实值 {low:.4g} 至 {high:.4g}，相关系数 {correlation:.3f}。"
    "正确的预测位于虚线上。",
)

_MOST_PICTURES, _MOST_ROWS, _MOST_COLUMNS, _MOST_POINTS = 24, 15, 8, 1000
_LONG_FRACTION = 8  # characters
_LARGEST = 64  # pixels along a side of a picture: two dozen of them remain far below a megabyte


def mistaken_classes(target: Classes, part: Part, found: Predictions) -> tuple[str, ...]:
    """HTML about samples that were taken for another class."""
    assert found.probabilities is not None
    taken = found.probabilities.argmax(1)
    wrong = np.flatnonzero(taken != part.y)
    if not len(wrong):
        return (paragraph(_NO_MISTAKES()),)
    order = wrong[np.argsort(-found.probabilities[wrong, taken[wrong]], kind="stable")]
    pictures = not isinstance(part.x, tuple) and part.x.ndim == 4
    worst = order[: _MOST_PICTURES if pictures else _MOST_ROWS]
    names, probabilities = target.labels, found.probabilities
    about = _MOST_CONFIDENT(shown=len(worst), count=len(wrong))
    if pictures:
        shown = [
            _figure(part, k, names[part.y[k]], names[taken[k]], probabilities[k, taken[k]], probabilities[k, part.y[k]])
            for k in worst
        ]
        return paragraph(about), f'<ul class="gallery">{"".join(shown)}</ul>'
    said = [
        (shortened(names[part.y[k]]), shortened(names[taken[k]]), f"{probabilities[k, taken[k]]:.1%}") for k in worst
    ]
    head = (shortened(target.name), _TAKEN(), _PROBABILITY())
    return _rows(part.labeled.records, worst, head, said, about, _ROWS())


def mistaken_quantities(target: Quantity, part: Part, found: Predictions) -> tuple[str, ...]:
    """HTML about quantities and what was predicted instead."""
    answers = part.labeled.answers.astype(np.float64)
    errors = found.values - answers
    worst = np.argsort(-np.abs(errors), kind="stable")[:_MOST_ROWS]
    said = [(f"{answers[k]:.6g}", f"{found.values[k]:.6g}", f"{errors[k]:+.4g}") for k in worst]
    head = (shortened(target.name), _PREDICTED(), _ERROR())
    about = _FARTHEST(shown=len(worst), count=len(answers))
    rows = _rows(part.labeled.records, worst, head, said, about, _FARTHEST_ROWS())
    return charts([_scatter(target.name, answers, found.values)]), *rows


def _scatter(name: str, answers: NDArray[Any], predicted: NDArray[Any]) -> str:
    some = np.unique(np.linspace(0, len(answers) - 1, min(len(answers), _MOST_POINTS)).astype(int))
    points = list(zip(answers[some].tolist(), predicted[some].tolist(), strict=True))
    with np.errstate(all="ignore"):
        correlation = float(np.corrcoef(answers, predicted)[0, 1]) if len(answers) > 1 else float("nan")
    name = plain(shortened(name))
    about = _ABOUT_SCATTER(target=name, shown=len(some), low=answers.min(), high=answers.max(), correlation=correlation)
    return scatter(_SCATTER(target=name), points, across=_TRUE(), up=_PREDICTED(), description=about)


# ------------------------------------------------------------------------------------------------------------ pictures
def _figure(part: Part, place: int, label: str, taken: str, probability: float, right: float) -> str:
    said = _PICTURE(label=shortened(label), taken=shortened(taken), probability=probability)
    image = markup.picture(_pixels(part.x[place]), scale=2, description=plain(said))
    lines = [f"<strong>{text(said)}</strong>", text(_RIGHT_ONE(probability=right))]
    records = part.labeled.records
    if isinstance(records, Pictures) and isinstance(path := records.pictures[place], Path):
        lines.append(f'<span class="soft">{text("/".join(path.parts[-2:]))}</span>')
    return f"<li><figure>{image}<figcaption>{'<br />'.join(lines)}</figcaption></figure></li>"


def _pixels(image: NDArray[Any]) -> NDArray[np.uint8]:
    """As bytes, (height, width) or (height, width, 3), so large at most that many of them make no large file."""
    values = image if image.shape[-1] == 3 else image.mean(-1)
    if image.dtype != np.uint8:
        low, high = float(values.min()), float(values.max())
        values = (values - low) * (255 / (high - low) if high > low else 0)
    pixels = values.astype(np.uint8)
    larger = max(pixels.shape[:2]) / _LARGEST
    if larger <= 1:
        return pixels
    from PIL import Image

    height, width = (max(1, round(side / larger)) for side in pixels.shape[:2])
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


# ---------------------------------------------------------------------------------------------------------------- rows
def _rows(
    records: Records,
    places: NDArray[np.int64],
    head: tuple[str, ...],
    said: Sequence[tuple[str, ...]],
    about: str,
    caption: str,
) -> tuple[str, ...]:
    """A table of these records: what is said of each, and what is in it."""
    taken = records.take(places)
    columns = _columns(taken)
    first = dict(list(columns.items())[:_MOST_COLUMNS])
    if len(first) < len(columns):
        about += _FIRST_COLUMNS(count=len(columns), shown=len(first))
    names = [taken.place(k) if isinstance(taken, Table) and taken.lines is not None else str(place)
             for k, place in enumerate(places)]  # fmt: skip
    rows = tuple((names[k], *said[k], *(cells[k] for cells in first.values())) for k in range(len(places)))
    return paragraph(about), table(Tabular((_SAMPLE(), *head, *map(shortened, first)), rows), caption)


def _columns(records: Records) -> dict[str, list[str]]:
    """What records hold, as texts by the name of the column."""
    if isinstance(records, Table):
        return {name: _cells(column) for name, column in records.columns.items()}
    if isinstance(records, Arrays):
        flat = [array.reshape(len(array), -1) for array in records.arrays]
        return {
            f"x[{place}]" if len(flat) == 1 else f"x[{k}][{place}]": _cells(array[:, place])
            for k, array in enumerate(flat)
            for place in range(array.shape[1])
        }
    return {}


def _cells(column: NDArray[Any] | Texts) -> list[str]:
    if not isinstance(column, Texts) and column.dtype.kind == "f":
        return ["" if value != value else f"{value:.6g}" for value in column.tolist()]
    texts = as_texts(column)
    different = [_cell(str(one)) for one in texts.different]
    return [different[code] for code in texts.codes]


def _cell(said: str) -> str:
    """A text as it is, if it is short; a fraction to six digits."""
    try:
        return f"{float(said):.6g}" if "." in said and len(said) > _LONG_FRACTION else shortened(said)
    except ValueError:
        return shortened(said)
