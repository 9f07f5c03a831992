"""The command train: from its arguments to the result."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from chainrule.cli import INTERRUPTED, report
from chainrule.cli.progress import LiveLine, is_live
from chainrule.cli.recipes import RECIPES, Recipe
from chainrule.data import digits, load_images
from chainrule.errors import UsageError
from chainrule.messages import Message, suggestion
from chainrule.nn import MODELS, Layer, Network
from chainrule.train import Callback, EpochLines, Model

_UNKNOWN_MODEL = Message(
    "cli.unknown_model",
    en="There is no model '{name}'; choose one of: {known}.{suggestion}",
    zh="没有模型“{name}”；可选：{known}。{suggestion}",
)
_RATE = Message(
    "cli.rate_not_positive",
    en="--lr is {rate}; a learning rate is above 0, and usually between 0.0001 and 0.1.",
    zh="--lr 为 {rate}；学习率必须大于 0，通常在 0.0001 与 0.1 之间。",
)
_INTERRUPTED = Message(
    "cli.interrupted",
    en="Interrupted in epoch {epoch}. {saved}",
    zh="在第 {epoch} 轮被中断。{saved}",
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
    data: Path | None
    epochs: int | None
    batch_size: int | None
    optimizer: str | None
    learning_rate: float | None
    seed: int
    save: Path | None


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
    architecture: Layer = MODELS[name]()
    return Model(architecture, (28, 28, 1)).network


def run(order: Order, *, as_json: bool, quiet: bool) -> int:
    """Train as ordered, print, and give the exit code."""
    recipe = recipe_of(order.model)
    if order.learning_rate is not None and not order.learning_rate > 0:
        raise UsageError(_RATE(rate=order.learning_rate))
    optimizer = recipe.optimizer(order.optimizer, order.learning_rate)
    data = digits() if order.data is None else load_images(order.data)
    model = Model(recipe.architecture(order.model), data.x_train.shape[1:], seed=order.seed)
    talks = not (as_json or quiet)
    if talks:
        report.print_table(report.data_table(data))
        report.print_table(report.layer_table(model.network))
    line = LiveLine()
    callbacks: list[Callback] = [] if quiet else [line, EpochLines()] if is_live() else [EpochLines()]
    started = time.perf_counter()
    try:
        history = model.fit(
            data.x_train,
            data.y_train,
            optimizer=optimizer,
            epochs=order.epochs or recipe.epochs,
            batch_size=order.batch_size or recipe.batch_size,
            callbacks=callbacks,
            verbose=0,
        )
    except KeyboardInterrupt:
        line.stop()
        return _interrupted(model, order.save)
    finally:
        line.stop()
    seconds = time.perf_counter() - started
    result = report.Result.of(model, data, order.seed, epochs=len(history.epoch), seconds=seconds)
    if order.save is not None:
        model.save(order.save)
    if as_json:
        print(json.dumps(result.as_dict()))
    else:
        report.print_result(result, order.save, len(data.x_test))
    return 0


def _interrupted(model: Model, folder: Path | None) -> int:
    if folder is not None:
        model.save(folder)
    saved = _NOT_SAVED() if folder is None else _SAVED(folder=folder)
    state = model.training_state
    print(_INTERRUPTED(epoch=1 + (state.epoch if state else 0), saved=saved), file=sys.stderr)
    return INTERRUPTED
