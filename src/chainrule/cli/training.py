"""The command train: from its arguments to the result."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.cli import FOUND, INTERRUPTED, report
from chainrule.cli.diagnosing import asked_for, check_codes
from chainrule.cli.progress import EpochLines, LiveLine, is_live, print_interrupted
from chainrule.diagnosis import Diagnosis, Findings
from chainrule.errors import DivergedError, UsageError
from chainrule.inspect.terminal import check_plotext, curves_as_text
from chainrule.messages import Message, suggestion
from chainrule.messages.paragraph import print_paragraph
from chainrule.nn import MODELS, Network
from chainrule.runs.arrangement import Arrangement, arrange
from chainrule.runs.configuration import DIGITS, Configuration
from chainrule.runs.folder import RunFolder
from chainrule.runs.mistakes import Mistakes
from chainrule.runs.outcome import Outcome
from chainrule.runs.settings import configured, overridden, read_configuration
from chainrule.runs.training import rearrange, resume, train
from chainrule.runs.wording import findings_in_words
from chainrule.train import Callback, Model

_UNKNOWN = Message(
    "cli.unknown_model",
    en="'{name}' is neither a path nor a model. Give a table, a folder of pictures, a configuration (.toml), or one of"
    " the models {known}.{suggestion}",
    zh="“{name}”既不是路径也不是模型。请给出表格、图片文件夹、配置文件（.toml）或以下模型之一：{known}。{suggestion}",
)
_EMPTY = Message(
    "cli.empty_value",
    en="{option} is given without a value.",
    zh="{option} 没有给出值。",
)
_INTERRUPTED = Message(
    "cli.interrupted",
    en="Interrupted in epoch {epoch} of {epochs}, after step {step}. What was reached is saved: 'chainrule resume"
    " {folder}' goes on.",
    zh="在第 {epoch}/{epochs} 轮第 {step} 步之后被中断。已保存达到的状态：“chainrule resume {folder}”可继续。",
)
_INTERRUPTED_BETWEEN = Message(
    "cli.interrupted_between",
    en="Interrupted after {done} of {epochs} whole epochs. What was reached is saved: 'chainrule resume {folder}' goes"
    " on.",
    zh="在完成 {epochs} 轮中的 {done} 轮之后被中断。已保存达到的状态：“chainrule resume {folder}”可继续。",
)
_SAVED = Message("cli.saved", en="What was reached is saved in {folder}.", zh="已将达到的状态保存在 {folder}。")


@dataclass(frozen=True)
class Order:
    """What was asked for.

    what       a model's name, or the path of data or of a configuration; None: the bundled digits
    options    settings by the option that they were given with: {"--lr": ("train", "lr", 0.001)}
    sets       settings as "section.key=value"
    save       folder of the run; None: a new one in runs
    """

    what: str | None
    options: Mapping[str, tuple[str, str, Any]]
    sets: tuple[str, ...] = ()
    save: str | None = None

    def __post_init__(self) -> None:
        for option, value in {"--save": self.save, **{name: own[2] for name, own in self.options.items()}}.items():
            if value == "":
                raise UsageError(_EMPTY(option=option))

    def configuration(self) -> Configuration:
        """The settings: those of --set before those of options, before those of a file, before the defaults.

        Raises:   UsageError and FileFormatError for what is no setting.
        """
        configuration, mistakes = Configuration(), Mistakes()
        with mistakes.noted():
            configuration = _began_with(self.what)
        for option, (section, key, value) in self.options.items():
            if value is not None:
                with mistakes.noted():
                    configuration = configured(configuration, {section: {key: value}}, option)
        with mistakes.noted():
            configuration = overridden(configuration, self.sets)
        mistakes.refuse()
        return configuration


def _began_with(what: str | None) -> Configuration:
    if what is None:
        return Configuration()
    if what in MODELS and not Path(what).exists():
        return configured(Configuration(), {"model": {"name": what}}, what)
    if Path(what).suffix == ".toml":
        return read_configuration(what)
    if Path(what).exists() or what == DIGITS:
        source = str(Path(what).absolute()) if Path(what).exists() else what  # a folder of that name is not the bundled
        return configured(Configuration(), {"data": {"source": source}}, what)
    raise UsageError(_UNKNOWN(name=what, known=", ".join(MODELS), suggestion=suggestion(what, MODELS)))


def network_of(name: str) -> Network:
    """The model as a graph, for the bundled digits' pictures.

    Raises:   UsageError with the models there are.
    """
    if name not in MODELS:
        raise UsageError(_UNKNOWN(name=name, known=", ".join(MODELS), suggestion=suggestion(name, MODELS)))
    return Model(MODELS[name](), (28, 28, 1)).network


@dataclass(frozen=True)
class Telling:
    """How a training is told of, and what it is to fail on."""

    curves: bool = False
    as_json: bool = False
    quiet: bool = False
    fail_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_codes(self.fail_on)


def run(order: Order, telling: Telling) -> int:
    """Train as ordered, print, and give the exit code."""
    arrangement = arrange(order.configuration())
    name = arrangement.source.name
    folder = RunFolder.new(name) if order.save is None else RunFolder.at(order.save)
    return followed(train, arrangement, folder, telling)


def resumed(path: str, source: str | None, telling: Telling) -> int:
    """Go on with a run, whose data are at `source` if they have been moved; print, and give the exit code."""
    if source == "":
        raise UsageError(_EMPTY(option="--data"))
    folder = RunFolder.find(path)
    return followed(resume, rearrange(folder, source), folder, telling)


Go = Callable[[Arrangement, RunFolder, Diagnosis, Sequence[Callback]], Outcome]


def followed(go: Go, arrangement: Arrangement, folder: RunFolder, telling: Telling) -> int:
    """Begin a training, or go on with it; print what it says, and give the exit code."""
    if telling.curves:
        check_plotext()  # better now than after the training
    aside = telling.as_json or telling.quiet
    if not aside:
        report.print_data(arrangement)
        report.print_layers(arrangement.model.network)
        report.print_plan(arrangement)
    lines, diagnosis = LiveLine() if is_live() else EpochLines(), Diagnosis(verbose=0 if aside else 1)
    try:
        outcome = go(arrangement, folder, diagnosis, () if telling.quiet else (lines,))
    except DivergedError as error:  # which has an exit code of its own, whatever the findings
        print_paragraph(_SAVED(folder=folder), sys.stderr)
        if telling.as_json:
            _print_json({"run": str(folder), "error": str(error)}, diagnosis.findings)
        raise
    except KeyboardInterrupt:
        lines.stop()
        print_interrupted(_interrupted(arrangement, folder))
        return INTERRUPTED
    finally:
        lines.stop()
    if telling.curves:
        print(f"\n{curves_as_text(folder.history())}")
    if telling.as_json:
        _print_json({"run": str(folder), **outcome.as_data()}, diagnosis.findings)
    else:
        report.print_outcome(outcome, arrangement, diagnosis.findings, folder, only=telling.quiet)
    if not asked_for(diagnosis.findings, telling.fail_on):
        return 0
    if telling.quiet and not telling.as_json:
        print_paragraph(findings_in_words(diagnosis.findings), sys.stderr)
    return FOUND


def _print_json(reached: dict[str, Any], findings: Findings) -> None:
    print(json.dumps({**reached, "findings": [finding.as_dict() for finding in findings]}))


def _interrupted(arrangement: Arrangement, folder: RunFolder) -> str:
    state = Model.load(folder.path).training_state
    done, visited = (state.epoch, state.position) if state else (0, 0)
    if not visited:
        return _INTERRUPTED_BETWEEN(done=done, epochs=arrangement.epochs, folder=folder)
    step = math.ceil(visited / arrangement.batch_size)
    return _INTERRUPTED(epoch=done + 1, epochs=arrangement.epochs, step=step, folder=folder)
