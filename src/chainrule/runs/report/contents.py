"""The report of a run as one page: result, mistakes, findings, course, data, network, settings, and how to use it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chainrule.data.tables import Table
from chainrule.data.targets import Classes, Quantity
from chainrule.data.whole_files import write_whole
from chainrule.errors import SaveError
from chainrule.graph.charts import Curve, curves
from chainrule.messages import Message
from chainrule.runs.folder import INTERRUPTED, RunFolder
from chainrule.runs.report.confusion import confusion_parts
from chainrule.runs.report.mistakes import mistaken_classes, mistaken_quantities
from chainrule.runs.report.page import Section, charts, lines, page, paragraph, table, text
from chainrule.runs.report.subject import Subject
from chainrule.runs.settings import SECTIONS
from chainrule.runs.wording import (
    Tabular,
    column_table,
    confused_in_words,
    course_in_words,
    data_table,
    guess_in_words,
    layer_table,
    plan_in_words,
    scores_in_words,
)
from chainrule.train.notebook import history_charts

_TITLE = Message("report.title", en="Run {name}", zh="运行 {name}")
_ABOUT = Message(
    "report.about",
    en="Model {model} on {data}; begun {began} UTC.",
    zh="模型 {model}，数据 {data}；开始于 {began} UTC。",
)
_CONTENTS = Message("report.contents", en="Contents", zh="目录")
_RESULT = Message("report.result", en="Result", zh="结果")
_MISTAKES = Message("report.mistakes", en="Mistakes", zh="错误")
_ERRORS = Message("report.errors", en="Errors", zh="误差")
_FINDINGS = Message("report.findings", en="Findings", zh="诊断发现")
_COURSE = Message("report.course", en="Course of the training", zh="训练过程")
_DATA = Message("report.data", en="Data", zh="数据")
_NETWORK = Message("report.network", en="Network", zh="网络")
_SETTINGS = Message("report.settings", en="Settings and machine", zh="设置与环境")
_USE = Message("report.use", en="How to use it", zh="如何使用")
_NOT_ENDED = Message(
    "report.not_ended",
    en="This run has not ended: what is said here is how far it was when this was written.",
    zh="该运行尚未结束：此处为生成报告时的进度。",
)
_DIVERGED = Message(
    "report.diverged",
    en="This training diverged: its loss or its parameters became infinite or no number. The findings say why.",
    zh="该训练已发散：损失或参数变为无穷大或非数值。原因见诊断发现。",
)
_REMEDY = Message("report.remedy", en="What to do:", zh="补救办法：")
_NO_FINDINGS = Message(
    "report.no_findings", en="Nothing is wrong, as far as was looked.", zh="在所检查的范围内没有发现问题。"
)
_RATE = Message("report.rate", en="learning rate", zh="学习率")
_LOSS = Message("report.loss", en="loss of each step", zh="每步的损失")
_STEP = Message("report.step", en="step", zh="步")
_ABOUT_STEPS = Message(
    "report.about_steps",
    en="{name} from step 1 to step {steps:,}: first {first:.4g}, highest {highest:.4g}, last {last:.4g}",
    zh="第 1 步至第 {steps:,} 步的{name}：起始 {first:.4g}，最高 {highest:.4g}，最后 {last:.4g}",
)
_COLUMNS = Message("report.columns", en="Columns, and what becomes of them", zh="各列及其用途")
_PARTS = Message("report.parts", en="Parts", zh="划分")
_LEFT_OUT = Message(
    "report.left_out", en="{count:,} rows without an answer are left out.", zh="没有答案的 {count:,} 行未使用。"
)
_LAYERS = Message("report.layers", en="Layers", zh="各层")
_SETTING = Message("report.setting", en="setting", zh="设置")
_VALUE = Message("report.value", en="value", zh="值")
_MEANING = Message("report.meaning", en="meaning", zh="含义")
_ALL_SETTINGS = Message(
    "report.all_settings", en="What the run was told, and what was decided for it", zh="运行的全部设置"
)
_MACHINE = Message("report.machine", en="With what it was made", zh="运行环境")
_NAME = Message("report.name", en="name", zh="名称")
_PREDICT = Message("report.predict", en="Answers for new data:", zh="对新数据作出预测：")
_SERVE = Message("report.serve", en="The same over HTTP:", zh="通过 HTTP 提供预测：")
_IN_PYTHON = Message("report.in_python", en="In Python:", zh="在 Python 中：")
_RESUME = Message("report.resume", en="To go on with it:", zh="继续训练：")
_EXPLAIN = Message("report.explain", en="More about what was found:", zh="诊断发现的详细说明：")
_COMPARE = Message("report.compare", en="Beside other runs:", zh="与其他运行比较：")
_CANNOT = Message("report.cannot", en="{path} cannot be written: {reason}.", zh="无法写入 {path}：{reason}。")

REPORT = "report.html"


def write_report(folder: RunFolder, path: Path | None = None) -> Path:
    """Write the report of a run, in the language in use; without a path as report.html into its folder.

    Raises:   FileFormatError if this is no run, or is damaged; SaveError if the report cannot be written.
    """
    return write(Subject.of(folder), path)


def write(subject: Subject, path: Path | None = None) -> Path:
    """Write the report about a subject.

    Raises:   SaveError if it cannot be written.
    """
    target = subject.folder.path / REPORT if path is None else path
    content = report(subject).encode()
    try:
        write_whole(target, content)
    except OSError as reason:
        raise SaveError(_CANNOT(path=target, reason=reason.strerror or reason)) from None
    return target


def report(subject: Subject) -> str:
    """The page."""
    title = _TITLE(name=subject.folder.path.resolve().name)
    sections = [*_judged(subject), *_found(subject), *_course(subject), *_about(subject), _settings(subject)]
    return page(title, _above(subject), [*sections, _use(subject)], _CONTENTS())


def _above(subject: Subject) -> list[str]:
    told, began = subject.configuration, str(subject.environment.get("began", "?"))
    about = _ABOUT(model=told.model.name, data=Path(told.data.source).name, began=began[:16].replace("T", " "))
    parts, state = [paragraph(about, "soft")], subject.result["state"]
    if state != "finished":
        parts.append(paragraph(_NOT_ENDED() if state == INTERRUPTED else _DIVERGED(), "result"))
    return [*parts, *(paragraph(reason) for reason in subject.missing)]


# --------------------------------------------------------------------------------------------------- result and course
def _judged(subject: Subject) -> Iterator[Section]:
    """What the predictions for the samples to test with are worth, and the worst of them."""
    arrangement, outputs = subject.arrangement, subject.outputs
    if arrangement is None or outputs is None or not np.isfinite(outputs).all():
        return
    target, test, scores = arrangement.target, arrangement.test, arrangement.tested(outputs)
    parts = [paragraph(scores_in_words(target, scores), "result")]
    parts += [paragraph(said) for said in guess_in_words(target, scores, arrangement.guessed())]
    if subject.result["state"] == "finished":
        validated = "val_loss" in subject.folder.history().history
        parts.append(lines(course_in_words(subject.result, validated=validated)))
    found = target.predictions(outputs)
    if isinstance(target, Classes) and scores.confusion is not None:
        if pairs := confused_in_words(target, scores):
            parts.append(paragraph(pairs))
        yield Section("result", _RESULT(), (*parts, *confusion_parts(target, scores.confusion)))
        yield Section("mistakes", _MISTAKES(), mistaken_classes(target, test, found))
    elif isinstance(target, Quantity):
        yield Section("result", _RESULT(), tuple(parts))
        yield Section("mistakes", _ERRORS(), mistaken_quantities(target, test, found))


def _found(subject: Subject) -> Iterator[Section]:
    if subject.findings is None:
        return
    parts = []
    for finding in subject.findings:
        parts += [
            f"<h3>{text(f'{finding.code} {finding.title}')}</h3>",
            paragraph(finding.evidence),
            f"<p><strong>{_REMEDY()}</strong> {text(finding.remedy)}</p>",
        ]
    yield Section("findings", _FINDINGS(), tuple(parts) or (paragraph(_NO_FINDINGS()),))


def _course(subject: Subject) -> Iterator[Section]:
    history = subject.folder.history()
    names = dict.fromkeys(name.removeprefix("val_") for name in history.history)
    drawn = history_charts(history, names)
    course = None if subject.diagnosis is None else subject.diagnosis.course
    if course is not None:
        if len(history.epoch) < 2:
            drawn += _of_steps(_LOSS(), course.losses)
        drawn += _of_steps(_RATE(), course.rates)
    if drawn:
        yield Section("course", _COURSE(), (charts(drawn),))


def _of_steps(name: str, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[str]:
    """A chart of what changes with every step; none where there is nothing to see."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return []
    said = {"first": finite[0], "highest": finite.max(), "last": finite[-1], "steps": len(values)}
    points = list(enumerate(values.tolist(), 1))
    return [curves(name, [Curve(name, points)], across=_STEP(), description=_ABOUT_STEPS(name=name, **said))]


# ------------------------------------------------------------------------------------------------- what it was made of
def _about(subject: Subject) -> Iterator[Section]:
    """The data and the network."""
    arrangement, model = subject.arrangement, subject.model
    if arrangement is not None:
        training = arrangement.training.labeled
        parts = [table(data_table(arrangement), _PARTS())]
        if left_out := arrangement.source.training.left_out:
            parts.append(paragraph(_LEFT_OUT(count=left_out)))
        if isinstance(training.records, Table):
            parts.append(table(column_table(training.records), _COLUMNS()))
        yield Section("data", _DATA(), tuple(parts))
    if model is not None:
        plan = [] if arrangement is None else [lines(plan_in_words(arrangement).splitlines())]
        yield Section("network", _NETWORK(), (*plan, table(layer_table(model.network), _LAYERS())))


def _settings(subject: Subject) -> Section:
    told = subject.configuration.as_data()
    rows = tuple(
        (f"{section}.{key}", _written(told[section][key]), own.about())
        for section, settings in SECTIONS.items()
        for key, own in settings.items()
        if key in told[section]
    )
    machine = {**subject.environment, **subject.environment.get("packages", {})}
    machine |= subject.environment.get("variables", {})
    own = tuple((name, str(value)) for name, value in machine.items() if not isinstance(value, dict))
    parts = [table(Tabular((_SETTING(), _VALUE(), _MEANING()), rows), _ALL_SETTINGS())]
    if own:
        parts.append(table(Tabular((_NAME(), _VALUE()), own), _MACHINE()))
    return Section("settings", _SETTINGS(), tuple(parts))


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _use(subject: Subject) -> Section:
    run = shlex.quote(str(subject.folder.path))
    commands = {}
    if subject.result["state"] == INTERRUPTED:
        commands[_RESUME()] = f"chainrule resume {run}"
    if subject.model is not None:
        commands[_PREDICT()] = f"chainrule predict {run} INPUT"
        commands[_SERVE()] = f"chainrule serve {run}"
        commands[_IN_PYTHON()] = f"import chainrule as cr; cr.load({str(subject.folder.path)!r}).predict(...)"
    if subject.findings:
        commands[_EXPLAIN()] = f"chainrule findings {subject.findings[0].code}"
    commands[_COMPARE()] = "chainrule runs"
    rows = (f"<p>{text(what)}<br /><code>{text(command)}</code></p>" for what, command in commands.items())
    return Section("use", _USE(), tuple(rows))
