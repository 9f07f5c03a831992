"""A training that says what is wrong, while it runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.checks import AFTER, BEFORE, DURING, ENDED, KINDS, LASTING, LASTING_OF_BOTH
from chainrule.diagnosis.course import Course, Facts, Failure
from chainrule.diagnosis.finding import Finding, Findings
from chainrule.diagnosis.nonfinite import failure_of
from chainrule.diagnosis.task import Task
from chainrule.messages.paragraph import print_paragraph
from chainrule.train import Callback, EarlyStopping, Model, Recording, Training
from chainrule.train.model import check_model

__all__ = ["Diagnosis"]

EPOCHS_IN_A_ROW = 3  # for which what may be chance must hold, before it is said


class Diagnosis(Callback):
    """A callback that says what is wrong with a training, how one knows, and what to do.

    every      steps from one look at layers and parameters to the next, as for `Model.record`
    verbose    1: says each finding on standard error when it is first made; 0: only keeps them
    findings   what holds now
    course     losses, rates and recorded numbers so far, which findings were made from

    It changes no bit of the training.

    Example:
        >>> from chainrule.data import digits
        >>> from chainrule.nn import mlp
        >>> from chainrule.train import Model
        >>> data = digits()
        >>> diagnosis = Diagnosis(verbose=0)
        >>> history = Model(mlp()).fit(data.x_train[:500] / 255, data.y_train[:500], verbose=0, callbacks=[diagnosis])
        >>> print(diagnosis.findings)
        Nothing is wrong, as far as was looked.
    """

    def __init__(self, every: int | None = None, *, verbose: int = 1) -> None:
        self.verbose = verbose
        self._recording = Recording(every)
        self._before: list[Finding] = []
        self._found: list[Finding] = []
        self._said: set[str] = set()
        self._held: dict[str, int] = {}  # for how many epochs in a row, by the finding's code
        self._losses: list[NDArray[np.float64]] = []  # pieces, of which each epoch makes one
        self._rates: list[NDArray[np.float64]] = []
        self.course: Course | None = None

    @classmethod
    def of(cls, model: Model) -> Diagnosis | None:
        """The diagnosis of a model's last training, also of one that was loaded; None where it had none."""
        check_model(model)
        kept = model.training_state.callbacks if model.training_state else ()
        memory = next((memory for name, memory in kept if name == cls.__name__), None)
        if memory is None:
            return None
        diagnosis = cls(verbose=0)
        diagnosis.recall(memory)
        return diagnosis

    def __repr__(self) -> str:
        return f"Diagnosis({', '.join(self.findings.codes) or 'no findings'})"

    @property
    def findings(self) -> Findings:
        """What holds now."""
        return Findings([*self._before, *self._found])

    # ---------------------------------------------------------------------------------------------- as a callback
    def on_train_begin(self, training: Training) -> None:
        if self.course is None:
            task = Task.of(training)
            self._facts = Facts.of(task)
            self._before = [finding for check in BEFORE for finding in check(task)]
        else:  # what was found before the first step, which is long done, still holds
            self._facts = self.course.facts
        self._say(self._before)
        self._recording.on_train_begin(training)
        if self.course is None:
            self._look_back(training)

    def wants_step(self, step: int) -> bool:
        return self._recording.wants_step(step)

    def on_train_batch_end(self, training: Training) -> None:
        self._recording.on_train_batch_end(training)

    def on_train_progress(self, training: Training) -> None:
        self._losses.append(np.array(training.losses, np.float64))
        self._rates.append(np.array(training.rates, np.float64))

    def on_epoch_end(self, training: Training) -> None:
        course = self._look_back(training)
        lasting = _lasting(Task.of(training), course)
        self._held = {finding.code: self._held.get(finding.code, 0) + 1 for finding in lasting}
        self._found = [finding for check in DURING for finding in check(course)]
        self._found += [finding for finding in lasting if self._held[finding.code] >= EPOCHS_IN_A_ROW]
        self._say(self._found)

    def on_train_diverged(self, training: Training) -> None:
        if training.losses and not np.isfinite(training.losses[-1]):  # else a parameter did, and they have been told
            self.on_train_progress(training)
        self._conclude(training, failure_of(training))

    def on_train_end(self, training: Training) -> None:
        self._conclude(training)

    def _conclude(self, training: Training, failure: Failure | None = None) -> None:
        task, course = Task.of(training), self._look_back(training, ended=True, failure=failure)
        self._found = [finding for check in (*DURING, *ENDED) for finding in check(course)]
        self._found += _lasting(task, course)
        self._found += [finding for check in AFTER for finding in check(task, course)]
        self._say(self._found)

    def _look_back(self, training: Training, *, ended: bool = False, failure: Failure | None = None) -> Course:
        self.course = Course(
            self._facts,
            losses=_joined(self._losses),
            rates=_joined(self._rates),
            logs=training.state.logs,
            recording=self._recording,
            steps_left=0 if ended else (training.epochs - training.epochs_done) * training.steps_per_epoch,
            failure=failure,
            kept=_kept_epoch(training) if failure is None else None,
        )
        return self.course

    def _say(self, found: Iterable[Finding]) -> None:
        for finding in found:
            key = f"{finding.code} {finding.title}"
            if self.verbose and key not in self._said:
                print_paragraph(str(finding), sys.stderr)
            self._said.add(key)

    def memory(self) -> dict[str, Any]:
        course = None
        if self.course is not None:  # and the steps since it was looked back at
            losses, rates = _joined(self._losses), _joined(self._rates)
            course = replace(self.course, losses=losses, rates=rates, recording=self._recording).as_dict()
        return {"before": _told(self._before), "findings": _told(self._found), "held": self._held, "course": course}

    def recall(self, memory: dict[str, Any]) -> None:
        self._before, self._found = (_remembered(memory.get(name, ())) for name in ("before", "findings"))
        self._held, self._said = dict(memory.get("held", {})), set()
        self.course = Course.from_dict(memory["course"]) if memory.get("course") else None
        self._losses = [] if self.course is None else [self.course.losses]
        self._rates = [] if self.course is None else [self.course.rates]
        self._recording.recall({} if self.course is None else self.course.recording.memory())


def _told(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [{"code": finding.code, "values": dict(finding.values)} for finding in findings]


def _remembered(told: Iterable[dict[str, Any]]) -> list[Finding]:
    """Findings as they were told; not those of kinds that another version knew."""
    return [KINDS[one["code"]].found(**one["values"]) for one in told if one["code"] in KINDS]


def _lasting(task: Task, course: Course) -> list[Finding]:
    found = [finding for check in LASTING for finding in check(course)]
    return found + [finding for check in LASTING_OF_BOTH for finding in check(task, course)]


def _joined(pieces: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The pieces as one, which takes their place."""
    pieces[:] = [np.concatenate(pieces)] if pieces else []
    return pieces[0] if pieces else np.zeros(0)


def _kept_epoch(training: Training) -> int | None:
    """The epoch whose parameters a callback gives back to the model at the end."""
    stopping = [c for c in training.callbacks if isinstance(c, EarlyStopping) and c.restore_best_weights]
    return stopping[-1].best_epoch if stopping and stopping[-1].best_epoch >= 0 else None
