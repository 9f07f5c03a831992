"""What a command prints on standard output: tables before a training, the result after it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from chainrule.data import Dataset
from chainrule.diagnosis import Findings
from chainrule.messages import Message
from chainrule.nn import Network
from chainrule.ops.contraction import mean
from chainrule.ops.softmax import cross_entropy
from chainrule.optim import Optimizer
from chainrule.train import History, Model
from chainrule.train.summary import rows

_DATA = Message("cli.report.data", en="data: {name}", zh="数据：{name}")
_TRAINING = Message("cli.report.training", en="training", zh="训练")
_TEST = Message("cli.report.test", en="test", zh="测试")
_SAMPLES = Message("cli.report.samples", en="samples", zh="样本数")
_EACH = Message("cli.report.each", en="each sample", zh="单个样本")
_CLASSES = Message("cli.report.classes", en="classes", zh="类别数")
_BALANCE = Message("cli.report.balance", en="in smallest, largest class", zh="最小、最大类别的样本数")
_GUESSING = Message("cli.report.guessing", en="always guessing the largest", zh="总是猜最大类别的准确率")
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
    en="saved in {folder}; in Python: chainrule.Model.load({folder!r}).predict(pictures)",
    zh="已保存在 {folder}；在 Python 中：chainrule.Model.load({folder!r}).predict(pictures)",
)
_NEXT = Message(
    "cli.report.next",
    en="next: chainrule train --save DIR keeps the model, chainrule train --help says what can be changed",
    zh="下一步：chainrule train --save DIR 可保存模型，chainrule train --help 列出可调整的选项",
)

_FINDINGS = Message("cli.report.findings", en="findings: {found}", zh="发现：{found}")
_NO_FINDINGS = Message("cli.report.no_findings", en="none", zh="无")

_PAIRS = 3  # of classes, the most confused


def print_data(data: Dataset) -> None:
    """How many samples, of what kind, how balanced, and how accurate it is to guess always the largest class."""
    table = _table()
    table.add_column(_DATA(name=data.name))
    for name in (_TRAINING(), _TEST()):
        table.add_column(name, justify="right")
    counts = [np.bincount(labels, minlength=len(data.class_names)) for labels in (data.y_train, data.y_test)]
    guess = counts[0].argmax()
    kind = f"{'×'.join(map(str, data.x_train.shape[1:]))} {data.x_train.dtype}"
    table.add_row(_SAMPLES(), *(f"{part.sum():,}" for part in counts))
    table.add_row(_EACH(), kind, kind)
    table.add_row(_CLASSES(), *(str(np.count_nonzero(part)) for part in counts))
    table.add_row(_BALANCE(), *(f"{part.min():,}, {part.max():,}" for part in counts))
    table.add_row(_GUESSING(), *(f"{part[guess] / part.sum():.2%}" for part in counts))
    _print(table)


def print_layers(network: Network) -> None:
    """The layers with their outputs and numbers of parameters."""
    table = _table()
    table.add_column(_LAYER(), footer=_TOTAL(), overflow="fold")
    table.add_column(_KIND(), overflow="fold")
    table.add_column(_OUTPUT(), overflow="fold")
    table.add_column(_PARAMETERS(), footer=f"{network.parameter_count:,}", justify="right", no_wrap=True)
    for path, kind, output, count in rows(network):
        table.add_row(path, kind, output, f"{count:,}")
    table.show_footer = True
    _print(table)


def print_plan(optimizer: Optimizer, *, epochs: int, steps: int, batch_size: int, seed: int) -> None:
    """How it will be trained."""
    print(_PLAN(epochs=epochs, steps=steps, batch_size=batch_size, seed=seed))
    print(_chosen(optimizer), end="\n\n", flush=True)


def _chosen(value: Any) -> str:
    """An optimizer or schedule as Python would write it: the learning rate, and what differs from the defaults."""
    if not is_dataclass(value):
        return repr(value)
    own = {field: getattr(value, field.name) for field in fields(value)}
    shown = [f"{f.name}={_chosen(v)}" for f, v in own.items() if f.name == "learning_rate" or v != f.default]
    return f"{type(value).__name__}({', '.join(shown)})"


@dataclass(frozen=True)
class Result:
    """What a training reached, on the test samples, and what it cost."""

    test_accuracy: float
    test_loss: float
    epochs: int
    best_epoch: int  # from 1 on: the one with the lowest training loss, since no samples are set aside
    best_loss: float
    seconds: float  # compiling included
    samples_per_second: float  # of the steps alone
    executor: str
    seed: int
    errors: NDArray[np.int64]  # [label, prediction] → how often, right predictions left out

    @staticmethod
    def of(model: Model, data: Dataset, history: History, *, seconds: float, stepping: float, executor: str) -> Result:
        """The result of a trained model, whose steps took `stepping` of the seconds."""
        scores = model.predict(data.x_test)  # from which everything follows: one program less to compile
        predicted = scores.argmax(1)
        errors = np.zeros((len(data.class_names),) * 2, np.int64)
        np.add.at(errors, (data.y_test, predicted), 1)
        np.fill_diagonal(errors, 0)
        losses = history.history["loss"]
        return Result(
            test_accuracy=float((predicted == data.y_test).mean()),
            test_loss=float(mean(cross_entropy(scores, data.y_test.astype(np.int64)))),
            epochs=len(losses),
            best_epoch=1 + int(np.argmin(losses)),
            best_loss=min(losses),
            seconds=seconds,
            samples_per_second=len(losses) * len(data.x_train) / stepping,
            executor=executor,
            seed=model.seed,
            errors=errors,
        )

    def as_dict(self) -> dict[str, Any]:
        """All but the errors, as JSON has it: numbers that are none become null."""
        values = asdict(self)
        del values["errors"]
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}


def print_result(result: Result, data: Dataset, findings: Findings, folder: str | None, *, only: bool = False) -> None:
    """The final block; `only` its first line."""
    wrong, samples = int(result.errors.sum()), len(data.x_test)
    first = _RESULT(accuracy=result.test_accuracy, errors=wrong, samples=samples, loss=result.test_loss)
    if only:
        print(first)
        return
    print(f"\n{first}")
    print(_BEST(epoch=result.best_epoch, epochs=result.epochs, loss=result.best_loss))
    print(_COST(seconds=result.seconds, rate=result.samples_per_second, executor=result.executor))
    most = np.argsort(-result.errors, axis=None, kind="stable")[:_PAIRS]
    places = zip(*np.unravel_index(most, result.errors.shape), strict=True)
    names, errors = data.class_names, result.errors
    pairs = [_PAIR(label=names[a], taken=names[b], count=errors[a, b]) for a, b in places if errors[a, b]]
    if pairs:
        print(_CONFUSED(pairs=", ".join(pairs)))
    print(told(findings))
    print(_NEXT() if folder is None else _SAVED(folder=folder))


def told(findings: Findings) -> str:
    """Codes and titles, in one line."""
    titles = ", ".join(f"{finding.code} {finding.title}" for finding in findings)
    return _FINDINGS(found=titles or _NO_FINDINGS())


def _table() -> Table:
    return Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)


def _print(table: Table) -> None:
    console = Console()
    console.print(table)
    console.print()
