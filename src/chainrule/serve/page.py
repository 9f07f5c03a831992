"""The page that says what a model predicts, what it takes, and how it is asked."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from datetime import date, timedelta
from html import escape
from math import prod
from typing import Any

from chainrule.data.inputs import Inputs
from chainrule.data.pictures import PictureInputs
from chainrule.data.preparation import Preparation
from chainrule.data.tables import TableInputs
from chainrule.data.tables.columns import CategoryColumn, DateColumn, IgnoredColumn, LearnedColumn, NumberColumn
from chainrule.data.targets import Classes
from chainrule.messages import Message, language
from chainrule.serve.instances import sample_shape

_TITLE = Message("serve.page.title", en="{name} predicts {target}", zh="{name}：预测 {target}")
_CLASSES = Message(
    "serve.page.classes",
    en="It answers with one of {count} classes: {listed}.",
    zh="给出 {count} 个类别之一：{listed}。",
)
_QUANTITY = Message("serve.page.quantity", en="It answers with a number.", zh="给出一个数。")
_COLUMNS = Message("serve.page.columns", en="It takes rows with these columns:", zh="它接受包含以下列的数据行：")
_PICTURES = Message(
    "serve.page.pictures",
    en="It takes pictures (PNG, JPEG, GIF, BMP, WebP) of any size, which become {shape}.",
    zh="它接受任意大小的图片（PNG、JPEG、GIF、BMP、WebP），图片会被转换为 {shape}。",
)
_ARRAYS = Message("serve.page.arrays", en="It takes arrays of shape {shape}.", zh="它接受形状为 {shape} 的数组。")
_NUMBER = Message("serve.page.number", en="a number", zh="数")
_YES_NO = Message("serve.page.yes_no", en="true or false", zh="true 或 false")
_DATE = Message("serve.page.date", en="a date", zh="日期")
_CATEGORY = Message("serve.page.category", en="a text, such as {listed}", zh="文本，例如 {listed}")
_ASK = Message("serve.page.ask", en="Ask it:", zh="请求示例：")
_ANSWER = Message(
    "serve.page.answer",
    en="Answers are JSON; with the header Accept: text/csv they are CSV. Where a value is missing, give null, or leave"
    " the cell empty.",
    zh="回答为 JSON；加上请求头 Accept: text/csv 则为 CSV。缺失的值请写为 null，或将单元格留空。",
)
_BESIDE = Message(
    "serve.page.beside",
    en="/healthz says whether the server is well, /metrics gives its numbers to Prometheus.",
    zh="/healthz 表示服务是否正常，/metrics 为 Prometheus 提供指标。",
)

_MOST_LISTED = 10  # classes and categories
_LONGEST_EXAMPLE = 1_000  # numbers that a command shows; more of them come from a file
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}"
    ":root{color-scheme:light dark}"
    "pre{border:1px solid;padding:.75rem;overflow-x:auto}td{padding-right:2rem}"
)


def page(name: str, preparation: Preparation, address: str, token: bool) -> str:
    """The page of a model, for whoever reached it at this address."""
    inputs, target = preparation.inputs, preparation.target
    title = escape(_TITLE(name=name, target=target.name))
    if isinstance(target, Classes):
        answers = _CLASSES(count=len(target.labels), listed=_listed(target.labels))
    else:
        answers = _QUANTITY()
    asked = "\n".join(escape(line) for line in examples(inputs, address, token))
    return (
        f'<!doctype html><html lang="{language()}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1><p>{escape(answers)}</p>{_taken(inputs)}"
        f"<p>{escape(_ASK())}</p><pre>{asked}</pre><p>{escape(_ANSWER())}</p><p>{escape(_BESIDE())}</p></html>\n"
    )


def examples(inputs: Inputs, address: str, token: bool) -> list[str]:
    """Commands for a shell that ask for predictions."""
    asked = ["curl", "-H", "Authorization: Bearer TOKEN"] if token else ["curl"]
    url = f"{address}/predict"
    pictures = [shlex.join([*asked, "-F", "file=@picture.png", url])] if _takes_pictures(inputs) else []
    found = []
    if not pictures or isinstance(inputs, TableInputs):
        long = prod(sample_shape(inputs)) > _LONGEST_EXAMPLE
        body = "@new.json" if long else json.dumps({"instances": [_example(inputs)]}, ensure_ascii=False)
        found.append(shlex.join([*asked, "-H", "Content-Type: application/json", "-d", body, url]))
    if isinstance(inputs, TableInputs):
        found.append(shlex.join([*asked, "-H", "Content-Type: text/csv", "--data-binary", "@new.csv", url]))
    return [*found, *pictures]


def _takes_pictures(inputs: Inputs) -> bool:
    shape = sample_shape(inputs)
    return isinstance(inputs, PictureInputs) or (len(shape) == 3 and shape[2] in (1, 3))


def _taken(inputs: Inputs) -> str:
    if isinstance(inputs, TableInputs):
        rows = "".join(f"<tr><td>{escape(c.name)}</td><td>{escape(_kind(c))}</td></tr>" for c in _used(inputs))
        return f"<p>{escape(_COLUMNS())}</p><table>{rows}</table>"
    message = _PICTURES if _takes_pictures(inputs) else _ARRAYS
    return f"<p>{escape(message(shape=' × '.join(map(str, sample_shape(inputs)))))}</p>"


def _used(inputs: TableInputs) -> Iterable[LearnedColumn]:
    return (column for column in inputs.columns if not isinstance(column, IgnoredColumn))


def _kind(column: LearnedColumn) -> str:
    match column:
        case NumberColumn(yes_no=True):
            return _YES_NO()
        case DateColumn():
            return _DATE()
        case CategoryColumn(labels=labels):
            return _CATEGORY(listed=_listed(labels))
    return _NUMBER()


def _example(inputs: Inputs) -> Any:
    """An instance that the model takes: what is usual in each column; zeros in arrays."""
    if isinstance(inputs, TableInputs):
        return {column.name: _usual(column) for column in _used(inputs)}
    means = getattr(inputs, "means", ())
    return [round(mean, 4) for mean in means] if means else _zeros(sample_shape(inputs))


def _usual(column: LearnedColumn) -> Any:
    match column:
        case NumberColumn(yes_no=True, standard=standard):
            return standard.median > 0
        case NumberColumn(standard=standard):
            return int(standard.median) if standard.median.is_integer() else float(f"{standard.median:.6g}")
        case DateColumn(standard=standard):
            return (date(1970, 1, 1) + timedelta(days=int(standard.median))).isoformat()
        case CategoryColumn(labels=labels):
            return labels[0]
    raise TypeError(type(column))


def _zeros(shape: tuple[int, ...]) -> Any:
    if not shape:
        return 0
    return [_zeros(shape[1:])] * shape[0]


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_MOST_LISTED]) + (", …" if len(names) > _MOST_LISTED else "")
