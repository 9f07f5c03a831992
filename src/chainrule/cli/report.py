"""What a command prints on standard output: tables before a training, the result after it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from chainrule.data import Dataset
from chainrule.messages import Message
from chainrule.nn import Network
from chainrule.train import Model
from chainrule.train.summary import rows

_DATA = Message("cli.report.data", en="data", zh="数据")
_TRAINING = Message("cli.report.training", en="training", zh="训练")
_TEST = Message("cli.report.test", en="test", zh="测试")
_SAMPLES = Message("cli.report.samples", en="samples", zh="样本数")
_EACH = Message("cli.report.each", en="each sample", zh="单个样本")
_CLASSES = Message("cli.report.classes", en="classes", zh="类别数")
_BALANCE = Message("cli.report.balance", en="smallest and largest class", zh="最小与最大类别")
_GUESSING = Message("cli.report.guessing", en="accuracy of always guessing the largest", zh="总是猜最大类别的准确率")
_LAYER = Message("cli.report.layer", en="layer", zh="层")
_KIND = Message("cli.report.kind", en="kind", zh="类型")
_OUTPUT = Message("cli.report.output", en="output", zh="输出")
_PARAMETERS = Message("cli.report.parameters", en="parameters", zh="参数")
_TOTAL = Message("cli.report.total", en="in all", zh="合计")
_RESULT = Message(
    "cli.report.result",
    en="test accuracy {accuracy:.2%}  ({errors} of {samples} wrong), loss {loss:.4f}",
    zh="测试准确率 {accuracy:.2%}（{samples} 个中错 {errors} 个），损失 {loss:.4f}",
)
_COST = Message(
    "cli.report.cost",
    en="{epochs} epochs in {seconds:.1f} s, {rate:,.0f} samples per second, {executor} executor, seed {seed}",
    zh="{epochs} 轮，用时 {seconds:.1f} 秒，每秒 {rate:,.0f} 个样本，{executor} 执行器，种子 {seed}",
)
_CONFUSED = Message("cli.report.confused", en="most often confused: {pairs}", zh="最常混淆：{pairs}")
_PAIR = Message("cli.report.pair", en="{label} taken for {taken} ({count})", zh="{label} 误认为 {taken}（{count}）")
_SAVED = Message(
    "cli.report.saved",
    en="Saved in {folder}. In Python: chainrule.Model.load({folder!r}).predict(pictures)",
    zh="已保存在 {folder}。在 Python 中：chainrule.Model.load({folder!r}).predict(pictures)",
)
_NEXT = Message(
    "cli.report.next",
    en="Next: chainrule train --save DIR keeps the model; chainrule train --help says what can be changed.",
    zh="下一步：chainrule train --save DIR 可保存模型；chainrule train --help 列出可调整的选项。",
)


def print_table(table: Table) -> None:
    console = Console()
    console.print(table)
    console.print()


def data_table(data: Dataset) -> Table:
    """How many samples, of what kind, how balanced, and what guessing would reach."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(f"{_DATA()}: {data.name}")
    for name in (_TRAINING(), _TEST()):
        table.add_column(name, justify="right")
    x, y = (data.x_train, data.x_test), (data.y_train, data.y_test)
    counts = [np.bincount(labels, minlength=len(data.class_names)) for labels in y]
    kind = f"{'×'.join(map(str, data.x_train.shape[1:]))} {data.x_train.dtype}"
    table.add_row(_SAMPLES(), *(f"{len(part):,}" for part in x))
    table.add_row(_EACH(), kind, kind)
    table.add_row(_CLASSES(), *(str(np.count_nonzero(part)) for part in counts))
    table.add_row(_BALANCE(), *(f"{part.min():,}, {part.max():,}" for part in counts))
    table.add_row(_GUESSING(), *(f"{part.max() / part.sum():.2%}" for part in counts))
    return table


def layer_table(network: Network) -> Table:
    """The layers with their outputs and numbers of parameters."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column(_LAYER(), footer=_TOTAL())
    table.add_column(_KIND())
    table.add_column(_OUTPUT())
    table.add_column(_PARAMETERS(), footer=f"{network.parameter_count:,}", justify="right")
    for path, kind, output, count in rows(network):
        table.add_row(path, kind, output, f"{count:,}")
    return table


@dataclass(frozen=True)
class Result:
    """What a training reached, on the test samples, and what it cost."""

    test_accuracy: float
    test_loss: float
    epochs: int
    seconds: float
    samples_per_second: float
    executor: str
    seed: int
    errors: NDArray[np.int64]  # [label, prediction] → how often, right predictions left out

    @staticmethod
    def of(model: Model, data: Dataset, seed: int, *, epochs: int, seconds: float) -> Result:
        """The result of a trained model."""
        found = model.evaluate(data.x_test, data.y_test, loss="cross_entropy", metrics=["accuracy"])
        predicted = model.predict(data.x_test).argmax(1)
        errors = np.zeros((len(data.class_names),) * 2, np.int64)
        np.add.at(errors, (data.y_test, predicted), 1)
        np.fill_diagonal(errors, 0)
        trained = epochs * len(data.x_train)
        return Result(found["accuracy"], found["loss"], epochs, seconds, trained / seconds, "reference", seed, errors)

    def as_dict(self) -> dict[str, Any]:
        """All but the errors, as JSON has it: numbers that are none become null."""
        values = asdict(self)
        del values["errors"]
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}


def print_result(result: Result, folder: Path | None, samples: int) -> None:
    """The final block."""
    wrong = int(result.errors.sum())
    print(_RESULT(accuracy=result.test_accuracy, errors=wrong, samples=samples, loss=result.test_loss))
    rate = result.samples_per_second
    print(_COST(epochs=result.epochs, seconds=result.seconds, rate=rate, executor=result.executor, seed=result.seed))
    order = np.argsort(-result.errors, axis=None, kind="stable")[:3]
    places = [np.unravel_index(place, result.errors.shape) for place in order]
    pairs = [_PAIR(label=a, taken=b, count=result.errors[a, b]) for a, b in places if result.errors[a, b]]
    if pairs:
        print(_CONFUSED(pairs=", ".join(pairs)))
    print(_NEXT() if folder is None else _SAVED(folder=str(folder)))
