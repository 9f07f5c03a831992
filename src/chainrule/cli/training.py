"""The command train: from its arguments to the result."""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.cli import FOUND, INTERRUPTED, report
from chainrule.cli.diagnosing import asked_for, check_codes
from chainrule.cli.progress import EpochLines, LiveLine, is_live
from chainrule.cli.recipes import RECIPES, Recipe
from chainrule.data import check_batch_size, digits, load_images
from chainrule.diagnosis import Diagnosis, Findings
from chainrule.errors import DivergedError, UsageError
from chainrule.inspect.terminal import check_plotext, curves_as_text
from chainrule.messages import Message, suggestion
from chainrule.nn import MODELS, Network
from chainrule.train import Callback, Model, Training
from chainrule.train.precision import as_precision

_UNKNOWN_MODEL = Message(
    "cli.unknown_model",
    en="There is no model '{name}'; choose one of: {known}.{suggestion}",
    zh="没有模型“{name}”；可选：{known}。{suggestion}",
)
_RATE = Message(
    "cli.rate_not_positive",
    en="--lr is {rate}; a learning rate is a number above 0, usually between 0.0001 and 0.1.",
    zh="--lr 为 {rate}；学习率是大于 0 的数，通常在 0.0001 与 0.1 之间。",
)
_EMPTY = Message(
    "cli.empty_folder",
    en="{option} is given without the name of a folder.",
    zh="{option} 没有给出文件夹的名称。",
)
_NO_FOLDER = Message(
    "cli.no_folder",
    en="--save {folder} cannot be a folder: {reason}. Save somewhere else.",
    zh="--save {folder} 不能作为文件夹：{reason}。请保存到其他位置。",
)
_INTERRUPTED = Message(
    "cli.interrupted",
    en="Interrupted in epoch {epoch} of {epochs}, after step {step}. {saved}",
    zh="在第 {epoch}/{epochs} 轮第 {step} 步之后被中断。{saved}",
)
_SAVED = Message("cli.saved", en="What was reached is saved in {folder}.", zh="已将达到的状态保存在 {folder}。")
_NOT_SAVED = Message(
    "cli.not_saved",
    en="Nothing is saved; with --save DIR it would be.",
    zh="未保存任何内容；使用 --save DIR 即可保存。",
)


@dataclass(frozen=True)
class Order:
    """What was asked for; None leaves it to the recipe."""

    model: str
    data: str | None
    epochs: int | None
    batch_size: int | None
    optimizer: str | None
    learning_rate: float | None
    seed: int
    precision: str
    save: str | None
    fail_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        as_precision(self.precision)
        check_codes(self.fail_on)
        if self.learning_rate is not None and not 0 < self.learning_rate < math.inf:
            raise UsageError(_RATE(rate=self.learning_rate))
        for option, folder in {"--data": self.data, "--save": self.save}.items():
            if folder == "":
                raise UsageError(_EMPTY(option=option))


def recipe_of(name: str) -> Recipe:
    """The model's recipe.

    Raises:   UsageError with the models there are.
    """
    if name not in RECIPES:
        raise UsageError(_UNKNOWN_MODEL(name=name, known=", ".join(RECIPES), suggestion=suggestion(name, RECIPES)))
    return RECIPES[name]


def network_of(name: str) -> Network:
    """The model as a graph, for the bundled digits' pictures."""
    recipe_of(name)
    return Model(MODELS[name](), (28, 28, 1)).network


def run(order: Order, *, curves: bool, as_json: bool, quiet: bool) -> int:
    """Train as ordered, print, and give the exit code."""
    if curves:
        check_plotext()  # better now than after the training
    recipe = recipe_of(order.model)
    optimizer = recipe.optimizer(order.optimizer, order.learning_rate)
    data = digits() if order.data is None else load_images(order.data)
    samples = len(data.x_train)
    epochs = order.epochs or recipe.epochs(samples)
    batch_size = check_batch_size(order.batch_size or min(recipe.batch_size, samples), samples)
    architecture = recipe.architecture(order.model, len(data.class_names))
    precision = as_precision(order.precision)
    model = Model(architecture, data.x_train.shape[1:], seed=order.seed, precision=precision)
    if order.save is not None:
        _make_folder(order.save)  # better now than after the training
    if not (as_json or quiet):
        report.print_data(data)
        report.print_layers(model.network)
        steps = math.ceil(samples / batch_size)
        report.print_plan(optimizer, epochs=epochs, steps=steps, batch_size=batch_size, seed=order.seed)
    lines = LiveLine() if is_live() else EpochLines()
    witness, diagnosis = _Witness(), Diagnosis(verbose=0 if as_json or quiet else 1)
    try:
        started = time.perf_counter()
        history = model.fit(
            data.x_train,
            data.y_train,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=batch_size,
            callbacks=[witness, diagnosis] if quiet else [witness, lines, diagnosis],
            verbose=0,
        )
        seconds = time.perf_counter() - started
        if order.save is not None:
            model.save(order.save)
        result = report.Result.of(
            model, data, history, seconds=seconds, stepping=witness.stepping, executor=witness.executor
        )
    except DivergedError as error:  # which has an exit code of its own, whatever the findings
        _keep(model, order.save)
        if as_json:
            _print_json({"error": str(error)}, diagnosis.findings)
        raise
    except KeyboardInterrupt:
        lines.stop()
        return _interrupted(model, epochs, batch_size, order.save)
    finally:
        lines.stop()
    if curves:
        print(f"\n{curves_as_text(history)}")
    if as_json:
        _print_json(result.as_dict(), diagnosis.findings)
    else:
        report.print_result(result, data, diagnosis.findings, order.save, only=quiet)
    if not asked_for(diagnosis.findings, order.fail_on):
        return 0
    if quiet and not as_json:
        print(report.told(diagnosis.findings), file=sys.stderr)
    return FOUND


class _Witness(Callback):
    """Notes what runs the steps, and how long they take when everything is compiled."""

    executor = ""
    stepping = math.nan  # seconds

    def on_train_begin(self, training: Training) -> None:
        self.executor = training.executor

    def on_train_end(self, training: Training) -> None:
        self.stepping = training.seconds


def _print_json(reached: dict[str, Any], findings: Findings) -> None:
    print(json.dumps({**reached, "findings": [finding.as_dict() for finding in findings]}))


def _make_folder(folder: str) -> None:
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise UsageError(_NO_FOLDER(folder=folder, reason=reason.strerror)) from None


def _keep(model: Model, folder: str | None) -> None:
    """Save a model whose training diverged, with what the diagnosis found."""
    if folder is not None:
        model.save(folder)
        print(_SAVED(folder=folder), file=sys.stderr)


def _interrupted(model: Model, epochs: int, batch_size: int, folder: str | None) -> int:
    """Save and say what was reached; a second Ctrl-C meanwhile stops at once."""
    if folder is not None:
        model.save(folder)
    saved = _NOT_SAVED() if folder is None else _SAVED(folder=folder)
    state = model.training_state
    epoch, visited = (min(state.epoch + 1, epochs), state.position) if state else (1, 0)
    step = math.ceil(visited / batch_size)
    print(_INTERRUPTED(epoch=epoch, epochs=epochs, step=step, saved=saved), file=sys.stderr)
    return INTERRUPTED
