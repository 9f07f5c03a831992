"""What a command prints on standard output: tables before a training, the result after it."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Rows

from chainrule.data.tables import Table
from chainrule.data.targets import Classes, Target
from chainrule.diagnosis import Findings
from chainrule.messages import Message
from chainrule.nn import Network
from chainrule.runs.arrangement import Arrangement
from chainrule.runs.folder import RunFolder
from chainrule.runs.outcome import Outcome
from chainrule.runs.scores import Scores, guessed
from chainrule.train.summary import rows

_DATA = Message("cli.report.data", en="data: {name}", zh="数据：{name}")
_TRAINING = Message("cli.report.training", en="training", zh="训练")
_VALIDATION = Message("cli.report.validation", en="validation", zh="验证")
_TEST = Message("cli.report.test", en="test", zh="测试")
_SAMPLES = Message("cli.report.samples", en="samples", zh="样本数")
_EACH = Message("cli.report.each", en="each sample", zh="单个样本")
_CLASSES = Message("cli.report.classes", en="classes", zh="类别数")
_BALANCE = Message("cli.report.balance", en="in smallest, largest class", zh="最小、最大类别的样本数")
_GUESSING = Message("cli.report.guessing", en="always guessing the largest", zh="总是猜最大类别的准确率")
_COLUMN = Message("cli.report.column", en="column", zh="列")
_MISSING = Message("cli.report.missing", en="missing", zh="缺失")
_VALUES = Message("cli.report.values", en="values", zh="取值")
_USE = Message("cli.report.use", en="the network gets", zh="网络得到的")
_LAYER = Message("cli.report.layer", en="layer", zh="层")
_KIND = Message("cli.report.kind", en="kind", zh="类型")
_OUTPUT = Message("cli.report.output", en="output", zh="输出")
_PARAMETERS = Message("cli.report.parameters", en="parameters", zh="参数")
_TOTAL = Message("cli.report.total", en="in all", zh="合计")
_PLAN = Message(
    "cli.report.plan",
    en="epochs: {epochs}, steps per epoch: {steps:,}, samples per step: {batch_size:,}, seed: {seed}",
    zh="轮数：{epochs}，每轮步数：{steps:,}，每步样本数：{batch_size:,}，种子：{seed}",
)
_RESULT = Message(
    "cli.report.result",
    en="test accuracy {accuracy:.2%} ({errors:,} of {samples:,} wrong), test loss {loss:.4f}",
    zh="测试准确率 {accuracy:.2%}（{samples:,} 个中错 {errors:,} 个），测试损失 {loss:.4f}",
)
_BEST = Message(
    "cli.report.best",
    en="best epoch: {epoch} of {epochs}, training loss {loss:.4f}",
    zh="最佳轮次：第 {epoch}/{epochs} 轮，训练损失 {loss:.4f}",
)
_COST = Message(
    "cli.report.cost",
    en="time: {seconds:.1f} s with compiling; training alone {rate:,.0f} samples per second, {executor} executor",
    zh="用时：{seconds:.1f} 秒（含编译）；训练本身每秒 {rate:,.0f} 个样本，{executor} 执行器",
)
_CONFUSED = Message("cli.report.confused", en="most often confused: {pairs}", zh="最常混淆：{pairs}")
_PAIR = Message("cli.report.pair", en="{label} taken for {taken} ({count}×)", zh="{label} 误认为 {taken}（{count} 次）")
_SAVED = Message(
    "cli.report.saved",
    en="kept in {folder}; next: chainrule predict {folder} INPUT, chainrule diagnose {folder}; in Python"
    " cr.load('{folder}').predict(...)",
    zh="已保存在 {folder}；下一步：chainrule predict {folder} INPUT，chainrule diagnose {folder}；在 Python 中"
    " cr.load('{folder}').predict(...)",
)
_GUESS = Message(
    "cli.report.guess",
    en="always guessing the largest class: {accuracy:.2%}",
    zh="总是猜最大类别：{accuracy:.2%}",
)
_QUANTITY_RESULT = Message(
    "cli.report.quantity_result",
    en="test: typical error of '{target}' {rmse:,.4g} (root of the mean square; mean {mae:,.4g}) on {samples:,}"
    " samples, R² {r2:.3f}",
    zh="测试：“{target}”的典型误差 {rmse:,.4g}（均方根；平均 {mae:,.4g}），{samples:,} 个样本，R² {r2:.3f}",
)
_QUANTITY_GUESS = Message(
    "cli.report.quantity_guess",
    en="always guessing the mean: {rmse:,.4g} (mean {mae:,.4g})",
    zh="总是猜平均值：{rmse:,.4g}（平均 {mae:,.4g}）",
)
_BEST_VALIDATED = Message(
    "cli.report.best_validated",
    en="best epoch: {epoch} of {epochs}, validation loss {loss:.4f}",
    zh="最佳轮次：第 {epoch}/{epochs} 轮，验证损失 {loss:.4f}",
)
_RANGE = Message("cli.report.range", en="range of '{target}'", zh="“{target}”的范围")
_GUESSING_MEAN = Message(
    "cli.report.guessing_mean", en="typical error of guessing the mean", zh="总是猜平均值的典型误差"
)

_FINDINGS = Message("cli.report.findings", en="findings: {found}", zh="发现：{found}")
_NO_FINDINGS = Message("cli.report.no_findings", en="none", zh="无")

_PAIRS = 3  # of classes, the most confused


def print_data(arrangement: Arrangement) -> None:
    """How many samples of what kind there are in each part, what is predicted, and how good it is to guess."""
    target, records = arrangement.target, arrangement.training.labeled.records
    if isinstance(records, Table):
        _print_columns(records)
    parts = {
        _TRAINING(): arrangement.training,
        **({_VALIDATION(): arrangement.validation} if arrangement.validation is not None else {}),
        _TEST(): arrangement.test,
    }
    shown = table()
    shown.add_column(_DATA(name=arrangement.source.name))
    for name in parts:
        shown.add_column(name, justify="right")
    inputs = [part.x if isinstance(part.x, tuple) else (part.x,) for part in parts.values()]
    kinds = [", ".join(f"{'×'.join(map(str, x.shape[1:]))} {x.dtype}" for x in own) for own in inputs]
    shown.add_row(_SAMPLES(), *(f"{len(part):,}" for part in parts.values()))
    shown.add_row(_EACH(), *kinds)
    guesses = [guessed(target, arrangement.training.y, part.y).values for part in parts.values()]
    if isinstance(target, Classes):
        counts = [np.bincount(part.y, minlength=target.outputs) for part in parts.values()]
        shown.add_row(_CLASSES(), *(str(np.count_nonzero(part)) for part in counts))
        shown.add_row(_BALANCE(), *(f"{part.min():,}, {part.max():,}" for part in counts))
        shown.add_row(_GUESSING(), *(f"{guess['accuracy']:.2%}" for guess in guesses))
    else:
        answers = [part.labeled.answers for part in parts.values()]
        shown.add_row(_RANGE(target=target.name), *(f"{own.min():,.5g} … {own.max():,.5g}" for own in answers))
        shown.add_row(_GUESSING_MEAN(), *(f"{guess['rmse']:,.4g}" for guess in guesses))
    print_table(shown)


def _print_columns(records: Table) -> None:
    """What each column holds, and what becomes of it."""
    shown = table()
    for name in (_COLUMN(), _KIND(), _MISSING(), _VALUES(), _USE()):
        shown.add_column(name, overflow="fold")
    for one in records.described():
        shown.add_row(one.column, one.kind, f"{one.missing:,}" if one.missing else "", one.values, one.use)
    print_table(shown)


def print_layers(network: Network) -> None:
    """The layers with their outputs and numbers of parameters."""
    shown = table()
    shown.add_column(_LAYER(), footer=_TOTAL(), overflow="fold")
    shown.add_column(_KIND(), overflow="fold")
    shown.add_column(_OUTPUT(), overflow="fold")
    shown.add_column(_PARAMETERS(), footer=f"{network.parameter_count:,}", justify="right", no_wrap=True)
    for path, kind, output, count in rows(network):
        shown.add_row(path, kind, output, f"{count:,}")
    shown.show_footer = True
    print_table(shown)


def print_plan(arrangement: Arrangement) -> None:
    """How it will be trained."""
    size = arrangement.batch_size
    steps = math.ceil(len(arrangement.training) / size)
    print(_PLAN(epochs=arrangement.epochs, steps=steps, batch_size=size, seed=arrangement.model.seed))
    print(_chosen(arrangement.optimizer), end="\n\n", flush=True)


def _chosen(value: Any) -> str:
    """An optimizer or schedule as Python would write it: the learning rate, and what differs from the defaults."""
    if not is_dataclass(value):
        return repr(value)
    own = {field: getattr(value, field.name) for field in fields(value)}
    shown = [f"{f.name}={_chosen(v)}" for f, v in own.items() if f.name == "learning_rate" or v != f.default]
    return f"{type(value).__name__}({', '.join(shown)})"


def print_outcome(
    outcome: Outcome, arrangement: Arrangement, findings: Findings, folder: RunFolder, *, only: bool = False
) -> None:
    """The final block; `only` its first line."""
    first = scores_in_words(arrangement.target, outcome.test)
    if only:
        print(first)
        return
    print(f"\n{first}")
    print(_guess_in_words(arrangement.target, outcome.guess))
    best = _BEST_VALIDATED if outcome.validated else _BEST
    print(best(epoch=outcome.best_epoch, epochs=outcome.epochs, loss=outcome.best_loss))
    print(_COST(seconds=outcome.seconds, rate=outcome.samples_per_second, executor=outcome.executor))
    if pairs := most_confused(arrangement.target, outcome.test):
        print(_CONFUSED(pairs=", ".join(pairs)))
    print(told(findings))
    print(_SAVED(folder=folder))


def scores_in_words(target: Target, scores: Scores) -> str:
    """A line about how good predictions are."""
    values, samples = scores.values, scores.samples
    if scores.confusion is None:
        return _QUANTITY_RESULT(target=target.name, samples=samples, **values)
    wrong = samples - int(np.trace(scores.confusion))
    return _RESULT(accuracy=values["accuracy"], errors=wrong, samples=samples, loss=values["loss"])


def _guess_in_words(target: Target, guess: Scores) -> str:
    if isinstance(target, Classes):
        return _GUESS(accuracy=guess.values["accuracy"])
    return _QUANTITY_GUESS(rmse=guess.values["rmse"], mae=guess.values["mae"])


def most_confused(target: Target, scores: Scores) -> list[str]:
    """The pairs of classes that were most often taken for each other."""
    if scores.confusion is None or not isinstance(target, Classes):
        return []
    errors = scores.confusion.copy()
    np.fill_diagonal(errors, 0)
    most = np.argsort(-errors, axis=None, kind="stable")[:_PAIRS]
    places, names = zip(*np.unravel_index(most, errors.shape), strict=True), target.labels
    return [_PAIR(label=names[a], taken=names[b], count=errors[a, b]) for a, b in places if errors[a, b]]


def told(findings: Findings) -> str:
    """Codes and titles, in one line."""
    titles = ", ".join(f"{finding.code} {finding.title}" for finding in findings)
    return _FINDINGS(found=titles or _NO_FINDINGS())


def table() -> Rows:
    """An empty table as all of them look."""
    return Rows(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)


def print_table(rows: Rows) -> None:
    """A table on standard output, and an empty line."""
    console = Console()
    console.print(rows)
    console.print()
