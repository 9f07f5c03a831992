"""What goes through in a rehearsal of a training: its stages, their times, and the note on what fails in one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chainrule.graph import markup
from chainrule.messages import Message
from chainrule.train.table import as_text

__all__ = ["Rehearsal"]

_IN_STAGE = Message("rehearsal.in_stage", en="fast_dev_run: in stage '{stage}'", zh="fast_dev_run：发生在“{stage}”阶段")
_STAGE = Message("rehearsal.stage", en="stage", zh="阶段")
_SECONDS = Message("rehearsal.seconds", en="seconds", zh="秒")
_DATA = Message("rehearsal.data", en="samples", zh="样本")
_SCHEDULES = Message("rehearsal.schedules", en="schedules", zh="调度")
_BUILD = Message("rehearsal.build", en="programs", zh="程序")
_VALIDATION = Message("rehearsal.validation", en="validation", zh="验证")
_TRAINING = Message("rehearsal.training", en="training, callbacks", zh="训练与回调")
_SAVE = Message("rehearsal.save", en="save", zh="保存")
_LOAD = Message("rehearsal.load", en="load", zh="加载")
_RESUME = Message("rehearsal.resume", en="resume", zh="恢复训练")
_PREDICT = Message("rehearsal.predict", en="predict", zh="预测")

# What the stages are called to people, in order.
_STAGES = {
    "data": _DATA,
    "schedules": _SCHEDULES,
    "build": _BUILD,
    "validation": _VALIDATION,
    "training": _TRAINING,
    "save": _SAVE,
    "load": _LOAD,
    "resume": _RESUME,
    "predict": _PREDICT,
}


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What went through in a rehearsal.

    seconds   of each stage, by name: "data", "schedules", "build", "validation", "training", "save", "load", "resume",
              "predict"; those that there were, in order
    logs      the entries that the history will have, of this one batch
    """

    seconds: dict[str, float]
    logs: dict[str, float]

    def __str__(self) -> str:
        rows = [(_STAGES[name](), f"{seconds:.2f}") for name, seconds in self.seconds.items()]
        return as_text([(_STAGE(), _SECONDS()), *rows])

    def __repr__(self) -> str:
        means = ", ".join(f"{name} {value:.4g}" for name, value in self.logs.items())
        return f"Rehearsal({len(self.seconds)} stages went through: {means})"

    def _repr_html_(self) -> str:
        rows = [(_STAGES[name](), f"{seconds:.2f}") for name, seconds in self.seconds.items()]
        return markup.table((_STAGE(), _SECONDS()), rows, caption=repr(self))


class Stages:
    """Measures the stages, and adds to an error in which one it was."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        with noted(_IN_STAGE(stage=_STAGES[name]())):
            yield
        self.seconds[name] = time.perf_counter() - began


@contextmanager
def noted(note: str) -> Iterator[None]:
    """Adds a note to an error that passes."""
    try:
        yield
    except Exception as error:
        error.add_note(note)
        raise
