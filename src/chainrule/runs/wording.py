"""What is said of a run's data, plan and result, in a terminal and in a report: rows of tables, and sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from chainrule.data.prepared import arrays_of
from chainrule.data.records import Source
from chainrule.data.tables import Table
from chainrule.data.tables.encoding import UTF_8
from chainrule.data.targets import Classes, Target
from chainrule.diagnosis import Findings
from chainrule.messages import Message
from chainrule.nn import Network
from chainrule.runs.arrangement import Arrangement
from chainrule.runs.scores import Scores, guessed
from chainrule.train import summary

_DATA = Message("wording.data", en="data: {name}", zh="数据：{name}")
_DATA_IN = Message("wording.data_in", en="data: {name} (text in {encoding})", zh="数据：{name}（编码 {encoding}）")
_TRAINING = Message("wording.training", en="training", zh="训练")
_VALIDATION = Message("wording.validation", en="validation", zh="验证")
_TEST = Message("wording.test", en="test", zh="测试")
_SAMPLES = Message("wording.samples", en="samples", zh="样本数")
_EACH = Message("wording.each", en="each sample", zh="单个样本")
_NUMBERS = Message("wording.numbers", en="numbers in a sample", zh="单个样本的数值个数")
_CATEGORIES = Message("wording.categories", en="categories in a sample", zh="单个样本的类别列数")
_CLASSES = Message("wording.classes", en="classes", zh="类别数")
_BALANCE = Message("wording.balance", en="in smallest, largest class", zh="最小、最大类别的样本数")
_GUESSING = Message("wording.guessing", en="always guessing the largest", zh="总是猜最大类别的准确率")
_RANGE = Message("wording.range", en="range of '{target}'", zh="“{target}”的范围")
_GUESSING_MEAN = Message("wording.guessing_mean", en="typical error of guessing the mean", zh="总是猜平均值的典型误差")
_COLUMN = Message("wording.column", en="column", zh="列")
_LEFT_OUT = Message("wording.left_out", en="left out, no '{target}'", zh="因缺少“{target}”而略去")
_MISSING = Message("wording.missing", en="missing", zh="缺失")
_VALUES = Message("wording.values", en="values", zh="取值")
_USE = Message("wording.use", en="the network gets", zh="网络得到的")
_KIND = Message("wording.kind", en="kind", zh="类型")
_TOTAL = Message("wording.total", en="in all", zh="合计")
_PLAN = Message(
    "wording.plan",
    en="epochs: {epochs}, steps per epoch: {steps:,}, samples per step: {batch_size:,}, seed: {seed}",
    zh="轮数：{epochs}，每轮步数：{steps:,}，每步样本数：{batch_size:,}，种子：{seed}",
)
_RESULT = Message(
    "wording.result",
    en="test accuracy {accuracy:.2%} ({errors:,} of {samples:,} wrong), test loss {loss:.4f}",
    zh="测试准确率 {accuracy:.2%}（{samples:,} 个中错 {errors:,} 个），测试损失 {loss:.4f}",
)
_QUANTITY_RESULT = Message(
    "wording.quantity_result",
    en="test: typical error of '{target}' {rmse:,.4g} (root of the mean square; mean {mae:,.4g}) on {samples:,}"
    " samples, R² {r2:.3f}",
    zh="测试：“{target}”的典型误差 {rmse:,.4g}（均方根；平均 {mae:,.4g}），{samples:,} 个样本，R² {r2:.3f}",
)
_GUESS = Message(
    "wording.guess",
    en="always guessing the largest class: {accuracy:.2%}",
    zh="总是猜最大类别：{accuracy:.2%}",
)
_QUANTITY_GUESS = Message(
    "wording.quantity_guess",
    en="always guessing the mean: {rmse:,.4g} (mean {mae:,.4g})",
    zh="总是猜平均值：{rmse:,.4g}（平均 {mae:,.4g}）",
)
_NO_BETTER = Message(
    "wording.no_better",
    en="This is no better than guessing: by this score, the model has learned nothing of use.",
    zh="这不比猜测好：按此分数，模型没有学到有用的东西。",
)
_BEST = Message(
    "wording.best",
    en="best epoch: {epoch} of {epochs}, training loss {loss:.4f}",
    zh="最佳轮次：第 {epoch}/{epochs} 轮，训练损失 {loss:.4f}",
)
_BEST_VALIDATED = Message(
    "wording.best_validated",
    en="best epoch: {epoch} of {epochs}, validation loss {loss:.4f}",
    zh="最佳轮次：第 {epoch}/{epochs} 轮，验证损失 {loss:.4f}",
)
_SKIPPED = Message(
    "wording.skipped",
    en="skipped steps, whose loss or gradients were not finite: {count:,}",
    zh="因损失或梯度非有限而跳过的步数：{count:,}",
)
_COST = Message(
    "wording.cost",
    en="time: {seconds:.1f} s with compiling; training alone {rate:,.0f} samples per second, {executor} executor",
    zh="用时：{seconds:.1f} 秒（含编译）；训练本身每秒 {rate:,.0f} 个样本，{executor} 执行器",
)
_CONFUSED = Message("wording.confused", en="most often confused: {pairs}", zh="最常混淆：{pairs}")
_PAIR = Message("wording.pair", en="{label} taken for {taken} ({count}×)", zh="{label} 误认为 {taken}（{count} 次）")
_FINDINGS = Message("wording.findings", en="findings: {found}", zh="发现：{found}")
_NO_FINDINGS = Message("wording.no_findings", en="none", zh="无")

_PAIRS = 3  # of classes, the most confused


@dataclass(frozen=True)
class Tabular:
    """A table as texts.

    head      the names of its columns
    rows      their cells
    numbers   how many columns, the last ones, are read from the right
    foot      a last row; empty where there is none
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int = 0
    foot: tuple[str, ...] = ()


# ---------------------------------------------------------------------------------------------------- before a training
def data_table(arrangement: Arrangement) -> Tabular:
    """How many samples of what kind there are in each part, what is predicted, and how good it is to guess."""
    target = arrangement.target
    named = {
        _TRAINING(): arrangement.training,
        **({_VALIDATION(): arrangement.validation} if arrangement.validation is not None else {}),
        _TEST(): arrangement.test,
    }
    parts = list(named.values())
    guesses = [guessed(target, arrangement.training.y, part.y).values for part in parts]
    rows = [(_SAMPLES(), *(f"{len(part):,}" for part in parts))]
    if isinstance(arrangement.training.x, tuple):
        numbers, categories = arrangement.training.x
        rows += [(_NUMBERS(), *[f"{numbers.shape[1]:,}"] * len(parts))]
        rows += [(_CATEGORIES(), *[f"{categories.shape[1]:,}"] * len(parts))]
    else:
        each = [x for part in parts for x in arrays_of(part.x)]
        rows += [(_EACH(), *(f"{'×'.join(map(str, x.shape[1:]))} {x.dtype}" for x in each))]
    left_out = arrangement.source.training.left_out
    if left_out:
        rows.append((_LEFT_OUT(target=target.name), f"{left_out:,}", *([""] * (len(parts) - 1))))
    if isinstance(target, Classes):
        counts = [np.bincount(part.y, minlength=target.outputs) for part in parts]
        rows += [
            (_CLASSES(), *(str(np.count_nonzero(part)) for part in counts)),
            (_BALANCE(), *(f"{part.min():,}, {part.max():,}" for part in counts)),
            (_GUESSING(), *(f"{guess['accuracy']:.2%}" for guess in guesses)),
        ]
    else:
        answers = [part.labeled.answers for part in parts]
        rows += [
            (_RANGE(target=target.name), *(f"{own.min():,.5g} … {own.max():,.5g}" for own in answers)),
            (_GUESSING_MEAN(), *(f"{guess['rmse']:,.4g}" for guess in guesses)),
        ]
    return Tabular((_title(arrangement.source), *named), tuple(rows), numbers=len(named))


def _title(source: Source) -> str:
    """What is learned from, and how it was read where that is not a matter of course."""
    records = source.training.records
    encoding = records.notation.encoding if isinstance(records, Table) else UTF_8
    return _DATA(name=source.name) if encoding == UTF_8 else _DATA_IN(name=source.name, encoding=encoding)


def column_table(records: Table) -> Tabular:
    """What each column holds, and what becomes of it."""
    head = _COLUMN(), _KIND(), _MISSING(), _VALUES(), _USE()
    rows = ((d.column, d.kind, f"{d.missing:,}" if d.missing else "", d.values, d.use) for d in records.described())
    return Tabular(head, tuple(rows))


def layer_table(network: Network) -> Tabular:
    """The layers with their outputs and numbers of parameters."""
    rows = tuple((path, kind, output, f"{count:,}") for path, kind, output, count in summary.rows(network))
    return Tabular(summary.head(), rows, numbers=1, foot=(_TOTAL(), "", "", f"{network.parameter_count:,}"))


def plan_in_words(arrangement: Arrangement) -> str:
    """How long it is trained, and how; two lines."""
    size = arrangement.batch_size
    steps = math.ceil(len(arrangement.training) / size)
    plan = _PLAN(epochs=arrangement.epochs, steps=steps, batch_size=size, seed=arrangement.model.seed)
    return f"{plan}\n{_chosen(arrangement.optimizer)}"


def _chosen(value: Any) -> str:
    """An optimizer or schedule as Python would write it: the learning rate, and what differs from the defaults."""
    if not is_dataclass(value):
        return repr(value)
    own = {field: getattr(value, field.name) for field in fields(value)}
    shown = [f"{f.name}={_chosen(v)}" for f, v in own.items() if f.name == "learning_rate" or v != f.default]
    return f"{type(value).__name__}({', '.join(shown)})"


# ------------------------------------------------------------------------------------------------------------- after it
def scores_in_words(target: Target, scores: Scores) -> str:
    """How good predictions are."""
    values, samples = scores.values, scores.samples
    if scores.confusion is None:
        return _QUANTITY_RESULT(target=target.name, samples=samples, **values)
    wrong = samples - int(np.trace(scores.confusion))
    return _RESULT(accuracy=values["accuracy"], errors=wrong, samples=samples, loss=values["loss"])


def guess_in_words(target: Target, scores: Scores, guess: Scores) -> list[str]:
    """How good it is to guess, and that these scores are no better where they are not: a line each."""
    values = guess.values
    if isinstance(target, Classes):
        said = _GUESS(accuracy=values["accuracy"])
    else:
        said = _QUANTITY_GUESS(rmse=values["rmse"], mae=values["mae"])
    return [said] if scores.better_than(guess) else [said, _NO_BETTER()]


def course_in_words(result: Mapping[str, Any], *, validated: bool) -> list[str]:
    """How a training went, of its result as it is kept: best epoch, steps that were skipped, time; a line each."""
    best = _BEST_VALIDATED if validated else _BEST
    said = [best(epoch=result["best_epoch"], epochs=result["epochs"], loss=_number(result["best_loss"]))]
    if skipped := result.get("skipped"):
        said.append(_SKIPPED(count=skipped))
    seconds, rate = _number(result["seconds"]), _number(result["samples_per_second"])
    return [*said, _COST(seconds=seconds, rate=rate, executor=result["executor"])]


def _number(kept: float | None) -> float:
    return math.nan if kept is None else kept


def confused_in_words(target: Target, scores: Scores) -> str:
    """The pairs of classes that were most often taken for each other; empty where there are none."""
    if scores.confusion is None or not isinstance(target, Classes):
        return ""
    errors = scores.confusion.copy()
    np.fill_diagonal(errors, 0)
    most = np.argsort(-errors, axis=None, kind="stable")[:_PAIRS]
    places, names = zip(*np.unravel_index(most, errors.shape), strict=True), target.labels
    pairs = [_PAIR(label=names[a], taken=names[b], count=errors[a, b]) for a, b in places if errors[a, b]]
    return _CONFUSED(pairs=", ".join(pairs)) if pairs else ""


def findings_in_words(findings: Findings) -> str:
    """Codes and titles."""
    titles = ", ".join(f"{finding.code} {finding.title}" for finding in findings)
    return _FINDINGS(found=titles or _NO_FINDINGS())
