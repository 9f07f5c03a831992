"""A run from its beginning to its end, or from where it was broken off."""

from __future__ import annotations

import time
from collections.abc import Sequence

from chainrule.diagnosis import Diagnosis
from chainrule.errors import DivergedError, UsageError
from chainrule.messages import Message
from chainrule.runs.arrangement import Arrangement
from chainrule.runs.environment import environment
from chainrule.runs.folder import CONFIG, DIVERGED, ENVIRONMENT, FINDINGS, FINISHED, RESULT, RunFolder
from chainrule.runs.lock import held
from chainrule.runs.outcome import Outcome
from chainrule.runs.recorder import Recorder
from chainrule.runs.report import Subject, write
from chainrule.runs.same_data import arranged_as_then, fingerprint
from chainrule.train import Callback, Model

_ENDED = Message(
    "run.ended",
    en="{run} has ended: there is nothing to resume. 'chainrule evaluate {run}' shows what it is worth; more epochs are"
    " a new run.",
    zh="{run} 已经结束，没有可恢复的训练。“chainrule evaluate {run}”显示其效果；更多轮数需要新的运行。",
)


def train(
    arrangement: Arrangement, folder: RunFolder, diagnosis: Diagnosis, callbacks: Sequence[Callback] = ()
) -> Outcome:
    """Train as arranged, and keep all that belongs to it in a folder.

    Raises:   as `Model.fit`; SaveError if the folder cannot be written; UsageError if another process trains there.
              Where it diverges or is interrupted, what was reached is saved first.
    """
    with held(folder):
        folder.write(ENVIRONMENT, environment())  # before the configuration, which makes the folder one of a run
        _write_configuration(arrangement, folder)
        return _fitted(arrangement, arrangement.model, folder, diagnosis, callbacks)


def rearrange(folder: RunFolder, source: str | None = None) -> Arrangement:
    """A run that was broken off as it was arranged; `source` is where its data are now, if they have been moved.

    Raises:   UsageError if it has ended; DataError if its data are others now; FileFormatError if it is damaged.
    """
    if folder.has_ended:
        raise UsageError(_ENDED(run=folder))
    return arranged_as_then(folder, source)


def resume(
    arrangement: Arrangement, folder: RunFolder, diagnosis: Diagnosis, callbacks: Sequence[Callback] = ()
) -> Outcome:
    """Go on with a run that `rearrange` gave, up to the bits that it would have reached without a break.

    Raises:   FileFormatError if its checkpoint is damaged; and as `train`.
    """
    with held(folder):
        _write_configuration(arrangement, folder)  # its data may have been moved
        model = Model.load(folder.path) if folder.has_checkpoint else arrangement.model
        return _fitted(arrangement, model, folder, diagnosis, callbacks)


def _fitted(
    arrangement: Arrangement, model: Model, folder: RunFolder, diagnosis: Diagnosis, callbacks: Sequence[Callback]
) -> Outcome:
    recorder, stopping = Recorder(folder), arrangement.stopping()
    began = time.perf_counter()
    try:
        model.fit(
            **arrangement.fit_arguments(),
            callbacks=[recorder, *callbacks, *stopping, diagnosis],
            resume=model.training_state is not None,
        )
    except (DivergedError, KeyboardInterrupt) as reason:
        model.save(folder.path)
        _write_findings(folder, diagnosis)
        if isinstance(reason, DivergedError):
            folder.write(RESULT, {"state": DIVERGED})
        raise
    seconds = time.perf_counter() - began
    model = arrangement.used(model)
    model.save(folder.path)
    _write_findings(folder, diagnosis)
    outputs = arrangement.outputs(model)
    outcome = Outcome.of(
        arrangement,
        model,
        outputs,
        kept=next((one.best_epoch for one in stopping if one.best_epoch >= 0), None),
        seconds=seconds,
        stepping=recorder.stepping,
        executor=recorder.executor,
    )
    folder.write(RESULT, {"state": FINISHED, **outcome.as_data()})
    write(Subject(folder, arrangement.configuration, arrangement, model, outputs))
    return outcome


def _write_configuration(arrangement: Arrangement, folder: RunFolder) -> None:
    folder.write(CONFIG, {"settings": arrangement.configuration.as_data(), "data": fingerprint(arrangement)})


def _write_findings(folder: RunFolder, diagnosis: Diagnosis) -> None:
    folder.write(FINDINGS, {"findings": [finding.as_dict() for finding in diagnosis.findings]})
