"""What a report is about: a run, and as much of its model and data as there still is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from chainrule.diagnosis import KINDS, Diagnosis, Findings
from chainrule.errors import ChainruleError, FileFormatError
from chainrule.messages import Message
from chainrule.runs.arrangement import Arrangement
from chainrule.runs.configuration import Configuration
from chainrule.runs.folder import ENVIRONMENT, FINDINGS, INTERRUPTED, RESULT, RunFolder
from chainrule.runs.same_data import arranged_as_then
from chainrule.train import Model

_NO_DATA = Message(
    "report.no_data",
    en="The data could not be looked at again, so that what needs them is missing here. {reason}",
    zh="无法再次读取数据，因此缺少与数据有关的内容。{reason}",
)
_NO_MODEL = Message(
    "report.no_model",
    en="No model has been saved in {run} yet; predictions are missing here.",
    zh="{run} 中尚未保存模型，因此缺少预测部分。",
)


@dataclass(frozen=True, eq=False)
class Subject:
    """A run that is reported on.

    arrangement   with its data; None where they could not be read again, or are others now
    model         as it was saved last; None where there is none yet
    outputs       what the model gives for the samples to test with; None where that cannot be said
    missing       why something is, in sentences
    """

    folder: RunFolder
    configuration: Configuration
    arrangement: Arrangement | None
    model: Model | None
    outputs: NDArray[Any] | None
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, folder: RunFolder) -> Subject:
        """What there is in a folder.

        Raises:   FileFormatError if it is not that of a run, or is damaged.
        """
        configuration, missing = folder.configuration(), []
        model = Model.load(folder.path) if folder.has_checkpoint else None
        if model is None:
            missing.append(_NO_MODEL(run=folder))
        try:
            arrangement = arranged_as_then(folder)
        except ChainruleError as reason:
            arrangement = None
            missing.append(_NO_DATA(reason=reason))
        outputs = None if arrangement is None or model is None else arrangement.outputs(model)
        return cls(folder, configuration, arrangement, model, outputs, tuple(missing))

    @cached_property
    def result(self) -> dict[str, Any]:
        """What was reached, as it is kept; its state alone where nothing is kept yet."""
        return self.folder.read(RESULT, state=str) if self.folder.has_ended else {"state": INTERRUPTED}

    @cached_property
    def environment(self) -> dict[str, Any]:
        """With what it was made; empty where nothing tells."""
        try:
            return self.folder.read(ENVIRONMENT)
        except FileFormatError:
            return {}

    @cached_property
    def diagnosis(self) -> Diagnosis | None:
        """What the model remembers of its training; None where it was not watched."""
        return None if self.model is None else Diagnosis.of(self.model)

    @cached_property
    def findings(self) -> Findings | None:
        """What the diagnosis found, as far as this version knows it; None where nobody looked."""
        if not (self.folder.path / FINDINGS).is_file():  # it has not ended
            return None if self.diagnosis is None else self.diagnosis.findings
        kept = self.folder.read(FINDINGS)["findings"]
        return Findings(KINDS[one["code"]].found(**_values(one["values"])) for one in kept if one["code"] in KINDS)


def _values(kept: dict[str, Any]) -> dict[str, Any]:
    """Values of a finding as it was made: JSON has null for what is no finite number."""
    return {name: math.nan if value is None else value for name, value in kept.items()}
