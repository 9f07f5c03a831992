"""The command tune: a search for good settings, and what came of it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from chainrule.cli import INTERRUPTED
from chainrule.cli.progress import print_interrupted
from chainrule.cli.tables import print_tabular
from chainrule.cli.training import Order
from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.messages.paragraph import print_paragraph, print_parts
from chainrule.runs.wording import Tabular
from chainrule.tune import Found, Search, StudyFolder, read_space, search
from chainrule.tune.results import PRUNED, Trial, best_of
from chainrule.tune.search import BEST, DATABASE, found_so_far
from chainrule.tune.storage import check_optuna, sqlite_in

_TRIAL = Message("cli.tuning.trial", en="trial {number}/{of}", zh="试验 {number}/{of}")
_COMPLETE = Message("cli.tuning.complete", en="{scores} in validation", zh="验证 {scores}")
_BROKEN_OFF = Message("cli.tuning.broken_off", en="broken off after {epochs} epochs", zh="训练 {epochs} 轮后中止")
_REFUSED = Message("cli.tuning.refused", en="not begun: {reason}", zh="未开始：{reason}")
_AS_CONFIGURED = Message("cli.tuning.as_configured", en="as configured", zh="原有设置")
_BEST_TRIALS = Message(
    "cli.tuning.best_trials",
    en="the best of {count} trials, judged by their validation (*: as configured)",
    zh="{count} 次试验中最好的，以验证结果评判（*：原有设置）",
)
_NUMBER = Message("cli.tuning.number", en="trial", zh="试验")
_EPOCHS = Message("cli.tuning.epochs", en="epochs", zh="轮数")
_IMPORTANCE = Message("cli.tuning.importance", en="what matters: {settings}", zh="各设置的重要性：{settings}")
_PRUNED = Message(
    "cli.tuning.pruned",
    en="{pruned} of {count} trials were broken off early",
    zh="{count} 次试验中有 {pruned} 次提前中止",
)
_NEXT = Message(
    "cli.tuning.next",
    en="the best settings are in {path}; what they are worth on the samples to test with, which no trial saw, says:"
    " chainrule train {path}",
    zh="最佳设置已写入 {path}；各次试验都未使用测试样本，其上的效果请运行：chainrule train {path}",
)
_NONE = Message(
    "cli.tuning.none",
    en="No trial is complete, so there is no best one. Search in narrower bounds, with lower rates.",
    zh="没有完成的试验，因此没有最佳设置。请缩小搜索范围，并降低学习率。",
)
_INTERRUPTED = Message(
    "cli.tuning.interrupted",
    en="Interrupted. All trials that ended are kept: 'chainrule tune {folder}{storage}' goes on.",
    zh="已中断。已结束的试验均已保存：“chainrule tune {folder}{storage}”可继续。",
)
_SPACE_OF_STUDY = Message(
    "cli.tuning.space_of_study",
    en="{folder} is a search that was begun, and goes on with the settings that it has. Leave {option} out.",
    zh="{folder} 是已开始的搜索，将以原有设置继续。请去掉 {option}。",
)

_SHOWN = 5  # of the best trials
_USUAL = 20  # trials


@dataclass(frozen=True)
class Wish:
    """How it is searched.

    trials    how many the study is to have in the end; None: 20
    storage   address of the trials; None: a file in the folder of the search
    study     its name there; None: that of the data
    space     a file with the section [search]; None: that of the configuration
    """

    trials: int | None = None
    storage: str | None = None
    study: str | None = None
    space: str | None = None
    as_json: bool = False
    quiet: bool = False


def run(order: Order, wish: Wish) -> int:
    """Search, print what comes of it, and give the exit code."""
    check_optuna()
    name, wanted, folder = _wanted(order, wish)
    address = sqlite_in(folder.path / DATABASE) if wish.storage is None else wish.storage
    trials = _USUAL if wish.trials is None else wish.trials

    def tell(trial: Trial, found: Found) -> None:
        found.write(folder.path / BEST)
        if not wish.quiet:
            number = _TRIAL(number=len(found.trials), of=trials)
            print_parts([number, _result(trial), *_settings(trial)], sys.stderr)

    try:
        found = search(wanted, address, name, trials, tell)
    except KeyboardInterrupt:
        found = found_so_far(wanted, address, name)
        storage = "" if wish.storage is None else " --storage …"
        print_interrupted(_INTERRUPTED(folder=folder.path, storage=storage))
        if found.best is not None or wish.as_json:
            _print(found, folder, wish)
        return INTERRUPTED
    _print(found, folder, wish)
    return 0


def _wanted(order: Order, wish: Wish) -> tuple[str, Search, StudyFolder]:
    """The name of the study, what is searched, and its folder."""
    going_on = None if order.what is None else StudyFolder.at(order.what)
    if going_on is not None:
        given = {option: value for option, (_, _, value) in order.options.items()}
        others = {"--space": wish.space, "--study": wish.study, "--set": order.sets or None, **given}
        for option, value in others.items():
            if value is not None:
                raise UsageError(_SPACE_OF_STUDY(folder=going_on.path, option=option))
        return *going_on.read(), going_on
    space = None
    if wish.space is not None:
        space = read_space(Path(wish.space), required=True)
    elif order.what is not None and Path(order.what).suffix == ".toml":
        space = read_space(Path(order.what))
    wanted = Search.of(order.configuration(), space)
    name = wish.study or wanted.name
    folder = StudyFolder.new(wanted.name)
    folder.write(wanted, name)
    return name, wanted, folder


# --------------------------------------------------------------------------------------------------------------- told
def _print(found: Found, folder: StudyFolder, wish: Wish) -> None:
    path = folder.path / BEST
    if found.best is not None:
        found.write(path)
    if wish.as_json:
        print(json.dumps(_as_data(found, folder)))
        return
    if found.best is None:
        print_paragraph(_NONE())
        return
    best = best_of(found.trials)[:_SHOWN]
    if not wish.quiet:
        names = list(dict.fromkeys(name for trial in best for name in trial.settings))
        head = _NUMBER(), *best[0].scores, _EPOCHS(), *(name.partition(".")[2] for name in names)
        rows = []
        for trial in best:
            own = [_written(trial.settings[name]) if name in trial.settings else "·" for name in names]
            number = f"{found.trials.index(trial) + 1}{'*' if trial.as_configured else ''}"
            rows.append((number, *(f"{score:.4g}" for score in trial.scores.values()), str(trial.epochs), *own))
        print()
        print_paragraph(_BEST_TRIALS(count=len(found.trials)))
        print_tabular(Tabular(head, tuple(rows), numbers=len(head)))
        if found.importance:
            shares = ", ".join(f"{name} {share:.0%}" for name, share in found.importance.items())
            print_paragraph(_IMPORTANCE(settings=shares))
        pruned = sum(trial.state == PRUNED for trial in found.trials)
        if pruned:
            print_paragraph(_PRUNED(pruned=pruned, count=len(found.trials)))
    print_paragraph(_NEXT(path=path))


def _as_data(found: Found, folder: StudyFolder) -> dict[str, object]:
    return {
        "search": str(folder.path),
        "configuration": None if found.best is None else str(folder.path / BEST),
        "best": None if found.best is None else found.best.as_data(),
        "importance": dict(found.importance),
        "trials": [trial.as_data() for trial in found.trials],
    }


def _result(trial: Trial) -> str:
    if trial.refused is not None:
        return _REFUSED(reason=trial.refused)
    if trial.state == PRUNED:
        return _BROKEN_OFF(epochs=trial.epochs)
    return _COMPLETE(scores=", ".join(f"{name} {score:.4g}" for name, score in trial.scores.items()))


def _settings(trial: Trial) -> list[str]:
    if trial.as_configured:
        return [f"({_AS_CONFIGURED()})"]
    return [f"{name}={_written(value)}" for name, value in trial.settings.items()]


def _written(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else json.dumps(value)
